/**
 * Files in the chat: choosing, pasting and dropping them, their upload, and how they look in a message.
 */

import { fileSize, isPicture, MAX_BYTES, MAX_FILES, problemOf } from '../../../shared/files.ts';
import type { Config } from '../config.ts';
import type { Attachment } from '../frames.ts';
import type { Session } from '../session.ts';
import { h, icon, setText } from '../view/dom.ts';
import css from './files.css?inline';

const CLIP = 'M20 11.5l-8.1 8.1a5 5 0 0 1-7.1-7.1l8.5-8.5a3.3 3.3 0 0 1 4.7 4.7l-8.4 8.4a1.7 1.7 0 0 1-2.4-2.4l7.4-7.3';
const CROSS = 'M7 7l10 10M17 7 7 17';
const PAGE = 'M14 3H7a1.5 1.5 0 0 0-1.5 1.5v15A1.5 1.5 0 0 0 7 21h10a1.5 1.5 0 0 0 1.5-1.5V7.5L14 3Zm0 0v4.5h4.5';

/** What is said about files. */
const WORDS = {
  attach: 'Attach files',
  list: 'Files to send',
  tooMany: `At most ${MAX_FILES} files go with a message.`,
  remove: (name: string) => `Remove ${name}`,
  open: (name: string, size: string) => `Open ${name}, ${size}`,
  gone: 'The file cannot be opened now.',
  uploading: (name: string) => `Uploading ${name}`,
};

export interface FilesPorts {
  config: Config;
  root: ShadowRoot;
  session(): Promise<Session>;
  /** What can be sent has changed. */
  changed(): void;
}

/** A file beside the text that is being written. */
interface Chosen {
  attachment: Attachment | undefined;
  failed: boolean;
  element: HTMLElement;
  stop(): void;
}

export interface Files {
  /** Whether the message can be sent now, with or without a text. */
  canSend(isTextEmpty: boolean): boolean;
  /** The files to send with the message; from here on none is chosen. */
  take(): Attachment[];
  /** The files of a message. */
  draw(files: Attachment[]): HTMLElement;
}

export type CreateFiles = (ports: FilesPorts) => Files;

export const createFiles: CreateFiles = (ports) => {
  const {
    root,
    config: { host },
  } = ports;
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];

  let chosen: Chosen[] = [];
  const picker = h('input', { type: 'file', multiple: '', hidden: '', tabindex: '-1' });
  const button = h('button', { class: 'attach', type: 'button', 'aria-label': WORDS.attach }, icon(CLIP));
  const list = h('ul', { class: 'chips', 'aria-label': WORDS.list });
  const said = h('p', { class: 'files-said', role: 'status' });
  // What a chip shows is read out from here.
  const spoken = h('p', { class: 'quiet', role: 'status' });
  list.hidden = true;
  const form = root.querySelector('form');
  form?.querySelector('.field')?.prepend(button);
  form?.prepend(list, said, spoken, picker);
  const text = root.querySelector('textarea');

  button.addEventListener('click', () => picker.click());
  picker.addEventListener('change', () => {
    add(picker.files);
    picker.value = '';
    text?.focus();
  });
  text?.addEventListener('paste', (event) => {
    if (!event.clipboardData?.files.length) return;
    event.preventDefault();
    add(event.clipboardData.files);
  });
  const panel = root.querySelector<HTMLElement>('.panel');
  panel?.addEventListener('dragover', (event) => {
    if (!event.dataTransfer?.types.includes('Files')) return;
    event.preventDefault();
    panel.classList.add('dropping');
  });
  panel?.addEventListener('dragleave', (event) => {
    if (!panel.contains(event.relatedTarget as Node | null)) panel.classList.remove('dropping');
  });
  panel?.addEventListener('drop', (event) => {
    panel.classList.remove('dropping');
    if (!event.dataTransfer?.files.length) return;
    event.preventDefault();
    add(event.dataTransfer.files);
  });

  function add(files: FileList | null): void {
    setText(said, '');
    for (const file of files ?? []) {
      if (chosen.length < MAX_FILES) upload(file, problemOf(file));
      else setText(said, WORDS.tooMany);
    }
    changed();
  }

  function upload(file: File, problem: string | undefined): void {
    const bar = h('progress', { max: '1', value: '0', 'aria-label': WORDS.uploading(file.name) });
    const note = h('span', { class: 'chip-note' }, fileSize(file.size));
    const remove = h('button', { type: 'button', 'aria-label': WORDS.remove(file.name) }, icon(CROSS));
    const element = h('li', { class: 'chip' }, h('span', { class: 'chip-name' }, file.name), note, bar, remove);
    const request = new XMLHttpRequest();
    const item: Chosen = { attachment: undefined, failed: false, element, stop: () => request.abort() };
    remove.addEventListener('click', () => {
      item.stop();
      chosen = chosen.filter((other) => other !== item);
      element.remove();
      changed();
      text?.focus();
    });
    chosen.push(item);
    list.append(element);

    const fail = (reason: string) => {
      item.failed = true;
      bar.remove();
      element.classList.add('bad');
      setText(note, reason);
      setText(spoken, `${file.name}: ${reason}`);
      changed();
    };
    if (problem) {
      fail(problem);
      return;
    }
    // The only way to see how far an upload is.
    request.upload.onprogress = (event) => {
      if (event.lengthComputable) bar.value = event.loaded / event.total;
    };
    request.onerror = () => fail('Not uploaded: no connection.');
    request.onload = () => {
      const body = attempt(() => JSON.parse(request.responseText));
      if (request.status !== 201) {
        fail(reasonOf(request.status, body?.detail));
        return;
      }
      item.attachment = body.attachment;
      bar.remove();
      changed();
    };
    ports.session().then(
      ({ token }) => {
        request.open('POST', `${host}/widget/v1/attachments?name=${encodeURIComponent(file.name)}`);
        request.setRequestHeader('authorization', `Bearer ${token}`);
        request.setRequestHeader('content-type', file.type || 'application/octet-stream');
        request.send(file);
      },
      () => fail('Not uploaded: no connection.'),
    );
  }

  function changed(): void {
    list.hidden = chosen.length === 0;
    ports.changed();
  }

  async function link(file: Attachment): Promise<string> {
    const response = await fetch(`${host}/widget/v1/attachments/${file.id}/link`, {
      method: 'POST',
      headers: { authorization: `Bearer ${(await ports.session()).token}` },
      credentials: 'omit',
    });
    if (!response.ok) throw new Error(String(response.status));
    return (await response.json()).url;
  }

  function draw(file: Attachment): HTMLElement {
    const size = fileSize(file.size_bytes);
    const label = { type: 'button', 'aria-label': WORDS.open(file.name, size) };
    const name = h('span', { class: 'file-name' }, file.name);
    const element = h('button', { class: 'file', ...label }, icon(PAGE), name, h('span', { class: 'file-size' }, size));
    element.addEventListener('click', () => {
      // Opened now, or a browser takes it for a window that nobody asked for.
      const tab = window.open('', '_blank');
      link(file).then(
        (url) => {
          if (tab) tab.location.replace(url);
          else location.assign(url);
        },
        () => {
          tab?.close();
          setText(said, WORDS.gone);
        },
      );
    });
    if (isPicture(file.content_type)) {
      // Nobody waits for a picture that is not there: the name stays.
      link(file).then(
        (url) => {
          const picture = h('img', { src: url, alt: file.name, class: 'picture' });
          picture.onload = () => {
            element.classList.add('has-picture');
            element.replaceChildren(picture);
          };
        },
        () => {},
      );
    }
    return element;
  }

  return {
    canSend: (isTextEmpty) =>
      chosen.every((item) => item.attachment !== undefined || item.failed) &&
      (!isTextEmpty || chosen.some((item) => item.attachment !== undefined)),
    take() {
      const sent = chosen.flatMap((item) => item.attachment ?? []);
      chosen = [];
      list.replaceChildren();
      setText(said, '');
      changed();
      return sent;
    },
    draw: (files) => h('div', { class: 'files' }, ...files.map(draw)),
  };
};

/** Why the server did not take a file. */
function reasonOf(status: number, detail: unknown): string {
  if (status === 413) return `Not uploaded: more than ${fileSize(MAX_BYTES)}.`;
  if (status === 429 || status >= 500) return 'Not uploaded: try again in a moment.';
  return `Not uploaded: ${typeof detail === 'string' ? detail : status}.`;
}

function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}
