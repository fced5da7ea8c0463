import { expect, test } from './support/console.ts';
import { ZendeskTicket } from './support/stack.ts';

// Draws the picture of the README: EDGEDESK_SCREENSHOTS=1.
test.skip(process.env.EDGEDESK_SCREENSHOTS !== '1', 'only when the pictures of the documents are to be renewed');
test.use({ viewport: { width: 1280, height: 800 }, colorScheme: 'light', contextOptions: { reducedMotion: 'reduce' } });

const OTHERS: [string, string, string[]][] = [
  ['Lukas Novák', 'Invoice address', ['Please change our invoice address to Nádražní 12, Praha.']],
  ['Grace Mbeki', 'Wrong size delivered', ['You sent the wrong size again. Second time! Please just refund me.']],
  ['Priya Raman', 'Onboarding call', ['Thank you so much! The call was excellent, really helpful.']],
  [
    'Jonas Weber',
    'Logged out after the update',
    ['Since the update the app logs me out every few minutes. No luck so far.'],
  ],
  [
    'Tomás Ferreira',
    'Export of invoices',
    ['Is there a way to export all my invoices at once?', 'A zip would be great!'],
  ],
];

test('the console with an angry customer', async ({ desk, page, signIn }) => {
  const olivia = new ZendeskTicket('Two charges for one plan', 'Olivia Hartmann');
  await olivia.says('Hi! I upgraded to the yearly plan this morning and it looks like I was charged twice?');
  await desk.open(olivia.subject);
  await desk.send('Hi Olivia, thanks for telling us! I am checking both charges with our bank.');
  await expect(desk.message('thanks for telling us')).toHaveClass(/outgoing/);
  await expect(desk.thread.locator('.pending')).toHaveCount(0);
  await olivia.says('Any news? It has been an hour, and my card is over its limit because of you.');
  await expect(desk.message('Any news?').locator('.mood-chip .face')).toBeVisible();

  for (const [name, subject, texts] of OTHERS) {
    const ticket = new ZendeskTicket(subject, name);
    for (const text of texts) await ticket.says(text);
    await expect(desk.row(subject).first().locator('.face')).toBeVisible();
  }

  const admin = await signIn('admin');
  await page.getByRole('tab', { name: 'Private note' }).click();
  await page
    .getByRole('textbox', { name: 'Private note' })
    .fill('Captured twice, invoices 1182 and 1183. The refund needs a manager.');
  await page.getByRole('button', { name: 'Add note' }).click();
  await desk.button(/^Assign$/).click();
  await page.getByRole('menuitemradio', { name: /\(you\)/ }).click();
  await olivia.says(
    'This is unacceptable. Six years a customer and nobody can tell me where my money is. I want to speak to a manager, now.',
  );
  await expect(desk.thread.locator('.risk-banner')).toBeVisible();
  await expect(desk.message('This is unacceptable').locator('.mood-chip .face')).toBeVisible();
  await admin.open(olivia.subject);
  await expect(desk.thread.locator('.viewers')).toContainText('also viewing');
  await admin.reply.pressSequentially('Dear Olivia');
  await expect(desk.thread.getByText('is writing…')).toBeVisible();
  await page.getByRole('tab', { name: 'Reply' }).click();
  await page.getByRole('button', { name: 'Dismiss' }).click();
  await page.screenshot({ path: 'docs/images/console.png' });

  await admin.page.keyboard.press('Escape');
  await desk.reading('This is unacceptable').click();
  await desk.why
    .getByRole('button', { name: /manager/ })
    .first()
    .hover();
  await expect(desk.message('This is unacceptable').locator('mark.lit').first()).toBeVisible();
  await page.screenshot({ path: 'docs/images/console-why.png' });
});
