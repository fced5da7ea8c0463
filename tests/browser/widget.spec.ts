import { expect } from '@playwright/test';
import { stack } from './support/stack.ts';
import { networkSwitch, test } from './widget-support.ts';

test('what a visitor writes reaches an agent within a second', async ({ widget, agent }) => {
  await widget.visit();
  await widget.open();
  await widget.send('Hello, is anybody there?');
  const conversationId = await widget.conversationId();
  const socket = await agent.listen(conversationId);

  const writtenAt = Date.now();
  await widget.write('My parcel has not come.');
  const frame = await socket.expectFrame((frame) => frame.data?.text === 'My parcel has not come.');
  expect(frame.arrivedAt - writtenAt).toBeLessThan(1000);
  expect(frame).toMatchObject({ type: 'message.created', data: { direction: 'incoming' } });
  expect(await agent.texts(conversationId)).toEqual(['Hello, is anybody there?', 'My parcel has not come.']);
});

test('what a visitor writes appears in the console without a reload', async ({ widget, browser }) => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`${stack.url}/console/`);
  await page.getByLabel(/e-?mail/i).fill(stack.agent.email);
  await page.getByLabel('Password', { exact: true }).fill(stack.agent.password);
  await page.keyboard.press('Enter');
  await expect(page.getByLabel('Password', { exact: true })).toBeHidden();

  const text = `Do you have it in blue? ${Date.now()}`;
  await widget.visit();
  await widget.open();
  await widget.send(text);
  await expect(page.getByText(text).first()).toBeVisible();
  await context.close();
});

test('a page load costs nothing until the chat is opened', async ({ widget, page }) => {
  const requests: string[] = [];
  page.on('request', (request) => requests.push(request.url()));
  page.on('websocket', (socket) => requests.push(socket.url()));
  await widget.visit();
  await page.waitForLoadState('networkidle');
  expect(requests.filter((url) => url.includes('/widget/v1/'))).toEqual([]);
  await widget.open();
  expect(requests.filter((url) => url.includes('/widget/v1/'))).toHaveLength(2);
});

test('a reload keeps the history', async ({ widget, page, agent }) => {
  await widget.visit();
  await widget.open();
  await widget.send('First line\nsecond line');
  const conversationId = await widget.conversationId();
  await agent.reply(conversationId, 'An answer');
  await agent.note(conversationId, 'A note that is nobody else’s business');
  await agent.reply(conversationId, 'And another');
  await expect(widget.bubble('And another')).toBeVisible();

  await page.reload();
  await widget.open();
  await expect(widget.bubbles).toHaveText(['First line\nsecond line', 'An answer', 'And another']);
  expect(await widget.conversationId()).toBe(conversationId);
});

test('what is written offline is sent exactly once, in order, when the network is back', async ({
  widget,
  context,
  agent,
}) => {
  await widget.visit();
  await widget.open();
  await widget.send('Before the tunnel');
  await context.setOffline(true);
  await expect(widget.panel.getByText('You are offline.')).toBeVisible();
  for (const text of ['one', 'two', 'three']) await widget.write(text);
  await expect(widget.receipt.last()).toHaveText('Waiting for connection');

  await context.setOffline(false);
  await widget.expectConnected();
  await expect(widget.receipt.last()).toHaveText('Sent');
  await expect(widget.bubbles).toHaveText(['Before the tunnel', 'one', 'two', 'three']);
  const texts = await agent.texts(await widget.conversationId());
  expect(texts).toEqual(['Before the tunnel', 'one', 'two', 'three']);
});

test.describe('cut off from its host', () => {
  test.use({ expectedErrors: [[/ERR_FAILED/], { option: true }] });

  test('what is written outlives a reload and is sent once', async ({ widget, page, agent }) => {
    const network = await networkSwitch(page);
    await widget.visit();
    await widget.open();
    await widget.send('Before');
    network.cut();
    await widget.write('kept one');
    await widget.write('kept two');
    await expect(widget.receipt.last()).toHaveText('Waiting for connection');

    await page.reload();
    await widget.launcher.click();
    await expect(widget.bubbles).toHaveText(['kept one', 'kept two']);
    network.mend();
    await widget.expectConnected();
    await expect(widget.bubbles).toHaveText(['Before', 'kept one', 'kept two']);
    await expect(widget.receipt.last()).toHaveText('Sent');
    expect(await agent.texts(await widget.conversationId())).toEqual(['Before', 'kept one', 'kept two']);
  });
});

test('a message whose ack was lost is sent again and logged once', async ({ widget, page, agent }) => {
  let isDeaf = false;
  let nSent = 0;
  await page.routeWebSocket(/\/widget\/v1\/socket/, (socket) => {
    const server = socket.connectToServer();
    socket.onMessage((frame) => {
      server.send(frame);
      if (!String(frame).includes('message.send')) return;
      nSent += 1;
    });
    server.onMessage((frame) => {
      if (!isDeaf || !String(frame).includes('"ack"')) {
        if (!isDeaf) socket.send(frame);
        return;
      }
      // The server has logged it; the visitor never hears of that.
      isDeaf = false;
      socket.close({ code: 4999 });
    });
  });
  await widget.visit();
  await widget.open();
  await widget.send('first');
  isDeaf = true;
  await widget.write('second');
  await expect(widget.receipt.last()).toHaveText('Sent');
  await widget.send('third');
  expect(nSent).toBeGreaterThanOrEqual(3);
  await expect(widget.bubbles).toHaveText(['first', 'second', 'third']);
  expect(await agent.texts(await widget.conversationId())).toEqual(['first', 'second', 'third']);
});

test('a connection that answers no keep-alive is given up for another', async ({ widget, page }) => {
  let isDead = false;
  let nConnections = 0;
  let nPings = 0;
  await page.clock.install();
  await page.routeWebSocket(/\/widget\/v1\/socket/, (socket) => {
    nConnections += 1;
    isDead = false;
    const server = socket.connectToServer();
    socket.onMessage((frame) => {
      if (frame === 'ping') nPings += 1;
      if (!isDead) server.send(frame);
    });
  });
  await widget.visit();
  await widget.open();
  await page.clock.fastForward(26_000);
  await expect.poll(() => nPings).toBe(1);
  await widget.send('still here');
  isDead = true;
  for (const expected of [2, 3]) {
    await page.clock.fastForward(25_000);
    await expect.poll(() => nPings).toBe(expected);
  }
  expect(nConnections).toBe(1);
  await page.clock.fastForward(25_000);
  await page.clock.fastForward(1_000);
  await expect.poll(() => nConnections).toBe(2);
  await widget.send('here again');
});

test('the chat works where storage is blocked, until the page is left', async ({ widget, page }) => {
  await page.addInitScript(() => {
    Object.defineProperty(window, 'localStorage', {
      get() {
        throw new DOMException('blocked', 'SecurityError');
      },
    });
  });
  await widget.visit();
  await widget.open();
  await widget.send('one');
  await widget.send('two');
  await expect(widget.bubbles).toHaveText(['one', 'two']);
});

test('typing and reading show on both sides', async ({ widget, agent }) => {
  await widget.visit();
  await widget.open();
  await widget.send('Hello?');
  const socket = await agent.listen(await widget.conversationId());

  await widget.input.pressSequentially('and');
  await socket.expectFrame((frame) => frame.type === 'typing.changed' && frame.data.typing === true);
  await widget.input.fill('');
  await socket.expectFrame((frame) => frame.type === 'typing.changed' && frame.data.typing === false);

  socket.send({ type: 'typing.start' });
  await expect(widget.panel.getByText(`${agent.name} is typing`)).toBeVisible();
  const mine = await socket.resume();
  socket.send({ type: 'read', seq: mine });
  await expect(widget.receipt.last()).toHaveText('Seen');

  await agent.reply(await widget.conversationId(), 'Yes, hello!');
  await expect(widget.bubbles).toHaveText(['Hello?', 'Yes, hello!']);
  await expect(widget.page.getByText(agent.name, { exact: true })).toBeVisible();
  const answer = await socket.expectFrame((frame) => frame.data?.text === 'Yes, hello!');
  const read = await socket.expectFrame(
    (frame) => frame.type === 'conversation.read' && frame.data.reader.kind === 'customer',
  );
  expect(read.data.read_seq).toBe(answer.seq);
});

test('an agent who stops typing is not shown to type', async ({ widget, agent }) => {
  await widget.visit();
  await widget.open();
  await widget.send('Hello?');
  const socket = await agent.listen(await widget.conversationId());
  const notice = widget.panel.getByText('is typing');
  socket.send({ type: 'typing.start' });
  await expect(notice).toBeVisible();
  socket.send({ type: 'typing.stop' });
  await expect(notice).toBeHidden();
  socket.send({ type: 'typing.start' });
  await expect(notice).toBeVisible();
  socket.close();
  await expect(notice).toBeHidden();
});

test('a resolved conversation says so and opens again when the visitor writes', async ({ widget, agent }) => {
  await widget.visit();
  await widget.open();
  await widget.send('It broke.');
  const conversationId = await widget.conversationId();
  await agent.setStatus(conversationId, 'resolved');
  await expect(widget.panel.getByText(`${agent.name} marked this conversation as resolved.`)).toBeVisible();
  await expect(widget.input).toHaveAttribute('placeholder', 'Write again to reopen…');

  await widget.send('It broke again.');
  await expect(widget.panel.getByText('The conversation is open again.')).toBeVisible();
  await expect(widget.input).toHaveAttribute('placeholder', 'Write a message…');
});

test('unread messages are counted on the launcher, also after a reload', async ({ widget, page, agent }) => {
  await widget.visit();
  await widget.open();
  await widget.send('Tell me when it ships.');
  const conversationId = await widget.conversationId();
  await page.keyboard.press('Escape');
  await agent.reply(conversationId, 'It ships today.');
  await agent.reply(conversationId, 'It has shipped.');
  await expect(widget.launcher).toHaveAccessibleName('Open chat, 2 unread messages');
  await page.reload();
  await expect(widget.launcher).toHaveAccessibleName('Open chat, 2 unread messages');
  await widget.open();
  await page.keyboard.press('Escape');
  await expect(widget.launcher).toHaveAccessibleName('Open chat');
  await page.reload();
  await page.waitForLoadState('networkidle');
  await expect(widget.launcher).toHaveAccessibleName('Open chat');
});

test('two tabs show one conversation', async ({ widget, context }) => {
  await widget.visit();
  await widget.open();
  await widget.send('from the first tab');
  const other = widget.inPage(await context.newPage());
  await other.visit();
  await other.open();
  await other.send('from the second tab');
  await expect(widget.bubbles).toHaveText(['from the first tab', 'from the second tab']);
  await expect(other.bubbles).toHaveText(['from the first tab', 'from the second tab']);
});

test('a refused message can be tried again or deleted', async ({ widget, page, agent }) => {
  let isRefusing = false;
  await page.routeWebSocket(/\/widget\/v1\/socket/, (socket) => {
    const server = socket.connectToServer();
    socket.onMessage((text) => {
      const frame = text === 'ping' ? {} : JSON.parse(String(text));
      if (!isRefusing || frame.type !== 'message.send') {
        server.send(text);
        return;
      }
      const data = { code: 'invalid_text', detail: 'refused by the test' };
      socket.send(JSON.stringify({ type: 'error', client_id: frame.client_id, data }));
    });
  });
  await widget.visit();
  await widget.open();
  await widget.send('taken');
  isRefusing = true;
  await widget.write('refused one');
  await widget.write('refused two');
  await expect(widget.panel.getByText('Not sent.')).toHaveCount(2);
  isRefusing = false;
  await widget.panel.getByRole('button', { name: 'Delete' }).first().click();
  await expect(widget.input).toBeFocused();
  await widget.panel.getByRole('button', { name: 'Try again' }).click();
  await expect(widget.receipt.last()).toHaveText('Sent');
  await expect(widget.bubbles).toHaveText(['taken', 'refused two']);
  expect(await agent.texts(await widget.conversationId())).toEqual(['taken', 'refused two']);
});

test('a message as long as may be is sent, a longer one is not', async ({ widget, agent }) => {
  await widget.visit();
  await widget.open();
  await widget.send('short');
  await widget.input.fill('ü'.repeat(50_001));
  await expect(widget.panel.getByText('100.0 of 100.0 kB')).toBeVisible();
  await expect(widget.panel.getByRole('button', { name: 'Send message' })).toBeDisabled();
  await widget.input.press('Enter');
  await expect(widget.bubbles).toHaveCount(1);
  await widget.send('ü'.repeat(50_000));
  const texts = await agent.texts(await widget.conversationId());
  expect(texts.map((text) => text.length)).toEqual([5, 50_000]);
});

test('what is odd in a text arrives as it was written', async ({ widget, agent }) => {
  await widget.visit();
  await widget.open();
  const odd = ['🙂', 'مرحبا, how are you?', 'a\tb', '{"type":"ack"}', 'ping', '\u202Eabc'];
  for (const text of odd) await widget.send(text);
  // Half a surrogate pair is no text; it becomes the replacement character.
  await widget.write('half \ud83d');
  await expect(widget.receipt.last()).toHaveText('Sent');
  expect(await agent.texts(await widget.conversationId())).toEqual([...odd, 'half \ufffd']);
});

test('markup in messages is text and does nothing', async ({ widget, page, agent }) => {
  const corpus = [
    '<script>window.hacked = 1</script>',
    '<img src=x onerror="window.hacked = 1">',
    '<svg onload=window.hacked=1>',
    '"><iframe srcdoc="<script>parent.hacked=1</script>"></iframe>',
    '<a href="javascript:window.hacked=1">click</a>',
    'javascript:window.hacked=1',
    'http://a.example/"onmouseover="window.hacked=1',
    "https://a.example/'><img src=x onerror=window.hacked=1>",
    '<style>*{display:none}</style>',
    '</div></section><h1>outside</h1>',
    '{{constructor.constructor("window.hacked=1")()}}',
    '&lt;b&gt;not bold&lt;/b&gt; &amp;',
    '<math><mtext></form><form><mglyph><style></math><img src onerror=window.hacked=1>',
  ];
  page.on('dialog', (dialog) => {
    throw new Error(`a dialog: ${dialog.message()}`);
  });
  await widget.visit();
  await widget.open();
  await widget.send('Show me what you can do.');
  const conversationId = await widget.conversationId();
  for (const text of corpus) await agent.reply(conversationId, text);
  for (const text of corpus) await widget.send(text);

  await expect(widget.bubbles).toHaveText(['Show me what you can do.', ...corpus, ...corpus]);
  const log = page.getByRole('log');
  await expect(log.locator('script, img, iframe, style, form, math, h1, .bubble svg')).toHaveCount(0);
  for (const link of await log.locator('a').all()) {
    expect(await link.getAttribute('href')).toMatch(/^https?:\/\/a\.example\//);
    expect(await link.getAttribute('rel')).toBe('noopener noreferrer');
  }
  expect(await page.evaluate(() => 'hacked' in window)).toBe(false);
});

test.describe('with a token that is forged', () => {
  // The browser logs the refused handshake.
  test.use({ expectedErrors: [[/token=forged/], { option: true }] });

  test('a session that the server does not take is replaced', async ({ widget, page }) => {
    await widget.visit();
    await page.evaluate((key) => {
      const session = { token: 'forged', conversationId: 'cnv_x', expiresAt: Date.now() + 3_600_000, inboxName: 'x' };
      localStorage.setItem(`edgedesk:${key}:session`, JSON.stringify(session));
    }, stack.widget.inbox_key);
    await page.reload();
    await widget.launcher.click();
    await widget.expectConnected();
    await widget.send('Hello after all');
  });
});
