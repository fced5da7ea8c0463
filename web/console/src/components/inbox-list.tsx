import type { Inbox } from '../../../shared/inboxes';
import { connecting, editingInbox, routeInbox, settingSecret } from '../state/inboxes';
import { teams } from '../state/teams';
import { Icon } from './icon';

export function InboxList({ inboxes }: { inboxes: Inbox[] }) {
  return (
    <section class="card list-card" aria-labelledby="inboxes-title">
      <header class="card-head">
        <h3 id="inboxes-title">
          Inboxes <span class="card-count">{inboxes.length}</span>
        </h3>
        <button
          type="button"
          class="button primary"
          onClick={() => {
            editingInbox.value = 'new';
          }}
        >
          <Icon name="plus" />
          New inbox
        </button>
      </header>
      {inboxes.length === 0 ? (
        <p class="card-empty">No inbox yet: make one, and customers can write to you.</p>
      ) : (
        <ul class="intents">
          {inboxes.map((inbox) => (
            <InboxRow key={inbox.id} inbox={inbox} />
          ))}
        </ul>
      )}
    </section>
  );
}

function InboxRow({ inbox }: { inbox: Inbox }) {
  const isWidget = inbox.channel === 'widget';
  return (
    <li class="intent member">
      <div class="intent-main">
        <span class="key-name">
          {inbox.name}
          {inbox.is_closed && <span class="pill">Closed</span>}
        </span>
        <span class="intent-counts">
          {isWidget ? `Chat on your website · ${whereOf(inbox)}` : `Zendesk · ${secretOf(inbox)}`}
        </span>
      </div>
      <label class="inline-select">
        <span class="visually-hidden">Team of {inbox.name}</span>
        <select
          value={inbox.team_id ?? ''}
          onChange={(event) => void routeInbox(inbox, event.currentTarget.value || null)}
        >
          <option value="">Everybody</option>
          {(teams.value.value ?? []).map((team) => (
            <option key={team.id} value={team.id}>
              {team.name}
            </option>
          ))}
        </select>
      </label>
      <button
        type="button"
        class="button"
        aria-label={`Connect ${inbox.name}`}
        onClick={() => {
          connecting.value = inbox;
        }}
      >
        Connect
      </button>
      {!isWidget && (
        <button
          type="button"
          class="button ghost icon-only"
          aria-label={`Set the signing secret of ${inbox.name}`}
          title={`Set the signing secret of ${inbox.name}`}
          onClick={() => {
            settingSecret.value = inbox;
          }}
        >
          <Icon name="key" />
        </button>
      )}
      <button
        type="button"
        class="button ghost icon-only"
        aria-label={`Change ${inbox.name}`}
        title={`Change ${inbox.name}`}
        onClick={() => {
          editingInbox.value = inbox;
        }}
      >
        <Icon name="pencil" />
      </button>
    </li>
  );
}

function whereOf(inbox: Inbox): string {
  const [first, ...others] = inbox.allowed_origins;
  if (!first) return 'on any page';
  return others.length === 0 ? first : `${first} and ${others.length} more`;
}

function secretOf(inbox: Inbox): string {
  return inbox.secret_set_at ? 'signing secret is set' : 'waits for its signing secret';
}
