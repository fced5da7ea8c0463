import type { Config } from './config.ts';
import type { Attachment, LoggedEvent, ServerFrame } from './frames.ts';
import { createOutbox } from './outbox.ts';
import { randomId } from './random.ts';
import { createSender } from './sender.ts';
import { createSessions, type RefusalReason } from './session.ts';
import { browserBackend, createStore } from './storage.ts';
import { createTimeline, nameOf } from './timeline.ts';
import { type Connection, createTransport } from './transport.ts';
import { createTypingNotice, createTypists } from './typing.ts';
import { WORDS } from './words.ts';

/** What there is to show. */
export interface ChatModel {
  connection: Connection | 'idle' | 'refused';
  refusal: RefusalReason | undefined;
  inboxName: string | undefined;
  isReplaying: boolean;
}

export type Chat = ReturnType<typeof createChat>;

/** One visitor's conversation: joins session, socket, log and outbox. Knows nothing of how it is shown. */
export function createChat(config: Config, changed: () => void) {
  const store = createStore(config.inboxKey, browserBackend());
  const sessions = createSessions({
    host: config.host,
    inboxKey: config.inboxKey,
    store,
    fetch: (input, init) => fetch(input, init),
    now: Date.now,
  });
  const outbox = createOutbox(store);
  const timeline = createTimeline();
  const model: ChatModel = {
    connection: 'idle',
    refusal: undefined,
    inboxName: sessions.stored()?.inboxName,
    isReplaying: false,
  };
  let conversationId = sessions.stored()?.conversationId;
  let isReading = false;

  const transport = createTransport({
    async address(isDoubted) {
      const session = await sessions.obtain(isDoubted);
      if (session.conversationId !== conversationId) timeline.reset();
      conversationId = session.conversationId;
      model.inboxName = session.inboxName;
      changed();
      return `${config.host.replace(/^http/, 'ws')}/widget/v1/socket?token=${encodeURIComponent(session.token)}`;
    },
    opened() {
      timeline.replaying();
      model.isReplaying = true;
      transport.send({ type: 'resume', seq: timeline.resumeSeq() });
    },
    frame: take,
    lost(code) {
      // 1009: what was in flight is larger than the server reads; it would be again.
      if (code === 1009) sender.refused(undefined, 'frame_too_large');
      sender.stop();
      notice.lost();
      typists.clear();
    },
    changed(connection) {
      model.connection = connection;
      model.refusal = undefined;
      changed();
    },
    refused(reason) {
      model.connection = 'refused';
      model.refusal = reason;
      console.warn(reason === 'origin' ? WORDS.warnOrigin(location.origin) : WORDS.warnInbox(config.inboxKey));
      changed();
    },
  });

  const sender = createSender({
    outbox,
    send: transport.send,
    drop: transport.drop,
    changed,
    random: Math.random,
    after,
  });
  const notice = createTypingNotice({ send: transport.send, after });
  const typists = createTypists({ changed, after });

  function take(frame: ServerFrame): void {
    switch (frame.type) {
      case 'ack': {
        const item = outbox.list().find((candidate) => candidate.clientId === frame.client_id);
        if (item) timeline.acked(item, frame.seq);
        sender.taken(frame.client_id);
        break;
      }
      case 'error':
        sender.refused(frame.client_id, frame.data.code);
        break;
      case 'resumed':
        timeline.resumed(frame.seq);
        model.isReplaying = false;
        sender.ready();
        break;
      case 'typing.changed':
        if (frame.data.actor.kind !== 'customer') {
          typists.set(nameOf(frame.data.actor) ?? model.inboxName ?? '', frame.data.typing);
        }
        break;
      default:
        if ('seq' in frame && 'at' in frame) takeEvent(frame);
    }
    read();
    // A long log is drawn once, not once an event.
    if (!model.isReplaying) changed();
  }

  function takeEvent(event: LoggedEvent): void {
    timeline.apply(event);
    if (event.type !== 'message.created') return;
    const { author, client_id, direction } = event.data;
    if (direction === 'incoming' && client_id !== undefined) sender.taken(client_id);
    if (direction === 'outgoing') typists.set(nameOf(author) ?? model.inboxName ?? '', false);
  }

  /** Says what the visitor has seen, when they can see it and the log is complete. */
  function read(): void {
    if (!isReading || model.isReplaying || model.connection !== 'open') return;
    const seq = timeline.markRead();
    if (seq > 0) transport.send({ type: 'read', seq });
  }

  // Another tab of the site wrote or sent something.
  addEventListener('storage', (event) => {
    if (event.key !== store.key('outbox')) return;
    sender.flush();
    changed();
  });

  return {
    model,
    timeline,
    pending: outbox.list,
    typing: typists.names,
    /** Whether the visitor was here before: only then may a page load cost a connection. */
    isKnown: () => sessions.stored() !== undefined || outbox.next() !== undefined,
    start: transport.start,
    wake: transport.wake,
    /** For what is asked without the socket. */
    session: () => sessions.obtain(false),
    /** To the assistant, or about it. A connection that is lost has no button. */
    tell: transport.send,
    send(text: string, files: Attachment[]): void {
      outbox.add({ clientId: randomId(), text, files, at: Date.now() });
      notice.stop();
      sender.flush();
      changed();
    },
    retry(clientId: string): void {
      outbox.retry(clientId);
      sender.flush();
      changed();
    },
    remove(clientId: string): void {
      outbox.remove(clientId);
      changed();
    },
    edited: (isEmpty: boolean) => (isEmpty ? notice.stop() : notice.wrote()),
    stopTyping: notice.stop,
    /** The messages can be seen now, or no longer. */
    setReading(value: boolean): void {
      isReading = value;
      read();
      changed();
    },
  };
}

function after(milliseconds: number, action: () => void): () => void {
  const timer = setTimeout(action, milliseconds);
  return () => clearTimeout(timer);
}
