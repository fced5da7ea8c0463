import { labelOf, MOOD_NAMES, moodClass } from './mood';

const WIDTH = 240;

/**
 * The mood over a customer's messages, oldest first; scores from -1 to 1. An SVG of our own rather than a chart library:
 * one line needs no axes, and it scales and prints with the page.
 */
export function MoodChart({ scores, small = false }: { scores: number[]; small?: boolean }) {
  const height = small ? 40 : 84;
  const inset = small ? 6 : 9;
  const points = scores.map((score, index) => ({
    score,
    x: scores.length === 1 ? WIDTH / 2 : inset + (index * (WIDTH - 2 * inset)) / (scores.length - 1),
    y: height / 2 - Math.max(-1, Math.min(1, score)) * (height / 2 - inset),
  }));
  return (
    <svg class="mood-chart" viewBox={`0 0 ${WIDTH} ${height}`} role="img" aria-label={summary(scores)}>
      <defs>
        <linearGradient
          id={small ? 'mood-line-small' : 'mood-line'}
          gradientUnits="userSpaceOnUse"
          x1="0"
          x2="0"
          y1="0"
          y2={height}
        >
          <stop offset="0.1" class="stop-good" />
          <stop offset="0.5" class="stop-neutral" />
          <stop offset="0.9" class="stop-bad" />
        </linearGradient>
        <linearGradient id="mood-zone" x1="0" x2="0" y1="0" y2="1">
          <stop offset="0" class="stop-good" stop-opacity="0.13" />
          <stop offset="0.5" class="stop-neutral" stop-opacity="0" />
          <stop offset="1" class="stop-bad" stop-opacity="0.13" />
        </linearGradient>
      </defs>
      {!small && <rect class="zone" width={WIDTH} height={height} rx="6" fill="url(#mood-zone)" />}
      <line class="zero" x1="0" x2={WIDTH} y1={height / 2} y2={height / 2} />
      <path class="line" d={smooth(points)} stroke={`url(#${small ? 'mood-line-small' : 'mood-line'})`} />
      {points.map((point, index) => (
        <circle
          key={index}
          class={`dot ${moodClass(labelOf(point.score))}`}
          cx={point.x}
          cy={point.y}
          r={index === points.length - 1 ? 5 : 3.5}
        />
      ))}
    </svg>
  );
}

/** A curve through the points that never overshoots: control points keep the height of their own end. */
function smooth(points: { x: number; y: number }[]): string {
  return points
    .map((point, index) => {
      const before = points[index - 1];
      if (!before) return `M${point.x} ${point.y}`;
      const middle = (before.x + point.x) / 2;
      return `C${middle} ${before.y} ${middle} ${point.y} ${point.x} ${point.y}`;
    })
    .join('');
}

function summary(scores: number[]): string {
  const first = scores[0];
  const last = scores.at(-1);
  if (first === undefined || last === undefined) return 'No mood yet';
  const now = MOOD_NAMES[labelOf(last)].toLowerCase();
  if (scores.length === 1) return `Mood of the only customer message: ${now}`;
  return `Mood over ${scores.length} customer messages: from ${MOOD_NAMES[labelOf(first)].toLowerCase()} to ${now}`;
}
