import type { APIRequestContext } from '@playwright/test';
import { expect, expectAccessible, test } from './support/console.ts';
import { newId, stack } from './support/stack.ts';

// The person is invited by the test and removed again. The rule is only looked at: the account is everybody's, and what it does is
// shown by the integration tests.

const PASSWORD = 'a password of a test';

test.use({ contextOptions: { reducedMotion: 'reduce' } });

/** Invites somebody who joins under this name: their address and id. */
async function join(request: APIRequestContext, name: string) {
  const { email, password } = stack.admin;
  const tokens = await request.post(`${stack.url}/api/v1/auth/login`, { data: { email, password } });
  const headers = { authorization: `Bearer ${(await tokens.json()).access_token}` };
  const theirs = `yan${newId()}@example.com`;
  const sent = await request.post(`${stack.url}/api/v1/invitations`, {
    headers,
    data: { email: theirs, role: 'read_only' },
  });
  const { link } = await sent.json();
  const accepted = await request.post(`${stack.url}/api/v1/auth/invitation`, {
    data: { token: link.slice(-43), name, password: PASSWORD },
  });
  const { id } = (await accepted.json()).tokens.user;
  return {
    email: theirs,
    remove: async () => {
      await request.delete(`${stack.url}/api/v1/members/${id}`, { headers });
    },
  };
}

test('somebody who is locked out is let in again', async ({ signIn, request }) => {
  const name = `Yan ${newId()}`;
  const person = await join(request, name);
  const logIn = (password: string) =>
    request.post(`${stack.url}/api/v1/auth/login`, { data: { email: person.email, password } });
  for (let n = 0; n < 10; n += 1) expect((await logIn('a guess')).status()).toBe(401);
  expect((await logIn(PASSWORD)).status()).toBe(429);

  const desk = await signIn('admin');
  const { page } = desk;
  await desk.goTo('Members');
  const row = page.locator('.member').filter({ hasText: name });
  await expect(row).toContainText('No second factor');
  await expect(row).toContainText('Locked until');
  await expectAccessible(page);
  const menu = row.getByRole('button', { name: `Login of ${name}` });
  await menu.focus();
  await page.keyboard.press('Enter');
  await expectAccessible(page);
  // There is no second factor to reset.
  await expect(page.getByRole('menuitem', { name: 'Reset the second factor' })).toHaveCount(0);
  await page.getByRole('menuitem', { name: 'Unlock' }).click();
  const question = page.getByRole('dialog', { name: `Unlock ${name}?` });
  await expect(question).toBeVisible();
  await expectAccessible(page);
  await question.getByRole('button', { name: 'Unlock' }).click();
  await expect(desk.toast(`${name} can sign in again`)).toBeVisible();
  await expect(row).not.toContainText('Locked until');
  expect((await logIn(PASSWORD)).status()).toBe(200);
  await person.remove();
});

test('a second factor that was lost is reset, and what is refused says why', async ({ signIn, request }) => {
  const name = `Yin ${newId()}`;
  const person = await join(request, name);
  const desk = await signIn('admin');
  const { page } = desk;
  // As if it were on: turning one on is shown elsewhere, and the server knows better in the end.
  await page.route('**/api/v1/members', async (route) => {
    const answer = await route.fetch();
    const list = await answer.json();
    for (const member of list.members) if (member.name === name) member.has_second_factor = true;
    await route.fulfill({ response: answer, json: list });
  });
  await desk.goTo('Members');
  const row = page.locator('.member').filter({ hasText: name });
  await row.getByRole('button', { name: `Login of ${name}` }).click();
  await page.getByRole('menuitem', { name: 'Reset the second factor' }).click();
  const question = page.getByRole('dialog', { name: `Reset the second factor of ${name}?` });
  await expectAccessible(page);
  await question.getByRole('button', { name: 'Reset' }).click();
  await expect(desk.toast('they have no second factor in use')).toBeVisible();
  await expect(question).toBeHidden();
  await person.remove();
});

test('an admin without a second factor cannot ask for those of others', async ({ signIn }) => {
  const { page } = await signIn('admin');
  await page.goto(`${new URL(page.url()).origin}/console/#/security`);
  const card = page.getByRole('region', { name: 'Second factors in this account' });
  await expect(card).toContainText('Optional');
  await expect(card).toContainText('you would lock yourself out');
  await expect(card.getByRole('button', { name: 'Require them' })).toBeDisabled();
  await expectAccessible(page);
});

test('an admin with one asks for those of others, after a question', async ({ signIn }) => {
  const { page } = await signIn('admin');
  const rule = { required: false, n_without: 2, own_missing: false };
  await page.route('**/api/v1/security/second-factor', async (route) => {
    if (route.request().method() === 'PUT') rule.required = route.request().postDataJSON().required;
    await route.fulfill({ json: rule });
  });
  await page.goto(`${new URL(page.url()).origin}/console/#/security`);
  const card = page.getByRole('region', { name: 'Second factors in this account' });
  await expect(card).toContainText('2 of them have none');
  await card.getByRole('button', { name: 'Require them' }).click();
  const question = page.getByRole('dialog', { name: 'Require second factors?' });
  await expectAccessible(page);
  await question.getByRole('button', { name: 'Require them' }).click();
  await expect(card).toContainText('Admins and owners need a second factor');
  await expect(card.getByRole('button', { name: 'Do not require them' })).toBeVisible();
});

test('an agent has no such card', async ({ signIn }) => {
  const { page } = await signIn('agent');
  await page.goto(`${new URL(page.url()).origin}/console/#/security`);
  await expect(page.getByRole('heading', { level: 2, name: 'Security' })).toBeVisible();
  await expect(page.getByText('Second factors in this account')).toHaveCount(0);
});
