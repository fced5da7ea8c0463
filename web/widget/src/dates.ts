import { WORDS } from './words.ts';

const time = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' });
const day = new Intl.DateTimeFormat(undefined, { dateStyle: 'long' });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'short' });

/** The visitor's local day, as something to compare. */
export function dayKey(at: number): string {
  return new Date(at).toDateString();
}

/** `Today`, `Yesterday`, or the date. */
export function dayLabel(at: number, now: number): string {
  const yesterday = new Date(now);
  // By the calendar: a day is not always 24 hours long.
  yesterday.setDate(yesterday.getDate() - 1);
  if (dayKey(at) === dayKey(now)) return WORDS.today;
  return dayKey(at) === yesterday.toDateString() ? WORDS.yesterday : day.format(at);
}

export const timeLabel = (at: number) => time.format(at);
export const fullLabel = (at: number) => full.format(at);
