import { hexOf, readableOn } from './color.ts';
import type { Config } from './config.ts';
import css from './styles.css?inline';

const DEFAULT_COLOR = '#3b5bdb';

/** Gives the shadow tree its style. Constructed sheets are no inline styles, so no page's `style-src` forbids them. */
export function adoptStyles(root: ShadowRoot, config: Config): void {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  const color = hexOf(config.color ?? DEFAULT_COLOR) ?? DEFAULT_COLOR;
  const accent = new CSSStyleSheet();
  accent.replaceSync(`:host{--accent:${color};--on-accent:${readableOn(color)}}`);
  root.adoptedStyleSheets = [sheet, accent];
}
