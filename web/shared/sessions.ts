// The JSON of `/api/v1/me/sessions`, as docs/API.md describes it.

export interface Session {
  id: string;
  created_at: string;
  /** When its tokens were last made new. */
  last_used_at: string;
  /** The browser in short. */
  user_agent?: string | null;
  /** The network in short. */
  network?: string | null;
  /** Whether it is this one. */
  current: boolean;
}
