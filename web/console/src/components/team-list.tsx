import type { Inbox, Team } from '../../../shared/teams';
import { mayRunAccount } from '../api/session';
import { deleting, editing, figures, inboxes, routeInbox, teams } from '../state/teams';
import { Icon } from './icon';

export function TeamList({ teams }: { teams: Team[] }) {
  return (
    <section class="card list-card" aria-labelledby="teams-title">
      <header class="card-head">
        <h3 id="teams-title">
          Teams <span class="card-count">{teams.length}</span>
        </h3>
        <button
          type="button"
          class="button primary"
          onClick={() => {
            editing.value = 'new';
          }}
        >
          <Icon name="plus" />
          New team
        </button>
      </header>
      {teams.length === 0 ? (
        <p class="card-empty">Without teams, everybody sees every conversation.</p>
      ) : (
        <ul class="intents">
          {teams.map((team) => (
            <TeamRow key={team.id} team={team} />
          ))}
        </ul>
      )}
    </section>
  );
}

function TeamRow({ team }: { team: Team }) {
  const row = figures.value.find((figure) => figure.team_id === team.id);
  return (
    <li class="intent member">
      <div class="intent-main">
        <span class="key-name">{team.name}</span>
        <span class="intent-counts">{team.members.map((member) => member.name).join(', ') || 'Nobody yet'}</span>
        {row && (
          <span class="intent-counts">
            {row.open} open · {row.unassigned} unassigned · {row.at_risk} at risk · {row.resolved} resolved
          </span>
        )}
      </div>
      <button
        type="button"
        class="button ghost icon-only"
        aria-label={`Change ${team.name}`}
        title={`Change ${team.name}`}
        onClick={() => {
          editing.value = team;
        }}
      >
        <Icon name="pencil" />
      </button>
      <button
        type="button"
        class="button ghost danger icon-only"
        aria-label={`Delete ${team.name}`}
        title={`Delete ${team.name}`}
        onClick={() => {
          deleting.value = team;
        }}
      >
        <Icon name="trash" />
      </button>
    </li>
  );
}

/** Which team gets what comes in by which inbox. For those who run the account. */
export function InboxRoutes() {
  if (!mayRunAccount.value || inboxes.value.length === 0) return null;
  return (
    <section class="card list-card" aria-labelledby="routes-title">
      <header class="card-head">
        <h3 id="routes-title">Inboxes</h3>
      </header>
      <ul class="intents">
        {inboxes.value.map((inbox) => (
          <RouteRow key={inbox.id} inbox={inbox} />
        ))}
      </ul>
    </section>
  );
}

function RouteRow({ inbox }: { inbox: Inbox }) {
  return (
    <li class="intent member">
      <div class="intent-main">
        <span class="key-name">{inbox.name}</span>
        <span class="intent-counts">{inbox.channel === 'widget' ? 'Chat widget' : 'Zendesk'}</span>
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
    </li>
  );
}
