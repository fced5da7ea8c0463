import assert from 'node:assert/strict';
import test from 'node:test';
import { MAX_EXAMPLE_LENGTH, readExamples } from '../src/state/examples.ts';

test('lines are trimmed, and empty ones do not count', () => {
  const { examples, nRepeated } = readExamples('  one  \r\n\r\n\ttwo\n   \nthree');
  assert.deepEqual(examples, ['one', 'two', 'three']);
  assert.equal(nRepeated, 0);
});

test('a repeat is dropped whatever its case, spaces and closing punctuation', () => {
  const { examples, nRepeated } = readExamples('Where is it?\nwhere  is it\nWHERE IS IT ?!\nWhere is it, please?');
  assert.deepEqual(examples, ['Where is it?', 'Where is it, please?']);
  assert.equal(nRepeated, 2);
});

test('a line of nothing but punctuation is a line of its own', () => {
  assert.deepEqual(readExamples('?!\n…\n?!').examples, ['?!', '…']);
});

test('too long is counted in characters, not in UTF-16 units', () => {
  assert.equal(readExamples('🎁'.repeat(MAX_EXAMPLE_LENGTH)).nTooLong, 0);
  assert.equal(readExamples('🎁'.repeat(MAX_EXAMPLE_LENGTH + 1)).nTooLong, 1);
});

test('ten thousand pasted lines are read', () => {
  const text = Array.from({ length: 10_000 }, (_, index) => `line ${index}`).join('\n');
  assert.equal(readExamples(text).examples.length, 10_000);
});
