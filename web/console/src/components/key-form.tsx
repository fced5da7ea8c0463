import { useEffect, useRef, useState } from 'preact/hooks';
import { keyFormOpen, makeKey, SCOPES } from '../state/api-keys';
import { reasonOf } from '../state/reason-of';
import { FormEnd } from './form-end';
import { Icon } from './icon';

const LIFETIMES: { days: number | null; label: string }[] = [
  { days: 30, label: 'In 30 days' },
  { days: 90, label: 'In 90 days' },
  { days: 365, label: 'In a year' },
  { days: null, label: 'Never' },
];

/** What a new key is called, may do, and when it ends. */
export function KeyForm() {
  const nameInput = useRef<HTMLInputElement>(null);
  const [name, setName] = useState('');
  const [scopes, setScopes] = useState<string[]>([]);
  const [lifetime, setLifetime] = useState(1);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState('');
  useEffect(() => nameInput.current?.focus(), []);

  const close = () => {
    keyFormOpen.value = false;
  };
  const save = async () => {
    if (busy) return;
    if (!name.trim()) {
      setError('Please give it a name, so that others know what it is for.');
      nameInput.current?.focus();
      return;
    }
    if (scopes.length === 0) {
      setError('Please choose at least one thing that it may do.');
      return;
    }
    setBusy(true);
    setError('');
    try {
      await makeKey(name.trim(), scopes, LIFETIMES[lifetime]?.days ?? null);
    } catch (failure) {
      setError(reasonOf(failure, 'It could not be made. Please try again.'));
      setBusy(false);
    }
  };

  return (
    <section class="card list-card" aria-labelledby="key-form-title">
      <header class="card-head">
        <button type="button" class="button ghost icon-only" aria-label="Back to the keys" onClick={close}>
          <Icon name="back" />
        </button>
        <h3 id="key-form-title">New API key</h3>
      </header>
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
            placeholder="Nightly export"
            aria-describedby={error ? 'key-error' : undefined}
            onInput={(event) => setName(event.currentTarget.value)}
          />
        </label>
        <fieldset class="scopes">
          <legend>It may</legend>
          {SCOPES.map(({ scope, label }) => (
            <label key={scope} class="check">
              <input
                type="checkbox"
                checked={scopes.includes(scope)}
                onChange={(event) =>
                  setScopes(
                    event.currentTarget.checked ? [...scopes, scope] : scopes.filter((other) => other !== scope),
                  )
                }
              />
              <span>{label}</span>
            </label>
          ))}
        </fieldset>
        <label>
          <span>It ends</span>
          <select value={lifetime} onChange={(event) => setLifetime(Number(event.currentTarget.value))}>
            {LIFETIMES.map(({ label }, index) => (
              <option key={label} value={index}>
                {label}
              </option>
            ))}
          </select>
        </label>
        <FormEnd error={error} errorId="key-error" busy={busy} act="Make the key" acting="Making…" onCancel={close} />
      </form>
    </section>
  );
}
