import assert from 'node:assert/strict';
import test from 'node:test';
import type { ClientFrame } from '../src/frames.ts';
import { createTypingNotice, createTypists } from '../src/typing.ts';
import { manualTimers } from './support.ts';

function setUp() {
  const clock = manualTimers();
  const sent: ClientFrame[] = [];
  const notice = createTypingNotice({ send: (frame) => void sent.push(frame), after: clock.after });
  return { notice, clock, sent: () => sent.map((frame) => frame.type) };
}

test('typing is told once when it begins and once when it pauses', () => {
  const { notice, clock, sent } = setUp();
  notice.wrote();
  notice.wrote();
  notice.wrote();
  assert.deepEqual(sent(), ['typing.start']);
  clock.ring();
  assert.deepEqual(sent(), ['typing.start', 'typing.stop']);
  notice.stop();
  assert.deepEqual(sent(), ['typing.start', 'typing.stop']);
});

test('on a new connection typing is told anew', () => {
  const { notice, sent } = setUp();
  notice.wrote();
  notice.lost();
  notice.wrote();
  assert.deepEqual(sent(), ['typing.start', 'typing.start']);
});

test('an agent of whom nothing more is heard stops typing', () => {
  const clock = manualTimers();
  let nChanges = 0;
  const typists = createTypists({
    changed: () => {
      nChanges += 1;
    },
    after: clock.after,
  });
  typists.set('Mia', true);
  typists.set('Mia', true);
  assert.deepEqual(typists.names(), ['Mia']);
  clock.ring();
  assert.deepEqual(typists.names(), []);
  assert.equal(nChanges, 1);
});
