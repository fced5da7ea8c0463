import { Console, expect, test } from './support/console.ts';
import { stack } from './support/stack.ts';

test('a wrong password and an unknown address are refused in the same words', async ({ page }) => {
  await page.goto(`${stack.url}/console/`);
  const refusals: string[] = [];
  for (const [email, password] of [
    [stack.agent.email, 'not the password'],
    ['nobody@example.com', stack.agent.password],
  ] as const) {
    await page.getByLabel('E-mail').fill(email);
    await page.getByLabel('Password', { exact: true }).fill(password);
    const answer = page.waitForResponse('**/api/v1/auth/login');
    await page.getByRole('button', { name: 'Sign in' }).click();
    expect((await answer).status()).toBe(401);
    const alert = page.getByRole('alert');
    await expect(alert).toContainText('do not match');
    refusals.push(await alert.innerText());
  }
  expect(refusals[0]).toBe(refusals[1]);
  await expect(page.getByRole('button', { name: 'Sign in' })).toBeEnabled();
});

test('an empty form says what is missing and asks nobody', async ({ page }) => {
  let asked = 0;
  await page.route('**/api/v1/auth/login', (route) => {
    asked += 1;
    return route.continue();
  });
  await page.goto(`${stack.url}/console/`);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('alert')).toContainText('Please enter');
  await expect(page.getByLabel('E-mail')).toBeFocused();
  expect(asked).toBe(0);
});

test('a session outlives a reload and ends with signing out', async ({ page, desk }) => {
  await page.reload();
  await desk.expectConnected();

  await page.getByRole('button', { name: /Online/ }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await expect(page.getByRole('heading', { name: 'Sign in to Edgedesk' })).toBeVisible();
  await page.reload();
  await expect(page.getByRole('heading', { name: 'Sign in to Edgedesk' })).toBeVisible();
  expect(await page.evaluate(() => [localStorage.length, sessionStorage.length])).toEqual([0, 0]);
});

test('all tabs of a browser share the session', async ({ context, page }) => {
  const desk = new Console(page);
  await desk.signIn();
  const other = await context.newPage();
  await other.goto(`${stack.url}/console/`);
  await new Console(other).expectConnected();
});

test('a refused access token is renewed without anybody noticing', async ({ page, desk }) => {
  let refused = 0;
  let refreshed = 0;
  await page.route('**/api/v1/agents', (route) => {
    refused += 1;
    return refused === 1
      ? route.fulfill({ status: 401, contentType: 'application/problem+json', body: '{"code":"unauthenticated"}' })
      : route.continue();
  });
  page.on('response', (response) => {
    if (response.url().endsWith('/auth/refresh') && response.ok()) refreshed += 1;
  });
  await page.reload();
  await desk.expectConnected();
  await expect.poll(() => refused).toBe(2);
  // One for the reload, one for the refusal.
  expect(refreshed).toBe(2);
});
