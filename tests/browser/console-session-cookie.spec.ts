// The session of a browser is in a cookie that no script reads, and no other page can use it.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Console, expect, test } from './support/console.ts';
import { stack } from './support/stack.ts';

test('no script finds a token, and the cookie lasts as long as was asked for', async ({ page, context, desk }) => {
  const found = await page.evaluate(() => JSON.stringify([localStorage, sessionStorage, document.cookie]));
  expect(found).not.toContain('token');
  expect(found).not.toContain('edgedesk-session');
  const [cookie] = (await context.cookies()).filter(({ name }) => name === 'edgedesk-session');
  expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict', path: '/', expires: -1 });
  expect(found).not.toContain(cookie?.value.slice(2));
  await page.reload();
  await desk.expectConnected();

  await page.getByRole('button', { name: /Online/ }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await expect(page.getByRole('heading', { name: 'Sign in to Edgedesk' })).toBeVisible();
  await expect.poll(async () => (await context.cookies()).length).toBe(0);
  await page.getByLabel('E-mail').fill(stack.agent.email);
  await page.getByLabel('Password', { exact: true }).fill(stack.agent.password);
  await page.getByLabel('Stay signed in').check();
  await page.getByRole('button', { name: 'Sign in' }).click();
  await desk.expectConnected();
  const [lasting] = await context.cookies();
  const days = ((lasting?.expires ?? 0) - Date.now() / 1000) / (24 * 60 * 60);
  expect(days).toBeGreaterThan(29);
  expect(days).toBeLessThanOrEqual(30);
});

test('a page of another origin cannot renew or end the session', async ({ page, context, desk }) => {
  const server = createServer((_, answer) => {
    answer.setHeader('content-type', 'text/html');
    answer.end('<h1>Another page</h1>');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // The same host at another port: the same site, so that the browser sends the cookie along, and another origin.
  const url = stack.url.replace(/:\d+$/, `:${(server.address() as AddressInfo).port}`);
  const other = await context.newPage();
  await other.goto(url);
  const read = await other.evaluate(async (target) => {
    const post = (path: string, contentType: string, mode: RequestMode) =>
      fetch(`${target}/api/v1/auth/${path}`, {
        method: 'POST',
        credentials: 'include',
        mode,
        headers: { 'content-type': contentType },
        body: '{}',
      }).then(
        (answer) => answer.status,
        () => 'unreadable',
      );
    const token = await fetch(`${target}/api/v1/auth/csrf`, { credentials: 'include' }).then(
      (answer) => answer.text(),
      () => 'unreadable',
    );
    return [
      token,
      await post('refresh', 'text/plain', 'no-cors'),
      await post('logout', 'text/plain', 'no-cors'),
      await post('refresh', 'application/json', 'cors'),
    ];
  }, stack.url);
  expect(read).toEqual(['unreadable', 'unreadable', 'unreadable', 'unreadable']);
  // A form needs no leave, and the browser shows its answer.
  for (const path of ['refresh', 'logout']) {
    await other.goto(url);
    const answer = other.waitForResponse(`**/api/v1/auth/${path}`);
    const shown = other.waitForURL(`**/api/v1/auth/${path}`);
    await other.evaluate((target) => {
      const form = document.createElement('form');
      form.method = 'post';
      form.enctype = 'text/plain';
      form.action = target;
      document.body.append(form);
      form.submit();
    }, `${stack.url}/api/v1/auth/${path}`);
    expect((await answer).status()).toBe(403);
    await shown;
    const { cookie } = await (await answer).request().allHeaders();
    expect(cookie).toContain('edgedesk-session');
  }
  await other.close();
  await new Promise((resolve) => server.close(resolve));
  await page.reload();
  await desk.expectConnected();
});

test('tabs that renew at once share the session, and signing out in one signs out the other', async ({
  page,
  context,
  desk,
}) => {
  const second = await context.newPage();
  await second.goto(`${stack.url}/console/`);
  const other = new Console(second);
  await other.expectConnected();
  for (let round = 0; round < 3; round += 1) {
    await Promise.all([page.reload(), second.reload()]);
    await desk.expectConnected();
    await other.expectConnected();
  }
  await page.getByRole('button', { name: /Online/ }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await expect(second.getByRole('heading', { name: 'Sign in to Edgedesk' })).toBeVisible();
});

test('a session of the time before the cookie goes on in one', async ({ page, context, request }) => {
  const login = await request.post(`${stack.url}/api/v1/auth/login`, { data: stack.agent });
  const { refresh_token, user } = await login.json();
  expect(refresh_token).toBeTruthy();
  await page.goto(`${stack.url}/console/`);
  await expect(page.getByRole('heading', { name: 'Sign in to Edgedesk' })).toBeVisible();
  await page.evaluate((old) => localStorage.setItem('edgedesk.session', old), JSON.stringify({ refresh_token, user }));
  await page.reload();
  await new Console(page).expectConnected();
  expect(await page.evaluate(() => localStorage.getItem('edgedesk.session'))).toBeNull();
  const [cookie] = await context.cookies();
  expect(cookie?.name).toBe('edgedesk-session');
  expect(cookie?.expires).toBeGreaterThan(0);
});

test('who signs out without a connection is signed out, and the session ends when there is one again', async ({
  page,
  context,
  desk,
}) => {
  await context.setOffline(true);
  await page
    .getByRole('button', { name: /Online|Away|Offline|Connecting/ })
    .first()
    .click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await expect(page.getByRole('heading', { name: 'Sign in to Edgedesk' })).toBeVisible();
  await context.setOffline(false);
  await page.reload();
  await expect(page.getByRole('heading', { name: 'Sign in to Edgedesk' })).toBeVisible();
  await expect.poll(async () => (await context.cookies()).length).toBe(0);
  expect(desk.page.url()).toContain('/console/');
});

test('a session that is ended elsewhere closes the console at once', async ({ page, desk, request }) => {
  await desk.expectConnected();
  const mine = page.waitForResponse('**/api/v1/me/sessions');
  await page.locator('.me-button').click();
  await page.getByRole('menuitem', { name: 'Sessions' }).click();
  const current = (await (await mine).json()).sessions.find((session: { current: boolean }) => session.current);
  const login = await (await request.post(`${stack.url}/api/v1/auth/login`, { data: stack.agent })).json();
  const ended = await request.delete(`${stack.url}/api/v1/me/sessions/${current.id}`, {
    headers: { authorization: `Bearer ${login.access_token}` },
  });
  expect(ended.status()).toBe(204);
  await expect(page.getByRole('heading', { name: 'Sign in to Edgedesk' })).toBeVisible();
  await expect(page.getByText('Your session has ended')).toBeVisible();
});
