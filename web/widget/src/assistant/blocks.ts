/** A part of an article. */
export interface Block {
  kind: 'heading' | 'text' | 'list' | 'code';
  /** Plain text: of a list its items, of code its lines. */
  lines: string[];
}

/** Longest line that marks are looked for in. */
const MAX_LINE_CHARS = 5_000;
const FENCE = /^\s*(```|~~~)/;
const HEADING = /^\s{0,3}#{1,6}\s+/;
const ITEM = /^\s*(?:[-*+]|\d{1,9}[.)])\s+/;

/**
 * What an article says, as far as a chat shows it: headings, paragraphs, lists and code. The rest of Markdown, tables and HTML
 * among it, stays as it is written: it is text, and does nothing.
 */
export function blocksOf(markdown: string): Block[] {
  const blocks: Block[] = [];
  let isOpen = false;
  let isCode = false;
  const begin = (kind: Block['kind'], line: string) => {
    blocks.push({ kind, lines: [line] });
    isOpen = true;
  };
  for (const line of markdown.split(/\r?\n/)) {
    const last = blocks.at(-1);
    if (FENCE.test(line)) {
      isCode = !isCode;
      isOpen = false;
    } else if (isCode) {
      if (isOpen && last?.kind === 'code') last.lines.push(line);
      else begin('code', line);
    } else if (line.trim() === '') {
      isOpen = false;
    } else if (HEADING.test(line)) {
      begin('heading', plain(line.replace(HEADING, '').replace(/\s#+\s*$/, '')));
      isOpen = false;
    } else if (ITEM.test(line)) {
      const item = plain(line.replace(ITEM, ''));
      if (last?.kind === 'list') last.lines.push(item);
      else begin('list', item);
      isOpen = true;
    } else if (isOpen && last?.kind === 'list') {
      last.lines.push(`${last.lines.pop() ?? ''} ${plain(line.trim())}`);
    } else if (isOpen && last) {
      last.lines.push(plain(line.trim()));
    } else {
      begin('text', plain(line.trim()));
    }
  }
  return blocks;
}

/** Without the marks within a line. A link keeps its address behind its words, where it can be seen. */
function plain(line: string): string {
  // Nobody writes such a line, and the patterns below take the square of its length.
  if (line.length > MAX_LINE_CHARS) return line;
  return line
    .replace(/!\[([^\]]*)\]\([^)\s]*\)/g, '$1')
    .replace(/\[([^\]]+)\]\(([^)\s]+)\)/g, (_, words: string, to: string) => (words === to ? to : `${words} (${to})`))
    .replace(/(\*\*|__|`)(.+?)\1/g, '$2')
    .replace(/(^|[\s(])\*(\S.*?)\*(?=[\s).,;:!?]|$)/g, '$1$2');
}
