import { type APIRequestContext, expect } from '@playwright/test';
import { type Stack, stack } from './stack.ts';

interface Article {
  title: string;
  body: string;
  version: number;
  is_indexed: boolean;
  n_helpful: number;
  n_unhelpful: number;
}

/** The API as the account's admin uses it: what a test needs before it looks at a page. */
export class Knowledge {
  private constructor(
    private readonly request: APIRequestContext,
    private readonly headers: Record<string, string>,
    private readonly url: string,
  ) {}

  static async open(request: APIRequestContext, account: Stack = stack): Promise<Knowledge> {
    const { email, password } = account.admin;
    const tokens = await request.post(`${account.url}/api/v1/auth/login`, { data: { email, password } });
    const headers = { authorization: `Bearer ${(await tokens.json()).access_token}` };
    return new Knowledge(request, headers, `${account.url}/api/v1`);
  }

  /** A published article, once the search knows it. */
  async publish(title: string, body: string): Promise<{ id: string; version: number }> {
    const { article } = await this.post('/articles', { title, body, language: 'en', state: 'published' });
    await expect.poll(async () => (await this.article(article.id)).is_indexed).toBe(true);
    return article;
  }

  /** One that nobody but members sees. */
  async draft(title: string, body: string): Promise<{ id: string; version: number }> {
    return (await this.post('/articles', { title, body, language: 'en' })).article;
  }

  async article(id: string): Promise<Article> {
    return (await this.answer(await this.request.get(`${this.url}/articles/${id}`, { headers: this.headers }))).article;
  }

  /** Saves over the version that is there, as a colleague would. */
  async change(id: string, body: string): Promise<void> {
    const { title, version } = await this.article(id);
    const data = { title, version, body, language: 'en' };
    await this.answer(await this.request.put(`${this.url}/articles/${id}`, { headers: this.headers, data }));
  }

  async macro(title: string, text: string, kind: 'macro' | 'template' = 'macro'): Promise<{ id: string }> {
    return (await this.post('/macros', { kind, title, text })).macro;
  }

  /** A chat on a website. */
  async inbox(name: string): Promise<{ id: string; key: string }> {
    return this.post('/inboxes', { channel: 'widget', name });
  }

  /** One in which the assistant answers first. */
  async chat(name: string): Promise<{ id: string; key: string }> {
    const inbox = await this.inbox(name);
    const data = { is_enabled: true };
    await this.answer(
      await this.request.put(`${this.url}/inboxes/${inbox.id}/assistant`, { headers: this.headers, data }),
    );
    return inbox;
  }

  /** How many say that an article is helpful, and how many that it is not. */
  async votes(id: string): Promise<[number, number]> {
    const { n_helpful, n_unhelpful } = await this.article(id);
    return [n_helpful, n_unhelpful];
  }

  /** So that later tests are offered nothing of this one. */
  async forget(path: string): Promise<void> {
    await this.request.delete(`${this.url}${path}`, { headers: this.headers });
  }

  private async post(path: string, data: object) {
    return this.answer(await this.request.post(`${this.url}${path}`, { headers: this.headers, data }));
  }

  private async answer(answer: Awaited<ReturnType<APIRequestContext['post']>>) {
    expect(answer.ok(), `${answer.url()}: ${await answer.text()}`).toBe(true);
    return answer.json();
  }
}
