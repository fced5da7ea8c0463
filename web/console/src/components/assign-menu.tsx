import type { Conversation } from '../../../shared/wire';
import { user } from '../api/session';
import { assign } from '../state/actions';
import { agents, loadAgents, presence } from '../state/desk';
import { agentFullName, agentName } from '../state/names';
import { Avatar } from './avatar';
import { Icon } from './icon';
import { Menu, MenuItem } from './menu';
import { Load, presenceWord } from './sidebar';

export function AssignMenu({ conversation }: { conversation: Conversation }) {
  const { conversation_id: id, assignee_id: assignee } = conversation;
  const name = assignee ? agentName(assignee) : '';
  const me = user.value?.id;
  return (
    <Menu
      name="Assign to"
      buttonClass="button assign"
      label={assignee ? `Assigned to ${name}. Change` : 'Assign'}
      onOpen={() => void loadAgents()}
      button={
        <>
          {assignee ? <Avatar id={assignee} name={agentFullName(assignee)} size="s" /> : <Icon name="user-plus" />}
          <span class="button-text">{assignee ? (assignee === me ? 'You' : name) : 'Assign'}</span>
          <Icon name="chevron" />
        </>
      }
    >
      {(close) => {
        const to = (agentId: string | null) => () => {
          close();
          void assign(id, agentId);
        };
        return (
          <>
            {agents.value.length === 0 && (
              <MenuItem onSelect={() => void loadAgents()}>
                <Icon name="retry" />
                The agents could not be loaded. Try again
              </MenuItem>
            )}
            {[...agents.value]
              .sort((a, b) => Number(b.id === me) - Number(a.id === me))
              .map((agent) => {
                const live = presence.value.find((other) => other.agent_id === agent.id);
                return (
                  <MenuItem key={agent.id} checked={agent.id === assignee} onSelect={to(agent.id)}>
                    <span class={`presence ${presenceWord(live)}`}>
                      <Avatar id={agent.id} name={agent.name} size="s" />
                    </span>
                    <span class="menu-text">
                      {agent.id === me ? `${agent.name} (you)` : agent.name}
                      <span class="visually-hidden">, {presenceWord(live)}</span>
                    </span>
                    <Load id={agent.id} load={live?.load ?? 0} />
                  </MenuItem>
                );
              })}
            {assignee && (
              <>
                <hr />
                <MenuItem onSelect={to(null)}>
                  <Icon name="user-off" />
                  Assign to nobody
                </MenuItem>
              </>
            )}
          </>
        );
      }}
    </Menu>
  );
}
