// What a fragment of the address asks for. Nothing here knows a browser.

/** Pages beside the conversations. */
export const PAGE_WORDS = [
  'intents',
  'accuracy',
  'api-keys',
  'audit',
  'sessions',
  'security',
  'members',
  'inboxes',
  'teams',
  'roles',
  'privacy',
  'customers',
  'articles',
  'macros',
  'assistant',
  'generators',
] as const;
export type Page = (typeof PAGE_WORDS)[number];

export interface Route {
  /** The page that takes the place of list and conversation, if one does. */
  page: Page | null;
  conversationId: string | null;
  customerId: string | null;
  /** An article's id, `new`, `import`, `search` or `gaps`; null for their list. */
  article: string | null;
  /** A macro's id, or `new`; null for their list. */
  macro: string | null;
}

const NOWHERE: Route = { page: null, conversationId: null, customerId: null, article: null, macro: null };

export function routeOf(fragment: string): Route {
  const [, first = '', rest] = /^#\/([\w-]+)(?:\/([\w-]+))?$/.exec(fragment) ?? [];
  if (rest === undefined) return { ...NOWHERE, page: PAGE_WORDS.find((page) => page === first) ?? null };
  if (first === 'conversations' && isId('cnv', rest)) return { ...NOWHERE, conversationId: rest };
  if (first === 'customers' && isId('cus', rest)) return { ...NOWHERE, page: 'customers', customerId: rest };
  if (first === 'articles' && (['new', 'import', 'search', 'gaps'].includes(rest) || isId('art', rest))) {
    return { ...NOWHERE, page: 'articles', article: rest };
  }
  if (first === 'macros' && (rest === 'new' || isId('mac', rest))) return { ...NOWHERE, page: 'macros', macro: rest };
  return NOWHERE;
}

function isId(prefix: string, text: string): boolean {
  return new RegExp(`^${prefix}_[0-9A-Z]+$`, 'i').test(text);
}
