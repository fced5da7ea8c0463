import { expect, test } from './support/console.ts';
import { newId, ZendeskTicket } from './support/stack.ts';

test.use({ viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true });

test('a phone shows one pane at a time and everything can be reached', async ({ desk, page }) => {
  const ticket = new ZendeskTicket(`Phone ${newId()}`);
  await ticket.opened('I am writing to you from the train, and the ticket app shows the wrong seat.');
  await desk.row(ticket.subject).getByRole('link').tap();
  await expect(desk.inbox).toBeHidden();
  await expect(desk.thread.getByRole('heading', { level: 2 })).toBeFocused();
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);

  await desk.reply.fill('Which seat should it be?');
  await page.getByRole('button', { name: 'Send' }).tap();
  await expect(desk.message('Which seat should it be?')).toHaveClass(/outgoing/);

  await desk.button('Details').tap();
  await expect(desk.details.getByText('Escalation risk')).toBeVisible();
  await page.getByRole('button', { name: 'Close the details' }).tap();

  await desk.button('Back to the list').tap();
  await expect(desk.inbox).toBeVisible();
  await expect(desk.thread).toBeHidden();

  await page.getByRole('button', { name: 'Open the menu' }).tap();
  await page.getByRole('navigation', { name: 'Views' }).getByRole('button', { name: 'Resolved' }).tap();
  await expect(desk.inbox.getByRole('heading', { name: 'Resolved' })).toBeVisible();
  await expect(desk.row(ticket.subject)).toHaveCount(0);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
});

test('the back button of the phone leads from a conversation to the list', async ({ desk, page }) => {
  const ticket = new ZendeskTicket(`Back ${newId()}`);
  await ticket.opened('Anybody?');
  await desk.row(ticket.subject).getByRole('link').tap();
  await expect(desk.inbox).toBeHidden();
  await page.goBack();
  await expect(desk.inbox).toBeVisible();
});
