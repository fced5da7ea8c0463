// The JSON of `/api/v1/me/second-factor` and of the second step of a login, as docs/API.md describes it.

import type { TokenResponse } from './wire';

export interface SecondFactor {
  /** Since when a login asks for it; absent when it does not. */
  since?: string | null;
  /** Recovery codes that are unused. */
  n_recovery_codes: number;
  /** Whether the account wants one of whoever runs it, as this person does. */
  required: boolean;
}

/** A secret for an authenticator app, seen once. */
export interface NewSecondFactor {
  /** For typing: base32. */
  secret: string;
  /** For a QR code. */
  uri: string;
}

export interface RecoveryCodes {
  recovery_codes: string[];
}

/** The answer to a right password: tokens, or half a login. */
export type LoginResponse = TokenResponse | { challenge: string; expires_at: string };

/** What is shown in the second step. */
export type Shown = { code: string } | { recovery_code: string };
