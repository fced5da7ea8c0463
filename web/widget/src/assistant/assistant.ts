/**
 * The assistant in the chat: a way to a person, where its answers are from, and those articles.
 */

import type { Config } from '../config.ts';
import type { Citation, ClientFrame } from '../frames.ts';
import type { Session } from '../session.ts';
import type { Timeline } from '../timeline.ts';
import { h, icon } from '../view/dom.ts';
import { createArticle } from './article.ts';
import css from './assistant.css?inline';

const PAGE = 'M14 3H7a1.5 1.5 0 0 0-1.5 1.5v15A1.5 1.5 0 0 0 7 21h10a1.5 1.5 0 0 0 1.5-1.5V7.5L14 3Zm0 0v4.5h4.5';

/** What is said about the assistant. */
const WORDS = {
  bar: 'Assistant',
  answers: 'Our assistant answers you.',
  person: 'Talk to a person',
  solved: 'That helped',
  sources: 'Where this is from',
};

export interface AssistantPorts {
  config: Config;
  root: ShadowRoot;
  session(): Promise<Session>;
  /** Says something to the server about the assistant. */
  tell(frame: ClientFrame): void;
}

export interface Assistant {
  /** What can be said to it now. */
  render(timeline: Timeline, isOnline: boolean): void;
  /** Where an answer is from. */
  draw(citations: Citation[]): HTMLElement;
}

export type CreateAssistant = (ports: AssistantPorts) => Assistant;

export const createAssistant: CreateAssistant = ({ config, root, session, tell }) => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
  const article = createArticle({ config, root, session });
  const text = root.querySelector('textarea');

  const person = button(WORDS.person, () => {
    tell({ type: 'assistant.hand_off' });
    text?.focus();
  });
  const solved = button(WORDS.solved, () => {
    tell({ type: 'assistant.solved' });
    text?.focus();
  });
  const bar = h(
    'div',
    { class: 'assistant', role: 'group', 'aria-label': WORDS.bar },
    h('span', {}, WORDS.answers),
    solved,
    person,
  );
  bar.hidden = true;
  root.querySelector('form')?.before(bar);

  return {
    render(timeline, isOnline): void {
      bar.hidden = !isOnline || timeline.assistant() <= 0 || timeline.isResolved();
      const last = timeline.entries().at(-1);
      // Who has asked again has not been helped.
      solved.hidden = last?.kind !== 'message' || last.mine;
    },
    draw(citations): HTMLElement {
      const list = h('ul', { class: 'sources', 'aria-label': WORDS.sources });
      const titles = new Map(citations.map(({ article_id, title }) => [article_id, title]));
      for (const [id, title] of titles) {
        const open = button(title, () => article.open(id, open));
        open.prepend(icon(PAGE));
        list.append(h('li', {}, open));
      }
      return list;
    },
  };
};

function button(label: string, act: () => void): HTMLButtonElement {
  const made = h('button', { class: 'chip-button', type: 'button' }, h('span', { dir: 'auto' }, label));
  made.addEventListener('click', act);
  return made;
}
