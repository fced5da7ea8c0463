import type { Draft, SuggestionDecided, SuggestionsAnswer, SuggestionVerdict } from '../../../shared/suggestions';

/** What is offered in a conversation, and what agents did with it. */
export interface Offered {
  draft: Draft | null;
  /** When it was stored; RFC 3339. */
  draftAt: string;
  /** By suggestion: the last word on it and its place in the log, 0 for one that a list brought. Null when it was taken back. */
  verdicts: ReadonlyMap<string, { verdict: SuggestionVerdict | null; seq: number }>;
}

export const NOTHING_OFFERED: Offered = { draft: null, draftAt: '', verdicts: new Map() };

// A list and the log bring the same things in any order: the newer draft wins, and the later word on a suggestion.

export function withAnswer(offered: Offered, answer: SuggestionsAnswer): Offered {
  const verdicts = new Map(offered.verdicts);
  for (const { suggestion_id: id, verdict } of answer.verdicts) {
    // A word of the log is not older than the list.
    if ((verdicts.get(id)?.seq ?? 0) === 0) verdicts.set(id, { verdict, seq: 0 });
  }
  const withVerdicts = { ...offered, verdicts };
  return answer.draft ? withDraft(withVerdicts, answer.draft, answer.created_at ?? '') : withVerdicts;
}

export function withDraft(offered: Offered, draft: Draft, at: string): Offered {
  const isOlder = offered.draft !== null && Date.parse(at) < Date.parse(offered.draftAt);
  return isOlder || offered.draft?.draft_id === draft.draft_id ? offered : { ...offered, draft, draftAt: at };
}

export function withDecision(offered: Offered, decided: SuggestionDecided, seq: number): Offered {
  const id = decided.suggestion_id;
  if ((offered.verdicts.get(id)?.seq ?? 0) > seq) return offered;
  return { ...offered, verdicts: new Map(offered.verdicts).set(id, { verdict: decided.verdict ?? null, seq }) };
}

/** How suggestions stand. */
export type Standing =
  /** No customer has written. */
  | 'none'
  /** One is on its way for the customer's last message. */
  | 'writing'
  /** They are for the customer's last message. */
  | 'fresh'
  /** They are, and it was answered. */
  | 'answered'
  /** They are for an earlier message, or there are none, and none is on its way. */
  | 'late';

/** How long one is waited for, from the message on, or from when it was asked for. */
export const WAIT_MS = 20_000;

interface Seen {
  draft: Draft | null;
  /** The customer's last message. */
  lastIncoming: { seq: number; at: string } | undefined;
  /** The last answer's place in the log; 0 without one. */
  lastAnswerSeq: number;
  /** When a new one was asked for; 0 when none is awaited. */
  askedAtMs: number;
  nowMs: number;
}

export function standingOf({ draft, lastIncoming, lastAnswerSeq, askedAtMs, nowMs }: Seen): Standing {
  if (!lastIncoming) return 'none';
  if (askedAtMs > 0 && nowMs - askedAtMs < WAIT_MS) return 'writing';
  if (draft && draft.message_seq >= lastIncoming.seq) {
    return lastAnswerSeq > draft.message_seq ? 'answered' : 'fresh';
  }
  if (lastAnswerSeq > lastIncoming.seq) return draft ? 'answered' : 'late';
  return nowMs - Date.parse(lastIncoming.at) < WAIT_MS ? 'writing' : 'late';
}
