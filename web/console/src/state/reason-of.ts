import { ApiError } from '../api/http';

/** What a person may be told of a failure. */
export function reasonOf(error: unknown, otherwise: string): string {
  return error instanceof ApiError && error.message ? error.message : otherwise;
}
