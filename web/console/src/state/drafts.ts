// What was typed and not sent, per conversation and kind. Kept in `localStorage`, so that a closed tab loses nothing.

export type ComposerMode = 'reply' | 'note';

function key(conversationId: string, mode: ComposerMode): string {
  return `edgedesk.draft.${mode}.${conversationId}`;
}

export function readDraft(conversationId: string, mode: ComposerMode): string {
  try {
    return localStorage.getItem(key(conversationId, mode)) ?? '';
  } catch {
    return '';
  }
}

export function writeDraft(conversationId: string, mode: ComposerMode, text: string): void {
  try {
    if (text) localStorage.setItem(key(conversationId, mode), text);
    else localStorage.removeItem(key(conversationId, mode));
  } catch {
    // A full or blocked storage must not stop somebody from writing.
  }
}

/** The suggestion that a reply is made of. */
export interface Origin {
  id: string;
  title: string;
}

const originKey = (conversationId: string) => `edgedesk.draft.origin.${conversationId}`;

export function readOrigin(conversationId: string): Origin | null {
  try {
    const { id, title } = JSON.parse(localStorage.getItem(originKey(conversationId)) ?? 'null') ?? {};
    return typeof id === 'string' && typeof title === 'string' ? { id, title } : null;
  } catch {
    return null;
  }
}

export function writeOrigin(conversationId: string, origin: Origin | null): void {
  try {
    if (origin) localStorage.setItem(originKey(conversationId), JSON.stringify(origin));
    else localStorage.removeItem(originKey(conversationId));
  } catch {
    // As with the text.
  }
}

/** Drafts belong to who wrote them: signing out removes them. */
export function forgetDrafts(): void {
  for (const name of Object.keys(localStorage)) {
    if (name.startsWith('edgedesk.draft.')) localStorage.removeItem(name);
  }
}
