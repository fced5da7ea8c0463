// The JSON of decisions, feedback, accuracy and own intents, as docs/API.md describes it.

import type { Actor, Analysis } from './wire';

export type FeedbackField = 'sentiment' | 'intent' | 'category' | 'priority' | 'language' | 'own_intent';

export interface Feedback {
  id: string;
  field: FeedbackField;
  /** What the model said; absent when it said nothing of this field. */
  decided?: string | null;
  value: string;
  verdict: 'confirmed' | 'corrected';
  by: Actor;
  at: string;
}

/** What a decision was made of, beside the text. */
export interface DecisionInputs {
  history: { seq: number; score: number; risk: number }[];
  own_intents_version?: number | null;
}

export interface Decision {
  id: string;
  message_id: string;
  message_seq: number;
  decided_at: string;
  analysis: Analysis;
  inputs: DecisionInputs;
}

export interface DecisionView {
  decision: Decision;
  feedback: Feedback[];
}

export interface ModelName {
  id: string;
  version: string;
}

export interface Replay {
  same: boolean;
  model_changed: boolean;
  decided_by: ModelName;
  replayed_by: ModelName;
  own_intents_version?: number | null;
  differences: { pointer: string; decided: unknown; replayed: unknown }[];
  elapsed_ms: number;
}

/** Counts of decisions and of what people said of them. */
export interface Tally {
  n_decisions: number;
  n_reviewed: number;
  n_confirmed: number;
  n_corrected: number;
  /** Confirmed over reviewed; `null` where nothing was reviewed. */
  accuracy: number | null;
}

export interface FieldAccuracy extends Tally {
  field: FeedbackField;
  labels: (Tally & { label: string })[];
  /** The most frequent first; without `decided` the model had said nothing. */
  confusions: { decided?: string; value: string; n: number }[];
}

export interface Accuracy {
  from: string;
  to: string;
  fields: FieldAccuracy[];
}

export interface OwnIntent {
  id: string;
  name: string;
  n_examples: number;
  /** Messages that agents said to be of this intent; trained on like examples. */
  n_corrections: number;
  created_at: string;
  updated_at: string;
}

export interface OwnIntentWithExamples extends OwnIntent {
  examples: string[];
}

export interface IntentScores {
  intent_id: string;
  name: string;
  n: number;
  precision: number;
  recall: number;
  f1: number;
}

export interface CrossValidation {
  folds: number;
  n: number;
  accuracy: number;
  macro_f1: number;
  labels: IntentScores[];
  /** Texts of none of the intents, and how many were left alone; absent in older versions. */
  none?: { n: number; precision: number; recall: number; f1: number } | null;
}

/** A trained version of the account's own intents. */
export interface IntentsVersion {
  version: number;
  in_use: boolean;
  /** Whether it was put to use when it was trained, and why, or why not. */
  promoted: boolean;
  reason: { code: string; text: string };
  n_rows: number;
  n_corrections: number;
  /** Examples over what one training takes; absent from older versions. */
  examples_left_out?: number;
  /** Corrections over what one training takes, the oldest first; absent from older versions. */
  corrections_left_out?: number;
  cross_validation: CrossValidation;
  /** The version in use until then, on the same folds of the same rows. */
  previous?: { version: number; accuracy: number } | null;
  encoder: ModelName;
  created_at: string;
  created_by: { id: string; name: string };
  elapsed_ms: number;
}

/** A change of the version in use. Without a version the account's own intents are switched off. */
export interface VersionUse {
  version: number | null;
  previous_version?: number | null;
  /** False when it was so already. */
  changed: boolean;
}

export interface IntentsTest {
  version: number;
  /** By falling score. */
  intents: { intent_id: string; name: string; score: number }[];
  /** The probability that it is of none of them. */
  none?: number;
  elapsed_ms: number;
}

/** One model of `models/manifest.json`. */
export interface ModelCard {
  id: string;
  version: string;
  date?: string;
  files?: unknown;
  /** `[{set, measure, value, rows}]`; the parts below have `scores` by set. */
  scores?: unknown;
  parents?: unknown;
  data?: unknown;
  language?: unknown;
  multilingual?: unknown;
  english?: unknown;
}

export interface Models {
  models: ModelCard[];
  own_intents?: {
    version?: number | null;
    /** False when the version in use was trained on another encoder. */
    applied: boolean;
    needs_training?: { code: string; text: string } | null;
    n_intents: number;
    n_rows: number;
    versions: IntentsVersion[];
  };
}
