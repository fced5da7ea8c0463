import { expect, test } from './support/console.ts';
import { newId, ZendeskTicket } from './support/stack.ts';

const ANGRY = 'This is unacceptable 😡, order #A-10482 was charged twice. I want to speak to a manager NOW!!!';

let ticket: ZendeskTicket;

test.beforeEach(async ({ desk }) => {
  ticket = new ZendeskTicket(`Reading ${newId()}`);
  await ticket.opened(ANGRY);
  await desk.open(ticket.subject);
  await expect(desk.reading('unacceptable')).toBeVisible();
});

test('w explains the reading: reasons with their words, model, time; a replay says the same', async ({
  desk,
  page,
}) => {
  await expect(desk.reading('unacceptable')).toContainText(/Unhappy|Very unhappy/i);
  await page.keyboard.press('w');
  await expect(desk.why).toBeFocused();
  await expect(desk.why.getByText('Escalation risk', { exact: true }).last()).toBeVisible();
  await expect(desk.why.getByText(/^\+\d+%$/).first()).toBeVisible();

  // A reason that speaks of words lights them, and nothing beside them.
  const reason = desk.why.getByRole('button', { name: /Asks for a manager/ }).first();
  await reason.focus();
  const lit = desk.message('unacceptable').locator('mark.lit');
  await expect(lit.first()).toBeVisible();
  const words = (await lit.allInnerTexts()).join('');
  expect(words).toContain('manager');
  expect(words.length).toBeLessThan(ANGRY.length / 2);

  await expect(desk.why.getByText(/\d ms$/)).toBeVisible();
  await expect(desk.why.locator('code')).not.toBeEmpty();
  await desk.why.getByRole('button', { name: 'Replay' }).click();
  await expect(desk.why.getByText(/^Same result/)).toBeVisible();

  await page.keyboard.press('Escape');
  await expect(desk.why).toHaveCount(0);
  await expect(desk.reading('unacceptable')).toBeFocused();
  await expect(desk.message('unacceptable').locator('mark')).toHaveCount(0);
});

test('a correction shows at once, reaches other agents, and is undone', async ({ desk, signIn }) => {
  const other = await signIn('admin');
  const name = await desk.page.locator('.me-name').innerText();
  await other.open(ticket.subject);
  await other.reading('unacceptable').click();

  await desk.reading('unacceptable').click();
  await desk.why.getByRole('button', { name: 'Correct the mood' }).click();
  await desk.page.getByRole('menuitemradio', { name: 'Neutral' }).click();
  await expect(desk.field('Mood')).toContainText(/Neutral.*Corrected by you, was (Very u|U)nhappy/);
  await expect(desk.reading('unacceptable')).toContainText('Neutral');
  await expect(other.field('Mood')).toContainText(`Corrected by ${name}, was`);
  await expect(other.reading('unacceptable')).toContainText('(corrected)');

  await desk.toast('Mood: Neutral').getByRole('button', { name: 'Undo' }).click();
  await expect(desk.field('Mood').locator('.field-said')).toHaveCount(0);
  await expect(other.field('Mood').locator('.field-said')).toHaveCount(0);
  await expect(other.reading('unacceptable')).toContainText(/unhappy/i);
});

test('what was said of a reading is there after a reload', async ({ desk, page }) => {
  await desk.reading('unacceptable').click();
  await desk.why.getByRole('button', { name: /unhappy is right/i }).click();
  await expect(desk.field('Mood')).toContainText('Confirmed by you');
  await expect(desk.toast('Mood: Unhappy')).toBeVisible();
  await page.reload();
  await desk.reading('unacceptable').click();
  await expect(desk.field('Mood')).toContainText('Confirmed by you');
});

test('fields are confirmed and corrected by keyboard alone', async ({ desk, page }) => {
  await page.keyboard.press('w');
  await expect(desk.why).toBeFocused();
  const confirm = desk.why.getByRole('button', { name: /unhappy is right/i });
  await confirm.focus();
  await page.keyboard.press('Enter');
  await expect(confirm).toHaveAttribute('aria-pressed', 'true');

  const correct = desk.why.getByRole('button', { name: 'Correct the language' });
  await correct.focus();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('menuitemradio').first()).toBeFocused();
  await page.keyboard.press('ArrowDown');
  const second = page.getByRole('menuitemradio').nth(1);
  await expect(second).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('menu')).toHaveCount(0);
  await expect(correct).toBeFocused();

  await page.keyboard.press('Enter');
  await expect(page.getByRole('menuitemradio').first()).toBeFocused();
  await page.keyboard.press('End');
  const choice = (await page.locator(':focus').innerText()).trim();
  await page.keyboard.press('Enter');
  await expect(desk.field('Language')).toContainText(choice);
  await expect(desk.field('Language')).toContainText('Corrected by you');
  await expect(correct).toBeFocused();
});

test('a correction that is refused is taken back, with a sentence', async ({ desk, page }) => {
  await page.route('**/feedback', (route) =>
    route.fulfill({
      status: 503,
      contentType: 'application/problem+json',
      body: JSON.stringify({
        title: 'Unavailable',
        status: 503,
        code: 'unavailable',
        detail: 'try again',
        request_id: 'r',
      }),
    }),
  );
  await desk.reading('unacceptable').click();
  await desk.why.getByRole('button', { name: 'Correct the mood' }).click();
  await page.getByRole('menuitemradio', { name: 'Happy', exact: true }).click();
  await expect(desk.toast('Mood was not changed. Try again.')).toBeVisible();
  await expect(desk.field('Mood').locator('.field-said')).toHaveCount(0);
  await expect(desk.reading('unacceptable')).toContainText(/unhappy/i);
});

test('a value that is being taken back can be said again before the answer is here', async ({ desk, page }) => {
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  await page.route('**/feedback/sentiment', async (route) => {
    await held;
    await route.continue();
  });
  await desk.reading('unacceptable').click();
  const confirm = desk.why.getByRole('button', { name: /unhappy is right/i });
  await confirm.click();
  await expect(desk.toast('Mood: Unhappy')).toBeVisible();
  await confirm.click();
  await expect(confirm).toHaveAttribute('aria-pressed', 'false');
  await confirm.click();
  await expect(confirm).toHaveAttribute('aria-pressed', 'true');
  const givenAgain = page.waitForResponse((answer) => /\/feedback$/.test(answer.url()) && answer.ok());
  release();
  await givenAgain;
  await page.reload();
  await desk.reading('unacceptable').click();
  await expect(desk.field('Mood')).toContainText('Confirmed by you');
});

test('what was said before is asked for again when it could not be had', async ({ desk, page }) => {
  await desk.reading('unacceptable').click();
  await desk.why.getByRole('button', { name: /unhappy is right/i }).click();
  await expect(desk.toast('Mood: Unhappy')).toBeVisible();
  let broken = true;
  await page.route('**/decision', (route) => (broken ? route.abort() : route.continue()));
  await page.reload();
  await desk.reading('unacceptable').click();
  await expect(desk.why.getByText('could not be loaded')).toBeVisible();
  broken = false;
  await desk.why.getByRole('button', { name: 'Try again' }).press('Enter');
  await expect(desk.field('Mood')).toContainText('Confirmed by you');
  await expect(desk.why).toBeFocused();
});

test('a replay that differs says where', async ({ desk, page }) => {
  await page.route('**/decision/replay', (route) =>
    route.fulfill({
      contentType: 'application/json',
      body: JSON.stringify({
        same: false,
        model_changed: true,
        decided_by: { id: 'reader', version: '1' },
        replayed_by: { id: 'reader', version: '2' },
        differences: [{ pointer: '/sentiment/score', decided: -0.91, replayed: -0.88 }],
        elapsed_ms: 7.4,
      }),
    }),
  );
  await desk.reading('unacceptable').click();
  await desk.why.getByRole('button', { name: 'Replay' }).click();
  await expect(desk.why.getByText('One value differs: reader 2 decides now')).toBeVisible();
  await expect(desk.why.getByRole('row', { name: 'Sentiment › score -0.91 -0.88' })).toBeVisible();
});

test('a marked message is text, whatever it looks like', async ({ desk, page }) => {
  await page.evaluate(() => {
    Object.defineProperty(window, 'hacked', { value: 0, writable: true });
  });
  const text =
    '<img src=x onerror="window.hacked = 1"> I want to speak to a manager <script>window.hacked = 2</script> on 21.11.2026';
  await ticket.says(text);
  await desk.reading('onerror').click();
  await expect(desk.why).toBeVisible();
  const bubble = desk.message('onerror').locator('.bubble');
  await expect(bubble.locator('mark').first()).toBeVisible();
  await expect(bubble).toHaveText(text);
  await expect(bubble.locator(':not(mark)')).toHaveCount(0);
  expect(await page.evaluate(() => (window as unknown as { hacked: number }).hacked)).toBe(0);
});

test.describe('on a phone', () => {
  test.use({ viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true });

  test('the explanation holds the message and can be left', async ({ desk, page }) => {
    await desk.reading('unacceptable').tap();
    await expect(desk.why.getByRole('blockquote')).toHaveText(ANGRY);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
    await desk.why.getByRole('button', { name: 'Close the explanation' }).tap();
    await expect(desk.why).toHaveCount(0);
    await expect(desk.reply).toBeVisible();
  });
});
