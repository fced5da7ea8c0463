import { type Analysis, type Conversation, RISK_ALERT } from '../../../shared/wire';
import { isOpen } from '../state/filters';
import type { Thread } from '../state/thread';
import { Icon } from './icon';
import { Face, MOOD_NAMES, percent, TREND_NAMES, TrendArrow } from './mood';
import { MoodChart } from './sparkline';

/** The analysis of the customer's last analysed message. */
export function latestAnalysis(thread: Thread): Analysis | null {
  const message = thread.messages.value.findLast((candidate) => {
    const mood = thread.moods.value.get(candidate.message_id);
    return candidate.direction === 'incoming' && mood !== undefined && mood !== 'failed';
  });
  const mood = message && thread.moods.value.get(message.message_id);
  return mood && mood !== 'failed' ? mood : null;
}

/** Scores of the customer's messages, oldest first. The state keeps the last few, until the messages are here. */
export function scoresOf(thread: Thread, conversation: Conversation): number[] {
  const scores: number[] = [];
  for (const message of thread.messages.value) {
    const mood = thread.moods.value.get(message.message_id);
    if (message.direction === 'incoming' && mood && mood !== 'failed') scores.push(mood.sentiment.score);
  }
  return scores.length > 0 ? scores : conversation.moods.map((mood) => mood.score);
}

export function RiskBanner({ conversation, thread }: { conversation: Conversation; thread: Thread }) {
  const risk = conversation.escalation_risk;
  const shown = risk > RISK_ALERT && isOpen(conversation);
  const reasons = latestAnalysis(thread)?.reasons ?? [];
  return (
    <div role="status">
      {shown && (
        <div class="risk-banner">
          <span class="risk-icon">
            <Icon name="flame" />
          </span>
          <div>
            <p class="risk-title">
              Escalation risk <strong>{percent(risk)}</strong>
            </p>
            {reasons.length > 0 && (
              <p class="risk-reasons">
                {reasons
                  .slice(0, 3)
                  .map((reason) => reason.text)
                  .join(' · ')}
              </p>
            )}
          </div>
        </div>
      )}
    </div>
  );
}

/** Mood and trend in one line, where there is no room for the details beside the conversation. */
export function MoodStrip({ conversation, thread }: { conversation: Conversation; thread: Thread }) {
  const mood = conversation.sentiment;
  if (!mood) return null;
  return (
    <div class="mood-strip">
      <Face label={mood.label} />
      <span class="mood-strip-text">
        {MOOD_NAMES[mood.label]}
        <span class="mood-strip-trend">
          <TrendArrow trend={mood.trend} />
          {TREND_NAMES[mood.trend]}
        </span>
      </span>
      <MoodChart scores={scoresOf(thread, conversation)} small />
    </div>
  );
}
