import { signal } from '@preact/signals';

export interface Toast {
  id: number;
  text: string;
  kind: 'info' | 'error';
  action?: { label: string; run: () => void };
  /** Called once it is no longer shown, for whatever reason; its action has run by then. */
  onGone?: () => void;
}

export const toasts = signal<Toast[]>([]);

/** What screen readers are told, politely. */
export const announcement = signal('');

let lastId = 0;
const timers = new Map<number, number>();

const SHOWN_MS = 6_000;

/** Answers with its id, for `dismissToast`. */
export function toast(text: string, options: Partial<Pick<Toast, 'kind' | 'action' | 'onGone'>> = {}): number {
  lastId += 1;
  const added: Toast = { id: lastId, text, kind: options.kind ?? 'info' };
  if (options.action) added.action = options.action;
  if (options.onGone) added.onGone = options.onGone;
  // Three at most: a fourth hides the page.
  for (const old of toasts.value.slice(0, -2)) dismissToast(old.id);
  toasts.value = [...toasts.value, added];
  resumeToast(added.id);
  return added.id;
}

export function dismissToast(id: number): void {
  clearTimeout(timers.get(id));
  timers.delete(id);
  const gone = toasts.value.find((shown) => shown.id === id);
  toasts.value = toasts.value.filter((shown) => shown.id !== id);
  gone?.onGone?.();
}

/** Stops its time while a pointer or the focus rests on it. */
export function holdToast(id: number): void {
  clearTimeout(timers.get(id));
}

export function resumeToast(id: number): void {
  clearTimeout(timers.get(id));
  timers.set(
    id,
    window.setTimeout(() => dismissToast(id), SHOWN_MS),
  );
}

export function announce(text: string): void {
  announcement.value = text;
}
