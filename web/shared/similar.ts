// The JSON of similar conversations, as docs/API.md describes it.

import type { Conversation, ConversationStatus } from './wire';

/** Why two questions count as the same. */
export type Similarity = 'meaning' | 'words';

/** An open conversation that asks the same. */
export interface SimilarConversation {
  conversation_id: string;
  /** 0 to 1. */
  score: number;
  reasons: Similarity[];
  is_same_customer: boolean;
  customer_name?: string;
  ticket_number?: number;
  subject?: string;
  status: ConversationStatus;
  last_message?: Conversation['last_message'];
  created_at: string;
}

export interface SimilarAnswer {
  similar: SimilarConversation[];
}
