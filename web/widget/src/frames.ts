/**
 * The JSON of the widget's socket, as far as a visitor gets to see it. The contract is `shared/wire/src/frames.rs` and
 * `shared/domain/src/event.rs`; a field that is not used here is not listed.
 */

export type Actor =
  | { kind: 'customer'; id: string; name?: string }
  | { kind: 'agent'; id: string; name: string }
  | { kind: 'external_agent'; external_id: string; name?: string }
  | { kind: 'assistant' }
  | { kind: 'system' };

export type ConversationStatus = 'active' | 'pending' | 'escalated' | 'resolved' | 'closed';

export interface Attachment {
  id: string;
  name: string;
  content_type: string;
  size_bytes: number;
}

/** Where something that the assistant says stands. */
export interface Citation {
  article_id: string;
  title: string;
}

export interface Message {
  message_id: string;
  direction: 'incoming' | 'outgoing' | 'note';
  author: Actor;
  text: string;
  attachments?: Attachment[];
  citations?: Citation[];
  client_id?: string;
}

interface Logged {
  id: string;
  /** Place in the log. A visitor sees gaps: notes and analyses are the desk's. */
  seq: number;
  conversation_id: string;
  /** RFC 3339, UTC. */
  at: string;
}

export type LoggedEvent = Logged &
  (
    | { type: 'message.created'; data: Message }
    | { type: 'conversation.read'; data: { reader: Actor; read_seq: number } }
    | {
        type: 'conversation.status_changed';
        data: { previous: ConversationStatus; current: ConversationStatus; by: Actor };
      }
    | { type: 'assistant.engaged' | 'assistant.handed_off'; data: object }
    | { type: 'conversation.created'; data: object }
  );

export type ServerFrame =
  | LoggedEvent
  | { type: 'ack'; client_id: string; seq: number; id: string; message_id: string }
  | { type: 'error'; client_id?: string; data: { code: string; detail: string } }
  | { type: 'resumed'; seq: number }
  | { type: 'typing.changed'; data: { actor: Actor; typing: boolean } };

export type ClientFrame =
  | { type: 'message.send'; client_id: string; data: { text: string; attachments: string[] | undefined } }
  | { type: 'resume'; seq: number }
  | { type: 'typing.start' }
  | { type: 'typing.stop' }
  | { type: 'read'; seq: number }
  | { type: 'assistant.hand_off' | 'assistant.solved' };

/** Stands for the text of a message that is only files. */
export const NO_TEXT = '(no text)';

/** Longest text of a message, in bytes of UTF-8. */
export const MAX_TEXT_BYTES = 100_000;

/** Sent to keep a connection open; the server answers {@link PONG} without waking the conversation. */
export const PING = 'ping';
export const PONG = 'pong';

/** A frame, or nothing when the text is none: a frame of a newer server must not break an older widget. */
export function parseFrame(text: string): ServerFrame | undefined {
  try {
    const frame: unknown = JSON.parse(text);
    if (typeof frame === 'object' && frame !== null && 'type' in frame) return frame as ServerFrame;
  } catch {
    // Falls through: not JSON.
  }
  return undefined;
}
