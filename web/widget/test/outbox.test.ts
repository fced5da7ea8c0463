import assert from 'node:assert/strict';
import test from 'node:test';
import { createOutbox, type OutboxItem } from '../src/outbox.ts';
import { createStore } from '../src/storage.ts';
import { memoryBackend } from './support.ts';

const item = (clientId: string): OutboxItem => ({ clientId, text: `text of ${clientId}`, at: 1 });

test('items outlive a reload, in the order they were written', () => {
  const backend = memoryBackend();
  const before = createOutbox(createStore('inbox', backend));
  before.add(item('a'));
  before.add(item('b'));
  const after = createOutbox(createStore('inbox', backend));
  assert.deepEqual(after.list(), [item('a'), item('b')]);
});

test('two tabs do not overwrite each other', () => {
  const backend = memoryBackend();
  const one = createOutbox(createStore('inbox', backend));
  const two = createOutbox(createStore('inbox', backend));
  one.add(item('a'));
  two.add(item('b'));
  one.remove('a');
  assert.deepEqual(two.list(), [item('b')]);
});

test('a refused item waits for the visitor and holds up no other', () => {
  const outbox = createOutbox(createStore('inbox', memoryBackend()));
  outbox.add(item('a'));
  outbox.add(item('b'));
  outbox.fail('a', 'invalid_text');
  assert.equal(outbox.next()?.clientId, 'b');
  outbox.retry('a');
  assert.deepEqual(outbox.next(), item('a'));
});

test('what another script stored under the key is skipped', () => {
  const store = createStore('inbox', memoryBackend());
  const outbox = createOutbox(store);
  for (const [stored, expected] of [
    ['text', 0],
    [{ clientId: 'a' }, 0],
    [[null, 1, { clientId: 'a' }, item('b')], 1],
  ] as const) {
    store.set('outbox', stored);
    assert.equal(outbox.list().length, expected);
  }
});
