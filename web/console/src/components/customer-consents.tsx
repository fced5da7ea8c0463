import { useState } from 'preact/hooks';
import type { Consent, ConsentPurpose, ConsentSource, ConsentState } from '../../../shared/customers';
import { fullTime } from '../state/clock';
import { consents, dialog, PURPOSE_NAMES, recordConsent, SOURCE_NAMES, STATE_NAMES } from '../state/customers';
import { reasonOf } from '../state/reason-of';
import { FormEnd } from './form-end';
import { Modal } from './modal';
import { PageSkeleton } from './page';

/** What a customer agreed to: what is in force, and how it came to that. */
export function ConsentCard({ customerId }: { customerId: string }) {
  const known = consents.value.value;
  return (
    <section class="card list-card" aria-labelledby="consents-title">
      <header class="card-head">
        <h3 id="consents-title">Consents</h3>
        <button
          type="button"
          class="button"
          onClick={() => {
            dialog.value = 'consent';
          }}
        >
          Record one
        </button>
      </header>
      {!known ? (
        consents.state.value === 'failed' ? (
          <p class="card-empty">They could not be loaded. Please open the page again.</p>
        ) : (
          <PageSkeleton what="consents" />
        )
      ) : known.consents.length === 0 ? (
        <p class="card-empty">The customer has not said anything of how their data is used.</p>
      ) : (
        <>
          <ul class="intents" aria-label="In force">
            {known.in_force.map((one) => (
              <Row key={one.number} one={one} />
            ))}
          </ul>
          {known.consents.length > known.in_force.length && (
            <details class="consent-history">
              <summary>All {known.consents.length} records</summary>
              <ul class="intents" aria-label="All records">
                {known.consents.map((one) => (
                  <Row key={one.number} one={one} />
                ))}
              </ul>
            </details>
          )}
        </>
      )}
      {dialog.value === 'consent' && <ConsentDialog customerId={customerId} />}
    </section>
  );
}

function Row({ one }: { one: Consent }) {
  return (
    <li class="intent consent">
      <div class="intent-main">
        <span class="key-name">{PURPOSE_NAMES[one.purpose]}</span>
        <span class="intent-counts">
          {fullTime(one.at)}, {SOURCE_NAMES[one.source]}
          {one.wording && ` · ${one.wording}`}
          {one.note && ` · ${one.note}`}
          {one.recorded_by && ` · recorded by ${one.recorded_by.name}`}
        </span>
      </div>
      <span class={`chip status ${one.state === 'given' ? 'resolved' : 'pending'}`}>{STATE_NAMES[one.state]}</span>
    </li>
  );
}

/** What people record; the rest a browser says by itself. */
const SOURCES = (Object.keys(SOURCE_NAMES) as ConsentSource[]).filter((source) => source !== 'global_privacy_control');

function close() {
  dialog.value = null;
}

function ConsentDialog({ customerId }: { customerId: string }) {
  const [purpose, setPurpose] = useState<ConsentPurpose>('marketing');
  const [state, setState] = useState<ConsentState>('withdrawn');
  const [source, setSource] = useState<ConsentSource>('conversation');
  const [wording, setWording] = useState('');
  const [note, setNote] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState('');
  const submit = async (event: Event) => {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    setError('');
    try {
      await recordConsent(customerId, { purpose, state, source, wording, note });
    } catch (failure) {
      setError(reasonOf(failure, 'Nothing was recorded. Please try again.'));
      setBusy(false);
    }
  };
  return (
    <Modal title="What did the customer say?" onCancel={close}>
      <form class="editor" noValidate onSubmit={submit}>
        <label>
          <span>Of</span>
          <select value={purpose} onChange={(event) => setPurpose(event.currentTarget.value as ConsentPurpose)}>
            {Object.entries(PURPOSE_NAMES).map(([value, name]) => (
              <option key={value} value={value}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <label>
          <span>They</span>
          <select value={state} onChange={(event) => setState(event.currentTarget.value as ConsentState)}>
            <option value="given">agreed</option>
            <option value="withdrawn">declined, or took it back</option>
          </select>
        </label>
        <label>
          <span>Where</span>
          <select value={source} onChange={(event) => setSource(event.currentTarget.value as ConsentSource)}>
            {SOURCES.map((value) => (
              <option key={value} value={value}>
                {SOURCE_NAMES[value]}
              </option>
            ))}
          </select>
        </label>
        <label>
          <span>Which notice they were shown (optional)</span>
          <input maxLength={200} value={wording} onInput={(event) => setWording(event.currentTarget.value)} />
        </label>
        <label>
          <span>Note (optional)</span>
          <input maxLength={500} value={note} onInput={(event) => setNote(event.currentTarget.value)} />
        </label>
        <FormEnd
          error={error}
          errorId="consent-error"
          busy={busy}
          act="Record it"
          acting="Recording…"
          onCancel={close}
        />
      </form>
    </Modal>
  );
}
