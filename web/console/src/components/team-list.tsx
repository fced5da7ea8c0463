import type { Team } from '../../../shared/teams';
import { deleting, editing, figures } from '../state/teams';
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
