import { type Signal, signal } from '@preact/signals';
import { refresh } from './session';

/** `lost` means: it was open, or should be by now, and is being tried again. */
export type LiveState = 'connecting' | 'open' | 'lost' | 'closed';

interface Options<F> {
  /** A path with a fresh ticket; asked for every attempt, since a ticket opens one socket. */
  url: () => Promise<string>;
  onFrame: (frame: F) => void;
  /** `again` is false for the first time only. */
  onOpen?: (again: boolean) => void;
}

/** Close codes: the session has ended; what it may do has changed. */
const SESSION_OVER = 4001;
const RIGHTS_CHANGED = 4002;

const PING_MS = 25_000;
const PONG_MS = 8_000;
const FIRST_DELAY_MS = 400;
const LONGEST_DELAY_MS = 20_000;

/**
 * A socket that comes back: back-off doubles up to 20 s with jitter over its upper half, so that a thousand consoles do not return at the
 * same instant after a deployment. A connection that answers no ping is taken for dead: a laptop that changed its network
 * gets no close frame.
 */
export class LiveSocket<F> {
  readonly state: Signal<LiveState> = signal('connecting');
  private socket: WebSocket | null = null;
  private attempts = 0;
  private opened = false;
  private stopped = false;
  private retryTimer = 0;
  private pingTimer = 0;
  private pongTimer = 0;
  private generation = 0;

  constructor(private readonly options: Options<F>) {
    window.addEventListener('online', this.retryNow);
    window.addEventListener('offline', this.drop);
    void this.connect();
  }

  send(frame: unknown): boolean {
    if (this.socket?.readyState !== WebSocket.OPEN) return false;
    this.socket.send(JSON.stringify(frame));
    return true;
  }

  stop(): void {
    this.stopped = true;
    window.removeEventListener('online', this.retryNow);
    window.removeEventListener('offline', this.drop);
    this.letGo();
    this.state.value = 'closed';
  }

  /** Ends the wait between two attempts. */
  readonly retryNow = (): void => {
    if (this.stopped || this.state.value === 'open') return;
    this.attempts = 0;
    void this.connect();
  };

  private readonly drop = (): void => {
    if (this.stopped) return;
    this.letGo();
    this.retry();
  };

  private async connect(): Promise<void> {
    this.letGo();
    const generation = this.generation;
    let url: string;
    try {
      url = await this.options.url();
    } catch {
      if (generation === this.generation) this.retry();
      return;
    }
    if (this.stopped || generation !== this.generation) return;
    const target = new URL(url, location.href);
    target.protocol = target.protocol === 'https:' ? 'wss:' : 'ws:';
    const socket = new WebSocket(target);
    this.socket = socket;
    socket.onopen = () => {
      this.attempts = 0;
      this.state.value = 'open';
      this.pingTimer = window.setInterval(() => this.ping(), PING_MS);
      this.options.onOpen?.(this.opened);
      this.opened = true;
    };
    socket.onmessage = (message) => {
      clearTimeout(this.pongTimer);
      if (typeof message.data === 'string' && message.data !== 'pong') this.receive(message.data);
    };
    socket.onclose = ({ code }) => {
      if (generation === this.generation && !this.stopped) {
        this.letGo();
        // New tokens first: they say what we may do now, or that nobody is signed in here, and then this is stopped.
        if (code === SESSION_OVER || code === RIGHTS_CHANGED) void refresh().then(() => this.stopped || this.retry());
        else this.retry();
      }
    };
  }

  private receive(text: string): void {
    let frame: F;
    try {
      frame = JSON.parse(text) as F;
    } catch {
      return;
    }
    this.options.onFrame(frame);
  }

  private ping(): void {
    if (this.socket?.readyState !== WebSocket.OPEN) return;
    this.socket.send('ping');
    clearTimeout(this.pongTimer);
    this.pongTimer = window.setTimeout(this.drop, PONG_MS);
  }

  private retry(): void {
    this.state.value = 'lost';
    const ceiling = Math.min(FIRST_DELAY_MS * 2 ** this.attempts, LONGEST_DELAY_MS);
    this.attempts += 1;
    clearTimeout(this.retryTimer);
    this.retryTimer = window.setTimeout(() => void this.connect(), ceiling / 2 + (Math.random() * ceiling) / 2);
  }

  /** Forgets the socket; nothing it still says is heard. */
  private letGo(): void {
    this.generation += 1;
    clearTimeout(this.retryTimer);
    clearTimeout(this.pongTimer);
    clearInterval(this.pingTimer);
    const socket = this.socket;
    this.socket = null;
    if (socket) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close();
    }
  }
}
