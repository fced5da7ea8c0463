import { useEffect, useRef, useState } from 'preact/hooks';
import type { OwnRole, RoleList } from '../../../shared/roles';
import { reasonOf } from '../state/reason-of';
import { deletingRole, editingRole, givable, removeRole, saveRole } from '../state/roles';
import { CheckList } from './check-list';
import { FormEnd } from './form-end';
import { Modal } from './modal';
import { Question } from './question';
import { permissionLabel } from './role-list';

/** The name of a role and what it may. */
export function RoleDialog({ role, list }: { role: OwnRole | null; list: RoleList }) {
  const nameInput = useRef<HTMLInputElement>(null);
  const [name, setName] = useState(role?.name ?? '');
  const [chosen, setChosen] = useState(new Set(role?.permissions));
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState('');
  useEffect(() => nameInput.current?.focus(), []);
  const close = () => {
    editingRole.value = null;
  };
  const save = async () => {
    if (busy) return;
    if (name.trim() === '' || chosen.size === 0) {
      setError('Please give it a name and at least one permission.');
      return;
    }
    setBusy(true);
    setError('');
    try {
      await saveRole(name.trim(), [...chosen]);
    } catch (failure) {
      setError(reasonOf(failure, 'The role was not saved. Please try again.'));
      setBusy(false);
    }
  };
  return (
    <Modal title={role ? `Change ${role.name}` : 'New role'} onCancel={close}>
      <form
        class="editor"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <label>
          <span>Name</span>
          <input
            ref={nameInput}
            value={name}
            maxLength={60}
            autocomplete="off"
            aria-describedby={error ? 'role-error' : undefined}
            onInput={(event) => setName(event.currentTarget.value)}
          />
        </label>
        <CheckList
          legend="May"
          options={givable(list).map((permission) => [permission, permissionLabel(permission)] as const)}
          chosen={chosen}
          onChange={setChosen}
        />
        <FormEnd error={error} errorId="role-error" busy={busy} act="Save" acting="Saving…" onCancel={close} />
      </form>
    </Modal>
  );
}

export function DeleteRoleDialog({ role }: { role: OwnRole }) {
  return (
    <Question
      title={`Delete ${role.name}?`}
      keep="Keep it"
      act="Delete"
      acting="Deleting…"
      onCancel={() => {
        deletingRole.value = null;
      }}
      onAct={() => void removeRole(role)}
    >
      Only a role that nobody has can be deleted. Give its members another one first.
    </Question>
  );
}
