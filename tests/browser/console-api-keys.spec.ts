import { expect, expectAccessible, test } from './support/console.ts';
import { newId, stack } from './support/stack.ts';

const NAME = `Nightly export ${newId()}`;

test.use({ contextOptions: { reducedMotion: 'reduce' } });

test('a key is made, shown once, used, and refused once it is revoked', async ({ signIn, request }) => {
  const desk = await signIn('admin');
  const { page } = desk;
  await desk.goTo('API keys');
  await expectAccessible(page);
  await page.getByRole('button', { name: /New API key|Make your first API key/ }).click();
  await expect(page.getByLabel('Name')).toBeFocused();

  await page.getByRole('button', { name: 'Make the key' }).click();
  await expect(page.locator('.form-error')).toContainText('a name');
  await page.getByLabel('Name').fill(NAME);
  await page.getByRole('button', { name: 'Make the key' }).click();
  await expect(page.locator('.form-error')).toContainText('at least one');
  await expectAccessible(page);
  await page.getByLabel('See conversations and tickets').check();
  await page.getByRole('button', { name: 'Make the key' }).click();

  const dialog = page.getByRole('dialog', { name: `“${NAME}” is ready` });
  const key = await dialog.getByLabel('API key').inputValue();
  expect(key).toMatch(/^sk_live_[0-9a-f]{64}$/);
  await expectAccessible(page);
  // It cannot be brought back, so it is not lost by a slip.
  await page.keyboard.press('Escape');
  await expect(dialog).toBeVisible();
  await dialog.getByRole('button', { name: 'I have stored it' }).click();
  await expect(dialog).toBeHidden();

  const row = page.locator('.api-key').filter({ hasText: NAME });
  await expect(row).toContainText(key.slice(0, 16));
  await expect(row).toContainText('never used');
  await page.reload();
  await expect(row).toBeVisible();
  expect(await page.content()).not.toContain(key);

  const ask = () => request.get(`${stack.url}/api/v1/conversations`, { headers: { authorization: `Bearer ${key}` } });
  expect((await ask()).status()).toBe(200);

  await row.getByRole('button', { name: `Revoke “${NAME}”` }).click();
  const question = page.getByRole('dialog', { name: `Revoke “${NAME}”?` });
  await expect(question).toBeVisible();
  await expectAccessible(page);
  await page.keyboard.press('Escape');
  await expect(question).toBeHidden();
  expect((await ask()).status()).toBe(200);

  const open = row.getByRole('button', { name: `Revoke “${NAME}”` });
  await open.focus();
  await page.keyboard.press('Enter');
  await question.getByRole('button', { name: 'Revoke' }).focus();
  await page.keyboard.press('Enter');
  await expect(desk.toast('is revoked')).toBeVisible();
  await expect(row).toContainText('Revoked');
  await expect(open).toHaveCount(0);
  expect((await ask()).status()).toBe(401);
});

test('an agent has no such page in the menu and is told so when they go there', async ({ desk, page }) => {
  await expect(page.getByRole('link', { name: 'API keys' })).toHaveCount(0);
  await page.goto(`${stack.url}/console/#/api-keys`);
  await expect(page.getByText('Admins and owners of the account')).toBeVisible();
  await expect(page.getByRole('button', { name: /API key/ })).toHaveCount(0);
  await expect(desk.thread).toHaveCount(0);
});
