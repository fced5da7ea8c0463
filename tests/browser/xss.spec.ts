import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { APIRequestContext, Page } from '@playwright/test';
import { expect, test } from '@playwright/test';
import { Console } from './support/console.ts';
import { newId, type Stack, ZendeskTicket } from './support/stack.ts';
import { Widget } from './widget-support.ts';

// Every line of the corpus wherever somebody outside, or a colleague, can write a text. In the second account of the stack, whose
// lists no other browser test reads.

const DEV_JSON = process.env.EDGEDESK_DEV_JSON ?? '.edgedesk/dev.json';
const own: Stack = JSON.parse(readFileSync(DEV_JSON.replace(/\.json$/, '.other.json'), 'utf8'));
const corpus = readFileSync(join(import.meta.dirname, '../corpora/xss.txt'), 'utf8')
  .trim()
  .split('\n');

/** What a page must not do. */
function watch(page: Page): string[] {
  const deeds: string[] = [];
  page.on('dialog', (dialog) => {
    deeds.push(`a dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(own.url) && !url.startsWith('data:image/')) deeds.push(`a request: ${url}`);
  });
  page.on('pageerror', (error) => deeds.push(`an error: ${error}`));
  page.on('popup', (popup) => deeds.push(`a window: ${popup.url()}`));
  return deeds;
}

/** Nothing on the page is of the corpus but text: no handler, no script or frame, no link to anything but a web address. */
async function expectInert(page: Page, deeds: string[]): Promise<void> {
  const found = await page.evaluate(() => {
    const found: string[] = [];
    const roots: ParentNode[] = [document];
    for (const root of roots) {
      for (const element of root.querySelectorAll('*')) {
        if (element.shadowRoot) roots.push(element.shadowRoot);
        for (const { name, value } of element.attributes) {
          const isHandler = name.startsWith('on') || name === 'srcdoc' || name === 'formaction';
          const isForeign = ['src', 'srcset', 'data', 'action'].includes(name) && value.includes('xss.invalid');
          const isScript = name === 'href' && /^\s*(javascript|data):/i.test(value);
          if (isHandler || isForeign || isScript) found.push(`<${element.localName} ${name}="${value}">`);
        }
        if (['object', 'embed', 'base', 'marquee', 'math', 'xmp', 'video', 'audio'].includes(element.localName)) {
          found.push(`<${element.localName}>`);
        }
        const isInline = element.localName === 'script' && !element.hasAttribute('src');
        if (isInline) found.push(`<script>${element.textContent}`);
      }
    }
    return found;
  });
  expect(found).toEqual([]);
  expect(deeds).toEqual([]);
}

async function signIn(page: Page): Promise<Console> {
  const desk = new Console(page);
  await desk.signIn('admin', own);
  return desk;
}

async function asAdmin(request: APIRequestContext) {
  const { email, password } = own.admin;
  const tokens = await request.post(`${own.url}/api/v1/auth/login`, { data: { email, password } });
  return { authorization: `Bearer ${(await tokens.json()).access_token}` };
}

test.use({ contextOptions: { reducedMotion: 'reduce' } });

test('no line is more than a text as a message, a subject or a name in the console', async ({ page }) => {
  test.slow();
  const deeds = watch(page);
  const desk = await signIn(page);
  // A few lines at a time, so that each is still in the list when it is opened.
  for (let first = 0; first < corpus.length; first += 8) {
    const lines = corpus.slice(first, first + 8);
    const tickets = lines.map((line) => ({ line, id: newId() }));
    for (const { line, id } of tickets) {
      const ticket = new ZendeskTicket(`${id} ${line}`, line, own);
      await ticket.opened(line);
      await ticket.says(line);
    }
    for (const { line, id } of tickets) {
      await desk.open(id);
      // The message as it came, twice, and nothing of it taken for markup.
      await expect(desk.thread.locator('.bubble', { hasText: line })).toHaveCount(2);
    }
    await expectInert(page, deeds);
  }
});

test('no line is more than a text in the widget', async ({ page }) => {
  test.slow();
  const deeds = watch(page);
  const widget = new Widget(page);
  await widget.visit(`/demo/?inbox_key=${own.widget.inbox_key}`);
  await widget.open();
  for (const line of corpus) await widget.send(line);
  await expect(widget.bubbles).toHaveText(corpus);
  await expectInert(page, deeds);
});

test('no line is more than a text as the name of a member', async ({ page, request }) => {
  const headers = await asAdmin(request);
  const deeds = watch(page);
  const lines = corpus.filter((line) => line.length <= 100);
  const members: string[] = [];
  try {
    // A few of each kind: every one costs a password's hash.
    for (const line of lines.filter((_, place) => place % 10 === 3)) {
      const email = `xss${newId()}@example.com`;
      const data = { email, role: 'read_only' };
      const invitation = await request.post(`${own.url}/api/v1/invitations`, { headers, data });
      expect(invitation.status(), await invitation.text()).toBe(201);
      const token = (await invitation.json()).link.slice(-43);
      const joins = { token, name: line, password: 'a password of a test' };
      const joined = await request.post(`${own.url}/api/v1/auth/invitation`, { data: joins });
      expect(joined.status(), await joined.text()).toBe(200);
      members.push(email);
    }
    const desk = await signIn(page);
    await desk.goTo('Members');
    for (const email of members) await expect(page.locator('.member').filter({ hasText: email })).toBeVisible();
    await expectInert(page, deeds);
  } finally {
    const list = await request.get(`${own.url}/api/v1/members`, { headers });
    const joined = (await list.json()).members.filter(({ email }: { email: string }) => members.includes(email));
    for (const { id } of joined) await request.delete(`${own.url}/api/v1/members/${id}`, { headers });
  }
});
