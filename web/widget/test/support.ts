import type { ClientFrame, LoggedEvent } from '../src/frames.ts';
import type { Backend } from '../src/storage.ts';

export function memoryBackend(): Backend {
  const values = new Map<string, string>();
  return {
    getItem: (key) => values.get(key) ?? null,
    setItem: (key, value) => void values.set(key, value),
    removeItem: (key) => void values.delete(key),
  };
}

/** Timers that ring when told to. */
export function manualTimers() {
  const timers: { milliseconds: number; action: () => void }[] = [];
  return {
    timers,
    after(milliseconds: number, action: () => void): () => void {
      const timer = { milliseconds, action };
      timers.push(timer);
      return () => {
        const index = timers.indexOf(timer);
        if (index >= 0) timers.splice(index, 1);
      };
    },
    /** Rings the only timer. */
    ring(): void {
      const timer = timers.shift();
      if (!timer || timers.length > 0) throw new Error('expected exactly one timer');
      timer.action();
    },
  };
}

/** The texts of messages that were sent, in order. */
export function texts(frames: ClientFrame[]): string[] {
  return frames.flatMap((frame) => (frame.type === 'message.send' ? [frame.data.text] : []));
}

const AGENT = { kind: 'agent', id: 'usr_1', name: 'Mia' } as const;
const CUSTOMER = { kind: 'customer', id: 'cus_1' } as const;

const logged = (seq: number) => ({
  id: `evt_${seq}`,
  seq,
  conversation_id: 'cnv_1',
  at: new Date(1_700_000_000_000 + seq * 1000).toISOString(),
});

export const events = {
  incoming: (seq: number, text: string, client_id?: string): LoggedEvent => ({
    ...logged(seq),
    type: 'message.created',
    data: {
      message_id: `msg_${seq}`,
      direction: 'incoming',
      author: CUSTOMER,
      text,
      ...(client_id && { client_id }),
    },
  }),
  outgoing: (seq: number, text: string): LoggedEvent => ({
    ...logged(seq),
    type: 'message.created',
    data: { message_id: `msg_${seq}`, direction: 'outgoing', author: AGENT, text },
  }),
  read: (seq: number, reader: 'agent' | 'customer', read_seq: number): LoggedEvent => ({
    ...logged(seq),
    type: 'conversation.read',
    data: { reader: reader === 'agent' ? AGENT : CUSTOMER, read_seq },
  }),
  status: (seq: number, previous: 'active' | 'resolved', current: 'active' | 'resolved'): LoggedEvent => ({
    ...logged(seq),
    type: 'conversation.status_changed',
    data: { previous, current, by: AGENT },
  }),
};
