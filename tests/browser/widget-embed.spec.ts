import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { expect } from '@playwright/test';
import { stack } from './support/stack.ts';
import { test as base } from './widget-support.ts';

/** What a page's author writes, by path. */
type Pages = Record<string, { tags: string; style?: string }>;

const script = (attributes = '') =>
  `<script async src="${stack.url}/widget.js" data-inbox="${stack.widget.inbox_key}" ${attributes}></script>`;

const PAGES: Pages = {
  '/plain': { tags: script() },
  '/twice': { tags: script() + script() },
  '/dressed': { tags: script('data-color="gold" data-position="left" data-title="Ask the crew" data-open') },
  '/hostile': {
    tags: script(),
    style: '*{color:red!important;font-size:40px!important;box-sizing:content-box!important} div{display:none}',
  },
  '/keyless': { tags: `<script async src="${stack.url}/widget.js"></script>` },
};

/** A site of somebody else: another origin, and no encoding declared. */
const test = base.extend<{ site: string }>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the parameter list.
  site: async ({}, use) => {
    const server: Server = createServer((request, response) => {
      const page = PAGES[request.url ?? ''];
      response.writeHead(page ? 200 : 204, { 'content-type': 'text/html' });
      if (page) {
        response.write('<!doctype html><html lang="en"><title>Elsewhere</title><body><h1>Elsewhere</h1>');
        response.write(`<style>${page.style ?? ''}</style>${page.tags}`);
      }
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
    await use(`http://localhost:${(server.address() as AddressInfo).port}`);
    server.closeAllConnections();
    server.close();
  },
});

test('the widget works on a page of another origin', async ({ widget, site, agent, page }) => {
  await widget.visit(`${site}/plain`);
  await widget.open();
  await widget.send('Hello from elsewhere');
  await expect(widget.input).toHaveAttribute('placeholder', 'Write a message…');
  const conversationId = await widget.conversationId();
  await agent.reply(conversationId, 'Hello there');
  await expect(widget.bubbles).toHaveText(['Hello from elsewhere', 'Hello there']);
  await page.reload();
  await widget.open();
  await expect(widget.bubbles).toHaveText(['Hello from elsewhere', 'Hello there']);
});

test('a page that holds the tag twice has one chat', async ({ widget, site, page }) => {
  await widget.visit(`${site}/twice`);
  await page.waitForLoadState('networkidle');
  await expect(page.locator('#edgedesk')).toHaveCount(1);
});

test('the tag decides colour, side, title and whether the chat is open', async ({ widget, site, page }) => {
  await widget.visit(`${site}/dressed`);
  await expect(widget.panel).toBeVisible();
  await expect(widget.panel.getByRole('heading')).toHaveText('Ask the crew');
  await expect(widget.panel).toHaveAccessibleName('Ask the crew');
  expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('BODY');
  const box = await widget.launcher.boundingBox();
  expect(box?.x).toBeLessThan(100);
  await widget.expectConnected();
  await widget.send('Black on gold');
  await expect(widget.bubbles).toHaveCSS('background-color', 'rgb(255, 215, 0)');
  await expect(widget.bubbles).toHaveCSS('color', 'rgb(0, 0, 0)');
});

test('a page opens and closes the chat by itself', async ({ widget, site, page }) => {
  await widget.visit(`${site}/plain`);
  await page.evaluate('Edgedesk.open()');
  await expect(widget.panel).toBeVisible();
  await expect(widget.input).toBeFocused();
  await page.evaluate('Edgedesk.close()');
  await expect(widget.panel).toBeHidden();
});

test('the style of the page does not reach the chat', async ({ widget, site }) => {
  await widget.visit(`${site}/plain`);
  const usual = await widget.launcher.boundingBox();
  await widget.visit(`${site}/hostile`);
  // The page's `div {}` rule hides the widget's host element too, were it not for the host's own style.
  expect(await widget.launcher.boundingBox()).toEqual(usual);
  await widget.open();
  await expect(widget.panel.getByText('Connected')).toHaveCSS('font-size', '13px');
});

test('a tag without a key says what is missing', async ({ page, site }) => {
  const warning = page.waitForEvent('console', (message) => message.type() === 'warning');
  await page.goto(`${site}/keyless`);
  expect((await warning).text()).toContain('data-inbox');
  await expect(page.locator('#edgedesk')).toHaveCount(0);
});

test.describe('where there is no chat to be had', () => {
  test.use({ expectedErrors: [[/40[34]/], { option: true }] });

  test('an unknown key is said in the console and, quietly, in the chat', async ({ widget, page }) => {
    const warning = page.waitForEvent('console', (message) => message.type() === 'warning');
    await widget.visit('/demo/?inbox_key=no-such-key');
    await widget.launcher.click();
    expect((await warning).text()).toContain('no chat inbox has the key "no-such-key"');
    await expect(widget.panel.getByText('Chat is not set up correctly on this website.')).toBeVisible();
    await expect(widget.input).toBeDisabled();
  });

  test('an origin that is not allowed is said likewise', async ({ widget, page, site }) => {
    await page.route('**/widget/v1/sessions', (route) =>
      route.fulfill({ status: 403, headers: { 'access-control-allow-origin': '*' }, json: {} }),
    );
    const warning = page.waitForEvent('console', (message) => message.type() === 'warning');
    await widget.visit(`${site}/plain`);
    await widget.launcher.click();
    expect((await warning).text()).toContain(`${site} may not open this chat`);
    await expect(widget.panel.getByText('Chat is not available on this website.')).toBeVisible();
    await expect(widget.input).toBeDisabled();
  });
});

test('the demo page asks for the key it lacks', async ({ page }) => {
  await page.goto(`${stack.url}/demo/`);
  await expect(page.getByText('The chat needs an inbox')).toBeVisible();
  await expect(page.locator('#edgedesk')).toHaveCount(0);
});

test('the script is small', async ({ request }) => {
  const response = await request.get(`${stack.url}/widget.js`);
  expect(response.ok()).toBe(true);
  expect(gzipSync(await response.body(), { level: 9 }).length).toBeLessThan(12_000);
});
