import { AxeBuilder } from '@axe-core/playwright';
import { expect } from '@playwright/test';
import { Knowledge } from './support/knowledge.ts';
import { newId } from './support/stack.ts';
import { test } from './widget-support.ts';

test('a visitor is answered, reads where it is from, says that it was of use, and talks to a person', async ({
  widget,
  page,
  request,
}) => {
  const word = `Quetzal${newId()}`;
  const knowledge = await Knowledge.open(request);
  const title = `Sending a ${word} lamp back`;
  const body = [
    `You can send a ${word} lamp back within **45 days** of delivery.`,
    '## What it costs',
    '- nothing, see https://a.example/returns',
  ].join('\n\n');
  const article = await knowledge.publish(title, body);
  const inbox = await knowledge.chat(`Chat ${word}`);
  await widget.visit(`/demo/?inbox_key=${inbox.key}`);
  await widget.open();
  const panel = widget.panel;
  await expect(panel.getByRole('button', { name: 'Talk to a person' })).toBeHidden();

  await widget.write(`How can I send my ${word} lamp back?`);
  await expect(widget.bubbles.last()).toContainText('within 45 days');
  await expect(panel.locator('.author').last()).toHaveText('Assistant');
  const bar = panel.getByRole('group', { name: 'Assistant' });
  await expect(bar).toContainText('Our assistant answers you.');
  const source = panel.getByRole('list', { name: 'Where this is from' }).getByRole('button', { name: title });
  await expect(source).toBeVisible();
  const axe = () => new AxeBuilder({ page }).include('#edgedesk').analyze();
  expect((await axe()).violations).toEqual([]);

  // The article is read without leaving the chat.
  await source.click();
  const shown = panel.getByRole('region', { name: title });
  await expect(shown.getByRole('heading', { name: 'What it costs' })).toBeVisible();
  await expect(shown.getByRole('link')).toHaveAttribute('href', 'https://a.example/returns');
  await expect(shown.getByRole('heading', { name: title })).toBeFocused();
  const yes = shown.getByRole('button', { name: 'Yes' });
  await yes.click();
  await expect(yes).toHaveAttribute('aria-pressed', 'true');
  await expect(shown.getByRole('status')).toHaveText('Thank you.');
  await expect.poll(() => knowledge.votes(article.id)).toEqual([1, 0]);
  await shown.getByRole('button', { name: 'No' }).click();
  await expect.poll(() => knowledge.votes(article.id)).toEqual([0, 1]);
  await shown.getByRole('button', { name: 'No' }).click();
  await expect.poll(() => knowledge.votes(article.id)).toEqual([0, 0]);
  expect((await axe()).violations).toEqual([]);
  await page.keyboard.press('Escape');
  await expect(shown).toBeHidden();
  await expect(panel).toBeVisible();
  await expect(source).toBeFocused();

  await bar.getByRole('button', { name: 'Talk to a person' }).click();
  await expect(widget.bubbles.last()).toContainText('You will talk to a person.');
  await expect(bar).toBeHidden();
  // They find it so after a reload.
  await page.reload();
  await widget.open();
  await expect(widget.bubbles.last()).toContainText('You will talk to a person.');
  await expect(source).toBeVisible();
  await expect(bar).toBeHidden();
  await knowledge.forget(`/articles/${article.id}`);
});

test('a visitor who was helped says so, and the conversation is over', async ({ widget, request }) => {
  const word = `Kakapo${newId()}`;
  const knowledge = await Knowledge.open(request);
  const article = await knowledge.publish(`Cleaning a ${word} rug`, `Wash a ${word} rug by hand in cold water.`);
  const inbox = await knowledge.chat(`Chat ${word}`);
  await widget.visit(`/demo/?inbox_key=${inbox.key}`);
  await widget.open();
  await widget.write(`How do I clean a ${word} rug?`);
  await expect(widget.bubbles.last()).toContainText('in cold water');
  await widget.panel.getByRole('button', { name: 'That helped' }).click();
  await expect(widget.panel.getByText('This conversation was marked as resolved.')).toBeVisible();
  await expect(widget.panel.getByRole('group', { name: 'Assistant' })).toBeHidden();
  await knowledge.forget(`/articles/${article.id}`);
});
