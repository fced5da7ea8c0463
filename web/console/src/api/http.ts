import type { Problem } from '../../../shared/wire';
import { bearer, refresh } from './session';

/** Longest wait, in seconds, before a call that came too fast is made again: the account's second is over after one. */
const MAX_WAIT_SECS = 2;

/** An answer that is no success, with what a person may be told. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly requestId = '',
  ) {
    super(message);
  }
}

/** True for trouble that may pass by itself: no network, or a server that is busy or broken. */
export function isTransient(error: unknown): boolean {
  return !(error instanceof ApiError) || error.status === 0 || error.status === 429 || error.status >= 500;
}

export function get<T>(path: string): Promise<T> {
  return request<T>('GET', path);
}

/** An aborted `signal` makes it fail with an `AbortError`, which nobody needs to be told of. */
export function post<T>(path: string, body: unknown, signal?: AbortSignal): Promise<T> {
  return request<T>('POST', path, body, signal);
}

export function put<T>(path: string, body: unknown): Promise<T> {
  return request<T>('PUT', path, body);
}

export function del<T = void>(path: string): Promise<T> {
  return request<T>('DELETE', path);
}

async function request<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  let answer = await send(method, path, body, signal);
  // An access token may end between two timers (a laptop that slept): refresh once, then try again.
  if (answer.status === 401 && (await refresh())) answer = await send(method, path, body, signal);
  // All consoles of an account share its calls of a second. What was refused did nothing, so it may be sent again.
  const waitSecs = answer.status === 429 ? Number(answer.headers.get('retry-after') ?? Number.NaN) : Number.NaN;
  if (waitSecs <= MAX_WAIT_SECS) {
    // Spread, or those who were refused together ask together again.
    await new Promise((resolve) => setTimeout(resolve, 1000 * (waitSecs + Math.random())));
    answer = await send(method, path, body, signal);
  }
  if (!answer.ok) throw await toError(answer);
  return (answer.status === 204 ? undefined : await answer.json()) as T;
}

async function send(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<Response> {
  // Before the first refresh has come back there is no token yet: ask for one rather than be refused.
  if (!bearer()) await refresh();
  const headers: Record<string, string> = { authorization: `Bearer ${bearer()}` };
  if (body !== undefined) headers['content-type'] = 'application/json';
  const sent = body === undefined ? null : JSON.stringify(body);
  try {
    // What takes something away is often the last thing before a page is left, and must not be cut off by that.
    const keepalive = method === 'DELETE';
    return await fetch(`/api/v1${path}`, { method, headers, body: sent, signal: signal ?? null, keepalive });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError(0, 'network', 'There is no connection to the server.');
  }
}

export async function toError(answer: Response): Promise<ApiError> {
  try {
    const problem = (await answer.json()) as Problem;
    const detail = problem.detail ? sentence(problem.detail) : problem.title;
    const fields = (problem.errors ?? []).map(({ pointer, detail }) => sentence(`${placeOf(pointer)}: ${detail}`));
    return new ApiError(answer.status, problem.code, [detail, ...fields].join(' '), problem.request_id);
  } catch {
    return new ApiError(answer.status, 'unknown', 'The server gave an answer that we do not understand.');
  }
}

/** The words of a JSON pointer: `/allowed_origins/0` is "allowed origins 1". */
function placeOf(pointer: string): string {
  const parts = pointer.split('/').filter((part) => part !== '');
  return parts.map((part) => (/^\d+$/.test(part) ? String(Number(part) + 1) : part.replaceAll('_', ' '))).join(' ');
}

function sentence(text: string): string {
  const first = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(first) ? first : `${first}.`;
}
