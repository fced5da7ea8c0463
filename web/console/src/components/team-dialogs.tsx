import { useEffect, useRef, useState } from 'preact/hooks';
import type { Team } from '../../../shared/teams';
import { agents } from '../state/desk';
import { reasonOf } from '../state/reason-of';
import { deleting, editing, remove, saveTeam } from '../state/teams';
import { Icon } from './icon';
import { Modal } from './modal';

/** The name of a team and who is in it. */
export function TeamDialog({ team }: { team: Team | null }) {
  const nameInput = useRef<HTMLInputElement>(null);
  const [name, setName] = useState(team?.name ?? '');
  const [chosen, setChosen] = useState(new Set(team?.members.map((member) => member.id)));
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState('');
  useEffect(() => nameInput.current?.focus(), []);
  // Somebody who only reads may be in it too, and is no agent.
  const known = new Map([...(team?.members ?? []), ...agents.value].map((one) => [one.id, one.name]));
  const close = () => {
    editing.value = null;
  };
  const save = async () => {
    if (busy) return;
    if (name.trim() === '') {
      setError('Please give it a name.');
      nameInput.current?.focus();
      return;
    }
    setBusy(true);
    setError('');
    try {
      await saveTeam(name.trim(), [...chosen]);
    } catch (failure) {
      setError(reasonOf(failure, 'The team was not saved. Please try again.'));
      setBusy(false);
    }
  };
  return (
    <Modal title={team ? `Change ${team.name}` : 'New team'} onCancel={close}>
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
            aria-describedby={error ? 'team-error' : undefined}
            aria-invalid={error !== ''}
            onInput={(event) => setName(event.currentTarget.value)}
          />
        </label>
        <fieldset class="check-list">
          <legend>Members</legend>
          {[...known].map(([id, label]) => (
            <label key={id}>
              <input
                type="checkbox"
                checked={chosen.has(id)}
                onChange={(event) => {
                  const next = new Set(chosen);
                  if (event.currentTarget.checked) next.add(id);
                  else next.delete(id);
                  setChosen(next);
                }}
              />
              {label}
            </label>
          ))}
        </fieldset>
        <div role="alert">
          {error && (
            <p class="form-error" id="team-error">
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

export function DeleteTeamDialog({ team }: { team: Team }) {
  const [busy, setBusy] = useState(false);
  const close = () => {
    deleting.value = null;
  };
  return (
    <Modal title={`Delete ${team.name}?`} onCancel={close}>
      <p>
        Its conversations are left to whom they are assigned to and to managers, until somebody gives them to another
        team.
      </p>
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
            void remove(team);
          }}
        >
          {busy ? 'Deleting…' : 'Delete'}
        </button>
      </div>
    </Modal>
  );
}
