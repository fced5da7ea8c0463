import { useEffect } from 'preact/hooks';
import { mayLead } from '../api/session';
import { Page, PageSkeleton } from '../components/page';
import { Failed } from '../components/states';
import { DeleteTeamDialog, TeamDialog } from '../components/team-dialogs';
import { TeamList } from '../components/team-list';
import { deleting, editing, leaveTeamsPage, loadTeamsPage, teams } from '../state/teams';

/** Who answers what: agents see their own conversations, their teams' and those of no team. */
export function Teams() {
  const may = mayLead.value;
  useEffect(() => {
    if (may) void loadTeamsPage();
    return leaveTeamsPage;
  }, [may]);
  const team = editing.value;
  return (
    <Page title="Teams" lead="Agents see their own conversations, those of their teams, and those of no team.">
      {may ? <Lists /> : <p class="page-note">Managers and above keep the teams.</p>}
      {team && <TeamDialog key={team === 'new' ? 'new' : team.id} team={team === 'new' ? null : team} />}
      {deleting.value && <DeleteTeamDialog team={deleting.value} />}
    </Page>
  );
}

function Lists() {
  const known = teams.value.value;
  if (known) {
    return <TeamList teams={known} />;
  }
  if (teams.state.value !== 'failed') return <PageSkeleton what="teams" />;
  return (
    <Failed
      title="Teams could not be loaded"
      detail="Nothing has changed. Please try again."
      onRetry={() => void loadTeamsPage()}
    />
  );
}
