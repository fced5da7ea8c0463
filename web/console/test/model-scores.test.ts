import assert from 'node:assert/strict';
import test from 'node:test';
import type { ModelCard } from '../../shared/learning.ts';
import { scoreGroups } from '../src/state/model-scores.ts';

const card = (more: Partial<ModelCard>): ModelCard => ({ id: 'reader', version: '1', ...more });

test('the scores of a manifest are shown with set, measure and number of texts', () => {
  const scores = [
    { set: 'TweetEval sentiment, val', measure: 'macro_recall', value: 0.74, rows: 2000 },
    { set: 'TweetEval emotion, val', measure: 'macro_f1', value: 0.71 },
    { set: 'StackFAQ, titles', measure: 'recall_at_1', value: 0.855, rows: 0 },
  ];
  assert.deepEqual(scoreGroups(card({ scores })), [
    {
      part: '',
      scores: [
        { set: 'TweetEval sentiment, val', measure: 'macro recall', value: 0.74, rows: 2000 },
        { set: 'TweetEval emotion, val', measure: 'macro F1', value: 0.71 },
        { set: 'StackFAQ, titles', measure: 'recall at 1', value: 0.855 },
      ],
    },
  ]);
});

test('the parts of a model bring scores of their own, by set or by what a set is made of', () => {
  const groups = scoreGroups(
    card({
      language: {
        scores: {
          'langid/val': {
            rows: 3603,
            sentences: { accuracy: 0.989, by_language: { da: 0.931 } },
            'single-words': { accuracy: 0.68 },
            expected_calibration_error: 0.014,
          },
        },
      },
      multilingual: { scores: { 'umsab/val': { rows: 2588, mean_macro_f1: 0.5389, accuracy: 0.5437 } } },
      english: {
        scores: {
          tweets: { rows: 2000, macro_recall_encoder: 0.7153, macro_recall_hashed: 0.6843, macro_recall_both: 0.7382 },
        },
      },
    }),
  );
  assert.deepEqual(
    groups.map(({ scores }) => scores),
    [
      [
        { set: 'langid/val, sentences', measure: 'accuracy', value: 0.989 },
        { set: 'langid/val, single-words', measure: 'accuracy', value: 0.68 },
      ],
      [{ set: 'umsab/val', measure: 'mean macro F1', value: 0.5389, rows: 2588 }],
      [{ set: 'tweets', measure: 'macro recall', value: 0.7382, rows: 2000 }],
    ],
  );
  assert.ok(groups.every(({ part }) => part !== ''));
});

test('what is not understood is left out', () => {
  const odd: unknown[] = [
    undefined,
    null,
    7,
    'good',
    { tweets: 0.7 },
    [
      null,
      3,
      {},
      { set: 'a', measure: 'accuracy', value: 'high' },
      { set: 'a', measure: 'accuracy', value: Number.NaN },
    ],
  ];
  for (const scores of odd) {
    assert.deepEqual(scoreGroups(card({ scores, language: { scores }, multilingual: scores })), []);
  }
});
