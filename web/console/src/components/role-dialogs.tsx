import { useEffect, useRef, useState } from 'preact/hooks';
import type { OwnRole, RoleList } from '../../../shared/roles';
import { reasonOf } from '../state/reason-of';
import { deletingRole, editingRole, givable, removeRole, saveRole } from '../state/roles';
import { Icon } from './icon';
import { Modal } from './modal';
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
        <fieldset class="check-list">
          <legend>May</legend>
          {givable(list).map((permission) => (
            <label key={permission}>
              <input
                type="checkbox"
                checked={chosen.has(permission)}
                onChange={(event) => {
                  const next = new Set(chosen);
                  if (event.currentTarget.checked) next.add(permission);
                  else next.delete(permission);
                  setChosen(next);
                }}
              />
              {permissionLabel(permission)}
            </label>
          ))}
        </fieldset>
        <div role="alert">
          {error && (
            <p class="form-error" id="role-error">
              <Icon name="alert" />
              {error}
            </p>
          )}
        </div>
        <div class="editor-actions">
          <button type="button" class="button" onClick={close}>
            Cancel
          </button>
          <button type="submit" class="button primary" disabled={busy}>
            {busy ? 'Saving…' : 'Save'}
          </button>
        </div>
      </form>
    </Modal>
  );
}

export function DeleteRoleDialog({ role }: { role: OwnRole }) {
  const [busy, setBusy] = useState(false);
  const close = () => {
    deletingRole.value = null;
  };
  return (
    <Modal title={`Delete ${role.name}?`} onCancel={close}>
      <p>Only a role that nobody has can be deleted. Give its members another one first.</p>
      <div class="editor-actions">
        <button type="button" class="button" onClick={close}>
          Keep it
        </button>
        <button
          type="button"
          class="button danger"
          disabled={busy}
          onClick={() => {
            setBusy(true);
            void removeRole(role);
          }}
        >
          {busy ? 'Deleting…' : 'Delete'}
        </button>
      </div>
    </Modal>
  );
}
