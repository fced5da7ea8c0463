import { expect, test } from './support/console.ts';
import { newId, ZendeskTicket } from './support/stack.ts';

test('a lost connection is shown, and what was missed appears when it is back', async ({ desk, page, context }) => {
  const ticket = new ZendeskTicket(`Offline ${newId()}`);
  await ticket.opened('Before the tunnel.');
  await desk.open(ticket.subject);

  await context.setOffline(true);
  await expect(page.getByText('Reconnecting…')).toBeVisible();
  await ticket.says('Inside the tunnel.');
  const missed = new ZendeskTicket(`Missed ${newId()}`);
  await missed.opened('Nobody was looking.');
  await desk.send('Written without a network.');
  await expect(desk.message('Written without a network.').getByRole('alert')).toContainText('Not sent');

  await context.setOffline(false);
  await expect(page.getByText('Reconnecting…')).toHaveCount(0);
  await expect(desk.message('Inside the tunnel.')).toHaveCount(1);
  await expect(desk.row(missed.subject)).toBeVisible();
  await desk.message('Written without a network.').getByRole('button', { name: 'Try again' }).click();
  await expect(desk.message('Written without a network.').getByText(/Not sent|Sending/)).toHaveCount(0);
});

test('sockets that the server drops come back by themselves', async ({ page, desk }) => {
  const ticket = new ZendeskTicket(`Dropped ${newId()}`);
  await ticket.opened('Hello?');
  await desk.open(ticket.subject);
  const drops: (() => void)[] = [];
  await page.routeWebSocket(/\/socket\?ticket=/, (socket) => {
    const server = socket.connectToServer();
    drops.push(() => {
      void server.close({ code: 4000 });
      void socket.close({ code: 4000 });
    });
  });
  await page.reload();
  await desk.expectConnected();
  await expect.poll(() => drops.length).toBe(2);
  for (const drop of drops.splice(0)) drop();
  await ticket.says('While you were gone.');
  await expect(desk.message('While you were gone.')).toHaveCount(1);
  await expect.poll(() => drops.length).toBeGreaterThanOrEqual(2);
});

test('a call that came too fast is made again', async ({ signIn }) => {
  const { page } = await signIn('admin');
  let refused = 0;
  await page.route('**/api/v1/members', (route) => {
    if (refused > 0) return route.continue();
    refused += 1;
    return route.fulfill({
      status: 429,
      headers: { 'retry-after': '1', 'content-type': 'application/problem+json' },
      json: { type: 'about:blank', title: 'Too Many Requests', status: 429, code: 'rate_limited', request_id: 'req_x' },
    });
  });
  await page.getByRole('link', { name: 'Members' }).click();
  await expect(page.locator('.member').first()).toBeVisible();
  expect(refused).toBe(1);
});
