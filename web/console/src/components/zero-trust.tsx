import { useEffect, useRef, useState } from 'preact/hooks';
import type { AccessApplication } from '../../../shared/security';
import { mayRunAccount } from '../api/session';
import { reasonOf } from '../state/reason-of';
import {
  askingZeroTrust,
  leaveZeroTrust,
  loadZeroTrust,
  removeZeroTrust,
  saveZeroTrust,
  zeroTrust,
} from '../state/zero-trust';
import { FormEnd } from './form-end';
import { Modal } from './modal';
import { Question } from './question';

/** Through what the account's people have to come. For those who run it; where it cannot be read, it is not there. */
export function ZeroTrustCard() {
  const may = mayRunAccount.value;
  useEffect(() => {
    if (may) void loadZeroTrust();
    return leaveZeroTrust;
  }, [may]);
  const known = zeroTrust.value.value;
  if (!may || !known) return null;
  const { application } = known;
  return (
    <section class="card" aria-labelledby="zero-trust-title">
      <header class="card-head">
        <h3 id="zero-trust-title">Cloudflare Access</h3>
        <span class={`chip status ${application ? 'resolved' : ''}`}>{application ? 'Required' : 'Off'}</span>
      </header>
      {application ? (
        <p>
          Members get in through the Access application of <strong>{application.team_domain}</strong> alone, as who they
          are there. API keys and customers are not concerned. To ask for another application, turn this off first.
        </p>
      ) : (
        <p>
          Members can be let in through a Cloudflare Access application alone, with whatever it asks of them and of
          their devices. API keys and customers are not concerned.{' '}
          {known.own_assertion
            ? 'You came through Access, so you can turn it on.'
            : 'You did not come through Access: open this page through the application to turn it on.'}
        </p>
      )}
      <div class="editor-actions">
        {application ? (
          <button type="button" class="button danger" onClick={() => open('off')}>
            Turn it off
          </button>
        ) : (
          <button type="button" class="button primary" onClick={() => open('on')}>
            Require Access
          </button>
        )}
      </div>
      {askingZeroTrust.value === 'on' && <ApplicationDialog />}
      {askingZeroTrust.value === 'off' && (
        <Question
          title="Turn Cloudflare Access off?"
          keep="Leave it"
          act="Turn it off"
          acting="Turning it off…"
          onCancel={close}
          onAct={() => void removeZeroTrust()}
        >
          Members get in from then on without coming through Access.
        </Question>
      )}
    </section>
  );
}

function open(dialog: 'on' | 'off') {
  askingZeroTrust.value = dialog;
}

function close() {
  askingZeroTrust.value = null;
}

const FIELDS = [
  { name: 'team_domain', label: 'Team domain, such as acme.cloudflareaccess.com', missing: 'Which team is it?' },
  { name: 'audience', label: 'Application audience (AUD) tag', missing: 'Paste the tag of the application.' },
] as const;

function ApplicationDialog() {
  const form = useRef<HTMLFormElement>(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState('');
  const input = (name: keyof AccessApplication) => form.current?.elements.namedItem(name) as HTMLInputElement | null;
  const text = (name: keyof AccessApplication) => input(name)?.value.trim() ?? '';
  const submit = async (event: Event) => {
    event.preventDefault();
    if (busy) return;
    const lacking = FIELDS.find(({ name }) => text(name) === '');
    if (lacking) {
      setError(lacking.missing);
      input(lacking.name)?.focus();
      return;
    }
    setBusy(true);
    setError('');
    try {
      await saveZeroTrust({ team_domain: text('team_domain'), audience: text('audience') });
    } catch (failure) {
      setError(reasonOf(failure, 'Nothing was changed. Please try again.'));
    }
    setBusy(false);
  };
  return (
    <Modal title="Require Cloudflare Access" onCancel={close}>
      <form ref={form} class="editor" noValidate onSubmit={submit}>
        {FIELDS.map(({ name, label }) => (
          <label key={name}>
            <span>{label}</span>
            <input
              name={name}
              type="text"
              autocomplete="off"
              autocapitalize="off"
              spellcheck={false}
              aria-describedby={error ? 'zero-trust-error' : undefined}
            />
          </label>
        ))}
        <FormEnd
          error={error}
          errorId="zero-trust-error"
          busy={busy}
          act="Require it"
          acting="Checking…"
          onCancel={close}
        />
      </form>
    </Modal>
  );
}
