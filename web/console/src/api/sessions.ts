import type { Session } from '../../../shared/sessions';
import { del, get } from './http';

/** Last used first. */
export async function listSessions(): Promise<Session[]> {
  return (await get<{ sessions: Session[] }>('/me/sessions')).sessions;
}

export function endSession(id: string): Promise<void> {
  return del(`/me/sessions/${id}`);
}

/** This one too. */
export function endAllSessions(): Promise<void> {
  return del('/me/sessions');
}
