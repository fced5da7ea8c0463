// The JSON of inboxes, as docs/API.md describes it.

import type { AssistantSettings } from './assistant';
import type { Channel } from './wire';

export interface Inbox {
  id: string;
  channel: Channel;
  name: string;
  /** The public key of a widget. */
  key?: string | null;
  team_id?: string | null;
  /** The origins that may open its widget; none for any. */
  allowed_origins: string[];
  is_closed: boolean;
  /** Absent while the secret is one that nobody knows. */
  secret_set_at?: string | null;
  /** Absent where the assistant cannot answer. */
  assistant?: AssistantSettings;
}

export interface InboxChange {
  name: string;
  allowed_origins: string[];
  is_closed: boolean;
}
