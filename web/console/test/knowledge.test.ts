import assert from 'node:assert/strict';
import test from 'node:test';
import { type ArticleText, isChanged, MAX_ARTICLE_BYTES, problemOf } from '../src/state/article-text.ts';
import {
  importProblem,
  isText,
  joined,
  MAX_FILES,
  MAX_TEXT_BYTES,
  MAX_URLS,
  readUrls,
} from '../src/state/import-files.ts';
import { bodyOf, isMacroChanged, type MacroText, macroProblem, piecesOf } from '../src/state/macro-text.ts';

const article: ArticleText = { title: 'Returns', body: 'Within 30 days.\nFree.', language: 'en', categoryId: '' };

test('an article as it was opened has nothing to lose, whatever ends its lines', () => {
  assert.equal(isChanged(article, { ...article }), false);
  assert.equal(isChanged(article, { ...article, title: ' Returns ', body: 'Within 30 days.\r\nFree.\n' }), false);
  for (const change of [{ title: 'returns' }, { body: 'Free.' }, { language: 'de' }, { categoryId: 'cat_1' }]) {
    assert.equal(isChanged(article, { ...article, ...change }), true);
  }
  // Spaces at the beginning of a line are Markdown.
  assert.equal(isChanged(article, { ...article, body: `    ${article.body}` }), true);
});

test('an article has a title, and no more than the server takes', () => {
  assert.equal(problemOf(article), '');
  assert.ok(problemOf({ ...article, title: '  ' }));
  assert.equal(problemOf({ ...article, title: '🎉'.repeat(200) }), '');
  assert.ok(problemOf({ ...article, title: 'x'.repeat(201) }));
  assert.equal(problemOf({ ...article, body: 'x'.repeat(MAX_ARTICLE_BYTES) }), '');
  assert.ok(problemOf({ ...article, body: 'ä'.repeat(MAX_ARTICLE_BYTES / 2 + 1) }));
});

test('texts are taken by their endings, and hidden folders are left alone', () => {
  for (const path of ['a.md', 'help/B.MARKDOWN', 'x.txt', 'faq.csv', 'a b/c.html', 'd.htm'])
    assert.ok(isText(path), path);
  for (const path of ['a.pdf', 'md', '.git/a.md', 'x/.hidden.md', 'a.md.png', ''])
    assert.equal(isText(path), false, path);
});

test('addresses are read from lines, spaces and commas, each once', () => {
  const { urls, bad } = readUrls(
    ' https://a.example/x\nhttp://b.example, https://a.example/x;ftp://c.example\njavascript:x',
  );
  assert.deepEqual(urls, ['https://a.example/x', 'http://b.example']);
  assert.deepEqual(bad, ['ftp://c.example', 'javascript:x']);
});

test('an import says what is too much before it is sent', () => {
  const none = readUrls('');
  const file = (path: string, text = 'x') => ({ path, text });
  assert.ok(importProblem([], none));
  assert.equal(importProblem([file('a.md')], none), '');
  assert.equal(importProblem([], readUrls('https://a.example')), '');
  assert.ok(importProblem([file('a.md')], readUrls('nothing')));
  assert.ok(
    importProblem(
      Array.from({ length: MAX_FILES + 1 }, (_, at) => file(`${at}.md`)),
      none,
    ),
  );
  assert.ok(importProblem([file('a.md', 'x'.repeat(MAX_TEXT_BYTES + 1))], none));
  const many = Array.from({ length: MAX_URLS + 1 }, (_, at) => `https://a.example/${at}`).join('\n');
  assert.ok(importProblem([], readUrls(many)));
  assert.deepEqual(joined([file('b.md'), file('a.md')], [file('b.md', 'new')]), [file('a.md'), file('b.md', 'new')]);
});

const macro: MacroText = { title: 'Hello', text: 'Hi!', language: '', channels: [], intents: [], categories: [] };

test('a text with variables is a template, and a preview shows what would stand there', () => {
  assert.deepEqual(bodyOf({ ...macro, title: ' Hello ' }), {
    kind: 'macro',
    title: 'Hello',
    text: 'Hi!',
    channels: [],
    intents: [],
    categories: [],
  });
  const body = bodyOf({ ...macro, text: 'Hi {{ customer.name }}!', language: 'de' });
  assert.deepEqual([body.kind, body.language], ['template', 'de']);
  assert.deepEqual(
    piecesOf('Hi {{ customer.name }}, {{nothing}}!').map(({ text, variable, isKnown }) => [text, variable, isKnown]),
    [
      ['Hi ', undefined, undefined],
      ['Maija Virtanen', 'customer.name', true],
      [', ', undefined, undefined],
      ['{{nothing}}', 'nothing', false],
      ['!', undefined, undefined],
    ],
  );
});

test('braces that are no variable are words', () => {
  for (const text of ['{{', '}}', '{ {a} }', '{{a', 'a {b} c', '']) {
    assert.deepEqual(
      piecesOf(text)
        .map((piece) => piece.text)
        .join(''),
      text,
    );
    assert.ok(piecesOf(text).every((piece) => piece.variable === undefined));
  }
});

test('a macro says what is missing or unknown', () => {
  assert.equal(macroProblem(macro), '');
  assert.ok(macroProblem({ ...macro, title: ' ' }));
  assert.ok(macroProblem({ ...macro, text: '\n' }));
  assert.ok(macroProblem({ ...macro, text: 'x'.repeat(8_001) }));
  assert.ok(macroProblem({ ...macro, text: '{{customer.salary}}' }).includes('customer.salary'));
  assert.ok(macroProblem({ ...macro, text: '{{}}' }));
  assert.ok(macroProblem({ ...macro, intents: Array.from({ length: 21 }, (_, at) => `int_${at}`) }));
});

test('the order in which things were ticked is no change of a macro', () => {
  const saved: MacroText = { ...macro, intents: ['a', 'b'] };
  assert.equal(isMacroChanged(saved, { ...saved, intents: ['b', 'a'] }), false);
  assert.equal(isMacroChanged(saved, { ...saved, intents: ['a'] }), true);
  assert.equal(isMacroChanged(saved, { ...saved, text: 'Hi! ' }), true);
});
