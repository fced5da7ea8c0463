import type {
  Agent,
  Conversation,
  ConversationList,
  ConversationStatus,
  Direction,
  MessageList,
  MessageView,
} from '../../../shared/wire';
import { get, post } from './http';

export interface ListFilter {
  /** Empty for all. */
  statuses: ConversationStatus[];
  /** Only those above the alert line. */
  atRisk: boolean;
  assigneeId: string | null;
}

export function listConversations(filter: ListFilter, cursor: string | null): Promise<ConversationList> {
  const query = new URLSearchParams();
  if (filter.statuses.length > 0) query.set('status', filter.statuses.join(','));
  if (filter.atRisk) query.set('risk', 'alert');
  if (filter.assigneeId) query.set('assignee_id', filter.assigneeId);
  if (cursor) query.set('cursor', cursor);
  return get(`/conversations?${query}`);
}

export async function getConversation(id: string): Promise<Conversation> {
  return (await get<{ conversation: Conversation }>(`/conversations/${id}`)).conversation;
}

/** All messages, page by page. `onPage` is called as they come, so that the first are shown at once. */
export async function listMessages(id: string, onPage: (messages: MessageView[]) => boolean): Promise<void> {
  let after: number | null | undefined = 0;
  while (after !== null && after !== undefined) {
    const page: MessageList = await get(`/conversations/${id}/messages?after_seq=${after}`);
    if (!onPage(page.messages)) return;
    after = page.next_after_seq;
  }
}

export interface Receipt {
  seq: number;
  id: string;
  message_id?: string;
  duplicate: boolean;
}

/**
 * Sends a reply or a note, which may be made of a suggestion. A repeat with the same `clientId` is answered like the first and not
 * sent again.
 */
export function sendMessage(
  id: string,
  text: string,
  attachments: string[],
  direction: Direction,
  clientId: string,
  suggestionId?: string,
): Promise<Receipt> {
  const body = {
    text,
    attachments,
    direction,
    client_id: clientId,
    ...(suggestionId && { suggestion_id: suggestionId }),
  };
  return post(`/conversations/${id}/messages`, body);
}

export async function changeStatus(id: string, status: ConversationStatus): Promise<Conversation> {
  return (await post<{ conversation: Conversation }>(`/conversations/${id}/status`, { status })).conversation;
}

export async function changeAssignee(id: string, assigneeId: string | null): Promise<Conversation> {
  const body = { assignee_id: assigneeId };
  return (await post<{ conversation: Conversation }>(`/conversations/${id}/assignee`, body)).conversation;
}

export async function listAgents(): Promise<Agent[]> {
  return (await get<{ agents: Agent[] }>('/agents')).agents;
}

/** A ticket opens one socket, once. */
export async function socketTicket(conversationId?: string): Promise<string> {
  const body = conversationId ? { conversation_id: conversationId } : {};
  return (await post<{ ticket: string }>('/socket-tickets', body)).ticket;
}
