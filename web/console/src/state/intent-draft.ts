import { signal } from '@preact/signals';
import type { OwnIntent } from '../../../shared/learning';
import { getIntent } from '../api/learning';

/** What is being written in the form. It outlives the page, so that a look at a conversation loses nothing. */
export interface IntentDraft {
  key: string;
  /** Null for a new one. */
  intent: OwnIntent | null;
  name: string;
  text: string;
  /** The examples of an existing one are still to come, or could not be had. */
  state: 'loading' | 'ready' | 'failed';
}

export const edited = signal<IntentDraft | null>(null);

export function startNew(name = '', text = ''): void {
  edited.value = { key: 'new', intent: null, name, text, state: 'ready' };
}

export async function startEditing(intent: OwnIntent): Promise<void> {
  edited.value = { key: intent.id, intent, name: intent.name, text: '', state: 'loading' };
  try {
    const { examples, name } = await getIntent(intent.id);
    change(intent.id, { name, text: examples.join('\n'), state: 'ready' });
  } catch {
    change(intent.id, { state: 'failed' });
  }
}

export function stopEditing(): void {
  edited.value = null;
}

/** Ignored when another form is open by now. */
export function change(key: string, part: Partial<IntentDraft>): void {
  if (edited.value?.key === key) edited.value = { ...edited.value, ...part };
}
