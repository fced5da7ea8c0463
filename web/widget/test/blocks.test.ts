import assert from 'node:assert/strict';
import test from 'node:test';
import { blocksOf } from '../src/assistant/blocks.ts';

test('headings, paragraphs, lists and code are told apart', () => {
  const markdown = [
    '# Returns ##',
    '',
    'Within **30 days**,',
    'for `free`.',
    '',
    '- print the label',
    '  from your account',
    '2. bring it *to us*.',
    '',
    'See [the form](https://a.example/f) or [https://b.example](https://b.example).',
    '```sh',
    '# not a heading',
    '```',
    'End',
  ].join('\n');
  assert.deepEqual(blocksOf(markdown), [
    { kind: 'heading', lines: ['Returns'] },
    { kind: 'text', lines: ['Within 30 days,', 'for free.'] },
    { kind: 'list', lines: ['print the label from your account', 'bring it to us.'] },
    { kind: 'text', lines: ['See the form (https://a.example/f) or https://b.example.'] },
    { kind: 'code', lines: ['# not a heading'] },
    { kind: 'text', lines: ['End'] },
  ]);
});

test('what is no text does nothing: it is shown as it is written', () => {
  const markdown = '<img src=x onerror=alert(1)>\n\n[x](javascript:alert(1))';
  assert.deepEqual(blocksOf(markdown), [
    { kind: 'text', lines: ['<img src=x onerror=alert(1)>'] },
    { kind: 'text', lines: ['x (javascript:alert(1))'] },
  ]);
  assert.deepEqual(blocksOf(''), []);
  assert.equal(blocksOf('a\n'.repeat(50_000)).length, 1);
});
