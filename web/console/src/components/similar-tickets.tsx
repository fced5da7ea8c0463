import { useEffect } from 'preact/hooks';
import type { SimilarConversation, Similarity } from '../../../shared/similar';
import { fullTime, now, shortAge } from '../state/clock';
import { conversations } from '../state/desk';
import { conversationHref } from '../state/router';
import type { Similar } from '../state/similar';
import { percent } from './mood';
import { StatusPill } from './status-pill';

/** Open tickets whose customers ask the same, in the details of a conversation. */
export function SimilarTickets({ similar }: { similar: Similar }) {
  useEffect(() => similar.show(), [similar]);
  return (
    <section class="card" aria-labelledby="similar-title">
      <h4 id="similar-title">Similar tickets</h4>
      <List similar={similar} />
    </section>
  );
}

function List({ similar }: { similar: Similar }) {
  const list = similar.list.value;
  if (similar.state.value === 'failed') {
    return (
      <p class="card-empty" role="alert">
        Similar tickets could not be loaded.{' '}
        <button type="button" class="button" onClick={() => void similar.load()}>
          Try again
        </button>
      </p>
    );
  }
  if (similar.state.value === 'loading') return <p class="card-empty">Looking for similar tickets…</p>;
  if (list.length === 0) return <p class="card-empty">No other open ticket asks the same.</p>;
  return (
    <ul class="similar">
      {list.map((ticket) => (
        <Ticket key={ticket.conversation_id} ticket={ticket} />
      ))}
    </ul>
  );
}

function Ticket({ ticket }: { ticket: SimilarConversation }) {
  const { conversation_id: id, ticket_number: number, created_at: at } = ticket;
  const title = ticket.subject ?? ticket.last_message?.text ?? ticket.customer_name ?? 'A conversation';
  return (
    <li>
      <a class="similar-ticket" href={conversationHref(id)}>
        <span class="similar-title" dir="auto">
          {title}
        </span>
        <span class="similar-facts">
          <StatusPill status={conversations.value.get(id)?.status ?? ticket.status} />
          {number !== undefined && <span>#{number}</span>}
          <time dateTime={at} title={fullTime(at)}>
            {shortAge(at, now.value)}
          </time>
          <span class="similar-score">{percent(ticket.score)} similar</span>
        </span>
        <span class="similar-why">{reasonOf(ticket.reasons, ticket.is_same_customer)}</span>
      </a>
    </li>
  );
}

function reasonOf(reasons: Similarity[], isSameCustomer: boolean): string {
  const inMeaning = reasons.includes('meaning');
  const inWords = reasons.includes('words');
  const why =
    inMeaning && inWords
      ? 'Similar in meaning and in words'
      : inMeaning
        ? 'Similar in meaning'
        : 'Mostly the same words';
  return isSameCustomer ? `${why}, from the same customer` : why;
}
