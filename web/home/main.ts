import { effect } from '@preact/signals';
import { nextTheme, setTheme, theme } from '../shared/theme';

const button = document.getElementById('theme');
button?.addEventListener('click', () => setTheme(nextTheme()));
effect(() => {
  if (button) button.textContent = `Theme: ${theme.value}`;
});
