import { computed, signal } from '@preact/signals';
import type { AcceptedInvitation, NewAccount } from '../../../shared/members';
import type { LoginResponse, Shown } from '../../../shared/second-factor';
import type { Problem, Role, TokenResponse, User } from '../../../shared/wire';
import { askCsrf, csrfOf, inTurn, postAuth } from './auth';
import {
  forgetOldToken,
  forgetUser,
  isSignedOut,
  type Lasting,
  oldToken,
  remember,
  remembered,
  setSignedOut,
} from './remembered';

// Where the tokens live: the access token only in this page's memory, where a stolen copy could use it at once and it is cheap
// to get again; the refresh token in a cookie that no script reads, with which all tabs of a browser share one session.

/** Refresh this long before the access token ends, so that no request meets an expired one. */
const EARLY_MS = 30_000;
/** How soon to ask again when the server could not be asked. */
const AGAIN_MS = 5_000;

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

/** Takes up an earlier session, if the browser has one. */
export async function startSession(): Promise<void> {
  await refresh();
}

/** The second step came too late, or twice: the password is asked for again. */
export class ChallengeOver extends Error {}

/** Signs in; or, for somebody with a second factor, gives what `showCode` needs. */
export async function login(email: string, password: string, stay: boolean): Promise<string | null> {
  const answer = await inTurn(() => postAuth('login', { email, password }, { lasting: lastingOf(stay) }));
  if (!answer.ok) throw await loginError(answer);
  return enter((await answer.json()) as LoginResponse, stay);
}

export function lastingOf(stay: boolean): Lasting {
  return stay ? 'persistent' : 'session';
}

/** Begins the session of a login; or, for somebody with a second factor, gives what `showCode` needs. */
export function enter(body: LoginResponse, stay: boolean): string | null {
  if ('challenge' in body) return body.challenge;
  take(body, lastingOf(stay));
  return null;
}

/** The second step of signing in. */
export async function showCode(challenge: string, shown: Shown, stay: boolean): Promise<void> {
  const lasting = lastingOf(stay);
  const answer = await inTurn(() => postAuth('second-factor', { challenge, ...shown }, { lasting }));
  if (!answer.ok) throw await codeError(answer);
  take((await answer.json()) as TokenResponse, lasting);
}

export async function logout(): Promise<void> {
  end('');
  setSignedOut(true);
  tellTabs(null);
  await inTurn(signOut);
}

/** Ends the session that the cookie holds, and the cookie. Without a connection it is ended when the page has one again. */
async function signOut(): Promise<boolean> {
  const answer = await postAuth('logout', {}).catch(() => null);
  if (answer?.ok) setSignedOut(false);
  return answer?.ok ?? false;
}

/** Makes an account with its owner, and signs them in. Null, or why it was refused. Throws nothing. */
export async function signUp(wanted: {
  account_name: string;
  name: string;
  email: string;
  password: string;
}): Promise<string | null> {
  try {
    const lasting = lastingOf(false);
    const answer = await inTurn(() => postAuth('sign-up', wanted, { lasting }));
    if (answer.ok) {
      const { tokens } = (await answer.json()) as NewAccount;
      if (tokens) take(tokens, lasting);
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
    const lasting = remembered()?.lasting ?? 'session';
    // Whoever was signed in here before is not any more, if this signs somebody in.
    const answer = await inTurn(() => postAuth('invitation', { token, name, password }, { lasting }));
    if (answer.status === 404 || answer.status === 409) return { kind: 'changed' };
    if (answer.status === 401) return { kind: 'refused', reason: 'That is not your password. Please try again.' };
    if (answer.status === 422)
      return { kind: 'refused', reason: 'Please choose another name, or a longer or a shorter password.' };
    if (!answer.ok) return { kind: 'refused', reason: (await loginError(answer)).message };
    const accepted = (await answer.json()) as AcceptedInvitation;
    if (!accepted.tokens) return { kind: 'joined', accountId: accepted.account_id };
    take(accepted.tokens, lasting);
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
      const answer = await postAuth('switch', { account_id: accountId }, { accessToken });
      if (answer.ok) {
        const tokens = (await answer.json()) as TokenResponse;
        onLeave();
        take(tokens, remembered()?.lasting ?? 'session');
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
  if (isSignedOut()) {
    end('');
    if (!(await signOut())) schedule(AGAIN_MS);
    return false;
  }
  try {
    const renewed = await renew();
    if (!renewed) {
      end(user.value ? OVER : '');
      return false;
    }
    const { answer, lasting } = renewed;
    if (answer.ok) {
      take((await answer.json()) as TokenResponse, lasting);
      return true;
    }
    if (answer.status === 401) {
      end(OVER);
      tellTabs(null);
      return false;
    }
    const reason = await wayRefused(answer);
    if (reason) {
      showLogin(reason);
      return false;
    }
  } catch {
    // No network: the session may well be good.
  }
  // Keep what we have and try again; the pages show that they are not connected.
  const known = remembered();
  user.value = known?.user ?? null;
  sessionState.value = known ? 'in' : 'out';
  schedule(AGAIN_MS);
  return false;
}

const OVER = 'Your session has ended. Please sign in again.';

/** Asks for new tokens. Null when there is no session in this browser. */
async function renew(): Promise<{ answer: Response; lasting: Lasting } | null> {
  const lasting = remembered()?.lasting ?? 'session';
  const asked = await askCsrf();
  if (!asked.ok) return { answer: asked, lasting };
  const csrf = await csrfOf(asked);
  const old = oldToken();
  if (csrf) {
    // A session of the time before the cookie, and another in the cookie: one is enough.
    if (old && (await postAuth('logout', { refresh_token: old.refresh_token }, { csrf })).ok) forgetOldToken();
    return { answer: await postAuth('refresh', {}, { csrf }), lasting };
  }
  if (!old) return null;
  // A session of the time before the cookie goes on in one.
  const answer = await postAuth('refresh', { refresh_token: old.refresh_token }, { csrf, lasting: old.lasting });
  if (answer.ok || answer.status === 401) forgetOldToken();
  return { answer, lasting: old.lasting };
}

function take(tokens: TokenResponse, lasting: Lasting): void {
  const isAnother = user.value !== null && !isSame(user.value, tokens.user);
  accessToken = tokens.access_token;
  remember(tokens.user, lasting);
  tellTabs(tokens.user);
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
  forgetUser();
  showLogin(notice);
}

/** The session may be a good one: it goes on when the page is opened in a way that the account allows. */
function showLogin(notice: string): void {
  accessToken = '';
  clearTimeout(timer);
  user.value = null;
  sessionNotice.value = notice;
  sessionState.value = 'out';
}

const WAYS: Record<string, string> = {
  address_not_allowed: 'This account is not open to the network that you are in.',
  zero_trust_required:
    'This account is open through its Cloudflare Access application alone. Please come in through it.',
};

/** Why somebody is refused who comes in another way than the account allows; null when that is not it. */
async function wayRefused(answer: Response): Promise<string | null> {
  if (answer.status !== 403) return null;
  const problem = (await answer.json().catch(() => null)) as Problem | null;
  return WAYS[problem?.code ?? ''] ?? null;
}

function schedule(delayMs: number): void {
  clearTimeout(timer);
  timer = window.setTimeout(() => void refresh(), delayMs);
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
  return new Error((await wayRefused(answer)) ?? 'Signing in is not possible right now. Please try again in a moment.');
}

async function codeError(answer: Response): Promise<Error> {
  if (answer.status !== 401) return loginError(answer);
  const problem = (await answer.json().catch(() => null)) as Problem | null;
  if (problem?.code !== 'invalid_code') return new ChallengeOver('That took too long. Please sign in again.');
  return new Error('That code is not right, or it has been used. Please try the next one.');
}

const tabs = new BroadcastChannel('edgedesk.session');

/** Tabs share a session: whose it is now, or that it is over. */
function tellTabs(whose: User | null): void {
  tabs.postMessage(whose);
}

// Signing out in one tab signs out all of them.
tabs.onmessage = ({ data }: MessageEvent<User | null>) => {
  if (!user.value) return;
  if (!data) end('');
  else if (!isSame(user.value, data)) startAnew();
};
