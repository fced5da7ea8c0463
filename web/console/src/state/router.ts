import { computed, signal } from '@preact/signals';
import { type Page, routeOf } from './routes';

export type { Page };

/** Where an account is made. */
export const SIGN_UP_HREF = '#/sign-up';

// The fragment holds the page, so that the server needs to know only `/console`, and the back button of a phone leads
// from a conversation to the list.
const fragment = signal(location.hash);

window.addEventListener('hashchange', () => {
  fragment.value = location.hash;
});

const route = computed(() => routeOf(fragment.value));

/** The open conversation, if one is. */
export const openId = computed(() => route.value.conversationId);

/** The page that takes the place of list and conversation, if one does. */
export const openPage = computed(() => route.value.page);

/** The customer whose page is open, if one is. */
export const openCustomerId = computed(() => route.value.customerId);

/** The article that is open, `new`, `import`, `search` or `gaps`; null for the list. */
export const openArticle = computed(() => route.value.article);

/** The macro that is open, or `new`; null for the list. */
export const openMacro = computed(() => route.value.macro);

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

/** An article's id, `new`, `import`, `search` or `gaps`. */
export function articleHref(what: string): string {
  return `#/articles/${what}`;
}

/** A macro's id, or `new`. */
export function macroHref(what: string): string {
  return `#/macros/${what}`;
}

export function openConversation(id: string): void {
  location.hash = conversationHref(id);
}

export function closeConversation(): void {
  if (openId.value) location.hash = '#/';
}
