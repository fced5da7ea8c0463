import { type Signal, signal } from '@preact/signals';
import type { Feedback } from '../../../shared/learning';

/** What was last heard of one field of one message; without `feedback` it was taken back. */
interface Heard {
  feedback: Feedback | null;
  at: string;
}

/** A click of ours that has no answer yet; null takes back. */
interface Click {
  value: string | null;
  token: number;
}

/** What is said of each field of each message: what the server told, and over it our own clicks that it has not answered yet. */
export class Said {
  private readonly heard: Signal<ReadonlyMap<string, Heard>> = signal(new Map());
  private readonly clicked: Signal<ReadonlyMap<string, Click>> = signal(new Map());
  private lastToken = 0;

  /** Undefined when nothing is under way. */
  clickOn(key: string): { value: string | null } | undefined {
    return this.clicked.value.get(key);
  }

  feedbackOn(key: string): Feedback | null {
    return this.heard.value.get(key)?.feedback ?? null;
  }

  /** What holds once everything under way has arrived; null when nobody said anything. */
  valueOn(key: string): string | null {
    const click = this.clicked.value.get(key);
    // A take-back under way is a click on null, and must not be mistaken for none.
    return click ? click.value : (this.feedbackOn(key)?.value ?? null);
  }

  /** Answers with what `letGo` takes; a later click on the same field replaces this one. */
  click(key: string, value: string | null): number {
    this.lastToken += 1;
    this.clicked.value = new Map(this.clicked.value).set(key, { value, token: this.lastToken });
    return this.lastToken;
  }

  /** The click was answered, or refused. */
  letGo(key: string, token: number): void {
    if (this.clicked.value.get(key)?.token !== token) return;
    const rest = new Map(this.clicked.value);
    rest.delete(key);
    this.clicked.value = rest;
  }

  /** In any order: the latest `at` counts. */
  hear(key: string, feedback: Feedback | null, at: string): void {
    const known = this.heard.value.get(key);
    if (known && known.at >= at) return;
    this.heard.value = new Map(this.heard.value).set(key, { feedback, at });
  }

  /** What we took back ourselves; anything later that others say still counts. */
  forget(key: string): void {
    const known = this.heard.value.get(key);
    if (known) this.heard.value = new Map(this.heard.value).set(key, { feedback: null, at: known.at });
  }
}
