import { Console, expect, expectAccessible, test } from './support/console.ts';

test.use({ contextOptions: { reducedMotion: 'reduce' } });

async function openSessions(desk: Console): Promise<void> {
  await desk.page.locator('.me-button').click();
  await desk.page.getByRole('menuitem', { name: 'Sessions' }).click();
  await expect(desk.page.getByRole('heading', { level: 2, name: 'Sessions' })).toBeVisible();
}

test('somebody signs another browser of theirs out by keyboard', async ({ desk, page, browser }) => {
  // Unlike any browser that tests beside this one sign the same person in with.
  const userAgent = 'Mozilla/5.0 (iPad; CPU OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Version/18.1 Safari/604.1';
  const context = await browser.newContext({ userAgent });
  const other = await context.newPage();
  await new Console(other).signIn();
  await openSessions(desk);
  await expectAccessible(page);
  const rows = page.locator('.session');
  await expect(rows.filter({ hasText: 'This device' })).toHaveCount(1);
  // Last used first: of earlier runs there may be more.
  const open = rows
    .filter({ hasText: 'Safari on iPad' })
    .first()
    .getByRole('button', { name: /^Sign out/ });
  await open.focus();
  await page.keyboard.press('Enter');
  const question = page.getByRole('dialog', { name: 'Sign out Safari on iPad?' });
  await expect(question).toBeVisible();
  await expectAccessible(page);
  await page.keyboard.press('Escape');
  await expect(question).toBeHidden();
  await expect(open).toBeFocused();

  await page.keyboard.press('Enter');
  await question.getByRole('button', { name: 'Sign out', exact: true }).focus();
  await page.keyboard.press('Enter');
  await expect(desk.toast('Safari on iPad is signed out')).toBeVisible();
  await other.reload();
  await expect(other.getByRole('heading', { name: 'Sign in to Edgedesk' })).toBeVisible();
  await context.close();
});

test('signing out everywhere is confirmed and leads to the login page', async ({ desk, page }) => {
  // Not for real: tests beside this one are signed in as the same person.
  let asked = 0;
  await page.route('**/api/v1/me/sessions', (route) => {
    if (route.request().method() !== 'DELETE') return route.continue();
    asked += 1;
    return asked === 1 ? route.fulfill({ status: 503 }) : route.fulfill({ status: 204 });
  });
  await openSessions(desk);
  const open = page.getByRole('button', { name: 'Sign out everywhere' });
  const question = page.getByRole('dialog', { name: 'Sign out everywhere?' });
  await open.click();
  await question.getByRole('button', { name: 'Stay signed in' }).click();
  await expect(question).toBeHidden();
  expect(asked).toBe(0);

  await open.click();
  await question.getByRole('button', { name: 'Sign out', exact: true }).click();
  await expect(desk.toast('You were not signed out')).toBeVisible();
  await open.click();
  await question.getByRole('button', { name: 'Sign out', exact: true }).click();
  await expect(page.getByRole('heading', { name: 'Sign in to Edgedesk' })).toBeVisible();
  await page.reload();
  await expect(page.getByRole('heading', { name: 'Sign in to Edgedesk' })).toBeVisible();
});

test('a list that cannot be loaded says so and is tried again', async ({ desk, page }) => {
  let down = true;
  await page.route('**/api/v1/me/sessions', (route) => (down ? route.fulfill({ status: 503 }) : route.continue()));
  await openSessions(desk);
  await expect(page.getByText('Your sessions could not be loaded')).toBeVisible();
  down = false;
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect(page.locator('.session').first()).toBeVisible();
});
