import { useEffect } from 'preact/hooks';
import type { PrivacyRequest } from '../../../shared/privacy';
import { Page, PageSkeleton } from '../components/page';
import { TakeBackQuestion } from '../components/privacy-dialogs';
import { Empty, Failed } from '../components/states';
import { fullTime } from '../state/clock';
import {
  KIND_NAMES,
  loadMoreRequests,
  loadPrivacyRequests,
  nextRequests,
  privacyRequests,
  STATUS_NAMES,
  takingBack,
  watchRequests,
} from '../state/privacy';

/** What became of customers' requests to erase their data or to make it anonymous. */
export function PrivacyRequests() {
  useEffect(watchRequests, []);
  const known = privacyRequests.value.value;
  return (
    <Page
      title="Privacy requests"
      lead="Customers who are erased or made anonymous. You ask for it beside one of their conversations."
    >
      {known ? (
        <RequestList requests={known} />
      ) : privacyRequests.state.value === 'failed' ? (
        <Failed
          title="The requests could not be loaded"
          detail="They go on all the same. Please try again."
          onRetry={() => void loadPrivacyRequests()}
        />
      ) : (
        <PageSkeleton what="the requests" />
      )}
      <TakeBackQuestion />
    </Page>
  );
}

function RequestList({ requests }: { requests: PrivacyRequest[] }) {
  if (requests.length === 0) return <Empty icon="shield" title="No customer has asked for anything yet" />;
  return (
    <section class="card list-card" aria-labelledby="requests-title">
      <header class="card-head">
        <h3 id="requests-title">Requests</h3>
      </header>
      <ul class="intents">
        {requests.map((request) => (
          <RequestRow key={request.id} request={request} />
        ))}
      </ul>
      {nextRequests.value && (
        <button type="button" class="button" onClick={() => void loadMoreRequests()}>
          Show more
        </button>
      )}
    </section>
  );
}

function RequestRow({ request }: { request: PrivacyRequest }) {
  const name = `${KIND_NAMES[request.kind]} of ${request.customer_id}`;
  const over = request.status === 'done' || request.status === 'cancelled';
  const cancellable = request.kind === 'erasure' && (request.status === 'scheduling' || request.status === 'waiting');
  return (
    <li class="intent privacy-request">
      <div class="intent-main">
        <span class="key-name">{name}</span>
        <span class="intent-counts">
          Asked for {fullTime(request.requested_at)}
          {cancellable && ` · erased for good ${fullTime(request.due_at)}`}
          {request.finished_at && ` · over since ${fullTime(request.finished_at)}`}
          {!over && ` · ${request.n_done} of ${request.n_total} conversations`}
          {request.n_failures > 0 && ' · something does not answer; it is tried again'}
        </span>
      </div>
      <span class={`chip status ${over ? 'resolved' : 'pending'}`}>{STATUS_NAMES[request.status]}</span>
      {cancellable && (
        <button
          type="button"
          class="button ghost danger"
          aria-label={`Take back the ${name}`}
          onClick={() => {
            takingBack.value = request;
          }}
        >
          Take back
        </button>
      )}
    </li>
  );
}
