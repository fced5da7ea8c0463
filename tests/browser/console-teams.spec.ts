import { expect, expectAccessible, test } from './support/console.ts';
import { newId, stack } from './support/stack.ts';

// The team is this test's own and nobody of the seed is in it: other tests see all that they saw before.

test.use({ contextOptions: { reducedMotion: 'reduce' } });

test('a team is made, changed and deleted', async ({ signIn }) => {
  const name = `Zeta ${newId()}`;
  const desk = await signIn('admin');
  const { page } = desk;
  await desk.goTo('Teams');
  const open = page.getByRole('button', { name: 'New team' });
  await expectAccessible(page);
  await open.focus();
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: 'New team' });
  await expect(dialog.getByLabel('Name')).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(dialog.locator('.form-error')).toContainText('give it a name');
  await expectAccessible(page);
  await page.keyboard.type(name);
  await page.keyboard.press('Enter');
  await expect(desk.toast(`${name} is saved`)).toBeVisible();
  const row = page.locator('.member').filter({ has: page.getByRole('button', { name: `Change ${name}` }) });
  await expect(row).toContainText('Nobody yet');
  await expect(row).toContainText('0 open');

  await row.getByRole('button', { name: `Change ${name}` }).click();
  const change = page.getByRole('dialog', { name: `Change ${name}` });
  await change.getByLabel('Name').fill('Support');
  await change.getByRole('button', { name: 'Save' }).click();
  await expect(change.locator('.form-error')).toContainText('nother team has this name');
  await change.getByRole('button', { name: 'Cancel' }).click();

  await row.getByRole('button', { name: `Delete ${name}` }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await expect(desk.toast(`${name} is deleted`)).toBeVisible();
  await expect(row).toHaveCount(0);
});

test('agents do not keep teams', async ({ signIn }) => {
  const { page } = await signIn('agent');
  await expect(page.getByRole('link', { name: 'Teams' })).toHaveCount(0);
  await page.goto(`${stack.url}/console/#/teams`);
  await expect(page.getByText('Managers and above keep the teams.')).toBeVisible();
});
