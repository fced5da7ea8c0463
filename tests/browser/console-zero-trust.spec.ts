import { expect, expectAccessible, test } from './support/console.ts';

// Through what the account's people have to come. Nothing is turned on here: the account is everybody's, and nobody came through
// Access. What it does is shown by the integration tests.

test.use({ contextOptions: { reducedMotion: 'reduce' } });

const AUDIENCE = '32eafc7626e974616deaf0dc3ce63d7bcbed58a2731e84d06bc3cdf1b53c4228';
const TEAM = 'acme.cloudflareaccess.com';

test('an admin is told what is no application, and that nobody locks themselves out', async ({ signIn }) => {
  const { page } = await signIn('admin');
  await page.goto(`${new URL(page.url()).origin}/console/#/security`);
  const card = page.getByRole('region', { name: 'Cloudflare Access' });
  await expect(card).toContainText('Off');
  await expect(card).toContainText('You did not come through Access');
  await expectAccessible(page);

  await card.getByRole('button', { name: 'Require Access' }).click();
  const dialog = page.getByRole('dialog', { name: 'Require Cloudflare Access' });
  const error = dialog.locator('.form-error');
  await expect(dialog.getByLabel(/^Team domain/)).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(error).toContainText('Which team is it?');
  await dialog.getByLabel(/^Team domain/).fill('evil.example');
  await dialog.getByLabel(/audience/).fill(AUDIENCE);
  await page.keyboard.press('Enter');
  await expect(error).toContainText('acme.cloudflareaccess.com');
  await dialog.getByLabel(/^Team domain/).fill(`https://${TEAM}/`);
  await page.keyboard.press('Enter');
  await expect(error).toContainText('lock yourself out');
  await expectAccessible(page);
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await page.reload();
  await expect(card).toContainText('Off');
});

test('it is turned on and off by somebody who came through Access', async ({ signIn }) => {
  const { page } = await signIn('admin');
  const application = { team_domain: TEAM, audience: AUDIENCE };
  const sent: unknown[] = [];
  let required = false;
  await page.route('**/api/v1/security/zero-trust', async (route) => {
    const method = route.request().method();
    if (method === 'PUT') sent.push(route.request().postDataJSON());
    if (method !== 'GET') required = method === 'PUT';
    if (method === 'DELETE') return route.fulfill({ status: 204 });
    await route.fulfill({ json: { application: required ? application : null, own_assertion: true } });
  });
  await page.locator('.me-button').click();
  await page.getByRole('menuitem', { name: 'Security' }).click();
  const card = page.getByRole('region', { name: 'Cloudflare Access' });
  await expect(card).toContainText('You came through Access');

  await card.getByRole('button', { name: 'Require Access' }).click();
  const dialog = page.getByRole('dialog', { name: 'Require Cloudflare Access' });
  await dialog.getByLabel(/^Team domain/).fill(TEAM);
  await dialog.getByLabel(/audience/).fill(` ${AUDIENCE} `);
  await page.keyboard.press('Enter');
  await expect(dialog).toBeHidden();
  await expect(card).toContainText('Required');
  await expect(card).toContainText(TEAM);
  expect(sent).toEqual([application]);
  await expectAccessible(page);

  await card.getByRole('button', { name: 'Turn it off' }).click();
  await page
    .getByRole('dialog', { name: 'Turn Cloudflare Access off?' })
    .getByRole('button', { name: 'Turn it off' })
    .click();
  await expect(card).toContainText('Off');
});

test('a session that comes another way waits, and goes on once it comes through Access', async ({ signIn }) => {
  const { page, inbox } = await signIn('agent');
  const problem = { code: 'zero_trust_required', title: 'Forbidden', status: 403 };
  const refuse = '**/api/v1/auth/refresh';
  await page.route(refuse, (route) => route.fulfill({ status: 403, json: problem }));
  await page.reload();
  await expect(page.getByText('through its Cloudflare Access application alone')).toBeVisible();
  await expectAccessible(page);
  await page.unroute(refuse);
  await page.reload();
  await expect(inbox.getByRole('term').first()).toBeVisible();
});

test('an agent has no such card', async ({ signIn }) => {
  const { page } = await signIn('agent');
  await page.goto(`${new URL(page.url()).origin}/console/#/security`);
  await expect(page.getByRole('heading', { level: 2, name: 'Security' })).toBeVisible();
  await expect(page.getByText('Cloudflare Access')).toHaveCount(0);
});
