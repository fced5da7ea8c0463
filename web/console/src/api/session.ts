import { computed, signal } from '@preact/signals';
import type { AcceptedInvitation, NewAccount } from '../../../shared/members';
import type { LoginResponse, Shown } from '../../../shared/second-factor';
import type { Problem, Role, TokenResponse, User } from '../../../shared/wire';

// Where the tokens live:
// - The access token only in memory: it is what a stolen copy could use at once, and it is cheap to get again.
// - The refresh token in `localStorage` when the person stays signed in on this device, else in `sessionStorage`, which
//   ends with the tab. A cookie would be safer against injected scripts, but the API takes bearer tokens and no cookies,
//   so that no request can be forged from another site; the Content-Security-Policy keeps foreign scripts out, and each
//   refresh token is good for one use, so that a copy shows itself.
const KEY = 'edgedesk.session';
/** Refresh this long before the access token ends, so that no request meets an expired one. */
const EARLY_MS = 30_000;

interface Stored {
  refresh_token: string;
  user: User;
}

export type SessionState = 'starting' | 'out' | 'in';

export const user = signal<User | null>(null);
export const sessionState = signal<SessionState>('starting');
/** Why the login page is shown, when the person did not ask for it. */
export const sessionNotice = signal('');
export const mayWrite = computed(() => user.value !== null && user.value.role !== ('read_only' satisfies Role));
/** Who may see API keys and the audit log; the server decides again. */
export const mayRunAccount = computed(() => user.value?.role === 'admin' || user.value?.role === 'owner');

/** Who sees every conversation, and keeps the teams. */
export const mayLead = computed(() => mayRunAccount.value || user.value?.role === 'manager');

let accessToken = '';
let timer = 0;
let refreshing: Promise<boolean> | null = null;

export function bearer(): string {
  return accessToken;
}

/** Takes up an earlier session, if one is stored. */
export async function startSession(): Promise<void> {
  if (!readStored()) {
    sessionState.value = 'out';
    return;
  }
  await refresh();
}

/** The second step came too late, or twice: the password is asked for again. */
export class ChallengeOver extends Error {}

/** Signs in; or, for somebody with a second factor, gives what `showCode` needs. */
export async function login(email: string, password: string, stay: boolean): Promise<string | null> {
  const answer = await postAuth('login', { email, password });
  if (!answer.ok) throw await loginError(answer);
  return enter((await answer.json()) as LoginResponse, stay);
}

/** Begins the session of a login; or, for somebody with a second factor, gives what `showCode` needs. */
export function enter(body: LoginResponse, stay: boolean): string | null {
  if ('challenge' in body) return body.challenge;
  take(body, stay ? localStorage : sessionStorage);
  return null;
}

/** The second step of signing in. */
export async function showCode(challenge: string, shown: Shown, stay: boolean): Promise<void> {
  const answer = await postAuth('second-factor', { challenge, ...shown });
  if (!answer.ok) throw await codeError(answer);
  take((await answer.json()) as TokenResponse, stay ? localStorage : sessionStorage);
}

export async function logout(): Promise<void> {
  const stored = readStored();
  end('');
  if (stored) {
    // The server forgets the token as well; offline, ending it here must do.
    await postAuth('logout', { refresh_token: stored.refresh_token }).catch(() => undefined);
  }
}

/** Makes an account with its owner, and signs them in. Null, or why it was refused. Throws nothing. */
export async function signUp(wanted: {
  account_name: string;
  name: string;
  email: string;
  password: string;
}): Promise<string | null> {
  try {
    const answer = await postAuth('sign-up', wanted);
    if (answer.ok) {
      const { tokens } = (await answer.json()) as NewAccount;
      if (tokens) take(tokens, sessionStorage);
      return null;
    }
    if (answer.status === 409) return 'Somebody with this e-mail address is here already. Please sign in.';
    if (answer.status === 403) return 'New accounts are not made here. Ask for an invitation.';
    if (answer.status === 422) {
      const problem = (await answer.json().catch(() => null)) as Problem | null;
      return problem?.errors?.some((error) => error.pointer === '/email')
        ? 'Please enter an e-mail address.'
        : 'Please choose another name, or a longer or a shorter password.';
    }
    return (await loginError(answer)).message;
  } catch {
    return 'There is no connection to the server. Please try again.';
  }
}

export type AcceptOutcome =
  | { kind: 'signed-in' }
  /** Who was a user before signs in as always. */
  | { kind: 'joined'; accountId: string }
  /** The offer is not what it was: read it again. */
  | { kind: 'changed' }
  | { kind: 'refused'; reason: string };

/** Accepts an invitation: as a new user of this name, or as the user who has the address. Throws nothing. */
export async function acceptInvitation(token: string, name: string | null, password: string): Promise<AcceptOutcome> {
  try {
    const answer = await postAuth('invitation', { token, name, password });
    if (answer.status === 404 || answer.status === 409) return { kind: 'changed' };
    if (answer.status === 401) return { kind: 'refused', reason: 'That is not your password. Please try again.' };
    if (answer.status === 422)
      return { kind: 'refused', reason: 'Please choose another name, or a longer or a shorter password.' };
    if (!answer.ok) return { kind: 'refused', reason: (await loginError(answer)).message };
    const accepted = (await answer.json()) as AcceptedInvitation;
    if (!accepted.tokens) return { kind: 'joined', accountId: accepted.account_id };
    const before = readStored();
    // Somebody else was signed in here: two at once would be a muddle.
    if (before) await postAuth('logout', { refresh_token: before.refresh_token }).catch(() => undefined);
    take(accepted.tokens, before ? storeOf() : sessionStorage);
    return { kind: 'signed-in' };
  } catch {
    return { kind: 'refused', reason: 'There is no connection to the server. Please try again.' };
  }
}

/**
 * Goes on in another account of the same person; `onLeave` is called before the page starts anew. False, and nothing has
 * changed, when it was refused.
 */
export async function switchAccount(accountId: string, onLeave: () => void): Promise<boolean> {
  const go = () =>
    // No refresh in between: the session of before ends with this.
    inTurn(async () => {
      const headers = { authorization: `Bearer ${accessToken}`, 'content-type': 'application/json' };
      const body = JSON.stringify({ account_id: accountId });
      const answer = await fetch('/api/v1/auth/switch', { method: 'POST', headers, body });
      if (answer.ok) {
        const tokens = (await answer.json()) as TokenResponse;
        onLeave();
        take(tokens, storeOf());
      }
      return answer;
    });
  try {
    let answer = await go();
    if (answer.status === 401 && (await refresh())) answer = await go();
    return answer.ok;
  } catch {
    return false;
  }
}

/**
 * Gets a new access token. False when the session is over; throws nothing. Calls at the same time share one request,
 * and tabs take turns, since a refresh token is good for one use.
 */
export function refresh(): Promise<boolean> {
  refreshing ??= inTurn(refreshNow).finally(() => {
    refreshing = null;
  });
  return refreshing;
}

async function refreshNow(): Promise<boolean> {
  const stored = readStored();
  if (!stored) {
    end('');
    return false;
  }
  try {
    const answer = await postAuth('refresh', { refresh_token: stored.refresh_token });
    if (answer.ok) {
      take((await answer.json()) as TokenResponse, storeOf());
      return true;
    }
    if (answer.status === 401 || answer.status === 403) {
      end('Your session has ended. Please sign in again.');
      return false;
    }
  } catch {
    // No network: the session may well be good.
  }
  // Keep what we have and try again; the pages show that they are not connected.
  user.value = stored.user;
  sessionState.value = 'in';
  schedule(5_000);
  return false;
}

function take(tokens: TokenResponse, store: Storage): void {
  const isAnother = user.value !== null && !isSame(user.value, tokens.user);
  accessToken = tokens.access_token;
  const other = store === localStorage ? sessionStorage : localStorage;
  other.removeItem(KEY);
  store.setItem(KEY, JSON.stringify({ refresh_token: tokens.refresh_token, user: tokens.user } satisfies Stored));
  if (isAnother) {
    startAnew();
    return;
  }
  user.value = tokens.user;
  sessionNotice.value = '';
  sessionState.value = 'in';
  schedule(Math.max(tokens.expires_in * 1000 - EARLY_MS, 5_000));
}

/** Whether what is in this page's memory may be shown on. */
function isSame(one: User, other: User): boolean {
  return one.id === other.id && one.account_id === other.account_id;
}

/** Somebody else, or another account, goes on here: nothing that is in this page's memory may be seen by them. */
function startAnew(): void {
  clearTimeout(timer);
  accessToken = '';
  user.value = null;
  sessionState.value = 'starting';
  history.replaceState(null, '', `${location.pathname}#/`);
  location.reload();
}

function end(notice: string): void {
  accessToken = '';
  clearTimeout(timer);
  localStorage.removeItem(KEY);
  sessionStorage.removeItem(KEY);
  user.value = null;
  sessionNotice.value = notice;
  sessionState.value = 'out';
}

function schedule(delayMs: number): void {
  clearTimeout(timer);
  timer = window.setTimeout(() => void refresh(), delayMs);
}

function storeOf(): Storage {
  return sessionStorage.getItem(KEY) ? sessionStorage : localStorage;
}

function readStored(): Stored | null {
  try {
    const text = sessionStorage.getItem(KEY) ?? localStorage.getItem(KEY);
    return text ? (JSON.parse(text) as Stored) : null;
  } catch {
    return null;
  }
}

/** Posts to a route that opens or ends a session. */
export function postAuth(path: string, body: unknown): Promise<Response> {
  return fetch(`/api/v1/auth/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

async function loginError(answer: Response): Promise<Error> {
  // Which of the two was wrong is never said: that would tell strangers who has an account.
  if (answer.status === 401 || answer.status === 400 || answer.status === 422) {
    return new Error('That e-mail address and password do not match. Please try again.');
  }
  if (answer.status === 429) {
    const minutes = Math.ceil(Number(answer.headers.get('retry-after') ?? '60') / 60) || 1;
    const when = minutes === 1 ? 'in a minute' : `in ${minutes} minutes`;
    return new Error(`Too many attempts. Please try again ${when}.`);
  }
  return new Error('Signing in is not possible right now. Please try again in a moment.');
}

async function codeError(answer: Response): Promise<Error> {
  if (answer.status !== 401) return loginError(answer);
  const problem = (await answer.json().catch(() => null)) as Problem | null;
  if (problem?.code !== 'invalid_code') return new ChallengeOver('That took too long. Please sign in again.');
  return new Error('That code is not right, or it has been used. Please try the next one.');
}

/** Runs `work` while no other tab does. Web Locks need a secure context; without one, tabs may race. */
function inTurn<T>(work: () => Promise<T>): Promise<T> {
  return navigator.locks ? navigator.locks.request('edgedesk.refresh', work) : work();
}

// Signing out in one tab signs out all of them.
window.addEventListener('storage', (event) => {
  if (event.key !== KEY || !user.value || sessionStorage.getItem(KEY)) return;
  const stored = readStored();
  if (!stored) end('');
  // Another tab has gone to another account, and its tokens are this one's too.
  else if (!isSame(user.value, stored.user)) startAnew();
});
