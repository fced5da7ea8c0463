import { WORDS } from '../words.ts';
import { h, icon, setText } from './dom.ts';

const CLOSE = 'M6 6l12 12M18 6 6 18';
/** Where the panel covers the whole page; the same condition stands in styles.css. */
const FULL_SCREEN = '(max-width: 480px), (max-height: 440px)';

export interface PanelModel {
  title: string;
  status: string;
  /** Colours the dot of the status. */
  tone: 'good' | 'waiting' | 'bad';
  banner: string;
}

/** The dialog around the messages and the composer. */
export function createPanel(id: string, body: HTMLElement, form: HTMLElement, close: () => void) {
  const avatar = h('div', { class: 'avatar', 'aria-hidden': 'true' });
  const title = h('h2', { id: 'title' });
  const dot = h('span', { class: 'dot', 'aria-hidden': 'true' });
  const status = h('span');
  const closeButton = h('button', { class: 'icon-button', type: 'button', 'aria-label': WORDS.close }, icon(CLOSE));
  closeButton.addEventListener('click', close);
  const banner = h('div', { class: 'banner', role: 'status' });
  const element = h(
    'section',
    { id, class: 'panel', role: 'dialog', 'aria-labelledby': 'title' },
    h(
      'div',
      { class: 'header' },
      avatar,
      h('div', { class: 'heading' }, title, h('p', { class: 'status', role: 'status' }, dot, status)),
      closeButton,
    ),
    banner,
    body,
    form,
  );
  const fullScreen = matchMedia(FULL_SCREEN);

  element.addEventListener('keydown', (event) => {
    if (event.key === 'Tab' && fullScreen.matches) keepFocus(event);
  });

  /** On a full screen there is nothing behind the dialog that could be seen: the focus goes round inside it. */
  function keepFocus(event: KeyboardEvent): void {
    const stops = [...element.querySelectorAll<HTMLElement>('button, textarea, a[href], [tabindex="0"]')].filter(
      (stop) => !stop.matches(':disabled') && stop.offsetParent !== null,
    );
    const edge = event.shiftKey ? stops[0] : stops.at(-1);
    if ((element.getRootNode() as ShadowRoot).activeElement !== edge) return;
    event.preventDefault();
    (event.shiftKey ? stops.at(-1) : stops[0])?.focus();
  }

  /** An on-screen keyboard covers part of the page without making it smaller: the panel fits what can be seen. */
  function fit(): void {
    const viewport = window.visualViewport;
    if (!viewport || !fullScreen.matches || viewport.scale > 1.05) return;
    element.style.setProperty('--height', `${viewport.height}px`);
    element.style.setProperty('--top', `${viewport.offsetTop}px`);
  }

  let pageOverflow = '';
  function holdPage(isHeld: boolean): void {
    const { style } = document.documentElement;
    if (isHeld) {
      pageOverflow = style.overflow;
      style.overflow = 'hidden';
    } else {
      style.overflow = pageOverflow;
    }
  }

  let isOpen = false;
  function adapt(): void {
    const isModal = isOpen && fullScreen.matches;
    if (isModal !== element.hasAttribute('aria-modal')) holdPage(isModal);
    if (isModal) element.setAttribute('aria-modal', 'true');
    else element.removeAttribute('aria-modal');
    fit();
  }
  fullScreen.addEventListener('change', adapt);
  window.visualViewport?.addEventListener('resize', fit);
  window.visualViewport?.addEventListener('scroll', fit);

  return {
    element,
    isFullScreen: () => fullScreen.matches,
    show(shown: boolean): void {
      isOpen = shown;
      adapt();
    },
    render(model: PanelModel): void {
      setText(title, model.title);
      setText(avatar, initials(model.title));
      setText(status, model.status);
      dot.className = `dot ${model.tone}`;
      setText(banner, model.banner);
    },
  };
}

/** The first letters of the first two words. */
function initials(name: string): string {
  return (name.match(/(?<![\p{L}\p{N}])[\p{L}\p{N}]/gu) ?? []).slice(0, 2).join('');
}
