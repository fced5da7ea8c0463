import { expect, expectAccessible, test } from './support/console.ts';

// Nothing is saved here: the account is everybody's. What a list does is shown by the integration tests.

test.use({ contextOptions: { reducedMotion: 'reduce' } });

test('an admin is told what is no network, and that nobody locks themselves out', async ({ signIn }) => {
  const { page } = await signIn('admin');
  await page.goto(`${new URL(page.url()).origin}/console/#/security`);
  const card = page.getByRole('region', { name: 'Allowed addresses of this account' });
  const save = card.getByRole('button', { name: 'Save addresses' });
  await expect(save).toBeDisabled();
  await expectAccessible(page);
  const text = card.getByRole('textbox');
  await text.fill('203.0.113.0/24\noffice');
  await save.click();
  await expect(card.locator('.form-error')).toBeVisible();
  await text.fill('203.0.113.0/24');
  await save.click();
  await expect(card.locator('.form-error')).toContainText('lock yourself out');
  await expectAccessible(page);
  await page.reload();
  await expect(card.getByRole('textbox')).toHaveValue('');
});

test('an agent has no such card', async ({ signIn }) => {
  const { page } = await signIn('agent');
  await page.goto(`${new URL(page.url()).origin}/console/#/security`);
  await expect(page.getByRole('heading', { level: 2, name: 'Security' })).toBeVisible();
  await expect(page.getByText('Allowed addresses')).toHaveCount(0);
});
