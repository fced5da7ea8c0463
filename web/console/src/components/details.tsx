import type { ComponentChildren } from 'preact';
import type { Conversation } from '../../../shared/wire';
import { clockTime, dayName, duration, fullTime, now } from '../state/clock';
import { isOpen } from '../state/filters';
import { customerHref } from '../state/router';
import { teamName } from '../state/teams';
import type { Thread } from '../state/thread';
import { detailsOpen, wideDetails } from '../state/ui';
import { Avatar } from './avatar';
import { Icon } from './icon';
import { latestAnalysis, scoresOf } from './insight';
import { Face, MOOD_NAMES, percent, scoreText, TREND_NAMES, TrendArrow } from './mood';
import { PrivacyActions } from './privacy-dialogs';
import { RiskMeter } from './risk-meter';
import { SimilarTickets } from './similar-tickets';
import { MoodChart } from './sparkline';

const CHANNELS = { widget: 'Chat widget', zendesk: 'Zendesk' };

export function Details(props: { thread: Thread; conversation: Conversation; name: string }) {
  const { thread, conversation, name } = props;
  return (
    <section class="details" aria-label="Details">
      {!wideDetails.value && (
        <button
          type="button"
          class="button ghost icon-only details-close"
          aria-label="Close the details"
          onClick={() => {
            detailsOpen.value = false;
          }}
        >
          <Icon name="close" />
        </button>
      )}
      <div class="details-who">
        <Avatar id={conversation.customer_id} name={name} size="l" />
        <h3>
          <a href={customerHref(conversation.customer_id)}>{name}</a>
        </h3>
        {conversation.customer_email && conversation.customer_email !== name && <p>{conversation.customer_email}</p>}
      </div>
      <Mood thread={thread} conversation={conversation} />
      <SimilarTickets similar={thread.similar} />
      <Facts conversation={conversation} />
      <PrivacyActions customerId={conversation.customer_id} />
    </section>
  );
}

function Mood({ thread, conversation }: { thread: Thread; conversation: Conversation }) {
  const mood = conversation.sentiment;
  const analysis = latestAnalysis(thread);
  return (
    <section class="card" aria-labelledby="mood-title">
      <h4 id="mood-title">Mood</h4>
      {mood ? (
        <>
          <p class="mood-now">
            <Face label={mood.label} />
            <span>{MOOD_NAMES[mood.label]}</span>
            <span class="mood-score">{scoreText(mood.score)}</span>
            <span class="mood-trend">
              <TrendArrow trend={mood.trend} />
              {TREND_NAMES[mood.trend]}
            </span>
          </p>
          <MoodChart scores={scoresOf(thread, conversation)} />
          <RiskMeter risk={conversation.escalation_risk} />
          {analysis && (
            <ul class="reasons" aria-label="Why">
              {analysis.reasons.slice(0, 4).map((reason) => (
                <li key={reason.code}>
                  <span>{reason.text}</span>
                  {reason.weight > 0 && <span class="weight">+{percent(reason.weight)}</span>}
                </li>
              ))}
            </ul>
          )}
        </>
      ) : (
        <p class="card-empty">
          {conversation.unanalyzed.length > 0 ? 'Reading the mood…' : 'The mood shows once the customer has written.'}
        </p>
      )}
    </section>
  );
}

function Facts({ conversation }: { conversation: Conversation }) {
  const first = conversation.first_reply_at;
  return (
    <section class="card" aria-labelledby="facts-title">
      <h4 id="facts-title">Conversation</h4>
      <dl class="facts">
        <Fact icon={conversation.channel === 'widget' ? 'chat' : 'ticket'} name="Channel">
          {CHANNELS[conversation.channel] ?? conversation.channel}
        </Fact>
        {conversation.ticket_number !== undefined && (
          <Fact icon="ticket" name="Ticket">
            #{conversation.ticket_number}
          </Fact>
        )}
        {conversation.external_id && (
          <Fact icon="info" name="Outside id">
            <code>{conversation.external_id}</code>
          </Fact>
        )}
        {conversation.team_id && (
          <Fact icon="user" name="Team">
            {teamName(conversation.team_id)}
          </Fact>
        )}
        {conversation.priority && (
          <Fact icon="up" name="Priority">
            {conversation.priority}
          </Fact>
        )}
        <Fact icon="clock" name="Started">
          <time dateTime={conversation.created_at} title={fullTime(conversation.created_at)}>
            {dayName(conversation.created_at, now.value)}, {clockTime(conversation.created_at)}
          </time>
        </Fact>
        <Fact icon="reply" name="First reply">
          {first ? `after ${duration(Date.parse(first) - Date.parse(conversation.created_at))}` : 'not yet'}
        </Fact>
        {conversation.waiting_since && isOpen(conversation) && (
          <Fact icon="pause" name="Waiting">
            {duration(Math.max(0, now.value - Date.parse(conversation.waiting_since)))}
          </Fact>
        )}
        <Fact icon="chat" name="Messages">
          {conversation.n_messages}
        </Fact>
      </dl>
    </section>
  );
}

function Fact(props: { icon: string; name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>
        <Icon name={props.icon} />
        {props.name}
      </dt>
      <dd>{props.children}</dd>
    </div>
  );
}
