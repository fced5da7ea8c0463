import { expect, expectAccessible, test } from './support/console.ts';

// Nothing is switched on here: the account is everybody's. What it does is shown by the integration tests.

test.use({ contextOptions: { reducedMotion: 'reduce' } });

test('an admin sees that nobody is configured, and sets a budget in dollars', async ({ signIn }) => {
  const { page } = await signIn('admin');
  await page.goto(`${new URL(page.url()).origin}/console/#/generators`);
  const card = page.getByRole('region', { name: 'Drafts by generators' });
  await expect(card).toContainText('Off');
  await expect(page.getByText('No provider is configured')).toBeVisible();
  await expect(page.getByText('No generator has been asked yet')).toBeVisible();
  await expectAccessible(page);
  const budget = card.getByLabel('Budget for a calendar month, in dollars');
  const save = card.getByRole('button', { name: 'Save' });
  await expect(save).toBeDisabled();
  await budget.fill('a lot');
  await save.click();
  await expect(card.locator('.form-error')).toContainText('a number of dollars');
  await expectAccessible(page);
  await budget.fill('12.50');
  await page.keyboard.press('Enter');
  await expect(page.getByText('$12.50 left')).toBeVisible();
  await page.reload();
  await expect(budget).toHaveValue('12.5');
  await budget.fill('0');
  await save.click();
  await expect(page.getByText('$0.00 left')).toBeVisible();
});

test('an agent has no such page', async ({ signIn }) => {
  const { page } = await signIn('agent');
  await expect(page.getByRole('link', { name: 'Generators' })).toHaveCount(0);
  await page.goto(`${new URL(page.url()).origin}/console/#/generators`);
  await expect(page.getByText('for managers and those who run the account')).toBeVisible();
});
