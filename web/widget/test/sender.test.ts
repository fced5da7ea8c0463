import assert from 'node:assert/strict';
import test from 'node:test';
import type { ClientFrame } from '../src/frames.ts';
import { createOutbox } from '../src/outbox.ts';
import { createSender } from '../src/sender.ts';
import { createStore } from '../src/storage.ts';
import { manualTimers, memoryBackend, texts } from './support.ts';

function setUp(...written: string[]) {
  const outbox = createOutbox(createStore('inbox', memoryBackend()));
  const clock = manualTimers();
  const sent: ClientFrame[] = [];
  let nDrops = 0;
  const sender = createSender({
    outbox,
    send: (frame) => void sent.push(frame),
    drop: () => {
      nDrops += 1;
    },
    changed: () => {},
    random: () => 1,
    after: clock.after,
  });
  const write = (text: string) => outbox.add({ clientId: text, text, at: 1 });
  written.forEach(write);
  return { outbox, clock, sent, sender, write, nDrops: () => nDrops };
}

test('nothing is sent before the log has been replayed', () => {
  const { sender, sent } = setUp('a');
  sender.flush();
  assert.deepEqual(texts(sent), []);
  sender.ready();
  assert.deepEqual(texts(sent), ['a']);
});

test('the next message is sent when the one before is acked', () => {
  const { sender, sent, outbox } = setUp('a', 'b', 'c');
  sender.ready();
  sender.flush();
  assert.deepEqual(texts(sent), ['a']);
  sender.taken('a');
  assert.deepEqual(texts(sent), ['a', 'b']);
  sender.taken('b');
  sender.taken('c');
  assert.deepEqual(texts(sent), ['a', 'b', 'c']);
  assert.deepEqual(outbox.list(), []);
});

test('what was in flight on a lost connection is sent again first, with the same id', () => {
  const { sender, sent } = setUp('a', 'b');
  sender.ready();
  sender.stop();
  sender.ready();
  assert.deepEqual(
    sent.map((frame) => frame.type === 'message.send' && frame.client_id),
    ['a', 'a'],
  );
});

test('a message that the replay brought is not sent again', () => {
  const { sender, sent } = setUp('a', 'b');
  sender.ready();
  sender.stop();
  sender.taken('a');
  sender.ready();
  assert.deepEqual(texts(sent), ['a', 'b']);
});

test('a refused message does not hold up the next', () => {
  const { sender, sent, outbox } = setUp('a', 'b');
  sender.ready();
  sender.refused('a', 'invalid_text');
  assert.deepEqual(texts(sent), ['a', 'b']);
  assert.equal(outbox.list()[0]?.failed, 'invalid_text');
});

test('a refusal without an id is of the message in flight', () => {
  const { sender, outbox } = setUp('a', 'b');
  sender.ready();
  sender.refused(undefined, 'frame_too_large');
  assert.equal(outbox.list()[0]?.failed, 'frame_too_large');
  assert.equal(outbox.list()[1]?.failed, undefined);
});

test('a server in trouble is asked again with growing waits, then the visitor decides', () => {
  const { sender, sent, outbox, clock } = setUp('a');
  sender.ready();
  const waits: number[] = [];
  for (let n = 0; n < 4; n += 1) {
    sender.refused('a', 'unavailable');
    waits.push(clock.timers[0]?.milliseconds ?? 0);
    clock.ring();
  }
  assert.deepEqual(waits, [1000, 2000, 4000, 8000]);
  assert.deepEqual(texts(sent), ['a', 'a', 'a', 'a', 'a']);
  sender.refused('a', 'unavailable');
  assert.equal(outbox.list()[0]?.failed, 'unavailable');
});

test('a connection that swallows a message is dropped', () => {
  const { sender, clock, nDrops } = setUp('a');
  sender.ready();
  clock.ring();
  assert.equal(nDrops(), 1);
});

test('an acked message leaves no timer behind', () => {
  const { sender, clock } = setUp('a');
  sender.ready();
  sender.taken('a');
  assert.equal(clock.timers.length, 0);
});
