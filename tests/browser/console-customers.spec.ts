import { expect, expectAccessible, test } from './support/console.ts';
import { newId, ZendeskTicket } from './support/stack.ts';

test.use({ contextOptions: { reducedMotion: 'reduce' } });

test('a customer is found, their consent recorded and a copy of their data fetched', async ({ signIn }) => {
  const name = `Zuleika ${newId()}`;
  const ticket = new ZendeskTicket(`Parcel ${newId()}`, name);
  await ticket.opened('Where is my parcel?');
  await ticket.says('It should have been here on Monday.');
  const desk = await signIn('admin');
  const { page } = desk;
  await desk.open(ticket.subject);
  await desk.details.getByRole('link', { name }).click();
  await expect(page.getByRole('heading', { level: 2, name })).toBeVisible();
  await expect(page.getByRole('region', { name: 'Conversations' }).getByRole('link')).toHaveText(ticket.subject);

  const consents = page.getByRole('region', { name: 'Consents' });
  await expect(consents).toContainText('has not said anything');
  await expectAccessible(page);
  await consents.getByRole('button', { name: 'Record one' }).click();
  const dialog = page.getByRole('dialog', { name: 'What did the customer say?' });
  await dialog.getByLabel('Of').selectOption('sale_or_sharing');
  await dialog.getByLabel(/^Which notice/).fill('Notice of May');
  await expectAccessible(page);
  await dialog.getByRole('button', { name: 'Record it' }).click();
  await expect(dialog).toBeHidden();
  await expect(consents).toContainText('Sale or sharing of data');
  await expect(consents).toContainText('Declined');
  await expect(consents).toContainText('Notice of May');

  const copies = page.getByRole('region', { name: 'Copies of their data' });
  await copies.getByRole('button', { name: 'Make a copy' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Make it' }).click();
  await expect(copies).toContainText('Ready');
  await expectAccessible(page);
  const fetched = page.waitForEvent('download');
  await copies.getByRole('button', { name: 'Download' }).click();
  expect((await fetched).suggestedFilename()).toMatch(/\.zip$/);

  await page.getByRole('link', { name: 'All customers' }).click();
  await page.getByRole('searchbox', { name: /^Search customers/ }).fill(name.slice(0, -2).toLowerCase());
  const rows = page.getByRole('region', { name: 'List of customers' }).getByRole('link');
  await expect(rows).toHaveText([name]);
  await expectAccessible(page);
  await page.getByRole('searchbox', { name: /^Search customers/ }).fill('nobody begins like this');
  await expect(page.getByText('Nobody’s name or address begins like this')).toBeVisible();
});

test('a failure is shown with what can be done, and who is not here is said not to be', async ({ signIn }) => {
  const { page } = await signIn('admin');
  let down = true;
  await page.route('**/api/v1/customers?*', (route) => (down ? route.fulfill({ status: 503 }) : route.continue()));
  await page.getByRole('link', { name: 'Customers', exact: true }).click();
  await expect(page.getByText('The customers could not be loaded')).toBeVisible();
  down = false;
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect(page.getByText('The customers could not be loaded')).toBeHidden();
  await page.goto(`${new URL(page.url()).origin}/console/#/customers/cus_00000000000000000000000099`);
  await expect(page.getByText('There is no such customer')).toBeVisible();
});

test('agents see customers, and neither consents nor copies of their data', async ({ desk }) => {
  const ticket = new ZendeskTicket(`Parcel ${newId()}`);
  await ticket.opened('Where is my parcel?');
  await desk.open(ticket.subject);
  await desk.details.locator('.details-who a').click();
  await expect(desk.page.getByRole('region', { name: 'Conversations' })).toContainText(ticket.subject);
  await expect(desk.page.getByRole('region', { name: 'Consents' })).toHaveCount(0);
  await expect(desk.page.getByRole('button', { name: 'Erase' })).toHaveCount(0);
});
