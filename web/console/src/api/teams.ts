import type { Team, TeamFigures } from '../../../shared/teams';
import type { Conversation } from '../../../shared/wire';
import { del, get, post, put } from './http';

/** By name. */
export async function listTeams(): Promise<Team[]> {
  return (await get<{ teams: Team[] }>('/teams')).teams;
}

export async function listFigures(): Promise<TeamFigures[]> {
  return (await get<{ teams: TeamFigures[] }>('/teams/figures')).teams;
}

export function createTeam(name: string, memberIds: string[]): Promise<Team> {
  return post('/teams', { name, member_ids: memberIds });
}

export function changeTeam(id: string, name: string, memberIds: string[]): Promise<Team> {
  return put(`/teams/${id}`, { name, member_ids: memberIds });
}

export function deleteTeam(id: string): Promise<void> {
  return del(`/teams/${id}`);
}

/** Null gives it to no team. */
export async function giveToTeam(id: string, teamId: string | null): Promise<Conversation> {
  const body = { team_id: teamId };
  return (await post<{ conversation: Conversation }>(`/conversations/${id}/team`, body)).conversation;
}
