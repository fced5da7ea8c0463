import { batch, computed, signal } from '@preact/signals';
import type { Agent, AgentPresence, Conversation, Counters, DeskFrame } from '../../../shared/wire';
import { listAgents, listConversations, socketTicket } from '../api/endpoints';
import { LiveSocket } from '../api/live';
import { user } from '../api/session';
import { customerName } from './names';
import { announce } from './toasts';

/** All conversations that were loaded or heard of, by id. Replaced as a whole when one changes. */
export const conversations = signal<ReadonlyMap<string, Conversation>>(new Map());
export const counters = signal<Counters | null>(null);
export const presence = signal<AgentPresence[]>([]);
export const agents = signal<Agent[]>([]);

export type ListState = 'loading' | 'ready' | 'failed';
export const listState = signal<ListState>('loading');
export const nextCursor = signal<string | null>(null);
export const loadingMore = signal(false);
export const moreFailed = signal(false);

/** Conversations that arrived while the page was open: their rows appear with a short highlight. */
export const arrivals = new Set<string>();

const socket = signal<LiveSocket<DeskFrame> | null>(null);
export const deskLive = computed(() => socket.value?.state.value ?? 'connecting');

export const unreadTotal = computed(() => {
  let total = 0;
  for (const conversation of conversations.value.values()) if (conversation.n_unread > 0) total += 1;
  return total;
});

export const ownPresence = computed(() => presence.value.find((agent) => agent.agent_id === user.value?.id));

/** Starts the desk of whoever is signed in. Answers with what ends it. */
export function openDesk(): () => void {
  void loadFirst();
  void loadAgents();
  const live = new LiveSocket<DeskFrame>({
    url: async () => `/api/v1/desk/socket?ticket=${encodeURIComponent(await socketTicket())}`,
    onFrame: receive,
    // What happened while we were away came to nobody: ask again.
    onOpen: (again) => {
      if (again || listState.value === 'failed') void loadFirst();
    },
  });
  socket.value = live;
  return () => {
    live.stop();
    batch(() => {
      socket.value = null;
      conversations.value = new Map();
      counters.value = null;
      presence.value = [];
      agents.value = [];
      listState.value = 'loading';
      nextCursor.value = null;
    });
  };
}

export async function loadFirst(): Promise<void> {
  if (listState.value === 'failed') listState.value = 'loading';
  const first = conversations.value.size === 0;
  try {
    const page = await listConversations();
    batch(() => {
      mergeConversations(page.conversations);
      // A later reload must not throw away how far the person had scrolled.
      if (first) nextCursor.value = page.next_cursor ?? null;
      listState.value = 'ready';
    });
  } catch {
    if (listState.value !== 'ready') listState.value = 'failed';
  }
}

export async function loadMore(): Promise<void> {
  if (!nextCursor.value || loadingMore.value) return;
  batch(() => {
    loadingMore.value = true;
    moreFailed.value = false;
  });
  try {
    const page = await listConversations(nextCursor.value);
    batch(() => {
      mergeConversations(page.conversations);
      nextCursor.value = page.next_cursor ?? null;
    });
  } catch {
    moreFailed.value = true;
  } finally {
    loadingMore.value = false;
  }
}

export async function loadAgents(): Promise<void> {
  try {
    agents.value = await listAgents();
  } catch {
    // The menu says so and asks again when it is opened.
  }
}

/** Takes in states; an older one than we have is ignored, so they may come in any order. */
export function mergeConversations(states: Conversation[]): void {
  let changed: Map<string, Conversation> | null = null;
  for (const state of states) {
    const known = (changed ?? conversations.value).get(state.conversation_id);
    if (known && known.seq >= state.seq) continue;
    changed ??= new Map(conversations.value);
    changed.set(state.conversation_id, state);
  }
  if (changed) conversations.value = changed;
}

export function setAway(away: boolean): boolean {
  return socket.value?.send({ type: 'presence.set', away }) ?? false;
}

export function reconnect(): void {
  socket.value?.retryNow();
}

function receive(frame: DeskFrame): void {
  switch (frame.type) {
    case 'conversation.updated':
      noteArrival(frame.data);
      mergeConversations([frame.data]);
      break;
    case 'counters.changed':
      counters.value = frame.data;
      break;
    case 'presence.changed':
      presence.value = [...frame.data.agents].sort((a, b) => a.name.localeCompare(b.name));
      break;
    default:
      break;
  }
}

function noteArrival(state: Conversation): void {
  if (listState.value !== 'ready' || conversations.value.has(state.conversation_id)) return;
  // An old conversation that we had not scrolled to may change as well; only young ones are new.
  if (Date.now() - Date.parse(state.created_at) > 60_000) return;
  arrivals.add(state.conversation_id);
  announce(`New conversation from ${customerName(state)}`);
}
