import { type Signal, signal } from '@preact/signals';
import type { Attachment, MessageView } from '../../../shared/wire';
import { sendMessage } from '../api/endpoints';
import { ApiError, isTransient } from '../api/http';
import type { ComposerMode } from './drafts';
import { newId } from './ids';

/** A message of ours that the log does not show yet. */
export interface Pending {
  clientId: string;
  text: string;
  files: Attachment[];
  mode: ComposerMode;
  /** What it was made of; the server says whether it was changed. */
  suggestionId?: string;
  at: string;
  state: 'sending' | 'sent' | 'failed';
  error?: string;
}

const ATTEMPTS = 4;

/**
 * Messages between the composer and the log. Each has a `client_id`, by which the server drops repeats: so a lost answer is
 * simply sent again.
 */
export class Outgoing {
  readonly pending: Signal<Pending[]> = signal([]);

  constructor(
    private readonly conversationId: string,
    private readonly logged: () => MessageView[],
  ) {}

  send(text: string, files: Attachment[], mode: ComposerMode, suggestionId?: string): void {
    const message: Pending = {
      clientId: newId(),
      text,
      files,
      mode,
      at: new Date().toISOString(),
      state: 'sending',
      ...(suggestionId && { suggestionId }),
    };
    this.pending.value = [...this.pending.value, message];
    void this.deliver(message);
  }

  retry(clientId: string): void {
    const message = this.pending.value.find((pending) => pending.clientId === clientId);
    if (!message) return;
    this.mark(clientId, { state: 'sending' });
    void this.deliver(message);
  }

  discard(clientId: string): void {
    this.pending.value = this.pending.value.filter((pending) => pending.clientId !== clientId);
  }

  /** These are in the log now: their optimistic copies go. */
  settle(messages: MessageView[]): void {
    const logged = new Set(messages.map((message) => message.client_id).filter(Boolean));
    if (this.pending.value.some((pending) => logged.has(pending.clientId))) {
      this.pending.value = this.pending.value.filter((pending) => !logged.has(pending.clientId));
    }
  }

  private async deliver(message: Pending): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await sendMessage(
          this.conversationId,
          message.text,
          message.files.map((file) => file.id),
          message.mode === 'note' ? 'note' : 'outgoing',
          message.clientId,
          message.suggestionId,
        );
        // The copy stays until the log shows it, which the socket does at once, or after it has come back.
        this.mark(message.clientId, { state: 'sent' });
        this.settle(this.logged());
        return;
      } catch (error) {
        if (attempt < ATTEMPTS && isTransient(error) && navigator.onLine) {
          await new Promise((resolve) => setTimeout(resolve, 300 * 2 ** attempt));
          continue;
        }
        const text = error instanceof ApiError ? error.message : 'It could not be sent.';
        this.mark(message.clientId, { state: 'failed', error: text });
        return;
      }
    }
  }

  private mark(clientId: string, change: Partial<Pending>): void {
    this.pending.value = this.pending.value.map((pending) =>
      pending.clientId === clientId ? { ...pending, ...change } : pending,
    );
  }
}
