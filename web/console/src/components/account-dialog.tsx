import { useEffect, useRef, useState } from 'preact/hooks';
import { creatingAccount, makeAccount } from '../state/accounts';
import { reasonOf } from '../state/reason-of';
import { FormEnd } from './form-end';
import { Modal } from './modal';

/** What one more account of whoever is signed in is called. */
export function AccountDialog() {
  const nameInput = useRef<HTMLInputElement>(null);
  const [name, setName] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState('');
  useEffect(() => nameInput.current?.focus(), []);
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
      await makeAccount(name.trim());
    } catch (failure) {
      setError(reasonOf(failure, 'The account was not made. Please try again.'));
      setBusy(false);
    }
  };
  return (
    <Modal
      title="New account"
      onCancel={() => {
        creatingAccount.value = false;
      }}
    >
      <form
        class="editor"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <p>It has its own inboxes, members and conversations, and you own it. You change over to it at once.</p>
        <label>
          <span>Name</span>
          <input
            ref={nameInput}
            value={name}
            maxLength={60}
            autocomplete="off"
            placeholder="Aurora Outdoor"
            aria-describedby={error ? 'account-error' : undefined}
            aria-invalid={error !== ''}
            onInput={(event) => setName(event.currentTarget.value)}
          />
        </label>
        <FormEnd
          error={error}
          errorId="account-error"
          busy={busy}
          act="Make the account"
          acting="Making…"
          onCancel={() => {
            creatingAccount.value = false;
          }}
        />
      </form>
    </Modal>
  );
}
