import { expect, test } from './support/console.ts';
import { newId, ZendeskTicket } from './support/stack.ts';

// Own intents are the account's: these tests follow one another.
test.describe.configure({ mode: 'serial' });

const run = newId();
const DAMAGED = `Arrived damaged ${run}`;
const WHOLESALE = `Wholesale ${run}`;

const DAMAGED_EXAMPLES = [
  'The jacket came with a broken zip',
  'There is a crack in the vase you sent',
  'My order arrived damaged, can you replace it?',
  'The screen was shattered when I opened the box',
  'One of the glasses is broken',
  'The parcel was torn and the lamp inside is bent',
  'You sent me a chair with a scratched leg',
  'The bottle had leaked all over the package',
  'The plate was in pieces on arrival',
  'It arrived with a big dent in the side',
  'The box was crushed and the toy is ruined',
];

const WHOLESALE_EXAMPLES = [
  'Do you sell in bulk to shops?',
  'We would like to become a reseller of your products',
  'What is the price for five hundred pieces?',
  'Is there a discount for orders over a thousand euros for our store?',
  'We run a chain of cafes and want to stock your mugs',
  'Can I get a wholesale price list?',
  'Who do I talk to about a distribution agreement?',
  'Do you offer trade accounts for retailers?',
  'Our company needs two hundred units every month',
  'I own a gift shop and want to carry your brand',
];

test('an intent is written, counted, freed of repeats and saved', async ({ signIn }) => {
  const desk = await signIn('admin');
  const { page } = desk;
  await desk.goTo('Own intents');
  await page.getByRole('button', { name: /New intent|Create your first intent/ }).click();
  await page.getByLabel('Name').fill(DAMAGED);
  const examples = page.getByLabel('Examples, one per line');
  await examples.fill(DAMAGED_EXAMPLES.slice(0, 7).join('\n'));
  await expect(page.getByText('7 of 10', { exact: true })).toBeVisible();
  await examples.fill([...DAMAGED_EXAMPLES, '', `  ${DAMAGED_EXAMPLES[0]?.toUpperCase()}. `].join('\r\n'));
  await expect(page.locator('#editor-count')).toHaveText('11 examples · 1 repeat will be dropped');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(desk.toast('saved with 11 examples. 1 repeat dropped.')).toBeVisible();

  await page.getByRole('button', { name: 'New intent' }).click();
  await page.getByLabel('Name').fill(DAMAGED.toUpperCase());
  await page.getByLabel('Examples, one per line').fill(WHOLESALE_EXAMPLES.slice(0, 9).join('\n'));
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.locator('.form-error')).toBeVisible();
  await page.getByLabel('Name').fill(WHOLESALE);
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.locator('.intent').filter({ hasText: WHOLESALE })).toContainText('9 of 10 examples');
  await expect(page.getByRole('button', { name: /^Train/ })).toBeDisabled();
  await expect(page.getByText(`“${WHOLESALE}” has 9 of 10`)).toBeVisible();
});

test('changes are asked about before they are dropped, by mouse and by keyboard', async ({ signIn }) => {
  const desk = await signIn('admin');
  const { page } = desk;
  await desk.goTo('Own intents');
  const open = page.getByRole('button', { name: DAMAGED, exact: true });
  const name = page.getByLabel('Name');
  const ask = page.getByRole('group', { name: 'What you changed is not saved.' });

  // Nothing changed, nothing to ask: the list comes back, with the focus where one was.
  await open.click();
  await expect(name).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(open).toBeFocused();

  await page.keyboard.press('Enter');
  await expect(name).toBeFocused();
  await name.fill('Something else');
  await page.getByRole('button', { name: 'Cancel' }).click();
  await expect(ask.getByRole('button', { name: 'Keep editing' })).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(ask).toHaveCount(0);
  await expect(name).toHaveValue('Something else');
  await expect(page.getByRole('button', { name: 'Cancel' })).toBeFocused();

  // By a link nothing is lost.
  await desk.goTo('Accuracy');
  await expect(page.getByRole('link', { name: /^Own intents\s*Draft/ })).toBeVisible();
  await desk.toast('kept, not saved').getByRole('button', { name: 'Go back' }).click();
  await expect(name).toHaveValue('Something else');

  await page.getByRole('button', { name: 'Back to the intents' }).click();
  await expect(ask.getByRole('button', { name: 'Keep editing' })).toBeFocused();
  await page.keyboard.press('Tab');
  await expect(ask.getByRole('button', { name: 'Discard changes' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(open).toBeFocused();
});

test('Ctrl+Enter saves once, and not at all for those who may only look', async ({ signIn, desk: agent }) => {
  const desk = await signIn('admin');
  const { page } = desk;
  let nSaves = 0;
  for (const one of [page, agent.page]) {
    one.on('request', (request) => {
      if (/\/ai\/intents(\/int_\w+)?$/.test(request.url()) && ['POST', 'PUT'].includes(request.method())) nSaves += 1;
    });
    await (one === page ? desk : agent).goTo('Own intents');
    await one.getByRole('button', { name: DAMAGED, exact: true }).click();
    await one.getByLabel('Name').focus();
  }
  await agent.page.keyboard.press('Enter');
  await agent.page.keyboard.press('Control+Enter');
  await page.keyboard.press('Control+Enter');
  await expect(desk.toast('is saved')).toHaveCount(1);
  await expect(agent.page.getByLabel('Name')).toBeVisible();
  expect(nSaves).toBe(1);
});

test('it is trained, promoted, tried while typing, and rolled back', async ({ signIn }) => {
  const desk = await signIn('admin');
  const { page } = desk;
  await desk.goTo('Own intents');
  await page.getByRole('button', { name: WHOLESALE, exact: true }).click();
  await expect(page.getByLabel('Examples, one per line')).toHaveValue(WHOLESALE_EXAMPLES.slice(0, 9).join('\n'));
  await page.getByLabel('Examples, one per line').fill(WHOLESALE_EXAMPLES.join('\n'));
  await page.getByRole('button', { name: 'Save' }).click();

  const train = page.getByRole('button', { name: /^Train/ });
  await train.click();
  await expect(page.getByText(/^Version \d+ is in use\.$/)).toBeVisible();
  await expect(page.getByText(/right in \d+-fold cross-validation/)).toBeVisible();
  await expect(page.locator('.report .bar').filter({ hasText: DAMAGED })).toContainText(/\d+%/);
  const first = Number.parseInt(await page.locator('.version').first().locator('.version-number').innerText(), 10);
  await expect(page.locator('.version').first()).toContainText('In use');

  const box = page.getByLabel('A sentence to try');
  await box.fill('The mirror was smashed when it came');
  await expect(page.locator('.test-card .bar').first()).toContainText(DAMAGED);
  await box.fill('Do you have prices for resellers who buy hundreds?');
  await expect(page.locator('.test-card .bar').first()).toContainText(WHOLESALE);

  await train.click();
  await expect(page.locator('.version').first().locator('.version-number')).toHaveText(new RegExp(`^${first + 1}\\b`));
  await page.getByRole('button', { name: `Put version ${first} to use` }).click();
  const toast = desk.toast(`Version ${first} is in use`);
  await expect(toast).toBeVisible();
  await expect(page.locator('.version').filter({ hasText: 'In use' }).locator('.version-number')).toHaveText(
    new RegExp(`^${first}\\b`),
  );
  await toast.getByRole('button', { name: 'Undo' }).click();
  await expect(page.locator('.version').first()).toContainText('In use');
});

test('own intents are switched off after a question, and on again by a version or by an undo', async ({ signIn }) => {
  const desk = await signIn('admin');
  const { page } = desk;
  await desk.goTo('Own intents');
  const off = page.getByRole('button', { name: 'Switch off' });
  const ask = page.getByRole('group', { name: /^Messages will be read without your intents/ });
  const state = page.getByText('No version in use: messages are read without your intents.');
  const inUse = page.locator('.version').filter({ hasText: 'In use' });
  const version = Number.parseInt(await inUse.locator('.version-number').innerText(), 10);

  await off.focus();
  await page.keyboard.press('Enter');
  await expect(ask.getByRole('button', { name: 'Leave on' })).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(ask).toHaveCount(0);
  await expect(off).toBeFocused();

  await page.keyboard.press('Enter');
  await ask.getByRole('button', { name: 'Switch off' }).click();
  const toast = desk.toast('Own intents are switched off');
  await expect(toast).toBeVisible();
  await expect(state).toBeVisible();
  await expect(inUse).toHaveCount(0);
  await expect(off).toHaveCount(0);
  await expect(page.getByRole('region', { name: 'Versions' })).toBeFocused();
  await expect(page.getByLabel('A sentence to try')).toBeDisabled();
  await page.reload();
  await expect(state).toBeVisible();

  await page.getByRole('button', { name: `Put version ${version} to use` }).click();
  await expect(desk.toast(`Version ${version} is in use`)).toBeVisible();
  await expect(state).toHaveCount(0);
  await off.click();
  await ask.getByRole('button', { name: 'Switch off' }).click();
  await toast.getByRole('button', { name: 'Undo' }).click();
  await expect(inUse.locator('.version-number')).toHaveText(new RegExp(`^${version}\\b`));
});

test('a page that could not be loaded says so, and does not call trained intents untrained', async ({ signIn }) => {
  const desk = await signIn('admin');
  const { page } = desk;
  let broken = true;
  await page.route('**/ai/intents/versions*', (route) => (broken ? route.abort() : route.continue()));
  await desk.goTo('Own intents');
  await expect(page.getByText('Own intents could not be loaded')).toBeVisible();
  await expect(page.getByText('Nothing is trained yet.')).toHaveCount(0);
  broken = false;
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect(page.locator('.version').first()).toBeVisible();
});

test('a message is given an own intent, the accuracy page counts it, and forgets it when it is taken back', async ({
  signIn,
}) => {
  const desk = await signIn('admin');
  const { page } = desk;
  const ticket = new ZendeskTicket(`Accuracy ${newId()}`);
  await ticket.opened('The handle was broken off when I opened the parcel.');
  const corrected = async () => {
    // From another page, so that it is asked again.
    await desk.goTo('Own intents');
    await desk.goTo('Accuracy');
    await expect(page.getByText('Loading the accuracy')).toHaveCount(0);
    const row = page.getByRole('region', { name: 'Priority' }).getByRole('row', { name: /^All/ });
    return (await row.count()) === 0 ? 0 : Number(await row.getByRole('cell').nth(3).innerText());
  };
  await desk.open(ticket.subject);
  await desk.reading('handle was broken').click();
  await desk.why.getByRole('button', { name: 'Correct the own intent' }).click();
  await page.getByRole('menuitemradio', { name: DAMAGED }).click();
  await expect(desk.field('Own intent')).toContainText(DAMAGED);
  await expect(desk.field('Own intent')).toContainText(/(Corrected|Confirmed) by you/);

  const was = (await desk.field('Priority').locator('.field-value').innerText()).trim();
  await desk.why.getByRole('button', { name: 'Correct the priority' }).click();
  await page.getByRole('menuitemradio', { name: was === 'Low' ? 'High' : 'Low' }).click();
  await expect(desk.field('Priority')).toContainText('Corrected by you');
  const undo = desk.toast('Priority:').getByRole('button', { name: 'Undo' });
  await expect(undo).toBeVisible();
  await expect.poll(corrected).toBeGreaterThan(0);
  const counted = await corrected();

  await page.getByRole('button', { name: /^Inbox/ }).click();
  await desk.open(ticket.subject);
  await desk.reading('handle was broken').click();
  await desk.why.getByRole('button', { name: 'Correct the priority' }).click();
  await page.getByRole('menuitem', { name: 'Take my word back' }).click();
  await expect(desk.field('Priority').locator('.field-said')).toHaveCount(0);
  await expect.poll(corrected).toBe(counted - 1);
});

// Before intents are deleted: with fewer than two of them none is in use.
test('an agent may look and try, and is told who can change', async ({ desk, page }) => {
  await desk.goTo('Own intents');
  await expect(page.getByText('Managers, admins and owners of the account can change own intents.')).toBeVisible();
  await expect(page.getByRole('button', { name: /New intent|^Train|^Delete|to use$/ })).toHaveCount(0);
  await page.getByRole('button', { name: DAMAGED, exact: true }).click();
  await expect(page.getByLabel('Examples, one per line')).not.toBeEditable();
  await expect(page.getByRole('button', { name: 'Save' })).toHaveCount(0);
  await page.getByRole('button', { name: 'Back to the intents' }).click();
  await page.getByLabel('A sentence to try').fill('Everything in the box was smashed');
  await expect(page.locator('.test-card .bar').first()).toContainText(DAMAGED);
});

test('a deleted intent comes back with a click, and is gone without one', async ({ signIn }) => {
  const desk = await signIn('admin');
  const { page } = desk;
  await desk.goTo('Own intents');
  const row = page.locator('.intent').filter({ hasText: WHOLESALE });
  await row.getByRole('button', { name: /^Delete/ }).click();
  await expect(row).toHaveCount(0);
  await desk.toast('is deleted').getByRole('button', { name: 'Undo' }).click();
  await expect(row).toBeVisible();
  await page.reload();
  await expect(row).toBeVisible();

  await row.getByRole('button', { name: /^Delete/ }).click();
  await desk.toast('is deleted').getByRole('button', { name: 'Dismiss' }).click();
  await expect(row).toHaveCount(0);
  await expect
    .poll(async () => {
      await page.reload();
      await expect(page.getByRole('heading', { level: 2, name: 'Own intents' })).toBeVisible();
      await expect(page.getByText('Loading own intents')).toHaveCount(0);
      return row.count();
    })
    .toBe(0);
});

test('training waits for a deletion, and a deletion that is refused brings the intent back', async ({ signIn }) => {
  const desk = await signIn('admin');
  const { page } = desk;
  const names = [1, 2, 3].map((n) => `Waiting ${n} ${newId()}`);
  await desk.goTo('Own intents');
  for (const name of names) {
    await page.getByRole('button', { name: /New intent|Create your first intent/ }).click();
    await page.getByLabel('Name').fill(name);
    const examples = Array.from({ length: 10 }, (_, n) => `This is sentence ${n} about ${name}`);
    await page.getByLabel('Examples, one per line').fill(examples.join('\n'));
    await page.getByRole('button', { name: 'Save' }).click();
    await expect(page.locator('.intent').filter({ hasText: name })).toBeVisible();
  }
  const row = page.locator('.intent').filter({ hasText: names[0] ?? '' });
  const train = page.getByRole('button', { name: /^Train/ });
  const happened: string[] = [];
  page.on('request', (request) => {
    if (request.url().endsWith('/intents/train')) happened.push('train asked');
  });

  await page.route('**/ai/intents/int_*', (route) =>
    route.request().method() === 'DELETE' ? route.abort() : route.continue(),
  );
  await row.getByRole('button', { name: /^Delete/ }).click();
  await train.click();
  await expect(desk.toast('was not deleted')).toBeVisible();
  await expect(desk.toast('Nothing was trained')).toBeVisible();
  await expect(row).toBeVisible();
  expect(happened).toEqual([]);
  await page.unroute('**/ai/intents/int_*');

  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  await page.route('**/ai/intents/int_*', async (route) => {
    if (route.request().method() !== 'DELETE') return route.continue();
    await held;
    const answer = await route.fetch();
    happened.push('deleted');
    await route.fulfill({ response: answer });
  });
  await row.getByRole('button', { name: /^Delete/ }).click();
  await train.click();
  // Too late for an "Undo".
  await expect(desk.toast('is deleted')).toHaveCount(0);
  await expect(page.getByRole('progressbar', { name: 'Training' })).toBeVisible();
  release();
  await expect(page.getByText(/^Version \d+ is (in use|kept, not used)\.$/)).toBeVisible();
  expect(happened).toEqual(['deleted', 'train asked']);
  // The deletions below may still be on their way when the test ends.
  await page.unrouteAll({ behavior: 'wait' });
  await expect(page.locator('.report .bar').filter({ hasText: names[0] ?? '' })).toHaveCount(0);

  for (const name of names.slice(1)) {
    await page
      .locator('.intent')
      .filter({ hasText: name })
      .getByRole('button', { name: /^Delete/ })
      .click();
    await desk.toast(`“${name}” is deleted`).getByRole('button', { name: 'Dismiss' }).click();
  }
  await expect(page.locator('.intent').filter({ hasText: 'Waiting' })).toHaveCount(0);
});
