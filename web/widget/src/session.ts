import type { Store } from './storage.ts';

/** A visitor's place in one conversation. */
export interface Session {
  token: string;
  conversationId: string;
  /** Unix milliseconds. */
  expiresAt: number;
  inboxName: string;
}

/** The server will not open a chat, however often it is asked. */
export class Refused extends Error {
  readonly reason: RefusalReason;
  constructor(reason: RefusalReason) {
    super(reason);
    this.reason = reason;
  }
}

export type RefusalReason = 'origin' | 'inbox';

export interface SessionPorts {
  /** Where Edgedesk is, such as `https://desk.example.com`. */
  host: string;
  inboxKey: string;
  store: Store;
  fetch: typeof fetch;
  now(): number;
}

export type Sessions = ReturnType<typeof createSessions>;

const NAME = 'session';
/** A token this close to its end is renewed first. Milliseconds. */
const RENEW_BEFORE_MS = 60_000;
const TIMEOUT_MS = 15_000;

/** Keeps the visitor's session: stored per inbox, renewed with its own token so that the conversation goes on. */
export function createSessions(ports: SessionPorts) {
  const { store } = ports;

  const stored = () => store.get<Session>(NAME);

  async function request(token: string | undefined): Promise<Session> {
    const response = await ports.fetch(`${ports.host}/widget/v1/sessions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ inbox_key: ports.inboxKey, token }),
      credentials: 'omit',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const { status } = response;
    if (status === 401 && token !== undefined) return request(undefined);
    if (status === 403) throw new Refused('origin');
    // 429 and 5xx pass; any other answer of this kind says that the key is no inbox's.
    if (status >= 400 && status < 500 && status !== 408 && status !== 429) throw new Refused('inbox');
    if (!response.ok) throw new Error(`POST /widget/v1/sessions: ${status}`);
    const body = await response.json();
    const session = {
      token: body.token,
      conversationId: body.conversation_id,
      expiresAt: Date.parse(body.expires_at),
      inboxName: body.inbox_name,
    };
    store.set(NAME, session);
    return session;
  }

  return {
    /** The session of an earlier visit, if there was one; it may have ended. */
    stored,
    /**
     * A session that is good now. Throws {@link Refused}, or anything else when it is worth another try.
     *
     * @param isDoubted Whether the stored one did not work and must be shown to the server again.
     */
    async obtain(isDoubted: boolean): Promise<Session> {
      const session = stored();
      const isFresh = session !== undefined && session.expiresAt - ports.now() > RENEW_BEFORE_MS;
      return isFresh && !isDoubted ? session : request(session?.token);
    },
  };
}
