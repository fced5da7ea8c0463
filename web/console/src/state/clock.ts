import { signal } from '@preact/signals';

/** Unix milliseconds, renewed every 15 s: what "3 min ago" is counted from. */
export const now = signal(Date.now());

setInterval(() => {
  now.value = Date.now();
}, 15_000);

const dayFormat = new Intl.DateTimeFormat(undefined, { weekday: 'short', month: 'short', day: 'numeric' });
const timeFormat = new Intl.DateTimeFormat(undefined, { hour: 'numeric', minute: '2-digit' });
const fullFormat = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });

/** `now`, `5m`, `3h`, `2d`, then a date. */
export function shortAge(at: string, nowMs: number): string {
  const seconds = Math.max(0, (nowMs - Date.parse(at)) / 1000);
  if (seconds < 45) return 'now';
  if (seconds < 3600) return `${Math.max(1, Math.round(seconds / 60))}m`;
  if (seconds < 86_400) return `${Math.round(seconds / 3600)}h`;
  if (seconds < 7 * 86_400) return `${Math.round(seconds / 86_400)}d`;
  return dayFormat.format(Date.parse(at));
}

/** `12 s`, `4 min`, `2 h 5 min`, `3 d`. */
export function duration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
  return `${Math.round(hours / 24)} d`;
}

export function clockTime(at: string): string {
  return timeFormat.format(Date.parse(at));
}

export function fullTime(at: string): string {
  return fullFormat.format(Date.parse(at));
}

/** `Today`, `Yesterday` or a date. */
export function dayName(at: string, nowMs: number): string {
  const days = Math.round((startOfDay(nowMs) - startOfDay(Date.parse(at))) / 86_400_000);
  return days === 0 ? 'Today' : days === 1 ? 'Yesterday' : dayFormat.format(Date.parse(at));
}

function startOfDay(ms: number): number {
  return new Date(ms).setHours(0, 0, 0, 0);
}
