import { signal } from '@preact/signals';
import type { ZendeskLink, ZendeskLinkBody } from '../../../shared/security';
import { linkZendesk, readZendeskLink, unlinkZendesk } from '../api/zendesk';
import { Loaded } from './loaded';
import { reasonOf } from './reason-of';
import { toast } from './toasts';

/** Which Zendesk vouches for agents of the account. */
export const zendesk = new Loaded<{ zendesk: ZendeskLink | null }>();
/** Which of its dialogs is open. */
export const askingZendesk = signal<'link' | 'unlink' | null>(null);

export function loadZendesk(): Promise<void> {
  return zendesk.load(readZendeskLink);
}

export function leaveZendesk(): void {
  zendesk.value.value = null;
  askingZendesk.value = null;
}

/** Throws what the form shows. */
export async function saveZendesk(body: ZendeskLinkBody): Promise<void> {
  zendesk.value.value = await linkZendesk(body);
  askingZendesk.value = null;
  toast(`Agents come in from ${body.subdomain}.zendesk.com now`);
}

export async function removeZendesk(): Promise<void> {
  try {
    await unlinkZendesk();
    zendesk.value.value = { zendesk: null };
    toast('Zendesk vouches for nobody any more');
  } catch (error) {
    toast(`Nothing was changed. ${reasonOf(error, 'Please try again.')}`, { kind: 'error' });
  }
  askingZendesk.value = null;
}
