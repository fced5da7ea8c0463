import { batch, signal } from '@preact/signals';
import type { NewSecondFactor, SecondFactor } from '../../../shared/second-factor';
import {
  beginSecondFactor,
  confirmSecondFactor,
  getSecondFactor,
  renewRecoveryCodes,
  turnOffSecondFactor,
} from '../api/second-factor';
import { mayRunAccount } from '../api/session';
import { Loaded } from './loaded';
import { goToPage } from './router';
import { toast } from './toasts';

export const secondFactor = new Loaded<SecondFactor>();
/** The secret that is being set up: shown until it is confirmed or left, and then nowhere. */
export const enrolling = signal<NewSecondFactor | null>(null);
/** Recovery codes that were just made: shown until they are closed, and then nowhere. */
export const madeCodes = signal<string[] | null>(null);
/** What somebody is about to do, and has to show a code or the password for. */
export const asking = signal<'begin' | 'renew' | 'turn-off' | null>(null);

export function loadSecondFactor(): Promise<void> {
  return secondFactor.load(getSecondFactor);
}

/** Whoever runs an account that wants a second factor can do nothing there without: this is where they turn one on. */
export async function leadToSecondFactor(): Promise<void> {
  if (!mayRunAccount.value) return;
  await loadSecondFactor();
  if (isMissing(secondFactor.value.value)) goToPage('security');
}

export function isMissing(known: SecondFactor | null): boolean {
  return known?.required === true && !known.since;
}

/** Leaves nothing secret behind. */
export function leaveSecurityPage(): void {
  batch(() => {
    enrolling.value = null;
    madeCodes.value = null;
    asking.value = null;
    secondFactor.value.value = null;
  });
}

/** Throws what the form shows, as the others below do. */
export async function begin(password: string): Promise<void> {
  const made = await beginSecondFactor(password);
  batch(() => {
    asking.value = null;
    enrolling.value = made;
  });
}

export async function confirm(code: string): Promise<void> {
  const codes = await confirmSecondFactor(code);
  batch(() => {
    enrolling.value = null;
    madeCodes.value = codes;
  });
  await loadSecondFactor();
}

export async function renew(code: string): Promise<void> {
  const codes = await renewRecoveryCodes(code);
  batch(() => {
    asking.value = null;
    madeCodes.value = codes;
  });
  await loadSecondFactor();
}

export async function turnOff(shown: { code: string } | { password: string }): Promise<void> {
  await turnOffSecondFactor(shown);
  asking.value = null;
  toast('Signing in asks for your password alone now');
  await loadSecondFactor();
}
