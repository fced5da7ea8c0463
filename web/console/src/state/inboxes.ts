import { batch, signal } from '@preact/signals';
import type { Inbox } from '../../../shared/inboxes';
import type { Channel } from '../../../shared/wire';
import { changeInbox, createInbox, listInboxes, setInboxSecret, setInboxTeam } from '../api/inboxes';
import { Loaded } from './loaded';
import { reasonOf } from './reason-of';
import { loadTeams, teamName } from './teams';
import { toast } from './toasts';

export const inboxes = new Loaded<Inbox[]>();
/** The inbox that is being changed; `new` for one that is being made. */
export const editingInbox = signal<Inbox | 'new' | null>(null);
/** The inbox whose signing secret is being set. */
export const settingSecret = signal<Inbox | null>(null);
/** The inbox whose address or snippet is shown. */
export const connecting = signal<Inbox | null>(null);

/** With the teams, which an inbox is given to. */
export async function loadInboxesPage(): Promise<void> {
  await Promise.all([inboxes.load(listInboxes), loadTeams()]);
}

export function leaveInboxesPage(): void {
  batch(() => {
    editingInbox.value = null;
    settingSecret.value = null;
    connecting.value = null;
  });
}

/** Throws what the form shows. A new one is shown with what connects it. */
export async function makeInbox(channel: Channel, name: string, origins: string[]): Promise<void> {
  const made = await createInbox(channel, name, origins);
  batch(() => {
    editingInbox.value = null;
    connecting.value = made;
  });
  await inboxes.load(listInboxes);
}

/** Throws what the form shows. */
export async function saveInbox(inbox: Inbox, name: string, origins: string[], isClosed: boolean): Promise<void> {
  await changeInbox(inbox.id, { name, allowed_origins: origins, is_closed: isClosed });
  editingInbox.value = null;
  toast(`${name} is saved. It counts everywhere within half a minute`);
  await inboxes.load(listInboxes);
}

/** Throws what the form shows. */
export async function saveSecret(inbox: Inbox, secret: string): Promise<void> {
  await setInboxSecret(inbox.id, secret);
  settingSecret.value = null;
  toast(`The signing secret of ${inbox.name} is set`);
  await inboxes.load(listInboxes);
}

export async function routeInbox(inbox: Inbox, teamId: string | null): Promise<void> {
  try {
    await setInboxTeam(inbox.id, teamId);
    toast(`New conversations of ${inbox.name} go to ${teamId ? teamName(teamId) : 'everybody'}`);
  } catch (error) {
    toast(`Nothing was changed. ${reasonOf(error, 'Please try again.')}`, { kind: 'error' });
  }
  await inboxes.load(listInboxes);
}

/** What a page has to hold so that the widget is there. */
export function snippetOf(inbox: Inbox): string {
  return `<script async src="${location.origin}/widget.js" data-inbox="${inbox.key ?? ''}"></script>`;
}

/** Where a provider sends its webhooks. */
export function hookOf(inbox: Inbox): string {
  return `${location.origin}/hooks/${inbox.channel}/${inbox.id}`;
}
