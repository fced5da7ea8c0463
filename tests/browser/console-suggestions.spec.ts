import type { Locator } from '@playwright/test';
import { type Console, expect, expectAccessible, test } from './support/console.ts';
import { Knowledge } from './support/knowledge.ts';
import { newId, ZendeskTicket } from './support/stack.ts';

test.use({ contextOptions: { reducedMotion: 'reduce' } });
// What an account knows is its own: these tests write articles and macros that others could be offered.
test.describe.configure({ mode: 'serial' });

const run = newId();
// Topics of their own: whatever else the account knows, it says nothing of these.
const MACRO = `Blurred telescope ${run}`;
const MACRO_TEXT =
  'We are sorry that your telescope shows a blurred picture. Please turn the focus ring of the telescope until the stars are sharp.';
const BLURRED = 'My telescope shows a blurred picture of the stars. What can I do?';
const ARTICLE = `How to change the date of a zeppelin flight ${run}`;
const ARTICLE_TEXT = `# In short

You can change the date of your zeppelin flight up to **two days** before it starts.

## How it works

Open your booking, choose another date for the zeppelin flight and confirm it. The new ticket comes by e-mail within an hour, and the old ticket is not valid any more.

## What it costs

The first change of a zeppelin flight costs nothing. Every further change costs ten euros, which are taken from the card that you paid with.`;
const QUESTION = 'How do I change the date of my zeppelin flight, and what does a change of the ticket cost?';

let macroId = '';
let articleId = '';

test.beforeAll(async ({ playwright }) => {
  const request = await playwright.request.newContext();
  const knowledge = await Knowledge.open(request);
  macroId = (await knowledge.macro(MACRO, MACRO_TEXT)).id;
  articleId = (await knowledge.publish(ARTICLE, ARTICLE_TEXT)).id;
  await request.dispose();
});

test.afterAll(async ({ playwright }) => {
  const request = await playwright.request.newContext();
  const knowledge = await Knowledge.open(request);
  await knowledge.forget(`/macros/${macroId}`);
  await knowledge.forget(`/articles/${articleId}`);
  await request.dispose();
});

const panelOf = (desk: Console) => desk.thread.getByRole('region', { name: 'Suggestions' });
const cardsOf = (desk: Console) => panelOf(desk).locator('.suggestion');

/** The whole of one, if it is not shown already. */
async function unfold(card: Locator): Promise<void> {
  const title = card.locator('.suggestion-title');
  if ((await title.getAttribute('aria-expanded')) === 'false') await title.click();
  await expect(card.locator('.suggestion-text')).toBeVisible();
}

/** A conversation whose customer asks this, with what is offered for it. */
async function openWith(desk: Console, text: string): Promise<ZendeskTicket> {
  const ticket = new ZendeskTicket(`Suggested ${newId()}`, 'Aino Korhonen');
  await ticket.opened(text);
  await desk.open(ticket.subject);
  await expect(panelOf(desk).getByRole('status').first()).not.toContainText('being written');
  await expect(cardsOf(desk).first()).toBeVisible();
  return ticket;
}

test('answers come live, at most three, each with where it is from, how sure it is and why', async ({ desk, page }) => {
  const ticket = await openWith(desk, QUESTION);
  const cards = cardsOf(desk);
  await expect(cards.filter({ hasText: 'Draft' }).first()).toBeVisible();
  // To a page that is open they come by themselves.
  await ticket.says(BLURRED);
  await expect(cards.filter({ hasText: MACRO })).toBeVisible();
  expect(await cards.count()).toBeLessThanOrEqual(3);
  const card = cards.filter({ hasText: MACRO });
  await expect(card).toContainText('Macro');
  await expect(card).toContainText(/\d+%/);
  await unfold(card);
  await expect(card.locator('.suggestion-text')).toHaveText(MACRO_TEXT);
  await expect(card.locator('.suggestion-why')).not.toBeEmpty();
  await expectAccessible(page);
});

test('one is inserted by key, changed and sent, and is said to be sent then', async ({ desk, page }) => {
  const ticket = await openWith(desk, BLURRED);
  await page.keyboard.press('Alt+1');
  await expect(desk.reply).toBeFocused();
  await expect(desk.reply).not.toHaveValue('');
  const origin = desk.thread.locator('.composer-origin');
  await expect(origin).toContainText('From the suggestion');
  // It can be read where it is changed: the card makes room.
  await expect(cardsOf(desk).locator('.suggestion-text:visible')).toHaveCount(0);

  // The text and where it is from outlive a reload, and go with it.
  await page.reload();
  await expect(origin).toContainText('From the suggestion');
  const sent = page.waitForRequest(
    (request) => request.method() === 'POST' && /\/messages$/.test(new URL(request.url()).pathname),
  );
  await desk.reply.press('End');
  await desk.reply.pressSequentially(' Thank you for your patience.');
  await page.keyboard.press('Control+Enter');
  expect((await sent).postDataJSON().suggestion_id).toMatch(/^sug_/);
  await expect(origin).toHaveCount(0);
  await expect(desk.message('Thank you for your patience.')).toHaveClass(/outgoing/);
  // It was answered: the panel is a line now, which can be opened.
  await expect(panelOf(desk)).toContainText('answered');
  await panelOf(desk)
    .getByRole('button', { name: /^Suggestions/ })
    .click();
  await expect(cardsOf(desk).first()).toContainText('Sent, changed');

  await ticket.says('And how do I clean the telescope?');
  await expect(cardsOf(desk).first()).not.toContainText('Sent');
});

test('one is rejected with a key, and the rejection is taken back with the same', async ({ desk, signIn, page }) => {
  const ticket = await openWith(desk, BLURRED);
  const colleague = await signIn('admin');
  await colleague.open(ticket.subject);
  await expect(cardsOf(colleague).first()).toBeVisible();
  await page.keyboard.press('Alt+Shift+1');
  await expect(cardsOf(desk).first()).toContainText('Rejected');
  // Live for everybody who looks at it.
  await expect(cardsOf(colleague).first()).toContainText('Rejected');
  await expectAccessible(page);
  await page.reload();
  await expect(cardsOf(desk).first()).toContainText('Rejected');
  await page.keyboard.press('Alt+Shift+1');
  await expect(cardsOf(desk).first()).not.toContainText('Rejected');
  await expect(cardsOf(colleague).first()).not.toContainText('Rejected');

  await cardsOf(desk)
    .first()
    .getByRole('button', { name: /^Reject/ })
    .click();
  await cardsOf(desk)
    .first()
    .getByRole('button', { name: /^Undo the rejection/ })
    .click();
  await expect(cardsOf(desk).first()).not.toContainText('Rejected');
});

test('what was written is not lost to a suggestion', async ({ desk, page }) => {
  await openWith(desk, BLURRED);
  await desk.reply.fill('My own words.');
  await cardsOf(desk)
    .first()
    .getByRole('button', { name: /^Insert/ })
    .click();
  await expect(desk.reply).not.toHaveValue('My own words.');
  await desk.toast('What you had written is replaced').getByRole('button', { name: 'Undo' }).click();
  await expect(desk.reply).toHaveValue('My own words.');
  await expect(desk.thread.locator('.composer-origin')).toHaveCount(0);

  await page.keyboard.press('Alt+1');
  await desk.thread.getByRole('button', { name: 'It is not from the suggestion' }).click();
  await expect(desk.thread.locator('.composer-origin')).toHaveCount(0);
  await page.keyboard.press('Alt+1');
  await desk.reply.fill('');
  await expect(desk.thread.locator('.composer-origin')).toHaveCount(0);
});

test('the sources of a draft stand beside it, with the cited places marked', async ({ desk, page }) => {
  await openWith(desk, QUESTION);
  const draft = cardsOf(desk).filter({ hasText: 'Draft' }).first();
  await unfold(draft);
  await draft.getByRole('button', { name: /sources?$/ }).click();
  const panel = page.getByRole('region', { name: 'Articles and sources' });
  await expect(panel).toBeFocused();
  await expect(panel.locator('.citations').first().getByRole('button').first()).toBeVisible();
  await expect(panel.locator('.citations').first()).toContainText(ARTICLE);
  await expect(panel.locator('.places mark.lit').first()).toBeVisible();
  // What is marked is what is cited.
  const quote = panel.locator('.citation[aria-pressed="true"] .citation-quote').first();
  const marked = (await panel.locator('.places mark.lit').allInnerTexts()).join(' ');
  const first = (await quote.innerText()).split(/\s+/).slice(0, 3).join(' ');
  expect(marked.replace(/\s+/g, ' ')).toContain(first);
  await expectAccessible(page);

  await panel.getByRole('button', { name: 'Insert this place' }).click();
  await expect(desk.reply).toHaveValue(new RegExp(first.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')));
  await panel.focus();
  await page.keyboard.press('Escape');
  await expect(panel).toHaveCount(0);
});

test('the three articles that fit best are shown with their scores, and others are looked for', async ({
  desk,
  page,
}) => {
  await openWith(desk, QUESTION);
  await panelOf(desk).getByRole('button', { name: 'Articles' }).click();
  const panel = page.getByRole('region', { name: 'Articles and sources' });
  const best = panel.getByRole('list', { name: 'Best articles' });
  const hit = best.getByRole('listitem').filter({ hasText: ARTICLE });
  await expect(hit).toContainText(/score \d\.\d\d/);
  expect(await best.getByRole('listitem').count()).toBeLessThanOrEqual(3);
  await hit.getByRole('button').click();
  await expect(panel.locator('.places')).toContainText('In short');
  await panel.getByRole('searchbox', { name: 'Search the articles' }).fill('zeppelin ticket by e-mail');
  await page.keyboard.press('Enter');
  await expect(hit).toBeVisible();
  await hit.getByRole('link', { name: /^Go to/ }).click();
  await expect(page.getByLabel('Title')).toHaveValue(ARTICLE);
});

test('a new one is written when it is asked for', async ({ desk }) => {
  await openWith(desk, BLURRED);
  const before = await cardsOf(desk).first().locator('.suggestion-body').getAttribute('id');
  await panelOf(desk).getByRole('button', { name: 'Write a new one' }).click();
  await expect
    .poll(() =>
      cardsOf(desk)
        .first()
        .locator('.suggestion-body')
        .getAttribute('id', { timeout: 5_000 })
        .catch(() => before),
    )
    .not.toBe(before);
});

test('where nothing fits it says so, and a failure can be asked about again', async ({ desk, page }) => {
  const ticket = new ZendeskTicket(`Nothing ${newId()}`);
  await ticket.opened('Zxqv wkjh bbtrr?');
  await page.route('**/suggestions', (route) => route.fulfill({ status: 503 }));
  await desk.open(ticket.subject);
  // The socket brings what the call could not, or the panel says that it failed.
  const failed = panelOf(desk).getByText('Suggestions could not be loaded.');
  const none = panelOf(desk).locator('.suggestions-none, .suggestion').first();
  await expect(failed.or(none)).toBeVisible();
  await page.unroute('**/suggestions');
  await page.reload();
  await expect(panelOf(desk).locator('.suggestions-none, .suggestion').first()).toBeVisible();
  await expect(failed).toHaveCount(0);
});

test('customers’ words and macros are texts in every card', async ({ desk, page, request }) => {
  const knowledge = await Knowledge.open(request);
  const hostile = `<img src=x onerror="window.hacked=1"> Airship museum ${newId()}`;
  const { id } = await knowledge.macro(hostile, `Our airship museum opens at ten in the morning. ${hostile}`);
  try {
    await openWith(desk, 'When does your airship museum open in the morning?');
    const card = cardsOf(desk).filter({ hasText: hostile });
    await expect(card.locator('.suggestion-name')).toHaveText(hostile);
    await expect(panelOf(desk).locator('img')).toHaveCount(0);
    expect(await page.evaluate(() => 'hacked' in window)).toBe(false);
  } finally {
    await knowledge.forget(`/macros/${id}`);
  }
});

test.describe('on a phone', () => {
  test.use({ viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true });

  test('suggestions are a line that opens, and sources cover the screen', async ({ desk, page }) => {
    const ticket = new ZendeskTicket(`Phone ${newId()}`, 'Aino Korhonen');
    await ticket.opened(QUESTION);
    await desk.row(ticket.subject).getByRole('link').tap();
    const toggle = panelOf(desk).getByRole('button', { name: /^Suggestions\s*\d/ });
    await expect(toggle).toHaveAttribute('aria-expanded', 'false');
    await toggle.tap();
    await expect(cardsOf(desk).first()).toBeVisible();
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
    await expectAccessible(page);
    await panelOf(desk).getByRole('button', { name: 'Articles' }).tap();
    const panel = page.getByRole('region', { name: 'Articles and sources' });
    await expect(panel.getByRole('list', { name: 'Best articles' })).toBeVisible();
    await panel.getByRole('button', { name: 'Close the articles' }).tap();
    await cardsOf(desk)
      .first()
      .getByRole('button', { name: /^Insert/ })
      .tap();
    await expect(desk.reply).not.toHaveValue('');
  });
});
