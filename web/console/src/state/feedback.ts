import { batch } from '@preact/signals';
import type { DecisionInputs, Feedback, FeedbackField } from '../../../shared/learning';
import type { Analysis } from '../../../shared/wire';
import { giveFeedback, withdrawFeedback } from '../api/learning';
import { FIELD_NAMES, NONE, valueName } from './fields';
import { newId } from './ids';
import { isMe } from './names';
import { reasonOf } from './reason-of';
import { Said } from './said';
import { toast } from './toasts';

/** One field as it is shown: what the model said, and what people made of it. */
export interface FieldState {
  field: FeedbackField;
  /** Null when the model said nothing of it. */
  decided: string | null;
  /** What holds now: the correction, or else the decision. */
  value: string | null;
  verdict: 'confirmed' | 'corrected' | null;
  /** Absent while our own click is on its way. */
  by?: Feedback['by'];
  pending: boolean;
}

/** What the decision says of a field, in the words of the feedback routes. */
export function decidedOf(analysis: Analysis, field: FeedbackField, inputs?: DecisionInputs): string | null {
  switch (field) {
    case 'sentiment':
      return analysis.sentiment.polarity;
    case 'intent':
      return analysis.intent?.primary ?? null;
    case 'category':
      // A model that names intents names categories too, and here found none.
      return topCategory(analysis) ?? (analysis.intent ? NONE : null);
    case 'priority':
      return analysis.priority?.level ?? null;
    case 'language':
      return analysis.language?.code ?? null;
    case 'own_intent':
      return analysis.intent?.own?.intent_id ?? (inputs?.own_intents_version != null ? NONE : null);
  }
}

export function topCategory(analysis: Analysis): string | undefined {
  return analysis.categories?.[0]?.category;
}

/**
 * What people said of the readings of one conversation. A click shows at once and is taken back when the server refuses it;
 * what others say comes by the socket, in any order with our own answers: the later one counts.
 */
export class Feedbacks {
  /** By message and field. */
  private readonly said = new Said();
  /** The last request of each field: a second click waits for the first, so that they arrive in their order. */
  private readonly queue = new Map<string, Promise<void>>();

  constructor(private readonly conversationId: string) {}

  /** `inputs` tell whether own intents were looked for; they are needed only where "none of them" can be confirmed. */
  stateOf(messageId: string, analysis: Analysis, field: FeedbackField, inputs?: DecisionInputs): FieldState {
    const key = keyOf(messageId, field);
    const decided = decidedOf(analysis, field, inputs);
    const click = this.said.clickOn(key);
    const feedback = this.said.feedbackOn(key);
    if (click) {
      const { value } = click;
      const verdict = value === null ? null : value === decided ? 'confirmed' : 'corrected';
      return { field, decided, value: value ?? decided, verdict, pending: true };
    }
    if (!feedback) return { field, decided, value: decided, verdict: null, pending: false };
    // The decision may have been made again since; the feedback keeps what it was given on.
    return {
      field,
      decided: feedback.decided ?? decided,
      value: feedback.value,
      verdict: feedback.verdict,
      by: feedback.by,
      pending: false,
    };
  }

  hear(messageId: string, feedback: Feedback): void {
    this.said.hear(keyOf(messageId, feedback.field), feedback, feedback.at);
  }

  hearWithdrawn(messageId: string, field: FeedbackField, at: string): void {
    this.said.hear(keyOf(messageId, field), null, at);
  }

  /** Confirms (the decision's own value), corrects, or takes back (null). Says so, with the way back. */
  give(messageId: string, field: FeedbackField, value: string | null): void {
    const before = this.said.valueOn(keyOf(messageId, field));
    if (before === value) return;
    void this.send(messageId, field, value).then((taken) => {
      if (!taken) return;
      const name = FIELD_NAMES[field];
      const said = value === null ? `${name}: your word is taken back` : `${name}: ${valueName(field, value)}`;
      toast(said, { action: { label: 'Undo', run: () => void this.send(messageId, field, before) } });
    });
  }

  /** True when the server took it. */
  private async send(messageId: string, field: FeedbackField, value: string | null): Promise<boolean> {
    const key = keyOf(messageId, field);
    const token = this.said.click(key, value);
    const previous = this.queue.get(key) ?? Promise.resolve();
    let taken = false;
    const turn = previous.then(async () => {
      try {
        let answer: Feedback | null = null;
        if (value === null) await withdrawFeedback(this.conversationId, messageId, field);
        else answer = await giveFeedback(this.conversationId, messageId, field, value, newId());
        taken = true;
        batch(() => {
          if (answer) this.hear(messageId, answer);
          else this.said.forget(key);
          this.said.letGo(key, token);
        });
      } catch (error) {
        this.said.letGo(key, token);
        toast(`${FIELD_NAMES[field]} was not changed. ${reasonOf(error, 'Please try again.')}`, { kind: 'error' });
      }
    });
    this.queue.set(key, turn);
    await turn;
    return taken;
  }
}

function keyOf(messageId: string, field: FeedbackField): string {
  return `${messageId}/${field}`;
}

/** `by you`, `by Ada`. */
export function byWhom(by: Feedback['by'] | undefined): string {
  if (!by || isMe(by)) return 'by you';
  return 'name' in by && by.name ? `by ${by.name}` : 'by another agent';
}
