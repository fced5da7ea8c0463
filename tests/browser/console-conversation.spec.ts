import { expect, test } from './support/console.ts';
import { newId, ZendeskTicket } from './support/stack.ts';

let ticket: ZendeskTicket;

test.beforeEach(async ({ desk }) => {
  ticket = new ZendeskTicket(`Conversation ${newId()}`);
  await ticket.opened('Hello, and thank you for the lovely service! Can you change the address on my invoice?');
  await desk.open(ticket.subject);
});

test('a reply and a private note are in the log, and stay after a reload', async ({ desk, page }) => {
  await desk.send('Of course! Which address is right?');
  await expect(desk.message('Which address is right?')).toHaveClass(/outgoing/);
  await expect(desk.message('Which address is right?').getByText('Sending…')).toHaveCount(0);

  await page.getByRole('tab', { name: 'Private note' }).click();
  await page.getByRole('textbox', { name: 'Private note' }).fill('Ask finance about the old invoices.');
  await page.getByRole('button', { name: 'Add note' }).click();
  await expect(desk.message('Ask finance').getByText('Private note')).toBeVisible();

  await page.reload();
  await expect(desk.message('Which address is right?')).toHaveCount(1);
  await expect(desk.message('Ask finance')).toHaveCount(1);
});

test('the mood of a message and what is behind it are shown', async ({ desk, page }) => {
  const chip = desk.message('address on my invoice').getByRole('button', { name: /happy|neutral/i });
  await expect(chip).toBeVisible();
  await chip.focus();
  const tooltip = page.getByRole('tooltip');
  await expect(tooltip).toContainText('Escalation risk');
  await expect(tooltip).toContainText(/\d ms/);
  await expect(tooltip).toContainText(/% sure/);
});

test('an angry thread raises the risk banner with its reasons, and the trend falls', async ({ desk }) => {
  await ticket.says('Nobody answers! I have been waiting for days, this is unacceptable and awful.');
  await ticket.says('Worst service ever, you are liars and thieves. I want to speak to a manager NOW!!!');
  await ticket.says('I will call my lawyer and dispute the payment with my bank. Absolutely disgusting.');
  const banner = desk.thread.locator('.risk-banner');
  await expect(banner).toContainText(/Escalation risk (7|8|9|10)\d?%/);
  await expect(banner.locator('.risk-reasons')).not.toBeEmpty();
  await expect(desk.thread.locator('.change.alert')).toContainText('Escalation risk rose');
  await expect(desk.details.getByRole('img', { name: /Mood over 4 customer messages: from .* unhappy/ })).toBeVisible();
  await expect(desk.details.getByText('getting worse')).toBeVisible();

  await desk.button('Resolve').click();
  await expect(banner).toHaveCount(0);
});

test('a conversation is assigned to oneself, to another, and to nobody', async ({ desk, page }) => {
  await desk.button(/^Assign$/).click();
  await page.getByRole('menuitemradio', { name: /\(you\)/ }).click();
  await expect(desk.toast('Assigned to you')).toBeVisible();
  await expect(desk.message('You took the conversation')).toBeVisible();

  await desk.button(/^Assigned to you/).click();
  const other = page.getByRole('menuitemradio').filter({ hasNotText: '(you)' }).first();
  await other.click();
  await expect(desk.message(/You assigned it to/)).toBeVisible();

  await desk.button(/^Assigned to/).click();
  await page.getByRole('menuitem', { name: 'Assign to nobody' }).click();
  await expect(desk.button(/^Assign$/)).toBeVisible();
});

test('an agent at maximum load is refused with a sentence that says why', async ({ desk, page }) => {
  await page.route('**/assignee', (route) =>
    route.fulfill({
      status: 409,
      contentType: 'application/problem+json',
      body: JSON.stringify({
        type: 'about:blank',
        title: 'Conflict',
        status: 409,
        code: 'agent_at_max_load',
        request_id: 'r',
      }),
    }),
  );
  await desk.button(/^Assign$/).click();
  await page.getByRole('menuitemradio', { name: /\(you\)/ }).click();
  await expect(desk.toast(/You already have as many open conversations as allowed/)).toBeVisible();
});

test('resolving can be undone, and a resolved conversation reopened', async ({ desk }) => {
  await desk.button('Resolve').click();
  const toast = desk.toast(/resolved/);
  await expect(toast).toBeVisible();
  await toast.getByRole('button', { name: 'Undo' }).click();
  await expect(desk.message('You reopened the conversation')).toBeVisible();
  await expect(desk.button('Resolve')).toBeVisible();

  await desk.button('Resolve').click();
  await desk.button('Reopen').click();
  await expect(desk.message('You reopened the conversation')).toHaveCount(2);
  await expect(desk.row(ticket.subject)).toBeVisible();
});

test('escalating, setting to pending and closing are in the menu', async ({ desk, page }) => {
  for (const [item, status] of [
    ['Escalate', 'Escalated'],
    ['Set to pending', 'Pending'],
    ['Close for good', 'Closed'],
  ] as const) {
    await desk.button('More actions').click();
    await page.getByRole('menuitem', { name: item }).click();
    await expect(desk.thread.locator('header').getByText(status)).toBeVisible();
  }
  await expect(desk.button('More actions')).toHaveCount(0);
});

test('a draft is kept per conversation', async ({ desk, page }) => {
  const other = new ZendeskTicket(`Another ${newId()}`);
  await other.opened('Something else.');
  await desk.reply.fill('Half a sen');
  await desk.open(other.subject);
  await expect(desk.reply).toHaveValue('');
  await page.reload();
  await desk.open(ticket.subject);
  await expect(desk.reply).toHaveValue('Half a sen');
});

test('a message that cannot be sent is kept and sent once when asked again', async ({ desk, page }) => {
  await page.route('**/messages', (route) => (route.request().method() === 'POST' ? route.abort() : route.continue()));
  await desk.send('This must not be lost.');
  const message = desk.message('This must not be lost.');
  await expect(message.getByRole('alert')).toContainText('Not sent');
  await page.unroute('**/messages');
  await message.getByRole('button', { name: 'Try again' }).click();
  await expect(message.getByText(/Not sent|Sending/)).toHaveCount(0);
  await page.reload();
  await expect(message).toHaveCount(1);
});

test('an answer that is lost on the way leads to no second message', async ({ desk, page }) => {
  let lost = 0;
  await page.route('**/messages', async (route) => {
    if (route.request().method() !== 'POST' || lost > 0) return route.continue();
    lost += 1;
    // The server takes it, and we never hear of it.
    await route.fetch();
    return route.abort();
  });
  await desk.send('Exactly once, please.');
  await expect(desk.message('Exactly once, please.')).toHaveCount(1);
  await page.reload();
  await expect(desk.message('Exactly once, please.')).toHaveCount(1);
  expect(lost).toBe(1);
});

test('what customers write is text, whatever it looks like', async ({ desk, page }) => {
  await page.evaluate(() => {
    Object.defineProperty(window, 'hacked', { value: 0, writable: true });
  });
  const corpus = [
    '<script>window.hacked = 1</script>',
    '<img src=x onerror="window.hacked = 2">',
    '"><svg/onload=window.hacked=3>',
    '<iframe srcdoc="<script>parent.hacked=4</script>"></iframe>',
    '<a href="javascript:window.hacked=5">click</a>',
    'a template {{constructor.constructor("window.hacked=6")()}}',
    '<style>body{display:none}</style>',
    '\u202Egnp.exe <b>bold</b> &lt;i&gt;',
  ];
  for (const text of corpus) await ticket.says(text);
  for (const text of corpus)
    await expect(desk.thread.locator('.bubble').getByText(text, { exact: true })).toBeVisible();
  await expect(desk.thread.locator('.bubble *')).toHaveCount(0);
  await expect(desk.row(ticket.subject).locator('.row-text *')).toHaveCount(0);
  expect(await page.evaluate(() => (window as unknown as { hacked: number }).hacked)).toBe(0);
});

test('a conversation that does not exist is said to be missing', async ({ desk, page }) => {
  await page.goto(`${new URL(page.url()).origin}/console/#/conversations/cnv_01ARZ3NDEKTSV4RRFFQ69G5FAV`);
  await expect(page.getByText('There is no such conversation')).toBeVisible();
  await page.getByRole('button', { name: 'Back to the list' }).click();
  await expect(desk.row(ticket.subject)).toBeVisible();
});
