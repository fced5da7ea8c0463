import assert from 'node:assert/strict';
import test from 'node:test';
import type { AuditEntry, AuditRoot } from '../../shared/audit.ts';
import { ChainReader, entryHash, Tree, verifyLog } from '../src/state/audit-chain.ts';

const ZEROS = '0'.repeat(64);

const FIRST: AuditEntry = {
  version: 1,
  account_id: 'acc_00000000000000000000000001',
  seq: 1,
  at: '2025-01-08T10:12:07.672Z',
  id: 'req_00000000000000000000000009',
  actor: { kind: 'user', id: 'usr_00000000000000000000000002' },
  action: 'message.sent',
  resource: { kind: 'conversation', id: 'cnv_00000000000000000000000003' },
  outcome: 'succeeded',
  request_id: 'req_00000000000000000000000009',
  ip: '203.0.113.0',
  previous_hash: ZEROS,
  // The hashes of both are pinned in `shared/audit/src/entry.rs`, computed with Python's `hashlib`.
  hash: '00d63f3e55327b286ca54f09ec623ea1f78c55342695b0d7f4f2febd6298827e',
};

const SECOND: AuditEntry = {
  version: 1,
  account_id: FIRST.account_id,
  seq: 2,
  at: FIRST.at,
  id: 'x',
  actor: { kind: 'anonymous' },
  action: 'login.failed',
  resource: { kind: 'session' },
  outcome: 'refused',
  previous_hash: FIRST.hash,
  hash: 'e5b2ea2250795c5b45e67d50eadb9344d8b390bedfa28ec35f0f7d23a98b1478',
};

test('hashes are those of the server', async () => {
  assert.equal(await entryHash(FIRST), FIRST.hash);
  assert.equal(await entryHash(SECOND), SECOND.hash);
});

test('roots are those of the reference of Certificate Transparency', async () => {
  const leaves = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'];
  const roots = [
    'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
    'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
    'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
    'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
    '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
    'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
    '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
  ];
  const tree = new Tree();
  assert.equal(await tree.root(), roots[0]);
  for (const [index, leaf] of leaves.entries()) {
    const bytes = (leaf.match(/../g) ?? []).map((digits) => Number.parseInt(digits, 16));
    await tree.push(new Uint8Array(bytes));
    assert.equal(await tree.root(), roots[index + 1]);
  }
});

/** A log of `n` entries, eight hours apart, and its roots, newest first. */
async function log(n: number): Promise<{ entries: AuditEntry[]; roots: AuditRoot[] }> {
  const entries: AuditEntry[] = [];
  const reader = new ChainReader();
  for (let seq = 1; seq <= n; seq += 1) {
    const at = new Date(Date.parse(FIRST.at) + seq * 8 * 3_600_000).toISOString();
    const entry = { ...FIRST, seq, at, id: `req_${seq}`, previous_hash: entries.at(-1)?.hash ?? ZEROS };
    entry.hash = await entryHash(entry);
    entries.push(entry);
    assert.equal(await reader.push(entry), null);
  }
  const roots: AuditRoot[] = [];
  for (const { day, tree } of reader.days) {
    const last_seq = (roots[0]?.last_seq ?? 0) + tree.size;
    const first_seq = last_seq - tree.size + 1;
    roots.unshift({ day, n_entries: tree.size, first_seq, last_seq, root: await tree.root(), head_hash: '' });
  }
  return { entries, roots };
}

/** Verifies with pages of four. */
function verify(entries: AuditEntry[], roots: AuditRoot[]) {
  const page = async (seq: number) => ({ entries: entries.slice(seq, seq + 4) });
  return verifyLog(
    async () => roots,
    page,
    () => undefined,
  );
}

test('a log that nobody touched is whole', async () => {
  const { entries, roots } = await log(10);
  const headHash = entries[9]?.hash ?? '';
  assert.deepEqual(await verify(entries, roots), { entries: 10, days: 4, headHash });
  // What came in since the roots were asked for is not read.
  const { entries: longer } = await log(12);
  assert.deepEqual(await verify(longer, roots), { entries: 10, days: 4, headHash });
  assert.deepEqual(await verify([], []), { entries: 0, days: 0, headHash: '' });
});

test('what was done to a log is found where it was done', async () => {
  const { entries, roots } = await log(10);
  const changed = (index: number, change: Partial<AuditEntry>) =>
    entries.map((entry, at) => (at === index ? { ...entry, ...change } : entry));
  const cases: [AuditEntry[], object][] = [
    [changed(5, { action: 'message.read' }), { flaw: 'hash', seq: 6 }],
    [changed(5, { ip: null }), { flaw: 'hash', seq: 6 }],
    [changed(5, { hash: ZEROS }), { flaw: 'hash', seq: 6 }],
    [changed(5, { previous_hash: ZEROS }), { flaw: 'previous_hash', seq: 6 }],
    [changed(5, { at: FIRST.at }), { flaw: 'time', seq: 6 }],
    [changed(5, { account_id: 'acc_2' }), { flaw: 'account', seq: 6 }],
    [changed(5, { version: 2 }), { flaw: 'version', seq: 6 }],
    [entries.filter((entry) => entry.seq !== 6), { flaw: 'seq', seq: 6 }],
    [entries.slice(0, 9), { flaw: 'missing', seq: 10 }],
  ];
  for (const [log, expected] of cases) assert.deepEqual(await verify(log, roots), expected);
  const forged = roots.map((root, index) => (index === 1 ? { ...root, root: ZEROS } : root));
  assert.deepEqual(await verify(entries, forged), { flaw: 'root', day: roots[1]?.day ?? '' });
  const extra = { ...(roots[0] as AuditRoot), day: '2024-01-01' };
  assert.deepEqual(await verify(entries, [...roots, extra]), { flaw: 'root', day: '2024-01-01' });
});
