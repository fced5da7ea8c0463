import assert from 'node:assert/strict';
import test from 'node:test';
import { createSessions, Refused, type Session } from '../src/session.ts';
import { createStore } from '../src/storage.ts';
import { memoryBackend } from './support.ts';

const NOW = 1_700_000_000_000;
const HOUR = 3_600_000;

const session = (token: string, expiresAt: number): Session => ({
  token,
  conversationId: 'cnv_1',
  expiresAt,
  inboxName: 'Shop',
});

/** A server that answers with the given statuses, in turn. */
function setUp(statuses: number[], stored?: Session) {
  const store = createStore('key', memoryBackend());
  if (stored) store.set('session', stored);
  const bodies: unknown[] = [];
  const sessions = createSessions({
    host: 'https://desk.example',
    inboxKey: 'key',
    store,
    now: () => NOW,
    fetch: async (_, init) => {
      bodies.push(JSON.parse(String(init?.body)));
      const body = {
        token: 'new',
        conversation_id: 'cnv_1',
        expires_at: new Date(NOW + HOUR).toISOString(),
        inbox_name: 'Shop',
      };
      const status = statuses.shift() ?? 200;
      return new Response(JSON.stringify(status === 200 ? body : {}), { status });
    },
  });
  return { sessions, bodies };
}

test('a stored session that still lives costs no request', async () => {
  const { sessions, bodies } = setUp([], session('old', NOW + HOUR));
  assert.equal((await sessions.obtain(false)).token, 'old');
  assert.deepEqual(bodies, []);
});

test('a session that ends soon, or did not work, is renewed with its own token', async () => {
  for (const [expiresAt, isDoubted] of [
    [NOW + 1000, false],
    [NOW - HOUR, false],
    [NOW + HOUR, true],
  ] as const) {
    const { sessions, bodies } = setUp([200], session('old', expiresAt));
    assert.equal((await sessions.obtain(isDoubted)).token, 'new');
    assert.deepEqual(bodies, [{ inbox_key: 'key', token: 'old' }]);
    assert.equal(sessions.stored()?.token, 'new');
  }
});

test('a token that is not taken any more makes way for a new session', async () => {
  const { sessions, bodies } = setUp([401, 200], session('old', NOW - HOUR));
  assert.equal((await sessions.obtain(false)).token, 'new');
  assert.deepEqual(bodies, [{ inbox_key: 'key', token: 'old' }, { inbox_key: 'key' }]);
});

test('what will never work is told apart from what may work later', async () => {
  for (const [status, reason] of [
    [403, 'origin'],
    [404, 'inbox'],
    [400, 'inbox'],
    [401, 'inbox'],
    [429, undefined],
    [500, undefined],
    [503, undefined],
  ] as const) {
    const { sessions } = setUp([status]);
    await assert.rejects(
      () => sessions.obtain(false),
      (error) => (error instanceof Refused ? error.reason : undefined) === reason,
    );
  }
});
