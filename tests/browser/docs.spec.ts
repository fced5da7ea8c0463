import { expect, test } from '@playwright/test';
import { stack } from './support/stack.ts';

test('the landing page leads to the console, the demo and the reference', async ({ page }) => {
  await page.goto(`${stack.url}/`);
  await expect(page.getByRole('heading', { level: 1 })).toContainText('how they feel');
  const places = page.getByRole('region', { name: 'Where to go' });
  for (const [name, path] of [
    ['Console', '/console/'],
    ['Widget demo', '/demo/'],
    ['API reference', '/docs/'],
  ] as const) {
    const link = places.getByRole('link', { name });
    await expect(link).toHaveAttribute('href', path);
    expect((await page.request.get(`${stack.url}${path}`)).status()).toBe(200);
  }
});

test('the reference shows every operation of the document', async ({ page, request }) => {
  const document = await (await request.get(`${stack.url}/openapi.json`)).json();
  const operations = Object.entries<object>(document.paths).flatMap(([path, item]) =>
    Object.keys(item)
      .filter((method) => ['get', 'post', 'put', 'patch', 'delete'].includes(method))
      .map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(operations.length).toBeGreaterThan(10);
  await page.goto(`${stack.url}/docs/`);
  const headings = page.locator('.operation h3');
  await expect(headings).toHaveCount(operations.length);
  const shown = await headings.evaluateAll((all) =>
    all.map((heading) => `${heading.children[0]?.textContent} ${heading.children[1]?.textContent}`),
  );
  expect([...shown].sort()).toEqual([...operations].sort());
});

test('an operation has its body, its answers and a command to paste', async ({ page }) => {
  await page.goto(`${stack.url}/docs/`);
  const login = page.locator('#post-api-v1-auth-login');
  await expect(login.locator('.field-name').first()).toHaveText('email');
  await expect(login.getByText('401', { exact: true })).toBeVisible();
  const request = login.locator('pre').first();
  await expect(request).toContainText(`curl -X POST '${stack.url}/api/v1/auth/login'`);
  await expect(request).toContainText('"password"');
});

test('the search narrows the operations', async ({ page }) => {
  await page.goto(`${stack.url}/docs/`);
  await page.getByRole('searchbox', { name: 'Search operations' }).fill('socket-tickets');
  await expect(page.locator('.operation h3')).toHaveCount(1);
  await expect(page.locator('.operation h3')).toContainText('/api/v1/socket-tickets');
  await page.getByRole('searchbox', { name: 'Search operations' }).fill('no such thing');
  await expect(page.getByText('No operation matches')).toBeVisible();
});

test('frames and errors are explained beside the operations', async ({ page }) => {
  await page.goto(`${stack.url}/docs/#errors`);
  await expect(page.locator('#errors')).toContainText('agent_at_max_load');
  await expect(page.locator('#frames')).toContainText('message.analyzed');
});
