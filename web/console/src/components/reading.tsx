import { signal } from '@preact/signals';
import { useEffect, useId, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { FeedbackField } from '../../../shared/learning';
import type { Analysis, Priority, Sentiment, SentimentLabel } from '../../../shared/wire';
import type { FieldState } from '../state/feedback';
import { NONE, valueNameIn } from '../state/fields';
import { languageName, PRIORITY_NAMES, words } from '../state/labels';
import type { Mood, Thread } from '../state/thread';
import { closeWhy, openWhy, whyId } from '../state/why';
import { Icon } from './icon';
import { Face, MOOD_NAMES, moodClass, percent, scoreText } from './mood';

interface Props {
  mood: Mood | undefined;
  messageId: string;
  thread: Thread;
}

/** What was read in one customer message, in a line. A click says why; hover and focus say it in short. */
export function Reading({ mood, messageId, thread }: Props) {
  if (mood === undefined) {
    return (
      <span class="mood-chip awaited">
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
  return <Known analysis={mood} messageId={messageId} thread={thread} />;
}

/** Which line's explanation is shown: one at a time. */
const shownFor = signal('');

function Known({ analysis, messageId, thread }: { analysis: Analysis; messageId: string; thread: Thread }) {
  const id = useId();
  const button = useRef<HTMLButtonElement>(null);
  const explained = whyId.value === messageId;
  const open = shownFor.value === id && !explained;
  const show = () => {
    shownFor.value = id;
  };
  const hide = () => {
    if (shownFor.value === id) shownFor.value = '';
  };
  useEffect(() => hide, []);
  const field = (name: FeedbackField) => thread.feedbacks.stateOf(messageId, analysis, name);
  const label = shownMood(analysis, field('sentiment'));
  const corrected = label !== analysis.sentiment.label;
  return (
    <>
      <button
        ref={button}
        type="button"
        class="reading"
        aria-describedby={open ? id : undefined}
        aria-expanded={explained}
        aria-keyshortcuts="w"
        onPointerEnter={show}
        onPointerLeave={hide}
        onFocus={show}
        onBlur={hide}
        onClick={() => {
          hide();
          if (explained) closeWhy();
          else openWhy(messageId);
        }}
        onKeyDown={(event) => {
          if (event.key !== 'Escape' || !open) return;
          hide();
          event.stopPropagation();
        }}
      >
        <span class={`mood-chip ${moodClass(label)}`}>
          <Face label={label} />
          {MOOD_NAMES[label]}
          {corrected && <Corrected />}
        </span>
        <Topic analysis={analysis} own={field('own_intent')} intent={field('intent')} />
        <Said analysis={analysis} state={field('category')} />
        <PriorityMark state={field('priority')} />
        <LanguageMark state={field('language')} />
      </button>
      {open && <Explanation id={id} analysis={analysis} anchor={button.current} />}
    </>
  );
}

/** The mood in five steps; a correction knows three. */
export function shownMood(analysis: Analysis, state: FieldState): SentimentLabel {
  const { polarity, label } = analysis.sentiment;
  return state.value === polarity || state.value === null ? label : (state.value as Sentiment['polarity']);
}

/** The account's own intent says more than the general one, where there is one. */
function Topic({ analysis, own, intent }: { analysis: Analysis; own: FieldState; intent: FieldState }) {
  return <Said analysis={analysis} state={own.value !== null && own.value !== NONE ? own : intent} />;
}

function Said({ analysis, state }: { analysis: Analysis; state: FieldState }) {
  if (state.value === null || state.value === NONE) return null;
  return (
    <span class={`said said-${state.field}`}>
      {valueNameIn(analysis, state.field, state.value)}
      {state.verdict === 'corrected' && <Corrected />}
    </span>
  );
}

function PriorityMark({ state }: { state: FieldState }) {
  if (state.value === null) return null;
  return (
    <span class={`said said-${state.value}`}>
      <span class="visually-hidden">Priority </span>
      {PRIORITY_NAMES[state.value as Priority] ?? state.value}
      {state.verdict === 'corrected' && <Corrected />}
    </span>
  );
}

function LanguageMark({ state }: { state: FieldState }) {
  if (state.value === null) return null;
  return (
    <span class="said" title={languageName(state.value)}>
      <span aria-hidden="true">{state.value.toUpperCase()}</span>
      <span class="visually-hidden">{languageName(state.value)}</span>
      {state.verdict === 'corrected' && <Corrected />}
    </span>
  );
}

function Corrected() {
  return (
    <span class="corrected-mark" title="Corrected">
      <Icon name="pencil" />
      <span class="visually-hidden"> (corrected)</span>
    </span>
  );
}

function Explanation({ id, analysis, anchor }: { id: string; analysis: Analysis; anchor: HTMLElement | null }) {
  const card = useRef<HTMLDivElement>(null);
  const [place, setPlace] = useState({ left: 0, top: 0 });
  // Fixed to the window, above the line when there is room: the message list would clip it otherwise.
  useLayoutEffect(() => {
    if (!card.current || !anchor) return;
    const at = anchor.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = card.current;
    const left = Math.max(8, Math.min(at.left, innerWidth - width - 8));
    setPlace({ left, top: at.top - height - 6 > 8 ? at.top - height - 6 : at.bottom + 6 });
  }, [anchor]);

  const { sentiment, emotions, reasons, model } = analysis;
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
