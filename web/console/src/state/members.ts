import { batch, signal } from '@preact/signals';
import type { Invitation, Member, SentInvitation } from '../../../shared/members';
import type { OwnRole } from '../../../shared/roles';
import type { Role } from '../../../shared/wire';
import {
  changeRole,
  changeToOwnRole,
  listInvitations,
  listMembers,
  removeMember,
  renewInvitation,
  resetSecondFactor,
  revokeInvitation,
  sendInvitation,
  unlockMember,
} from '../api/members';
import { refresh, user } from '../api/session';
import { loadAgents } from './desk';
import { Loaded } from './loaded';
import { reasonOf } from './reason-of';
import { loadRoles } from './roles';
import { toast } from './toasts';

/** All roles, the one that may least first: each may all that those before it may. */
export const ROLES: { role: Role; label: string; about: string }[] = [
  { role: 'read_only', label: 'Read only', about: 'Sees conversations, changes nothing' },
  { role: 'agent', label: 'Agent', about: 'Answers customers' },
  { role: 'manager', label: 'Manager', about: 'Leads agents, teaches intents' },
  { role: 'admin', label: 'Admin', about: 'Runs the account, with members and keys' },
  { role: 'owner', label: 'Owner', about: 'Owns the account' },
];

export const members = new Loaded<Member[]>();
export const invitations = new Loaded<Invitation[]>();
export const inviteOpen = signal(false);
/** The invitation that was just sent with its link: shown until it is closed, and then nowhere. */
export const sentLink = signal<SentInvitation | null>(null);
/** Whom somebody is about to remove. */
export const removing = signal<Member | null>(null);
/** Whose second factor somebody is about to reset. */
export const resetting = signal<Member | null>(null);
/** Whom somebody is about to let try again. */
export const unlocking = signal<Member | null>(null);
/** The invitation that somebody is about to revoke. */
export const revokingInvitation = signal<Invitation | null>(null);

export function roleLabel(role: Role): string {
  return ROLES.find((known) => known.role === role)?.label ?? role;
}

/** Roles that somebody of the role `own` may give. */
export function rolesUpTo(own: Role | undefined): typeof ROLES {
  return ROLES.slice(0, rank(own) + 1);
}

export function isAbove(role: Role, own: Role | undefined): boolean {
  return rank(role) > rank(own);
}

export function loadMembers(): Promise<unknown> {
  return Promise.all([members.load(listMembers), invitations.load(listInvitations), loadRoles()]);
}

/** Leaves nothing of a link behind, nor of these members for whoever signs in next. */
export function leaveMembersPage(): void {
  batch(() => {
    members.value.value = null;
    invitations.value.value = null;
    inviteOpen.value = false;
    sentLink.value = null;
    removing.value = null;
    resetting.value = null;
    unlocking.value = null;
    revokingInvitation.value = null;
  });
}

export async function giveRole(member: Member, role: Role): Promise<void> {
  try {
    await changeRole(member.id, role);
    toast(`${member.name} is ${withArticle(role)} now`);
  } catch (error) {
    toast(`The role of ${member.name} stays. ${reasonOf(error, 'Please try again.')}`, { kind: 'error' });
  }
  // One's own role is in the token.
  if (member.id === user.value?.id) await refresh();
  await afterChange();
}

/** Gives a role that the account defined. */
export async function giveOwnRole(member: Member, role: OwnRole): Promise<void> {
  try {
    await changeToOwnRole(member.id, role.id);
    toast(`${member.name} has the role ${role.name} now`);
  } catch (error) {
    toast(`The role of ${member.name} stays. ${reasonOf(error, 'Please try again.')}`, { kind: 'error' });
  }
  if (member.id === user.value?.id) await refresh();
  await afterChange();
}

export async function remove(member: Member): Promise<void> {
  try {
    await removeMember(member.id);
    toast(`${member.name} is no longer a member`);
  } catch (error) {
    toast(`${member.name} was not removed. ${reasonOf(error, 'Please try again.')}`, { kind: 'error' });
  }
  removing.value = null;
  await afterChange();
}

export async function resetLogin(member: Member): Promise<void> {
  try {
    await resetSecondFactor(member.id);
    toast(`${member.name} signs in with the password alone now`);
  } catch (error) {
    toast(`The second factor of ${member.name} stays. ${reasonOf(error, 'Please try again.')}`, { kind: 'error' });
  }
  resetting.value = null;
  await afterChange();
}

export async function unlock(member: Member): Promise<void> {
  try {
    await unlockMember(member.id);
    toast(`${member.name} can sign in again`);
  } catch (error) {
    toast(`${member.name} stays locked. ${reasonOf(error, 'Please try again.')}`, { kind: 'error' });
  }
  unlocking.value = null;
  await afterChange();
}

/** Throws what the form shows. */
export async function invite(email: string, role: Role): Promise<void> {
  const sent = await sendInvitation(email, role);
  inviteOpen.value = false;
  show(sent);
  await invitations.load(listInvitations);
}

export async function sendAnew(invitation: Invitation): Promise<void> {
  try {
    show(await renewInvitation(invitation.id));
  } catch (error) {
    toast(`Nothing was sent to ${invitation.email}. ${reasonOf(error, 'Please try again.')}`, { kind: 'error' });
  }
  await invitations.load(listInvitations);
}

export async function revoke(invitation: Invitation): Promise<void> {
  try {
    await revokeInvitation(invitation.id);
    toast(`The invitation of ${invitation.email} is revoked`);
  } catch (error) {
    toast(`The invitation was not revoked. ${reasonOf(error, 'Please try again.')}`, { kind: 'error' });
  }
  revokingInvitation.value = null;
  // It may have been accepted meanwhile.
  await loadMembers();
}

function show(sent: SentInvitation): void {
  if (sent.link) sentLink.value = sent;
  else toast(`An invitation is on its way to ${sent.invitation.email}`);
}

async function afterChange(): Promise<void> {
  // Who may be assigned follows.
  await Promise.all([members.load(listMembers), loadAgents()]);
}

function rank(role: Role | undefined): number {
  return ROLES.findIndex((known) => known.role === role);
}

function withArticle(role: Role): string {
  if (role === 'read_only') return 'somebody who only reads';
  return `${/^[aeiou]/.test(role) ? 'an' : 'a'} ${role}`;
}
