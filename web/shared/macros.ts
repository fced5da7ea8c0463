// The JSON of macros, as docs/API.md describes it.

import type { Channel } from './wire';

/** A template has variables, which are filled first. */
export type MacroKind = 'macro' | 'template';

export interface MacroBody {
  kind: MacroKind;
  title: string;
  /** Plain text. */
  text: string;
  /** Absent where it fits any. */
  language?: string;
  /** Empty for all. */
  channels: Channel[];
  /** The model's names, or ids of own intents. */
  intents: string[];
  categories: string[];
}

export interface Macro extends MacroBody {
  id: string;
  /** What became of it when it was offered. */
  outcomes: { n_accepted: number; n_edited: number; n_rejected: number };
  created_at: string;
  updated_at: string;
}
