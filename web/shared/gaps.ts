// The JSON of questions that no article answers, as docs/API.md describes it.

import type { ArticleState } from './articles';

/** A group of questions without an article. */
export interface Gap {
  id: string;
  /** At the last look. */
  n_questions: number;
  /** Some of them, masked, that in the middle first; what was erased is not there. */
  examples: { conversation_id: string; text: string }[];
  conversation_ids: string[];
  /** The draft that was made of it; absent when that was deleted. */
  article?: { id: string; title: string; state: ArticleState };
  found_at: string;
  seen_at: string;
  dismissed_at?: string;
}

/** How the look for gaps stands. */
export interface GapRun {
  is_running: boolean;
  asked_at?: string;
  ended_at?: string;
  report?: { n_questions: number; n_unanswered: number; n_gaps: number; n_new: number };
  /** Why the last attempt failed; it is tried again. */
  problem?: string;
}

export interface GapList {
  /** The largest first. */
  gaps: Gap[];
  run: GapRun;
}
