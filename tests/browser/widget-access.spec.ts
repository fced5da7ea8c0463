import AxeBuilder from '@axe-core/playwright';
import { expect, type Page } from '@playwright/test';
import { test, type Widget } from './widget-support.ts';

async function expectAccessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const summary = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(' ')).join(', ')}`);
  expect(summary).toEqual([]);
}

/** A conversation with everything in it that can be shown. */
async function fill(widget: Widget, agent: Parameters<Parameters<typeof test>[2]>[0]['agent']): Promise<void> {
  await widget.visit();
  await widget.open();
  await widget.send('Where is my order?');
  const conversationId = await widget.conversationId();
  await agent.reply(conversationId, 'On its way: https://track.example/4471');
  await agent.setStatus(conversationId, 'resolved');
  await widget.send('Thank you!');
  await expect(widget.panel.getByText('The conversation is open again.')).toBeVisible();
}

for (const colorScheme of ['light', 'dark'] as const) {
  test.describe(`in ${colorScheme}`, () => {
    test.use({ colorScheme });

    test('axe finds nothing: closed, empty, filled, offline', async ({ widget, page, context, agent }) => {
      // Colours in mid-fade have a contrast of their own.
      await page.emulateMedia({ reducedMotion: 'reduce' });
      await widget.visit();
      await expectAccessible(page);
      await widget.open();
      await expectAccessible(page);
      await fill(widget, agent);
      await expectAccessible(page);
      await context.setOffline(true);
      await widget.write('Written offline');
      await expect(widget.panel.getByText('You are offline.')).toBeVisible();
      await expectAccessible(page);
      await context.setOffline(false);
      await widget.expectConnected();
    });
  });
}

test('everything can be done by keyboard', async ({ widget, page, agent }) => {
  await widget.visit();
  await widget.launcher.focus();
  await page.keyboard.press('Enter');
  await expect(widget.input).toBeFocused();
  await widget.expectConnected();

  await page.keyboard.type('line one');
  await page.keyboard.press('Shift+Enter');
  await page.keyboard.type('line two');
  await page.keyboard.press('Enter');
  await expect(widget.bubbles).toHaveText(['line one\nline two']);
  await expect(widget.input).toBeFocused();
  await expect(widget.input).toHaveValue('');
  await agent.reply(await widget.conversationId(), 'See https://help.example/returns for more.');
  await expect(widget.bubbles).toHaveCount(2);

  const attach = widget.panel.getByRole('button', { name: 'Attach files' });
  await expect(attach).toBeVisible();
  await page.keyboard.press('Shift+Tab');
  await expect(attach).toBeFocused();
  await page.keyboard.press('Shift+Tab');
  await expect(widget.panel.getByRole('link', { name: 'https://help.example/returns' })).toBeFocused();
  await page.keyboard.press('Shift+Tab');
  await expect(widget.panel.getByRole('group', { name: 'Conversation' })).toBeFocused();
  await page.keyboard.press('Shift+Tab');
  await expect(widget.panel.getByRole('button', { name: 'Close chat' })).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(widget.panel).toBeHidden();
  await expect(widget.launcher).toBeFocused();
  await expect(widget.launcher).toHaveAttribute('aria-expanded', 'false');
});

test('a word that an input method is composing is not sent by Enter', async ({ widget }) => {
  await widget.visit();
  await widget.open();
  await widget.input.fill('にほん');
  await widget.input.dispatchEvent('keydown', { key: 'Enter', isComposing: true });
  await widget.input.dispatchEvent('keydown', { key: 'Enter', keyCode: 229 });
  await expect(widget.input).toHaveValue('にほん');
  await expect(widget.bubbles).toHaveCount(0);
  await widget.input.press('Enter');
  await expect(widget.bubbles).toHaveText(['にほん']);
});

test('messages are read out politely, and history is not', async ({ widget, page, agent }) => {
  await widget.visit();
  await widget.open();
  const log = page.getByRole('log', { name: 'Messages' });
  await expect(log).toHaveAttribute('aria-live', 'polite');
  await expect(log).toHaveAttribute('aria-busy', 'false');
  await widget.send('Hello');
  await agent.reply(await widget.conversationId(), 'Hi');
  await expect(log).toContainText(`${agent.name}Hi`);
});

test.describe('on a phone', () => {
  test.use({ viewport: { width: 390, height: 780 }, hasTouch: true, isMobile: true });

  test('the chat fills the screen and keeps the focus', async ({ widget, page, agent }) => {
    await widget.visit();
    await widget.launcher.tap();
    await widget.expectConnected();
    await expect(widget.panel).toHaveAttribute('aria-modal', 'true');
    await expect.poll(() => widget.panel.boundingBox()).toEqual({ x: 0, y: 0, width: 390, height: 780 });
    await expect(widget.launcher).toBeHidden();
    await widget.send('a'.repeat(300));
    await agent.reply(await widget.conversationId(), 'ok');
    await expect(widget.bubbles).toHaveCount(2);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);

    for (const button of await widget.panel.getByRole('button').all()) {
      if (!(await button.isVisible())) continue;
      const box = await button.boundingBox();
      expect(Math.min(box?.width ?? 0, box?.height ?? 0)).toBeGreaterThanOrEqual(44);
    }
    for (let n = 0; n < 8; n += 1) {
      await page.keyboard.press('Tab');
      expect(await page.evaluate(() => document.activeElement?.id)).toBe('edgedesk');
    }
    await widget.panel.getByRole('button', { name: 'Close chat' }).tap();
    await expect(widget.panel).toBeHidden();
    await expect(widget.launcher).toBeFocused();
  });
});
