// Markdown of articles as nodes of the page. CommonMark with tables and strike-through, read by `micromark` as the server's own
// reader does; what is shown is made of its tree, piece by piece: no text becomes HTML anywhere on the way.

import type { Definition, List, Nodes, Parents, Root, RootContent, Table } from 'mdast';
import { fromMarkdown } from 'mdast-util-from-markdown';
import { gfmStrikethroughFromMarkdown } from 'mdast-util-gfm-strikethrough';
import { gfmTableFromMarkdown } from 'mdast-util-gfm-table';
import { gfmStrikethrough } from 'micromark-extension-gfm-strikethrough';
import { gfmTable } from 'micromark-extension-gfm-table';
import { type ComponentChildren, h } from 'preact';

/** A part of the Markdown, in UTF-16 units, the end exclusive. */
export interface Place {
  start: number;
  end: number;
}

export interface Rendered {
  nodes: ComponentChildren[];
  /** HTML in it, which is left out. */
  hasHtml: boolean;
  /** Pictures in it, of which only the description is shown: a remote one would tell its server who reads. */
  hasPictures: boolean;
}

/** Lists and quotes within each other deeper than this are left out: each is a call within a call. */
const MAX_DEPTH = 40;
/**
 * A line that begins with so many quotes and lists within each other is nobody's writing, and takes the reader time that grows with
 * the square of their number: such a text is shown as it was typed.
 */
const TOO_DEEP = /^(?:[ \t]*(?:>|[-+*](?=[ \t])|\d{1,9}[.)](?=[ \t]))){60}/m;
/** Under the title of a page and of a card. */
const FIRST_HEADING = 4;

/** `marked` are shown as `<mark>`, with the place's number in `data-place`. */
export function renderMarkdown(markdown: string, marked: readonly Place[] = []): Rendered {
  if (TOO_DEEP.test(markdown)) return { nodes: [h('pre', null, markdown)], hasHtml: false, hasPictures: false };
  const root = parse(markdown);
  const renderer = new Renderer(definitionsOf(root), marked);
  return { nodes: renderer.all(root, 0), hasHtml: renderer.hasHtml, hasPictures: renderer.hasPictures };
}

function parse(markdown: string): Root {
  return fromMarkdown(markdown, {
    extensions: [gfmTable(), gfmStrikethrough({ singleTilde: false })],
    mdastExtensions: [gfmTableFromMarkdown(), gfmStrikethroughFromMarkdown()],
  });
}

/**
 * Where a link may lead: the web, a mail, a call. Anything else, an address of this page's own included, is shown as the text
 * that it is.
 */
export function safeHref(url: string): string | null {
  if (!/^(https?:\/\/|mailto:|tel:)/i.test(url)) return null;
  try {
    return new URL(url).href;
  } catch {
    return null;
  }
}

class Renderer {
  hasHtml = false;
  hasPictures = false;
  /** Levels of the headings above the present one, so that none is skipped, whatever the text does. */
  private outline: number[] = [];
  private readonly definitions: ReadonlyMap<string, Definition>;
  private readonly marked: readonly Place[];

  constructor(definitions: ReadonlyMap<string, Definition>, marked: readonly Place[]) {
    this.definitions = definitions;
    this.marked = marked;
  }

  all(parent: Parents, depth: number): ComponentChildren[] {
    if (depth > MAX_DEPTH) return ['…'];
    return parent.children.map((child) => this.one(child, depth + 1));
  }

  private one(node: RootContent, depth: number): ComponentChildren {
    switch (node.type) {
      case 'paragraph':
        return h('p', null, this.all(node, depth));
      case 'heading':
        return h(this.headingTag(node.depth), null, this.all(node, depth));
      case 'text':
        return this.text(node.value, node);
      case 'emphasis':
        return h('em', null, this.all(node, depth));
      case 'strong':
        return h('strong', null, this.all(node, depth));
      case 'delete':
        return h('del', null, this.all(node, depth));
      case 'inlineCode':
        return h('code', null, this.text(node.value, node));
      case 'code':
        return h('pre', null, h('code', null, this.text(node.value, node)));
      case 'break':
        return h('br', null);
      case 'thematicBreak':
        return h('hr', null);
      case 'blockquote':
        return h('blockquote', null, this.all(node, depth));
      case 'list':
        return this.list(node, depth);
      case 'link':
        return link(node.url, this.all(node, depth));
      case 'linkReference':
        return link(this.definitions.get(node.identifier)?.url ?? '', this.all(node, depth));
      case 'image':
      case 'imageReference':
        this.hasPictures = true;
        return h('span', { class: 'md-picture' }, node.alt || 'Picture');
      case 'table':
        return this.table(node, depth);
      case 'html':
        this.hasHtml = true;
        return null;
      default:
        return null;
    }
  }

  private headingTag(level: number): string {
    while (this.outline.length > 0 && (this.outline.at(-1) ?? 0) >= level) this.outline.pop();
    this.outline.push(level);
    return `h${Math.min(FIRST_HEADING + this.outline.length - 1, 6)}`;
  }

  private list(node: List, depth: number): ComponentChildren {
    if (depth > MAX_DEPTH) return h('ul', null, h('li', null, '…'));
    const isLoose = node.spread || node.children.some((item) => item.spread);
    const items = node.children.map((item) =>
      h(
        'li',
        null,
        // A tight list has no paragraphs of its own.
        item.children.map((child) =>
          child.type === 'paragraph' && !isLoose ? this.all(child, depth + 2) : this.one(child, depth + 2),
        ),
      ),
    );
    return h(node.ordered ? 'ol' : 'ul', node.start ? { start: node.start } : null, items);
  }

  private table(node: Table, depth: number): ComponentChildren {
    const rows = node.children.map((row, at) =>
      h(
        'tr',
        null,
        row.children.map((cell) => h(at === 0 ? 'th' : 'td', null, this.all(cell, depth))),
      ),
    );
    return h('table', null, [h('thead', null, rows.slice(0, 1)), h('tbody', null, rows.slice(1))]);
  }

  /** A text with the marked places in it. Where its source was written otherwise (`&amp;`), it is marked as a whole. */
  private text(value: string, node: Nodes): ComponentChildren {
    const from = node.position?.start.offset ?? 0;
    const to = node.position?.end.offset ?? 0;
    const over = this.marked
      .map((place, index) => ({ ...place, index }))
      .filter(({ start, end }) => start < to && end > from);
    if (over.length === 0) return value;
    if (to - from !== value.length) return h('mark', { 'data-place': over[0]?.index }, value);
    const borders = new Set([from, to]);
    for (const { start, end } of over) {
      borders.add(Math.max(start, from));
      borders.add(Math.min(end, to));
    }
    const sorted = [...borders].sort((a, b) => a - b);
    return sorted.slice(0, -1).map((start, at) => {
      const piece = value.slice(start - from, (sorted[at + 1] ?? to) - from);
      const place = over.find((one) => one.start <= start && start < one.end);
      return place ? h('mark', { 'data-place': place.index }, piece) : piece;
    });
  }
}

function link(url: string, children: ComponentChildren[]): ComponentChildren {
  const href = safeHref(url);
  if (href === null) return children;
  return h('a', { href, target: '_blank', rel: 'noopener noreferrer nofollow' }, children);
}

function definitionsOf(root: Root): Map<string, Definition> {
  const found = new Map<string, Definition>();
  const look = (parent: Parents, depth: number) => {
    if (depth > MAX_DEPTH) return;
    for (const child of parent.children) {
      // The first of a name counts.
      if (child.type === 'definition' && !found.has(child.identifier)) found.set(child.identifier, child);
      if ('children' in child) look(child, depth + 1);
    }
  };
  look(root, 0);
  return found;
}
