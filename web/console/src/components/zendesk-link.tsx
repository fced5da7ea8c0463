import { useEffect, useRef, useState } from 'preact/hooks';
import type { ZendeskLink } from '../../../shared/security';
import { mayRunAccount } from '../api/session';
import { reasonOf } from '../state/reason-of';
import { askingZendesk, leaveZendesk, loadZendesk, removeZendesk, saveZendesk, zendesk } from '../state/zendesk';
import { FormEnd } from './form-end';
import { Modal } from './modal';
import { Question } from './question';

/** Which Zendesk vouches for the account's agents. Where it cannot be read, it is not there. */
export function ZendeskCard() {
  const may = mayRunAccount.value;
  useEffect(() => {
    if (may) void loadZendesk();
    return leaveZendesk;
  }, [may]);
  const known = zendesk.value.value;
  if (!may || !known) return null;
  const link = known.zendesk;
  return (
    <section class="card" aria-labelledby="zendesk-title">
      <header class="card-head">
        <h3 id="zendesk-title">Agents from Zendesk</h3>
        <span class={`chip status ${link ? 'resolved' : ''}`}>{link ? 'Linked' : 'Off'}</span>
      </header>
      {link ? (
        <p>
          Members who work at <strong>{link.subdomain}.zendesk.com</strong> come in from there, as agents at most, or as
          managers where they are admins there. Zendesk is asked each time a session is renewed, with the API token of{' '}
          {link.email}.
        </p>
      ) : (
        <p>
          Members come in from the app in your Zendesk without a password, as long as Zendesk says that they work there.
          Nobody becomes a member by that.
        </p>
      )}
      <div class="editor-actions">
        {link && (
          <button type="button" class="button danger" onClick={() => open('unlink')}>
            Take the link away
          </button>
        )}
        <button type="button" class={link ? 'button' : 'button primary'} onClick={() => open('link')}>
          {link ? 'Change it' : 'Link a Zendesk'}
        </button>
      </div>
      {askingZendesk.value === 'link' && <LinkDialog link={link} />}
      {askingZendesk.value === 'unlink' && (
        <Question
          title="Take the link away?"
          keep="Leave it"
          act="Take it away"
          acting="Taking it away…"
          onCancel={close}
          onAct={() => void removeZendesk()}
        >
          Everybody who came in from there is signed out, and comes in with their password from then on.
        </Question>
      )}
    </section>
  );
}

function open(dialog: 'link' | 'unlink') {
  askingZendesk.value = dialog;
}

function close() {
  askingZendesk.value = null;
}

const FIELDS = [
  { name: 'subdomain', label: 'Subdomain, in front of .zendesk.com', type: 'text', missing: 'Which Zendesk is it?' },
  { name: 'installation_id', label: 'Installation id of the app', type: 'text', missing: 'The id is a number.' },
  { name: 'email', label: 'E-mail of the admin whose API token it is', type: 'email', missing: 'Whose token is it?' },
  { name: 'api_token', label: 'API token', type: 'password', missing: 'Paste the API token.' },
] as const;

function LinkDialog({ link }: { link: ZendeskLink | null }) {
  const form = useRef<HTMLFormElement>(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState('');
  const input = (name: string) => form.current?.elements.namedItem(name) as HTMLInputElement | null;
  const text = (name: string) => input(name)?.value.trim() ?? '';
  const submit = async (event: Event) => {
    event.preventDefault();
    if (busy) return;
    const id = Number(text('installation_id'));
    const lacking = FIELDS.find(({ name }) =>
      name === 'installation_id' ? !(Number.isSafeInteger(id) && id > 0) : text(name) === '',
    );
    if (lacking) {
      setError(lacking.missing);
      input(lacking.name)?.focus();
      return;
    }
    setBusy(true);
    setError('');
    try {
      await saveZendesk({
        subdomain: text('subdomain'),
        installation_id: id,
        email: text('email'),
        api_token: text('api_token'),
      });
    } catch (failure) {
      setError(reasonOf(failure, 'Nothing was changed. Please try again.'));
    }
    setBusy(false);
  };
  const values: Record<string, string> = link
    ? { subdomain: link.subdomain, installation_id: String(link.installation_id), email: link.email }
    : {};
  return (
    <Modal title="Link a Zendesk" onCancel={close}>
      <form ref={form} class="editor" noValidate onSubmit={submit}>
        {FIELDS.map(({ name, label, type }) => (
          <label key={name}>
            <span>{label}</span>
            <input
              name={name}
              type={type as 'text'}
              inputMode={name === 'installation_id' ? 'numeric' : undefined}
              defaultValue={values[name]}
              autocomplete="off"
              autocapitalize="off"
              spellcheck={false}
              aria-describedby={error ? 'zendesk-error' : undefined}
            />
          </label>
        ))}
        <FormEnd
          error={error}
          errorId="zendesk-error"
          busy={busy}
          act="Link it"
          acting="Asking Zendesk…"
          onCancel={close}
        />
      </form>
    </Modal>
  );
}
