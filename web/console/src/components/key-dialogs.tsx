import type { ApiKey, MadeApiKey } from '../../../shared/api-keys';
import { madeKey, revoke, revoking } from '../state/api-keys';
import { Question } from './question';
import { ShownOnce } from './shown-once';

/** The only sight of a new key. Escape does not close it: what it holds cannot be brought back. */
export function NewKeyDialog({ made }: { made: MadeApiKey }) {
  return (
    <ShownOnce
      title={`“${made.api_key.name}” is ready`}
      about="Copy the key now and store it where secrets belong. It will not be shown again."
      label="API key"
      what="The key"
      value={made.key}
      done="I have stored it"
      onDone={() => {
        madeKey.value = null;
      }}
    />
  );
}

export function RevokeDialog({ apiKey }: { apiKey: ApiKey }) {
  return (
    <Question
      title={`Revoke “${apiKey.name}”?`}
      keep="Keep it"
      act="Revoke"
      acting="Revoking…"
      onCancel={() => {
        revoking.value = null;
      }}
      onAct={() => void revoke(apiKey)}
    >
      Whatever uses <code>{apiKey.prefix}…</code> stops working at once. This cannot be undone.
    </Question>
  );
}
