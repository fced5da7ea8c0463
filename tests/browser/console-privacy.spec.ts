import { expect, expectAccessible, test } from './support/console.ts';

test.use({ contextOptions: { reducedMotion: 'reduce' } });

const REQUEST = {
  id: 'prq_00000000000000000000000001',
  kind: 'erasure',
  customer_id: 'cus_00000000000000000000000001',
  status: 'waiting',
  requested_by: 'usr_00000000000000000000000001',
  requested_at: '2026-01-01T00:00:00Z',
  due_at: '2026-01-31T00:00:00Z',
  n_done: 2,
  n_total: 2,
  n_failures: 0,
};

test('an admin takes an erasure back after a question', async ({ signIn }) => {
  const desk = await signIn('admin');
  const { page } = desk;
  let status = 'waiting';
  await page.route('**/api/v1/privacy-requests', (route) =>
    route.fulfill({ json: { privacy_requests: [{ ...REQUEST, status }] } }),
  );
  await page.route('**/api/v1/privacy-requests/*/cancel', (route) => {
    status = 'cancelled';
    return route.fulfill({ json: { privacy_request: { ...REQUEST, status } } });
  });
  await page.getByRole('link', { name: 'Privacy requests' }).click();
  const row = page.locator('.privacy-request');
  await expect(row).toContainText('2 of 2 conversations');
  await expect(row).toContainText('Hidden');
  await expectAccessible(page);
  await row.getByRole('button', { name: /^Take back/ }).click();
  const question = page.getByRole('dialog', { name: 'Take this erasure back?' });
  await expectAccessible(page);
  await question.getByRole('button', { name: 'Take back' }).click();
  await expect(desk.toast('The erasure is taken back')).toBeVisible();
  await expect(row).toContainText('Taken back');
  await expect(row.getByRole('button')).toHaveCount(0);
});

test('a list that cannot be loaded says so and is tried again', async ({ signIn }) => {
  const { page } = await signIn('admin');
  let down = true;
  await page.route('**/api/v1/privacy-requests', (route) => (down ? route.fulfill({ status: 503 }) : route.continue()));
  await page.getByRole('link', { name: 'Privacy requests' }).click();
  await expect(page.getByText('The requests could not be loaded')).toBeVisible();
  down = false;
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect(page.getByText('The requests could not be loaded')).toBeHidden();
});

test('making a customer anonymous is asked for beside a conversation, and agents are not offered it', async ({
  desk,
  signIn,
}) => {
  await expect(desk.page.getByRole('link', { name: 'Privacy requests' })).toHaveCount(0);
  const admin = await signIn('admin');
  const { page } = admin;
  const asked: string[] = [];
  await page.route('**/api/v1/customers/**', (route) => {
    asked.push(new URL(route.request().url()).pathname);
    return route.fulfill({ status: 201, json: { privacy_request: { ...REQUEST, kind: 'anonymisation' } } });
  });
  await admin.inbox.getByRole('listitem').first().getByRole('link').click();
  await admin.details.getByRole('button', { name: 'Make anonymous' }).click();
  const question = page.getByRole('dialog', { name: 'Make this customer anonymous?' });
  await expect(question).toContainText('cannot be taken back');
  await expectAccessible(page);
  await question.getByRole('button', { name: 'Keep' }).click();
  expect(asked).toEqual([]);
  await admin.details.getByRole('button', { name: 'Erase' }).click();
  await expect(page.getByRole('dialog', { name: 'Erase this customer?' })).toContainText('30 days');
  await page.keyboard.press('Escape');
  await admin.details.getByRole('button', { name: 'Make anonymous' }).click();
  await question.getByRole('button', { name: 'Make anonymous' }).click();
  await expect(admin.toast('The customer is being made anonymous')).toBeVisible();
  expect(asked).toHaveLength(1);
  expect(asked[0]).toMatch(/^\/api\/v1\/customers\/cus_[0-9A-Z]{26}\/anonymisation$/);
});
