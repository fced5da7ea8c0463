import { batch, signal } from '@preact/signals';
import type { Session } from '../../../shared/sessions';
import { logout } from '../api/session';
import { endAllSessions, endSession, listSessions } from '../api/sessions';
import { forgetDrafts } from './drafts';
import { Loaded } from './loaded';
import { reasonOf } from './reason-of';
import { toast } from './toasts';

export const sessions = new Loaded<Session[]>();
/** What somebody is about to end, and has to confirm. */
export const ending = signal<Session | 'all' | null>(null);

export function loadSessions(): Promise<void> {
  return sessions.load(listSessions);
}

export function leaveSessionsPage(): void {
  batch(() => {
    ending.value = null;
    sessions.value.value = null;
  });
}

export function nameOf(session: Session): string {
  return session.user_agent ?? 'Unknown browser';
}

export async function endOne(session: Session): Promise<void> {
  try {
    await endSession(session.id);
    toast(`${nameOf(session)} is signed out`);
  } catch (error) {
    toast(`${nameOf(session)} was not signed out. ${reasonOf(error, 'Please try again.')}`, { kind: 'error' });
  }
  ending.value = null;
  await loadSessions();
}

/** Ends this session as well, so that the login page follows. */
export async function endAll(): Promise<void> {
  try {
    await endAllSessions();
  } catch (error) {
    ending.value = null;
    toast(`You were not signed out. ${reasonOf(error, 'Please try again.')}`, { kind: 'error' });
    return;
  }
  ending.value = null;
  forgetDrafts();
  await logout();
}
