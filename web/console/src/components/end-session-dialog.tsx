import { useState } from 'preact/hooks';
import type { Session } from '../../../shared/sessions';
import { endAll, ending, endOne, nameOf } from '../state/sessions';
import { Modal } from './modal';

export function EndSessionDialog({ what }: { what: Session | 'all' }) {
  const [busy, setBusy] = useState(false);
  const cancel = () => {
    ending.value = null;
  };
  return (
    <Modal title={what === 'all' ? 'Sign out everywhere?' : `Sign out ${nameOf(what)}?`} onCancel={cancel}>
      <p>
        {what === 'all'
          ? 'Every device and browser is signed out of this account within seconds, this one too.'
          : 'Whoever uses it has to sign in again. It takes effect within seconds.'}
      </p>
      <div class="editor-actions">
        <button type="button" class="button" onClick={cancel}>
          Stay signed in
        </button>
        <button
          type="button"
          class="button danger"
          disabled={busy}
          onClick={() => {
            setBusy(true);
            void (what === 'all' ? endAll() : endOne(what));
          }}
        >
          {busy ? 'Signing out…' : 'Sign out'}
        </button>
      </div>
    </Modal>
  );
}
