import type { Actor, Attachment, Citation, LoggedEvent } from './frames.ts';
import type { OutboxItem } from './outbox.ts';
import { WORDS } from './words.ts';

export interface MessageEntry {
  kind: 'message';
  /** Stable while a message goes from written to logged: its `client_id`, or the event's id. */
  key: string;
  seq: number;
  /** Unix milliseconds. */
  at: number;
  text: string;
  files: Attachment[] | undefined;
  /** Of the assistant's answers, where they are from. */
  citations?: Citation[] | undefined;
  /** Whether the visitor wrote it. */
  mine: boolean;
  /** The agent's name, when known. */
  author: string | undefined;
}

export interface NoteEntry {
  kind: 'resolved' | 'reopened';
  key: string;
  seq: number;
  at: number;
  author: string | undefined;
}

export type Entry = MessageEntry | NoteEntry;

export type Timeline = ReturnType<typeof createTimeline>;

/**
 * What the log says, as far as it is shown. Events may come twice and in any order (a replay and a live event overlap,
 * an ack overtakes its event); each is taken once, by `seq`.
 */
export function createTimeline() {
  let entries = new Map<number, Entry>();
  let highestSeq = 0;
  let resumeSeq = 0;
  let isReplaying = true;
  let seenSeq = 0;
  let readSeq = 0;
  let statusSeq = 0;
  let isResolved = false;
  /** `seq` of the last word on who answers: above 0 the assistant does, below it does not any more. */
  let assistantSeq = 0;

  function noted(seq: number): void {
    highestSeq = Math.max(highestSeq, seq);
    // A live event may arrive before older ones are replayed: until the replay is done, the place to resume from stays.
    if (!isReplaying) resumeSeq = highestSeq;
  }

  return {
    /** The `seq` to resume after. */
    resumeSeq: () => resumeSeq,
    /** The agents have read up to here. */
    seenSeq: () => seenSeq,
    isResolved: () => isResolved,
    /** Above 0 the assistant answers, below it did. */
    assistant: () => assistantSeq,

    /** A replay was asked for. */
    replaying(): void {
      isReplaying = true;
    },
    /** It is done. */
    resumed(seq: number): void {
      isReplaying = false;
      noted(seq);
    },

    /** Takes an event; false when there is nothing new to show. */
    apply(event: LoggedEvent): boolean {
      noted(event.seq);
      const entry = entryOf(event);
      if (event.type === 'conversation.read') {
        const { reader, read_seq } = event.data;
        if (reader.kind === 'customer') readSeq = Math.max(readSeq, read_seq);
        else seenSeq = Math.max(seenSeq, read_seq);
        return true;
      }
      if (event.type === 'conversation.status_changed' && event.seq > statusSeq) {
        statusSeq = event.seq;
        isResolved = isOver(event.data.current);
      }
      if (event.type.startsWith('assistant') && event.seq > Math.abs(assistantSeq)) {
        assistantSeq = event.type === 'assistant.engaged' ? event.seq : -event.seq;
        return true;
      }
      if (!entry) return false;
      const isNew = !entries.has(event.seq);
      entries.set(event.seq, entry);
      return isNew;
    },

    /** Takes an ack: the message is logged, whether or not its event ever arrives on this connection. */
    acked({ clientId: key, text, files, at }: OutboxItem, seq: number): void {
      if (entries.has(seq)) return;
      entries.set(seq, { kind: 'message', key, seq, at, text, files, mine: true, author: undefined });
    },

    /** By `seq`. */
    entries: (): Entry[] => [...entries.values()].sort((a, b) => a.seq - b.seq),

    /** The visitor has seen everything that is here. Returns the `seq` to tell the server, or 0 when it is not news. */
    markRead(): number {
      const newest = newestOf(entries, false);
      if (newest <= readSeq) return 0;
      readSeq = newest;
      return newest;
    },
    /** How many messages to the visitor they have not seen. */
    nUnread: () =>
      [...entries.values()].filter((entry) => entry.kind === 'message' && !entry.mine && entry.seq > readSeq).length,

    /** Another conversation begins. */
    reset(): void {
      entries = new Map();
      highestSeq = resumeSeq = seenSeq = readSeq = statusSeq = assistantSeq = 0;
      isReplaying = true;
      isResolved = false;
    },
  };
}

function newestOf(entries: Map<number, Entry>, mine: boolean): number {
  let newest = 0;
  for (const entry of entries.values()) {
    if (entry.kind === 'message' && entry.mine === mine) newest = Math.max(newest, entry.seq);
  }
  return newest;
}

function entryOf(event: LoggedEvent): Entry | undefined {
  const place = { seq: event.seq, at: Date.parse(event.at) };
  if (event.type === 'message.created' && event.data.direction !== 'note') {
    const { attachments, author, citations, client_id, direction, text } = event.data;
    return {
      ...place,
      kind: 'message',
      key: client_id ?? event.id,
      text,
      files: attachments,
      citations,
      mine: direction === 'incoming',
      author: nameOf(author),
    };
  }
  if (event.type === 'conversation.status_changed') {
    const wasOver = isOver(event.data.previous);
    const isOverNow = isOver(event.data.current);
    if (wasOver === isOverNow) return undefined;
    const kind = isOverNow ? 'resolved' : 'reopened';
    return { ...place, kind, key: event.id, author: nameOf(event.data.by) };
  }
  return undefined;
}

function isOver(status: string): boolean {
  return status === 'resolved' || status === 'closed';
}

/** The name to show for an agent or the assistant; a visitor needs none for themselves. */
export function nameOf(actor: Actor): string | undefined {
  if (actor.kind === 'assistant') return WORDS.assistant;
  return actor.kind === 'agent' || actor.kind === 'external_agent' ? actor.name : undefined;
}
