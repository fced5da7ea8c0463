import type { Config } from '../config.ts';
import { linked } from '../links.ts';
import type { Session } from '../session.ts';
import { h, icon, setText } from '../view/dom.ts';
import { blocksOf } from './blocks.ts';

const BACK = 'M15 5l-7 7 7 7';

/** What is said about an article. */
const WORDS = {
  back: 'Back to the chat',
  loading: 'Loading…',
  failed: 'The article cannot be shown now.',
  gone: 'This article is not there any more.',
  helpful: 'Was this helpful?',
  yes: 'Yes',
  no: 'No',
  thanks: 'Thank you.',
  notCounted: 'Your answer was not taken. Please try again.',
};

export interface ArticlePorts {
  config: Config;
  root: ShadowRoot;
  session(): Promise<Session>;
}

/** An article over the chat, and whether it was of use to the visitor. */
export function createArticle({ config, root, session }: ArticlePorts) {
  const title = h('h3', { id: 'article-title', tabindex: '-1', dir: 'auto' });
  const body = h('div', { class: 'article-body', dir: 'auto' });
  const said = h('p', { class: 'article-said', role: 'status' });
  const back = h('button', { class: 'icon-button', type: 'button', 'aria-label': WORDS.back }, icon(BACK));
  const yes = vote(WORDS.yes, true);
  const no = vote(WORDS.no, false);
  const votes = h(
    'div',
    { class: 'votes', role: 'group', 'aria-label': WORDS.helpful },
    h('span', {}, WORDS.helpful),
    yes,
    no,
  );
  const element = h(
    'section',
    { class: 'article', 'aria-labelledby': 'article-title' },
    h('div', { class: 'article-head' }, back, title),
    body,
    votes,
    said,
  );
  element.hidden = true;
  root.querySelector('.panel')?.append(element);
  /** What was opened last; an answer about another one comes too late. */
  let openId = '';
  let opener: HTMLElement | undefined;
  /** What the visitor has said of each article since the page was loaded. */
  const given = new Map<string, boolean>();

  back.addEventListener('click', close);
  element.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    // The chat itself stays open.
    event.stopPropagation();
    close();
  });

  async function ask(path: string, method = 'GET', content?: object): Promise<Response> {
    const { token } = await session();
    const headers: Record<string, string> = { authorization: `Bearer ${token}` };
    if (content) headers['content-type'] = 'application/json';
    const answer = await fetch(`${config.host}/widget/v1/articles/${path}`, {
      method,
      headers,
      ...(content && { body: JSON.stringify(content) }),
    });
    if (!answer.ok && answer.status !== 404) throw new Error(String(answer.status));
    return answer;
  }

  async function open(id: string, from: HTMLElement): Promise<void> {
    openId = id;
    opener = from;
    element.hidden = false;
    setText(title, WORDS.loading);
    setText(said, '');
    body.replaceChildren();
    votes.hidden = true;
    title.focus();
    try {
      const answer = await ask(id);
      if (openId !== id) return;
      if (answer.status === 404) return fail(WORDS.gone);
      const { article } = (await answer.json()) as { article: { title: string; body: string } };
      if (openId !== id) return;
      setText(title, article.title);
      body.replaceChildren(...drawn(article.body));
      votes.hidden = false;
      press();
    } catch {
      if (openId === id) fail(WORDS.failed);
    }
  }

  function fail(text: string): void {
    setText(title, '');
    setText(said, text);
    back.focus();
  }

  function close(): void {
    openId = '';
    element.hidden = true;
    opener?.focus();
  }

  function vote(label: string, isHelpful: boolean): HTMLButtonElement {
    const made = h('button', { class: 'chip-button', type: 'button', 'aria-pressed': 'false' }, label);
    made.addEventListener('click', async () => {
      const id = openId;
      const before = given.get(id);
      // Pressed again, it is taken back.
      if (before === isHelpful) given.delete(id);
      else given.set(id, isHelpful);
      press();
      try {
        const answer = given.has(id)
          ? await ask(`${id}/vote`, 'PUT', { is_helpful: isHelpful })
          : await ask(`${id}/vote`, 'DELETE');
        if (openId === id) setText(said, answer.ok ? (given.has(id) ? WORDS.thanks : '') : WORDS.gone);
      } catch {
        if (before === undefined) given.delete(id);
        else given.set(id, before);
        if (openId !== id) return;
        press();
        setText(said, WORDS.notCounted);
      }
    });
    return made;
  }

  function press(): void {
    yes.setAttribute('aria-pressed', String(given.get(openId) === true));
    no.setAttribute('aria-pressed', String(given.get(openId) === false));
  }

  return { open };
}

/** An article's Markdown as elements; what it does not know stays text. */
function drawn(markdown: string): HTMLElement[] {
  return blocksOf(markdown).map((block) => {
    if (block.kind === 'list') return h('ul', {}, ...block.lines.map((line) => h('li', {}, ...linked(line))));
    if (block.kind === 'code') return h('pre', {}, block.lines.join('\n'));
    return h(block.kind === 'heading' ? 'h4' : 'p', {}, ...linked(block.lines.join(' ')));
  });
}
