import { expect } from '@playwright/test';
import { test } from './widget-support.ts';

// Draws the picture of the README: EDGEDESK_SCREENSHOTS=1.
test.skip(process.env.EDGEDESK_SCREENSHOTS !== '1', 'only when the pictures of the documents are to be renewed');
test.use({ viewport: { width: 1280, height: 800 }, colorScheme: 'light' });

test('the widget on a shop page', async ({ widget, page, agent }) => {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await widget.visit();
  await widget.open();
  await widget.send('Hi! My order #4471 still says “packing”, and I leave on Friday.');
  await widget.send('Can you have a look?');
  const conversationId = await widget.conversationId();
  await agent.reply(conversationId, 'Hello! One moment, I am asking the warehouse.');
  await agent.reply(
    conversationId,
    'It leaves today with the 16:00 pick-up. You can follow it here: https://track.example/4471',
  );
  await widget.send('Great, thank you so much!');
  const socket = await agent.listen(conversationId);
  socket.send({ type: 'read', seq: await socket.resume() });
  await expect(widget.receipt.last()).toHaveText('Seen');
  socket.send({ type: 'typing.start' });
  await expect(widget.panel.getByText('is typing')).toBeVisible();
  await page.mouse.move(100, 100);
  await page.screenshot({ path: 'docs/images/widget.png' });
});
