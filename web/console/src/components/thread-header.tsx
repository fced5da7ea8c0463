import type { RefObject } from 'preact';
import type { Actor, Conversation } from '../../../shared/wire';
import { mayWrite } from '../api/session';
import { setStatus, toggleResolved } from '../state/actions';
import { actorName } from '../state/names';
import { closeConversation } from '../state/router';
import { closeSources } from '../state/sources';
import { loadTeams } from '../state/teams';
import type { Thread } from '../state/thread';
import { detailsOpen, wideDetails } from '../state/ui';
import { closeWhy } from '../state/why';
import { AssignMenu } from './assign-menu';
import { Avatar } from './avatar';
import { Icon } from './icon';
import { Menu, MenuItem } from './menu';
import { StatusPill } from './status-pill';
import { TeamItems } from './team-items';

interface Props {
  thread: Thread;
  conversation: Conversation | undefined;
  name: string;
  heading: RefObject<HTMLHeadingElement | null>;
}

export function ThreadHeader({ thread, conversation, name, heading }: Props) {
  return (
    <header class="thread-head">
      <button
        type="button"
        class="button ghost icon-only back"
        aria-label="Back to the list"
        onClick={closeConversation}
      >
        <Icon name="back" />
      </button>
      <div class="thread-who">
        <h2 id="thread-title" ref={heading} tabIndex={-1}>
          {conversation ? name : 'Loading…'}
          {conversation?.ticket_number !== undefined && (
            <span class="thread-number">#{conversation.ticket_number}</span>
          )}
        </h2>
        {conversation && (
          <p class="thread-subject">
            <StatusPill status={conversation.status} assistant={conversation.assistant} />
            {conversation.subject && <span class="thread-subject-text">{conversation.subject}</span>}
          </p>
        )}
      </div>
      <Viewers agents={thread.viewers.value} />
      {conversation && (
        <div class="thread-actions">
          {mayWrite.value && (
            <>
              <AssignMenu conversation={conversation} />
              <ResolveButton conversation={conversation} />
              <MoreMenu conversation={conversation} />
            </>
          )}
          {!wideDetails.value && (
            <button
              type="button"
              class="button ghost icon-only"
              aria-label="Details"
              title="Details"
              aria-expanded={detailsOpen.value}
              onClick={() => {
                closeWhy(false);
                closeSources(false);
                detailsOpen.value = !detailsOpen.value;
              }}
            >
              <Icon name="info" />
            </button>
          )}
        </div>
      )}
    </header>
  );
}

/** Two people answering the same customer is what this prevents. */
function Viewers({ agents }: { agents: Actor[] }) {
  if (agents.length === 0) return <div class="viewers" role="status" />;
  const names = agents.map(actorName).join(', ');
  return (
    <div class="viewers" role="status" title={`${names} also viewing`}>
      <Icon name="eye" />
      {agents.slice(0, 3).map((agent) => (
        <Avatar key={actorId(agent)} id={actorId(agent)} name={actorName(agent)} size="s" />
      ))}
      <span class="viewers-text">
        <span class="visually-hidden">{names} </span>also viewing
      </span>
    </div>
  );
}

export function actorId(actor: Actor): string {
  return actor.kind === 'customer' || actor.kind === 'agent'
    ? actor.id
    : actor.kind === 'external_agent'
      ? actor.external_id
      : actor.kind;
}

function ResolveButton({ conversation }: { conversation: Conversation }) {
  if (conversation.status === 'closed') return null;
  const resolved = conversation.status === 'resolved';
  return (
    <button
      type="button"
      class={`button resolve ${resolved ? '' : 'primary'}`}
      aria-keyshortcuts="e"
      title={resolved ? 'Reopen (E)' : 'Resolve (E)'}
      onClick={() => toggleResolved(conversation)}
    >
      <Icon name={resolved ? 'undo' : 'check'} />
      <span class="button-text">{resolved ? 'Reopen' : 'Resolve'}</span>
    </button>
  );
}

function MoreMenu({ conversation }: { conversation: Conversation }) {
  const { conversation_id: id, status } = conversation;
  if (status === 'closed') return null;
  return (
    <Menu
      name="More actions"
      label="More actions"
      buttonClass="button ghost icon-only"
      onOpen={() => void loadTeams()}
      button={<Icon name="more" />}
    >
      {(close) => {
        const act = (run: () => void) => () => {
          close();
          run();
        };
        return (
          <>
            {status !== 'escalated' && (
              <MenuItem onSelect={act(() => void setStatus(id, 'escalated'))}>
                <Icon name="escalate" />
                Escalate
              </MenuItem>
            )}
            {(status === 'active' || status === 'escalated') && (
              <MenuItem onSelect={act(() => void setStatus(id, 'pending'))}>
                <Icon name="pause" />
                Set to pending
              </MenuItem>
            )}
            {status !== 'active' && (
              <MenuItem onSelect={act(() => void setStatus(id, 'active'))}>
                <Icon name="undo" />
                {status === 'resolved' ? 'Reopen' : 'Set to active'}
              </MenuItem>
            )}
            <TeamItems conversation={conversation} close={close} />
            <hr />
            <MenuItem danger onSelect={act(() => void setStatus(id, 'closed'))}>
              <Icon name="close" />
              Close for good
            </MenuItem>
          </>
        );
      }}
    </Menu>
  );
}
