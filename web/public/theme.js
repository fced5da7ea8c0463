// Runs before the first paint, so that a chosen theme never flashes: a classic script, and a file because the
// Content-Security-Policy allows no inline ones. Without a choice the stylesheet follows `prefers-color-scheme`.
(() => {
  try {
    const choice = localStorage.getItem('edgedesk.theme');
    if (choice === 'light' || choice === 'dark') document.documentElement.dataset.theme = choice;
  } catch {
    // Storage may be blocked; the system's theme is a good answer.
  }
})();
