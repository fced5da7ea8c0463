import { batch, computed, type Signal, signal } from '@preact/signals';
import type { Actor, Analysis, ConversationFrame, LoggedEvent, MessageView } from '../../../shared/wire';
import { getConversation, listMessages, socketTicket } from '../api/endpoints';
import { ApiError } from '../api/http';
import { LiveSocket } from '../api/live';
import { conversations, mergeConversations } from './desk';
import type { ComposerMode } from './drafts';
import { Feedbacks } from './feedback';
import { actorName, isMe } from './names';
import { Outgoing } from './outgoing';
import { Similar } from './similar';
import { Suggestions } from './suggestions';
import { inShort } from './timeline';
import { announce } from './toasts';
import { Uploads } from './uploads';

/** What the models say of a customer message: nothing yet, an analysis, or that they gave up. */
export type Mood = Analysis | 'failed';

export type ThreadState = 'loading' | 'ready' | 'failed' | 'missing';

/** The server says when somebody stops, or goes; this is for a stop that was lost with our own connection. */
const TYPING_LASTS_MS = 60_000;

/** One open conversation: its log, merged by `seq` from the list of messages and the socket, and who else is there. */
export class Thread {
  readonly state = signal<ThreadState>('loading');
  readonly messages: Signal<MessageView[]> = signal([]);
  /** Changes of status, assignee and ticket, which are shown between messages. */
  readonly changes: Signal<LoggedEvent[]> = signal([]);
  readonly moods: Signal<ReadonlyMap<string, Mood>> = signal(new Map());
  readonly viewers: Signal<Actor[]> = signal([]);
  readonly writing: Signal<Actor | null> = signal(null);
  readonly outgoing: Outgoing;
  /** Files beside what is being written, for the customer and for the team. */
  readonly uploads: Record<ComposerMode, Uploads>;
  readonly feedbacks: Feedbacks;
  readonly suggestions: Suggestions;
  readonly similar: Similar;
  readonly conversation = computed(() => conversations.value.get(this.id));
  readonly live = computed(() => this.socket.value?.state.value ?? 'connecting');

  private readonly socket = signal<LiveSocket<ConversationFrame> | null>(null);
  /** Last `seq` of the log that came by socket: what `resume` goes on from. */
  private lastSeq = 0;
  private readonly ahead = new Set<number>();
  private readSent = 0;
  private waiting: ConversationFrame[] = [];
  private flushTimer = 0;
  private typingTimer = 0;
  private stopped = false;

  constructor(readonly id: string) {
    this.outgoing = new Outgoing(id, () => this.messages.value);
    this.uploads = { reply: new Uploads(id), note: new Uploads(id) };
    this.feedbacks = new Feedbacks(id);
    this.suggestions = new Suggestions(id, this.messages);
    this.similar = new Similar(id);
    void this.load();
    this.socket.value = new LiveSocket<ConversationFrame>({
      url: async () => `/api/v1/conversations/${id}/socket?ticket=${encodeURIComponent(await socketTicket(id))}`,
      onFrame: (frame) => this.receive(frame),
      onOpen: (again) => {
        this.socket.value?.send({ type: 'resume', seq: this.lastSeq });
        // Who wrote before the drop may have stopped during it.
        if (again) this.writing.value = null;
        if (again && this.state.value === 'failed') void this.load();
      },
    });
    document.addEventListener('visibilitychange', this.markRead);
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.flushTimer);
    clearTimeout(this.typingTimer);
    document.removeEventListener('visibilitychange', this.markRead);
    this.socket.value?.stop();
    this.suggestions.stop();
  }

  async load(): Promise<void> {
    if (this.state.value !== 'ready') this.state.value = 'loading';
    try {
      const [state] = await Promise.all([
        getConversation(this.id),
        listMessages(this.id, (page) => {
          this.addMessages(page);
          return !this.stopped;
        }),
      ]);
      batch(() => {
        mergeConversations([state]);
        this.state.value = 'ready';
      });
      this.markRead();
    } catch (error) {
      const gone =
        error instanceof ApiError && (error.status === 404 || error.status === 400 || error.code === 'other_team');
      if (this.state.value !== 'ready') this.state.value = gone ? 'missing' : 'failed';
      if (gone) this.socket.value?.stop();
    }
  }

  retryLive(): void {
    this.socket.value?.retryNow();
  }

  sendTyping(typing: boolean): void {
    this.socket.value?.send({ type: typing ? 'typing.start' : 'typing.stop' });
  }

  /** Tells the others that everything was seen, while it is. Each `seq` once: reading is in the log, too. */
  readonly markRead = (): void => {
    const state = this.conversation.value;
    if (document.visibilityState !== 'visible' || this.state.value !== 'ready' || !state) return;
    const last = this.messages.value.findLast((message) => message.direction === 'incoming')?.seq ?? 0;
    if (last <= Math.max(state.agent_read_seq, this.readSent)) return;
    if (this.socket.value?.send({ type: 'read', seq: last })) this.readSent = last;
  };

  private receive(frame: ConversationFrame): void {
    this.waiting.push(frame);
    // A resumed log comes as many frames: one task renders them together.
    if (!this.flushTimer) this.flushTimer = window.setTimeout(() => this.flush(), 0);
  }

  private flush(): void {
    this.flushTimer = 0;
    const frames = this.waiting;
    this.waiting = [];
    batch(() => {
      const messages: MessageView[] = [];
      const changes: LoggedEvent[] = [];
      const moods = new Map<string, Mood>();
      for (const frame of frames) {
        if ('seq' in frame && 'at' in frame) {
          if (!this.isNew(frame.seq)) continue;
        }
        switch (frame.type) {
          case 'message.created':
            messages.push({ ...frame.data, conversation_id: this.id, seq: frame.seq, at: frame.at });
            if (frame.data.direction === 'incoming') this.similar.refresh();
            break;
          case 'message.analyzed':
            moods.set(frame.data.message_id, frame.data.analysis);
            break;
          case 'analysis.failed':
            if (frame.data.gave_up) moods.set(frame.data.message_id, 'failed');
            break;
          case 'analysis.corrected':
            this.feedbacks.hear(frame.data.message_id, { ...frame.data, id: frame.id, at: frame.at });
            break;
          case 'analysis.correction_withdrawn':
            this.feedbacks.hearWithdrawn(frame.data.message_id, frame.data.field, frame.at);
            break;
          case 'draft.created':
            this.suggestions.hearDraft(frame.data, frame.at);
            // What the customer asks is compared by then.
            this.similar.refresh();
            break;
          case 'suggestion.decided':
            this.suggestions.hearDecided(frame.data, frame.seq);
            break;
          case 'conversation.status_changed':
          case 'conversation.assigned':
          case 'conversation.team_changed':
          case 'ticket.opened':
          case 'ticket.updated':
          case 'escalation.detected':
          case 'assistant.engaged':
          case 'assistant.handed_off':
            changes.push(frame);
            break;
          case 'typing.changed':
            this.noteTyping(frame.data.actor, frame.data.typing);
            break;
          case 'viewers.changed':
            this.viewers.value = frame.data.agents.filter((agent) => !isMe(agent));
            break;
          default:
            break;
        }
      }
      if (changes.length > 0) {
        this.changes.value = [...this.changes.value, ...changes].sort((one, other) => one.seq - other.seq);
      }
      if (moods.size > 0) this.moods.value = new Map([...this.moods.value, ...moods]);
      this.addMessages(messages);
    });
    this.markRead();
  }

  /** Takes note of a place in the log. What happens while a resume is under way arrives before what the resume brings, so
   * `lastSeq` moves only over places without a gap behind them. */
  private isNew(seq: number): boolean {
    if (seq <= this.lastSeq || this.ahead.has(seq)) return false;
    this.ahead.add(seq);
    while (this.ahead.delete(this.lastSeq + 1)) this.lastSeq += 1;
    return true;
  }

  /** Merges by `seq`: the list and the socket may both bring a message. */
  private addMessages(added: MessageView[]): void {
    const known = new Set(this.messages.value.map((message) => message.seq));
    const fresh = added.filter((message) => !known.has(message.seq));
    const analyzed = added.filter((message) => message.analysis);
    if (analyzed.length > 0) {
      const moods = new Map(this.moods.value);
      for (const message of analyzed) if (message.analysis) moods.set(message.message_id, message.analysis);
      this.moods.value = moods;
    }
    if (fresh.length === 0) return;
    this.messages.value = [...this.messages.value, ...fresh].sort((a, b) => a.seq - b.seq);
    this.outgoing.settle(fresh);
    this.suggestions.watchTime();
    this.tell(fresh.at(-1));
  }

  private tell(last: MessageView | undefined): void {
    if (this.state.value !== 'ready' || !last || isMe(last.author)) return;
    if (last.direction === 'incoming') this.noteTyping(last.author, false);
    announce(`New message from ${actorName(last.author)}: ${inShort(last).slice(0, 140)}`);
  }

  private noteTyping(actor: Actor, typing: boolean): void {
    if (isMe(actor)) return;
    clearTimeout(this.typingTimer);
    this.writing.value = typing ? actor : null;
    if (typing) {
      this.typingTimer = window.setTimeout(() => {
        this.writing.value = null;
      }, TYPING_LASTS_MS);
    }
  }
}

export const openThread = signal<Thread | null>(null);
