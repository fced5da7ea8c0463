import { expect, test } from './support/console.ts';
import { newId, ZendeskTicket } from './support/stack.ts';

test('two agents see each other, in the team and in a conversation', async ({ desk, signIn }) => {
  const ticket = new ZendeskTicket(`Together ${newId()}`);
  await ticket.opened('Who is going to answer me?');
  const admin = await signIn('admin');
  const adminName = await admin.page.locator('.me-name').innerText();
  const agentName = await desk.page.locator('.me-name').innerText();

  const team = desk.page.getByRole('region', { name: 'Team' });
  await expect(team.getByRole('listitem').filter({ hasText: adminName })).toContainText('online');

  await desk.open(ticket.subject);
  await expect(desk.thread.locator('.viewers')).toHaveText('');
  await admin.open(ticket.subject);
  await expect(desk.thread.locator('.viewers')).toContainText(`${adminName} also viewing`);
  await expect(admin.thread.locator('.viewers')).toContainText(`${agentName} also viewing`);

  await admin.reply.pressSequentially('I am on it');
  await expect(desk.thread.getByText(`${adminName} is writing…`)).toBeVisible();
  await admin.page.keyboard.press('Control+Enter');
  await expect(desk.message('I am on it')).toContainText(adminName);
  await expect(desk.thread.getByText('is writing…')).toHaveCount(0);

  await admin.button(/^Assign$/).click();
  await admin.page.getByRole('menuitemradio', { name: /\(you\)/ }).click();
  await expect(desk.message(`${adminName} took the conversation`)).toBeVisible();

  // Its place in the load of a stack that is kept between runs is given back.
  await admin.button('Resolve').click();
  await expect(desk.message(`${adminName} resolved the conversation`)).toBeVisible();
  await admin.page.keyboard.press('Escape');
  await expect(desk.thread.locator('.viewers')).toHaveText('');
});

test('somebody who sets themselves away is shown as away', async ({ desk, signIn }) => {
  const admin = await signIn('admin');
  const adminName = await admin.page.locator('.me-name').innerText();
  const entry = desk.page.getByRole('region', { name: 'Team' }).getByRole('listitem').filter({ hasText: adminName });
  await admin.page.getByRole('button', { name: /Online/ }).click();
  await admin.page.getByRole('menuitem', { name: 'Set myself away' }).click();
  await expect(entry).toContainText('away');
  await admin.page.getByRole('button', { name: /Away/ }).click();
  await admin.page.getByRole('menuitem', { name: 'I am back' }).click();
  await expect(entry).toContainText('online');
});
