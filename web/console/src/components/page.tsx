import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { drawerOpen } from '../state/ui';
import { Icon } from './icon';

/** A page that takes the place of list and conversation. */
export function Page(props: {
  title: string;
  lead: string;
  tools?: ComponentChildren;
  /** For two texts side by side. */
  wide?: boolean;
  children: ComponentChildren;
}) {
  const section = useRef<HTMLElement>(null);
  useEffect(() => {
    // What led here may have gone with the page before, or with the drawer.
    const active = document.activeElement;
    if (!active || active === document.body || active.closest('[inert]')) section.current?.focus();
  }, []);
  return (
    <section class="page" aria-labelledby="page-title" ref={section} tabIndex={-1}>
      <div class={`page-inner ${props.wide ? 'wide' : ''}`}>
        <header class="page-head">
          <button
            type="button"
            class="button ghost icon-only drawer-button"
            aria-label="Open the menu"
            onClick={() => {
              drawerOpen.value = true;
            }}
          >
            <Icon name="menu" />
          </button>
          <div class="page-title">
            <h2 id="page-title">{props.title}</h2>
            <p>{props.lead}</p>
          </div>
          {props.tools}
        </header>
        {props.children}
      </div>
    </section>
  );
}

/** Grey lines where a page's content will be. */
export function PageSkeleton({ what }: { what: string }) {
  return (
    <div class="page-skeleton" role="status">
      <span class="visually-hidden">Loading {what}</span>
      {[38, 92, 84, 88].map((width) => (
        <span key={width} class="bone" aria-hidden="true" style={{ width: `${width}%` }} />
      ))}
    </div>
  );
}
