import assert from 'node:assert/strict';
import test from 'node:test';
import { createStore } from '../src/storage.ts';
import { memoryBackend } from './support.ts';

test('values are kept per inbox', () => {
  const backend = memoryBackend();
  createStore('one', backend).set('session', { token: 'a' });
  assert.deepEqual(createStore('one', backend).get('session'), { token: 'a' });
  assert.equal(createStore('two', backend).get('session'), undefined);
});

test('values live in memory where storage is blocked or full', () => {
  const full = {
    getItem: () => {
      throw new Error('blocked');
    },
    setItem: () => {
      throw new Error('full');
    },
    removeItem: () => {
      throw new Error('blocked');
    },
  };
  for (const backend of [undefined, full]) {
    const store = createStore('one', backend);
    store.set('session', 1);
    assert.equal(store.get('session'), 1);
    store.remove('session');
    assert.equal(store.get('session'), undefined);
  }
});

test('what another script wrote there is taken for nothing', () => {
  const backend = memoryBackend();
  const store = createStore('one', backend);
  backend.setItem(store.key('session'), '{"token":');
  assert.equal(store.get('session'), undefined);
});
