/** What the widget needs once the chat is open: files, links, and the assistant. A script of its own, which the first one loads then. */

import { type Assistant, createAssistant } from './assistant/assistant.ts';
import type { Config } from './config.ts';
import { createFiles, type Files } from './files/files.ts';
import type { ClientFrame } from './frames.ts';
import { linked } from './links.ts';
import type { Session } from './session.ts';

export interface MorePorts {
  config: Config;
  root: ShadowRoot;
  session(): Promise<Session>;
  /** Says something to the server about the assistant. */
  tell(frame: ClientFrame): void;
  /** What can be sent has changed. */
  changed(): void;
}

export interface More {
  files: Files;
  assistant: Assistant;
  /** A text, its links as such. */
  linked(text: string): (Node | string)[];
}

export type CreateMore = (ports: MorePorts) => More;

export const createMore: CreateMore = (ports) => ({
  files: createFiles(ports),
  assistant: createAssistant(ports),
  linked,
});
