import type { PrivacyRequest } from '../../../shared/privacy';
import { get, post } from './http';

export interface PrivacyPage {
  privacy_requests: PrivacyRequest[];
  next_cursor?: string;
}

/** Newest first. */
export function listPrivacyRequests(cursor?: string): Promise<PrivacyPage> {
  return get<PrivacyPage>(`/privacy-requests${cursor ? `?cursor=${encodeURIComponent(cursor)}` : ''}`);
}

export async function askFor(kind: PrivacyRequest['kind'], customerId: string): Promise<PrivacyRequest> {
  return (await post<{ privacy_request: PrivacyRequest }>(`/customers/${customerId}/${kind}`, {})).privacy_request;
}

export async function cancelPrivacyRequest(id: string): Promise<PrivacyRequest> {
  return (await post<{ privacy_request: PrivacyRequest }>(`/privacy-requests/${id}/cancel`, {})).privacy_request;
}
