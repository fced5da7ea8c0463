import { signal } from '@preact/signals';

export type ThemeChoice = 'system' | 'light' | 'dark';

/** Read by `/theme.js` before the first paint, too. */
const KEY = 'edgedesk.theme';

export const theme = signal<ThemeChoice>(read());

function read(): ThemeChoice {
  try {
    const choice = localStorage.getItem(KEY);
    return choice === 'light' || choice === 'dark' ? choice : 'system';
  } catch {
    return 'system';
  }
}

export function setTheme(choice: ThemeChoice): void {
  theme.value = choice;
  if (choice === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = choice;
  try {
    if (choice === 'system') localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, choice);
  } catch {
    // The choice then lasts as long as the page.
  }
}

/** Light, dark, system, light … */
export function nextTheme(): ThemeChoice {
  return theme.value === 'system' ? 'light' : theme.value === 'light' ? 'dark' : 'system';
}
