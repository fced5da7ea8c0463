import { signal } from '@preact/signals';

/** Below this there is one pane at a time; must match the stylesheets. */
export const onePane = media('(max-width: 759px)');
/** Below this the sidebar is a drawer. */
export const drawerSidebar = media('(max-width: 1023px)');
/** From this on the details stand beside the conversation. */
export const wideDetails = media('(min-width: 1240px)');

export const drawerOpen = signal(false);
export const detailsOpen = signal(false);
export const helpOpen = signal(false);

const KEYS_OFF = 'edgedesk.keys-off';

/** Single letters as shortcuts get in the way of speech input: they can be turned off (WCAG 2.1.4). */
export const shortcutsOn = signal(readShortcuts());

export function setShortcuts(on: boolean): void {
  shortcutsOn.value = on;
  try {
    if (on) localStorage.removeItem(KEYS_OFF);
    else localStorage.setItem(KEYS_OFF, '1');
  } catch {
    // Lasts as long as the page then.
  }
}

function readShortcuts(): boolean {
  try {
    return localStorage.getItem(KEYS_OFF) === null;
  } catch {
    return true;
  }
}

function media(query: string) {
  const list = matchMedia(query);
  const matches = signal(list.matches);
  list.addEventListener('change', () => {
    matches.value = list.matches;
  });
  return matches;
}
