import { useEffect, useRef, useState } from 'preact/hooks';
import type { InvitationOffer } from '../../../shared/members';
import { readOffer } from '../api/members';
import { acceptInvitation, sessionNotice, user } from '../api/session';
import { Icon } from '../components/icon';
import { Toasts } from '../components/toasts';
import { goToAccount } from '../state/accounts';
import { fullTime } from '../state/clock';
import { forgetWriting } from '../state/forget-writing';
import { roleLabel } from '../state/members';
import { leaveInvitation } from '../state/router';
import { ThemeButton } from './login';

/** Fewest characters of a new password; the server decides again. */
const MIN_PASSWORD = 15;

type State = 'loading' | 'over' | 'failed' | InvitationOffer;

/** Where the link of an invitation leads to, whether or not somebody is signed in here. */
export function InvitationPage({ token }: { token: string }) {
  const [state, setState] = useState<State>('loading');
  /** The account that was joined, by somebody who was a user before. */
  const [joined, setJoined] = useState('');
  const load = async () => {
    setState('loading');
    try {
      setState((await readOffer(token)) ?? 'over');
    } catch {
      setState('failed');
    }
  };
  useEffect(() => {
    document.title = 'Invitation · Edgedesk';
    void load();
  }, [token]);
  return (
    <main class="login">
      <ThemeButton />
      <section class="login-card" aria-labelledby="invitation-title" aria-busy={state === 'loading'}>
        <img src="/favicon.svg" width="44" height="44" alt="" />
        {state === 'loading' ? (
          <h1 id="invitation-title">Your invitation is on its way…</h1>
        ) : state === 'over' ? (
          <>
            <h1 id="invitation-title">This invitation is over</h1>
            <p class="login-lead">It was used, revoked, or has ended. Ask whoever invited you for a new one.</p>
            <button type="button" class="button primary" onClick={leaveInvitation}>
              Go to Edgedesk
            </button>
          </>
        ) : state === 'failed' ? (
          <>
            <h1 id="invitation-title">The invitation could not be read</h1>
            <p class="login-lead">Nothing is lost. Please try again.</p>
            <button type="button" class="button primary" onClick={() => void load()}>
              Try again
            </button>
          </>
        ) : joined ? (
          <Joined offer={state} accountId={joined} />
        ) : (
          <AcceptForm token={token} offer={state} onJoined={setJoined} onChanged={load} />
        )}
      </section>
      <Toasts />
    </main>
  );
}

interface FormProps {
  token: string;
  offer: InvitationOffer;
  onJoined: (accountId: string) => void;
  /** The offer is not what it was. */
  onChanged: () => Promise<void>;
}

function AcceptForm({ token, offer, onJoined, onChanged }: FormProps) {
  const nameInput = useRef<HTMLInputElement>(null);
  const passwordInput = useRef<HTMLInputElement>(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState('');
  const isNew = !offer.has_user;
  useEffect(() => (isNew ? nameInput : passwordInput).current?.focus(), [isNew]);

  const submit = async (event: Event) => {
    event.preventDefault();
    const name = nameInput.current?.value.trim() ?? '';
    const password = passwordInput.current?.value ?? '';
    if (isNew && !name) {
      setError('Please say what you are called.');
      nameInput.current?.focus();
      return;
    }
    if (isNew ? [...password].length < MIN_PASSWORD : !password) {
      setError(isNew ? `A password has at least ${MIN_PASSWORD} characters.` : 'Please enter your password.');
      passwordInput.current?.focus();
      return;
    }
    setBusy(true);
    setError('');
    const outcome = await acceptInvitation(token, isNew ? name : null, password);
    if (outcome.kind === 'signed-in') {
      // Whoever was signed in here before is not any more.
      forgetWriting();
      return leaveInvitation();
    }
    if (outcome.kind === 'joined') return onJoined(outcome.accountId);
    if (outcome.kind === 'changed') return void onChanged();
    setError(outcome.reason);
    setBusy(false);
    passwordInput.current?.select();
  };

  return (
    <form class="accept" onSubmit={submit} noValidate aria-labelledby="invitation-title">
      <h1 id="invitation-title">Join {offer.account_name}</h1>
      <p class="login-lead">
        You are invited as <strong>{roleLabel(offer.role)}</strong>, until {fullTime(offer.expires_at)}.
        {!isNew && ' You have an Edgedesk login already: please confirm that it is you.'}
      </p>
      <div role="alert">
        {error && (
          <p class="login-error" id="accept-error">
            <Icon name="alert" />
            {error}
          </p>
        )}
      </div>
      <label>
        <span>E-mail</span>
        <input type="email" name="email" autocomplete="username" value={offer.email} readOnly />
      </label>
      {isNew && (
        <label>
          <span>Your name</span>
          <input ref={nameInput} name="name" autocomplete="name" maxLength={100} />
        </label>
      )}
      <label>
        <span>{isNew ? 'Choose a password' : 'Password'}</span>
        <input
          ref={passwordInput}
          type="password"
          name="password"
          autocomplete={isNew ? 'new-password' : 'current-password'}
          aria-describedby={error ? 'accept-error' : isNew ? 'password-hint' : undefined}
          aria-invalid={error !== ''}
        />
      </label>
      {isNew && (
        <p class="password-hint" id="password-hint">
          At least {MIN_PASSWORD} characters. A few words will do.
        </p>
      )}
      <button type="submit" class="button primary" disabled={busy}>
        {busy ? 'Joining…' : 'Join'}
      </button>
    </form>
  );
}

/** Who was a user before signs in as always, or is signed in here and only changes over. */
function Joined({ offer, accountId }: { offer: InvitationOffer; accountId: string }) {
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => button.current?.focus(), []);
  const isHere = user.value?.email.toLowerCase() === offer.email.toLowerCase();
  return (
    <>
      <h1 id="invitation-title">You are a member of {offer.account_name}</h1>
      <p class="login-lead">
        {isHere
          ? 'You change between your accounts in the menu under your name.'
          : `Sign in as ${offer.email}, and choose it in the menu under your name.`}
      </p>
      <button
        ref={button}
        type="button"
        class="button primary"
        onClick={() => {
          if (isHere) return void goToAccount({ id: accountId, name: offer.account_name });
          sessionNotice.value = `${offer.account_name} is in the menu under your name.`;
          leaveInvitation();
        }}
      >
        {isHere ? `Open ${offer.account_name}` : 'Go to Edgedesk'}
      </button>
    </>
  );
}
