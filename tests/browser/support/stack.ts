import { createHmac, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';

interface Login {
  email: string;
  password: string;
}

/** What `cargo xtask dev` writes about a stack that runs. */
export interface Stack {
  url: string;
  account_id: string;
  admin: Login;
  agent: Login;
  zendesk: { inbox_id: string; secret: string; hook_url: string };
  widget: { inbox_key: string; demo_url: string };
}

export const stack: Stack = JSON.parse(readFileSync(process.env.EDGEDESK_DEV_JSON ?? '.edgedesk/dev.json', 'utf8'));

let lastId = Date.now() * 100 + Math.floor(Math.random() * 100);

/** Unlike any other of this and earlier runs: the stack keeps what they sent. */
export function newId(): string {
  lastId += 1;
  return String(lastId);
}

/** A customer's ticket in Zendesk; each call of `says` is a signed webhook. */
export class ZendeskTicket {
  readonly id = newId();
  private readonly customerId = newId();

  readonly customerName: string;

  constructor(
    readonly subject: string,
    customerName?: string,
    private readonly target: Stack = stack,
  ) {
    this.customerName = customerName ?? `Customer ${this.customerId.slice(-6)}`;
  }

  /** The ticket with its first message. */
  opened(text: string): Promise<void> {
    return this.send('ticket.created', { description: text }, {});
  }

  /** A public comment of the customer. */
  says(text: string): Promise<void> {
    const author = { id: this.customerId, is_staff: false, name: this.customerName };
    return this.send('ticket.comment_added', {}, { comment: { id: newId(), body: text, is_public: true, author } });
  }

  private async send(type: string, detail: object, event: object): Promise<void> {
    const now = new Date().toISOString();
    const body = JSON.stringify({
      account_id: 22129848,
      id: randomUUID(),
      time: now,
      type: `zen:event-type:${type}`,
      zendesk_event_version: '2022-11-06',
      subject: `zen:ticket:${this.id}`,
      detail: {
        id: this.id,
        subject: this.subject,
        description: this.subject,
        requester_id: this.customerId,
        submitter_id: this.customerId,
        actor_id: this.customerId,
        is_public: true,
        status: 'OPEN',
        priority: null,
        created_at: now,
        updated_at: now,
        via: { channel: 'web_service' },
        ...detail,
      },
      event,
    });
    const timestamp = `${now.slice(0, 19)}Z`;
    const signature = createHmac('sha256', this.target.zendesk.secret)
      .update(timestamp + body)
      .digest('base64');
    const answer = await fetch(this.target.zendesk.hook_url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-zendesk-webhook-signature': signature,
        'x-zendesk-webhook-signature-timestamp': timestamp,
        'x-zendesk-webhook-invocation-id': randomUUID(),
      },
      body,
    });
    if (answer.status !== 200) throw new Error(`the hook answered ${answer.status}: ${await answer.text()}`);
  }
}
