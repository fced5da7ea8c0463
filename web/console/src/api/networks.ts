import type { Networks } from '../../../shared/security';
import { get, put } from './http';

export function readNetworks(): Promise<Networks> {
  return get('/security/networks');
}

export function changeNetworks(networks: string[]): Promise<Networks> {
  return put('/security/networks', { networks });
}
