import { h } from './view/dom.ts';

export interface Piece {
  text: string;
  /** Set when the piece is a link; `http:` or `https:` only. */
  href?: string;
}

const LINK = /\b(?:https?:\/\/|www\.)[^\s<>"'`]+/gi;

/** Cuts a text into plain pieces and links. The pieces put together are the text again. */
export function splitLinks(text: string): Piece[] {
  const pieces: Piece[] = [];
  let done = 0;
  for (const match of text.matchAll(LINK)) {
    const link = trimTail(match[0]);
    const href = safeHref(link);
    if (href === undefined) continue;
    if (match.index > done) pieces.push({ text: text.slice(done, match.index) });
    pieces.push({ text: link, href });
    done = match.index + link.length;
  }
  if (done < text.length) pieces.push({ text: text.slice(done) });
  return pieces;
}

/** Drops the punctuation of the sentence around a link, and a bracket that was not opened inside it. */
function trimTail(link: string): string {
  let end = link.length;
  while (end > 0) {
    const last = link.charAt(end - 1);
    const isOpenedInside = last === ')' && link.slice(0, end).split('(').length >= link.slice(0, end).split(')').length;
    if (!/[.,;:!?)\]}*_~]/.test(last) || isOpenedInside) break;
    end -= 1;
  }
  return link.slice(0, end);
}

function safeHref(link: string): string | undefined {
  try {
    const url = new URL(/^www\./i.test(link) ? `https://${link}` : link);
    const isWeb = url.protocol === 'http:' || url.protocol === 'https:';
    return isWeb && url.hostname.includes('.') ? url.href : undefined;
  } catch {
    return undefined;
  }
}

/** A text as nodes, its links as such. */
export function linked(text: string): (Node | string)[] {
  return splitLinks(text).map(({ text: piece, href }) =>
    href ? h('a', { href, target: '_blank', rel: 'noopener noreferrer' }, piece) : piece,
  );
}
