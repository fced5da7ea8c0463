import { type Console, expect, expectAccessible, test } from './support/console.ts';
import { newId, ZendeskTicket } from './support/stack.ts';

const run = newId();
// About something that no other test writes of, and of this run: what earlier ones left open is less alike.
const ASKED = `My beehive scale ${run} shows nothing since the firmware update. How do I get it to work again?`;
const ASKED_OTHERWISE = `Since the firmware update my beehive scale ${run} shows nothing. What do I have to do that it works again?`;

const similarOf = (desk: Console) => desk.details.getByRole('region', { name: 'Similar tickets' });

test('tickets that ask the same are listed when the customer writes again, and opened with the keyboard', async ({
  desk,
  page,
}) => {
  const first = new ZendeskTicket(`Scale ${newId()}`, 'Aino Korhonen');
  await first.opened(ASKED);
  await desk.open(first.subject);
  const similar = similarOf(desk);
  await expect(similar.getByText('No other open ticket asks the same.')).toBeVisible();
  await expectAccessible(page);

  const second = new ZendeskTicket(`Scale ${newId()}`, 'Veikko Laine');
  await second.opened(ASKED_OTHERWISE);
  await expect(desk.row(second.subject)).toBeVisible();
  const link = similar.getByRole('link', { name: second.subject });
  // To a page that is open it comes with the next message.
  let n = 0;
  await expect(async () => {
    n += 1;
    await first.says(`It still shows nothing (${n}).`);
    await expect(link).toBeVisible({ timeout: 3_000 });
  }).toPass();
  await expect(link).toContainText(/\d+% similar/);
  await expect(link).toContainText(/Similar in meaning|Mostly the same words/);
  await expect(link).toContainText('Active');
  await expect(link).toContainText(/#\d+/);
  await expectAccessible(page);

  await link.focus();
  await page.keyboard.press('Enter');
  await expect(desk.message('What do I have to do')).toBeVisible();
  await expect(similar.getByRole('link', { name: first.subject })).toBeVisible();

  // What is resolved leaves the list of the other.
  await desk.button('Resolve').click();
  await page.goBack();
  await expect(desk.message('How do I get it to work')).toBeVisible();
  await expect(similar.getByText('Looking for similar tickets')).toHaveCount(0);
  await expect(link).toHaveCount(0);
});

test('a list that does not load says so and can be asked for again', async ({ desk, page }) => {
  const ticket = new ZendeskTicket(`Scale ${newId()}`);
  await ticket.opened('Which colours does the small beehive come in?');
  await page.route('**/api/v1/conversations/*/similar', (route) => route.abort());
  await desk.open(ticket.subject);
  const similar = similarOf(desk);
  await expect(similar.getByRole('alert')).toContainText('Similar tickets could not be loaded.');
  await expectAccessible(page);
  await page.unroute('**/api/v1/conversations/*/similar');
  await similar.getByRole('button', { name: 'Try again' }).click();
  await expect(similar.getByRole('alert')).toHaveCount(0);
  await expect(similar.getByText('No other open ticket asks the same.').or(similar.getByRole('list'))).toBeVisible();
});
