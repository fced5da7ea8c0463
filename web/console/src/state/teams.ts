import { batch, signal } from '@preact/signals';
import type { Inbox, Team, TeamFigures } from '../../../shared/teams';
import type { Conversation } from '../../../shared/wire';
import {
  changeTeam,
  createTeam,
  deleteTeam,
  giveToTeam,
  listFigures,
  listInboxes,
  listTeams,
  setInboxTeam,
} from '../api/teams';
import { loadAgents, mergeConversations } from './desk';
import { Loaded } from './loaded';
import { reasonOf } from './reason-of';
import { toast } from './toasts';

/** The account's teams: for the page, and for their names wherever a conversation is shown. */
export const teams = new Loaded<Team[]>();
export const figures = signal<TeamFigures[]>([]);
export const inboxes = signal<Inbox[]>([]);
/** The team that is being changed; `new` for one that is being made. */
export const editing = signal<Team | 'new' | null>(null);
/** The team that somebody is about to delete. */
export const deleting = signal<Team | null>(null);

export function loadTeams(): Promise<void> {
  return teams.load(listTeams);
}

/** With figures and inboxes. Without either the page says less, and is there all the same. */
export async function loadTeamsPage(): Promise<void> {
  await Promise.all([
    loadTeams(),
    listFigures().then(
      (rows) => {
        figures.value = rows;
      },
      () => undefined,
    ),
    listInboxes().then(
      (rows) => {
        inboxes.value = rows;
      },
      () => undefined,
    ),
  ]);
}

/** Leaves nothing for whoever signs in next. */
export function leaveTeamsPage(): void {
  batch(() => {
    figures.value = [];
    inboxes.value = [];
    editing.value = null;
    deleting.value = null;
  });
}

export function teamName(id: string): string {
  return teams.value.value?.find((team) => team.id === id)?.name ?? 'another team';
}

/** Throws what the form shows. */
export async function saveTeam(name: string, memberIds: string[]): Promise<void> {
  const team = editing.value;
  if (team === 'new') await createTeam(name, memberIds);
  else if (team) await changeTeam(team.id, name, memberIds);
  editing.value = null;
  toast(`${name} is saved`);
  await Promise.all([loadTeamsPage(), loadAgents()]);
}

export async function remove(team: Team): Promise<void> {
  try {
    await deleteTeam(team.id);
    toast(`${team.name} is deleted`);
  } catch (error) {
    toast(`${team.name} was not deleted. ${reasonOf(error, 'Please try again.')}`, { kind: 'error' });
  }
  deleting.value = null;
  await Promise.all([loadTeamsPage(), loadAgents()]);
}

export async function routeInbox(inbox: Inbox, teamId: string | null): Promise<void> {
  try {
    await setInboxTeam(inbox.id, teamId);
    toast(`New conversations of ${inbox.name} go to ${teamId ? teamName(teamId) : 'everybody'}`);
  } catch (error) {
    toast(`Nothing was changed. ${reasonOf(error, 'Please try again.')}`, { kind: 'error' });
  }
  await loadTeamsPage();
}

export async function give(conversation: Conversation, teamId: string | null): Promise<void> {
  const id = conversation.conversation_id;
  try {
    mergeConversations([await giveToTeam(id, teamId)]);
    toast(teamId ? `Given to ${teamName(teamId)}` : 'Everybody sees it now');
  } catch (error) {
    toast(reasonOf(error, 'The conversation stays where it is.'), { kind: 'error' });
  }
}
