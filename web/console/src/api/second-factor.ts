import type { NewSecondFactor, RecoveryCodes, SecondFactor } from '../../../shared/second-factor';
import { get, post } from './http';

export async function getSecondFactor(): Promise<SecondFactor> {
  return (await get<{ second_factor: SecondFactor }>('/me/second-factor')).second_factor;
}

/** Each call makes a new secret, until one is confirmed. */
export function beginSecondFactor(password: string): Promise<NewSecondFactor> {
  return post('/me/second-factor', { password });
}

export async function confirmSecondFactor(code: string): Promise<string[]> {
  return (await post<RecoveryCodes>('/me/second-factor/confirm', { code })).recovery_codes;
}

export async function renewRecoveryCodes(code: string): Promise<string[]> {
  return (await post<RecoveryCodes>('/me/second-factor/recovery-codes', { code })).recovery_codes;
}

export function turnOffSecondFactor(shown: { code: string } | { password: string }): Promise<void> {
  return post('/me/second-factor/turn-off', shown);
}
