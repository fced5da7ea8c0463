// The JSON of API keys, as docs/API.md describes it.

export interface ApiKey {
  id: string;
  name: string;
  /** How the key begins. */
  prefix: string;
  scopes: string[];
  created_by: { id: string; name: string };
  created_at: string;
  /** To the minute. */
  last_used_at?: string | null;
  expires_at?: string | null;
  revoked_at?: string | null;
}

export interface NewApiKey {
  name: string;
  scopes: string[];
  expires_at?: string;
}

export interface MadeApiKey {
  api_key: ApiKey;
  /** In this answer and in no other. */
  key: string;
}
