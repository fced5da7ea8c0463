import type { Provider, ProviderList, ProviderStart } from '../../../shared/providers';
import type { LoginResponse } from '../../../shared/second-factor';
import type { Problem } from '../../../shared/wire';
import { inTurn, postAuth } from './auth';
import { enter, lastingOf } from './session';

// Signing in with an identity provider: its page is shown in the place of ours, and leads back here with what
// `/api/v1/auth/providers/finish` wants. Which browser it was, a cookie says that no script sees.

/** Whether the person wanted to stay signed in, while they are at the provider. */
const STAY_KEY = 'edgedesk.stay';

/** What became of a way to the provider and back. */
export type ProviderOutcome =
  | { kind: 'signed-in' }
  | { kind: 'half'; challenge: string; stay: boolean }
  | { kind: 'refused'; reason: string };

interface Returned {
  state: string;
  /** Empty when the provider sent none. */
  code: string;
}

// Read once, when the page is loaded, and gone from the address before anybody copies it.
let returned = readReturn();

/** The ways in beside a password; null when that cannot be asked. */
export async function listWaysIn(): Promise<ProviderList | null> {
  try {
    const answer = await fetch('/api/v1/auth/providers');
    return answer.ok ? ((await answer.json()) as ProviderList) : null;
  } catch {
    return null;
  }
}

/** Leaves for the provider's page. Throws what a person may be told when it cannot. */
export async function goToProvider(provider: Provider, stay: boolean): Promise<void> {
  const answer = await postAuth('providers/start', { provider: provider.id }, { csrf: null });
  if (!answer.ok) throw new Error(`${provider.name} cannot be reached right now. Please try again in a moment.`);
  const { url } = (await answer.json()) as ProviderStart;
  sessionStorage.setItem(STAY_KEY, stay ? 'yes' : 'no');
  location.assign(url);
}

/** Whether the page was opened by a provider that sends somebody back. */
export function hasReturned(): boolean {
  return returned !== null;
}

/** Ends what the way to the provider began. Throws nothing. */
export async function finishReturn(): Promise<ProviderOutcome> {
  const back = returned;
  returned = null;
  const stay = sessionStorage.getItem(STAY_KEY) === 'yes';
  sessionStorage.removeItem(STAY_KEY);
  if (!back?.code) return { kind: 'refused', reason: 'Signing in was cancelled. Please try again.' };
  try {
    const body = { state: back.state, code: back.code };
    const answer = await inTurn(() => postAuth('providers/finish', body, { lasting: lastingOf(stay) }));
    if (!answer.ok) return { kind: 'refused', reason: await reasonOf(answer) };
    const challenge = enter((await answer.json()) as LoginResponse, stay);
    return challenge ? { kind: 'half', challenge, stay } : { kind: 'signed-in' };
  } catch {
    return { kind: 'refused', reason: 'There is no connection to the server. Please try again.' };
  }
}

async function reasonOf(answer: Response): Promise<string> {
  const problem = (await answer.json().catch(() => null)) as Problem | null;
  switch (problem?.code) {
    case 'no_account':
      return 'Nobody here has this e-mail address. Please ask for an invitation.';
    case 'provider_login_failed':
      return 'That did not work. Please try to sign in again.';
    default:
      return 'Signing in is not possible right now. Please try again in a moment.';
  }
}

function readReturn(): Returned | null {
  const query = new URLSearchParams(location.search);
  const state = query.get('state');
  if (state === null || !(query.has('code') || query.has('error'))) return null;
  history.replaceState(null, '', `${location.pathname}${location.hash}`);
  return { state, code: query.get('code') ?? '' };
}
