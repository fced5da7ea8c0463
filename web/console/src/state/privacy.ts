import { batch, signal } from '@preact/signals';
import type { PrivacyRequest, PrivacyStatus } from '../../../shared/privacy';
import { askFor, cancelPrivacyRequest, listPrivacyRequests } from '../api/privacy';
import { Loaded } from './loaded';
import { reasonOf } from './reason-of';
import { openList } from './router';
import { toast } from './toasts';

export const privacyRequests = new Loaded<PrivacyRequest[]>();
/** For the next page; undefined at the end. */
export const nextRequests = signal<string | undefined>(undefined);
/** What somebody is about to take back, and has to confirm. */
export const takingBack = signal<PrivacyRequest | null>(null);
/** What somebody is about to ask for, and has to confirm. */
export const asking = signal<{ kind: PrivacyRequest['kind']; customerId: string } | null>(null);

/** While a request is on its way, how often it is looked at. */
const LOOK_EVERY_MS = 2_000;

export const KIND_NAMES: Record<PrivacyRequest['kind'], string> = {
  erasure: 'Erasure',
  anonymisation: 'Anonymisation',
};

export const STATUS_NAMES: Record<PrivacyStatus, string> = {
  scheduling: 'Hiding',
  waiting: 'Hidden',
  working: 'At work',
  done: 'Done',
  cancelling: 'Restoring',
  cancelled: 'Taken back',
};

export function loadPrivacyRequests(): Promise<void> {
  return privacyRequests.load(async () => {
    const page = await listPrivacyRequests();
    nextRequests.value = page.next_cursor;
    return page.privacy_requests;
  });
}

export async function loadMoreRequests(): Promise<void> {
  try {
    const page = await listPrivacyRequests(nextRequests.value);
    batch(() => {
      privacyRequests.value.value = [...(privacyRequests.value.value ?? []), ...page.privacy_requests];
      nextRequests.value = page.next_cursor;
    });
  } catch (error) {
    toast(`The rest was not loaded. ${reasonOf(error, 'Please try again.')}`, { kind: 'error' });
  }
}

/** Looks again while something moves. Gives what ends it. */
export function watchRequests(): () => void {
  void loadPrivacyRequests();
  const timer = window.setInterval(() => {
    const moves = (privacyRequests.value.value ?? []).some(({ status }) =>
      ['scheduling', 'working', 'cancelling'].includes(status),
    );
    if (moves) void loadPrivacyRequests();
  }, LOOK_EVERY_MS);
  return () => {
    window.clearInterval(timer);
    batch(() => {
      takingBack.value = null;
      privacyRequests.value.value = null;
    });
  };
}

export async function ask(kind: PrivacyRequest['kind'], customerId: string): Promise<void> {
  try {
    await askFor(kind, customerId);
    toast(kind === 'erasure' ? 'The customer will be erased' : 'The customer is being made anonymous');
    if (kind === 'erasure') openList();
  } catch (error) {
    toast(`Nothing was changed. ${reasonOf(error, 'Please try again.')}`, { kind: 'error' });
  }
  asking.value = null;
}

export async function takeBack(request: PrivacyRequest): Promise<void> {
  try {
    await cancelPrivacyRequest(request.id);
    toast('The erasure is taken back');
  } catch (error) {
    toast(`The erasure was not taken back. ${reasonOf(error, 'Please try again.')}`, { kind: 'error' });
  }
  takingBack.value = null;
  await loadPrivacyRequests();
}
