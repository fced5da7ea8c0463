import assert from 'node:assert/strict';
import test from 'node:test';
import { Removals } from '../src/state/removals.ts';

interface Asked {
  id: string;
  answer: () => void;
  refuse: () => void;
}

/** Requests that are answered when the test says so. */
function removals() {
  const asked: Asked[] = [];
  const refused: string[] = [];
  const leaving = new Removals<{ id: string }>(
    ({ id }) =>
      new Promise((resolve, reject) => asked.push({ id, answer: resolve, refuse: () => reject(new Error(id)) })),
    ({ id }) => refused.push(id),
  );
  return { leaving, asked, refused };
}

/** Lets everything run that waits for nothing. */
const settle = () => new Promise<void>((resolve) => setTimeout(resolve, 0));

test('what follows waits until every request was answered, those sent before included', async () => {
  const { leaving, asked } = removals();
  leaving.add({ id: 'a' });
  leaving.add({ id: 'b' });
  void leaving.finish('a');
  let done: boolean | null = null;
  void leaving.finishAll().then((all) => {
    done = all;
  });
  assert.deepEqual(
    asked.map(({ id }) => id),
    ['a', 'b'],
  );
  asked[1]?.answer();
  await settle();
  assert.equal<boolean | null>(done, null);
  asked[0]?.answer();
  await settle();
  assert.equal<boolean | null>(done, true);
});

test('a request that is refused is told of, and the others are waited for all the same', async () => {
  const { leaving, asked, refused } = removals();
  leaving.add({ id: 'a' });
  leaving.add({ id: 'b' });
  const all = leaving.finishAll();
  asked[0]?.refuse();
  await settle();
  assert.deepEqual(refused, ['a']);
  assert.deepEqual([leaving.has('a'), leaving.has('b')], [false, true]);
  asked[1]?.answer();
  assert.equal(await all, false);
});

test('an item is gone from the moment it is deleted here, whatever an older list says', async () => {
  const { leaving, asked } = removals();
  assert.equal(leaving.has('a'), false);
  leaving.add({ id: 'a' });
  assert.equal(leaving.has('a'), true);
  const done = leaving.finish('a');
  assert.equal(leaving.has('a'), true);
  asked[0]?.answer();
  assert.equal(await done, true);
  assert.equal(leaving.has('a'), true);
});

test('it is kept while no request was sent, and not after', async () => {
  const { leaving, asked } = removals();
  leaving.add({ id: 'a' });
  assert.equal(leaving.keep('a'), true);
  assert.equal(leaving.has('a'), false);
  assert.equal(await leaving.finish('a'), true);
  assert.equal(asked.length, 0);
  leaving.add({ id: 'a' });
  void leaving.finish('a');
  assert.equal(leaving.keep('a'), false);
  asked[0]?.answer();
  assert.equal(await leaving.finishAll(), true);
  assert.equal(asked.length, 1);
});
