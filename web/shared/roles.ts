// The JSON of roles, as docs/API.md describes it.

import type { Role } from './wire';

export interface BuiltInRole {
  role: Role;
  permissions: string[];
}

export interface OwnRole {
  id: string;
  name: string;
  permissions: string[];
  /** The least built-in role that may all of it. */
  base: Role;
  n_members: number;
}

export interface RoleList {
  built_in: BuiltInRole[];
  roles: OwnRole[];
}
