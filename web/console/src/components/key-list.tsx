import type { ApiKey } from '../../../shared/api-keys';
import { keyFormOpen, revoking, SCOPES, stateOf } from '../state/api-keys';
import { fullTime, now } from '../state/clock';
import { Icon } from './icon';
import { Empty } from './states';

export function KeyList({ keys }: { keys: ApiKey[] }) {
  if (keys.length === 0) return <NoKeys />;
  return (
    <section class="card list-card" aria-labelledby="keys-title">
      <header class="card-head">
        <h3 id="keys-title">
          Keys <span class="card-count">{keys.filter((key) => !key.revoked_at).length}</span>
        </h3>
        <NewKeyButton>New API key</NewKeyButton>
      </header>
      <ul class="intents">
        {keys.map((key) => (
          <KeyRow key={key.id} apiKey={key} />
        ))}
      </ul>
    </section>
  );
}

function KeyRow({ apiKey }: { apiKey: ApiKey }) {
  const state = stateOf(apiKey, now.value);
  return (
    <li class={`intent api-key ${state}`}>
      <div class="intent-main">
        <span class="key-name">{apiKey.name}</span>
        <span class="intent-counts">
          <code>{apiKey.prefix}…</code> · {apiKey.scopes.map(labelOf).join(', ')}
        </span>
        <span class="intent-counts">
          Made {fullTime(apiKey.created_at)}
          {apiKey.created_by.name && ` by ${apiKey.created_by.name}`} ·{' '}
          {apiKey.last_used_at ? `last used ${fullTime(apiKey.last_used_at)}` : 'never used'}
          {state === 'active' && apiKey.expires_at && ` · ends ${fullTime(apiKey.expires_at)}`}
        </span>
      </div>
      {state !== 'active' && <span class="intent-recall none">{state === 'revoked' ? 'Revoked' : 'Expired'}</span>}
      {state !== 'revoked' && (
        <button
          type="button"
          class="button ghost danger"
          aria-label={`Revoke “${apiKey.name}”`}
          onClick={() => {
            revoking.value = apiKey;
          }}
        >
          Revoke
        </button>
      )}
    </li>
  );
}

function NoKeys() {
  return (
    <section class="card list-card" aria-label="Keys">
      <Empty icon="key" title="Let a machine in">
        <p class="empty-text">
          A key lets a script or another system use the API: only for what you choose, until it ends or you revoke it.
        </p>
        <NewKeyButton>Make your first API key</NewKeyButton>
      </Empty>
    </section>
  );
}

function NewKeyButton({ children }: { children: string }) {
  return (
    <button
      type="button"
      class="button primary"
      onClick={() => {
        keyFormOpen.value = true;
      }}
    >
      <Icon name="plus" />
      {children}
    </button>
  );
}

function labelOf(scope: string): string {
  return SCOPES.find((known) => known.scope === scope)?.label.toLowerCase() ?? scope;
}
