// The JSON of suggestions, as docs/API.md describes it.

import type { ModelName } from './learning';
import type { Actor, Reason } from './wire';

export type SuggestionSource = 'macro' | 'template' | 'draft';
/** Sent as it was, sent after changes, or turned down. */
export type SuggestionVerdict = 'accepted' | 'edited' | 'rejected';

/** Where a statement of a draft stands. */
export interface Citation {
  article_id: string;
  title: string;
  version: number;
  /** In bytes of that version's Markdown, the end exclusive. */
  start: number;
  end: number;
  /** As plain text. */
  quote: string;
}

/** An answer that an agent may send, change or turn down. */
export interface Suggestion {
  id: string;
  type: SuggestionSource;
  title: string;
  /** Plain text, ready to be sent. */
  text: string;
  /** 0 to 1. */
  confidence: number;
  reason: string;
  macro_id?: string;
  citations?: Citation[];
}

/** Something to do beside answering. */
export interface RecommendedAction {
  action: string;
  reason: string;
  confidence: number;
}

/** What is offered for one message. */
export interface Draft {
  draft_id: string;
  message_id: string;
  message_seq: number;
  /** At most three, best first. */
  suggestions: Suggestion[];
  actions?: RecommendedAction[];
  language?: string;
  model: ModelName;
  reasons?: Reason[];
  elapsed_ms: number;
}

export interface SuggestionDecided {
  draft_id: string;
  suggestion_id: string;
  suggestion_type: SuggestionSource;
  macro_id?: string;
  /** Absent when a rejection was taken back. */
  verdict?: SuggestionVerdict;
  message_id?: string;
  by: Actor;
}

export interface SuggestionsAnswer {
  draft?: Draft;
  created_at?: string;
  verdicts: { suggestion_id: string; verdict: SuggestionVerdict }[];
}

export interface SourceFigures {
  type: SuggestionSource;
  n_offered: number;
  n_accepted: number;
  n_edited: number;
  n_rejected: number;
  /** Of those with a verdict, the share that was sent; absent without any. */
  acceptance_rate?: number;
}
