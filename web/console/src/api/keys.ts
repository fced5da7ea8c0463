import type { ApiKey, MadeApiKey, NewApiKey } from '../../../shared/api-keys';
import { del, get, post } from './http';

/** Those in use first, newest first. */
export async function listApiKeys(): Promise<ApiKey[]> {
  return (await get<{ api_keys: ApiKey[] }>('/api-keys')).api_keys;
}

export function createApiKey(key: NewApiKey): Promise<MadeApiKey> {
  return post('/api-keys', key);
}

export function revokeApiKey(id: string): Promise<void> {
  return del(`/api-keys/${id}`);
}
