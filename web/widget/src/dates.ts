import { WORDS } from './words.ts';

const time = new Intl.DateTimeFormat(undefined, { hour: 'numeric', minute: '2-digit' });
const day = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long' });
const dayOfYear = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'long', year: 'numeric' });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'short' });

/** The visitor's local day, as something to compare. */
export function dayKey(at: number): string {
  return new Date(at).toDateString();
}

/** `Today`, `Yesterday`, or the date. */
export function dayLabel(at: number, now: number): string {
  const date = new Date(now);
  if (dayKey(at) === date.toDateString()) return WORDS.today;
  date.setDate(date.getDate() - 1);
  if (dayKey(at) === date.toDateString()) return WORDS.yesterday;
  return (new Date(at).getFullYear() === new Date(now).getFullYear() ? day : dayOfYear).format(at);
}

export const timeLabel = (at: number) => time.format(at);
export const fullLabel = (at: number) => full.format(at);
