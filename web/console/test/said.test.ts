import assert from 'node:assert/strict';
import test from 'node:test';
import type { Feedback } from '../../shared/learning.ts';
import { Said } from '../src/state/said.ts';

const KEY = 'msg_1/priority';

function feedback(value: string, at: string): Feedback {
  return {
    id: `evt_${at}`,
    field: 'priority',
    decided: 'normal',
    value,
    verdict: 'corrected',
    by: { kind: 'agent', id: 'usr_1', name: 'Ada' },
    at,
  };
}

function saidHigh(): Said {
  const said = new Said();
  said.hear(KEY, feedback('high', '2026-11-25T10:00:00Z'), '2026-11-25T10:00:00Z');
  return said;
}

test('while a take-back is under way nothing holds, so the same value may be said again', () => {
  const said = saidHigh();
  said.click(KEY, null);
  assert.equal(said.valueOn(KEY), null);
  said.click(KEY, 'high');
  assert.equal(said.valueOn(KEY), 'high');
});

test('a click holds until it is answered, and the answer of an earlier one does not end it', () => {
  const said = saidHigh();
  const first = said.click(KEY, 'low');
  const second = said.click(KEY, 'urgent');
  said.letGo(KEY, first);
  assert.equal(said.valueOn(KEY), 'urgent');
  said.letGo(KEY, second);
  assert.equal(said.valueOn(KEY), 'high');
});

test('what was taken back is forgotten, and what others say later counts', () => {
  const said = saidHigh();
  said.forget(KEY);
  assert.equal(said.valueOn(KEY), null);
  said.hear(KEY, feedback('high', '2026-11-25T09:59:00Z'), '2026-11-25T09:59:00Z');
  assert.equal(said.valueOn(KEY), null);
  said.hear(KEY, feedback('low', '2026-11-25T10:01:00Z'), '2026-11-25T10:01:00Z');
  assert.equal(said.valueOn(KEY), 'low');
});
