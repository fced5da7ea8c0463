// The JSON of `/api/v1/auth/providers`, as docs/API.md describes it.

export interface Provider {
  id: string;
  /** What its button says, such as `Google`. */
  name: string;
}

export interface ProviderList {
  providers: Provider[];
  /** Whether anybody may make an account. */
  sign_up: boolean;
}

export interface ProviderStart {
  /** The provider's page. It leads back to the console with `state` and `code`, or with `error`. */
  url: string;
}
