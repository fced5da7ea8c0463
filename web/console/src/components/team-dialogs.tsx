import { useEffect, useRef, useState } from 'preact/hooks';
import type { Team } from '../../../shared/teams';
import { agents } from '../state/desk';
import { reasonOf } from '../state/reason-of';
import { deleting, editing, remove, saveTeam } from '../state/teams';
import { CheckList } from './check-list';
import { FormEnd } from './form-end';
import { Modal } from './modal';
import { Question } from './question';

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
        <CheckList legend="Members" options={[...known]} chosen={chosen} onChange={setChosen} />
        <FormEnd error={error} errorId="team-error" busy={busy} act="Save" acting="Saving…" onCancel={close} />
      </form>
    </Modal>
  );
}

export function DeleteTeamDialog({ team }: { team: Team }) {
  return (
    <Question
      title={`Delete ${team.name}?`}
      keep="Keep it"
      act="Delete"
      acting="Deleting…"
      onCancel={() => {
        deleting.value = null;
      }}
      onAct={() => void remove(team)}
    >
      Its conversations are left to whom they are assigned to and to managers, until somebody gives them to another
      team.
    </Question>
  );
}
