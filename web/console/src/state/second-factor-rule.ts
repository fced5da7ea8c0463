import { signal } from '@preact/signals';
import type { SecondFactorRule } from '../../../shared/security';
import { changeSecondFactorRule, readSecondFactorRule } from '../api/second-factor-rule';
import { Loaded } from './loaded';
import { reasonOf } from './reason-of';
import { loadSecondFactor } from './second-factor';
import { toast } from './toasts';

/** Whether the account wants a second factor of whoever runs it. */
export const secondFactorRule = new Loaded<SecondFactorRule>();
/** Whether somebody is about to ask for it, or to do without. */
export const changingRule = signal(false);

export function loadSecondFactorRule(): Promise<void> {
  return secondFactorRule.load(readSecondFactorRule);
}

export function leaveSecondFactorRule(): void {
  secondFactorRule.value.value = null;
  changingRule.value = false;
}

export async function changeRule(required: boolean): Promise<void> {
  try {
    secondFactorRule.value.value = await changeSecondFactorRule(required);
    toast(required ? 'Whoever runs the account needs a second factor now' : 'Second factors are up to each person now');
  } catch (error) {
    toast(`Nothing was changed. ${reasonOf(error, 'Please try again.')}`, { kind: 'error' });
  }
  changingRule.value = false;
  // One's own card says whether it is required.
  await loadSecondFactor();
}
