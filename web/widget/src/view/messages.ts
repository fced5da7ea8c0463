import { dayKey, dayLabel, fullLabel, timeLabel } from '../dates.ts';
import type { Attachment, Citation } from '../frames.ts';
import { NO_TEXT } from '../frames.ts';
import type { More } from '../more.ts';
import type { OutboxItem } from '../outbox.ts';
import type { Entry } from '../timeline.ts';
import { WORDS } from '../words.ts';
import { h, icon, setText } from './dom.ts';

const DOWN = 'M12 5v14m-6.5-6.5L12 19l6.5-6.5';
const FAILED = 'M12 7v6m0 3.5v.01M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0Z';
/** Messages of one author within this time stand in one group. Milliseconds. */
const GROUP_MS = 5 * 60_000;
/** A reader this close to the end is kept there when something new comes. Pixels. */
const STICKY_PX = 80;

export interface MessagesModel {
  entries: Entry[];
  pending: OutboxItem[];
  seenSeq: number;
  isOnline: boolean;
  /** Whether the log is being replayed; it is not read out then. */
  isReplaying: boolean;
  /** Names of those who write now. */
  typing: string[];
  teamName: string;
  /** Whether there is no chat to be had. */
  isRefused: boolean;
  /** What draws files, links and where an answer is from, once it is loaded. */
  more: More | undefined;
  now: number;
}

export interface MessagesPorts {
  retry(clientId: string): void;
  remove(clientId: string): void;
}

/** One thing in the list. */
interface Row {
  key: string;
  /** What it looks like; it is drawn again when this changes. */
  look: string;
  draw(): HTMLElement;
  /** What is under it; only this part is drawn again, so that a screen reader does not read the message twice. */
  footLook?: string;
  drawFoot?(element: HTMLElement): void;
}

export function createMessages(ports: MessagesPorts) {
  const drawn = new Map<string, { element: HTMLElement; look: string; footLook: string | undefined }>();
  const welcome = h(
    'div',
    { class: 'welcome' },
    h('p', { class: 'welcome-title' }, WORDS.welcome),
    h('p', {}, WORDS.welcomeText),
  );
  const log = h('div', { class: 'log', role: 'log', 'aria-live': 'polite', 'aria-label': WORDS.log });
  const typingText = h('span');
  const dots = h('span', { class: 'dots', 'aria-hidden': 'true' }, h('i'), h('i'), h('i'));
  const typing = h('div', { class: 'typing', role: 'status' }, typingText);
  const scroller = h(
    'div',
    { class: 'scroller', tabindex: '0', role: 'group', 'aria-label': WORDS.conversation },
    welcome,
    log,
    typing,
  );
  const jump = h('button', { class: 'jump', type: 'button', 'aria-label': WORDS.jump }, icon(DOWN));
  jump.hidden = true;
  const element = h('div', { class: 'messages' }, scroller, jump);
  let isAtEnd = true;

  jump.addEventListener('click', () => {
    scroller.scrollTo({ top: scroller.scrollHeight });
    scroller.focus();
  });
  scroller.addEventListener(
    'scroll',
    () => {
      isAtEnd = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < STICKY_PX;
      if (isAtEnd) jump.hidden = true;
    },
    { passive: true },
  );

  function place(rows: Row[]): boolean {
    const kept = new Set(rows.map((row) => row.key));
    for (const [key, { element }] of drawn) {
      if (!kept.has(key)) {
        element.remove();
        drawn.delete(key);
      }
    }
    let hasNew = false;
    let next = log.firstElementChild;
    for (const row of rows) {
      const old = drawn.get(row.key);
      const { look, footLook } = row;
      let element = old?.element;
      if (!element || old?.look !== look) {
        if (element === next) next = next?.nextElementSibling ?? null;
        element?.remove();
        hasNew ||= !old;
        element = row.draw();
        row.drawFoot?.(element);
      } else if (old?.footLook !== footLook) {
        row.drawFoot?.(element);
      }
      if (element === next) next = next.nextElementSibling;
      else log.insertBefore(element, next);
      drawn.set(row.key, { element, look, footLook });
    }
    return hasNew;
  }

  return {
    element,
    scrollToEnd(): void {
      isAtEnd = true;
      jump.hidden = true;
      scroller.scrollTop = scroller.scrollHeight;
    },
    keepEnd(): void {
      if (isAtEnd) scroller.scrollTop = scroller.scrollHeight;
    },
    render(model: MessagesModel): void {
      log.setAttribute('aria-busy', String(model.isReplaying));
      const rows = rowsOf(model, ports);
      const wasAtEnd = isAtEnd;
      const hasNew = place(rows);
      welcome.hidden = rows.length > 0 || model.isRefused;
      const isTyping = model.typing.length > 0;
      setText(typingText, isTyping ? WORDS.typing(model.typing.join(', ')) : '');
      if (isTyping) typing.prepend(dots);
      else dots.remove();
      if (wasAtEnd) scroller.scrollTop = scroller.scrollHeight;
      else if (hasNew) jump.hidden = false;
    },
  };
}

function rowsOf(model: MessagesModel, ports: MessagesPorts): Row[] {
  const { entries, pending, now } = model;
  const rows: Row[] = [];
  const bubbles: Bubble[] = [];
  let day = '';

  const separate = (at: number) => {
    if (dayKey(at) === day) return;
    day = dayKey(at);
    const label = dayLabel(at, now);
    rows.push({
      key: `day ${day}`,
      look: label,
      draw: () => h('div', { class: 'day' }, h('span', {}, label)),
    });
  };
  const say = (bubble: Bubble) => {
    separate(bubble.at);
    bubble.place = rows.length;
    bubbles.push(bubble);
    // Its neighbours decide how it looks; they are not known yet.
    rows.push({ key: bubble.key, look: '', draw: () => h('div') });
  };

  for (const entry of entries) {
    if (entry.kind === 'message') {
      say({ ...entry, key: `message ${entry.key}`, place: 0 });
    } else {
      separate(entry.at);
      rows.push(systemRow(entry.kind, entry.key, entry.author, entry.at));
    }
  }
  // A message in both lists was logged, and the outbox of another tab has not heard of it.
  const logged = new Set(entries.map((entry) => entry.key));
  for (const item of pending) {
    if (logged.has(item.clientId)) continue;
    say({ ...item, key: `message ${item.clientId}`, mine: true, author: undefined, seq: 0, item, place: 0 });
  }

  const lastMine = bubbles.findLast((bubble) => bubble.mine);
  bubbles.forEach((bubble, index) => {
    const before = bubbles[index - 1];
    const after = bubbles[index + 1];
    const isFirst = !before || !areGrouped(before, bubble);
    const isLast = !after || !areGrouped(bubble, after);
    const receipt = receiptOf(bubble, bubble === lastMine, model);
    const author = bubble.mine ? WORDS.you : (bubble.author ?? model.teamName);
    rows[bubble.place] = {
      key: bubble.key,
      look: JSON.stringify([bubble.text, author, isFirst, bubble.files, !model.more]),
      draw: () => drawBubble(bubble, author, isFirst, model.more),
      footLook: JSON.stringify([bubble.at, isLast, receipt, bubble.item?.failed]),
      drawFoot: (element) => drawFoot(element, bubble, isFirst, isLast, receipt, ports),
    };
  });
  return rows;
}

interface Bubble {
  key: string;
  text: string;
  files?: Attachment[] | undefined;
  citations?: Citation[] | undefined;
  at: number;
  mine: boolean;
  author: string | undefined;
  /** 0 until it is logged. */
  seq: number;
  item?: OutboxItem;
  /** Index of its row. */
  place: number;
}

function areGrouped(a: Bubble, b: Bubble): boolean {
  return (
    a.mine === b.mine &&
    a.author === b.author &&
    b.at - a.at < GROUP_MS &&
    dayKey(a.at) === dayKey(b.at) &&
    b.place === a.place + 1 &&
    !a.item?.failed
  );
}

function receiptOf(bubble: Bubble, isLastMine: boolean, model: MessagesModel): string {
  if (!bubble.mine) return '';
  if (bubble.item?.failed) return bubble.item.failed === 'frame_too_large' ? WORDS.tooLong : WORDS.failed;
  if (!isLastMine) return '';
  if (bubble.item) return model.isOnline ? WORDS.sending : WORDS.waiting;
  return model.seenSeq >= bubble.seq ? WORDS.seen : WORDS.sent;
}

function drawBubble(bubble: Bubble, author: string, isFirst: boolean, more: More | undefined): HTMLElement {
  const text = h('div', { class: 'bubble', dir: 'auto', title: fullLabel(bubble.at) });
  const { files, citations } = bubble;
  const drawn = files && more?.files.draw(files);
  if (drawn) text.append(drawn);
  const said = drawn && bubble.text === NO_TEXT ? '' : bubble.text;
  text.append(...(more?.linked(said) ?? [said]));
  const sources = citations && more?.assistant.draw(citations);
  if (sources) text.append(sources);
  // Every message says whose it is; sighted readers see it by place and colour, and from the first of a group.
  const isNamed = isFirst && !bubble.mine;
  return h('div', {}, h('div', { class: isNamed ? 'author' : 'quiet' }, author), text);
}

function drawFoot(
  element: HTMLElement,
  bubble: Bubble,
  isFirst: boolean,
  isLast: boolean,
  receipt: string,
  ports: MessagesPorts,
): void {
  const { item } = bubble;
  const classes = ['message', bubble.mine ? 'mine' : 'theirs'];
  if (isFirst) classes.push('first');
  if (isLast) classes.push('last');
  if (item) classes.push(item.failed ? 'failed' : 'pending');
  element.className = classes.join(' ');

  element.querySelector('.meta')?.remove();
  if (!isLast && !receipt) return;
  const meta = h('div', { class: 'meta', 'aria-live': item?.failed ? 'assertive' : 'off' });
  element.append(meta);
  if (item?.failed) {
    meta.append(
      icon(FAILED),
      h('span', {}, receipt),
      act(WORDS.retry, () => ports.retry(item.clientId)),
      act(WORDS.remove, () => ports.remove(item.clientId)),
    );
    return;
  }
  meta.append(h('time', { datetime: new Date(bubble.at).toISOString() }, timeLabel(bubble.at)));
  if (receipt) meta.append(h('span', { class: 'receipt' }, receipt));
}

function act(label: string, action: () => void): HTMLButtonElement {
  const button = h('button', { class: 'link', type: 'button' }, label);
  button.addEventListener('click', action);
  return button;
}

function systemRow(kind: 'resolved' | 'reopened', key: string, author: string | undefined, at: number): Row {
  return {
    key: `system ${key}`,
    look: '',
    draw: () => {
      const isResolved = kind === 'resolved';
      const line = h('div', { class: 'system', title: fullLabel(at) });
      line.append(h('p', {}, isResolved ? WORDS.resolved(author) : WORDS.reopened));
      if (isResolved) line.append(h('p', {}, WORDS.resolvedHint));
      return line;
    },
  };
}
