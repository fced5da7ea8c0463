import type { Conversation } from '../../../shared/wire';
import { give, teams } from '../state/teams';
import { Icon } from './icon';
import { MenuItem } from './menu';

/** To which team a conversation goes, in the menu of the conversation. Nothing where there are no teams. */
export function TeamItems({ conversation, close }: { conversation: Conversation; close: () => void }) {
  const known = teams.value.value ?? [];
  if (known.length === 0) return null;
  const own = conversation.team_id ?? null;
  const to = (teamId: string | null) => () => {
    close();
    if (teamId !== own) void give(conversation, teamId);
  };
  return (
    <>
      <hr />
      {known.map((team) => (
        <MenuItem key={team.id} checked={team.id === own} onSelect={to(team.id)}>
          <Icon name="user" />
          Team {team.name}
        </MenuItem>
      ))}
      {own && (
        <MenuItem onSelect={to(null)}>
          <Icon name="user-off" />
          No team
        </MenuItem>
      )}
    </>
  );
}
