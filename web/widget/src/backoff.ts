/** Longest wait before the first retry, in milliseconds. */
export const BASE_MS = 500;
/** Longest wait before any retry, in milliseconds. */
export const CAP_MS = 30_000;

/**
 * Milliseconds to wait before a retry, with full jitter: anything from 0 to `BASE_MS * 2^attempt`, at most `CAP_MS`. Full
 * jitter, because all visitors of a page lose their sockets at the same moment and must not come back at the same moment.
 *
 * @param attempt Failed attempts so far, from 0.
 * @param random A number from 0 to 1.
 */
export function backoff(attempt: number, random: number): number {
  return Math.round(Math.min(CAP_MS, BASE_MS * 2 ** attempt) * random);
}
