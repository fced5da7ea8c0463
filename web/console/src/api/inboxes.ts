import type { Inbox, InboxChange } from '../../../shared/inboxes';
import type { Channel } from '../../../shared/wire';
import { get, post, put } from './http';

/** Oldest first. */
export async function listInboxes(): Promise<Inbox[]> {
  return (await get<{ inboxes: Inbox[] }>('/inboxes')).inboxes;
}

export function createInbox(channel: Channel, name: string, origins: string[]): Promise<Inbox> {
  return post('/inboxes', { channel, name, allowed_origins: origins });
}

export function changeInbox(id: string, change: InboxChange): Promise<Inbox> {
  return put(`/inboxes/${id}`, change);
}

export function setInboxSecret(id: string, secret: string): Promise<Inbox> {
  return put(`/inboxes/${id}/secret`, { secret });
}

/** Null sends its new conversations to everybody. */
export function setInboxTeam(id: string, teamId: string | null): Promise<void> {
  return put(`/inboxes/${id}/team`, { team_id: teamId });
}
