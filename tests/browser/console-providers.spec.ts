// Signing in with an identity provider, as the console shows it. The stack has no provider: the answers about them are the
// test's own. That the real ones are right is for tests/integration/tests/providers.rs.
import type { Page, Route } from '@playwright/test';
import { expect, test } from './support/console.ts';
import { stack } from './support/stack.ts';

const PROVIDER = 'https://id.example.com/authorize?state=s-1';

function json(route: Route, status: number, body: unknown) {
  return route.fulfill({ status, contentType: 'application/json', body: JSON.stringify(body) });
}

async function withProvider(page: Page) {
  await page.route('**/api/v1/auth/providers', (route) =>
    json(route, 200, { providers: [{ id: 'google', name: 'Google' }] }),
  );
}

async function finishing(page: Page, status: number, body: unknown): Promise<unknown[]> {
  const sent: unknown[] = [];
  await page.route('**/api/v1/auth/providers/finish', (route) => {
    sent.push(route.request().postDataJSON());
    return json(route, status, body);
  });
  return sent;
}

test('without a provider there is no button', async ({ page }) => {
  await page.goto(`${stack.url}/console/`);
  await expect(page.getByRole('button', { name: 'Sign in', exact: true })).toBeVisible();
  await expect(page.getByRole('button', { name: /Continue with/ })).toHaveCount(0);
});

test('the button leads to the provider', async ({ page }) => {
  await withProvider(page);
  await page.route('**/api/v1/auth/providers/start', (route) => json(route, 200, { url: PROVIDER }));
  await page.route('https://id.example.com/**', (route) =>
    route.fulfill({ contentType: 'text/html', body: '<h1>The provider</h1>' }),
  );
  await page.goto(`${stack.url}/console/`);
  await page.getByRole('button', { name: 'Continue with Google' }).click();
  await expect(page.getByRole('heading', { name: 'The provider' })).toBeVisible();
  expect(page.url()).toBe(PROVIDER);
});

test('a provider that does not answer is said, and the page stays', async ({ page }) => {
  await withProvider(page);
  await page.route('**/api/v1/auth/providers/start', (route) => json(route, 503, { code: 'provider_unavailable' }));
  await page.goto(`${stack.url}/console/`);
  await page.getByRole('button', { name: 'Continue with Google' }).click();
  await expect(page.getByRole('alert')).toContainText('Google cannot be reached right now');
  await expect(page.getByRole('button', { name: 'Continue with Google' })).toBeEnabled();
});

test('who comes back with a second factor is asked for the code, and the address is clean', async ({ page }) => {
  await withProvider(page);
  const challenge = { challenge: 'c-1', expires_at: '2030-01-01T00:00:00.000Z' };
  const sent = await finishing(page, 200, challenge);
  await page.goto(`${stack.url}/console/?state=s-1&code=abc`);
  await expect(page.getByLabel(/code/i).first()).toBeVisible();
  expect(sent).toEqual([{ state: 's-1', code: 'abc' }]);
  expect(new URL(page.url()).search).toBe('');
});

for (const [code, status, reason] of [
  ['no_account', 403, 'Please ask for an invitation'],
  ['provider_login_failed', 401, 'Please try to sign in again'],
  ['provider_unavailable', 503, 'not possible right now'],
] as const) {
  test(`a refusal with ${code} is shown on the login page`, async ({ page }) => {
    await withProvider(page);
    await finishing(page, status, { code });
    await page.goto(`${stack.url}/console/?state=s-1&code=abc`);
    await expect(page.getByRole('alert')).toContainText(reason);
    await expect(page.getByRole('button', { name: 'Continue with Google' })).toBeVisible();
  });
}

test('who cancels at the provider is back on the login page', async ({ page }) => {
  await withProvider(page);
  const sent = await finishing(page, 500, {});
  await page.goto(`${stack.url}/console/?state=s-1&error=access_denied`);
  await expect(page.getByRole('alert')).toContainText('Signing in was cancelled');
  expect(sent).toEqual([]);
});
