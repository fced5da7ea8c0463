import type { Actor, Conversation } from '../../../shared/wire';
import { user } from '../api/session';
import { agents, presence } from './desk';

export function customerName(conversation: Conversation | undefined): string {
  if (!conversation) return 'Customer';
  if (conversation.customer_name) return conversation.customer_name;
  if (conversation.customer_email) return conversation.customer_email;
  // The end of an id differs between visitors; its start is the time.
  return `${conversation.channel === 'widget' ? 'Visitor' : 'Customer'} ${conversation.customer_id.slice(-4)}`;
}

export function actorName(actor: Actor): string {
  switch (actor.kind) {
    case 'customer':
      return actor.name ?? 'Customer';
    case 'agent':
      return actor.id === user.value?.id ? 'You' : actor.name;
    case 'external_agent':
      return actor.name ?? 'Agent in Zendesk';
    case 'assistant':
      return 'Assistant';
    case 'system':
      return 'Edgedesk';
  }
}

/** What sentences call an agent: `you` for oneself. */
export function agentName(id: string): string {
  return id === user.value?.id ? 'you' : agentFullName(id);
}

export function agentFullName(id: string): string {
  if (user.value && id === user.value.id) return user.value.name;
  return (
    agents.value.find((agent) => agent.id === id)?.name ??
    presence.value.find((agent) => agent.agent_id === id)?.name ??
    'another agent'
  );
}

export function isMe(actor: Actor): boolean {
  return actor.kind === 'agent' && actor.id === user.value?.id;
}
