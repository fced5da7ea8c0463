import { useState } from 'preact/hooks';
import type { Export } from '../../../shared/customers';
import { fullTime } from '../state/clock';
import { dialog, download, exports, requestExport } from '../state/customers';
import { FormEnd } from './form-end';
import { Modal } from './modal';
import { PageSkeleton } from './page';

const STATES: Record<Export['state'], string> = {
  requested: 'Waiting',
  running: 'Being written',
  ready: 'Ready',
  failed: 'Failed',
  expired: 'Deleted',
};

const REASONS: Record<string, string> = {
  too_large: 'it would be too large',
  no_customer: 'the customer is not here any more',
  inconsistent: 'a conversation in their list is somebody else’s; tell whoever runs this',
  unavailable: 'something did not answer, five times',
  lost: 'it was not heard of for an hour',
};

/** Archives of all that is known of a customer, for when they ask for it. */
export function ExportCard({ customerId }: { customerId: string }) {
  const known = exports.value.value;
  return (
    <section class="card list-card" aria-labelledby="exports-title">
      <header class="card-head">
        <h3 id="exports-title">Copies of their data</h3>
        <button
          type="button"
          class="button"
          onClick={() => {
            dialog.value = 'export';
          }}
        >
          Make a copy
        </button>
      </header>
      {!known ? (
        exports.state.value === 'failed' ? (
          <p class="card-empty">They could not be loaded. Please open the page again.</p>
        ) : (
          <PageSkeleton what="copies" />
        )
      ) : known.length === 0 ? (
        <p class="card-empty">When the customer asks which data you have: everything, as an archive to hand over.</p>
      ) : (
        <ul class="intents">
          {known.map((one) => (
            <Row key={one.id} one={one} customerId={customerId} />
          ))}
        </ul>
      )}
      {dialog.value === 'export' && <ExportDialog customerId={customerId} />}
    </section>
  );
}

function Row({ one, customerId }: { one: Export; customerId: string }) {
  const isUnderWay = one.state === 'requested' || one.state === 'running';
  return (
    <li class="intent export" aria-busy={isUnderWay}>
      <div class="intent-main">
        <span class="key-name">
          {fullTime(one.requested_at)}
          {one.include_notes && ', with notes'}
        </span>
        <span class="intent-counts">
          by {one.requested_by.name}
          {one.size_bytes !== undefined && ` · ${size(one.size_bytes)}`}
          {one.state === 'ready' && one.expires_at && ` · kept until ${fullTime(one.expires_at)}`}
          {one.state === 'failed' && ` · ${REASONS[one.reason ?? ''] ?? 'nobody knows why'}`}
        </span>
      </div>
      <span class={`chip status ${one.state === 'ready' ? 'resolved' : 'pending'}`}>{STATES[one.state]}</span>
      {one.state === 'ready' && (
        <button type="button" class="button" onClick={() => void download(customerId, one.id)}>
          Download
        </button>
      )}
      {one.state === 'failed' && (
        <button type="button" class="button" onClick={() => void requestExport(customerId, one.include_notes)}>
          Try again
        </button>
      )}
    </li>
  );
}

function size(bytes: number): string {
  if (bytes < 1_000) return `${bytes} bytes`;
  return bytes < 1_000_000 ? `${Math.round(bytes / 1_000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}

function close() {
  dialog.value = null;
}

function ExportDialog({ customerId }: { customerId: string }) {
  const [notes, setNotes] = useState(false);
  const [busy, setBusy] = useState(false);
  return (
    <Modal title="Make a copy of their data?" onCancel={close}>
      <form
        class="editor"
        onSubmit={(event) => {
          event.preventDefault();
          setBusy(true);
          void requestExport(customerId, notes);
        }}
      >
        <p>
          An archive with their profile, consents and conversations is written. It is deleted after seven days. Hand it
          to nobody but them.
        </p>
        <label class="check">
          <input type="checkbox" checked={notes} onChange={(event) => setNotes(event.currentTarget.checked)} />
          <span>With notes of agents. Read them first: they may speak of other people.</span>
        </label>
        <FormEnd error="" errorId="export-error" busy={busy} act="Make it" acting="Asking…" onCancel={close} />
      </form>
    </Modal>
  );
}
