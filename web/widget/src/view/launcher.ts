import { WORDS } from '../words.ts';
import { h, icon, setText } from './dom.ts';

const BUBBLE =
  'M20.5 11.5a8 8 0 0 1-8.4 8 9 9 0 0 1-3.7-.8L3.5 20.5l1.6-4.3a7.7 7.7 0 0 1-1.1-4.7 8.3 8.3 0 0 1 16.5 0Z';
const CHEVRON = 'm5 9 7 7 7-7';

/** The round button that opens and closes the chat, with the number of unread messages. */
export function createLauncher(panelId: string, toggle: () => void) {
  const badge = h('span', { class: 'badge', 'aria-hidden': 'true' });
  badge.hidden = true;
  const button = h(
    'button',
    { class: 'launcher', type: 'button', 'aria-haspopup': 'dialog', 'aria-controls': panelId },
    icon(BUBBLE, 'icon-open'),
    icon(CHEVRON, 'icon-close'),
    badge,
  );
  button.addEventListener('click', toggle);
  const announcement = h('div', { class: 'quiet', role: 'status' });

  return {
    button,
    announcement,
    render(isOpen: boolean, nUnread: number): void {
      const isBadged = !isOpen && nUnread > 0;
      button.setAttribute('aria-expanded', String(isOpen));
      button.setAttribute(
        'aria-label',
        isOpen ? WORDS.close : isBadged ? `${WORDS.open}, ${WORDS.unread(nUnread)}` : WORDS.open,
      );
      badge.hidden = !isBadged;
      setText(badge, nUnread > 99 ? '99+' : String(nUnread));
      setText(announcement, isBadged ? WORDS.unread(nUnread) : '');
    },
  };
}
