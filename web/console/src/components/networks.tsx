import { useEffect, useState } from 'preact/hooks';
import type { Networks } from '../../../shared/security';
import { mayRunAccount } from '../api/session';
import { leaveNetworks, loadNetworks, networks, saveNetworks } from '../state/networks';
import { reasonOf } from '../state/reason-of';
import { Icon } from './icon';

/** From where the account lets its people in. For those who run it; where it cannot be read, it is not there. */
export function NetworksCard() {
  const may = mayRunAccount.value;
  useEffect(() => {
    if (may) void loadNetworks();
    return leaveNetworks;
  }, [may]);
  const known = networks.value.value;
  return may && known ? <NetworksForm known={known} /> : null;
}

function NetworksForm({ known }: { known: Networks }) {
  const saved = known.networks.join('\n');
  const [text, setText] = useState(saved);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState('');
  useEffect(() => setText(saved), [saved]);
  const save = async () => {
    if (busy) return;
    setBusy(true);
    setError('');
    try {
      await saveNetworks(text);
    } catch (failure) {
      setError(reasonOf(failure, 'Nothing was changed. Please try again.'));
    }
    setBusy(false);
  };
  return (
    <section class="card" aria-labelledby="networks-title">
      <h3 id="networks-title">Allowed addresses of this account</h3>
      <form
        class="editor"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <p id="networks-hint">
          Members and API keys get in from these addresses and networks alone. Customers are not concerned. Empty: from
          everywhere.{known.own_address ? ` You are at ${known.own_address}.` : ''}
        </p>
        <label>
          <span>One a line, such as 203.0.113.0/24</span>
          <textarea
            rows={5}
            spellcheck={false}
            value={text}
            aria-describedby={error ? 'networks-hint networks-error' : 'networks-hint'}
            onInput={(event) => setText(event.currentTarget.value)}
          />
        </label>
        <div role="alert">
          {error && (
            <p class="form-error" id="networks-error">
              <Icon name="alert" />
              {error}
            </p>
          )}
        </div>
        <div class="editor-actions">
          <button type="submit" class="button primary" disabled={busy || text === saved}>
            {busy ? 'Saving…' : 'Save addresses'}
          </button>
        </div>
      </form>
    </section>
  );
}
