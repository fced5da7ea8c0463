// The JSON of teams and inboxes, as docs/API.md describes it.

import type { Channel } from './wire';

export interface Team {
  id: string;
  name: string;
  members: { id: string; name: string }[];
}

export interface TeamFigures {
  team_id: string;
  /** Absent when it has been deleted. */
  name?: string | null;
  open: number;
  unassigned: number;
  at_risk: number;
  resolved: number;
}

export interface Inbox {
  id: string;
  channel: Channel;
  name: string;
  key?: string | null;
  team_id?: string | null;
}
