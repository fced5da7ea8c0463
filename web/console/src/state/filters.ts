import { computed, effect, signal } from '@preact/signals';
import type { ConversationStatus } from '../../../shared/wire';
import { type Conversation, RISK_ALERT } from '../../../shared/wire';
import { user } from '../api/session';
import { conversations, serverFilter } from './desk';

export type StatusFilter = 'open' | 'active' | 'pending' | 'escalated' | 'resolved' | 'any';
export type WhoFilter = 'anyone' | 'mine' | 'unassigned';

export interface Filters {
  status: StatusFilter;
  who: WhoFilter;
  atRisk: boolean;
  query: string;
}

const EVERYTHING_OPEN: Filters = { status: 'open', who: 'anyone', atRisk: false, query: '' };

export const filters = signal<Filters>(EVERYTHING_OPEN);

/** Named sets of filters, as the sidebar shows them. */
export const VIEWS: { id: string; label: string; icon: string; filters: Filters }[] = [
  { id: 'inbox', label: 'Inbox', icon: 'inbox', filters: EVERYTHING_OPEN },
  { id: 'mine', label: 'Mine', icon: 'user', filters: { ...EVERYTHING_OPEN, who: 'mine' } },
  { id: 'unassigned', label: 'Unassigned', icon: 'user-off', filters: { ...EVERYTHING_OPEN, who: 'unassigned' } },
  { id: 'at-risk', label: 'At risk', icon: 'flame', filters: { ...EVERYTHING_OPEN, atRisk: true } },
  { id: 'escalated', label: 'Escalated', icon: 'escalate', filters: { ...EVERYTHING_OPEN, status: 'escalated' } },
  { id: 'resolved', label: 'Resolved', icon: 'check', filters: { ...EVERYTHING_OPEN, status: 'resolved' } },
];

export const currentView = computed(() => {
  const { status, who, atRisk } = filters.value;
  return VIEWS.find(
    (view) => view.filters.status === status && view.filters.who === who && view.filters.atRisk === atRisk,
  );
});

const STATUSES: Record<StatusFilter, ConversationStatus[]> = {
  open: ['active', 'pending', 'escalated'],
  active: ['active'],
  pending: ['pending'],
  escalated: ['escalated'],
  resolved: ['resolved', 'closed'],
  any: [],
};

// The server filters what it can, so that a match is found in any number of conversations; words and `unassigned` are looked
// for in what is loaded, and the list loads on while too little is left.
effect(() => {
  const { status, who, atRisk } = filters.value;
  const wanted = { statuses: STATUSES[status], atRisk, assigneeId: who === 'mine' ? (user.value?.id ?? null) : null };
  if (JSON.stringify(wanted) !== JSON.stringify(serverFilter.peek())) serverFilter.value = wanted;
});

export function changeFilters(change: Partial<Filters>): void {
  filters.value = { ...filters.value, ...change };
}

export function isOpen(conversation: Conversation): boolean {
  return conversation.status !== 'resolved' && conversation.status !== 'closed';
}

/** What the list shows: newest activity first. */
export const shown = computed(() => {
  const wanted = filters.value;
  const words = wanted.query.trim().toLowerCase().split(/\s+/).filter(Boolean);
  return [...conversations.value.values()]
    .filter((conversation) => matches(conversation, wanted, words))
    .sort((a, b) => (a.updated_at < b.updated_at ? 1 : a.updated_at > b.updated_at ? -1 : 0));
});

function matches(conversation: Conversation, wanted: Filters, words: string[]): boolean {
  switch (wanted.status) {
    case 'any':
      break;
    case 'open':
      if (!isOpen(conversation)) return false;
      break;
    case 'resolved':
      if (isOpen(conversation)) return false;
      break;
    default:
      if (conversation.status !== wanted.status) return false;
  }
  if (wanted.who === 'mine' && conversation.assignee_id !== user.value?.id) return false;
  if (wanted.who === 'unassigned' && conversation.assignee_id) return false;
  if (wanted.atRisk && conversation.escalation_risk <= RISK_ALERT) return false;
  if (words.length === 0) return true;
  const text = [
    conversation.customer_name,
    conversation.customer_email,
    conversation.subject,
    conversation.last_message?.text,
    conversation.external_id,
    conversation.ticket_number && `#${conversation.ticket_number}`,
  ]
    .filter(Boolean)
    .join(' ')
    .toLowerCase();
  return words.every((word) => text.includes(word));
}
