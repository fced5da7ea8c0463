import { signal } from '@preact/signals';
import type { AccessApplication, ZeroTrust } from '../../../shared/security';
import { readZeroTrust, turnOffZeroTrust, turnOnZeroTrust } from '../api/zero-trust';
import { Loaded } from './loaded';
import { reasonOf } from './reason-of';
import { toast } from './toasts';

/** Through what the account's people have to come. */
export const zeroTrust = new Loaded<ZeroTrust>();
/** Which of its dialogs is open. */
export const askingZeroTrust = signal<'on' | 'off' | null>(null);

export function loadZeroTrust(): Promise<void> {
  return zeroTrust.load(readZeroTrust);
}

export function leaveZeroTrust(): void {
  zeroTrust.value.value = null;
  askingZeroTrust.value = null;
}

/** Throws what the form shows. */
export async function saveZeroTrust(application: AccessApplication): Promise<void> {
  zeroTrust.value.value = await turnOnZeroTrust(application);
  askingZeroTrust.value = null;
  toast('Members come in through Cloudflare Access alone now');
}

export async function removeZeroTrust(): Promise<void> {
  try {
    await turnOffZeroTrust();
    const known = zeroTrust.value.value;
    zeroTrust.value.value = known && { ...known, application: null };
    toast('Members come in without Cloudflare Access now');
  } catch (error) {
    toast(`Nothing was changed. ${reasonOf(error, 'Please try again.')}`, { kind: 'error' });
  }
  askingZeroTrust.value = null;
}
