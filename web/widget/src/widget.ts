import { createChat } from './chat.ts';
import type { Config } from './config.ts';
import type { CreateMore, More } from './more.ts';
import { adoptStyles } from './styles.ts';
import { createComposer } from './view/composer.ts';
import { h } from './view/dom.ts';
import { createLauncher } from './view/launcher.ts';
import { createMessages } from './view/messages.ts';
import { createPanel, type PanelModel } from './view/panel.ts';
import { WORDS } from './words.ts';

/** A lost connection is only worth a word when it stays lost. Milliseconds. */
const BANNER_AFTER_MS = 3_000;
const PANEL_ID = 'panel';

/** `window.Edgedesk`. */
export interface WidgetApi {
  open(): void;
  close(): void;
}

/** Puts the chat into the page. */
export function createWidget(config: Config): WidgetApi {
  let isOpen = false;
  let isDrawing = false;
  let waitingSince: number | undefined;
  let more: More | undefined;

  const chat = createChat(config, changed);
  const composer = createComposer({
    send(text, sent) {
      chat.send(text, sent);
      messages.scrollToEnd();
    },
    edited: chat.edited,
    files: () => more?.files,
  });
  const messages = createMessages({
    retry(clientId) {
      chat.retry(clientId);
      composer.focus();
    },
    remove(clientId) {
      chat.remove(clientId);
      composer.focus();
    },
  });
  const panel = createPanel(PANEL_ID, messages.element, composer.form, close);
  const launcher = createLauncher(PANEL_ID, () => (isOpen ? close() : open()));

  const root = h('div', { class: `root ${config.side}` }, panel.element, launcher.button, launcher.announcement);
  const host = h('div', { id: 'edgedesk' });
  const shadow = host.attachShadow({ mode: 'open' });
  adoptStyles(shadow, config);
  shadow.append(root);
  document.body.append(host);

  root.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || !isOpen || event.isComposing) return;
    event.stopPropagation();
    close();
  });
  composer.form.addEventListener('focusout', chat.stopTyping);
  document.addEventListener('visibilitychange', follow);
  new ResizeObserver(messages.keepEnd).observe(messages.element);

  function open(): void {
    show(true);
    composer.focus();
  }

  function close(): void {
    const hadFocus = shadow.activeElement !== null;
    show(false);
    chat.stopTyping();
    if (hadFocus) launcher.button.focus();
  }

  function show(shown: boolean): void {
    isOpen = shown;
    root.classList.toggle('open', isOpen);
    panel.show(isOpen);
    if (isOpen) {
      chat.start();
      chat.wake();
      loadMore();
      composer.measure();
      messages.scrollToEnd();
    }
    follow();
  }

  /** What is needed once the chat is open is a script of its own. Without it the chat works, too. */
  function loadMore(): void {
    if (more) return;
    import(/* @vite-ignore */ `${config.host}/widget-more.js`).then(
      ({ createMore }: { createMore: CreateMore }) => {
        const { session, tell } = chat;
        more ??= createMore({ config, root: shadow, session, tell, changed: composer.measure });
        changed();
      },
      // Tried again when the chat is opened again.
      () => {},
    );
  }

  function follow(): void {
    chat.setReading(isOpen && document.visibilityState === 'visible');
  }

  /** Draws once for everything that changes in this turn. */
  function changed(): void {
    if (isDrawing) return;
    isDrawing = true;
    queueMicrotask(() => {
      isDrawing = false;
      draw();
    });
  }

  function draw(): void {
    const { connection, inboxName, isReplaying, refusal } = chat.model;
    const title = config.title ?? inboxName ?? WORDS.team;
    const teamName = inboxName ?? WORDS.team;
    launcher.render(isOpen, chat.timeline.nUnread());
    panel.render({ title, ...statusOf() });
    composer.render(chat.timeline.isResolved(), refusal !== undefined);
    messages.render({
      entries: chat.timeline.entries(),
      pending: chat.pending(),
      seenSeq: chat.timeline.seenSeq(),
      isOnline: connection === 'open',
      isReplaying,
      typing: chat.typing().map((name) => name || teamName),
      teamName,
      isRefused: refusal !== undefined,
      more,
      now: Date.now(),
    });
    more?.assistant.render(chat.timeline, connection === 'open');
  }

  function statusOf(): Omit<PanelModel, 'title'> {
    const { connection, refusal } = chat.model;
    if (connection === 'open') waitingSince = undefined;
    if (refusal) {
      const banner = refusal === 'origin' ? WORDS.bannerOrigin : WORDS.bannerInbox;
      return { status: WORDS.unavailable, tone: 'bad', banner };
    }
    if (connection === 'open') return { status: WORDS.connected, tone: 'good', banner: '' };
    if (connection === 'idle') return { status: WORDS.connecting, tone: 'waiting', banner: '' };

    const now = Date.now();
    if (waitingSince === undefined) {
      waitingSince = now;
      setTimeout(changed, BANNER_AFTER_MS);
    }
    const isLost = !navigator.onLine || now - waitingSince >= BANNER_AFTER_MS;
    return isLost
      ? { status: WORDS.offline, tone: 'bad', banner: WORDS.bannerOffline }
      : { status: WORDS.connecting, tone: 'waiting', banner: '' };
  }

  addEventListener('online', changed);
  addEventListener('offline', changed);
  draw();
  // Nobody wants a page that is covered before it was seen.
  if (config.isOpen && !panel.isFullScreen()) show(true);
  else if (chat.isKnown()) chat.start();
  return { open, close };
}
