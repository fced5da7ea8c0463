import assert from 'node:assert/strict';
import test from 'node:test';
import { isUnsaved } from '../src/state/unsaved.ts';

const saved = { name: 'Wholesale', text: 'one\ntwo' };

test('a form as it was opened has nothing to lose, nor has one with spaces and empty lines more', () => {
  assert.equal(isUnsaved(saved, { ...saved }), false);
  assert.equal(isUnsaved(saved, { name: ' Wholesale ', text: '\r\none  \r\n\r\n two\n' }), false);
  assert.equal(isUnsaved({ name: '', text: '' }, { name: ' ', text: '\n \n' }), false);
});

test('a name, a line more or less, another order or another case are changes', () => {
  for (const change of [
    { name: 'wholesale' },
    { text: 'one' },
    { text: 'one\ntwo\n3' },
    { text: 'two\none' },
    { text: 'One\ntwo' },
  ]) {
    assert.equal(isUnsaved(saved, { ...saved, ...change }), true);
  }
});
