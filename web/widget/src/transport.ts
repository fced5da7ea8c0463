import { backoff, CAP_MS } from './backoff.ts';
import { type ClientFrame, PING, PONG, parseFrame, type ServerFrame } from './frames.ts';
import { type RefusalReason, Refused } from './session.ts';

/** Between two keep-alives. Milliseconds. */
const PING_MS = 25_000;
/** A connection on which this many keep-alives went unanswered is dropped. */
const MAX_MISSED = 2;
/** How long a connection may take to open. Milliseconds. */
const OPEN_TIMEOUT_MS = 10_000;

export type Connection = 'connecting' | 'open' | 'waiting';

export interface TransportPorts {
  /** The socket's address. Throws {@link Refused} when there will never be one. */
  address(isDoubted: boolean): Promise<string>;
  opened(): void;
  frame(frame: ServerFrame): void;
  /** The connection is gone; another is on its way. `code` is the socket's close code, 0 when it was dropped here. */
  lost(code: number): void;
  changed(connection: Connection): void;
  refused(reason: RefusalReason): void;
}

export type Transport = ReturnType<typeof createTransport>;

/** One socket that is made again, with back-off, whenever it is lost. */
export function createTransport(ports: TransportPorts) {
  let socket: WebSocket | undefined;
  let isStarted = false;
  let isBusy = false;
  let isDoubted = false;
  let attempts = 0;
  let nMissed = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let pings: ReturnType<typeof setInterval> | undefined;

  async function connect(): Promise<void> {
    if (socket || isBusy) return;
    clearTimeout(timer);
    isBusy = true;
    ports.changed('connecting');
    try {
      listen(new WebSocket(await ports.address(isDoubted)));
    } catch (error) {
      if (error instanceof Refused) {
        isStarted = false;
        ports.refused(error.reason);
      } else {
        retry();
      }
    } finally {
      isBusy = false;
    }
  }

  function listen(opening: WebSocket): void {
    socket = opening;
    // Unless it opens, the token may be to blame: a browser does not say why a socket was not opened.
    isDoubted = true;
    timer = setTimeout(drop, OPEN_TIMEOUT_MS);
    opening.onopen = () => {
      clearTimeout(timer);
      isDoubted = false;
      nMissed = 0;
      pings = setInterval(ping, PING_MS);
      ports.changed('open');
      ports.opened();
    };
    opening.onmessage = ({ data }: MessageEvent<unknown>) => {
      nMissed = 0;
      const frame = typeof data === 'string' && data !== PONG && parseFrame(data);
      if (!frame) return;
      // Only a connection that has brought something counts as working: one that is refused right after it opened is
      // backed off from.
      if (frame.type !== 'error') attempts = 0;
      ports.frame(frame);
    };
    opening.onclose = ({ code }) => {
      // 1008 and the codes of applications: the server ended it on purpose, so the session is shown to it again.
      if (code === 1008 || code >= 4000) isDoubted = true;
      forget(code);
    };
  }

  function ping(): void {
    if (nMissed >= MAX_MISSED) {
      drop();
    } else if (socket?.readyState === WebSocket.OPEN) {
      nMissed += 1;
      socket.send(PING);
    }
  }

  /** Gives the socket up without waiting for its closing handshake, which a dead network never finishes. */
  function drop(): void {
    const dropped = socket;
    if (!dropped) return;
    dropped.onopen = dropped.onmessage = dropped.onclose = null;
    dropped.close();
    forget(0);
  }

  function forget(code: number): void {
    clearInterval(pings);
    clearTimeout(timer);
    socket = undefined;
    ports.lost(code);
    retry();
  }

  function retry(): void {
    ports.changed('waiting');
    // The browser says when it is online again, and may be wrong about being offline: then a slow retry finds out.
    timer = setTimeout(connect, navigator.onLine ? backoff(attempts, Math.random()) : CAP_MS);
    attempts += 1;
  }

  addEventListener('online', wake);
  addEventListener('offline', drop);
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') wake();
  });

  /** Something changed for the better: do not wait any longer, and find out whether an open socket still lives. */
  function wake(): void {
    if (!isStarted) return;
    if (socket) {
      ping();
    } else {
      attempts = 0;
      void connect();
    }
  }

  return {
    /** Connects, and stays connected from now on. */
    start(): void {
      if (isStarted) return;
      isStarted = true;
      void connect();
    },
    wake,
    drop,
    /** Sends a frame; one that cannot be sent now is lost, like everything else on a connection that ends. */
    send(frame: ClientFrame): void {
      if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(frame));
    },
  };
}
