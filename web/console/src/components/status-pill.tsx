import type { Conversation, ConversationStatus } from '../../../shared/wire';

const NAMES: Record<ConversationStatus, string> = {
  active: 'Active',
  pending: 'Pending',
  escalated: 'Escalated',
  resolved: 'Resolved',
  closed: 'Closed',
};

/** Pending is also what the assistant answers: then it says so. */
export function StatusPill({ status, assistant }: Pick<Conversation, 'status' | 'assistant'>) {
  const isAssistants = status === 'pending' && assistant?.standing === 'answering';
  return <span class={`chip status ${status}`}>{isAssistants ? 'With the assistant' : NAMES[status]}</span>;
}
