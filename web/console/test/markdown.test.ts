import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { unitsOf } from '../../shared/bytes.ts';
import { type Rendered, renderMarkdown, safeHref } from '../../shared/markdown.ts';

interface Element {
  type: string;
  props: Record<string, unknown>;
}

/** What a page would hold, with everything that could do something written out. */
function shown(node: unknown): string {
  if (node === null || node === undefined || typeof node === 'boolean') return '';
  if (typeof node === 'string' || typeof node === 'number') return escaped(String(node));
  if (Array.isArray(node)) return node.map(shown).join('');
  const { type, props } = node as Element;
  assert.equal(typeof type, 'string');
  const attributes = Object.entries(props)
    .filter(([name]) => !['children', 'key', 'ref', 'target', 'rel'].includes(name))
    .map(([name, value]) => ` ${name}="${escaped(String(value))}"`);
  return `<${type}${attributes.join('')}>${shown(props.children)}</${type}>`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}

function page(markdown: string): string {
  return shown(renderMarkdown(markdown).nodes);
}

/** Every element of a rendering. */
function elements(node: unknown): Element[] {
  if (Array.isArray(node)) return node.flatMap(elements);
  if (node === null || typeof node !== 'object') return [];
  const element = node as Element;
  return [element, ...elements(element.props.children)];
}

const TAGS = [
  ...['p', 'h4', 'h5', 'h6', 'em', 'strong', 'del', 'code', 'pre', 'br', 'hr', 'blockquote', 'ol', 'ul', 'li', 'a'],
  ...['span', 'table', 'thead', 'tbody', 'tr', 'th', 'td', 'mark'],
];

function assertInert(rendered: Rendered): void {
  for (const { type, props } of elements(rendered.nodes)) {
    assert.ok(TAGS.includes(type), `<${type}>`);
    for (const [name, value] of Object.entries(props)) {
      if (name === 'children') continue;
      assert.ok(['href', 'target', 'rel', 'start', 'class', 'data-place'].includes(name), name);
      if (name === 'href') assert.ok(/^(https?:\/\/|mailto:|tel:)/.test(String(value)), String(value));
    }
  }
}

test('paragraphs, lists, code, quotes, links and tables are shown as what they are', () => {
  assert.equal(page('Hello *dear* **you**'), '<p>Hello <em>dear</em> <strong>you</strong></p>');
  assert.equal(page('3. one\n4. `two`'), '<ol start="3"><li>one</li><li><code>two</code></li></ol>');
  assert.equal(page('- one\n\n- two'), '<ul><li><p>one</p></li><li><p>two</p></li></ul>');
  assert.equal(page('> ~~said~~\n\n---'), '<blockquote><p><del>said</del></p></blockquote><hr></hr>');
  assert.equal(page('```js\n<b>\n```'), '<pre><code>&lt;b></code></pre>');
  assert.equal(page('[us][1]\n\n[1]: https://a.example/x'), '<p><a href="https://a.example/x">us</a></p>');
  assert.equal(
    page('| a | b |\n| - | - |\n| 1 | 2 |'),
    '<table><thead><tr><th>a</th><th>b</th></tr></thead><tbody><tr><td>1</td><td>2</td></tr></tbody></table>',
  );
});

test('headings begin under those of the page and skip no level', () => {
  assert.equal(page('# A\n\n### B\n\n## C\n\n# D'), '<h4>A</h4><h5>B</h5><h5>C</h5><h4>D</h4>');
  assert.equal(page('###### deep'), '<h4>deep</h4>');
});

test('HTML is left out and said to be, and its words stay', () => {
  const rendered = renderMarkdown('Say <b onclick="x()">this</b>\n\n<script>alert(1)</script>\n\nand that');
  assert.equal(shown(rendered.nodes), '<p>Say this</p><p>and that</p>');
  assert.equal(rendered.hasHtml, true);
  assert.equal(renderMarkdown('1 < 2 & 3 > 2').hasHtml, false);
});

test('no picture is loaded', () => {
  const rendered = renderMarkdown(
    '![a map](https://x.example/pixel.png) ![](//x.example/2.png) ![r][1]\n\n[1]: /x.png',
  );
  assert.equal(rendered.hasPictures, true);
  assert.ok(!shown(rendered.nodes).includes('example'));
  assert.ok(shown(rendered.nodes).includes('a map'));
});

test('a link leads to the web, a mail or a call, and to nothing else', () => {
  for (const good of ['https://a.example/', 'HTTP://a.example/', 'mailto:a@b.example', 'tel:+4930']) {
    assert.ok(safeHref(good), good);
  }
  for (const bad of [
    ...['javascript:alert(1)', ' javascript:alert(1)', 'java\nscript:alert(1)', 'JaVaScRiPt:alert(1)'],
    ...[
      'data:text/html,x',
      'vbscript:x',
      'file:///etc',
      'blob:https://a.example/x',
      '//a.example',
      '/api',
      '#/x',
      'x',
      '',
    ],
    ...['https://', 'https://[', 'view-source:https://a.example'],
  ]) {
    assert.equal(safeHref(bad), null, bad);
  }
  assert.equal(page('[a](javascript:alert(1)) <javascript:alert(1)>'), '<p>a javascript:alert(1)</p>');
  assert.equal(page('[a](&#106;avascript&colon;alert(1))'), '<p>a</p>');
});

test('nothing of the hostile corpus is more than text, alone and within other things', () => {
  const corpus = readFileSync(new URL('../../../tests/corpora/xss.txt', import.meta.url), 'utf8')
    .trim()
    .split('\n');
  for (const line of corpus) {
    for (const around of [line, `> ${line}`, `- ${line}`, `# ${line}`, `[${line}](${line})`, `| ${line} |\n|-|`]) {
      assertInert(renderMarkdown(around));
    }
  }
  assertInert(renderMarkdown(corpus.join('\n')));
});

test('a text that is made to be slow, or deep, is shown in time', () => {
  const size = 20_000;
  for (const piece of ['>', '[', '*a _b ', '![', '`', '- ', '<', '|-', '&', '[a](', '~~', '\\', '1. ', '[x]: y\n']) {
    const before = performance.now();
    assertInert(renderMarkdown(piece.repeat(Math.ceil(size / piece.length))));
    const took = performance.now() - before;
    // Quadratic ones took seconds; a busy machine is slow as well.
    assert.ok(took < 3_000, `${piece} took ${took} ms`);
  }
});

test('a cited place is marked where it stands, over emphasis and into the next sentence', () => {
  const text = 'Return it in **30 days**. We pay.';
  const at = (words: string) => ({ start: text.indexOf(words), end: text.indexOf(words) + words.length });
  assert.equal(
    shown(renderMarkdown(text, [at('in **30 days**')]).nodes),
    '<p>Return it <mark data-place="0">in </mark><strong><mark data-place="0">30 days</mark></strong>. We pay.</p>',
  );
  assert.equal(
    shown(renderMarkdown('Fish &amp; chips', [{ start: 0, end: 4 }]).nodes),
    '<p><mark data-place="0">Fish &amp; chips</mark></p>',
  );
  assert.equal(shown(renderMarkdown(text, [{ start: 90, end: 99 }]).nodes).includes('mark'), false);
});

test('bytes of the server are units of the string here', () => {
  const text = 'Größe 🎉 ok';
  const bytes = new TextEncoder().encode(text);
  for (let start = 0; start <= bytes.length; start += 1) {
    const [place] = unitsOf(text, [{ start, end: bytes.length }]);
    const units = place?.start ?? -1;
    const whole = new TextDecoder().decode(bytes.slice(0, start)).replace(/\ufffd+$/, '');
    assert.equal(text.slice(0, units), whole);
    assert.equal(place?.end, text.length);
  }
  assert.deepEqual(unitsOf(text, [{ start: 99, end: 120 }]), [{ start: text.length, end: text.length }]);
  assert.deepEqual(unitsOf('', [{ start: 0, end: 1 }]), [{ start: 0, end: 0 }]);
});
