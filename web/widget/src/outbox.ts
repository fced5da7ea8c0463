import type { Attachment } from './frames.ts';
import type { Store } from './storage.ts';

/** A message that is not known to be in the log yet. */
export interface OutboxItem {
  clientId: string;
  text: string;
  /** Uploaded files that go with it. */
  files?: Attachment[];
  /** When it was written, in Unix milliseconds. */
  at: number;
  /** The server's code for why it was refused; such an item waits for the visitor. */
  failed?: string;
}

export type Outbox = ReturnType<typeof createOutbox>;

const NAME = 'outbox';

/**
 * Messages in the order they were written, kept until the server has acked them. Every change reads the stored list
 * first, since two tabs of a site share it. An item keeps its `clientId` through retries and reloads, so a message that
 * is sent twice is logged once.
 */
export function createOutbox(store: Store) {
  function list(): OutboxItem[] {
    const items = store.get<unknown>(NAME);
    return Array.isArray(items) ? items.filter(isItem) : [];
  }

  function change(edit: (items: OutboxItem[]) => OutboxItem[]): void {
    const items = edit(list());
    if (items.length > 0) store.set(NAME, items);
    else store.remove(NAME);
  }

  function edit(clientId: string, failed: string | undefined): void {
    change((items) =>
      items.map((item) => {
        if (item.clientId !== clientId) return item;
        const { failed: _, ...rest } = item;
        return failed === undefined ? rest : { ...rest, failed };
      }),
    );
  }

  return {
    list,
    /** The oldest item that was not refused. */
    next: () => list().find((item) => item.failed === undefined),
    add: (item: OutboxItem) => change((items) => [...items, item]),
    remove: (clientId: string) => change((items) => items.filter((item) => item.clientId !== clientId)),
    fail: (clientId: string, code: string) => edit(clientId, code),
    retry: (clientId: string) => edit(clientId, undefined),
  };
}

function isItem(value: unknown): value is OutboxItem {
  const item = value as Partial<OutboxItem> | null;
  return typeof item?.clientId === 'string' && typeof item.text === 'string' && typeof item.at === 'number';
}
