import { type LoggedEvent, type MessageView, NO_TEXT } from '../../../shared/wire';
import { user } from '../api/session';
import { HAND_OFF_REASONS } from './assistant';
import { actorName, agentName } from './names';
import { teamName } from './teams';

export interface MessageEntry {
  kind: 'message';
  key: string;
  message: MessageView;
  /** Follows one of the same person closely: no name and picture again. */
  joined: boolean;
}

export type Entry =
  | MessageEntry
  | { kind: 'day'; key: string; at: string }
  | { kind: 'change'; key: string; at: string; icon: string; text: string; alert: boolean };

/** What stands for a message where there is room for a line. */
export function inShort(message: MessageView): string {
  const names = message.attachments?.map((file) => file.name).join(', ');
  return names && message.text === NO_TEXT ? names : message.text;
}

const JOIN_MS = 5 * 60_000;

/** What the conversation shows, oldest first: messages and changes by `seq`, with a line before each new day. */
export function entriesOf(messages: MessageView[], changes: LoggedEvent[], nowMs: number): Entry[] {
  const all = [
    ...messages.map((message) => ({ seq: message.seq, at: message.at, message, change: undefined })),
    ...changes.map((change) => ({ seq: change.seq, at: change.at, message: undefined, change })),
  ].sort((a, b) => a.seq - b.seq);

  const entries: Entry[] = [];
  let day = '';
  let before: MessageView | null = null;
  let externalStatus = '';
  for (const { at, message, change } of all) {
    const today = new Date(at).toDateString();
    if (today !== day) {
      // A conversation of today needs no line that says so.
      if (day !== '' || today !== new Date(nowMs).toDateString())
        entries.push({ kind: 'day', key: `day-${today}`, at });
      day = today;
      before = null;
    }
    if (message) {
      entries.push({ kind: 'message', key: message.message_id, message, joined: joins(before, message) });
      before = message;
    } else if (change) {
      // That a new ticket is open needs no line.
      const opening = externalStatus === '' && change.type === 'ticket.updated' && isOpening(change.data);
      if (change.type === 'ticket.updated') externalStatus = change.data.status ?? externalStatus;
      const said = opening ? null : lineOf(change);
      if (said) {
        entries.push({ kind: 'change', key: change.id, at, ...said });
        before = null;
      }
    }
  }
  return entries;
}

function isOpening(change: { status?: string; priority?: string }): boolean {
  return !change.priority && (change.status === 'new' || change.status === 'open');
}

function joins(before: MessageView | null, message: MessageView): boolean {
  if (!before || before.direction !== message.direction) return false;
  if (Date.parse(message.at) - Date.parse(before.at) > JOIN_MS) return false;
  return JSON.stringify(before.author) === JSON.stringify(message.author);
}

function lineOf(event: LoggedEvent): { icon: string; text: string; alert: boolean } | null {
  switch (event.type) {
    case 'conversation.status_changed': {
      const { by, current, previous } = event.data;
      // What the assistant does, and who asks it for a person, has a line of its own.
      const isHandedOff = by.kind === 'customer' && previous === 'pending' && current === 'active';
      if (by.kind === 'assistant' || isHandedOff) return null;
      const words = {
        active: ['undo', 'reopened the conversation'],
        pending: ['pause', 'set it to pending'],
        escalated: ['escalate', 'escalated the conversation'],
        resolved: ['check', 'resolved the conversation'],
        closed: ['close', 'closed the conversation'],
      } as const;
      const [icon, did] = words[current];
      return { icon, text: `${actorName(by)} ${did}`, alert: current === 'escalated' };
    }
    case 'conversation.assigned': {
      const { by, current } = event.data;
      const who = actorName(by);
      if (!current) return { icon: 'user-off', text: `${who} took the assignee off`, alert: false };
      const self = by.kind === 'agent' && by.id === current;
      const to = current === user.value?.id ? 'you' : agentName(current);
      return {
        icon: 'user',
        text: self ? `${who} took the conversation` : `${who} assigned it to ${to}`,
        alert: false,
      };
    }
    case 'conversation.team_changed': {
      const { by, current } = event.data;
      const to = current ? teamName(current) : 'no team';
      return { icon: 'user', text: `${actorName(by)} gave it to ${to}`, alert: false };
    }
    case 'assistant.engaged':
      return { icon: 'spark', text: 'The assistant answers', alert: false };
    case 'assistant.handed_off':
      return { icon: 'user', text: `A person goes on: ${HAND_OFF_REASONS[event.data.reason]}`, alert: false };
    case 'ticket.opened':
      return { icon: 'ticket', text: `Ticket #${event.data.number} opened`, alert: false };
    case 'ticket.updated': {
      const { status, priority } = event.data;
      const parts = [status && `status ${status}`, priority && `priority ${priority}`].filter(Boolean);
      return parts.length > 0 ? { icon: 'ticket', text: `Zendesk: ${parts.join(', ')}`, alert: false } : null;
    }
    case 'escalation.detected':
      return {
        icon: 'flame',
        text: `Escalation risk rose to ${Math.round(event.data.risk * 100)}%`,
        alert: true,
      };
    default:
      return null;
  }
}
