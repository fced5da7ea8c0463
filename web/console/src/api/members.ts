import type {
  Invitation,
  InvitationOffer,
  Member,
  NewAccount,
  OwnAccountList,
  SentInvitation,
} from '../../../shared/members';
import type { Role } from '../../../shared/wire';
import { del, get, post, put } from './http';

/** By name. */
export async function listMembers(): Promise<Member[]> {
  return (await get<{ members: Member[] }>('/members')).members;
}

export function changeRole(id: string, role: Role): Promise<void> {
  return put(`/members/${id}/role`, { role });
}

/** A role of the account's own. */
export function changeToOwnRole(id: string, roleId: string): Promise<void> {
  return put(`/members/${id}/role`, { role_id: roleId });
}

export function removeMember(id: string): Promise<void> {
  return del(`/members/${id}`);
}

/** In whatever account of theirs: logins ask for the password alone, and their sessions end. */
export function resetSecondFactor(id: string): Promise<void> {
  return post(`/members/${id}/second-factor/reset`, {});
}

/** Failed logins do not keep them from logging in any more. */
export function unlockMember(id: string): Promise<void> {
  return post(`/members/${id}/unlock`, {});
}

/** Newest first. */
export async function listInvitations(): Promise<Invitation[]> {
  return (await get<{ invitations: Invitation[] }>('/invitations')).invitations;
}

export function sendInvitation(email: string, role: Role): Promise<SentInvitation> {
  return post('/invitations', { email, role });
}

export function renewInvitation(id: string): Promise<SentInvitation> {
  return post(`/invitations/${id}/renew`, {});
}

export function revokeInvitation(id: string): Promise<void> {
  return del(`/invitations/${id}`);
}

export function listOwnAccounts(): Promise<OwnAccountList> {
  return get('/me/accounts');
}

/** One more account of whoever is signed in. */
export function createAccount(name: string): Promise<NewAccount> {
  return post('/accounts', { name });
}

/** Null when the invitation is over, or never was. Takes no session. */
export async function readOffer(token: string): Promise<InvitationOffer | null> {
  // In a header: addresses are kept in logs.
  const answer = await fetch('/api/v1/auth/invitation', { headers: { 'x-invitation-token': token } });
  if (answer.status === 404) return null;
  if (!answer.ok) throw new Error('The invitation could not be read.');
  return (await answer.json()) as InvitationOffer;
}
