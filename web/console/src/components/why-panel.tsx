import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { Analysis, Entity, Reason, Span } from '../../../shared/wire';
import { categoryName, entityName, intentName, words } from '../state/labels';
import type { Thread } from '../state/thread';
import { wideDetails } from '../state/ui';
import { closeWhy, explainable, lit, openWhy } from '../state/why';
import { Bar } from './bar';
import { Decided, useDecision } from './decided';
import { Icon } from './icon';
import { MarkedText } from './marked-text';
import { percent } from './mood';
import { ReadFields } from './read-fields';
import { RiskMeter } from './risk-meter';

/** Why a message was read as it was: what was decided, the reasons, what else it might be, and by which model. */
export function WhyPanel({ thread, messageId }: { thread: Thread; messageId: string }) {
  const panel = useRef<HTMLElement>(null);
  const message = thread.messages.value.find((candidate) => candidate.message_id === messageId);
  const mood = thread.moods.value.get(messageId);
  const loaded = useDecision(thread, messageId);
  useEffect(() => {
    // Whoever steps on to the next message stays on that button.
    if (!panel.current?.contains(document.activeElement)) panel.current?.focus();
    panel.current?.scrollTo(0, 0);
    document.querySelector(`[data-message="${messageId}"]`)?.scrollIntoView({ block: 'nearest' });
  }, [messageId]);
  if (!message || mood === undefined || mood === 'failed') return null;
  return (
    <section class="why" aria-label="Why this reading" ref={panel} tabIndex={-1}>
      <header class="why-head">
        <h3>Why this reading</h3>
        <Step thread={thread} messageId={messageId} step={-1} label="Earlier message" />
        <Step thread={thread} messageId={messageId} step={1} label="Later message" />
        <button
          type="button"
          class="button ghost icon-only"
          aria-label="Close the explanation"
          onClick={() => closeWhy()}
        >
          <Icon name="close" />
        </button>
      </header>
      {/* Beside the conversation the message itself is marked; over it, it would be hidden. */}
      {!wideDetails.value && (
        <blockquote class="why-quote" dir="auto">
          <MarkedText text={message.text} analysis={mood} />
        </blockquote>
      )}
      <ReadFields
        key={messageId}
        thread={thread}
        messageId={messageId}
        analysis={mood}
        inputs={loaded.decision?.inputs}
      />
      <Risk analysis={mood} />
      <Reasons title="Priority" reasons={mood.priority?.reasons ?? []} />
      <Reasons
        title="Urgency"
        reasons={mood.urgency?.reasons ?? []}
        value={mood.urgency && percent(mood.urgency.score)}
      />
      <Named entities={mood.entities ?? []} />
      <Alternatives analysis={mood} />
      <Decided key={`decided-${messageId}`} thread={thread} messageId={messageId} analysis={mood} loaded={loaded} />
    </section>
  );
}

function Step(props: { thread: Thread; messageId: string; step: number; label: string }) {
  const ids = explainable(props.thread);
  const next = ids[ids.indexOf(props.messageId) + props.step];
  return (
    <button
      type="button"
      class={`button ghost icon-only ${props.step < 0 ? 'turned' : ''}`}
      aria-label={props.label}
      title={props.label}
      disabled={next === undefined}
      onClick={() => next && openWhy(next)}
    >
      <Icon name="chevron" />
    </button>
  );
}

function Risk({ analysis }: { analysis: Analysis }) {
  return (
    <section class="card" aria-labelledby="why-risk">
      <h4 id="why-risk" class="visually-hidden">
        Escalation risk
      </h4>
      <RiskMeter risk={analysis.escalation_risk} id="why-risk-label" />
      <ReasonList reasons={analysis.reasons} />
    </section>
  );
}

function Reasons({ title, reasons, value }: { title: string; reasons: Reason[]; value?: string | undefined }) {
  if (reasons.length === 0) return null;
  return (
    <section class="card" aria-label={`Why this ${title.toLowerCase()}`}>
      <h4>
        {title}
        {value !== undefined && <span class="card-value">{value}</span>}
      </h4>
      <ReasonList reasons={reasons} />
    </section>
  );
}

function ReasonList({ reasons }: { reasons: Reason[] }) {
  return (
    <ul class="why-reasons">
      {reasons.map((reason) => (
        <li key={`${reason.code} ${reason.text}`}>
          <Pointing spans={reason.spans ?? []}>
            <span>{reason.text}</span>
            {reason.weight > 0 && <span class="weight">+{percent(reason.weight)}</span>}
          </Pointing>
        </li>
      ))}
    </ul>
  );
}

function Named({ entities }: { entities: Entity[] }) {
  if (entities.length === 0) return null;
  return (
    <section class="card" aria-labelledby="why-named">
      <h4 id="why-named">Named in the message</h4>
      <ul class="why-reasons">
        {entities.map((entity) => (
          <li key={`${entity.start} ${entity.kind}`}>
            <Pointing spans={[entity]}>
              <span class={`entity-kind ${entity.kind.replace('_', '-')}`}>{entityName(entity.kind)}</span>
              <span class="entity-text" dir="auto">
                {entity.text}
              </span>
            </Pointing>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** A line that shows in the text what it speaks of, while a pointer or the focus rests on it. */
function Pointing({ spans, children }: { spans: Span[]; children: ComponentChildren }) {
  if (spans.length === 0) return <span class="pointing">{children}</span>;
  const show = () => {
    lit.value = spans;
  };
  const hide = () => {
    if (lit.value === spans) lit.value = null;
  };
  return (
    <button
      type="button"
      class="pointing"
      title="Show it in the message"
      onPointerEnter={show}
      onPointerLeave={hide}
      onFocus={show}
      onBlur={hide}
      onClick={show}
    >
      {children}
    </button>
  );
}

/** What the model weighed, with probabilities. */
function Alternatives({ analysis }: { analysis: Analysis }) {
  const { intent, emotions, categories = [] } = analysis;
  return (
    <>
      {intent && (
        <Bars
          title="What they want"
          rows={[{ label: intent.primary, score: intent.confidence }, ...intent.secondary].map(({ label, score }) => ({
            name: intentName(label),
            score,
          }))}
          foot={intent.act && `Written as a ${intent.act.label}, ${percent(intent.act.score)} sure`}
        />
      )}
      <Bars
        title="What it is about"
        rows={categories.map(({ category, score }) => ({ name: categoryName(category), score }))}
      />
      <Bars title="Emotions" rows={emotions.slice(0, 5).map(({ label, score }) => ({ name: words(label), score }))} />
    </>
  );
}

function Bars(props: { title: string; rows: { name: string; score: number }[]; foot?: string | undefined }) {
  if (props.rows.length === 0) return null;
  return (
    <section class="card" aria-label={props.title}>
      <h4>{props.title}</h4>
      <div class="bars">
        {props.rows.map(({ name, score }) => (
          <Bar key={name} name={name} share={score} />
        ))}
      </div>
      {props.foot && <p class="card-foot">{props.foot}</p>}
    </section>
  );
}
