import type { AuditEntry, AuditRoot } from '../../../shared/audit';

// The audit log is checked here and not on the server: who doubts a server does not ask it whether it is honest. The bytes are
// described in docs/API.md; the same hashes are pinned in `shared/audit`.

export type Flaw = 'version' | 'account' | 'seq' | 'time' | 'previous_hash' | 'hash' | 'missing';

/** The first place where a log is broken: an entry, or a day whose root is not that of its entries. */
export type Broken = { flaw: Flaw; seq: number } | { flaw: 'root'; day: string };

type Digest = Uint8Array<ArrayBuffer>;

const encoder = new TextEncoder();
const MAGIC = encoder.encode('edgedesk/audit/1');

export function canonicalBytes(entry: AuditEntry): Digest {
  const { actor, resource } = entry;
  const fields = [
    entry.account_id,
    entry.id,
    actor.kind,
    'id' in actor ? actor.id : null,
    entry.action,
    resource.kind,
    resource.id ?? null,
    entry.outcome,
    entry.request_id ?? null,
    entry.ip ?? null,
  ].map((field) => (field === null ? null : encoder.encode(field)));
  const length = fields.reduce((sum, field) => sum + 4 + (field?.length ?? 0), MAGIC.length + 8 + 8 + 32);
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  bytes.set(MAGIC);
  let at = MAGIC.length;
  view.setBigUint64(at, BigInt(entry.seq));
  view.setBigUint64(at + 8, BigInt(Date.parse(entry.at)));
  bytes.set(fromHex(entry.previous_hash), at + 16);
  at += 48;
  for (const field of fields) {
    view.setUint32(at, field ? field.length : 0xffffffff);
    if (field) bytes.set(field, at + 4);
    at += 4 + (field?.length ?? 0);
  }
  return bytes;
}

export async function entryHash(entry: AuditEntry): Promise<string> {
  return toHex(await sha256(canonicalBytes(entry)));
}

/** The root of a Merkle tree that grows leaf by leaf (RFC 9162, section 2.1). */
export class Tree {
  size = 0;
  /** The largest complete subtrees from left to right, one for each 1 in the binary form of the size. */
  private peaks: Digest[] = [];

  async push(data: Digest): Promise<void> {
    let node = await sha256(new Uint8Array([0]), data);
    for (let rest = this.size; rest % 2 === 1; rest = Math.floor(rest / 2)) {
      node = await nodeHash(this.peaks.pop() as Digest, node);
    }
    this.peaks.push(node);
    this.size += 1;
  }

  async root(): Promise<string> {
    const [last, ...others] = [...this.peaks].reverse();
    if (!last) return toHex(await sha256());
    let root = last;
    for (const left of others) root = await nodeHash(left, root);
    return toHex(root);
  }
}

/** Reads a log from entry 1 on. */
export class ChainReader {
  entries = 0;
  last: AuditEntry | null = null;
  /** The roots of the days that were read, oldest first; the last one grows. */
  readonly days: { day: string; tree: Tree }[] = [];

  async push(entry: AuditEntry): Promise<Broken | null> {
    const flaw = await this.flawOf(entry);
    if (flaw) return { flaw, seq: (this.last?.seq ?? 0) + 1 };
    const day = entry.at.slice(0, 10);
    if (this.days.at(-1)?.day !== day) this.days.push({ day, tree: new Tree() });
    await this.days.at(-1)?.tree.push(fromHex(entry.hash));
    this.last = entry;
    this.entries += 1;
    return null;
  }

  /** Whether the roots that the log gave out are those of the entries. */
  async compare(roots: AuditRoot[]): Promise<Broken | null> {
    const given = new Map(roots.map((root) => [root.day, root]));
    for (const { day, tree } of this.days) {
      const root = given.get(day);
      given.delete(day);
      if (root?.n_entries !== tree.size || root.root !== (await tree.root())) return { flaw: 'root', day };
    }
    const [unknown] = given.keys();
    return unknown ? { flaw: 'root', day: unknown } : null;
  }

  private async flawOf(entry: AuditEntry): Promise<Flaw | null> {
    const { last } = this;
    if (entry.version !== 1) return 'version';
    if (last && entry.account_id !== last.account_id) return 'account';
    if (entry.seq !== (last?.seq ?? 0) + 1) return 'seq';
    if (last && entry.at < last.at) return 'time';
    if (entry.previous_hash !== (last?.hash ?? '0'.repeat(64))) return 'previous_hash';
    return entry.hash === (await entryHash(entry)) ? null : 'hash';
  }
}

export interface Verified {
  entries: number;
  days: number;
  headHash: string;
}

/** Reads and checks a whole log up to its present end. `onProgress` hears how many of how many entries were checked. */
export async function verifyLog(
  listRoots: () => Promise<AuditRoot[]>,
  listFrom: (seq: number) => Promise<{ entries: AuditEntry[] }>,
  onProgress: (checked: number, total: number) => void,
): Promise<Verified | Broken> {
  const roots = await listRoots();
  const total = roots[0]?.last_seq ?? 0;
  const reader = new ChainReader();
  while (reader.entries < total) {
    const { entries } = await listFrom(reader.entries);
    if (entries.length === 0) return { flaw: 'missing', seq: reader.entries + 1 };
    for (const entry of entries.slice(0, total - reader.entries)) {
      const broken = await reader.push(entry);
      if (broken) return broken;
    }
    onProgress(reader.entries, total);
  }
  const broken = await reader.compare(roots);
  return broken ?? { entries: reader.entries, days: reader.days.length, headHash: reader.last?.hash ?? '' };
}

async function nodeHash(left: Digest, right: Digest): Promise<Digest> {
  return sha256(new Uint8Array([1]), left, right);
}

async function sha256(...parts: Digest[]): Promise<Digest> {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
}

/** 32 bytes; zeros for what is no digest, which then equals none. */
function fromHex(text: string): Digest {
  const bytes = new Uint8Array(32);
  if (/^[0-9a-f]{64}$/.test(text)) {
    for (let index = 0; index < 32; index += 1)
      bytes[index] = Number.parseInt(text.slice(index * 2, index * 2 + 2), 16);
  }
  return bytes;
}

function toHex(bytes: Digest): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
