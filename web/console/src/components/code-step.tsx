import { useEffect, useRef, useState } from 'preact/hooks';
import { ChallengeOver, showCode } from '../api/session';
import { Icon } from './icon';

interface Props {
  challenge: string;
  stay: boolean;
  /** Back to the password, with a reason or none. */
  onBack: (reason: string) => void;
}

/** The second step of signing in. */
export function CodeStep({ challenge, stay, onBack }: Props) {
  const [recovery, setRecovery] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState('');
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.focus(), [recovery]);

  const submit = async (event: Event) => {
    event.preventDefault();
    const text = input.current?.value.trim() ?? '';
    if (!text) {
      setError(recovery ? 'Please enter a recovery code.' : 'Please enter the six digits.');
      input.current?.focus();
      return;
    }
    setBusy(true);
    setError('');
    try {
      await showCode(challenge, recovery ? { recovery_code: text } : { code: text }, stay);
    } catch (failure) {
      if (failure instanceof ChallengeOver) {
        onBack(failure.message);
        return;
      }
      const offline = failure instanceof TypeError;
      setError(offline ? 'There is no connection to the server. Please try again.' : (failure as Error).message);
      setBusy(false);
      input.current?.select();
    }
  };

  return (
    <form class="login-card" onSubmit={submit} noValidate aria-labelledby="login-title">
      <img src="/favicon.svg" width="44" height="44" alt="" />
      <h1 id="login-title">One more step</h1>
      <p class="login-lead" id="code-lead">
        {recovery
          ? 'Enter one of the recovery codes that you have stored. It is good for one time.'
          : 'Open your authenticator app and enter the six digits it shows for Edgedesk.'}
      </p>
      <div role="alert">
        {error && (
          <p class="login-error" id="login-error">
            <Icon name="alert" />
            {error}
          </p>
        )}
      </div>
      <label key={String(recovery)}>
        <span>{recovery ? 'Recovery code' : 'Code'}</span>
        <input
          ref={input}
          name={recovery ? 'recovery-code' : 'code'}
          type="text"
          inputMode={recovery ? 'text' : 'numeric'}
          autocomplete={recovery ? 'off' : 'one-time-code'}
          autocapitalize="off"
          spellcheck={false}
          maxLength={32}
          aria-describedby={error ? 'code-lead login-error' : 'code-lead'}
          aria-invalid={error !== ''}
        />
      </label>
      <button type="submit" class="button primary" disabled={busy}>
        {busy ? 'Signing in…' : 'Sign in'}
      </button>
      <div class="login-others">
        <button
          type="button"
          class="button ghost"
          onClick={() => {
            setError('');
            setRecovery(!recovery);
          }}
        >
          {recovery ? 'Use the app instead' : 'Use a recovery code'}
        </button>
        <button type="button" class="button ghost" onClick={() => onBack('')}>
          Start again
        </button>
      </div>
    </form>
  );
}
