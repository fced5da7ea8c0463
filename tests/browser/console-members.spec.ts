import { readFileSync } from 'node:fs';
import type { APIRequestContext } from '@playwright/test';
import { Console, expect, expectAccessible, test } from './support/console.ts';
import { newId, stack } from './support/stack.ts';

// Everybody here is invited by the test that needs them, only reads along, and is removed again: other tests use the same account.

const PASSWORD = 'a password of a test';
/** The second account of the stack. */
const other: { account_id: string; admin: { email: string; password: string } } = JSON.parse(
  readFileSync((process.env.EDGEDESK_DEV_JSON ?? '.edgedesk/dev.json').replace(/\.json$/, '.other.json'), 'utf8'),
);

test.use({ contextOptions: { reducedMotion: 'reduce' } });

/** Asks the API as an admin. */
async function asAdmin(request: APIRequestContext, login: { email: string; password: string }) {
  const { email, password } = login;
  const tokens = await request.post(`${stack.url}/api/v1/auth/login`, { data: { email, password } });
  const headers = { authorization: `Bearer ${(await tokens.json()).access_token}` };
  return {
    invite: async (to: string): Promise<string> => {
      const data = { email: to, role: 'read_only' };
      const answer = await request.post(`${stack.url}/api/v1/invitations`, { headers, data });
      expect(answer.status()).toBe(201);
      return (await answer.json()).link;
    },
    remove: async (id: string): Promise<void> => {
      const answer = await request.delete(`${stack.url}/api/v1/members/${id}`, { headers });
      expect(answer.status()).toBe(204);
    },
  };
}

test('somebody is invited, joins by the link, gets another role, and is removed', async ({ signIn, browser }) => {
  // Last in every list, so that no other test takes the first of it to be them.
  const name = `Zoe ${newId()}`;
  const email = `zoe${newId()}@example.com`;
  const desk = await signIn('admin');
  const { page } = desk;
  await desk.goTo('Members');
  await expect(page.locator('.member').first()).toBeVisible();
  await expectAccessible(page);

  const open = page.getByRole('button', { name: 'Invite somebody' });
  await open.focus();
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: 'Invite somebody' });
  await expect(dialog.getByLabel('E-mail')).toBeFocused();
  await page.keyboard.type('nobody');
  await page.keyboard.press('Enter');
  await expect(dialog.locator('.form-error')).toContainText('an e-mail address');
  await dialog.getByLabel('E-mail').fill(stack.agent.email);
  await page.keyboard.press('Enter');
  await expect(dialog.locator('.form-error')).toContainText('is a member of the account');
  await dialog.getByLabel('E-mail').fill(email);
  await dialog.getByLabel('Role').selectOption('read_only');
  // Nobody gives more than they have.
  await expect(dialog.getByRole('option', { name: /^Owner/ })).toHaveCount(0);
  await expectAccessible(page);
  await dialog.getByRole('button', { name: 'Invite' }).click();

  const shown = page.getByRole('dialog', { name: `${email} is invited` });
  const link = await shown.getByLabel('Link of the invitation').inputValue();
  expect(link).toMatch(/\/console\/#\/invitation\/[\w-]{43}$/);
  await expectAccessible(page);
  // It cannot be brought back, so it is not lost by a slip.
  await page.keyboard.press('Escape');
  await expect(shown).toBeVisible();
  await shown.getByRole('button', { name: 'Done' }).click();
  await expect(page.locator('.invitation').filter({ hasText: email })).toContainText('Read only');
  expect(await page.content()).not.toContain(link.slice(-43));

  const context = await browser.newContext({ reducedMotion: 'reduce' });
  const theirs = await context.newPage();
  await theirs.goto(link);
  await expect(theirs.getByRole('heading', { name: /^Join / })).toBeVisible();
  await expect(theirs.getByLabel('Your name')).toBeFocused();
  await expectAccessible(theirs);
  await theirs.keyboard.type(name);
  await theirs.getByLabel('Choose a password').fill('too short');
  await theirs.keyboard.press('Enter');
  await expect(theirs.locator('.login-error')).toContainText('at least 15 characters');
  await expectAccessible(theirs);
  await theirs.getByLabel('Choose a password').fill(PASSWORD);
  await theirs.keyboard.press('Enter');
  await new Console(theirs).expectConnected();
  await expect(theirs.locator('.me-name')).toHaveText(name);
  expect(theirs.url()).not.toContain('invitation');
  const late = await context.newPage();
  await late.goto(link);
  await expect(late.getByRole('heading', { name: 'This invitation is over' })).toBeVisible();
  await expectAccessible(late);
  await late.close();

  await page.reload();
  const row = page.locator('.member').filter({ hasText: email });
  await expect(row).toContainText(name);
  await expect(page.locator('.invitation').filter({ hasText: email })).toHaveCount(0);
  const role = row.getByRole('button', { name: `Role of ${name}: Read only. Change` });
  await role.focus();
  await page.keyboard.press('Enter');
  await expectAccessible(page);
  await page.getByRole('menuitemradio', { name: /^Manager/ }).click();
  await expect(desk.toast(`${name} is a manager now`)).toBeVisible();
  await expect(row.getByRole('button', { name: `Role of ${name}: Manager. Change` })).toBeVisible();

  const remove = row.getByRole('button', { name: `Remove ${name}` });
  await remove.focus();
  await page.keyboard.press('Enter');
  const question = page.getByRole('dialog', { name: `Remove ${name}?` });
  await expect(question).toBeVisible();
  await expectAccessible(page);
  await page.keyboard.press('Escape');
  await expect(question).toBeHidden();
  await expect(remove).toBeFocused();
  await page.keyboard.press('Enter');
  await question.getByRole('button', { name: 'Remove' }).click();
  await expect(desk.toast(`${name} is no longer a member`)).toBeVisible();
  await expect(row).toHaveCount(0);
  await theirs.reload();
  await expect(theirs.getByRole('heading', { name: 'Sign in to Edgedesk' })).toBeVisible();
  await context.close();
});

test('an invitation is sent anew and revoked, and each time the link before is over', async ({ signIn, browser }) => {
  const email = `gil${newId()}@example.com`;
  const desk = await signIn('admin');
  const { page } = desk;
  await desk.goTo('Members');
  await page.getByRole('button', { name: 'Invite somebody' }).click();
  await page.getByRole('dialog').getByLabel('E-mail').fill(email);
  await page.keyboard.press('Enter');
  const shown = page.getByRole('dialog', { name: `${email} is invited` });
  const take = async () => {
    const link = await shown.getByLabel('Link of the invitation').inputValue();
    await shown.getByRole('button', { name: 'Done' }).click();
    await expect(shown).toBeHidden();
    return link;
  };
  const first = await take();
  await page.getByRole('button', { name: `Send the invitation of ${email} anew` }).click();
  const second = await take();
  expect(second).not.toBe(first);
  const context = await browser.newContext();
  const theirs = await context.newPage();
  await theirs.goto(first);
  await expect(theirs.getByRole('heading', { name: 'This invitation is over' })).toBeVisible();
  await theirs.goto(second);
  await expect(theirs.getByRole('heading', { name: /^Join / })).toBeVisible();

  await page.getByRole('button', { name: `Revoke the invitation of ${email}` }).click();
  const question = page.getByRole('dialog', { name: `Revoke the invitation of ${email}?` });
  await question.getByRole('button', { name: 'Revoke' }).click();
  await expect(desk.toast('is revoked')).toBeVisible();
  await expect(page.locator('.invitation').filter({ hasText: email })).toHaveCount(0);
  // Whoever has the form open already is told the same.
  await theirs.getByLabel('Your name').fill('Gil');
  await theirs.getByLabel('Choose a password').fill(PASSWORD);
  await theirs.getByRole('button', { name: 'Join' }).click();
  await expect(theirs.getByRole('heading', { name: 'This invitation is over' })).toBeVisible();
  await theirs.getByRole('button', { name: 'Go to Edgedesk' }).click();
  await expect(theirs.getByRole('heading', { name: 'Sign in to Edgedesk' })).toBeVisible();
  await context.close();
});

test('who is a user already joins with their password and changes between accounts', async ({ browser, request }) => {
  const email = `ida${newId()}@example.com`;
  const [admin, otherAdmin] = [await asAdmin(request, stack.admin), await asAdmin(request, other.admin)];
  const firstLink = await admin.invite(email);
  const accepted = await request.post(`${stack.url}/api/v1/auth/invitation`, {
    data: { token: firstLink.slice(-43), name: 'Ida Both', password: PASSWORD },
  });
  const { id } = (await accepted.json()).tokens.user;
  const secondLink = await otherAdmin.invite(email);

  const context = await browser.newContext({ reducedMotion: 'reduce' });
  const page = await context.newPage();
  await page.goto(secondLink);
  await expect(page.getByText('You have an Edgedesk login already')).toBeVisible();
  await expect(page.getByLabel('Your name')).toHaveCount(0);
  await page.getByLabel('Password').fill('another password');
  await page.getByRole('button', { name: 'Join' }).click();
  await expect(page.locator('.login-error')).toContainText('not your password');
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Join' }).click();
  await expect(page.getByRole('heading', { name: /^You are a member of / })).toBeVisible();
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Go to Edgedesk' }).click();

  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.getByLabel('Stay signed in').check();
  await page.getByRole('button', { name: 'Sign in' }).click();
  await new Console(page).expectConnected();
  const beside = await context.newPage();
  await beside.goto(`${stack.url}/console/`);
  await new Console(beside).expectConnected();

  const accounts = () => page.getByRole('menuitemradio').filter({ hasNotText: 'theme' });
  await page.locator('.me-button').click();
  await expect(accounts()).toHaveCount(2);
  await expectAccessible(page);
  const target = page.getByRole('menuitemradio', { name: 'Borealis Books' });
  await expect(target).toHaveAttribute('aria-checked', 'false');
  // Both tabs start anew in the other account: they share the login.
  const anew = Promise.all([page, beside].map((tab) => tab.waitForEvent('load')));
  await target.click();
  await anew;
  for (const tab of [page, beside]) {
    await expect(tab.locator('.me-name')).toHaveText('Ida Both');
    await tab.locator('.me-button').click();
    await expect(tab.getByRole('menuitemradio', { name: 'Borealis Books' })).toHaveAttribute('aria-checked', 'true');
    await tab.keyboard.press('Escape');
  }
  await context.close();
  await admin.remove(id);
  await otherAdmin.remove(id);
});

test('a list that cannot be loaded says so and is tried again', async ({ signIn }) => {
  const desk = await signIn('admin');
  let down = true;
  await desk.page.route('**/api/v1/members', (route) => (down ? route.fulfill({ status: 503 }) : route.continue()));
  await desk.goTo('Members');
  await expect(desk.page.getByText('Members could not be loaded')).toBeVisible();
  down = false;
  await desk.page.getByRole('button', { name: 'Try again' }).click();
  await expect(desk.page.locator('.member').first()).toBeVisible();
});

test('an agent has no such page in the menu and is told so when they go there', async ({ desk, page }) => {
  await expect(page.getByRole('link', { name: 'Members' })).toHaveCount(0);
  await page.goto(`${stack.url}/console/#/members`);
  await expect(page.getByText('Admins and owners of the account invite')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Invite somebody' })).toHaveCount(0);
  await expect(desk.thread).toHaveCount(0);
});
