import { expect, expectAccessible, test } from './support/console.ts';

// Which Zendesk vouches for the account's agents. What Zendesk says is the test's own word: none is asked.

test.use({ contextOptions: { reducedMotion: 'reduce' } });

test('a Zendesk is linked, refused with its reason, and taken away', async ({ signIn }) => {
  const desk = await signIn('admin');
  const { page } = desk;
  let answer = { status: 422, body: { code: 'zendesk_refused', detail: 'the API token is not an admin’s' } as object };
  const sent: unknown[] = [];
  await page.route('**/api/v1/security/zendesk', async (route) => {
    if (route.request().method() === 'DELETE') return route.fulfill({ status: 204 });
    if (route.request().method() !== 'PUT') return route.continue();
    sent.push(route.request().postDataJSON());
    await route.fulfill({ status: answer.status, json: answer.body });
  });
  await page.locator('.me-button').click();
  await page.getByRole('menuitem', { name: 'Security' }).click();
  const card = page.getByRole('region', { name: 'Agents from Zendesk' });
  await expect(card).toContainText('Off');
  await expectAccessible(page);

  await card.getByRole('button', { name: 'Link a Zendesk' }).click();
  const dialog = page.getByRole('dialog', { name: 'Link a Zendesk' });
  await expect(dialog.getByLabel(/^Subdomain/)).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(dialog.locator('.form-error')).toContainText('Which Zendesk is it?');
  await dialog.getByLabel(/^Subdomain/).fill('aurora');
  await dialog.getByLabel(/^Installation id/).fill('seven');
  await page.keyboard.press('Enter');
  await expect(dialog.locator('.form-error')).toContainText('The id is a number.');
  await dialog.getByLabel(/^Installation id/).fill('7');
  await dialog.getByLabel(/^E-mail/).fill('ops@aurora.example');
  await dialog.getByLabel('API token', { exact: true }).fill('a-token');
  await page.keyboard.press('Enter');
  await expect(dialog.locator('.form-error')).toContainText('not an admin’s');
  await expectAccessible(page);

  const link = { subdomain: 'aurora', installation_id: 7, email: 'ops@aurora.example' };
  answer = { status: 200, body: { zendesk: { ...link, since: '2026-01-02T03:04:05.000Z' } } };
  await page.keyboard.press('Enter');
  await expect(dialog).toBeHidden();
  await expect(card).toContainText('aurora.zendesk.com');
  expect(sent.at(-1)).toEqual({ ...link, api_token: 'a-token' });

  await card.getByRole('button', { name: 'Take the link away' }).click();
  await page.getByRole('dialog', { name: 'Take the link away?' }).getByRole('button', { name: 'Take it away' }).click();
  await expect(card).toContainText('Off');
});
