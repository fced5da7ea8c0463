import assert from 'node:assert/strict';
import test from 'node:test';
import { backoff } from '../src/backoff.ts';

test('the longest wait doubles from half a second and ends at thirty seconds', () => {
  const waits = [0, 1, 2, 3, 4, 5, 6, 7, 50].map((attempt) => backoff(attempt, 1));
  assert.deepEqual(waits, [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
});

test('chance shortens a wait down to none', () => {
  assert.equal(backoff(3, 0), 0);
  assert.equal(backoff(3, 0.25), 1000);
});
