import type { Networks } from '../../../shared/security';
import { changeNetworks, readNetworks } from '../api/networks';
import { Loaded } from './loaded';
import { toast } from './toasts';

/** From where the account lets its people in. */
export const networks = new Loaded<Networks>();

export function loadNetworks(): Promise<void> {
  return networks.load(readNetworks);
}

export function leaveNetworks(): void {
  networks.value.value = null;
}

/** One network a line; empty lines count for nothing. Throws what the form shows. */
export async function saveNetworks(text: string): Promise<void> {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const saved = await changeNetworks(lines);
  networks.value.value = saved;
  toast(saved.networks.length > 0 ? 'Only these addresses get in now' : 'Every address gets in now');
}
