import { expect, test } from './support/console.ts';
import { newId, ZendeskTicket } from './support/stack.ts';

test('a conversation is found, answered, noted, taken and resolved without a pointer', async ({ desk, page }) => {
  const ticket = new ZendeskTicket(`Keyboard ${newId()}`);
  await ticket.opened('Please answer me quickly.');
  await expect(desk.row(ticket.subject)).toBeVisible();

  await page.keyboard.press('/');
  await page.keyboard.type(ticket.subject);
  await expect(desk.inbox.getByRole('listitem')).toHaveCount(1);
  await page.keyboard.press('Escape');
  await page.keyboard.press('j');
  await expect(desk.row(ticket.subject).getByRole('link')).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(desk.thread.getByRole('heading', { level: 2 })).toContainText('Customer');

  await page.keyboard.press('r');
  await expect(desk.reply).toBeFocused();
  await page.keyboard.type('Here I am. r, n, e and a are letters in here.');
  await page.keyboard.press('Control+Enter');
  await expect(desk.message('Here I am.')).toHaveClass(/outgoing/);

  await page.keyboard.press('Escape');
  await page.keyboard.press('n');
  await page.keyboard.type('Solved by keyboard.');
  await page.keyboard.press('Control+Enter');
  await expect(desk.message('Solved by keyboard.')).toHaveClass(/note/);

  await page.keyboard.press('Escape');
  await page.keyboard.press('a');
  await expect(desk.toast('Assigned to you')).toBeVisible();
  await page.keyboard.press('e');
  await expect(desk.message('You resolved the conversation')).toBeVisible();

  await page.keyboard.press('Escape');
  await expect(page.getByText('Pick a conversation')).toBeVisible();
});

test('the list of shortcuts opens with a question mark and can turn them off', async ({ desk, page }) => {
  await page.keyboard.press('?');
  const help = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
  await expect(help).toBeVisible();
  await help.getByLabel('Single-letter shortcuts').uncheck();
  await page.keyboard.press('Escape');
  await expect(help).toBeHidden();
  await page.keyboard.press('?');
  await expect(help).toBeHidden();
  await expect(desk.inbox).toBeVisible();
});

test('j and k move through the list', async ({ desk, page }) => {
  const first = new ZendeskTicket(`Second row ${newId()}`);
  await first.opened('I was here first.');
  await expect(desk.row(first.subject)).toBeVisible();
  const second = new ZendeskTicket(`First row ${newId()}`);
  await second.opened('I came later.');
  await expect(desk.row(second.subject)).toBeVisible();
  await page.getByRole('searchbox', { name: 'Search conversations' }).fill(' row ');
  await page.keyboard.press('Escape');
  const focused = () =>
    page.evaluate(() => document.activeElement?.closest('li')?.querySelector('.row-subject')?.textContent);
  await page.keyboard.press('j');
  const top = await focused();
  await page.keyboard.press('j');
  expect(await focused()).not.toBe(top);
  await page.keyboard.press('k');
  expect(await focused()).toBe(top);
});
