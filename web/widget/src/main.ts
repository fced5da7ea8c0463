/**
 * The chat widget: `<script async src="https://desk.example.com/widget.js" data-inbox="KEY"></script>`.
 *
 * Optional attributes: `data-color` (any CSS colour), `data-position` (`left` or `right`), `data-title`, `data-open`.
 */
import { readConfig } from './config.ts';
import { createWidget, type WidgetApi } from './widget.ts';

declare global {
  interface Window {
    Edgedesk?: WidgetApi;
  }
}

// Only now is there a current script.
const config = readConfig(document.currentScript);

function start(): void {
  // A page that holds the tag twice, or a single-page application that adds it again, has one chat.
  if (typeof window.Edgedesk?.open === 'function') return;
  if (config) window.Edgedesk = createWidget(config);
  else console.warn('Edgedesk: the script tag needs data-inbox="KEY".');
}

if (document.body) start();
else addEventListener('DOMContentLoaded', start);
