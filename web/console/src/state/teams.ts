import { batch, signal } from '@preact/signals';
import type { Team, TeamFigures } from '../../../shared/teams';
import type { Conversation } from '../../../shared/wire';
import { changeTeam, createTeam, deleteTeam, giveToTeam, listFigures, listTeams } from '../api/teams';
import { loadAgents, mergeConversations } from './desk';
import { Loaded } from './loaded';
import { reasonOf } from './reason-of';
import { toast } from './toasts';

/** The account's teams: for the page, and for their names wherever a conversation is shown. */
export const teams = new Loaded<Team[]>();
export const figures = signal<TeamFigures[]>([]);
/** The team that is being changed; `new` for one that is being made. */
export const editing = signal<Team | 'new' | null>(null);
/** The team that somebody is about to delete. */
export const deleting = signal<Team | null>(null);

export function loadTeams(): Promise<void> {
  return teams.load(listTeams);
}

/** With figures. Without them the page says less, and is there all the same. */
export async function loadTeamsPage(): Promise<void> {
  await Promise.all([
    loadTeams(),
    listFigures().then(
      (rows) => {
        figures.value = rows;
      },
      () => undefined,
    ),
  ]);
}

/** Leaves nothing for whoever signs in next. */
export function leaveTeamsPage(): void {
  batch(() => {
    figures.value = [];
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

export async function give(conversation: Conversation, teamId: string | null): Promise<void> {
  const id = conversation.conversation_id;
  try {
    mergeConversations([await giveToTeam(id, teamId)]);
    toast(teamId ? `Given to ${teamName(teamId)}` : 'Everybody sees it now');
  } catch (error) {
    toast(reasonOf(error, 'The conversation stays where it is.'), { kind: 'error' });
  }
}
