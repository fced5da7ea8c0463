import { useEffect, useRef, useState } from 'preact/hooks';
import { signUp } from '../api/session';
import { Icon } from '../components/icon';
import { openList } from '../state/router';
import { ThemeButton } from './login';

/** Fewest characters of a password; the server decides again. */
const MIN_PASSWORD = 15;

interface Field {
  name: 'account_name' | 'name' | 'email' | 'password';
  label: string;
  type: 'text' | 'email' | 'password';
  autocomplete: string;
  missing: string;
}

const FIELDS: Field[] = [
  {
    name: 'account_name',
    label: 'Your company',
    type: 'text',
    autocomplete: 'organization',
    missing: 'Please say what your account is called.',
  },
  { name: 'name', label: 'Your name', type: 'text', autocomplete: 'name', missing: 'Please say what you are called.' },
  {
    name: 'email',
    label: 'E-mail',
    type: 'email',
    autocomplete: 'username',
    missing: 'Please enter your e-mail address.',
  },
  {
    name: 'password',
    label: 'Choose a password',
    type: 'password',
    autocomplete: 'new-password',
    missing: `A password has at least ${MIN_PASSWORD} characters.`,
  },
];

/** Where somebody who is no user yet makes an account. */
export function SignUp() {
  const form = useRef<HTMLFormElement>(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState('');
  const input = (name: string) => form.current?.elements.namedItem(name) as HTMLInputElement | null;
  useEffect(() => {
    document.title = 'Make an account · Edgedesk';
    input('account_name')?.focus();
  }, []);

  const submit = async (event: Event) => {
    event.preventDefault();
    const values = Object.fromEntries(
      FIELDS.map(({ name }) => [
        name,
        name === 'password' ? (input(name)?.value ?? '') : (input(name)?.value.trim() ?? ''),
      ]),
    );
    const lacking = FIELDS.find(({ name }) =>
      name === 'password' ? [...(values[name] ?? '')].length < MIN_PASSWORD : !values[name],
    );
    if (lacking) {
      setError(lacking.missing);
      input(lacking.name)?.focus();
      return;
    }
    setBusy(true);
    setError('');
    const reason = await signUp({
      account_name: values.account_name ?? '',
      name: values.name ?? '',
      email: values.email ?? '',
      password: values.password ?? '',
    });
    if (reason === null) return openList();
    setError(reason);
    setBusy(false);
  };

  return (
    <main class="login">
      <ThemeButton />
      <form ref={form} class="login-card" onSubmit={submit} noValidate aria-labelledby="sign-up-title">
        <img src="/favicon.svg" width="44" height="44" alt="" />
        <h1 id="sign-up-title">Make an account</h1>
        <p class="login-lead">A chat for your website and an inbox for your Zendesk are in it from the start.</p>
        <div role="alert">
          {error && (
            <p class="login-error" id="sign-up-error">
              <Icon name="alert" />
              {error}
            </p>
          )}
        </div>
        {FIELDS.map(({ name, label, type, autocomplete }) => (
          <label key={name}>
            <span>{label}</span>
            <input
              name={name}
              type={type as 'text'}
              autocomplete={autocomplete}
              autocapitalize={type === 'email' ? 'off' : undefined}
              spellcheck={false}
              maxLength={name === 'account_name' ? 60 : name === 'name' ? 100 : undefined}
              aria-describedby={error ? 'sign-up-error' : name === 'password' ? 'password-hint' : undefined}
            />
          </label>
        ))}
        <p class="password-hint" id="password-hint">
          At least {MIN_PASSWORD} characters. A few words will do.
        </p>
        <button type="submit" class="button primary" disabled={busy}>
          {busy ? 'Making your account…' : 'Make the account'}
        </button>
        <p class="login-or">
          You have one already? <a href="#/">Sign in</a>
        </p>
      </form>
    </main>
  );
}
