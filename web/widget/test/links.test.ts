import assert from 'node:assert/strict';
import test from 'node:test';
import { splitLinks } from '../src/links.ts';

const links = (text: string) => splitLinks(text).flatMap((piece) => (piece.href ? [[piece.text, piece.href]] : []));

test('web addresses become links without the punctuation around them', () => {
  const cases: [string, [string, string][]][] = [
    ['see https://a.example/x.', [['https://a.example/x', 'https://a.example/x']]],
    ['(https://a.example/x)', [['https://a.example/x', 'https://a.example/x']]],
    ['https://a.example/wiki/A_(b)!', [['https://a.example/wiki/A_(b)', 'https://a.example/wiki/A_(b)']]],
    ['go to www.a.example, please', [['www.a.example', 'https://www.a.example/']]],
    ['HTTP://A.EXAMPLE/Q?x=1&y=2', [['HTTP://A.EXAMPLE/Q?x=1&y=2', 'http://a.example/Q?x=1&y=2']]],
    ['a.example is no link', []],
    ['https://', []],
    ['https://localhost', []],
  ];
  for (const [text, expected] of cases) {
    assert.deepEqual(links(text), expected, text);
  }
});

test('nothing but http and https is ever a link', () => {
  for (const text of [
    'javascript:alert(1)',
    'JaVaScRiPt://a.example/%0aalert(1)',
    'data:text/html,<script>alert(1)</script>',
    'vbscript:msgbox(1)',
    'file:///etc/passwd',
    'blob:https',
    '"><img src=x onerror=alert(1)>',
  ]) {
    assert.deepEqual(links(text), [], text);
  }
});

test('the pieces put together are the text again', () => {
  for (const text of [
    '',
    'plain',
    'https://a.example',
    'a https://a.example/(b)) b www.c.example... <b>https://d.example"x"</b> \n\n 🙂',
    'https://user:pass@a.example:99999/ and https://[::1]/',
  ]) {
    const pieces = splitLinks(text);
    assert.equal(pieces.map((piece) => piece.text).join(''), text);
  }
});
