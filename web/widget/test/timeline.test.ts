import assert from 'node:assert/strict';
import test from 'node:test';
import { createTimeline, type Entry } from '../src/timeline.ts';
import { events } from './support.ts';

const shown = (entries: Entry[]) =>
  entries.map((entry) => `${entry.seq} ${entry.kind === 'message' ? entry.text : entry.kind}`);

test('events are shown once and by seq, however they arrive', () => {
  const timeline = createTimeline();
  const log = [events.incoming(2, 'hi'), events.outgoing(3, 'hello'), events.incoming(5, 'thanks')];
  for (const event of [log[2], log[0], log[1], log[0], log[2]]) if (event) timeline.apply(event);
  assert.deepEqual(shown(timeline.entries()), ['2 hi', '3 hello', '5 thanks']);
});

test('an ack and its event are one message, in either order', () => {
  for (const isAckFirst of [true, false]) {
    const timeline = createTimeline();
    if (isAckFirst) timeline.acked({ clientId: 'c-1', text: 'hi', at: 1 }, 2);
    timeline.apply(events.incoming(2, 'hi', 'c-1'));
    if (!isAckFirst) timeline.acked({ clientId: 'c-1', text: 'hi', at: 1 }, 2);
    assert.deepEqual(
      timeline.entries().map((entry) => entry.key),
      ['c-1'],
    );
    assert.equal(timeline.entries()[0]?.at, 1_700_000_002_000);
  }
});

test('a replay that breaks off is asked for again from where it began', () => {
  const timeline = createTimeline();
  timeline.apply(events.incoming(1, 'a'));
  timeline.resumed(1);
  assert.equal(timeline.resumeSeq(), 1);
  timeline.replaying();
  // A live event overtakes the replayed ones, and the connection is lost before those arrive.
  timeline.apply(events.outgoing(9, 'newest'));
  assert.equal(timeline.resumeSeq(), 1);
  timeline.resumed(9);
  assert.equal(timeline.resumeSeq(), 9);
});

test('after the replay every event moves the place to resume from, and an ack does not', () => {
  const timeline = createTimeline();
  timeline.resumed(4);
  timeline.acked({ clientId: 'c-1', text: 'mine', at: 1 }, 6);
  assert.equal(timeline.resumeSeq(), 4);
  timeline.apply(events.outgoing(5, 'theirs'));
  assert.equal(timeline.resumeSeq(), 5);
});

test('messages to the visitor are unread until they say so, here or on another device', () => {
  const timeline = createTimeline();
  timeline.apply(events.outgoing(2, 'one'));
  timeline.apply(events.incoming(3, 'mine'));
  timeline.apply(events.outgoing(4, 'two'));
  assert.equal(timeline.nUnread(), 2);
  timeline.apply(events.read(5, 'customer', 2));
  assert.equal(timeline.nUnread(), 1);
  assert.equal(timeline.markRead(), 4);
  assert.equal(timeline.nUnread(), 0);
  assert.equal(timeline.markRead(), 0, 'nothing new is told once');
});

test('what agents have read only grows', () => {
  const timeline = createTimeline();
  timeline.apply(events.read(7, 'agent', 5));
  timeline.apply(events.read(6, 'agent', 3));
  assert.equal(timeline.seenSeq(), 5);
});

test('the newest status counts, also when an older one is replayed after it', () => {
  const timeline = createTimeline();
  timeline.apply(events.status(6, 'resolved', 'active'));
  timeline.apply(events.status(4, 'active', 'resolved'));
  assert.equal(timeline.isResolved(), false);
  assert.deepEqual(shown(timeline.entries()), ['4 resolved', '6 reopened']);
});
