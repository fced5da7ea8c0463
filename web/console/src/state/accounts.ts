import { signal } from '@preact/signals';
import type { OwnAccount } from '../../../shared/members';
import { createAccount, listOwnAccounts } from '../api/members';
import { switchAccount, user } from '../api/session';
import { forgetWriting } from './forget-writing';
import { finishMacroRemovals } from './macros';
import { finishRemovals } from './own-intents';
import { toast } from './toasts';

/** Those of whoever is signed in, by name. Empty until they are known. */
export const ownAccounts = signal<OwnAccount[]>([]);
/** Whether they may make one more. */
export const mayCreateAccount = signal(false);
/** Whether the question is open what a new one is called. */
export const creatingAccount = signal(false);

export async function loadOwnAccounts(): Promise<void> {
  const me = user.value?.id;
  try {
    const list = await listOwnAccounts();
    if (user.value?.id !== me) return;
    ownAccounts.value = list.accounts;
    mayCreateAccount.value = list.may_create;
  } catch {
    // The menu offers no other account then; it asks again when it is opened.
  }
}

/** They are not those of whoever signs in next. */
export function forgetOwnAccounts(): void {
  ownAccounts.value = [];
  mayCreateAccount.value = false;
  creatingAccount.value = false;
}

/** Makes an account and goes on in it. Throws what the form shows. */
export async function makeAccount(name: string): Promise<void> {
  const made = await createAccount(name);
  creatingAccount.value = false;
  await goToAccount({ id: made.account_id, name });
}

/** Goes on in another account. The page starts anew, so that nothing of this one is left in it. */
export async function goToAccount(account: { id: string; name: string }): Promise<void> {
  // While the token is good: what was deleted here waits for its "Undo".
  await Promise.all([finishRemovals(), finishMacroRemovals()]);
  const done = await switchAccount(account.id, () => {
    forgetWriting();
  });
  if (!done) toast(`${account.name} could not be opened. Please try again.`, { kind: 'error' });
}
