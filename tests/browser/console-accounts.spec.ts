import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from '@playwright/test';
import { Authenticator } from './support/authenticator.ts';
import { Console, expect, expectAccessible, test } from './support/console.ts';
import { newId, stack } from './support/stack.ts';

// From nothing to an account at work: its owner, a second factor, a member, an inbox whose chat arrives, and an API key.

const PASSWORD = 'a password of a test';

test.use({ contextOptions: { reducedMotion: 'reduce' } });
test.describe.configure({ timeout: 120_000 });

/** What whoever runs an account needs before anything else. */
async function enrol(page: Page): Promise<void> {
  const card = page.getByRole('region', { name: 'Codes from an app' });
  await card.getByRole('button', { name: 'Turn on' }).click();
  const asked = page.getByRole('dialog', { name: 'Is it you?' });
  await asked.getByLabel('Your password').fill(PASSWORD);
  await page.keyboard.press('Enter');
  const app = new Authenticator(await card.getByLabel('Key for the app').inputValue());
  await card.getByLabel('Code', { exact: true }).fill(app.nextCode());
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'I have stored them' }).click();
}

/** A website of the test's own, on this machine: a browser asks before a page of the internet may speak with it. */
async function serve(html: string): Promise<{ url: string; close: () => void }> {
  const server = createServer((_, answer) => answer.setHeader('content-type', 'text/html').end(html));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/`, close: () => void server.close() };
}

test('somebody makes an account, invites a member, makes an inbox and a key', async ({ page, browser }) => {
  const desk = new Console(page);
  const company = `Cumulus ${newId()}`;
  await page.goto(`${stack.url}/console/`);
  await page.getByRole('link', { name: 'Make an account' }).click();
  await expect(page.getByLabel('Your company')).toBeFocused();
  await expectAccessible(page);
  await page.keyboard.press('Enter');
  await expect(page.locator('.login-error')).toContainText('what your account is called');
  await page.getByLabel('Your company').fill(company);
  await page.getByLabel('Your name').fill('Fay');
  await page.getByLabel('E-mail').fill(stack.agent.email);
  await page.getByLabel('Choose a password').fill('too short');
  await page.keyboard.press('Enter');
  await expect(page.locator('.login-error')).toContainText('at least 15 characters');
  await page.getByLabel('Choose a password').fill(PASSWORD);
  await page.keyboard.press('Enter');
  await expect(page.locator('.login-error')).toContainText('is here already');
  await expectAccessible(page);
  await page.getByLabel('E-mail').fill(`fay${newId()}@example.com`);
  await page.keyboard.press('Enter');

  await expect(page.getByRole('heading', { level: 2, name: 'Security' })).toBeVisible();
  await enrol(page);
  await page.reload();
  await desk.goTo('Inboxes');
  await expect(page.locator('.member')).toHaveCount(2);
  await expect(page.locator('.member').filter({ hasText: 'Zendesk' })).toContainText('waits for its signing secret');
  await expectAccessible(page);

  await page.getByRole('button', { name: 'New inbox' }).click();
  const dialog = page.getByRole('dialog', { name: 'New inbox' });
  await expect(dialog.getByLabel('Name')).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(dialog.locator('.form-error')).toContainText('give it a name');
  await dialog.getByLabel('Name').fill('Shop');
  await dialog.getByLabel(/^Pages that may show it/).fill('shop.example');
  await dialog.getByRole('button', { name: 'Make the inbox' }).click();
  await expect(dialog.locator('.form-error')).toContainText('is no origin');
  await expectAccessible(page);
  await dialog.getByLabel(/^Pages that may show it/).fill('');
  await dialog.getByRole('button', { name: 'Make the inbox' }).click();
  const connect = page.getByRole('dialog', { name: 'Connect Shop' });
  const line = await connect.getByLabel('The line for your pages').inputValue();
  await expectAccessible(page);
  await connect.getByRole('button', { name: 'Done' }).click();
  await expect(page.locator('.member').filter({ hasText: 'Shop' })).toContainText('on any page');

  // The line works where it is pasted.
  const said = `Do you roast on Sundays? ${newId()}`;
  const visitor = await browser.newPage();
  const shop = await serve(`<!doctype html><title>Shop</title><body>${line}`);
  await visitor.goto(shop.url);
  await visitor.getByRole('button', { name: /^Open chat/ }).click();
  await visitor.getByRole('textbox', { name: 'Write a message' }).fill(said);
  await visitor.keyboard.press('Enter');
  await page.getByRole('button', { name: /^Inbox/ }).click();
  await expect(desk.row(said)).toBeVisible();
  await visitor.close();
  shop.close();

  await desk.goTo('Inboxes');
  await page.getByRole('button', { name: 'Set the signing secret of Zendesk' }).click();
  await page.getByLabel('Secret, as Zendesk shows it').fill('a-secret-of-zendesk');
  await page.keyboard.press('Enter');
  await expect(desk.toast('The signing secret of Zendesk is set')).toBeVisible();
  await page.getByRole('button', { name: 'Change Shop' }).click();
  const change = page.getByRole('dialog', { name: 'Change Shop' });
  await change.getByRole('checkbox').check();
  await change.getByRole('button', { name: 'Save' }).click();
  await expect(page.locator('.member').filter({ hasText: 'Shop' })).toContainText('Closed');
  await expectAccessible(page);

  await desk.goTo('Members');
  await page.getByRole('button', { name: 'Invite somebody' }).click();
  await page.getByRole('dialog').getByLabel('E-mail').fill(`gus${newId()}@example.com`);
  await page.keyboard.press('Enter');
  const link = await page.getByLabel('Link of the invitation').inputValue();
  const context = await browser.newContext();
  const theirs = await context.newPage();
  await theirs.goto(link);
  await expect(theirs.getByRole('heading', { name: `Join ${company}` })).toBeVisible();
  await theirs.getByLabel('Your name').fill('Gus');
  await theirs.getByLabel('Choose a password').fill(PASSWORD);
  await theirs.keyboard.press('Enter');
  await new Console(theirs).expectConnected();
  await context.close();
  await page.getByRole('button', { name: 'Done' }).click();

  await desk.goTo('API keys');
  await page.getByRole('button', { name: /New API key|Make your first API key/ }).click();
  await page.getByLabel('Name').fill('Export');
  await page.getByRole('checkbox', { name: 'See conversations and tickets' }).check();
  await page.getByRole('button', { name: 'Make the key' }).click();
  const key = await page.getByRole('dialog').getByLabel('API key').inputValue();
  await page.getByRole('button', { name: 'I have stored it' }).click();
  const list = await page.request.get(`${stack.url}/api/v1/conversations`, {
    headers: { authorization: `Bearer ${key}` },
  });
  expect(JSON.stringify(await list.json())).toContain(said);

  // One more account, and the way back.
  await page.locator('.me-button').click();
  await page.getByRole('menuitem', { name: 'New account…' }).click();
  const another = page.getByRole('dialog', { name: 'New account' });
  await expect(another.getByLabel('Name')).toBeFocused();
  await expectAccessible(page);
  await another.getByLabel('Name').fill('Nimbus');
  await page.keyboard.press('Enter');
  await expect(another).toBeHidden();
  await desk.expectConnected();
  await page.locator('.me-button').click();
  await expect(page.getByRole('menuitemradio', { name: 'Nimbus' })).toHaveAttribute('aria-checked', 'true');
  await expect(page.getByRole('menuitemradio', { name: company })).toHaveAttribute('aria-checked', 'false');
});

test('who only answers keeps no inboxes', async ({ signIn }) => {
  const { page } = await signIn('agent');
  await expect(page.getByRole('link', { name: 'Inboxes' })).toHaveCount(0);
  await page.goto(`${stack.url}/console/#/inboxes`);
  await expect(page.getByText('Administrators keep the inboxes.')).toBeVisible();
});
