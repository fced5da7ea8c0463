import { AxeBuilder } from '@axe-core/playwright';
import { expect } from '@playwright/test';
import { picture, textFile } from './support/picture.ts';
import { test } from './widget-support.ts';

test('a visitor sends a picture and a text, sees both, and the agent gets them', async ({ widget, agent, page }) => {
  await widget.visit();
  await widget.open();
  const attach = widget.panel.getByRole('button', { name: 'Attach files' });
  await expect(attach).toBeVisible();
  const send = widget.panel.getByRole('button', { name: 'Send message' });
  await expect(send).toBeDisabled();
  const chooser = page.waitForEvent('filechooser');
  await attach.click();
  await (await chooser).setFiles([picture('broken lamp.png'), textFile('receipt.txt', 'Paid.')]);
  const chips = widget.panel.getByRole('list', { name: 'Files to send' }).getByRole('listitem');
  await expect(chips).toHaveCount(2);
  await expect(send).toBeEnabled();
  // A message needs no text beside its files.
  await widget.input.press('Enter');
  await expect(chips).toHaveCount(0);
  await expect(widget.receipt.last()).toHaveText(/Sent|Seen/);
  const drawn = widget.bubbles.last().getByRole('img', { name: 'broken lamp.png' });
  await expect(drawn).toBeVisible();
  await expect(widget.bubbles.last()).not.toContainText('(no text)');

  const opened = page.waitForEvent('popup');
  const download = page
    .context()
    .waitForEvent('page')
    .then((tab) => tab.waitForEvent('download'));
  await widget.bubbles
    .last()
    .getByRole('button', { name: /Open receipt\.txt/ })
    .click();
  expect((await download).suggestedFilename()).toBe('receipt.txt');
  await (await opened).close().catch(() => {});

  const conversationId = await widget.conversationId();
  expect(await agent.texts(conversationId)).toEqual(['(no text)']);
  const axe = new AxeBuilder({ page }).include('#edgedesk');
  expect((await axe.analyze()).violations).toEqual([]);

  // They are there after a reload, too.
  await page.reload();
  await widget.open();
  await expect(drawn).toBeVisible();
});

test.describe('what is not taken', () => {
  test.use({ expectedErrors: [/status of 415/] });

  test('a file that is not taken says why, and the others are sent', async ({ widget, page }) => {
    await widget.visit();
    await widget.open();
    const picker = page.locator('#edgedesk input[type=file]');
    await picker.setInputFiles([
      { name: 'page.html', mimeType: 'text/html', buffer: Buffer.from('<b>') },
      { name: 'nothing.txt', mimeType: 'text/plain', buffer: Buffer.alloc(0) },
      picture('lamp.png'),
    ]);
    const chips = widget.panel.getByRole('list', { name: 'Files to send' }).getByRole('listitem');
    await expect(chips.filter({ hasText: 'page.html' })).toContainText('files of this type are not taken');
    await expect(chips.filter({ hasText: 'nothing.txt' })).toContainText('The file is empty.');
    await widget.send('Here it is');
    await expect(widget.bubbles.last().getByRole('button', { name: /Open lamp\.png/ })).toBeVisible();
    await expect(chips).toHaveCount(0);
  });
});

test.describe('with the files script out of reach', () => {
  test.use({ expectedErrors: [/Failed to load|ERR_FAILED/] });

  test('the chat works without it', async ({ widget, page }) => {
    await page.route('**/widget-more.js', (route) => route.abort());
    await widget.visit();
    await widget.open();
    await widget.send('Hello');
    await expect(widget.panel.getByRole('button', { name: 'Attach files' })).toHaveCount(0);
  });
});
