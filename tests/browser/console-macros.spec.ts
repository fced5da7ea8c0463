import { expect, expectAccessible, test } from './support/console.ts';
import { Knowledge } from './support/knowledge.ts';
import { newId, ZendeskTicket } from './support/stack.ts';

test.use({ contextOptions: { reducedMotion: 'reduce' } });

test('a template is written with variables from the picker, shown filled, saved, changed and deleted', async ({
  signIn,
}) => {
  const desk = await signIn('admin');
  const { page } = desk;
  const title = `Parcel ${newId()}`;
  await desk.goTo('Macros');
  await page
    .getByRole('link', { name: /New macro|Write the first macro/ })
    .first()
    .click();
  await expect(page.getByLabel(/^Title/)).toBeFocused();
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('Please give it a title.')).toBeVisible();
  await page.getByLabel(/^Title/).fill(title);
  const text = page.getByLabel('Text', { exact: true });
  await text.fill('Dear , your parcel is on its way.');
  await text.evaluate((element: HTMLTextAreaElement) => element.setSelectionRange(5, 5));
  await page.getByRole('button', { name: 'Customer’s name' }).click();
  await expect(text).toBeFocused();
  await expect(text).toHaveValue('Dear {{customer.name}}, your parcel is on its way.');
  await expect(page.getByRole('region', { name: 'What a customer would read' })).toContainText(
    /^.*Dear \S+ \S+, your/s,
  );
  await page.getByLabel('Order status').check();
  await page.getByLabel('Language').selectOption('en');
  await expectAccessible(page);

  await text.fill('Dear {{customer.shoe_size}}');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('There is no variable “customer.shoe_size”')).toBeVisible();
  await text.fill('Dear {{customer.name}}, it is on its way.');
  await page.keyboard.press('Control+Enter');
  await expect(desk.toast('is saved')).toBeVisible();
  const row = page.getByRole('listitem').filter({ hasText: title });
  await expect(row).toContainText('Template');
  await expect(row).toContainText('English · Order status');
  await expectAccessible(page);

  await row.getByRole('link').click();
  await text.fill('Dear {{customer.name}}, it is nearly there.');
  await desk.goTo('Accuracy');
  await desk.toast('kept, not saved').getByRole('button', { name: 'Go back' }).click();
  await expect(text).toHaveValue('Dear {{customer.name}}, it is nearly there.');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(row).toContainText('nearly there');

  await row.getByRole('link').click();
  await page.getByRole('button', { name: 'Delete' }).click();
  await expect(row).toHaveCount(0);
  await desk.toast('is deleted').getByRole('button', { name: 'Undo' }).click();
  await expect(row).toBeVisible();
  await row.getByRole('link').click();
  await page.getByRole('button', { name: 'Delete' }).click();
  await desk.toast('is deleted').getByRole('button', { name: 'Dismiss' }).click();
  await page.reload();
  await expect(page.getByRole('heading', { level: 2, name: 'Macros' })).toBeVisible();
  await expect(row).toHaveCount(0);
});

test('a title that is taken is refused with a sentence, and nothing is lost', async ({ signIn, request }) => {
  const title = `Taken ${newId()}`;
  const knowledge = await Knowledge.open(request);
  const { id } = await knowledge.macro(title, 'The first.');
  const desk = await signIn('admin');
  const { page } = desk;
  await desk.goTo('Macros');
  await page.getByRole('link', { name: 'New macro' }).click();
  await page.getByLabel(/^Title/).fill(title);
  await page.getByLabel('Text', { exact: true }).fill('The second.');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.locator('.form-error')).toBeVisible();
  await expect(page.getByLabel('Text', { exact: true })).toHaveValue('The second.');
  await knowledge.forget(`/macros/${id}`);
});

test('any macro is filled for the conversation and put where one writes', async ({ desk, page, request }) => {
  const run = newId();
  const knowledge = await Knowledge.open(request);
  const good = await knowledge.macro(`Greeting ${run}`, 'Dear {{customer.name}}, hello.', 'template');
  const bad = await knowledge.macro(`Order ${run}`, 'Your order {{order.number}}.', 'template');
  const ticket = new ZendeskTicket(`Macro ${run}`, 'Aino Korhonen');
  await ticket.opened('Hello.');
  await ticket.says('Is anybody there?');
  await desk.open(ticket.subject);
  await desk.button('Use a macro').click();
  const dialog = page.getByRole('dialog', { name: 'Use a macro' });
  await dialog.getByRole('searchbox').fill(`order ${run}`);
  await page.keyboard.press('Enter');
  // No order is known: nothing with a hole in it is sent.
  await expect(dialog.getByRole('alert')).toContainText(`“Order ${run}” cannot be filled.`);
  await expectAccessible(page);
  await dialog.getByRole('searchbox').fill(`greeting ${run}`);
  await page.keyboard.press('Enter');
  await expect(desk.reply).toHaveValue('Dear Aino Korhonen, hello.');
  await expect(desk.reply).toBeFocused();
  for (const { id } of [good, bad]) await knowledge.forget(`/macros/${id}`);
});

test('agents look at macros, and managers write them', async ({ desk, page }) => {
  await desk.goTo('Macros');
  await expect(page.getByText('Managers, admins and owners write macros.')).toBeVisible();
  await expect(page.getByRole('link', { name: 'New macro' })).toHaveCount(0);
});
