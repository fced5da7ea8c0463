import { mayWrite } from '../api/session';
import { assignToMe, toggleResolved } from './actions';
import { conversations } from './desk';
import { closeConversation, openId, openPage } from './router';
import { closeSources, openSources } from './sources';
import { openThread } from './thread';
import { detailsOpen, drawerOpen, helpOpen, shortcutsOn } from './ui';
import { closeWhy, toggleWhy, whyId } from './why';

export const SHORTCUTS: { keys: string[]; does: string }[] = [
  { keys: ['j', 'k'], does: 'Next, previous conversation' },
  { keys: ['Enter'], does: 'Open it' },
  { keys: ['Esc'], does: 'Back to the list' },
  { keys: ['r'], does: 'Write a reply' },
  { keys: ['n'], does: 'Write a private note' },
  { keys: ['Ctrl', 'Enter'], does: 'Send' },
  { keys: ['Alt', '1…3'], does: 'Take a suggested answer' },
  { keys: ['Alt', 'Shift', '1…3'], does: 'Reject one, or take that back' },
  { keys: ['w'], does: 'Why a message was read so' },
  { keys: ['Ctrl', 'S'], does: 'Save an article or a macro' },
  { keys: ['e'], does: 'Resolve, or reopen' },
  { keys: ['a'], does: 'Assign to me' },
  { keys: ['/'], does: 'Search' },
  { keys: ['?'], does: 'This list' },
];

/** Sent to the composer, which knows what it holds. */
export const COMPOSE_EVENT = 'edgedesk:compose';

export function listenToKeys(): () => void {
  document.addEventListener('keydown', onKeyDown);
  return () => document.removeEventListener('keydown', onKeyDown);
}

function onKeyDown(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey) return;
  if (document.querySelector('dialog[open]')) return;
  if (event.altKey) {
    onAlt(event);
    return;
  }
  const target = event.target as HTMLElement;
  if (event.key === 'Escape') {
    onEscape(event, target);
    return;
  }
  if (!shortcutsOn.value || target.closest('input, textarea, select, [contenteditable]')) return;

  const id = openId.value ?? focusedRow()?.dataset.id ?? null;
  const open = id ? conversations.value.get(id) : undefined;
  switch (event.key) {
    case 'j':
      moveFocus(1);
      break;
    case 'k':
      moveFocus(-1);
      break;
    case 'r':
    case 'n':
      if (!openId.value) return;
      document.dispatchEvent(new CustomEvent(COMPOSE_EVENT, { detail: event.key === 'r' ? 'reply' : 'note' }));
      break;
    case 'w':
      if (!toggleWhy()) return;
      break;
    case 'e':
      if (!open || !mayWrite.value) return;
      toggleResolved(open);
      break;
    case 'a':
      if (!open || !mayWrite.value) return;
      assignToMe(open.conversation_id);
      break;
    case '/':
      document.querySelector<HTMLInputElement>('#search')?.focus();
      break;
    case '?':
      helpOpen.value = true;
      break;
    default:
      return;
  }
  event.preventDefault();
}

/** By the key's place: with Alt, and with Shift, keyboards make other characters of digits. While one writes, too. */
function onAlt(event: KeyboardEvent): void {
  const place = ['Digit1', 'Digit2', 'Digit3'].indexOf(event.code);
  const suggestions = openThread.value?.suggestions;
  const suggestion = place < 0 ? undefined : suggestions?.at(place);
  if (!suggestion || !suggestions || !mayWrite.value || openPage.value) return;
  event.preventDefault();
  if (event.shiftKey) void suggestions.toggleRejected(suggestion);
  else suggestions.insert(suggestion);
}

function onEscape(event: KeyboardEvent, target: HTMLElement): void {
  if (drawerOpen.value || detailsOpen.value) {
    drawerOpen.value = false;
    detailsOpen.value = false;
  } else if (whyId.value && !target.closest('.composer')) {
    closeWhy();
  } else if (openSources.value && !target.closest('.composer')) {
    closeSources();
  } else if (target.matches('#search')) {
    target.blur();
  } else if (target.closest('.composer')) {
    document.querySelector<HTMLElement>('.thread-scroll')?.focus();
  } else if (openId.value) {
    const id = openId.value;
    closeConversation();
    // The list may be drawn again first, on a phone.
    setTimeout(() => row(id)?.focus(), 0);
  } else return;
  event.preventDefault();
}

function moveFocus(step: number): void {
  const rows = [...document.querySelectorAll<HTMLElement>('.row-link')];
  const from = focusedRow() ?? (openId.value ? row(openId.value) : null);
  const at = from ? rows.indexOf(from) : -1;
  const next = at < 0 ? 0 : Math.max(0, Math.min(rows.length - 1, at + step));
  rows[next]?.focus();
  rows[next]?.scrollIntoView({ block: 'nearest' });
}

function focusedRow(): HTMLElement | null {
  const active = document.activeElement;
  return active instanceof HTMLElement && active.matches('.row-link') ? active : null;
}

function row(id: string): HTMLElement | null {
  return document.querySelector<HTMLElement>(`.row-link[data-id="${id}"]`);
}
