import assert from 'node:assert/strict';
import test from 'node:test';
import type { Draft, SuggestionVerdict } from '../../shared/suggestions.ts';
import {
  NOTHING_OFFERED,
  type Offered,
  standingOf,
  WAIT_MS,
  withAnswer,
  withDecision,
  withDraft,
} from '../src/state/offered.ts';

function draft(id: string, messageSeq: number): Draft {
  return {
    draft_id: id,
    message_id: `msg_${messageSeq}`,
    message_seq: messageSeq,
    suggestions: [],
    model: { id: 'composer', version: '1' },
    elapsed_ms: 1,
  };
}

function decided(offered: Offered, verdict: SuggestionVerdict | undefined, seq: number): Offered {
  return withDecision(
    offered,
    {
      draft_id: 'drf_1',
      suggestion_id: 'sug_1',
      suggestion_type: 'macro',
      by: { kind: 'system' },
      ...(verdict && { verdict }),
    },
    seq,
  );
}

const EARLY = '2026-11-21T10:00:00Z';
const LATE = '2026-11-21T10:05:00Z';

test('the newer draft wins, whichever comes first', () => {
  const one = withDraft(withDraft(NOTHING_OFFERED, draft('drf_1', 1), EARLY), draft('drf_2', 4), LATE);
  const other = withDraft(withDraft(NOTHING_OFFERED, draft('drf_2', 4), LATE), draft('drf_1', 1), EARLY);
  assert.equal(one.draft?.draft_id, 'drf_2');
  assert.equal(other.draft?.draft_id, 'drf_2');
  const answered = withAnswer(one, { draft: draft('drf_1', 1), created_at: EARLY, verdicts: [] });
  assert.equal(answered.draft?.draft_id, 'drf_2');
});

test('one that was written anew for the same message takes the place of the first', () => {
  const one = withDraft(withDraft(NOTHING_OFFERED, draft('drf_1', 1), EARLY), draft('drf_2', 1), LATE);
  assert.equal(one.draft?.draft_id, 'drf_2');
});

test('the later word on a suggestion counts, and the log says more than a list', () => {
  const rejected = decided(NOTHING_OFFERED, 'rejected', 7);
  assert.equal(rejected.verdicts.get('sug_1')?.verdict, 'rejected');
  assert.equal(decided(rejected, undefined, 8).verdicts.get('sug_1')?.verdict, null);
  assert.equal(decided(rejected, 'accepted', 6).verdicts.get('sug_1')?.verdict, 'rejected');
  const list = { verdicts: [{ suggestion_id: 'sug_1', verdict: 'accepted' as const }] };
  assert.equal(withAnswer(rejected, list).verdicts.get('sug_1')?.verdict, 'rejected');
  assert.equal(withAnswer(NOTHING_OFFERED, list).verdicts.get('sug_1')?.verdict, 'accepted');
  assert.equal(decided(withAnswer(NOTHING_OFFERED, list), undefined, 9).verdicts.get('sug_1')?.verdict, null);
});

test('a draft is awaited for a while after a message, and after it was asked for', () => {
  const nowMs = Date.parse(LATE);
  const seen = { draft: null, lastIncoming: { seq: 4, at: LATE }, lastAnswerSeq: 0, askedAtMs: 0, nowMs };
  assert.equal(standingOf({ ...seen, lastIncoming: undefined }), 'none');
  assert.equal(standingOf(seen), 'writing');
  assert.equal(standingOf({ ...seen, draft: draft('drf_1', 1) }), 'writing');
  assert.equal(standingOf({ ...seen, nowMs: nowMs + WAIT_MS }), 'late');
  assert.equal(standingOf({ ...seen, nowMs: nowMs + WAIT_MS, askedAtMs: nowMs + WAIT_MS - 1 }), 'writing');
  assert.equal(standingOf({ ...seen, draft: draft('drf_2', 4) }), 'fresh');
  assert.equal(standingOf({ ...seen, draft: draft('drf_2', 4), lastAnswerSeq: 6 }), 'answered');
  assert.equal(standingOf({ ...seen, draft: draft('drf_1', 1), lastAnswerSeq: 6 }), 'answered');
  assert.equal(standingOf({ ...seen, lastAnswerSeq: 6 }), 'late');
});
