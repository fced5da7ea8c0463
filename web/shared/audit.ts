// The JSON of the audit log, as docs/API.md describes it.

export type AuditActor =
  | { kind: 'user'; id: string }
  | { kind: 'api_key'; id: string }
  | { kind: 'system' }
  | { kind: 'anonymous' };

export interface AuditEntry {
  version: number;
  account_id: string;
  seq: number;
  at: string;
  id: string;
  actor: AuditActor;
  action: string;
  resource: { kind: string; id?: string | null };
  outcome: 'succeeded' | 'refused' | 'failed';
  request_id?: string | null;
  ip?: string | null;
  previous_hash: string;
  hash: string;
}

export interface AuditList {
  entries: AuditEntry[];
  next_cursor?: string | null;
}

/** The Merkle tree of a UTC day. */
export interface AuditRoot {
  day: string;
  n_entries: number;
  first_seq: number;
  last_seq: number;
  root: string;
  head_hash: string;
}

export interface AuditRootList {
  roots: AuditRoot[];
  next_cursor?: string | null;
}
