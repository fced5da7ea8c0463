import { computed, signal } from '@preact/signals';
import type { Macro } from '../../../shared/macros';
import { changeMacro, createMacro } from '../api/macros';
import { bodyOf, isMacroChanged, type MacroText } from './macro-text';
import { takeMacro } from './macros';

/** The key of a macro that was never saved. */
export const NEW_MACRO = 'new';

/** What is being written. It outlives the page, so that a look at a conversation loses nothing. */
export interface MacroDraft extends MacroText {
  /** The macro's id, or `new`. */
  key: string;
  /** As it was opened. */
  saved: MacroText;
}

const NOTHING: MacroText = { title: '', text: '', language: '', channels: [], intents: [], categories: [] };

export const macroDrafts = signal<ReadonlyMap<string, MacroDraft>>(new Map());
/** Something was written that is not saved. */
export const unsavedMacro = computed(() => [...macroDrafts.value.values()].some(isMacroUnsaved));

export function isMacroUnsaved(draft: MacroDraft): boolean {
  return isMacroChanged(draft.saved, draft);
}

/** Opens a macro in the form, or what was written of it before. */
export function openMacroDraft(key: string, macro: Macro | null): void {
  if (macroDrafts.value.has(key)) return;
  const saved = macro ? textOf(macro) : NOTHING;
  put({ key, ...saved, saved });
}

export function changeMacroDraft(key: string, part: Partial<MacroText>): void {
  const draft = macroDrafts.value.get(key);
  if (draft) put({ ...draft, ...part });
}

/** Throws what the form shows. */
export async function saveMacroDraft(key: string): Promise<void> {
  const draft = macroDrafts.value.get(key);
  if (!draft) return;
  const { title, text, language, channels, intents, categories } = draft;
  const body = bodyOf({ title, text, language, channels, intents, categories });
  const macro = key === NEW_MACRO ? await createMacro(body) : await changeMacro(key, body);
  dropMacroDraft(key);
  takeMacro(macro);
}

export function dropMacroDraft(key: string): void {
  const left = new Map(macroDrafts.value);
  left.delete(key);
  macroDrafts.value = left;
}

/** Drafts belong to who wrote them. */
export function forgetMacroDraft(): void {
  macroDrafts.value = new Map();
}

function textOf({ title, text, language = '', channels, intents, categories }: Macro): MacroText {
  return { title, text, language, channels, intents, categories };
}

function put(draft: MacroDraft): void {
  macroDrafts.value = new Map(macroDrafts.value).set(draft.key, draft);
}

window.addEventListener('beforeunload', (event) => {
  // The browser asks in its own words.
  if (unsavedMacro.value) event.preventDefault();
});
