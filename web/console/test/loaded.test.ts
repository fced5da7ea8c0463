import assert from 'node:assert/strict';
import test from 'node:test';
import { Loaded } from '../src/state/loaded.ts';

/** What the page would show. */
function shown(loaded: Loaded<string>): [string, string | null] {
  return [loaded.state.value, loaded.value.value];
}

test('what was here stays while something else is loading, and is said to be loading', async () => {
  const loaded = new Loaded<string>();
  assert.deepEqual(shown(loaded), ['loading', null]);
  await loaded.load(async () => '30 days');
  assert.deepEqual(shown(loaded), ['ready', '30 days']);
  const second = loaded.load(async () => '7 days');
  assert.deepEqual(shown(loaded), ['loading', '30 days']);
  await second;
  assert.deepEqual(shown(loaded), ['ready', '7 days']);
});

test('a failure is shown, and old figures are not shown in its place', async () => {
  const loaded = new Loaded<string>();
  await loaded.load(async () => '30 days');
  await loaded.load(() => Promise.reject(new Error('offline')));
  assert.deepEqual(shown(loaded), ['failed', null]);
  await loaded.load(async () => '7 days');
  assert.deepEqual(shown(loaded), ['ready', '7 days']);
});

test('an answer that comes late changes nothing', async () => {
  const loaded = new Loaded<string>();
  let answerFirst = (_: string) => {};
  const first = loaded.load(
    () =>
      new Promise((resolve) => {
        answerFirst = resolve;
      }),
  );
  await loaded.load(async () => '7 days');
  answerFirst('90 days');
  await first;
  assert.deepEqual(shown(loaded), ['ready', '7 days']);
});
