import { readFileSync } from 'node:fs';
import type { Page } from '@playwright/test';
import { Authenticator } from './support/authenticator.ts';
import { Console, expect, expectAccessible, test } from './support/console.ts';
import { stack } from './support/stack.ts';

test.use({ contextOptions: { reducedMotion: 'reduce' }, permissions: ['clipboard-read', 'clipboard-write'] });

interface Login {
  email: string;
  password: string;
}

/** An agent whom no other test signs in: turning a second factor on is no matter of theirs. */
const linus: Login = JSON.parse(
  readFileSync((process.env.EDGEDESK_DEV_JSON ?? '.edgedesk/dev.json').replace(/[^/]*$/, 'seed.json'), 'utf8'),
).aurora.agents[2];

async function enterPassword(page: Page, login: Login): Promise<void> {
  await page.goto(`${stack.url}/console/`);
  await page.getByLabel('E-mail').fill(login.email);
  await page.getByLabel('Password', { exact: true }).fill(login.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

async function signOut(page: Page): Promise<void> {
  await page.locator('.me-button').click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await expect(page.getByRole('heading', { name: 'Sign in to Edgedesk' })).toBeVisible();
}

async function openSecurity(page: Page): Promise<void> {
  await page.locator('.me-button').click();
  await page.getByRole('menuitem', { name: 'Security' }).click();
  await expect(page.getByRole('heading', { level: 2, name: 'Security' })).toBeVisible();
}

/** Whatever became of the test before, its second factor is off for the next. */
let turnOff: (() => Promise<unknown>) | null = null;
test.afterEach(async () => {
  await turnOff?.();
  turnOff = null;
});

async function post(path: string, body: object, token = ''): Promise<Response> {
  return fetch(`${stack.url}/api/v1${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify(body),
  });
}

test('somebody turns a second factor on, signs in with a code and a recovery code, and turns it off', async ({
  page,
}) => {
  const { access_token } = (await (await post('/auth/login', linus)).json()) as { access_token: string };
  turnOff = () => post('/me/second-factor/turn-off', { password: linus.password }, access_token);
  const desk = new Console(page);
  await enterPassword(page, linus);
  await desk.expectConnected();

  await openSecurity(page);
  const card = page.getByRole('region', { name: 'Codes from an app' });
  await expect(card.getByText('Off', { exact: true })).toBeVisible();
  await expectAccessible(page);
  await card.getByRole('button', { name: 'Turn on' }).focus();
  await page.keyboard.press('Enter');
  const asked = page.getByRole('dialog', { name: 'Is it you?' });
  await expectAccessible(page);
  await asked.getByLabel('Your password').fill('not the password');
  await page.keyboard.press('Enter');
  await expect(asked.getByRole('alert')).toContainText('not your password');
  await asked.getByLabel('Your password').fill(linus.password);
  await page.keyboard.press('Enter');
  await expect(card.getByRole('heading', { name: /Scan this/ })).toBeFocused();
  await expect(card.locator('.qr path')).toHaveCount(1);
  await expectAccessible(page);
  const app = new Authenticator(await card.getByLabel('Key for the app').inputValue());
  const code = card.getByLabel('Code', { exact: true });
  await expect(code).toHaveAttribute('autocomplete', 'one-time-code');
  await card.getByRole('button', { name: 'Confirm' }).click();
  await expect(card.getByRole('alert')).toContainText('six digits');
  await expect(code).toBeFocused();
  await code.fill('12345');
  await page.keyboard.press('Enter');
  await expect(card.getByRole('alert')).toContainText('not right');
  await code.fill(app.nextCode());
  await page.keyboard.press('Enter');

  const shown = page.getByRole('dialog', { name: 'Your recovery codes' });
  await expect(shown.getByRole('listitem')).toHaveCount(10);
  await expectAccessible(page);
  const codes = await shown.getByRole('listitem').allInnerTexts();
  await shown.getByRole('button', { name: 'Copy' }).click();
  await expect(shown.getByRole('button', { name: 'Copied' })).toBeVisible();
  expect((await page.evaluate(() => navigator.clipboard.readText())).trim().split('\n')).toEqual(codes);
  const download = page.waitForEvent('download');
  await shown.getByRole('button', { name: 'Download' }).click();
  expect((await download).suggestedFilename()).toBe('edgedesk-recovery-codes.txt');
  // They cannot be brought back: Escape does not take them away.
  await page.keyboard.press('Escape');
  await expect(shown).toBeVisible();
  await shown.getByRole('button', { name: 'I have stored them' }).click();
  await expect(shown).toBeHidden();
  await expect(card.getByText('On', { exact: true })).toBeVisible();
  await expect(card.getByText('10 recovery codes left')).toBeVisible();

  await signOut(page);
  await enterPassword(page, linus);
  const field = page.getByLabel('Code', { exact: true });
  await expect(field).toBeFocused();
  await expectAccessible(page);
  await field.fill('12345');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('alert')).toContainText('not right');
  await field.fill(app.nextCode());
  await page.keyboard.press('Enter');
  await desk.expectConnected();

  await signOut(page);
  await enterPassword(page, linus);
  await page.getByRole('button', { name: 'Use a recovery code' }).click();
  const recovery = page.getByLabel('Recovery code');
  await expect(recovery).toBeFocused();
  await recovery.fill(codes[0] ?? '');
  await page.keyboard.press('Enter');
  await desk.expectConnected();

  await openSecurity(page);
  await expect(card.getByText('9 recovery codes left')).toBeVisible();
  const open = card.getByRole('button', { name: 'Turn off' });
  await open.click();
  const question = page.getByRole('dialog', { name: 'Turn the second factor off?' });
  await expectAccessible(page);
  await page.keyboard.press('Escape');
  await expect(question).toBeHidden();
  await expect(open).toBeFocused();
  await open.click();
  await question.getByRole('button', { name: 'Use my password instead' }).click();
  await question.getByLabel('Your password').fill('not the password');
  await page.keyboard.press('Enter');
  await expect(question.getByRole('alert')).toContainText('not your password');
  await question.getByLabel('Your password').fill(linus.password);
  await page.keyboard.press('Enter');
  await expect(desk.toast('your password alone')).toBeVisible();
  await expect(card.getByText('Off', { exact: true })).toBeVisible();
});

test('a second step that comes too late leads back to the password', async ({ page }) => {
  await page.route('**/api/v1/auth/login', (route) =>
    route.fulfill({ json: { challenge: 'long gone', expires_at: '2026-01-01T00:00:00.000Z' } }),
  );
  await enterPassword(page, stack.agent);
  await page.getByLabel('Code', { exact: true }).fill('123456');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('alert')).toContainText('That took too long');
  await expect(page.getByLabel('E-mail')).toBeFocused();

  // And somebody without their phone may go back on their own.
  await page.getByLabel('E-mail').fill(stack.agent.email);
  await page.getByLabel('Password', { exact: true }).fill(stack.agent.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('button', { name: 'Start again' }).click();
  await expect(page.getByLabel('E-mail')).toBeFocused();
});

test('whoever runs an account that wants a second factor is led to turn one on', async ({ page }) => {
  // Of this answer alone: the account is everybody's.
  await page.route('**/api/v1/me/second-factor', (route) =>
    route.fulfill({ json: { second_factor: { n_recovery_codes: 0, required: true } } }),
  );
  await enterPassword(page, stack.admin);
  await expect(page.getByRole('heading', { level: 2, name: 'Security' })).toBeVisible();
  await expect(page.getByText('wants a second factor of everybody who runs it')).toBeVisible();
  await expectAccessible(page);
});

test('settings that cannot be loaded say so and are tried again', async ({ desk, page }) => {
  let down = true;
  await page.route('**/api/v1/me/second-factor', (route) => (down ? route.fulfill({ status: 503 }) : route.continue()));
  await openSecurity(desk.page);
  await expect(page.getByText('Your settings could not be loaded')).toBeVisible();
  down = false;
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect(page.getByRole('region', { name: 'Codes from an app' })).toBeVisible();
});
