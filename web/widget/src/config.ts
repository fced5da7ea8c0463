/** What the script tag says. */
export interface Config {
  /** Origin of the script's own address: Edgedesk answers there. */
  host: string;
  inboxKey: string;
  color: string | undefined;
  side: 'left' | 'right';
  title: string | undefined;
  isOpen: boolean;
}

/** Reads the tag that loaded the widget; nothing when there is none, or it lacks `data-inbox`. */
export function readConfig(current: Element | null): Config | undefined {
  // A bundler or a tag manager may run the file without a current script.
  const tag = current ?? document.querySelector('script[data-inbox][src*="widget.js"]');
  if (!(tag instanceof HTMLScriptElement)) return undefined;
  const { inbox, color, position, title, open } = tag.dataset;
  if (!inbox) return undefined;
  return {
    host: new URL(tag.src).origin,
    inboxKey: inbox,
    color: color && CSS.supports('color', color) ? color : undefined,
    side: position?.includes('left') ? 'left' : 'right',
    title: title || undefined,
    isOpen: open !== undefined && open !== 'false',
  };
}
