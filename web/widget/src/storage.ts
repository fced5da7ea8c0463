/** What the widget keeps between page loads. */
export interface Store {
  get<T>(name: string): T | undefined;
  set(name: string, value: unknown): void;
  remove(name: string): void;
  /** The full key of a name, to recognise another tab's `storage` events. */
  key(name: string): string;
}

/** The part of `Storage` that is used. */
export type Backend = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

/**
 * A store of one inbox's values. Where the browser blocks or fills up `localStorage`, values live in memory: the chat
 * then works until the page is left.
 */
export function createStore(inboxKey: string, backend: Backend | undefined): Store {
  const memory = new Map<string, string>();
  const key = (name: string) => `edgedesk:${inboxKey}:${name}`;

  return {
    key,
    get<T>(name: string): T | undefined {
      const text = memory.get(name) ?? attempt(() => backend?.getItem(key(name)));
      // Another script of the page may have written anything here.
      return text ? attempt(() => JSON.parse(text) as T) : undefined;
    },
    set(name, value) {
      const text = JSON.stringify(value);
      const isKept = attempt(() => {
        backend?.setItem(key(name), text);
        return backend !== undefined;
      });
      if (isKept) memory.delete(name);
      else memory.set(name, text);
    },
    remove(name) {
      memory.delete(name);
      attempt(() => backend?.removeItem(key(name)));
    },
  };
}

/** `localStorage`, or nothing where even looking at it throws (blocked cookies, sandboxed frames). */
export function browserBackend(): Backend | undefined {
  return attempt(() => window.localStorage);
}

function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}
