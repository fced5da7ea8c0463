import type { ClientFrame } from './frames.ts';

type After = (milliseconds: number, action: () => void) => () => void;

/** A visitor who wrote nothing for this long is not typing any more. Milliseconds. */
const PAUSE_MS = 4_000;
/** An agent of whom nothing more is heard is taken to have stopped: their `typing.stop` may have been lost. */
const EXPIRE_MS = 15_000;

/** Tells the agents that the visitor is typing: once when it begins, once when it ends. */
export function createTypingNotice(ports: { send(frame: ClientFrame): void; after: After }) {
  let isTyping = false;
  let cancel = () => {};

  function stop(): void {
    cancel();
    if (isTyping) ports.send({ type: 'typing.stop' });
    isTyping = false;
  }

  return {
    stop,
    wrote(): void {
      cancel();
      cancel = ports.after(PAUSE_MS, stop);
      if (!isTyping) ports.send({ type: 'typing.start' });
      isTyping = true;
    },
    /** The connection is gone, and with it what was said on it. */
    lost(): void {
      cancel();
      isTyping = false;
    },
  };
}

/** Who types to the visitor. */
export function createTypists(ports: { changed(): void; after: After }) {
  const typists = new Map<string, () => void>();

  function set(name: string, isTyping: boolean): void {
    typists.get(name)?.();
    typists.delete(name);
    if (!isTyping) return;
    const cancel = ports.after(EXPIRE_MS, () => {
      typists.delete(name);
      ports.changed();
    });
    typists.set(name, cancel);
  }

  return {
    set,
    names: () => [...typists.keys()],
    clear(): void {
      for (const name of typists.keys()) set(name, false);
    },
  };
}
