import { signal } from '@preact/signals';
import type { Citation } from '../../../shared/suggestions';
import { detailsOpen, wideDetails } from './ui';
import { closeWhy } from './why';

/** What stands beside the conversation. */
export interface Sources {
  /** What a suggestion says, and where it has it from; absent when only articles are looked for. */
  title?: string;
  citations: Citation[];
}

export const openSources = signal<Sources | null>(null);
/** What opened it, which gets the focus back. */
let opener: Element | null = null;

export function showSources(sources: Sources): void {
  // All of them stand in the same place.
  closeWhy(false);
  if (!wideDetails.value) detailsOpen.value = false;
  opener = document.activeElement;
  openSources.value = sources;
}

export function closeSources(giveBack = true): void {
  if (openSources.value === null) return;
  openSources.value = null;
  if (giveBack && opener instanceof HTMLElement && opener.isConnected) opener.focus();
}
