import type { Lasting } from './remembered';

// Requests that open, renew and end a session. The refresh token is in a cookie that no script reads; beside it goes a token
// that only a page of ours can have, so that no other site can send one of these in somebody's name.

export interface AuthOptions {
  /** Asks for the cookie: until the browser is closed, or for 30 days. Who has one keeps one of its kind. */
  lasting?: Lasting;
  accessToken?: string;
  /** Instead of asking for it. */
  csrf?: string | null;
}

/** The answer that says whether this browser has a session's cookie, and gives what goes beside it. */
export function askCsrf(): Promise<Response> {
  return fetch('/api/v1/auth/csrf');
}

export async function csrfOf(answer: Response): Promise<string | null> {
  return ((await answer.json()) as { csrf_token: string | null }).csrf_token;
}

/** Posts to such a route, in turn with other tabs. What asking for the token was answered with instead, if that was no success. */
export async function postAuth(path: string, body: unknown, options: AuthOptions = {}): Promise<Response> {
  let { csrf } = options;
  if (csrf === undefined) {
    const asked = await askCsrf();
    if (!asked.ok) return asked;
    csrf = await csrfOf(asked);
  }
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  if (csrf) headers['x-csrf-token'] = csrf;
  if (options.lasting) headers['x-session-cookie'] = options.lasting;
  if (options.accessToken) headers.authorization = `Bearer ${options.accessToken}`;
  // A page that is left must not lose the cookie that the answer brings.
  return fetch(`/api/v1/auth/${path}`, { method: 'POST', headers, body: JSON.stringify(body), keepalive: true });
}

/** One tab after the other: of two with the same refresh token, the second would look like a thief. */
export function inTurn<T>(work: () => Promise<T>): Promise<T> {
  return navigator.locks ? navigator.locks.request('edgedesk.refresh', work) : work();
}
