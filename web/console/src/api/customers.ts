import type { ConsentList, Customer, Export, NewConsent } from '../../../shared/customers';
import type { Conversation } from '../../../shared/wire';
import { get, post } from './http';

export interface CustomerPage {
  customers: Customer[];
  next_cursor?: string;
}

/** Those who came last first; with a query, whose name or address begins with it. */
export function listCustomers(query: string, cursor?: string): Promise<CustomerPage> {
  const parameters = new URLSearchParams();
  if (query) parameters.set('query', query);
  if (cursor) parameters.set('cursor', cursor);
  return get<CustomerPage>(`/customers?${parameters}`);
}

export async function readCustomer(id: string): Promise<Customer> {
  return (await get<{ customer: Customer }>(`/customers/${id}`)).customer;
}

export async function listTheirConversations(id: string): Promise<Conversation[]> {
  return (await get<{ conversations: Conversation[] }>(`/conversations?customer_id=${id}&limit=50`)).conversations;
}

export function listConsents(id: string): Promise<ConsentList> {
  return get<ConsentList>(`/customers/${id}/consents`);
}

export async function addConsent(id: string, consent: NewConsent): Promise<void> {
  await post(`/customers/${id}/consents`, consent);
}

export async function listExports(id: string): Promise<Export[]> {
  return (await get<{ exports: Export[] }>(`/customers/${id}/exports`)).exports;
}

export async function askForExport(id: string, includeNotes: boolean): Promise<void> {
  await post(`/customers/${id}/exports`, { include_notes: includeNotes });
}

/** A link that opens the archive for ten minutes. */
export async function makeLink(id: string, exportId: string): Promise<string> {
  return (await post<{ url: string }>(`/customers/${id}/exports/${exportId}/link`, {})).url;
}
