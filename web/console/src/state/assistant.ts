import { signal } from '@preact/signals';
import type { AssistantSettings, AssistantView, HandOffReason } from '../../../shared/assistant';
import type { Inbox } from '../../../shared/inboxes';
import { getAssistant, setInboxAssistant, stopAssistant } from '../api/assistant';
import { listInboxes } from '../api/inboxes';
import { inboxes } from './inboxes';
import { Loaded } from './loaded';
import { reasonOf } from './reason-of';
import { toast } from './toasts';

/** Why a person went on, behind "because". */
export const HAND_OFF_REASONS: Record<HandOffReason, string> = {
  requested: 'the customer asked for a person',
  escalated: 'the customer was upset',
  own_case: 'somebody has to look into their case',
  no_article: 'no article says anything of it',
  not_sure: 'no article surely answers it',
  said_before: 'its answer was not enough',
  unsupported: 'no article says all of the answer',
  too_many_answers: 'it had answered ten times',
  failed: 'it did not answer in time',
  stopped: 'it was switched off',
  taken_over: 'an agent went on',
};

export const assistant = new Loaded<AssistantView>();
/** What is on its way, so that nothing is pressed twice: an inbox's id, or `all`. */
export const switching = signal<string | null>(null);

export async function loadAssistantPage(): Promise<void> {
  await Promise.all([assistant.load(getAssistant), inboxes.load(listInboxes)]);
}

/** Stops it everywhere at once, without a question: whoever presses this is in a hurry. It can be taken back. */
export async function stopEverywhere(isStopped: boolean): Promise<void> {
  await busy('all', async () => {
    assistant.value.value = await stopAssistant(isStopped);
    const undo = () => void stopEverywhere(!isStopped);
    toast(isStopped ? 'The assistant is stopped' : 'The assistant answers again', {
      action: { label: 'Undo', run: undo },
    });
  });
}

export async function setAssistant(inbox: Inbox, settings: AssistantSettings): Promise<void> {
  const before = inbox.assistant;
  await busy(inbox.id, async () => {
    take(await setInboxAssistant(inbox.id, settings));
    const said = settings.is_enabled ? `answers first in ${inbox.name}` : `does not answer in ${inbox.name}`;
    toast(`The assistant ${said}`, {
      ...(before && { action: { label: 'Undo', run: () => void setAssistant(inbox, before) } }),
    });
  });
}

/** What an account has settled is nobody else's to see. */
export function forgetAssistant(): void {
  assistant.value.value = null;
}

function take(changed: Inbox): void {
  const all = inboxes.value.value;
  if (all) inboxes.value.value = all.map((inbox) => (inbox.id === changed.id ? changed : inbox));
}

async function busy(what: string, act: () => Promise<void>): Promise<void> {
  if (switching.value) return;
  switching.value = what;
  try {
    await act();
  } catch (error) {
    toast(`Nothing was changed. ${reasonOf(error, 'Please try again.')}`, { kind: 'error' });
  } finally {
    switching.value = null;
  }
}
