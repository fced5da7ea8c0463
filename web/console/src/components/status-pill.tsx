import type { ConversationStatus } from '../../../shared/wire';

const NAMES: Record<ConversationStatus, string> = {
  active: 'Active',
  pending: 'Pending',
  escalated: 'Escalated',
  resolved: 'Resolved',
  closed: 'Closed',
};

export function StatusPill({ status }: { status: ConversationStatus }) {
  return <span class={`chip status ${status}`}>{NAMES[status]}</span>;
}
