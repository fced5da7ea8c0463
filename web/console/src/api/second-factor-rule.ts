import type { SecondFactorRule } from '../../../shared/security';
import { get, put } from './http';

export function readSecondFactorRule(): Promise<SecondFactorRule> {
  return get('/security/second-factor');
}

export function changeSecondFactorRule(required: boolean): Promise<SecondFactorRule> {
  return put('/security/second-factor', { required });
}
