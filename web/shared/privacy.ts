// The JSON of `/api/v1/privacy-requests`, as docs/API.md describes it.

export type PrivacyStatus = 'scheduling' | 'waiting' | 'working' | 'done' | 'cancelling' | 'cancelled';

export interface PrivacyRequest {
  id: string;
  kind: 'erasure' | 'anonymisation';
  customer_id: string;
  status: PrivacyStatus;
  requested_by: string;
  requested_at: string;
  /** Until then an erasure can be taken back. */
  due_at: string;
  finished_at?: string | null;
  /** Conversations that are done with the present step. */
  n_done: number;
  n_total: number;
  /** Attempts in a row that failed. */
  n_failures: number;
}
