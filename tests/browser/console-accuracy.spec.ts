import type { Route } from '@playwright/test';
import { expect, test } from './support/console.ts';

function accuracyOf(nDecisions: number) {
  const tally = { n_decisions: nDecisions, n_reviewed: 2, n_confirmed: 1, n_corrected: 1, accuracy: 0.5 };
  const label = { ...tally, label: 'normal' };
  return {
    from: '2026-11-01T00:00:00Z',
    to: '2026-11-25T00:00:00Z',
    fields: [{ field: 'priority', ...tally, labels: [label], confusions: [] }],
  };
}

function answer(route: Route, body: unknown): Promise<void> {
  return route.fulfill({ contentType: 'application/json', body: JSON.stringify(body) });
}

/** How many days the page asks for. */
function daysOf(route: Route): number {
  const from = new URL(route.request().url()).searchParams.get('from') ?? '';
  return Math.round((Date.now() - Date.parse(from)) / 86_400_000);
}

test('another range is said to be loading, and its figures take the place of the old', async ({ desk, page }) => {
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  await page.route('**/ai/accuracy*', async (route) => {
    const days = daysOf(route);
    if (days === 7) await held;
    await answer(route, accuracyOf(days));
  });
  await desk.goTo('Accuracy');
  const read = page.locator('.summary div').filter({ hasText: 'messages read' }).getByRole('definition');
  await expect(read).toHaveText('30');
  await page.getByRole('radio', { name: '7 days' }).check();
  await expect(page.getByText('Loading the accuracy')).toBeAttached();
  await expect(page.locator('[aria-busy="true"]')).toBeVisible();
  release();
  await expect(read).toHaveText('7');
  await expect(page.getByText('Loading the accuracy')).toHaveCount(0);
});

test('figures that cannot be had are asked for again by keyboard, and the model stands beside them', async ({
  desk,
  page,
}) => {
  let broken = true;
  await page.route('**/ai/accuracy*', (route) => (broken ? route.abort() : answer(route, accuracyOf(12))));
  await desk.goTo('Accuracy');
  const retry = page.getByRole('button', { name: 'Try again' });
  await expect(page.getByText('The accuracy could not be loaded')).toBeVisible();
  await expect(page.getByRole('heading', { name: 'Built-in model' })).toBeVisible();
  broken = false;
  await retry.focus();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('region', { name: 'Priority' }).first()).toBeVisible();
  await expect(page.getByRole('region', { name: 'Accuracy', exact: true })).toBeFocused();
});

test('a model that cannot be described says so, and its scores are shown once it can', async ({ desk, page }) => {
  let broken = true;
  const model = {
    id: 'edgedesk-reader',
    version: '9',
    scores: [{ set: 'TweetEval sentiment, val', measure: 'macro_recall', value: 0.74, rows: 2000 }],
    multilingual: { scores: { 'umsab/val': { rows: 2588, mean_macro_f1: 0.5389 } } },
  };
  await page.route('**/ai/models', (route) => (broken ? route.abort() : answer(route, { models: [model] })));
  await page.route('**/ai/accuracy*', (route) => answer(route, accuracyOf(12)));
  await desk.goTo('Accuracy');
  await expect(page.getByText('The model could not be described')).toBeVisible();
  await expect(page.getByRole('region', { name: 'Priority' }).first()).toBeVisible();
  broken = false;
  await page.getByRole('button', { name: 'Try again' }).click();
  const scores = page.getByRole('region', { name: 'Built-in model' }).getByRole('listitem');
  await expect(scores.nth(0)).toHaveText(/TweetEval sentiment, val\s*macro recall, 2,000 texts\s*0\.740/);
  await expect(scores.nth(1)).toHaveText(/umsab\/val\s*mean macro F1, 2,588 texts\s*0\.539/);
});
