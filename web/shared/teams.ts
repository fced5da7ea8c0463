// The JSON of teams, as docs/API.md describes it.

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
