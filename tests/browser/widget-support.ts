import { test as base, expect, type Page, type WebSocketRoute } from '@playwright/test';
import { stack } from './support/stack.ts';

/** An event of the log, or any other frame of a socket. */
export interface Frame {
  type: string;
  seq?: number;
  /** When it came in, in Unix milliseconds. */
  arrivedAt: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into frames of every type.
  data?: any;
}

/** An agent who answers over the API, as the console does. */
export class Agent {
  private readonly sockets: AgentSocket[] = [];

  private constructor(
    private readonly token: string,
    readonly name: string,
  ) {}

  static async login(): Promise<Agent> {
    const response = await fetch(`${stack.url}/api/v1/auth/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(stack.agent),
    });
    expect(response.status, await response.clone().text()).toBe(200);
    const body = await response.json();
    return new Agent(body.access_token, body.user.name);
  }

  private async call(method: string, path: string, body?: unknown) {
    const response = await fetch(`${stack.url}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${this.token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    expect(response.ok, `${method} ${path}: ${response.status} ${text}`).toBe(true);
    return JSON.parse(text || '{}');
  }

  /** The texts of the conversation's messages, read from the log. */
  async texts(conversationId: string): Promise<string[]> {
    const { messages } = await this.call('GET', `/conversations/${conversationId}/messages`);
    return messages.map((message: { text: string }) => message.text);
  }

  reply(conversationId: string, text: string) {
    return this.call('POST', `/conversations/${conversationId}/messages`, { text });
  }

  note(conversationId: string, text: string) {
    return this.call('POST', `/conversations/${conversationId}/messages`, { text, direction: 'note' });
  }

  setStatus(conversationId: string, status: string) {
    return this.call('POST', `/conversations/${conversationId}/status`, { status });
  }

  /** The conversation's socket, as the console opens it. */
  async listen(conversationId: string): Promise<AgentSocket> {
    const { ticket } = await this.call('POST', '/socket-tickets', { conversation_id: conversationId });
    const url = `${stack.url.replace(/^http/, 'ws')}/api/v1/conversations/${conversationId}/socket?ticket=${ticket}`;
    const socket = await AgentSocket.open(url);
    this.sockets.push(socket);
    return socket;
  }

  close(): void {
    for (const socket of this.sockets) socket.close();
  }
}

export class AgentSocket {
  readonly frames: Frame[] = [];

  private constructor(private readonly socket: WebSocket) {
    socket.addEventListener('message', ({ data }) => {
      if (data !== 'pong') this.frames.push({ ...JSON.parse(String(data)), arrivedAt: Date.now() });
    });
  }

  static async open(url: string): Promise<AgentSocket> {
    const socket = new WebSocket(url);
    const agent = new AgentSocket(socket);
    await new Promise((resolve, reject) => {
      socket.addEventListener('open', resolve);
      socket.addEventListener('error', () => reject(new Error(`no socket: ${url}`)));
    });
    return agent;
  }

  send(frame: object): void {
    this.socket.send(JSON.stringify(frame));
  }

  /** Waits for a frame, of those that came already or are to come. */
  async expectFrame(what: (frame: Frame) => boolean): Promise<Frame> {
    await expect.poll(() => this.frames.some(what), { message: 'the frame arrives' }).toBe(true);
    return this.frames.find(what) as Frame;
  }

  /** Asks for the whole log and returns its last `seq`. */
  async resume(): Promise<number> {
    this.send({ type: 'resume', seq: 0 });
    const { seq } = await this.expectFrame((frame) => frame.type === 'resumed');
    return seq ?? 0;
  }

  close(): void {
    this.socket.close();
  }
}

/** The widget on a page, by the words and roles that a visitor meets. */
export class Widget {
  constructor(readonly page: Page) {}

  /** The widget of another tab. */
  inPage(page: Page): Widget {
    return new Widget(page);
  }

  get launcher() {
    return this.page.getByRole('button', { name: /^(Open|Close) chat/ }).and(this.page.locator('.launcher'));
  }
  get panel() {
    return this.page.getByRole('dialog');
  }
  get input() {
    return this.page.getByRole('textbox', { name: 'Write a message' });
  }
  get bubbles() {
    return this.page.getByRole('log').locator('.bubble');
  }
  bubble(text: string) {
    return this.bubbles.filter({ hasText: text });
  }
  get receipt() {
    return this.page.getByRole('log').locator('.receipt');
  }

  async visit(path = `/demo/?inbox_key=${stack.widget.inbox_key}`): Promise<void> {
    await this.page.goto(new URL(path, stack.url).href);
    await expect(this.launcher).toBeVisible();
  }

  async open(): Promise<void> {
    await this.launcher.click();
    await expect(this.panel).toBeVisible();
    await this.expectConnected();
  }

  async expectConnected(): Promise<void> {
    await expect(this.panel.getByText('Connected')).toBeVisible();
  }

  async write(text: string): Promise<void> {
    await this.input.fill(text);
    await this.input.press('Enter');
  }

  /** Writes and waits for the ack. */
  async send(text: string): Promise<void> {
    await this.write(text);
    await expect(this.bubbles.last()).toHaveText(text);
    await expect(this.receipt.last()).toHaveText(/Sent|Seen/);
  }

  /** The conversation that the page's session is for. */
  conversationId(inboxKey = stack.widget.inbox_key): Promise<string> {
    return this.page.evaluate(
      (key) => JSON.parse(localStorage.getItem(`edgedesk:${key}:session`) ?? '{}').conversationId,
      inboxKey,
    );
  }
}

/** A browser logs every request that fails for want of a network; nothing a page does can keep it from that. */
const OFFLINE_ERROR = /ERR_INTERNET_DISCONNECTED/;

interface Fixtures {
  agent: Agent;
  widget: Widget;
  /** Console errors that the test brings about itself. */
  expectedErrors: RegExp[];
}

/** Fails every test on a console error, which a violated Content-Security-Policy is too, or on an exception of the page. */
export const test = base.extend<Fixtures>({
  expectedErrors: [[OFFLINE_ERROR], { option: true }],
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the parameter list.
  agent: async ({}, use) => {
    const agent = await Agent.login();
    await use(agent);
    agent.close();
  },
  widget: async ({ page, expectedErrors }, use) => {
    const errors: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error') errors.push(message.text());
    });
    page.on('pageerror', (error) => errors.push(String(error)));
    await use(new Widget(page));
    expect(errors.filter((error) => !expectedErrors.some((pattern) => pattern.test(error)))).toEqual([]);
  },
});

/** Cuts the widget off from its host and lets it through again, while the page itself stays reachable. */
export async function networkSwitch(page: Page) {
  let isCut = false;
  const open = new Set<WebSocketRoute>();
  await page.routeWebSocket(/\/widget\/v1\/socket/, (socket) => {
    if (isCut) {
      socket.close({ code: 4999 });
      return;
    }
    socket.connectToServer();
    open.add(socket);
    socket.onClose(() => open.delete(socket));
  });
  await page.route('**/widget/v1/**', (route) => (isCut ? route.abort() : route.continue()));
  return {
    cut(): void {
      isCut = true;
      for (const socket of open) socket.close({ code: 4999 });
      open.clear();
    },
    mend(): void {
      isCut = false;
    },
  };
}
