import { batch, computed, effect, signal, untracked } from '@preact/signals';
import type { Agent, AgentPresence, Conversation, Counters, DeskFrame } from '../../../shared/wire';
import { type ListFilter, listAgents, listConversations, socketTicket } from '../api/endpoints';
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
/** How far the pages go, of which filter. Another filter starts again. */
const pageEnd = signal<{ filter: ListFilter; cursor: string | null } | null>(null);
export const nextCursor = computed(() => (pageEnd.value?.filter === serverFilter.value ? pageEnd.value.cursor : null));
/** True until the first page of the present filter is here. */
export const firstPageComing = computed(() => pageEnd.value?.filter !== serverFilter.value);
export const loadingMore = signal(false);
export const moreFailed = signal(false);

/** Conversations that arrived while the page was open: their rows appear with a short highlight. */
export const arrivals = new Set<string>();

/** What the list asks the server for; the filters set it. */
export const serverFilter = signal<ListFilter>({ statuses: [], atRisk: false, assigneeId: null });

const SECOND_LOOK_MS = 4_000;
let secondLook = 0;

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
  const stopLoading = effect(() => {
    // Read here: a new filter loads its first page.
    serverFilter.value;
    untracked(() => void loadFirst());
  });
  void loadAgents();
  const live = new LiveSocket<DeskFrame>({
    url: async () => `/api/v1/desk/socket?ticket=${encodeURIComponent(await socketTicket())}`,
    onFrame: receive,
    // What happened while we were away, or between the first page and the socket, came to nobody: ask again.
    onOpen: (again) => {
      if (listState.value === 'failed') void loadFirst();
      else if (again) catchUp();
      else lookAgain();
    },
  });
  socket.value = live;
  return () => {
    stopLoading();
    clearTimeout(secondLook);
    live.stop();
    batch(() => {
      socket.value = null;
      conversations.value = new Map();
      counters.value = null;
      presence.value = [];
      agents.value = [];
      listState.value = 'loading';
      pageEnd.value = null;
    });
  };
}

/** Loads the first page of what the filters ask for; later pages go on from it. */
export async function loadFirst(): Promise<void> {
  if (listState.value === 'failed') listState.value = 'loading';
  moreFailed.value = false;
  const filter = serverFilter.value;
  try {
    const page = await listConversations(filter, null);
    batch(() => {
      mergeConversations(page.conversations);
      if (filter === serverFilter.value) pageEnd.value = { filter, cursor: page.next_cursor ?? null };
      listState.value = 'ready';
    });
  } catch {
    if (listState.value !== 'ready') listState.value = 'failed';
    else moreFailed.value = true;
  }
}

export async function loadMore(): Promise<void> {
  const cursor = nextCursor.value;
  if (!cursor || loadingMore.value) return;
  const filter = serverFilter.value;
  batch(() => {
    loadingMore.value = true;
    moreFailed.value = false;
  });
  try {
    const page = await listConversations(filter, cursor);
    batch(() => {
      mergeConversations(page.conversations);
      if (filter === serverFilter.value) pageEnd.value = { filter, cursor: page.next_cursor ?? null };
    });
  } catch {
    moreFailed.value = true;
  } finally {
    loadingMore.value = false;
  }
}

/** After a drop. The list comes from the read model, which follows the logs by a moment: so asked twice. */
function catchUp(): void {
  void refreshFirst();
  lookAgain();
}

function lookAgain(): void {
  clearTimeout(secondLook);
  secondLook = window.setTimeout(() => void refreshFirst(), SECOND_LOOK_MS);
}

/** Brings the newest states without throwing away how far the person had scrolled. */
async function refreshFirst(): Promise<void> {
  try {
    mergeConversations((await listConversations(serverFilter.value, null)).conversations);
  } catch {
    // The next time the socket comes back it is asked again.
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
    case 'conversation.withdrawn':
      withdraw(frame.conversation_id);
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

/** Another team's now: nothing of it is kept. */
export function withdraw(id: string): void {
  if (!conversations.value.has(id)) return;
  const left = new Map(conversations.value);
  left.delete(id);
  conversations.value = left;
}

function noteArrival(state: Conversation): void {
  if (listState.value !== 'ready' || conversations.value.has(state.conversation_id)) return;
  // An old conversation that we had not scrolled to may change as well; only young ones are new.
  if (Date.now() - Date.parse(state.created_at) > 60_000) return;
  arrivals.add(state.conversation_id);
  announce(`New conversation from ${customerName(state)}`);
}
