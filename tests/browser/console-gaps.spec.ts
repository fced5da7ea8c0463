import { expect, expectAccessible, test } from './support/console.ts';

test.use({ contextOptions: { reducedMotion: 'reduce' } });

const CONVERSATION = 'cnv_01KDVDNA000000000004000009';

function gapOf(title: string, n: number) {
  return {
    id: `gap_01KDVDNA00000000000400000${n}`,
    n_questions: 4 + n,
    examples: [
      { conversation_id: CONVERSATION, text: `${title}, asks [name]?` },
      { conversation_id: CONVERSATION.replace(/9$/, '8'), text: `Tell me: ${title}?` },
    ],
    conversation_ids: [CONVERSATION],
    article: { id: `art_01KDVDNA00000000000400000${n}`, title, state: 'draft' },
    found_at: '2026-11-20T03:17:00.000Z',
    seen_at: '2026-11-27T03:17:00.000Z',
  };
}

test('gaps are listed with their drafts, dismissed and brought back', async ({ signIn }) => {
  const desk = await signIn('admin');
  const { page } = desk;
  const dismissed = new Set<string>();
  const all = [gapOf('How to calibrate a telescope', 3), gapOf('Where to charge an airship', 2)];
  await page.route(/\/api\/v1\/articles\/gaps/, async (route) => {
    const url = new URL(route.request().url());
    const method = route.request().method();
    const id = url.pathname.match(/gap_\w+/)?.[0];
    if (id) {
      if (method === 'POST') dismissed.add(id);
      else dismissed.delete(id);
      await route.fulfill({ status: 204 });
      return;
    }
    const wanted = url.searchParams.get('dismissed') === 'true';
    const shown = all.filter((gap) => dismissed.has(gap.id) === wanted);
    const gaps = shown.map((gap) => (wanted ? { ...gap, dismissed_at: gap.seen_at } : gap));
    const report = { n_questions: 214, n_unanswered: 61, n_gaps: 2, n_new: 1 };
    const run = { is_running: false, asked_at: all[0]?.seen_at, ended_at: all[0]?.seen_at, report };
    await route.fulfill({ json: { gaps, run } });
  });
  await desk.goTo('Articles');
  await page.getByRole('link', { name: 'Gaps' }).click();
  const list = page.getByRole('region', { name: 'List of gaps' });
  const row = list.locator('.gap-row').filter({ hasText: 'telescope' });
  await expect(row).toContainText('7 questions');
  await expect(row.getByRole('link', { name: 'How to calibrate a telescope', exact: true })).toHaveAttribute(
    'href',
    /#\/articles\/art_/,
  );
  await expect(row.getByRole('list', { name: 'Asked as' })).toContainText('asks [name]?');
  await expect(page.locator('.index-state')).toContainText('214 questions of 30 days, 61 without an article');
  await expectAccessible(page);

  await row.getByRole('button', { name: /^Dismiss/ }).click();
  await expect(row).toHaveCount(0);
  await desk.toast('does not come back').getByRole('button', { name: 'Undo' }).click();
  await expect(row).toBeVisible();
  await row.getByRole('button', { name: /^Dismiss/ }).click();
  await expect(row).toHaveCount(0);
  await page.getByRole('radio', { name: 'Dismissed' }).check({ force: true });
  await row.getByRole('button', { name: /^Bring/ }).click();
  await expect(page.getByText('Nothing was dismissed')).toBeVisible();
});

test('a look is begun, shown while it runs, and says why it failed', async ({ signIn }) => {
  const desk = await signIn('admin');
  const { page } = desk;
  let run: object = { is_running: false };
  await page.route(/\/api\/v1\/articles\/gaps/, async (route) => {
    if (route.request().method() === 'POST') run = { is_running: true, asked_at: '2026-11-27T10:00:00.000Z' };
    await route.fulfill({ json: route.request().method() === 'POST' ? run : { gaps: [], run } });
  });
  await desk.goTo('Articles');
  await page.getByRole('link', { name: 'Gaps' }).click();
  await expect(page.getByText('No gaps are known yet')).toBeVisible();
  await page.getByRole('button', { name: 'Look now' }).press('Enter');
  await expect(page.getByRole('progressbar', { name: 'Looking for gaps' })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Looking…' })).toBeDisabled();
  await expectAccessible(page);
  run = { ...run, problem: 'The models or the search did not answer.' };
  await expect(page.getByRole('alert').filter({ hasText: 'did not answer' })).toContainText('It is tried again.');
  const at = '2026-11-27T10:00:05.000Z';
  const report = { n_questions: 1, n_unanswered: 0, n_gaps: 0, n_new: 0 };
  run = { is_running: false, asked_at: at, ended_at: at, report };
  await expect(page.getByText('No gaps: what is asked often has an article')).toBeVisible();
  await expect(page.getByText('1 question of 30 days, 0 without an article')).toBeVisible();
});

test('an agent is offered no gaps', async ({ signIn }) => {
  const desk = await signIn('agent');
  const { page } = desk;
  await desk.goTo('Articles');
  await expect(page.getByRole('link', { name: 'Try the search' })).toBeVisible();
  await expect(page.getByRole('link', { name: 'Gaps' })).toHaveCount(0);
});
