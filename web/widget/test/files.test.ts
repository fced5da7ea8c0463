import assert from 'node:assert/strict';
import test from 'node:test';
import { fileSize, isPicture, MAX_BYTES, problemOf } from '../../shared/files.ts';

test('a length is written for people', () => {
  const sizes = [0, 1023, 1024, 1536, 1024 * 1024 - 1, 1.5 * 1024 * 1024, MAX_BYTES].map(fileSize);
  assert.deepEqual(sizes, ['0 B', '1023 B', '1 kB', '2 kB', '1024 kB', '1.5 MB', '20 MB']);
});

test('what is too large or empty is known before it is uploaded', () => {
  assert.equal(problemOf({ size: MAX_BYTES }), undefined);
  assert.equal(problemOf({ size: MAX_BYTES + 1 }), 'The file has more than 20 MB.');
  assert.equal(problemOf({ size: 0 }), 'The file is empty.');
});

test('a drawing that could hold a script is no picture', () => {
  assert.equal(isPicture('image/png'), true);
  assert.equal(isPicture('image/svg+xml'), false);
});
