import { useState } from 'preact/hooks';
import type { ApiKey, MadeApiKey } from '../../../shared/api-keys';
import { madeKey, revoke, revoking } from '../state/api-keys';
import { toast } from '../state/toasts';
import { Icon } from './icon';
import { Modal } from './modal';

/** The only sight of a new key. Escape does not close it: what it holds cannot be brought back. */
export function NewKeyDialog({ made }: { made: MadeApiKey }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(made.key);
      setCopied(true);
    } catch {
      toast('It could not be copied. Please select the key and copy it yourself.', { kind: 'error' });
    }
  };
  return (
    <Modal title={`“${made.api_key.name}” is ready`} onCancel={() => undefined}>
      <p>Copy the key now and store it where secrets belong. It will not be shown again.</p>
      <div class="new-key">
        <input
          aria-label="API key"
          readOnly
          spellcheck={false}
          value={made.key}
          onFocus={(event) => event.currentTarget.select()}
        />
        <button type="button" class="button" onClick={() => void copy()}>
          <Icon name={copied ? 'check' : 'copy'} />
          {copied ? 'Copied' : 'Copy'}
        </button>
      </div>
      <p class="visually-hidden" role="status">
        {copied ? 'The key is copied' : ''}
      </p>
      <div class="editor-actions">
        <button
          type="button"
          class="button primary"
          onClick={() => {
            madeKey.value = null;
          }}
        >
          I have stored it
        </button>
      </div>
    </Modal>
  );
}

export function RevokeDialog({ apiKey }: { apiKey: ApiKey }) {
  const [busy, setBusy] = useState(false);
  const cancel = () => {
    revoking.value = null;
  };
  return (
    <Modal title={`Revoke “${apiKey.name}”?`} onCancel={cancel}>
      <p>
        Whatever uses <code>{apiKey.prefix}…</code> stops working at once. This cannot be undone.
      </p>
      <div class="editor-actions">
        <button type="button" class="button" onClick={cancel}>
          Keep it
        </button>
        <button
          type="button"
          class="button danger"
          disabled={busy}
          onClick={() => {
            setBusy(true);
            void revoke(apiKey);
          }}
        >
          {busy ? 'Revoking…' : 'Revoke'}
        </button>
      </div>
    </Modal>
  );
}
