import { memo } from 'preact/compat';
import { useState } from 'preact/hooks';
import { type Conversation, RISK_ALERT } from '../../../shared/wire';
import { now, shortAge } from '../state/clock';
import { arrivals } from '../state/desk';
import { isOpen } from '../state/filters';
import { agentFullName, agentName, customerName } from '../state/names';
import { conversationHref } from '../state/router';
import { Avatar } from './avatar';
import { Icon } from './icon';
import { Face, MOOD_NAMES, percent, TREND_NAMES, TrendArrow } from './mood';
import { StatusPill } from './status-pill';

/** From here on a wait is shown in a stronger colour. */
const LONG_WAIT_MS = 10 * 60_000;

interface Props {
  conversation: Conversation;
  selected: boolean;
}

/** One conversation in the list. Drawn again only when its own state changes: the list may hold hundreds. */
export const Row = memo(
  ({ conversation, selected }: Props) => {
    const unread = conversation.n_unread > 0;
    const name = customerName(conversation);
    const last = conversation.last_message;
    // Asked once: the highlight must outlast the state that follows at once, with the mood in it.
    const [fresh] = useState(() => arrivals.delete(conversation.conversation_id));
    return (
      <li class={`row ${selected ? 'selected' : ''} ${unread ? 'unread' : ''} ${fresh ? 'fresh' : ''}`}>
        <a
          class="row-link"
          href={conversationHref(conversation.conversation_id)}
          data-id={conversation.conversation_id}
          aria-current={selected ? 'true' : undefined}
        >
          <span class="row-avatar">
            <Avatar id={conversation.customer_id} name={name} />
            <RowMood conversation={conversation} />
          </span>
          <span class="row-body">
            <span class="row-top">
              <span class="row-name">{name}</span>
              <Age at={conversation.updated_at} />
            </span>
            {conversation.subject && <span class="row-subject">{conversation.subject}</span>}
            <span class="row-preview">
              <span class="row-text">
                {last?.direction === 'outgoing' && <span class="row-you">Reply: </span>}
                {last?.text ?? 'No messages yet'}
              </span>
              {unread && (
                <span class="badge">
                  {conversation.n_unread}
                  <span class="visually-hidden"> unread</span>
                </span>
              )}
            </span>
            <Chips conversation={conversation} />
          </span>
        </a>
      </li>
    );
  },
  (a, b) => a.conversation === b.conversation && a.selected === b.selected,
);

function RowMood({ conversation }: { conversation: Conversation }) {
  const mood = conversation.sentiment;
  if (!mood) {
    return conversation.unanalyzed.length > 0 ? (
      <span class="row-mood reading" title="Reading the mood">
        <span class="visually-hidden">Reading the mood</span>
      </span>
    ) : null;
  }
  const words = `${MOOD_NAMES[mood.label]}, ${TREND_NAMES[mood.trend]}`;
  return (
    <span class="row-mood" title={words}>
      <Face label={mood.label} />
      <span class="visually-hidden">{words}</span>
    </span>
  );
}

function Age({ at }: { at: string }) {
  return (
    <time class="row-age" dateTime={at}>
      {shortAge(at, now.value)}
    </time>
  );
}

function Chips({ conversation }: { conversation: Conversation }) {
  const atRisk = conversation.escalation_risk > RISK_ALERT && isOpen(conversation);
  const wait = conversation.waiting_since ? now.value - Date.parse(conversation.waiting_since) : 0;
  const { status, assignee_id: assignee, sentiment } = conversation;
  return (
    <span class="row-chips">
      {atRisk && (
        <span class="chip risk">
          <Icon name="flame" />
          Risk {percent(conversation.escalation_risk)}
        </span>
      )}
      {status !== 'active' && <StatusPill status={status} />}
      {wait > 60_000 && isOpen(conversation) && (
        <span class={`chip wait ${wait > LONG_WAIT_MS ? 'long' : ''}`}>
          <Icon name="clock" />
          <span class="visually-hidden">waiting </span>
          {shortAge(conversation.waiting_since ?? '', now.value)}
        </span>
      )}
      {sentiment && sentiment.trend !== 'stable' && <TrendArrow trend={sentiment.trend} />}
      {assignee && (
        <span class="row-assignee" title={`Assigned to ${agentName(assignee)}`}>
          <Avatar id={assignee} name={agentFullName(assignee)} size="s" />
          <span class="visually-hidden">Assigned to {agentName(assignee)}</span>
        </span>
      )}
    </span>
  );
}
