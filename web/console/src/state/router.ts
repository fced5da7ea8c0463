import { computed, signal } from '@preact/signals';

// The fragment holds the page, so that the server needs to know only `/console`, and the back button of a phone leads
// from a conversation to the list.
const fragment = signal(location.hash);

window.addEventListener('hashchange', () => {
  fragment.value = location.hash;
});

/** The open conversation, if one is. */
export const openId = computed(() => /^#\/conversations\/(cnv_[0-9A-Z]+)$/i.exec(fragment.value)?.[1] ?? null);

export function conversationHref(id: string): string {
  return `#/conversations/${id}`;
}

export function openConversation(id: string): void {
  location.hash = conversationHref(id);
}

export function closeConversation(): void {
  if (openId.value) location.hash = '#/';
}
