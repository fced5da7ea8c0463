// The JSON of customers, their consents and exports of their data, as docs/API.md describes it.

export interface Customer {
  id: string;
  name?: string;
  email?: string;
  first_seen_at: string;
  n_conversations: number;
  last_active_at?: string;
}

export type ConsentPurpose = 'marketing' | 'analytics' | 'automated_processing' | 'sensitive_data' | 'sale_or_sharing';
export type ConsentState = 'given' | 'withdrawn';
export type ConsentSource =
  | 'conversation'
  | 'web_form'
  | 'letter'
  | 'phone'
  | 'in_person'
  | 'import'
  | 'global_privacy_control';

export interface NewConsent {
  purpose: ConsentPurpose;
  state: ConsentState;
  source: ConsentSource;
  wording?: string;
  note?: string;
}

export interface Consent extends NewConsent {
  number: number;
  /** Absent: Edgedesk itself. */
  recorded_by?: { id: string; name: string };
  at: string;
}

export interface ConsentList {
  /** The last of each purpose. */
  in_force: Consent[];
  /** Newest first. */
  consents: Consent[];
}

export interface Export {
  id: string;
  state: 'requested' | 'running' | 'ready' | 'failed' | 'expired';
  include_notes: boolean;
  requested_by: { id: string; name: string };
  requested_at: string;
  finished_at?: string;
  expires_at?: string;
  size_bytes?: number;
  reason?: string;
}
