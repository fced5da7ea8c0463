import { computed, type Signal, signal } from '@preact/signals';
import type { Draft, Suggestion, SuggestionDecided, SuggestionVerdict } from '../../../shared/suggestions';
import type { MessageView } from '../../../shared/wire';
import { askForSuggestions, getSuggestions, rejectSuggestion, takeRejectionBack } from '../api/suggestions';
import { NOTHING_OFFERED, type Offered, standingOf, WAIT_MS, withAnswer, withDecision, withDraft } from './offered';
import { reasonOf } from './reason-of';
import { announce, toast } from './toasts';

/** Sent to the composer, which knows what it holds. */
export const INSERT_EVENT = 'edgedesk:insert';

export interface Inserted {
  text: string;
  /** Absent for a text that is no suggestion. */
  suggestion?: { id: string; title: string };
  /** Goes to the end of what is there, in place of it. */
  isAppended?: boolean;
}

export function insert(inserted: Inserted): void {
  document.dispatchEvent(new CustomEvent<Inserted>(INSERT_EVENT, { detail: inserted }));
}

/** What is offered in one conversation: loaded once, and kept live by its socket. */
export class Suggestions {
  readonly state: Signal<'loading' | 'ready' | 'failed'> = signal('loading');
  readonly offered: Signal<Offered> = signal(NOTHING_OFFERED);
  /** Rejected or taken back here, until the server has said so. */
  private readonly underWay: Signal<ReadonlyMap<string, SuggestionVerdict | null>> = signal(new Map());
  private readonly askedAtMs = signal(0);
  /** Counts up so that waiting ends in time. */
  private readonly nowMs = signal(Date.now());
  private timer = 0;
  private isStopped = false;

  readonly draft = computed(() => this.offered.value.draft);

  readonly standing = computed(() => {
    const messages = this.messages.value;
    return standingOf({
      draft: this.draft.value,
      lastIncoming: messages.findLast((message) => message.direction === 'incoming'),
      lastAnswerSeq: messages.findLast((message) => message.direction === 'outgoing')?.seq ?? 0,
      askedAtMs: this.askedAtMs.value,
      nowMs: this.nowMs.value,
    });
  });

  constructor(
    private readonly conversationId: string,
    private readonly messages: Signal<MessageView[]>,
  ) {
    void this.load();
  }

  stop(): void {
    this.isStopped = true;
    clearTimeout(this.timer);
  }

  async load(): Promise<void> {
    if (this.state.value === 'failed') this.state.value = 'loading';
    try {
      const answer = await getSuggestions(this.conversationId);
      this.offered.value = withAnswer(this.offered.value, answer);
      this.state.value = 'ready';
    } catch {
      if (this.state.value !== 'ready') this.state.value = 'failed';
    }
    this.watchTime();
  }

  hearDraft(draft: Draft, at: string): void {
    const before = this.draft.value;
    this.offered.value = withDraft(this.offered.value, draft, at);
    if (this.draft.value === before) return;
    this.askedAtMs.value = 0;
    this.state.value = 'ready';
    // What a resumed log brings is not new.
    if (Date.now() - Date.parse(at) > WAIT_MS) return;
    const n = draft.suggestions.length;
    announce(
      n === 0 ? 'Nothing fits as an answer' : n === 1 ? 'One answer is suggested' : `${n} answers are suggested`,
    );
  }

  hearDecided(decided: SuggestionDecided, seq: number): void {
    this.offered.value = withDecision(this.offered.value, decided, seq);
    this.settle(decided.suggestion_id);
  }

  /** A customer has written: one is awaited. */
  watchTime(): void {
    clearTimeout(this.timer);
    this.nowMs.value = Date.now();
    if (this.standing.value !== 'writing' || this.isStopped) return;
    this.timer = window.setTimeout(() => this.watchTime(), 1_000);
  }

  verdictOf(id: string): SuggestionVerdict | null {
    const here = this.underWay.value.get(id);
    return here !== undefined ? here : (this.offered.value.verdicts.get(id)?.verdict ?? null);
  }

  at(place: number): Suggestion | undefined {
    return this.draft.value?.suggestions[place];
  }

  insert(suggestion: Suggestion): void {
    insert({ text: suggestion.text, suggestion: { id: suggestion.id, title: suggestion.title } });
  }

  /** Turns one down, or takes that back. What was sent stays sent. */
  async toggleRejected(suggestion: Suggestion): Promise<void> {
    const verdict = this.verdictOf(suggestion.id);
    if (verdict === 'accepted' || verdict === 'edited') return;
    const isRejected = verdict === 'rejected';
    this.mark(suggestion.id, isRejected ? null : 'rejected');
    announce(isRejected ? `“${suggestion.title}” is offered again` : `“${suggestion.title}” is rejected`);
    try {
      await (isRejected ? takeRejectionBack : rejectSuggestion)(this.conversationId, suggestion.id);
    } catch (error) {
      this.settle(suggestion.id);
      toast(`Nothing was changed. ${reasonOf(error, 'Please try again.')}`, { kind: 'error' });
    }
  }

  async ask(): Promise<void> {
    this.askedAtMs.value = Date.now();
    this.watchTime();
    try {
      await askForSuggestions(this.conversationId);
    } catch (error) {
      this.askedAtMs.value = 0;
      this.watchTime();
      toast(`Nothing is being written. ${reasonOf(error, 'Please try again.')}`, { kind: 'error' });
    }
  }

  private mark(id: string, verdict: SuggestionVerdict | null): void {
    this.underWay.value = new Map(this.underWay.value).set(id, verdict);
  }

  private settle(id: string): void {
    const left = new Map(this.underWay.value);
    if (left.delete(id)) this.underWay.value = left;
  }
}
