import { batch, signal } from '@preact/signals';
import type { ApiKey, MadeApiKey } from '../../../shared/api-keys';
import { createApiKey, listApiKeys, revokeApiKey } from '../api/keys';
import { reasonOf } from './reason-of';
import { toast } from './toasts';

/** What keys are made for, in the words of people. The server knows more, for what has no route yet. */
export const SCOPES: { scope: string; label: string }[] = [
  { scope: 'conversations:read', label: 'See conversations and tickets' },
  { scope: 'conversations:write', label: 'Change status, give feedback' },
  { scope: 'conversations:assign', label: 'Assign conversations' },
  { scope: 'messages:read', label: 'See messages' },
  { scope: 'messages:write', label: 'Reply and write notes' },
  { scope: 'members:read', label: 'See agents' },
  { scope: 'intents:read', label: 'See and try own intents' },
  { scope: 'intents:manage', label: 'Change and train own intents' },
  { scope: 'analytics:read', label: 'See counters and accuracy' },
  { scope: 'integrations:read', label: 'See deliveries and parked messages' },
  { scope: 'integrations:manage', label: 'Retry and rebuild' },
  { scope: 'api_keys:read', label: 'See which API keys there are' },
];

const DAY_MS = 24 * 60 * 60 * 1000;

/** Null until the first answer. */
export const apiKeys = signal<ApiKey[] | null>(null);
export const keysFailed = signal(false);
export const keyFormOpen = signal(false);
/** The key that was just made: shown until it is closed, and then nowhere. */
export const madeKey = signal<MadeApiKey | null>(null);
/** The key that somebody is about to revoke. */
export const revoking = signal<ApiKey | null>(null);

export async function loadApiKeys(): Promise<void> {
  keysFailed.value = false;
  try {
    apiKeys.value = await listApiKeys();
  } catch {
    keysFailed.value = true;
  }
}

/** Leaves nothing of a key behind. */
export function leaveKeysPage(): void {
  batch(() => {
    keyFormOpen.value = false;
    madeKey.value = null;
    revoking.value = null;
  });
}

/** Throws what the form shows. `days` is how long it lives; null for ever. */
export async function makeKey(name: string, scopes: string[], days: number | null): Promise<void> {
  const expiry = days === null ? {} : { expires_at: new Date(Date.now() + days * DAY_MS).toISOString() };
  const made = await createApiKey({ name, scopes, ...expiry });
  batch(() => {
    apiKeys.value = [made.api_key, ...(apiKeys.value ?? [])];
    keyFormOpen.value = false;
    madeKey.value = made;
  });
}

export async function revoke(key: ApiKey): Promise<void> {
  try {
    await revokeApiKey(key.id);
    toast(`“${key.name}” is revoked`);
  } catch (error) {
    toast(`“${key.name}” was not revoked. ${reasonOf(error, 'Please try again.')}`, { kind: 'error' });
  }
  revoking.value = null;
  await loadApiKeys();
}

export function stateOf(key: ApiKey, nowMs: number): 'active' | 'expired' | 'revoked' {
  if (key.revoked_at) return 'revoked';
  return key.expires_at && Date.parse(key.expires_at) <= nowMs ? 'expired' : 'active';
}
