import type { User } from '../../../shared/wire';

// What a browser remembers of a session beside its cookie: whose it is, so that a page without a connection can say so. No
// token is among it.

/** `session`: until the browser is closed. */
export type Lasting = 'session' | 'persistent';

const KEY = 'edgedesk.user';
/** Somebody signed out and the server may not have heard of it: until it has, nobody is signed in here. */
const SIGNED_OUT = 'edgedesk.signed-out';
/** Where the refresh token was before there was a cookie for it. */
const OLD_KEY = 'edgedesk.session';

export interface Remembered {
  user: User;
  lasting: Lasting;
}

export function remember(user: User, lasting: Lasting): void {
  forgetUser();
  storeOf(lasting).setItem(KEY, JSON.stringify(user));
  localStorage.removeItem(SIGNED_OUT);
}

export function remembered(): Remembered | null {
  for (const lasting of ['session', 'persistent'] as const) {
    const user = parse<User>(storeOf(lasting).getItem(KEY));
    if (user) return { user, lasting };
  }
  return null;
}

export function forgetUser(): void {
  localStorage.removeItem(KEY);
  sessionStorage.removeItem(KEY);
}

export function setSignedOut(isSignedOut: boolean): void {
  if (isSignedOut) localStorage.setItem(SIGNED_OUT, '1');
  else localStorage.removeItem(SIGNED_OUT);
}

export function isSignedOut(): boolean {
  return localStorage.getItem(SIGNED_OUT) !== null;
}

/** A refresh token of the time before the cookie. */
export function oldToken(): { refresh_token: string; lasting: Lasting } | null {
  for (const lasting of ['session', 'persistent'] as const) {
    const old = parse<{ refresh_token: string }>(storeOf(lasting).getItem(OLD_KEY));
    if (old?.refresh_token) return { refresh_token: old.refresh_token, lasting };
  }
  return null;
}

export function forgetOldToken(): void {
  localStorage.removeItem(OLD_KEY);
  sessionStorage.removeItem(OLD_KEY);
}

function storeOf(lasting: Lasting): Storage {
  return lasting === 'persistent' ? localStorage : sessionStorage;
}

function parse<T>(text: string | null): T | null {
  try {
    return text ? (JSON.parse(text) as T) : null;
  } catch {
    return null;
  }
}
