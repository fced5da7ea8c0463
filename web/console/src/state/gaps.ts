import { batch, computed, signal } from '@preact/signals';
import type { Gap, GapList } from '../../../shared/gaps';
import { bringGapBack, dismissGap, listGaps, lookForGaps } from '../api/articles';
import { Loaded } from './loaded';
import { reasonOf } from './reason-of';
import { toast } from './toasts';

/** Which groups are shown: those without an article, or those that somebody dismissed. */
export const dismissedShown = signal(false);
/** The list, as it was asked for. */
export const gaps = new Loaded<GapList>();
export const isLooking = computed(() => gaps.value.value?.run.is_running === true);
/** Whether the list asks now for a look: the button is still until the answer. */
export const asking = signal(false);

/** How often a look that runs is looked at. */
const LOOK_EVERY_MS = 1_500;

export function loadGaps(): Promise<void> {
  return gaps.load(() => listGaps(dismissedShown.value));
}

export function showDismissed(dismissed: boolean): void {
  dismissedShown.value = dismissed;
  void loadGaps();
}

/** Reads the list, and again while a look runs. Gives what ends it. */
export function watchGaps(): () => void {
  let timer = 0;
  let stopped = false;
  const look = async (isDue: boolean) => {
    if (isDue) await loadGaps();
    if (!stopped) timer = window.setTimeout(() => void look(isLooking.value), LOOK_EVERY_MS);
  };
  void look(true);
  return () => {
    stopped = true;
    window.clearTimeout(timer);
  };
}

/** Looks for gaps now. */
export async function lookNow(): Promise<void> {
  if (asking.value || isLooking.value) return;
  asking.value = true;
  try {
    await lookForGaps();
    await loadGaps();
  } catch (error) {
    toast(`Nothing was begun. ${reasonOf(error, 'Please try again.')}`, { kind: 'error' });
  } finally {
    asking.value = false;
  }
}

/** Dismisses at once: it can be brought back from the notice, and from the list of those. */
export async function dismiss(gap: Gap): Promise<void> {
  try {
    await dismissGap(gap.id);
  } catch (error) {
    toast(`The group was not dismissed. ${reasonOf(error, 'Please try again.')}`, { kind: 'error' });
    return;
  }
  leaveOut(gap.id);
  toast('The group is dismissed and does not come back', {
    action: { label: 'Undo', run: () => void bringBack(gap) },
  });
}

export async function bringBack(gap: Gap): Promise<void> {
  try {
    await bringGapBack(gap.id);
  } catch (error) {
    toast(`The group was not brought back. ${reasonOf(error, 'Please try again.')}`, { kind: 'error' });
    return;
  }
  toast('The group is back');
  void loadGaps();
}

function leaveOut(id: string): void {
  const list = gaps.value.value;
  if (list) gaps.value.value = { ...list, gaps: list.gaps.filter((gap) => gap.id !== id) };
}

/** What an account's customers ask is nobody else's to see. */
export function forgetGaps(): void {
  batch(() => {
    gaps.value.value = null;
    dismissedShown.value = false;
  });
}
