import type { SentimentLabel, Trend } from '../../../shared/wire';
import { Icon } from './icon';

export const MOOD_NAMES: Record<SentimentLabel, string> = {
  very_negative: 'Very unhappy',
  negative: 'Unhappy',
  neutral: 'Neutral',
  positive: 'Happy',
  very_positive: 'Very happy',
};

export const TREND_NAMES: Record<Trend, string> = {
  improving: 'getting better',
  stable: 'steady',
  declining: 'getting worse',
};

const MOUTHS: Record<SentimentLabel, string> = {
  very_negative: 'M5 11.6c.8-1.9 5.2-1.9 6 0',
  negative: 'M5.3 11c.9-.9 4.5-.9 5.4 0',
  neutral: 'M5.3 10.5h5.4',
  positive: 'M5.3 9.9c.9 1 4.5 1 5.4 0',
  very_positive: 'M4.9 9.4c.7 2.6 5.5 2.6 6.2 0Z',
};

/** The step of a score, by the same lines as the domain crate draws. */
export function labelOf(score: number): SentimentLabel {
  if (score < -0.6) return 'very_negative';
  if (score < -0.2) return 'negative';
  if (score <= 0.2) return 'neutral';
  return score <= 0.6 ? 'positive' : 'very_positive';
}

export function moodClass(label: SentimentLabel): string {
  return `mood-${label.replace('_', '-')}`;
}

export function Face({ label }: { label: SentimentLabel }) {
  return (
    <svg class={`face ${moodClass(label)}`} viewBox="0 0 16 16" aria-hidden="true">
      <circle cx="8" cy="8" r="7.5" />
      <path class="eyes" d="M5.6 5.9v.9M10.4 5.9v.9" />
      <path class={label === 'very_positive' ? 'mouth filled' : 'mouth'} d={MOUTHS[label]} />
    </svg>
  );
}

const TREND_ICONS: Record<Trend, string> = { improving: 'up', stable: 'flat', declining: 'down' };

export function TrendArrow({ trend }: { trend: Trend }) {
  return (
    <span class={`trend ${trend}`} title={`Mood is ${TREND_NAMES[trend]}`}>
      <Icon name={TREND_ICONS[trend]} />
    </span>
  );
}

export function percent(share: number): string {
  return `${Math.round(share * 100)}%`;
}

/** `+0.42`, with a real minus sign. */
export function scoreText(score: number): string {
  const text = Math.abs(score).toFixed(2);
  return Number(text) === 0 ? '0.00' : score < 0 ? `−${text}` : `+${text}`;
}
