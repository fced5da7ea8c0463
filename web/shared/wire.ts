// The JSON of `/api/v1` and of agents' sockets, as the crates `edgedesk-wire` and `edgedesk-domain` define it.
// The widget has its own few shapes: it must stay tiny and sees only public events.

import type { HandOffReason } from './assistant';
import type { Feedback, FeedbackField } from './learning';
import type { Citation, Draft, SuggestionDecided } from './suggestions';

export type ConversationStatus = 'active' | 'pending' | 'escalated' | 'resolved' | 'closed';
export type Channel = 'widget' | 'zendesk';
export type Priority = 'low' | 'normal' | 'high' | 'urgent';
export type Direction = 'incoming' | 'outgoing' | 'note';
export type Role = 'read_only' | 'agent' | 'manager' | 'admin' | 'owner';
export type Trend = 'improving' | 'stable' | 'declining';
export type SentimentLabel = 'very_negative' | 'negative' | 'neutral' | 'positive' | 'very_positive';

/** Risk above which the platform logs `escalation.detected` (`RISK_ALERT` in the domain crate). */
export const RISK_ALERT = 0.7;

export interface User {
  id: string;
  account_id: string;
  name: string;
  email: string;
  role: Role;
}

export interface TokenResponse {
  access_token: string;
  /** Seconds. */
  expires_in: number;
  user: User;
}

export type Actor =
  | { kind: 'customer'; id: string; name?: string }
  | { kind: 'agent'; id: string; name: string }
  | { kind: 'external_agent'; external_id: string; name?: string }
  | { kind: 'assistant' }
  | { kind: 'system' };

export interface Scored {
  label: string;
  score: number;
}

/** A part of a message's text, in Unicode code points (as `[...text]` counts them), the end exclusive. */
export interface Span {
  start: number;
  end: number;
}

export interface Reason {
  code: string;
  text: string;
  weight: number;
  spans?: Span[];
}

export type EntityKind = 'order_number' | 'amount' | 'date' | 'email' | 'phone' | 'product' | 'url';

export interface Entity extends Span {
  kind: EntityKind;
  text: string;
  /** A form for machines, such as `EUR 49.90`. */
  value?: string;
}

export interface Intent {
  primary: string;
  confidence: number;
  secondary: Scored[];
  /** question, complaint, request, compliment or statement. */
  act?: Scored;
  own?: { intent_id: string; name: string; confidence: number; version: number };
}

export interface Sentiment {
  polarity: 'negative' | 'neutral' | 'positive';
  label: SentimentLabel;
  confidence: number;
  /** -1 to 1. */
  score: number;
  trend: Trend;
}

export interface Analysis {
  sentiment: Sentiment;
  emotions: Scored[];
  intent?: Intent;
  categories?: { category: string; score: number }[];
  priority?: { level: Priority; reasons: Reason[] };
  urgency?: { score: number; reasons: Reason[] };
  language?: { code: string; confidence: number };
  entities?: Entity[];
  escalation_risk: number;
  confidence: number;
  handling?: 'automatic' | 'suggested' | 'person';
  reasons: Reason[];
  model: { id: string; version: string };
  elapsed_ms: number;
}

export interface Conversation {
  conversation_id: string;
  account_id: string;
  inbox_id: string;
  channel: Channel;
  external_id?: string;
  seq: number;
  customer_id: string;
  customer_name?: string;
  customer_email?: string;
  subject?: string;
  status: ConversationStatus;
  external_status?: string;
  priority?: Priority;
  assignee_id?: string | null;
  /** Absent for none: then it is everybody's. */
  team_id?: string | null;
  ticket_number?: number;
  n_messages: number;
  n_unread: number;
  agent_read_seq: number;
  customer_read_seq: number;
  last_message?: { text: string; direction: Direction; at: string };
  sentiment?: Sentiment;
  escalation_risk: number;
  escalation_alerted: boolean;
  /** Absent where the assistant never was. */
  assistant?: { standing: 'answering' | 'handed_off' | 'idle'; since: string; n_answers: number };
  moods: { seq: number; score: number; risk: number }[];
  unanalyzed: { seq: number; message_id: string; failures: number }[];
  created_at: string;
  first_reply_at?: string;
  waiting_since?: string;
  resolved_at?: string;
  updated_at: string;
}

export interface ConversationList {
  conversations: Conversation[];
  next_cursor?: string | null;
}

/** Stands for the text of a message that is only files. */
export const NO_TEXT = '(no text)';

/** A file of a message. */
export interface Attachment {
  id: string;
  name: string;
  content_type: string;
  size_bytes: number;
}

export interface Message {
  message_id: string;
  direction: Direction;
  author: Actor;
  text: string;
  attachments?: Attachment[];
  /** Where what the assistant states stands. */
  citations?: Citation[];
  client_id?: string;
  external_id?: string;
  sent_at?: string;
}

export interface MessageView extends Message {
  conversation_id: string;
  seq: number;
  at: string;
  analysis?: Analysis;
}

export interface MessageList {
  messages: MessageView[];
  next_after_seq?: number | null;
}

export interface Agent {
  id: string;
  name: string;
  role: Role;
  max_load: number;
  teams: string[];
}

export interface AgentPresence {
  agent_id: string;
  name: string;
  online: boolean;
  away: boolean;
  load: number;
}

export interface Counters {
  open: number;
  waiting: number;
  unassigned: number;
  at_risk: number;
  resolved: number;
  first_response_mean_ms?: number;
}

export interface Problem {
  title: string;
  status: number;
  code: string;
  detail?: string;
  request_id: string;
  errors?: { pointer: string; detail: string }[];
}

interface Logged<T extends string, D> {
  type: T;
  id: string;
  seq: number;
  conversation_id: string;
  at: string;
  data: D;
}

/** An entry of a conversation's log, which is also the frame that its sockets get. */
export type LoggedEvent =
  | Logged<'conversation.created', { channel: Channel; customer_name?: string; subject?: string }>
  | Logged<'conversation.status_changed', { previous: ConversationStatus; current: ConversationStatus; by: Actor }>
  | Logged<'conversation.assigned', { previous?: string | null; current?: string | null; by: Actor }>
  | Logged<'conversation.team_changed', { previous?: string | null; current?: string | null; by: Actor }>
  | Logged<'conversation.read', { reader: Actor; read_seq: number }>
  | Logged<'message.created', Message>
  | Logged<'message.analyzed', { message_id: string; message_seq: number; analysis: Analysis }>
  | Logged<'analysis.failed', { message_id: string; message_seq: number; failures: number; gave_up: boolean }>
  | Logged<'analysis.corrected', { message_id: string; message_seq: number } & Omit<Feedback, 'id' | 'at'>>
  | Logged<
      'analysis.correction_withdrawn',
      { message_id: string; message_seq: number; field: FeedbackField; by: Actor }
    >
  | Logged<'escalation.detected', { message_id: string; risk: number; reasons: Reason[] }>
  | Logged<'assistant.engaged', { min_confidence: number }>
  | Logged<'assistant.handed_off', { reason: HandOffReason; by: Actor }>
  | Logged<'draft.created', Draft>
  | Logged<'suggestion.decided', SuggestionDecided>
  | Logged<'ticket.opened', { ticket_id: string; number: number }>
  | Logged<'ticket.updated', { status?: string; priority?: Priority }>
  | Logged<'customer.updated', { name?: string; email?: string; subject?: string }>
  | Logged<'provider_event.received', { event_type: string }>;

/** Everything else that a conversation's socket sends. */
export type ConversationFrame =
  | LoggedEvent
  | { type: 'ack'; client_id: string; seq: number; id: string; message_id: string }
  | { type: 'error'; client_id?: string; data: { code: string; detail: string } }
  | { type: 'resumed'; seq: number }
  | { type: 'typing.changed'; conversation_id: string; data: { actor: Actor; typing: boolean } }
  | { type: 'viewers.changed'; conversation_id: string; data: { agents: Actor[] } };

/** What the desk's socket sends. */
export type DeskFrame =
  | { type: 'conversation.updated'; conversation_id: string; seq: number; data: Conversation }
  | { type: 'conversation.withdrawn'; conversation_id: string }
  | { type: 'counters.changed'; data: Counters }
  | { type: 'presence.changed'; data: { agents: AgentPresence[] } }
  | { type: 'joined'; room: string }
  | { type: 'error'; data: { code: string; detail: string } };
