import type { ZendeskLink, ZendeskLinkBody } from '../../../shared/security';
import { del, get, put } from './http';

export async function readZendeskLink(): Promise<{ zendesk: ZendeskLink | null }> {
  return get('/security/zendesk');
}

export function linkZendesk(body: ZendeskLinkBody): Promise<{ zendesk: ZendeskLink | null }> {
  return put('/security/zendesk', body);
}

export function unlinkZendesk(): Promise<void> {
  return del('/security/zendesk');
}
