import { expect, expectAccessible, test } from './support/console.ts';
import { picture, textFile } from './support/picture.ts';
import { newId, ZendeskTicket } from './support/stack.ts';

let ticket: ZendeskTicket;

test.beforeEach(async ({ desk }) => {
  ticket = new ZendeskTicket(`Files ${newId()}`);
  await ticket.opened('Hello, can you send me the manual?');
  await desk.open(ticket.subject);
});

test('an agent sends files with a reply, and they are shown and opened', async ({ desk, page }) => {
  const chooser = page.waitForEvent('filechooser');
  await desk.button('Attach files').click();
  await (await chooser).setFiles([picture('diagram.png'), textFile('manual.txt', 'Press the button.')]);
  const files = desk.thread.getByRole('list', { name: 'Files to send' }).getByRole('listitem');
  await expect(files).toHaveCount(2);
  await desk.send('Here you are');
  await expect(files).toHaveCount(0);
  const sent = desk.message('Here you are');
  await expect(sent.getByRole('img', { name: 'diagram.png' })).toBeVisible();
  await expectAccessible(page);

  const download = page
    .context()
    .waitForEvent('page')
    .then((tab) => tab.waitForEvent('download'));
  await sent.getByRole('button', { name: /Open manual\.txt/ }).click();
  expect((await download).suggestedFilename()).toBe('manual.txt');

  await page.reload();
  await expect(sent.getByRole('img', { name: 'diagram.png' })).toBeVisible();
});

test('files wait beside the note that they are for, and can be taken away', async ({ desk, page }) => {
  await page.getByRole('tab', { name: 'Private note' }).click();
  await desk.thread.locator('input[type=file]').setInputFiles([textFile('a.txt', 'a'), textFile('b.txt', 'b')]);
  const files = desk.thread.getByRole('list', { name: 'Files to send' }).getByRole('listitem');
  await expect(files).toHaveCount(2);
  await page.getByRole('tab', { name: 'Reply' }).click();
  await expect(files).toHaveCount(0);
  await page.getByRole('tab', { name: 'Private note' }).click();
  await desk.button('Remove a.txt').click();
  await expect(files).toHaveCount(1);
  // No text is needed.
  await expect(page.getByRole('button', { name: 'Add note' })).toBeEnabled();
  await page.getByRole('button', { name: 'Add note' }).click();
  const note = desk.thread.locator('.message.note').last();
  await expect(note.getByRole('button', { name: /Open b\.txt/ })).toBeVisible();
  await expect(note).not.toContainText('(no text)');
});

test('what is not taken is said beside the file', async ({ desk }) => {
  await desk.thread.locator('input[type=file]').setInputFiles([
    { name: 'tool.exe', mimeType: 'application/x-msdownload', buffer: Buffer.from('MZ') },
    { name: 'picture.png', mimeType: 'image/png', buffer: Buffer.from('<script>') },
    { name: 'nothing.txt', mimeType: 'text/plain', buffer: Buffer.alloc(0) },
  ]);
  await expect(desk.toast('nothing.txt: The file is empty.')).toBeVisible();
  const files = desk.thread.getByRole('list', { name: 'Files to send' }).getByRole('listitem');
  await expect(files.filter({ hasText: 'tool.exe' }).getByRole('alert')).toHaveText(
    'Files of this type are not taken.',
  );
  await expect(files.filter({ hasText: 'picture.png' }).getByRole('alert')).toHaveText(
    'The file is not of the type that it is said to be.',
  );
  await expect(desk.button('Send')).toBeDisabled();
});
