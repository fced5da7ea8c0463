import type { ModelCard } from '../../../shared/learning';

/** One figure of a model on one set of texts. */
export interface ModelScore {
  set: string;
  /** In words: `macro recall`. */
  measure: string;
  /** Most measures run from 0 to 1. */
  value: number;
  /** Texts in the set; absent where the manifest does not say. */
  rows?: number;
}

export interface ScoreGroup {
  /** Which part of the model; empty for the encoder and its heads. */
  part: string;
  scores: ModelScore[];
}

/** Parts of the manifest that bring scores of their own, in the order shown. */
const PARTS: [keyof ModelCard, string][] = [
  ['language', 'Telling languages apart'],
  ['multilingual', 'Mood in other languages'],
  ['english', 'Mood in English, with word features'],
];

/** The first of these that a set was measured by. `_both` is of the two halves of a part together, which is what decides. */
const MEASURES = [
  'macro_recall_both',
  'macro_recall',
  'mean_macro_f1',
  'macro_f1',
  'in_scope_accuracy',
  'accuracy',
  'recall_at_1',
];

/**
 * What a manifest says of how good its model is: `scores` as a list of `{set, measure, value, rows}`, and `scores` of its parts as an
 * object by set. The manifest grows with the models: what is not understood is left out.
 */
export function scoreGroups(card: ModelCard): ScoreGroup[] {
  const listed = Array.isArray(card.scores) ? card.scores.flatMap(listedScore) : [];
  const groups = [
    { part: '', scores: listed },
    ...PARTS.map(([key, part]) => ({ part, scores: scoresBySet(fieldOf(card[key], 'scores')) })),
  ];
  return groups.filter(({ scores }) => scores.length > 0);
}

function listedScore(item: unknown): ModelScore[] {
  const set = fieldOf(item, 'set');
  const measure = fieldOf(item, 'measure');
  const value = fieldOf(item, 'value');
  if (typeof set !== 'string' || typeof measure !== 'string' || !isNumber(value)) return [];
  return [{ set, measure: measureName(measure), value, ...rowsOf(item) }];
}

/** A set may be measured as a whole, or part by part: `{"langid/val": {"sentences": {"accuracy": 0.99}}}`. */
function scoresBySet(sets: unknown): ModelScore[] {
  return entriesOf(sets).flatMap(([set, measured]) => {
    const whole = scoreOf(set, measured);
    if (whole) return [{ ...whole, ...rowsOf(measured) }];
    return entriesOf(measured).flatMap(([part, inner]) => scoreOf(`${set}, ${part}`, inner) ?? []);
  });
}

function scoreOf(set: string, measured: unknown): ModelScore | null {
  for (const measure of MEASURES) {
    const value = fieldOf(measured, measure);
    if (isNumber(value)) return { set, measure: measureName(measure.replace(/_both$/, '')), value };
  }
  return null;
}

function measureName(code: string): string {
  return code.replaceAll('_', ' ').replace(/\bf1\b/, 'F1');
}

function rowsOf(value: unknown): { rows?: number } {
  const rows = fieldOf(value, 'rows');
  return isNumber(rows) && rows > 0 ? { rows } : {};
}

function entriesOf(value: unknown): [string, unknown][] {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : [];
}

function fieldOf(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}
