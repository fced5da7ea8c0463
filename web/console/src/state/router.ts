import { computed, signal } from '@preact/signals';

/** Where an account is made. */
export const SIGN_UP_HREF = '#/sign-up';

// The fragment holds the page, so that the server needs to know only `/console`, and the back button of a phone leads
// from a conversation to the list.
const fragment = signal(location.hash);

window.addEventListener('hashchange', () => {
  fragment.value = location.hash;
});

/** The open conversation, if one is. */
export const openId = computed(() => /^#\/conversations\/(cnv_[0-9A-Z]+)$/i.exec(fragment.value)?.[1] ?? null);

/** Pages beside the conversations. */
export type Page =
  | 'intents'
  | 'accuracy'
  | 'api-keys'
  | 'audit'
  | 'sessions'
  | 'security'
  | 'members'
  | 'inboxes'
  | 'teams'
  | 'roles'
  | 'privacy'
  | 'customers';

/** The customer whose page is open, if one is. */
export const openCustomerId = computed(() => /^#\/customers\/(cus_[0-9A-Z]+)$/i.exec(fragment.value)?.[1] ?? null);

/** The page that takes the place of list and conversation, if one does. */
export const openPage = computed<Page | null>(
  () =>
    ((openCustomerId.value && 'customers') ||
      (/^#\/(intents|accuracy|api-keys|audit|sessions|security|members|inboxes|teams|roles|privacy|customers)$/.exec(
        fragment.value,
      )?.[1] as Page | undefined)) ??
    null,
);

/** The token of the invitation whose link was opened. It stands behind the `#`, which no server is told. */
export const invitationToken = computed(() => /^#\/invitation\/([\w-]{1,128})$/.exec(fragment.value)?.[1] ?? null);

/** Whether the page is asked for on which an account is made. */
export const isSigningUp = computed(() => fragment.value === SIGN_UP_HREF);

/** To the desk or the login, without a way back to a link that works once. */
export function leaveInvitation(): void {
  location.replace('#/');
}

export function pageHref(page: Page): string {
  return `#/${page}`;
}

export function goToPage(page: Page): void {
  location.hash = pageHref(page);
}

/** Back to the list and nothing else. */
export function openList(): void {
  location.hash = '#/';
}

export function conversationHref(id: string): string {
  return `#/conversations/${id}`;
}

export function customerHref(id: string): string {
  return `#/customers/${id}`;
}

export function openConversation(id: string): void {
  location.hash = conversationHref(id);
}

export function closeConversation(): void {
  if (openId.value) location.hash = '#/';
}
