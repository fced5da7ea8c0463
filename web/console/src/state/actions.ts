import type { Conversation, ConversationStatus } from '../../../shared/wire';
import { changeAssignee, changeStatus } from '../api/endpoints';
import { ApiError } from '../api/http';
import { user } from '../api/session';
import { agents, conversations, mergeConversations } from './desk';
import { agentFullName, agentName, customerName } from './names';
import { reasonOf } from './reason-of';
import { toast } from './toasts';

const STATUS_SAID: Record<ConversationStatus, string> = {
  active: 'reopened',
  pending: 'set to pending',
  escalated: 'escalated',
  resolved: 'resolved',
  closed: 'closed',
};

/** Changes the status, says so, and offers the way back where there is one. */
export async function setStatus(id: string, status: ConversationStatus): Promise<void> {
  const before = conversations.value.get(id);
  if (!before || before.status === status) return;
  try {
    mergeConversations([await changeStatus(id, status)]);
    const back = wayBack(before.status, status);
    const action = back ? { label: 'Undo', run: () => void undoStatus(id, back) } : undefined;
    toast(`${customerName(before)}: ${STATUS_SAID[status]}`, { action });
  } catch (error) {
    toast(reasonOf(error, 'The status was not changed.'), { kind: 'error' });
  }
}

/** What undoing sets. Closing has no way back, and a resolved conversation cannot become pending again. */
function wayBack(from: ConversationStatus, to: ConversationStatus): ConversationStatus | null {
  if (to === 'closed' || from === 'closed') return null;
  if (to === 'resolved') return from === 'escalated' ? 'escalated' : 'active';
  return from;
}

async function undoStatus(id: string, status: ConversationStatus): Promise<void> {
  try {
    mergeConversations([await changeStatus(id, status)]);
    toast('Undone');
  } catch (error) {
    toast(reasonOf(error, 'It could not be undone.'), { kind: 'error' });
  }
}

/** Resolves an open conversation, reopens a resolved one. */
export function toggleResolved(conversation: Conversation): void {
  if (conversation.status === 'closed') {
    toast('A closed conversation opens again when the customer writes.', { kind: 'error' });
    return;
  }
  void setStatus(conversation.conversation_id, conversation.status === 'resolved' ? 'active' : 'resolved');
}

export async function assign(id: string, agentId: string | null, undoable = true): Promise<void> {
  const before = conversations.value.get(id);
  if (!before || (before.assignee_id ?? null) === agentId) return;
  try {
    mergeConversations([await changeAssignee(id, agentId)]);
    const back = before.assignee_id ?? null;
    const said = agentId ? `Assigned to ${agentName(agentId)}` : 'Nobody is assigned now';
    toast(said, undoable ? { action: { label: 'Undo', run: () => void assign(id, back, false) } } : {});
  } catch (error) {
    toast(refusal(error, agentId), { kind: 'error' });
  }
}

export function assignToMe(id: string): void {
  if (user.value) void assign(id, user.value.id);
}

function refusal(error: unknown, agentId: string | null): string {
  if (error instanceof ApiError && error.code === 'agent_at_max_load' && agentId) {
    const max = agents.value.find((agent) => agent.id === agentId)?.max_load;
    const who = agentId === user.value?.id ? 'You already have' : `${agentFullName(agentId)} already has`;
    return `${who} as many open conversations as allowed${max ? ` (${max})` : ''}.`;
  }
  return reasonOf(error, 'The conversation was not assigned.');
}
