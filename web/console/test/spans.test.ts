import assert from 'node:assert/strict';
import test from 'node:test';
import { cut, isWithin, type Mark } from '../src/state/spans.ts';

function check(text: string, marks: Mark[], expected: string): void {
  const shown = cut(text, marks)
    .map((piece) => {
      const kind = `${piece.reason ? 'r' : ''}${piece.entity ? `:${piece.entity}` : ''}`;
      return kind ? `[${kind} ${piece.text}]` : piece.text;
    })
    .join('');
  assert.equal(shown, expected);
}

test('a text without marks is one piece', () => {
  check('Hello there', [], 'Hello there');
  check('', [], '');
});

test('offsets count code points, so that an emoji moves nothing', () => {
  check(
    '🎉👩‍💻 pay EUR 5',
    [
      { start: 5, end: 8 },
      { start: 9, end: 14, entity: 'amount' },
    ],
    '🎉👩‍💻 [r pay] [:amount EUR 5]',
  );
});

test('marks that overlap are cut where either begins or ends', () => {
  const marks: Mark[] = [
    { start: 0, end: 8 },
    { start: 5, end: 12, entity: 'date' },
  ];
  check('until 21.11. please', marks, '[r until][r:date  21][:date .11.] please');
});

test('marks outside the text are left out', () => {
  check(
    'short',
    [
      { start: 2, end: 99 },
      { start: -1, end: 2 },
      { start: 3, end: 3 },
      { start: 4, end: 1 },
    ],
    'short',
  );
});

test('every character is in exactly one piece, wherever the marks are', () => {
  const text = 'a 🇫🇮 cost £5, e\u0301tude';
  const n = [...text].length;
  for (let start = 0; start < n; start += 1) {
    for (let end = start + 1; end <= n; end += 1) {
      const pieces = cut(text, [
        { start, end },
        { start: 2, end: 5, entity: 'product' },
      ]);
      assert.equal(pieces.map((piece) => piece.text).join(''), text);
      const marked = pieces.filter((piece) => piece.reason).map((piece) => piece.text);
      assert.equal(marked.join(''), [...text].slice(start, end).join(''));
    }
  }
});

test('a place lies within a span up to its end, which is exclusive', () => {
  assert.deepEqual(
    [1, 2, 3, 4].map((at) => isWithin(at, [{ start: 2, end: 4 }])),
    [false, true, true, false],
  );
});
