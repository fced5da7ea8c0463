import { batch, computed, signal } from '@preact/signals';
import type { IntentsVersion, Models, OwnIntent, OwnIntentWithExamples } from '../../../shared/learning';
import type { Role } from '../../../shared/wire';
import { ApiError } from '../api/http';
import {
  changeIntent,
  createIntent,
  deleteIntent,
  getModels,
  listIntents,
  listIntentVersions,
  trainIntents,
  useIntentVersion,
} from '../api/learning';
import { user } from '../api/session';
import { reasonOf } from './reason-of';
import { Removals } from './removals';
import { dismissToast, toast } from './toasts';

/** Fewer and an intent is not trained. */
export const MIN_EXAMPLES = 10;
/** Fewer and there is nothing to tell apart. */
export const MIN_INTENTS = 2;

const MANAGERS: readonly Role[] = ['manager', 'admin', 'owner'];
export const mayManageIntents = computed(() => MANAGERS.includes(user.value?.role ?? 'read_only'));

/** By name. Null until the first answer. */
export const ownIntents = signal<OwnIntent[] | null>(null);
export const intentVersions = signal<IntentsVersion[]>([]);
export const intentsState = signal<Models['own_intents'] | null>(null);
/** The page has been loaded once: intents, versions and how they stand. */
export const intentsLoaded = signal(false);
/** The last loading of the page failed. */
export const intentsFailed = signal(false);
export const training = signal(false);
/** The report of the training that was started here. */
export const report = signal<IntentsVersion | null>(null);

/** Null when none is: messages are then read without own intents. */
export const versionInUse = computed(
  () => intentsState.value?.version ?? intentVersions.value.find((version) => version.in_use)?.version ?? null,
);
/** Its figures; null as well when it is older than the versions that are shown. */
export const figuresInUse = computed(
  () => intentVersions.value.find((version) => version.version === versionInUse.value) ?? null,
);

/** Rows that training would take of an intent. */
export function rowsOf(intent: OwnIntent): number {
  return intent.n_examples + intent.n_corrections;
}

export function ownIntentName(id: string): string {
  const known = ownIntents.value?.find((intent) => intent.id === id)?.name;
  if (known) return known;
  for (const version of intentVersions.value) {
    const trained = version.cross_validation.labels.find((label) => label.intent_id === id);
    if (trained) return trained.name;
  }
  // Deleted since, or made by somebody a moment ago.
  return 'An own intent';
}

/** The names alone, for menus; a failure leaves the menu without them. */
export async function loadOwnIntents(): Promise<void> {
  try {
    takeIntents(await listIntents());
  } catch {
    // The page of own intents says so, the menu asks again when it is opened.
  }
}

/** A deletion, a training and a change of version each load it again: only the latest asking counts, or older versions could win. */
let lastLoad = 0;

export async function loadIntentsPage(): Promise<void> {
  lastLoad += 1;
  const load = lastLoad;
  intentsFailed.value = false;
  try {
    const [intents, versions, models] = await Promise.all([listIntents(), listIntentVersions(), getModels()]);
    if (load !== lastLoad) return;
    batch(() => {
      takeIntents(intents);
      intentVersions.value = versions;
      intentsState.value = models.own_intents ?? null;
      intentsLoaded.value = true;
    });
  } catch {
    if (load === lastLoad) intentsFailed.value = true;
  }
}

/** Answers with its id. Throws what the form shows. */
export async function saveIntent(id: string | null, name: string, examples: string[]): Promise<string> {
  const saved = id === null ? await createIntent(name, examples) : await changeIntent(id, name, examples);
  takeIntents([...(ownIntents.value ?? []).filter((intent) => intent.id !== saved.id), withoutExamples(saved)]);
  void loadState();
  return saved.id;
}

/** Deletions that can still be undone, and those on their way. */
const leaving = new Removals<OwnIntent>(deleteOrGone, notDeleted);
/** The notice of each deletion that can still be undone. */
const notices = new Map<string, number>();

/**
 * Takes an intent from the list at once and from the server when the notice with its "Undo" has gone: a deleted intent would come
 * back under another id, and what agents have corrected to it would be lost.
 */
export function removeIntent(intent: OwnIntent): void {
  leaving.add(intent);
  takeIntents(ownIntents.value ?? []);
  const undo = () => {
    if (leaving.keep(intent.id)) putBack(intent);
  };
  const carryOut = () => {
    notices.delete(intent.id);
    if (leaving.has(intent.id)) void leaving.finish(intent.id).then(loadAfterRemoval);
  };
  const notice = toast(`“${intent.name}” is deleted`, { action: { label: 'Undo', run: undo }, onGone: carryOut });
  notices.set(intent.id, notice);
}

/** With fewer than two intents left the server switches own intents off. */
function loadAfterRemoval(): void {
  // Signing out carries deletions out as well, and leaves nobody to load for.
  if (user.value) void loadIntentsPage();
}

/** Carries out what was only waiting for an "Undo". True once all of it is deleted, false when something was refused. */
export async function finishRemovals(): Promise<boolean> {
  const all = leaving.finishAll();
  // An "Undo" that comes too late must not be offered.
  for (const notice of [...notices.values()]) dismissToast(notice);
  return all;
}

/** Somebody else may have deleted it a moment before. */
async function deleteOrGone(intent: OwnIntent): Promise<void> {
  try {
    await deleteIntent(intent.id);
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 404)) throw error;
  }
}

function notDeleted(intent: OwnIntent, error: unknown): void {
  putBack(intent);
  toast(`“${intent.name}” was not deleted. ${reasonOf(error, 'Please try again.')}`, { kind: 'error' });
}

window.addEventListener('pagehide', () => void finishRemovals());

export async function train(): Promise<void> {
  if (training.value) return;
  training.value = true;
  report.value = null;
  try {
    // What is still there would be learned from.
    if (!(await finishRemovals())) {
      toast('Nothing was trained: what you deleted would have been learned from.', { kind: 'error' });
      return;
    }
    report.value = await trainIntents();
    await loadIntentsPage();
  } catch (error) {
    toast(`Nothing was trained. ${reasonOf(error, 'Please try again.')}`, { kind: 'error' });
  } finally {
    training.value = false;
  }
}

/** Null switches own intents off. Says so, with the way back. */
export async function putToUse(version: number | null, undoable = true): Promise<void> {
  try {
    const { version: now, previous_version: before = null, changed } = await useIntentVersion(version);
    const undo = undoable && changed ? { label: 'Undo', run: () => void putToUse(before, false) } : undefined;
    toast(now === null ? 'Own intents are switched off' : `Version ${now} is in use`, undo ? { action: undo } : {});
    await loadIntentsPage();
  } catch (error) {
    const said = version === null ? 'Own intents are not switched off.' : `Version ${version} is not in use.`;
    toast(`${said} ${reasonOf(error, 'Please try again.')}`, { kind: 'error' });
  }
}

/** What an account taught is nobody else's to see: the next to sign in here may be of another. */
export function forgetOwnIntents(): void {
  lastLoad += 1;
  batch(() => {
    ownIntents.value = null;
    intentVersions.value = [];
    intentsState.value = null;
    intentsLoaded.value = false;
    intentsFailed.value = false;
    report.value = null;
  });
}

/** After a change: what may be gained by training again. */
async function loadState(): Promise<void> {
  try {
    intentsState.value = (await getModels()).own_intents ?? null;
  } catch {
    // What is shown is a moment older.
  }
}

function takeIntents(intents: OwnIntent[]): void {
  ownIntents.value = intents.filter((intent) => !leaving.has(intent.id)).sort((a, b) => a.name.localeCompare(b.name));
}

function putBack(intent: OwnIntent): void {
  takeIntents([...(ownIntents.value ?? []).filter((other) => other.id !== intent.id), intent]);
}

function withoutExamples({ examples: _, ...intent }: OwnIntentWithExamples): OwnIntent {
  return intent;
}
