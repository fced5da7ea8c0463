import { expect, expectAccessible, test } from './support/console.ts';
import { newId, stack, ZendeskTicket } from './support/stack.ts';

// Moving things are caught at any moment of their way otherwise.
test.use({ contextOptions: { reducedMotion: 'reduce' } });

for (const colorScheme of ['light', 'dark'] as const) {
  test.describe(`axe finds nothing in the ${colorScheme} theme`, () => {
    test.use({ colorScheme });

    test('on the login page, with an error', async ({ page }) => {
      await page.goto(`${stack.url}/console/`);
      await page.getByRole('button', { name: 'Sign in' }).click();
      await expect(page.getByRole('alert')).toContainText('Please enter');
      await expectAccessible(page);
    });

    test('in the inbox, a conversation, its menus and dialogs', async ({ desk, page }) => {
      const ticket = new ZendeskTicket(`Accessible ${newId()}`);
      await ticket.opened('I am angry: third time I write! I want to speak to a manager NOW!!!');
      await ticket.says('I will call my lawyer. This is a scam, you are liars and thieves.');
      await expect(desk.row(ticket.subject).locator('.chip.risk')).toBeVisible();
      await expectAccessible(page);

      await desk.open(ticket.subject);
      await expect(desk.thread.locator('.risk-banner')).toBeVisible();
      await desk.send('I am sorry.');
      await page.getByRole('tab', { name: 'Private note' }).click();
      await page.getByRole('textbox', { name: 'Private note' }).fill('Careful.');
      await page.getByRole('button', { name: 'Add note' }).click();
      await expect(desk.message('Careful.').getByText('Private note')).toBeVisible();
      await expectAccessible(page);

      await desk.thread
        .getByRole('button', { name: /nhappy/ })
        .first()
        .focus();
      await expect(page.getByRole('tooltip')).toBeVisible();
      await expectAccessible(page);

      await page.keyboard.press('w');
      await expect(desk.why).toBeVisible();
      await desk.why.getByRole('button', { name: 'Correct the mood' }).click();
      await page.getByRole('menuitemradio', { name: 'Neutral' }).click();
      await expect(desk.field('Mood')).toContainText('Corrected by you');
      await desk.why
        .getByRole('button', { name: /manager/ })
        .first()
        .focus();
      await expect(desk.thread.locator('mark.lit').first()).toBeVisible();
      await expectAccessible(page);
      await desk.why.getByRole('button', { name: 'Correct the intent' }).click();
      await expect(page.getByRole('menu')).toBeVisible();
      await expectAccessible(page);
      await page.keyboard.press('Escape');
      await page.keyboard.press('Escape');
      await expect(desk.why).toHaveCount(0);

      await desk.button(/^Assign$/).click();
      await expect(page.getByRole('menu')).toBeVisible();
      await expectAccessible(page);
      await page.keyboard.press('Escape');

      await desk.button('Resolve').click();
      await expect(desk.toast(/resolved/)).toBeVisible();
      await page.keyboard.press('?');
      await expect(page.getByRole('dialog')).toBeVisible();
      await expectAccessible(page);
      await page.keyboard.press('Escape');

      await page.getByRole('searchbox', { name: 'Search conversations' }).fill(`nothing ${newId()}`);
      await expect(desk.inbox.getByText('Nothing matches')).toBeVisible();
      await expectAccessible(page);
    });

    test('on the pages of own intents and of accuracy', async ({ signIn }) => {
      const desk = await signIn('admin', { colorScheme, reducedMotion: 'reduce' });
      const { page } = desk;
      await desk.goTo('Own intents');
      await expect(page.getByText('Loading own intents')).toHaveCount(0);
      await expectAccessible(page);
      await page.getByRole('button', { name: /New intent|Create your first intent/ }).click();
      await page.getByLabel('Examples, one per line').fill('One example\none example');
      await page.getByRole('button', { name: 'Save' }).click();
      await expect(page.locator('.form-error')).toBeVisible();
      await expectAccessible(page);
      await desk.goTo('Accuracy');
      await expect(page.getByText('Loading the accuracy')).toHaveCount(0);
      await expectAccessible(page);
      await page.setViewportSize({ width: 360, height: 740 });
      await expectAccessible(page);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
    });

    test('on a phone', async ({ signIn }) => {
      const desk = await signIn('agent', {
        viewport: { width: 360, height: 740 },
        colorScheme,
        reducedMotion: 'reduce',
      });
      const ticket = new ZendeskTicket(`Small ${newId()}`);
      await ticket.opened('Hello from a small screen.');
      await expect(desk.row(ticket.subject)).toBeVisible();
      await expectAccessible(desk.page);
      await desk.page.getByRole('button', { name: 'Open the menu' }).click();
      await expectAccessible(desk.page);
      await desk.page.keyboard.press('Escape');
      await desk.open(ticket.subject);
      await expectAccessible(desk.page);
      await desk.button('Details').click();
      await expectAccessible(desk.page);
    });

    test('on the landing page and the reference', async ({ page }) => {
      await page.goto(`${stack.url}/`);
      await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
      await expectAccessible(page);
      await page.goto(`${stack.url}/docs/`);
      await expect(page.getByText('Loading the reference…')).toHaveCount(0);
      // One group of operations: all are made alike, and each takes a second to look at.
      await expect(page.locator('#tag-tickets')).toBeVisible();
      await expectAccessible(page, ['.side', '.intro', '#tag-tickets', '#frames', '#errors']);
    });
  });
}

test('a chosen theme is kept and wins over that of the system', async ({ page }) => {
  await page.emulateMedia({ colorScheme: 'light' });
  await page.goto(`${stack.url}/console/`);
  const background = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const light = await background();
  await page.getByRole('button', { name: /^Theme: system/ }).click();
  await page.getByRole('button', { name: /^Theme: light/ }).click();
  await expect.poll(background).not.toBe(light);
  await page.reload();
  await expect(page.getByRole('button', { name: /^Theme: dark/ })).toBeVisible();
  await expect.poll(background).not.toBe(light);
});

test('no page asks for anything that its Content-Security-Policy forbids', async ({ page, desk }) => {
  const refused: string[] = [];
  page.on('console', (message) => {
    if (/Content.Security.Policy/i.test(message.text())) refused.push(message.text());
  });
  for (const path of ['/', '/docs/', '/console/']) {
    const answer = await page.goto(`${stack.url}${path}`);
    expect(answer?.headers()['content-security-policy']).toContain("default-src 'self'");
    await page.waitForLoadState('networkidle');
  }
  await desk.expectConnected();
  expect(refused).toEqual([]);
});
