import { computed, signal } from '@preact/signals';
import type { OwnIntent } from '../../../shared/learning';
import { getIntent } from '../api/learning';
import { type IntentText, isUnsaved } from './unsaved';

/** What is being written in the form. It outlives the page, so that a look at a conversation loses nothing. */
export interface IntentDraft extends IntentText {
  key: string;
  /** Null for a new one. */
  intent: OwnIntent | null;
  /** As it was opened. */
  saved: IntentText;
  /** The examples of an existing one are still to come, or could not be had. */
  state: 'loading' | 'ready' | 'failed';
}

const NOTHING: IntentText = { name: '', text: '' };

export const edited = signal<IntentDraft | null>(null);
/** Something was written that is not saved. */
export const draftUnsaved = computed(() => {
  const draft = edited.value;
  return draft !== null && draft.state === 'ready' && isUnsaved(draft.saved, draft);
});

/** The intent whose form was closed last, until the list has given it the focus. */
let closed: string | null = null;

export function startNew(): void {
  edited.value = { key: 'new', intent: null, ...NOTHING, saved: NOTHING, state: 'ready' };
}

export async function startEditing(intent: OwnIntent): Promise<void> {
  edited.value = { key: intent.id, intent, name: intent.name, text: '', saved: NOTHING, state: 'loading' };
  try {
    const { examples, name } = await getIntent(intent.id);
    const saved = { name, text: examples.join('\n') };
    change(intent.id, { ...saved, saved, state: 'ready' });
  } catch {
    change(intent.id, { state: 'failed' });
  }
}

/** Ignored when another form is open by now. `id` is the intent's, where a new one was saved. */
export function stopEditing(key: string, id = key): void {
  if (edited.value?.key !== key) return;
  closed = id;
  edited.value = null;
}

/** Ignored when another form is open by now. */
export function change(key: string, part: Partial<IntentDraft>): void {
  if (edited.value?.key === key) edited.value = { ...edited.value, ...part };
}

/** Null when no form was closed since it was asked last. */
export function takeClosed(): string | null {
  const id = closed;
  closed = null;
  return id;
}

/** A draft belongs to who wrote it. */
export function forgetIntentDraft(): void {
  edited.value = null;
  closed = null;
}

window.addEventListener('beforeunload', (event) => {
  // The browser asks in its own words.
  if (draftUnsaved.value) event.preventDefault();
});
