import { useEffect, useRef, useState } from 'preact/hooks';
import { nextTheme, setTheme, theme } from '../../../shared/theme';
import { finishReturn, hasReturned } from '../api/providers';
import { login, sessionNotice } from '../api/session';
import { CodeStep } from '../components/code-step';
import { Icon } from '../components/icon';
import { WaysIn } from '../components/ways-in';

interface Half {
  challenge: string;
  stay: boolean;
}

export function Login() {
  const [half, setHalf] = useState<Half | null>(null);
  const [reason, setReason] = useState('');
  const [finishing, setFinishing] = useState(hasReturned);

  useEffect(() => {
    if (!finishing) return;
    void finishReturn().then((outcome) => {
      if (outcome.kind === 'half') setHalf(outcome);
      if (outcome.kind === 'refused') setReason(outcome.reason);
      setFinishing(false);
    });
  }, []);

  return (
    <main class="login" aria-busy={finishing}>
      <ThemeButton />
      {finishing ? (
        <p class="login-lead" role="status">
          Signing you in…
        </p>
      ) : half ? (
        <CodeStep
          {...half}
          onBack={(why) => {
            setReason(why);
            setHalf(null);
          }}
        />
      ) : (
        <PasswordStep reason={reason} onHalf={setHalf} />
      )}
    </main>
  );
}

/** The first step, and for most the only one. `reason` is why it is asked for again. */
function PasswordStep({ reason, onHalf }: { reason: string; onHalf: (half: Half) => void }) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(reason);
  const [shown, setShown] = useState(false);
  const email = useRef<HTMLInputElement>(null);
  const password = useRef<HTMLInputElement>(null);
  const stay = useRef<HTMLInputElement>(null);

  useEffect(() => {
    document.title = 'Sign in · Edgedesk';
    email.current?.focus();
  }, []);

  const submit = async (event: Event) => {
    event.preventDefault();
    const address = email.current?.value.trim() ?? '';
    const secret = password.current?.value ?? '';
    if (!address || !secret) {
      setError('Please enter your e-mail address and your password.');
      (address ? password : email).current?.focus();
      return;
    }
    setBusy(true);
    setError('');
    try {
      const staying = stay.current?.checked ?? false;
      const challenge = await login(address, secret, staying);
      if (challenge) onHalf({ challenge, stay: staying });
    } catch (failure) {
      const offline = failure instanceof TypeError;
      setError(offline ? 'There is no connection to the server. Please try again.' : (failure as Error).message);
      setBusy(false);
      password.current?.select();
    }
  };

  return (
    <form class="login-card" onSubmit={submit} noValidate aria-labelledby="login-title">
      <img src="/favicon.svg" width="44" height="44" alt="" />
      <h1 id="login-title">Sign in to Edgedesk</h1>
      <p class="login-lead">{sessionNotice.value || 'Your customers are waiting. Not for long.'}</p>
      <div role="alert">
        {error && (
          <p class="login-error" id="login-error">
            <Icon name="alert" />
            {error}
          </p>
        )}
      </div>
      <label>
        <span>E-mail</span>
        <input
          ref={email}
          type="email"
          name="email"
          autocomplete="username"
          autocapitalize="off"
          spellcheck={false}
          aria-describedby={error ? 'login-error' : undefined}
          aria-invalid={error !== ''}
        />
      </label>
      <label>
        <span>Password</span>
        <span class="password">
          <input
            ref={password}
            type={(shown ? 'text' : 'password') as 'password'}
            name="password"
            autocomplete="current-password"
            aria-describedby={error ? 'login-error' : undefined}
            aria-invalid={error !== ''}
          />
          <button
            type="button"
            class="button ghost icon-only"
            aria-label="Show the password"
            aria-pressed={shown}
            onClick={() => setShown(!shown)}
          >
            <Icon name="eye" />
          </button>
        </span>
      </label>
      <label class="check">
        <input ref={stay} type="checkbox" name="stay" />
        Stay signed in on this device
      </label>
      <button type="submit" class="button primary" disabled={busy}>
        {busy ? 'Signing in…' : 'Sign in'}
      </button>
      <WaysIn mayStay={() => stay.current?.checked ?? false} onError={setError} />
    </form>
  );
}

const THEME_ICONS = { system: 'monitor', light: 'sun', dark: 'moon' };

export function ThemeButton() {
  return (
    <button
      type="button"
      class="button ghost icon-only theme-button"
      aria-label={`Theme: ${theme.value}. Change`}
      title={`Theme: ${theme.value}`}
      onClick={() => setTheme(nextTheme())}
    >
      <Icon name={THEME_ICONS[theme.value]} />
    </button>
  );
}
