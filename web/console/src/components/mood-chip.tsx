import { signal } from '@preact/signals';
import { useEffect, useId, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Analysis } from '../../../shared/wire';
import type { Mood } from '../state/thread';
import { Icon } from './icon';
import { Face, MOOD_NAMES, moodClass, percent, scoreText } from './mood';

/** The mood of one customer message; what is behind it shows on hover, focus or touch. */
export function MoodChip({ mood }: { mood: Mood | undefined }) {
  if (mood === undefined) {
    return (
      <span class="mood-chip reading">
        <span class="bone round" aria-hidden="true" />
        reading mood…
      </span>
    );
  }
  if (mood === 'failed') {
    return (
      <span class="mood-chip unknown" title="The analysis failed several times; the message is complete.">
        <Icon name="info" />
        mood unknown
      </span>
    );
  }
  return <KnownMood analysis={mood} />;
}

/** Which chip's explanation is shown: one at a time. */
const shownFor = signal('');

function KnownMood({ analysis }: { analysis: Analysis }) {
  const id = useId();
  const button = useRef<HTMLButtonElement>(null);
  const open = shownFor.value === id;
  const { label, score } = analysis.sentiment;
  const show = () => {
    shownFor.value = id;
  };
  const hide = () => {
    if (shownFor.value === id) shownFor.value = '';
  };
  useEffect(() => hide, []);
  return (
    <>
      <button
        ref={button}
        type="button"
        class={`mood-chip ${moodClass(label)}`}
        aria-describedby={open ? id : undefined}
        onPointerEnter={show}
        onPointerLeave={hide}
        onFocus={show}
        onBlur={hide}
        onClick={show}
        onKeyDown={(event) => {
          if (event.key !== 'Escape' || !open) return;
          hide();
          event.stopPropagation();
        }}
      >
        <Face label={label} />
        {MOOD_NAMES[label]}
        <span class="mood-score">{scoreText(score)}</span>
      </button>
      {open && <Explanation id={id} analysis={analysis} anchor={button.current} />}
    </>
  );
}

function Explanation({ id, analysis, anchor }: { id: string; analysis: Analysis; anchor: HTMLElement | null }) {
  const card = useRef<HTMLDivElement>(null);
  const [place, setPlace] = useState({ left: 0, top: 0 });
  // Fixed to the window, above the chip when there is room: the message list would clip it otherwise.
  useLayoutEffect(() => {
    if (!card.current || !anchor) return;
    const at = anchor.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = card.current;
    const left = Math.max(8, Math.min(at.left, innerWidth - width - 8));
    setPlace({ left, top: at.top - height - 6 > 8 ? at.top - height - 6 : at.bottom + 6 });
  }, [anchor]);

  const { sentiment, intent, emotions, reasons, model } = analysis;
  return (
    <div
      ref={card}
      id={id}
      class="explanation"
      role="tooltip"
      style={{ left: `${place.left}px`, top: `${place.top}px` }}
    >
      <p class="explanation-head">
        <Face label={sentiment.label} />
        <strong>{MOOD_NAMES[sentiment.label]}</strong>
        <span>
          score {scoreText(sentiment.score)} · {percent(sentiment.confidence)} sure
        </span>
      </p>
      <dl>
        <div>
          <dt>Escalation risk</dt>
          <dd>{percent(analysis.escalation_risk)}</dd>
        </div>
        {intent && (
          <div>
            <dt>Wants</dt>
            <dd>{words(intent.primary)}</dd>
          </div>
        )}
        {emotions[0] && (
          <div>
            <dt>Emotion</dt>
            <dd>{words(emotions[0].label)}</dd>
          </div>
        )}
      </dl>
      <ul>
        {reasons.slice(0, 4).map((reason) => (
          <li key={reason.code}>{reason.text}</li>
        ))}
      </ul>
      <p class="explanation-foot">
        {model.id} {model.version} · {analysis.elapsed_ms.toFixed(1)} ms
      </p>
    </div>
  );
}

function words(code: string): string {
  return code.replaceAll('_', ' ');
}
