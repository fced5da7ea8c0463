import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, expectAccessible, test } from './support/console.ts';
import { Knowledge } from './support/knowledge.ts';
import { textFile } from './support/picture.ts';
import { newId } from './support/stack.ts';

test.use({ contextOptions: { reducedMotion: 'reduce' } });

test('an article is written with its preview beside it, saved by key, published and found', async ({ signIn }) => {
  const desk = await signIn('admin');
  const { page } = desk;
  const word = `quetzal${newId()}`;
  const title = `Returns of ${word}`;
  await desk.goTo('Articles');
  await page
    .getByRole('link', { name: /New article|Write the first article/ })
    .first()
    .click();
  await expect(page.getByLabel('Title')).toBeFocused();
  await page.getByLabel('Title').fill(title);
  await page
    .getByLabel('Text, in Markdown')
    .fill(
      `You can send a ${word} back within **30 days**.\n\n## What it costs\n\n- nothing\n- [ask us](https://a.example)`,
    );
  const preview = page.getByRole('region', { name: 'Preview' });
  await expect(preview.locator('strong')).toHaveText('30 days');
  await expect(preview.getByRole('heading', { name: 'What it costs' })).toBeVisible();
  await expect(preview.getByRole('link', { name: 'ask us' })).toHaveAttribute('href', 'https://a.example/');
  await expectAccessible(page);

  await page.keyboard.press('Control+s');
  await expect(desk.toast('is saved')).toBeVisible();
  await expect(page).toHaveURL(/#\/articles\/art_/);
  await expect(page.locator('.article-standing')).toContainText('Draft');
  await page.getByRole('button', { name: 'Publish' }).click();
  await expect(desk.toast('is published')).toBeVisible();
  await expect(page.locator('.article-standing')).toContainText('Published');

  await page.getByRole('button', { name: 'All articles' }).click();
  const row = page.getByRole('region', { name: 'List of articles' }).getByRole('listitem').filter({ hasText: title });
  await expect(row).toContainText('Published');
  // Live: the list says so by itself once the search knows it.
  await expect(row.getByText('On its way into the search')).toHaveCount(0);
  await expect(page.locator('.index-state')).toContainText(/\d+ published/);
  await expectAccessible(page);

  await page.getByRole('link', { name: 'Try the search' }).click();
  await page.getByLabel(/^Question/).fill(`How long do I have to send my ${word} back?`);
  await page.keyboard.press('Enter');
  const hit = page.getByRole('list', { name: 'Found' }).getByRole('listitem').filter({ hasText: title });
  await expect(hit).toContainText(/score \d\.\d\d · \d+% similar/);
  await hit.getByRole('button', { name: /^Show the place/ }).click();
  await expect(hit.locator('.places mark').first()).toBeVisible();
  await expectAccessible(page);
});

test('what is written and not saved is asked about, and kept by a link', async ({ signIn, request }) => {
  const knowledge = await Knowledge.open(request);
  const title = `Unsaved ${newId()}`;
  const { id } = await knowledge.draft(title, 'As it was.');
  const desk = await signIn('admin');
  const { page } = desk;
  await desk.goTo('Articles');
  await page.getByRole('searchbox', { name: 'Title' }).fill(title);
  await page.getByRole('link', { name: title }).click();
  const text = page.getByLabel('Text, in Markdown');
  await text.fill('As it is now.');
  await page.getByRole('button', { name: 'All articles' }).click();
  const ask = page.getByRole('group', { name: 'What you changed is not saved.' });
  await expect(ask.getByRole('button', { name: 'Keep editing' })).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(text).toHaveValue('As it is now.');

  await desk.goTo('Accuracy');
  await expect(page.getByRole('link', { name: /^Articles\s*Draft/ })).toBeVisible();
  await desk.toast('kept, not saved').getByRole('button', { name: 'Go back' }).click();
  await expect(text).toHaveValue('As it is now.');
  await page.getByRole('button', { name: 'All articles' }).click();
  await ask.getByRole('button', { name: 'Discard changes' }).click();
  await expect(page.getByRole('heading', { level: 2, name: 'Articles', exact: true })).toBeVisible();
  expect((await knowledge.article(id)).body).toBe('As it was.');
});

test('of two who write at the same time neither loses anything', async ({ signIn, request }) => {
  const knowledge = await Knowledge.open(request);
  const { id } = await knowledge.draft(`Contested ${newId()}`, 'The first text.');
  const desk = await signIn('admin');
  const { page } = desk;
  const open = async () => {
    await page.goto(`${new URL(page.url()).origin}/console/#/articles/${id}`);
    await expect(page.getByLabel('Text, in Markdown')).toBeVisible();
  };
  await open();
  const text = page.getByLabel('Text, in Markdown');
  await text.fill('Mine.');
  await knowledge.change(id, 'Theirs.');
  await page.keyboard.press('Control+s');
  const conflict = page.getByRole('region', { name: /^Somebody else has saved this article/ });
  await expect(conflict.getByRole('textbox', { name: /^Yours/ })).toHaveValue('Mine.');
  await expect(conflict.getByRole('textbox', { name: /^Theirs/ })).toHaveValue('Theirs.');
  await expectAccessible(page);
  await conflict.getByRole('button', { name: 'Go on with theirs' }).click();
  await expect(text).toHaveValue('Theirs.');
  await desk.toast('replaced by theirs').getByRole('button', { name: 'Undo' }).click();
  await expect(text).toHaveValue('Mine.');
  await page.keyboard.press('Control+s');
  await expect(desk.toast('is saved')).toBeVisible();

  // And the other choice.
  await text.fill('Mine again.');
  await knowledge.change(id, 'Theirs again.');
  await page.keyboard.press('Control+s');
  await conflict.getByRole('button', { name: /^Keep mine/ }).click();
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect.poll(async () => (await knowledge.article(id)).body).toBe('Mine again.');
});

test('an earlier version is looked at and taken back into the form', async ({ signIn, request }) => {
  const knowledge = await Knowledge.open(request);
  const { id } = await knowledge.draft(`Versions ${newId()}`, 'The first text.');
  await knowledge.change(id, 'The second text.');
  const desk = await signIn('admin');
  const { page } = desk;
  await page.goto(`${new URL(page.url()).origin}/console/#/articles/${id}`);
  await page.getByRole('radio', { name: 'Versions' }).check();
  const versions = page.getByRole('region', { name: 'Versions' });
  await expect(versions.getByRole('listitem')).toHaveCount(2);
  await versions.getByRole('button', { name: 'Look at version 1' }).click();
  await expect(versions.locator('.version-text')).toContainText('The first text.');
  await expectAccessible(page);
  await versions.getByRole('button', { name: 'Restore version 1 into the editor' }).click();
  await expect(page.getByLabel('Text, in Markdown')).toHaveValue('The first text.');
  await page.keyboard.press('Control+s');
  await expect(page.locator('.article-standing')).toContainText('Version 3');
});

test('an article is taken back, archived, deleted and restored', async ({ signIn, request }) => {
  const knowledge = await Knowledge.open(request);
  const title = `Standing ${newId()}`;
  const { id } = await knowledge.draft(title, 'A text.');
  const desk = await signIn('admin');
  const { page } = desk;
  await page.goto(`${new URL(page.url()).origin}/console/#/articles/${id}`);
  const standing = page.locator('.article-standing');
  const more = async (item: string) => {
    await page.getByRole('button', { name: 'More', exact: true }).click();
    await page.getByRole('menuitem', { name: item }).click();
  };
  await page.getByRole('button', { name: 'Publish' }).click();
  await expect(standing).toContainText('Published');
  await more('Take it back');
  await expect(standing).toContainText('Draft');
  await more('Archive');
  await expect(standing).toContainText('Archived');
  await desk.toast('is in the archive').getByRole('button', { name: 'Undo' }).click();
  await expect(standing).toContainText('Draft');
  await more('Delete');
  await expect(page.getByRole('heading', { level: 2, name: 'Articles', exact: true })).toBeVisible();
  const row = page.getByRole('listitem').filter({ hasText: title });
  await desk.toast('is deleted').getByRole('button', { name: 'Undo' }).click();
  await expect(row).toBeVisible();

  await row.getByRole('link').click();
  await more('Delete');
  await page.getByLabel('State').selectOption('Deleted');
  await row.getByRole('button', { name: /^Restore/ }).click();
  await expect(row).toHaveCount(0);
  await page.getByLabel('State').selectOption('Any');
  await expect(row).toBeVisible();
});

test('files and addresses are checked row by row before anything is stored', async ({ signIn }) => {
  const run = newId();
  const desk = await signIn('admin');
  const { page } = desk;
  await desk.goTo('Articles');
  await page.getByRole('link', { name: 'Import', exact: true }).click();
  await page
    .getByLabel('Files to import', { exact: true })
    .setInputFiles([
      textFile(`a-${run}.md`, `# Imported ${run}\n\nA text.`),
      textFile(`faq-${run}.csv`, `title,body\nFirst ${run},One\n,Two`),
      textFile(`logo-${run}.png`, 'no text'),
    ]);
  await expect(page.getByText(`Left out, as they are no text that can be read: logo-${run}.png`)).toBeVisible();
  await page.getByLabel(/^Addresses of pages/).fill('not an address');
  await page.getByRole('button', { name: 'Check' }).click();
  await expect(page.getByText('“not” is no address of a page')).toBeVisible();
  await page.getByLabel(/^Addresses of pages/).fill('');
  await page.getByRole('button', { name: 'Check' }).click();
  const report = page.getByRole('region', { name: 'Nothing is stored yet: some rows have a problem' });
  await expect(report.getByRole('row').filter({ hasText: `faq-${run}.csv line 3` })).toContainText('Problem');
  await expect(report.getByRole('button', { name: /^Import/ })).toBeDisabled();
  await expectAccessible(page);

  await page.getByRole('button', { name: 'Take them out' }).click();
  await page
    .getByLabel('Files to import', { exact: true })
    .setInputFiles([textFile(`a-${run}.md`, `# Imported ${run}\n\nA text.`)]);
  await page.getByRole('button', { name: 'Check' }).click();
  await page.getByRole('button', { name: 'Import 1 article' }).click();
  await expect(page.getByRole('region', { name: 'Imported' })).toContainText('1 new, 0 changed');
  await page.getByRole('link', { name: 'Look at the articles' }).click();
  await expect(page.getByRole('link', { name: `Imported ${run}` })).toBeVisible();
});

test('categories are made, renamed and deleted, and narrow the list', async ({ signIn, request }) => {
  const name = `Returns ${newId()}`;
  const knowledge = await Knowledge.open(request);
  const title = `Categorised ${newId()}`;
  const { id } = await knowledge.draft(title, 'A text.');
  const desk = await signIn('admin');
  const { page } = desk;
  await desk.goTo('Articles');
  await page.getByRole('button', { name: 'Categories' }).click();
  const dialog = page.getByRole('dialog', { name: 'Categories' });
  await dialog.getByLabel('New category').fill(`${name}x`);
  await page.keyboard.press('Enter');
  await dialog.getByRole('button', { name: `Rename ${name}x` }).click();
  await dialog.getByLabel(`New name of ${name}x`).fill(name);
  await page.keyboard.press('Enter');
  await expect(dialog.getByRole('button', { name: `Rename ${name}`, exact: true })).toBeVisible();
  await expectAccessible(page);
  await dialog.getByRole('button', { name: 'Done' }).click();

  await page.goto(`${new URL(page.url()).origin}/console/#/articles/${id}`);
  await page.getByLabel('Category').selectOption(name);
  await page.keyboard.press('Control+s');
  await expect(desk.toast('is saved')).toBeVisible();
  await page.getByRole('button', { name: 'All articles' }).click();
  await page.getByLabel('Category').selectOption(name);
  const list = page.getByRole('region', { name: 'List of articles' });
  await expect(list.getByRole('listitem')).toHaveCount(1);
  await expect(list).toContainText(title);

  await page.getByRole('button', { name: 'Categories' }).click();
  await dialog.getByRole('button', { name: `Delete ${name}` }).click();
  await dialog.getByRole('button', { name: 'Delete the category' }).click();
  await expect(dialog.getByText(name)).toHaveCount(0);
  await dialog.getByRole('button', { name: 'Done' }).click();
  await expect(list.getByRole('listitem').filter({ hasText: title })).toBeVisible();
});

test('agents write drafts, and neither publish, delete nor import', async ({ desk, page }) => {
  await desk.goTo('Articles');
  await expect(page.getByRole('link', { name: 'Import', exact: true })).toHaveCount(0);
  await page
    .getByRole('link', { name: /New article|Write the first article/ })
    .first()
    .click();
  await page.getByLabel('Title').fill(`Of an agent ${newId()}`);
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(desk.toast('is saved')).toBeVisible();
  await expect(page.getByRole('button', { name: /^Publish/ })).toHaveCount(0);
  await expect(page.getByRole('button', { name: 'More', exact: true })).toHaveCount(0);
});

test('no line of the hostile corpus is more than a text in the preview', async ({ signIn }) => {
  const corpus = readFileSync(join(import.meta.dirname, '../corpora/xss.txt'), 'utf8')
    .trim()
    .split('\n');
  const desk = await signIn('admin');
  const { page } = desk;
  const deeds: string[] = [];
  page.on('dialog', (dialog) => {
    deeds.push(`a dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('request', (sent) => {
    if (sent.url().includes('xss.invalid')) deeds.push(`a request: ${sent.url()}`);
  });
  await desk.goTo('Articles');
  await page
    .getByRole('link', { name: /New article|Write the first article/ })
    .first()
    .click();
  await page.getByLabel('Title').fill(corpus[0] ?? '');
  await page
    .getByLabel('Text, in Markdown')
    .fill(`${corpus.join('\n\n')}\n\n![a map](https://xss.invalid/map.png)\n\nThe end of it.`);
  const preview = page.getByRole('region', { name: 'Preview' });
  await expect(preview.getByText('The end of it.')).toBeVisible();
  await expect(preview.getByText('HTML is left out')).toBeVisible();
  const tags = await preview.locator('.md *').evaluateAll((all) => [...new Set(all.map((one) => one.localName))]);
  const harmless = [
    'p',
    'a',
    'em',
    'strong',
    'code',
    'pre',
    'span',
    'ul',
    'ol',
    'li',
    'h4',
    'h5',
    'br',
    'blockquote',
    'hr',
    'del',
  ];
  expect(tags.filter((tag) => !harmless.includes(tag))).toEqual([]);
  const hrefs = await preview
    .locator('.md a')
    .evaluateAll((all) => all.map((one) => (one as HTMLAnchorElement).protocol));
  expect(hrefs.filter((protocol) => !['https:', 'http:', 'mailto:', 'tel:'].includes(protocol))).toEqual([]);
  expect(deeds).toEqual([]);
});

test('a failure is shown with what can be done', async ({ signIn }) => {
  const { page } = await signIn('admin');
  let down = true;
  await page.route('**/api/v1/articles?*', (route) => (down ? route.fulfill({ status: 503 }) : route.continue()));
  await page.getByRole('link', { name: 'Articles' }).click();
  await expect(page.getByText('The articles could not be loaded')).toBeVisible();
  down = false;
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect(page.getByText('The articles could not be loaded')).toBeHidden();
  await page.goto(`${new URL(page.url()).origin}/console/#/articles/art_00000000000000000000000099`);
  await expect(page.getByText('There is no such article, or it was deleted')).toBeVisible();
});

test.describe('on a phone', () => {
  test.use({ viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true });

  test('an article is written and nothing is wider than the screen', async ({ desk, page }) => {
    const origin = new URL(page.url()).origin;
    for (const path of ['articles', 'articles/new', 'articles/search', 'macros']) {
      await page.goto(`${origin}/console/#/${path}`);
      await expect(page.locator('.page')).toBeVisible();
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
    }
    await page.goto(`${origin}/console/#/articles/new`);
    await page.getByLabel('Title').fill(`From a phone ${newId()}`);
    await page.getByLabel('Text, in Markdown').fill('# Short\n\nA text.');
    await page.getByRole('button', { name: 'Save', exact: true }).tap();
    await expect(desk.toast('is saved')).toBeVisible();
    await expectAccessible(page);
  });
});

test('an article from a page says when it was read, and is read again', async ({ signIn, request }) => {
  const knowledge = await Knowledge.open(request);
  const title = `From a page ${newId()}`;
  const { id } = await knowledge.draft(title, 'Mine.');
  const desk = await signIn('admin');
  const { page } = desk;
  const source = { url: 'https://help.acme.example/returns', crawled_at: '2026-11-20T03:17:00.000Z', n_failures: 0 };
  let outcome = 'source_changed';
  await page.route(new RegExp(`/api/v1/articles/${id}(/recrawl)?$`), async (route) => {
    if (route.request().method() === 'DELETE') return route.continue();
    const isAsked = route.request().url().endsWith('/recrawl');
    const { article } = await (
      await route.fetch({ url: route.request().url().replace('/recrawl', ''), method: 'GET', postData: '' })
    ).json();
    if (isAsked) outcome = route.request().postDataJSON().overwrite ? 'changed' : 'failed';
    const body = outcome === 'changed' ? 'The page’s.' : article.body;
    const failure = outcome === 'failed' ? { n_failures: 2, problem: 'it answered 500' } : {};
    await route.fulfill({ json: { article: { ...article, body, source_page: { ...source, outcome, ...failure } } } });
  });
  await page.goto(`${page.url().split('#')[0]}#/articles/${id}`);
  const origin = page.locator('.article-origin');
  await expect(origin.getByRole('link')).toHaveAttribute('href', source.url);
  await expect(origin).toContainText('the page says something else now, and your text stays');
  await expectAccessible(page);
  await origin.getByRole('button', { name: 'Take the page’s text' }).click();
  await expect(page.getByLabel('Text, in Markdown')).toHaveValue('The page’s.');
  await expect(origin.getByRole('button', { name: 'Take the page’s text' })).toHaveCount(0);
  await origin.getByRole('button', { name: 'Read again' }).click();
  await expect(origin).toContainText('2 times in a row: it answered 500');
  await knowledge.forget(`/articles/${id}`);
});
