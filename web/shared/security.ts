// The JSON of how people get into an account, as docs/API.md describes it.

export interface Networks {
  /** In CIDR notation; empty for everywhere. */
  networks: string[];
  own_address?: string | null;
}

/** An application of Cloudflare Access. */
export interface AccessApplication {
  team_domain: string;
  /** Its AUD tag. */
  audience: string;
}

/** Through what the account's people have to come. */
export interface ZeroTrust {
  /** Null where they need not. */
  application: AccessApplication | null;
  /** Whether one's own request came through Access: without, one cannot turn it on. */
  own_assertion: boolean;
}

/** Whether the account wants a second factor of whoever runs it. */
export interface SecondFactorRule {
  required: boolean;
  /** Admins and owners who have none. */
  n_without: number;
  /** Whether one is among them: then one cannot ask for it. */
  own_missing: boolean;
}

/** The Zendesk that vouches for agents of the account. */
export interface ZendeskLink {
  subdomain: string;
  installation_id: number;
  /** Whose API token it is. */
  email: string;
  since: string;
}

export interface ZendeskLinkBody {
  subdomain: string;
  installation_id: number;
  email: string;
  api_token: string;
}
