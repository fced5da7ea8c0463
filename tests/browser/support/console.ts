import { AxeBuilder } from '@axe-core/playwright';
import {
  type Browser,
  type BrowserContextOptions,
  test as base,
  expect,
  type Locator,
  type Page,
} from '@playwright/test';
import { type Stack, stack } from './stack.ts';

export type Person = 'agent' | 'admin';

/** The console as a person uses it. */
export class Console {
  readonly inbox: Locator;
  readonly thread: Locator;
  readonly details: Locator;
  /** Why a message was read so. */
  readonly why: Locator;
  readonly reply: Locator;
  readonly toasts: Locator;

  constructor(readonly page: Page) {
    this.inbox = page.getByRole('region', {
      name: /^(Inbox|Mine|Unassigned|At risk|Escalated|Resolved|Conversations)$/,
    });
    this.thread = page.locator('.thread');
    this.details = page.getByRole('region', { name: 'Details' });
    this.why = page.getByRole('region', { name: 'Why this reading' });
    this.reply = page.getByRole('textbox', { name: /^Reply to/ });
    this.toasts = page.getByRole('region', { name: 'Notifications' });
  }

  async signIn(who: Person = 'agent', account: Stack = stack): Promise<void> {
    await this.page.goto(`${stack.url}/console/`);
    await this.page.getByLabel('E-mail').fill(account[who].email);
    await this.page.getByLabel('Password', { exact: true }).fill(account[who].password);
    await this.page.getByRole('button', { name: 'Sign in' }).click();
    await this.expectConnected();
  }

  /** The desk's socket is open: from here on everything comes by itself. */
  async expectConnected(): Promise<void> {
    await expect(this.page.getByText('Connecting…')).toHaveCount(0);
    await expect(this.inbox.getByRole('term').first()).toBeVisible();
    await expect(this.page.locator('.me-state')).toHaveText(/Online|Away/);
  }

  row(subject: string): Locator {
    return this.inbox.getByRole('listitem').filter({ hasText: subject });
  }

  async open(subject: string): Promise<void> {
    await this.row(subject).first().getByRole('link').click();
    await expect(this.thread.locator('.bubble').first()).toBeVisible();
  }

  message(text: string): Locator {
    return this.thread.getByRole('listitem').filter({ hasText: text });
  }

  /** What was read in a message: mood, intent and so on, once it is there. */
  reading(text: string): Locator {
    return this.message(text).getByRole('button', { name: /unhappy|neutral|happy/i });
  }

  /** One field in the explanation. */
  field(name: string): Locator {
    return this.why.locator('.field').filter({ hasText: name });
  }

  /** A page beside the conversations. */
  async goTo(
    page:
      | 'Chat assistant'
      | 'Articles'
      | 'Macros'
      | 'Own intents'
      | 'Accuracy'
      | 'API keys'
      | 'Audit log'
      | 'Members'
      | 'Inboxes'
      | 'Teams'
      | 'Roles',
  ): Promise<void> {
    // Something that is written and not saved stands beside its name.
    await this.page.getByRole('navigation').getByRole('link', { name: page }).click();
    await expect(this.page.getByRole('heading', { level: 2, name: page, exact: true })).toBeVisible();
  }

  async send(text: string): Promise<void> {
    await this.reply.fill(text);
    await this.page.getByRole('button', { name: 'Send' }).click();
  }

  toast(text: string | RegExp): Locator {
    return this.toasts.locator('.toast').filter({ hasText: text });
  }

  button(name: string | RegExp): Locator {
    return this.thread.getByRole('button', { name });
  }
}

interface Fixtures {
  /** Signed in as the demo agent. */
  desk: Console;
  /** Another person's console in a browser profile of its own. */
  signIn: (who: Person, options?: BrowserContextOptions) => Promise<Console>;
}

export const test = base.extend<Fixtures>({
  desk: async ({ page }, use) => {
    const desk = new Console(page);
    await desk.signIn();
    await use(desk);
  },
  signIn: async ({ browser, contextOptions }, use) => {
    const opened: Awaited<ReturnType<Browser['newContext']>>[] = [];
    await use(async (who, options) => {
      const context = await browser.newContext({ ...contextOptions, ...options });
      opened.push(context);
      const other = new Console(await context.newPage());
      await other.signIn(who);
      return other;
    });
    for (const context of opened) await context.close();
  },
});

/** No violation of any axe rule, best practices included, once what is on its way in or out has settled. */
export async function expectAccessible(page: Page, parts: string[] = []): Promise<void> {
  // Only the largest page is looked at in parts, and one look at it takes long on a busy machine.
  const timeout = parts.length > 0 ? 90_000 : undefined;
  await expect.poll(() => violationsOf(page, parts), { timeout }).toEqual([]);
}

async function violationsOf(page: Page, parts: string[]): Promise<string[]> {
  const builder = parts.reduce((builder, part) => builder.include(part), new AxeBuilder({ page }));
  // A theme changes colours and nothing else, so all other rules are looked at in the light one alone.
  if (await page.evaluate(() => matchMedia('(prefers-color-scheme: dark)').matches))
    builder.withRules(['color-contrast']);
  const { violations } = await builder.analyze();
  return violations.map(
    ({ id, help, nodes }) => `${id}: ${help}\n${nodes.map((node) => `  ${node.target.join(' ')}`).join('\n')}`,
  );
}

export { expect };
