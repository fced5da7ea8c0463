import type { AuditList, AuditRoot, AuditRootList } from '../../../shared/audit';
import { get } from './http';

/** Empty texts let all pass. */
export interface AuditFilter {
  actor: string;
  action: string;
  resource: string;
  /** Days of the local calendar, `2025-01-08`, both inclusive. */
  from: string;
  to: string;
}

export function listAudit(filter: AuditFilter, cursor: string | null): Promise<AuditList> {
  const query = new URLSearchParams();
  for (const key of ['actor', 'action', 'resource'] as const) {
    if (filter[key]) query.set(key, filter[key]);
  }
  if (filter.from) query.set('from', startOf(filter.from, 0));
  if (filter.to) query.set('to', startOf(filter.to, 1));
  if (cursor) query.set('cursor', cursor);
  return get(`/audit?${query}`);
}

/** As a verification reads them: from entry 1 on, many at once. */
export function listAuditFrom(seq: number): Promise<AuditList> {
  return get(`/audit?${new URLSearchParams({ order: 'oldest', limit: '1000', cursor: String(seq) })}`);
}

/** Newest day first. */
export async function listAuditRoots(): Promise<AuditRoot[]> {
  const roots: AuditRoot[] = [];
  let cursor: string | null | undefined;
  do {
    const query = new URLSearchParams({ limit: '400', ...(cursor && { cursor }) });
    const page: AuditRootList = await get(`/audit/roots?${query}`);
    roots.push(...page.roots);
    cursor = page.next_cursor;
  } while (cursor);
  return roots;
}

function startOf(day: string, plusDays: number): string {
  const start = new Date(`${day}T00:00:00`);
  start.setDate(start.getDate() + plusDays);
  return start.toISOString();
}
