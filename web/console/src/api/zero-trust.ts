import type { AccessApplication, ZeroTrust } from '../../../shared/security';
import { del, get, put } from './http';

export function readZeroTrust(): Promise<ZeroTrust> {
  return get('/security/zero-trust');
}

export function turnOnZeroTrust(application: AccessApplication): Promise<ZeroTrust> {
  return put('/security/zero-trust', application);
}

export function turnOffZeroTrust(): Promise<void> {
  return del('/security/zero-trust');
}
