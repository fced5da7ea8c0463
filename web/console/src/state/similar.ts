import { computed, type Signal, signal } from '@preact/signals';
import type { SimilarConversation } from '../../../shared/similar';
import { listSimilar } from '../api/similar';
import { conversations } from './desk';
import { isOpen } from './filters';

/** Open conversations that ask the same as one: asked for once they are shown, and again when its customer writes. */
export class Similar {
  readonly state: Signal<'loading' | 'ready' | 'failed'> = signal('loading');
  private readonly found: Signal<SimilarConversation[]> = signal([]);
  private isShown = false;
  private isLoading = false;
  private isOutdated = false;

  /** Without those that the desk has since said to be over. */
  readonly list = computed(() =>
    this.found.value.filter(({ conversation_id: id }) => {
      const known = conversations.value.get(id);
      return known === undefined || isOpen(known);
    }),
  );

  constructor(private readonly conversationId: string) {}

  show(): void {
    if (this.isShown) return;
    this.isShown = true;
    void this.load();
  }

  /** What is asked, or what else is asked, may be another by now. */
  refresh(): void {
    if (this.isShown) void this.load();
  }

  async load(): Promise<void> {
    // One at a time: what is heard meanwhile is asked for once, after it.
    this.isOutdated = this.isLoading;
    if (this.isLoading) return;
    this.isLoading = true;
    if (this.state.value === 'failed') this.state.value = 'loading';
    try {
      this.found.value = await listSimilar(this.conversationId);
      this.state.value = 'ready';
    } catch {
      // What was there stays: it is as good as it was.
      if (this.state.value !== 'ready') this.state.value = 'failed';
    }
    this.isLoading = false;
    if (this.isOutdated) await this.load();
  }
}
