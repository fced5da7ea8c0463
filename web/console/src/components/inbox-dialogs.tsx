import { useEffect, useRef, useState } from 'preact/hooks';
import type { Inbox } from '../../../shared/inboxes';
import type { Channel } from '../../../shared/wire';
import {
  connecting,
  editingInbox,
  hookOf,
  makeInbox,
  saveInbox,
  saveSecret,
  settingSecret,
  snippetOf,
} from '../state/inboxes';
import { reasonOf } from '../state/reason-of';
import { CopyButton } from './copy-button';
import { FormEnd } from './form-end';
import { Modal } from './modal';

/** The name of an inbox, its channel while it is new, and where its widget may be. */
export function InboxDialog({ inbox }: { inbox: Inbox | null }) {
  const nameInput = useRef<HTMLInputElement>(null);
  const [name, setName] = useState(inbox?.name ?? '');
  const [channel, setChannel] = useState<Channel>(inbox?.channel ?? 'widget');
  const [origins, setOrigins] = useState((inbox?.allowed_origins ?? []).join('\n'));
  const [isClosed, setIsClosed] = useState(inbox?.is_closed ?? false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState('');
  useEffect(() => nameInput.current?.focus(), []);
  const close = () => {
    editingInbox.value = null;
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
    const list = origins.split(/\s+/).filter(Boolean);
    try {
      if (inbox) await saveInbox(inbox, name.trim(), list, isClosed);
      else await makeInbox(channel, name.trim(), channel === 'widget' ? list : []);
    } catch (failure) {
      setError(reasonOf(failure, 'The inbox was not saved. Please try again.'));
      setBusy(false);
    }
  };
  return (
    <Modal title={inbox ? `Change ${inbox.name}` : 'New inbox'} onCancel={close}>
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
            aria-describedby={error ? 'inbox-error' : undefined}
            aria-invalid={error !== ''}
            onInput={(event) => setName(event.currentTarget.value)}
          />
        </label>
        {!inbox && (
          <label>
            <span>Messages come by</span>
            <select value={channel} onChange={(event) => setChannel(event.currentTarget.value as Channel)}>
              <option value="widget">Chat on your website</option>
              <option value="zendesk">Zendesk webhooks</option>
            </select>
          </label>
        )}
        {channel === 'widget' && (
          <label>
            <span>Pages that may show it, one a line, such as https://*.example.com. Empty: any</span>
            <textarea
              rows={3}
              spellcheck={false}
              value={origins}
              onInput={(event) => setOrigins(event.currentTarget.value)}
            />
          </label>
        )}
        {inbox && (
          <label class="check">
            <input type="checkbox" checked={isClosed} onChange={(event) => setIsClosed(event.currentTarget.checked)} />
            <span>
              {channel === 'widget'
                ? 'Closed: no new visitors. Who is writing already goes on'
                : 'Closed: webhooks are refused'}
            </span>
          </label>
        )}
        <FormEnd
          error={error}
          errorId="inbox-error"
          busy={busy}
          act={inbox ? 'Save' : 'Make the inbox'}
          acting="Saving…"
          onCancel={close}
        />
      </form>
    </Modal>
  );
}

/** What has to be put where, so that messages arrive. */
export function ConnectDialog({ inbox }: { inbox: Inbox }) {
  const close = () => {
    connecting.value = null;
  };
  const isWidget = inbox.channel === 'widget';
  const text = isWidget ? snippetOf(inbox) : hookOf(inbox);
  return (
    <Modal title={`Connect ${inbox.name}`} onCancel={close}>
      {isWidget ? (
        <p>Put this line into your pages, before the end of the body. The chat is there with the next visit.</p>
      ) : (
        <p>
          In Zendesk, under Apps and integrations, make a webhook for ticket events with this endpoint, and bring its
          signing secret here.
        </p>
      )}
      <div class="new-key">
        <input
          aria-label={isWidget ? 'The line for your pages' : 'Endpoint of the webhook'}
          readOnly
          spellcheck={false}
          value={text}
          onFocus={(event) => event.currentTarget.select()}
        />
        <CopyButton text={text} what={isWidget ? 'The line' : 'The endpoint'} />
      </div>
      <div class="editor-actions">
        {!isWidget && (
          <button
            type="button"
            class="button"
            onClick={() => {
              connecting.value = null;
              settingSecret.value = inbox;
            }}
          >
            Set the signing secret
          </button>
        )}
        <button type="button" class="button primary" onClick={close}>
          Done
        </button>
      </div>
    </Modal>
  );
}

/** What Zendesk signs with. It goes in and is never shown again. */
export function SecretDialog({ inbox }: { inbox: Inbox }) {
  const input = useRef<HTMLInputElement>(null);
  const [secret, setSecret] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState('');
  useEffect(() => input.current?.focus(), []);
  const close = () => {
    settingSecret.value = null;
  };
  const save = async () => {
    if (busy) return;
    if (secret.trim() === '') {
      setError('Please paste the secret that Zendesk shows for the webhook.');
      input.current?.focus();
      return;
    }
    setBusy(true);
    setError('');
    try {
      await saveSecret(inbox, secret.trim());
    } catch (failure) {
      setError(reasonOf(failure, 'The secret was not set. Please try again.'));
      setBusy(false);
    }
  };
  return (
    <Modal title={`Signing secret of ${inbox.name}`} onCancel={close}>
      <form
        class="editor"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <p>
          {inbox.secret_set_at
            ? 'What is signed with the one before is refused from then on.'
            : 'Until it is set, everything that comes to this inbox is refused.'}
        </p>
        <label>
          <span>Secret, as Zendesk shows it</span>
          <input
            ref={input}
            type="password"
            autocomplete="off"
            spellcheck={false}
            value={secret}
            aria-describedby={error ? 'secret-error' : undefined}
            aria-invalid={error !== ''}
            onInput={(event) => setSecret(event.currentTarget.value)}
          />
        </label>
        <FormEnd
          error={error}
          errorId="secret-error"
          busy={busy}
          act="Set the secret"
          acting="Setting…"
          onCancel={close}
        />
      </form>
    </Modal>
  );
}
