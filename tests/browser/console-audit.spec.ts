import { expect, expectAccessible, test } from './support/console.ts';
import { newId, stack, ZendeskTicket } from './support/stack.ts';

test('an admin sees who read a conversation, filters, pages and verifies the log', async ({ signIn }) => {
  const subject = `Audited ${newId()}`;
  await new ZendeskTicket(subject).opened('My parcel has not come.');
  const desk = await signIn('agent');
  await desk.open(subject);
  const id = /cnv_[0-9A-Z]+/.exec(desk.page.url())?.[0] ?? '';

  const admin = await signIn('admin');
  const { page } = admin;
  await admin.goTo('Audit log');
  const rows = page.locator('table.audit tbody tr');
  await expect(rows.first()).toBeVisible();
  await page.getByLabel('Resource').fill(id);
  // It is recorded after the answer: asked again until it is there.
  await expect(async () => {
    await page.getByLabel('Action').fill('');
    await page.getByLabel('Action').fill('messages.read');
    await expect(rows.first()).toContainText('messages.read', { timeout: 2_000 });
  }).toPass();
  await expect(rows.first()).toContainText(id.slice(-6));
  await expect(rows.first()).toContainText('succeeded');
  await expect(page.locator('table.audit')).not.toContainText('login');

  await page.getByLabel('Resource').fill('cnv_nothing');
  await expect(page.getByText('No entry matches')).toBeVisible();
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Show all entries' }).click();
  await expect(rows.first()).toBeVisible();
  const older = page.getByRole('button', { name: 'Show older entries' });
  if (await older.isVisible()) {
    const before = await rows.count();
    await older.click();
    await expect.poll(() => rows.count()).toBeGreaterThan(before);
  }

  await page.getByRole('button', { name: 'Verify' }).click();
  await expect(page.getByText(/^\d+ entries of \d+ days? are as they were written\.$/)).toBeVisible();
  await expectAccessible(page);
});

test('a changed entry is found and named', async ({ signIn }) => {
  const admin = await signIn('admin');
  const { page } = admin;
  await page.route(/\/api\/v1\/audit\?.*order=oldest/, async (route) => {
    const answer = await route.fetch();
    const list = await answer.json();
    if (list.entries[0]?.seq === 1) list.entries[0].action = 'message.forged';
    await route.fulfill({ response: answer, json: list });
  });
  await admin.goTo('Audit log');
  await page.getByRole('button', { name: 'Verify' }).click();
  await expect(page.getByText('The log is broken at entry 1: it was changed.')).toBeVisible();
});

test('a log that does not load says so and is asked for again', async ({ signIn }) => {
  const admin = await signIn('admin');
  const { page } = admin;
  let down = true;
  await page.route(/\/api\/v1\/audit\?/, (route) =>
    down ? route.fulfill({ status: 503, json: { code: 'unavailable' } }) : route.continue(),
  );
  await admin.goTo('Audit log');
  await expect(page.getByText('The audit log could not be loaded')).toBeVisible();
  await expectAccessible(page);
  down = false;
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect(page.locator('table.audit tbody tr').first()).toBeVisible();
});

test('an agent is not shown the page', async ({ desk }) => {
  await expect(desk.page.getByRole('link', { name: 'Accuracy' })).toBeVisible();
  await expect(desk.page.getByRole('link', { name: 'Audit log' })).toHaveCount(0);
});

test('a refresh token that came twice is shown to an admin', async ({ signIn, request }) => {
  // A login of its own: reuse ends its session and no other.
  const login = await request.post(`${stack.url}/api/v1/auth/login`, { data: stack.agent });
  const { access_token, refresh_token } = await login.json();
  const sessions = await request.get(`${stack.url}/api/v1/me/sessions`, {
    headers: { authorization: `Bearer ${access_token}` },
  });
  const own = (await sessions.json()).sessions.find((session: { current: boolean }) => session.current);
  for (const expected of [200, 401]) {
    const answer = await request.post(`${stack.url}/api/v1/auth/refresh`, { data: { refresh_token } });
    expect(answer.status()).toBe(expected);
  }
  const admin = await signIn('admin');
  const { page } = admin;
  await admin.goTo('Audit log');
  const rows = page.locator('table.audit tbody tr');
  await page.getByLabel('Resource').fill(own.id);
  // It is recorded after the answer: asked again until it is there.
  await expect(async () => {
    await page.getByLabel('Action').fill('');
    await page.getByLabel('Action').fill('refresh_token.reused');
    await expect(rows.first()).toContainText('refresh_token.reused', { timeout: 2_000 });
  }).toPass();
  await expect(rows.first()).toContainText('refused');
});
