import type { AssistantSettings } from '../../../shared/assistant';
import type { Inbox } from '../../../shared/inboxes';
import { mayRunAccount } from '../api/session';
import { setAssistant, switching } from '../state/assistant';
import { pageHref } from '../state/router';

/** How sure it has to be, and what that is called. */
const LEVELS: readonly (readonly [number, string])[] = [
  [0.5, 'Answers often'],
  [0.6, 'Balanced'],
  [0.8, 'Only when very sure'],
];

/** In which chats the assistant answers first. */
export function AssistantInboxes({ inboxes }: { inboxes: Inbox[] }) {
  const chats = inboxes.filter((inbox) => inbox.assistant);
  return (
    <section class="card list-card" aria-labelledby="assistant-inboxes-title">
      <header class="card-head">
        <h3 id="assistant-inboxes-title">
          Chats <span class="card-count">{chats.length}</span>
        </h3>
      </header>
      {chats.length === 0 ? (
        <p class="card-empty">
          There is no chat yet. <a href={pageHref('inboxes')}>Make an inbox</a> for your website, and the assistant can
          answer there.
        </p>
      ) : (
        <ul class="intents">
          {chats.map((inbox) => inbox.assistant && <Row key={inbox.id} inbox={inbox} settings={inbox.assistant} />)}
        </ul>
      )}
    </section>
  );
}

function Row({ inbox, settings }: { inbox: Inbox; settings: AssistantSettings }) {
  const may = mayRunAccount.value;
  const isBusy = switching.value !== null;
  const level = LEVELS.find(([value]) => value === settings.min_confidence);
  return (
    <li class="intent member">
      <div class="intent-main">
        <span class="key-name">{inbox.name}</span>
        <span class="intent-counts">{settings.is_enabled ? 'The assistant answers first' : 'People answer'}</span>
      </div>
      <label class="inline-select">
        <span class="visually-hidden">How sure the assistant has to be in {inbox.name}</span>
        <select
          value={String(settings.min_confidence)}
          disabled={!may || isBusy || !settings.is_enabled}
          onChange={(event) =>
            void setAssistant(inbox, { ...settings, min_confidence: Number(event.currentTarget.value) })
          }
        >
          {!level && (
            <option value={String(settings.min_confidence)}>
              From {Math.round(settings.min_confidence * 100)} % on
            </option>
          )}
          {LEVELS.map(([value, name]) => (
            <option key={value} value={String(value)}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <button
        type="button"
        role="switch"
        class="button"
        aria-checked={settings.is_enabled}
        aria-label={`The assistant answers first in ${inbox.name}`}
        disabled={!may || isBusy}
        onClick={() => void setAssistant(inbox, { ...settings, is_enabled: !settings.is_enabled })}
      >
        {settings.is_enabled ? 'Turn off' : 'Turn on'}
      </button>
    </li>
  );
}
