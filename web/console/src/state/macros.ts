import { batch, signal } from '@preact/signals';
import type { Macro } from '../../../shared/macros';
import type { SourceFigures } from '../../../shared/suggestions';
import { ApiError } from '../api/http';
import { deleteMacro, listMacros } from '../api/macros';
import { mayLead, user } from '../api/session';
import { getSuggestionFigures } from '../api/suggestions';
import { Loaded } from './loaded';
import { reasonOf } from './reason-of';
import { Removals } from './removals';
import { dismissToast, toast } from './toasts';

/** Who writes macros; the server decides again. */
export const mayManageMacros = mayLead;

export const macros = new Loaded<Macro[]>();
/** How often suggestions were of use. */
export const suggestionFigures = new Loaded<SourceFigures[]>();
/** What the list is narrowed to. */
export const macroQuery = signal('');

export async function loadMacrosPage(): Promise<void> {
  await Promise.all([loadMacros(), suggestionFigures.load(getSuggestionFigures)]);
}

/** By title, without those that were just deleted here. */
export function loadMacros(): Promise<void> {
  return macros.load(async () => sorted(await listMacros()));
}

export function takeMacro(macro: Macro): void {
  const others = (macros.value.value ?? []).filter(({ id }) => id !== macro.id);
  macros.value.value = sorted([...others, macro]);
}

/** Deletions that can still be undone, and those on their way. */
const leaving = new Removals<Macro>(deleteOrGone, notDeleted);
/** The notice of each deletion that can still be undone. */
const notices = new Map<string, number>();

/** Takes a macro from the list at once and from the server when the notice with its "Undo" has gone. */
export function removeMacro(macro: Macro): void {
  leaving.add(macro);
  macros.value.value = sorted(macros.value.value ?? []);
  const undo = () => {
    if (leaving.keep(macro.id)) takeMacro(macro);
  };
  const carryOut = () => {
    notices.delete(macro.id);
    if (leaving.has(macro.id)) void leaving.finish(macro.id);
  };
  const notice = toast(`“${macro.title}” is deleted`, { action: { label: 'Undo', run: undo }, onGone: carryOut });
  notices.set(macro.id, notice);
}

/** Carries out what was only waiting for an "Undo". */
export async function finishMacroRemovals(): Promise<void> {
  const all = leaving.finishAll();
  // An "Undo" that comes too late must not be offered.
  for (const notice of [...notices.values()]) dismissToast(notice);
  await all;
}

window.addEventListener('pagehide', () => void finishMacroRemovals());

/** What an account says is nobody else's to see. */
export function forgetMacros(): void {
  batch(() => {
    macros.value.value = null;
    suggestionFigures.value.value = null;
    macroQuery.value = '';
  });
}

/** Somebody else may have deleted it a moment before. */
async function deleteOrGone(macro: Macro): Promise<void> {
  try {
    await deleteMacro(macro.id);
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 404)) throw error;
  }
}

function notDeleted(macro: Macro, error: unknown): void {
  if (!user.value) return;
  takeMacro(macro);
  toast(`“${macro.title}” was not deleted. ${reasonOf(error, 'Please try again.')}`, { kind: 'error' });
}

function sorted(list: Macro[]): Macro[] {
  return list.filter(({ id }) => !leaving.has(id)).sort((a, b) => a.title.localeCompare(b.title));
}
