import { signal } from '@preact/signals';
import type { Span } from '../../../shared/wire';
import { openThread, type Thread } from './thread';
import { detailsOpen, wideDetails } from './ui';

/** The message whose reading is explained, if one is. */
export const whyId = signal<string | null>(null);
/** What a pointer or the focus rests on in the explanation: these parts of the text stand out. */
export const lit = signal<Span[] | null>(null);

export function openWhy(messageId: string): void {
  // Both stand in the same place.
  if (!wideDetails.value) detailsOpen.value = false;
  lit.value = null;
  whyId.value = messageId;
}

/** Gives the focus back to the reading that was explained, unless it is elsewhere already. */
export function closeWhy(giveBack = true): void {
  const id = whyId.value;
  whyId.value = null;
  lit.value = null;
  if (giveBack && id) readingButton(id)?.focus();
}

/** `w`: explains the reading that has the focus, or else the newest; closes it again. */
export function toggleWhy(): boolean {
  const thread = openThread.value;
  if (!thread) return false;
  const focused = document.activeElement?.closest<HTMLElement>('[data-message]')?.dataset.message;
  const ids = explainable(thread);
  const id = focused && ids.includes(focused) ? focused : (whyId.value ?? ids.at(-1));
  if (!id) return false;
  if (whyId.value === id) closeWhy();
  else openWhy(id);
  return true;
}

/** Messages with a reading, oldest first. */
export function explainable(thread: Thread): string[] {
  return thread.messages.value
    .filter((message) => {
      const mood = thread.moods.value.get(message.message_id);
      return message.direction === 'incoming' && mood !== undefined && mood !== 'failed';
    })
    .map((message) => message.message_id);
}

function readingButton(messageId: string): HTMLElement | null {
  return document.querySelector<HTMLElement>(`[data-message="${messageId}"] .reading`);
}
