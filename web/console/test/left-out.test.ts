import assert from 'node:assert/strict';
import test from 'node:test';
import { leftOut } from '../src/state/left-out.ts';

test('each kind of row that was left out has a sentence, and none when nothing was', () => {
  assert.deepEqual(leftOut({}), []);
  assert.deepEqual(leftOut({ examples_left_out: 0, corrections_left_out: 0 }), []);
  assert.deepEqual(leftOut({ examples_left_out: 1, corrections_left_out: 0 }), [
    '1 example was left out: there are more than one training takes.',
  ]);
  assert.deepEqual(leftOut({ examples_left_out: 20, corrections_left_out: 3 }), [
    '20 examples were left out: there are more than one training takes.',
    'The 3 oldest corrections were left out: there are more than one training takes.',
  ]);
  assert.deepEqual(leftOut({ corrections_left_out: 1 }), [
    'The oldest correction was left out: there are more than one training takes.',
  ]);
});
