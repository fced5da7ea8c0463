// The JSON of members, invitations and one's own accounts, as docs/API.md describes it.

import type { Role, TokenResponse } from './wire';

export interface Member {
  id: string;
  name: string;
  email: string;
  role: Role;
  /** A role of the account's own; `role` is its base then. */
  own_role?: { id: string; name: string } | null;
  since: string;
  /** Only for those who run the account, and where it is known. */
  last_seen_at?: string | null;
  /** Only for those who run the account. */
  has_second_factor?: boolean | null;
  /** While failed logins keep them from logging in; only for those who run the account. */
  locked_until?: string | null;
}

export interface Invitation {
  id: string;
  email: string;
  role: Role;
  invited_by: { id: string; name: string };
  created_at: string;
  sent_at: string;
  expires_at: string;
}

export interface SentInvitation {
  invitation: Invitation;
  /** In development, in this answer and in no other. */
  link?: string | null;
}

/** What whoever has the link sees. */
export interface InvitationOffer {
  account_name: string;
  email: string;
  role: Role;
  expires_at: string;
  has_user: boolean;
}

export interface AcceptedInvitation {
  account_id: string;
  /** For a new user. */
  tokens?: TokenResponse | null;
}

export interface OwnAccount {
  id: string;
  name: string;
  role: Role;
  current: boolean;
}

export interface OwnAccountList {
  /** By name. */
  accounts: OwnAccount[];
  /** Whether one more may be made. */
  may_create: boolean;
}

export interface NewAccount {
  account_id: string;
  /** For somebody who was no user before. */
  tokens?: TokenResponse | null;
}
