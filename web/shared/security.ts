// The JSON of how people get into an account, as docs/API.md describes it.

export interface Networks {
  /** In CIDR notation; empty for everywhere. */
  networks: string[];
  own_address?: string | null;
}
