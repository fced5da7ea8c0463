import { batch, type Signal, signal } from '@preact/signals';

/** Something asked of the server, perhaps again with other words: what is here, and how the last asking stands. */
export class Loaded<T> {
  /** The last answer, which stays while the next is on its way. Null before the first, and after a failure. */
  readonly value: Signal<T | null> = signal(null);
  readonly state: Signal<'loading' | 'ready' | 'failed'> = signal('loading');
  private lastToken = 0;

  /** Only the latest asking counts, in whatever order the answers come. Throws nothing. */
  async load(ask: () => Promise<T>): Promise<void> {
    this.lastToken += 1;
    const token = this.lastToken;
    this.state.value = 'loading';
    let answer: T | null = null;
    try {
      answer = await ask();
    } catch {
      // Told by the state.
    }
    if (token !== this.lastToken) return;
    batch(() => {
      this.value.value = answer;
      this.state.value = answer === null ? 'failed' : 'ready';
    });
  }
}
