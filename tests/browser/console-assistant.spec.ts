import { expect, expectAccessible, test } from './support/console.ts';
import { Knowledge } from './support/knowledge.ts';
import { newId } from './support/stack.ts';

test.use({ contextOptions: { reducedMotion: 'reduce' } });

test('an admin turns the assistant on in a chat, stops it everywhere, and takes that back', async ({
  signIn,
  request,
}) => {
  const knowledge = await Knowledge.open(request);
  const name = `Chat ${newId()}`;
  await knowledge.inbox(name);
  const desk = await signIn('admin');
  const { page } = desk;
  await desk.goTo('Chat assistant');
  const row = page.getByRole('listitem').filter({ hasText: name });
  await expect(row).toContainText('People answer');
  const toggle = row.getByRole('switch', { name: `The assistant answers first in ${name}` });
  await expect(toggle).toHaveAttribute('aria-checked', 'false');
  await toggle.click();
  await expect(desk.toast('answers first in')).toBeVisible();
  await expect(row).toContainText('The assistant answers first');
  const level = row.getByRole('combobox', { name: `How sure the assistant has to be in ${name}` });
  await level.selectOption({ label: 'Only when very sure' });
  await expect(level).toHaveValue('0.8');
  await expectAccessible(page);
  // It is there after a reload.
  await page.reload();
  await expect(toggle).toHaveAttribute('aria-checked', 'true');
  await expect(level).toHaveValue('0.8');

  await page.getByRole('button', { name: 'Stop the assistant' }).click();
  await expect(page.getByText(/^It has said nothing since/)).toBeVisible();
  await desk.toast('is stopped').getByRole('button', { name: 'Undo' }).click();
  await expect(page.getByRole('button', { name: 'Stop the assistant' })).toBeVisible();
  await expectAccessible(page);
  await toggle.click();
  await expect(row).toContainText('People answer');
});

test('agents see where it answers and move nothing', async ({ desk, page }) => {
  await desk.goTo('Chat assistant');
  await expect(page.getByRole('heading', { name: 'Everywhere' })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Stop the assistant' })).toHaveCount(0);
  for (const toggle of await page.getByRole('switch').all()) await expect(toggle).toBeDisabled();
});
