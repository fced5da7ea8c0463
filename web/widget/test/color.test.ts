import assert from 'node:assert/strict';
import test from 'node:test';
import { readableOn } from '../src/color.ts';

test('text on a colour is black or white, whichever reads better', () => {
  for (const [color, text] of [
    ['#000000', '#ffffff'],
    ['#12573f', '#ffffff'],
    ['#3b5bdb', '#ffffff'],
    ['#ff0000', '#000000'],
    ['#ffd43b', '#000000'],
    ['#ffffff', '#000000'],
  ] as const) {
    assert.equal(readableOn(color), text, color);
  }
});
