import type { ComponentChildren } from 'preact';
import { useId, useLayoutEffect, useRef, useState } from 'preact/hooks';

interface MenuProps {
  /** What the button shows. */
  button: ComponentChildren;
  buttonClass?: string;
  /** Needed when the button shows only an icon. */
  label?: string;
  /** What the menu itself is called. */
  name: string;
  align?: 'start' | 'end';
  above?: boolean;
  disabled?: boolean;
  onOpen?: () => void;
  /** Called with what closes the menu. */
  children: (close: () => void) => ComponentChildren;
}

/** A button with a menu, by the WAI-ARIA pattern: arrows move, Home and End jump, Escape closes and gives the focus back. */
export function Menu(props: MenuProps) {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const id = useId();

  const items = () => [...(root.current?.querySelectorAll<HTMLElement>('[role^="menuitem"]') ?? [])];
  const close = (giveBack = true) => {
    setOpen(false);
    if (giveBack) root.current?.querySelector('button')?.focus();
  };

  // Before anything else can happen: a quick second key must find the focus in the menu.
  useLayoutEffect(() => {
    if (!open) return;
    items()[0]?.focus();
    const outside = (event: Event) => {
      if (!root.current?.contains(event.target as Node)) close(false);
    };
    document.addEventListener('pointerdown', outside);
    return () => document.removeEventListener('pointerdown', outside);
  }, [open]);

  const toggle = () => {
    if (!open) props.onOpen?.();
    setOpen(!open);
  };

  const onKeyDown = (event: KeyboardEvent) => {
    if (!open) return;
    const all = items();
    const at = all.indexOf(document.activeElement as HTMLElement);
    const target: Record<string, number> = {
      ArrowDown: (at + 1) % all.length,
      ArrowUp: (at - 1 + all.length) % all.length,
      Home: 0,
      End: all.length - 1,
    };
    const next = target[event.key];
    if (next !== undefined) all[next]?.focus();
    else if (event.key === 'Escape') close();
    else if (event.key === 'Tab') return close(false);
    else return event.key.length === 1 ? event.stopPropagation() : undefined;
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: keys bubble from the menu's own items, which have roles.
    <div class="menu-root" ref={root} onKeyDown={onKeyDown}>
      <button
        type="button"
        class={props.buttonClass ?? 'button'}
        aria-haspopup="menu"
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        aria-label={props.label}
        title={props.label}
        disabled={props.disabled}
        onClick={toggle}
      >
        {props.button}
      </button>
      {open && (
        <div
          id={id}
          class={`menu ${props.align ?? 'end'} ${props.above ? 'above' : ''}`}
          role="menu"
          aria-label={props.name}
        >
          {props.children(close)}
        </div>
      )}
    </div>
  );
}

interface ItemProps {
  children: ComponentChildren;
  onSelect: () => void;
  /** Given for one choice of several. */
  checked?: boolean;
  danger?: boolean;
}

export function MenuItem({ children, onSelect, checked, danger }: ItemProps) {
  const className = `menu-item ${danger ? 'danger' : ''}`;
  return checked === undefined ? (
    <button type="button" class={className} role="menuitem" tabIndex={-1} onClick={onSelect}>
      {children}
    </button>
  ) : (
    <button
      type="button"
      class={className}
      role="menuitemradio"
      aria-checked={checked}
      tabIndex={-1}
      onClick={onSelect}
    >
      {children}
    </button>
  );
}
