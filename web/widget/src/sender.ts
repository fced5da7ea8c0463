import { backoff } from './backoff.ts';
import type { ClientFrame } from './frames.ts';
import type { Outbox } from './outbox.ts';

/** A socket that swallows a message for this long is taken for dead. Milliseconds. */
const ACK_TIMEOUT_MS = 10_000;
/** How often a message is tried while the server says `unavailable`. */
const MAX_TRIES = 5;

export interface SenderPorts {
  outbox: Outbox;
  send(frame: ClientFrame): void;
  /** Ends the connection, so that another is made. */
  drop(): void;
  changed(): void;
  random(): number;
  after(milliseconds: number, action: () => void): () => void;
}

export type Sender = ReturnType<typeof createSender>;

/**
 * Empties the outbox over a connection, one message at a time: the next is sent when the last is acked, so the order
 * holds whatever happens in between.
 */
export function createSender(ports: SenderPorts) {
  const { outbox } = ports;
  let isReady = false;
  let inFlight: string | undefined;
  let tries = 0;
  let cancelTimer = () => {};

  function flush(): void {
    if (!isReady || inFlight !== undefined) return;
    const item = outbox.next();
    if (!item) return;
    inFlight = item.clientId;
    cancelTimer();
    cancelTimer = ports.after(ACK_TIMEOUT_MS, ports.drop);
    const attachments = item.files?.map((file) => file.id);
    ports.send({ type: 'message.send', client_id: item.clientId, data: { text: item.text, attachments } });
  }

  function settle(clientId: string): void {
    if (inFlight !== clientId) return;
    inFlight = undefined;
    tries = 0;
    cancelTimer();
  }

  return {
    flush,
    /** The connection is open and has replayed the log: what is in it already will not be sent again. */
    ready(): void {
      isReady = true;
      flush();
    },
    /** The connection is gone; what was in flight is sent again on the next one. */
    stop(): void {
      isReady = false;
      inFlight = undefined;
      cancelTimer();
    },
    /** The message is in the log. */
    taken(clientId: string): void {
      outbox.remove(clientId);
      settle(clientId);
      flush();
    },
    /** The message was refused; without an id, the one in flight was (the server could not read so far). */
    refused(clientId: string | undefined, code: string): void {
      const refusedId = clientId ?? inFlight;
      if (refusedId === undefined) return;
      tries += 1;
      if (code === 'unavailable' && tries < MAX_TRIES) {
        cancelTimer();
        cancelTimer = ports.after(backoff(tries, ports.random()), () => {
          inFlight = undefined;
          flush();
        });
        return;
      }
      outbox.fail(refusedId, code);
      settle(refusedId);
      ports.changed();
      flush();
    },
  };
}
