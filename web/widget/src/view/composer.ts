import type { Files } from '../files/files.ts';
import { type Attachment, MAX_TEXT_BYTES } from '../frames.ts';
import { WORDS } from '../words.ts';
import { h, icon, setText } from './dom.ts';

const ARROW = 'M12 19V5m-6.5 6.5L12 5l6.5 6.5';
/** From here on the length is shown, in bytes. */
const HINT_FROM_BYTES = MAX_TEXT_BYTES * 0.9;

export interface ComposerPorts {
  send(text: string, files: Attachment[]): void;
  /** The files beside the text, once that part is loaded. */
  files(): Files | undefined;
  /** The visitor wrote something, or emptied the field. */
  edited(isEmpty: boolean): void;
}

export type Composer = ReturnType<typeof createComposer>;

/** The field to write in: Enter sends, Shift+Enter begins a line. */
export function createComposer(ports: ComposerPorts) {
  const input = h('textarea', {
    id: 'text',
    rows: '1',
    'aria-label': WORDS.composer,
    'aria-describedby': 'hint',
    enterkeyhint: 'send',
    autocomplete: 'off',
    dir: 'auto',
  });
  const button = h('button', { class: 'send', type: 'submit', 'aria-label': WORDS.send }, icon(ARROW));
  const hint = h('p', { class: 'hint', id: 'hint', role: 'status' });
  const form = h('form', { class: 'composer', novalidate: '' }, h('div', { class: 'field' }, input, button), hint);

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    submit();
  });
  input.addEventListener('input', () => {
    measure();
    ports.edited(input.value.trim() === '');
  });
  input.addEventListener('keydown', (event) => {
    // An input method uses Enter to accept a candidate; Safari ends the composition first and says so with code 229.
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    submit();
  });

  function submit(): void {
    const text = wellFormed(input.value).trim();
    if (button.disabled) return;
    input.value = '';
    ports.send(text, ports.files()?.take() ?? []);
    measure();
    input.focus();
  }

  function measure(): void {
    input.style.height = 'auto';
    input.style.height = `${input.scrollHeight}px`;
    const nBytes = byteLength(input.value);
    const isTooLong = nBytes > MAX_TEXT_BYTES;
    button.disabled = isTooLong || !(ports.files()?.canSend(input.value.trim() === '') ?? input.value.trim());
    input.setAttribute('aria-invalid', String(isTooLong));
    setText(hint, nBytes > HINT_FROM_BYTES ? WORDS.limit(nBytes, MAX_TEXT_BYTES) : '');
  }
  button.disabled = true;

  return {
    form,
    focus: () => input.focus({ preventScroll: true }),
    measure,
    render(isResolved: boolean, isRefused: boolean): void {
      input.placeholder = isResolved ? WORDS.placeholderResolved : WORDS.placeholder;
      input.disabled = isRefused;
    },
  };
}

const encoder = new TextEncoder();

function byteLength(text: string): number {
  return encoder.encode(text).length;
}

/** Without lone surrogates, which are no Unicode text and which the server could not read. */
function wellFormed(text: string): string {
  return new TextDecoder().decode(encoder.encode(text));
}
