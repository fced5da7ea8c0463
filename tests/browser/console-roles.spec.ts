import { expect, expectAccessible, test } from './support/console.ts';
import { newId } from './support/stack.ts';

// The role is this test's own, and nobody has it.

test.use({ contextOptions: { reducedMotion: 'reduce' } });

test('a role is defined from the matrix, changed and deleted', async ({ signIn }) => {
  const name = `Auditor ${newId()}`;
  const desk = await signIn('admin');
  const { page } = desk;
  await desk.goTo('Roles');
  const matrix = page.getByRole('table');
  const line = (permission: string) => matrix.getByRole('row').filter({ hasText: permission });
  await expect(line('Conversations: read').getByText('yes')).not.toHaveCount(0);
  await expect(line('Account: manage').getByText('yes')).toHaveCount(1);
  await expectAccessible(page);

  const open = page.getByRole('button', { name: 'New role' });
  await open.focus();
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: 'New role' });
  await expect(dialog.getByLabel('Name')).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(dialog.locator('.form-error')).toContainText('at least one permission');
  await expect(dialog.getByLabel('Account: manage')).toHaveCount(0);
  // A box stands beside its permission and takes no line's width of its own.
  const box = await dialog.getByLabel('Audit: read').boundingBox();
  expect(box?.width).toBeLessThan(30);
  await dialog.getByLabel('Name').fill('Owner');
  await dialog.getByLabel('Audit: read').check();
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(dialog.locator('.form-error')).toContainText('role');
  await expectAccessible(page);
  await dialog.getByLabel('Name').fill(name);
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(desk.toast(`${name} is saved`)).toBeVisible();
  const row = page.locator('.member').filter({ hasText: name });
  await expect(row).toContainText('A part of Admin');
  await expect(row).toContainText('Nobody has it');

  await row.getByRole('button', { name: `Change ${name}` }).click();
  const change = page.getByRole('dialog', { name: `Change ${name}` });
  await change.getByLabel('Audit: read').uncheck();
  await change.getByLabel('Conversations: read').check();
  await change.getByRole('button', { name: 'Save' }).click();
  await expect(row).toContainText('A part of Read only');

  await row.getByRole('button', { name: `Delete ${name}` }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await expect(row).toHaveCount(0);
});
