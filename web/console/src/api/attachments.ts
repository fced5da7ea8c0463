import type { Attachment } from '../../../shared/wire';
import { ApiError, post, toError } from './http';
import { bearer, refresh } from './session';

/** A link that opens a file for ten minutes. */
export async function attachmentLink(conversationId: string, id: string): Promise<string> {
  return (await post<{ url: string }>(`/conversations/${conversationId}/attachments/${id}/link`, {})).url;
}

/**
 * Uploads a file. `onProgress` gets the part that is sent, 0 to 1. An aborted `signal` makes it fail with an `AbortError`.
 */
export async function uploadAttachment(
  conversationId: string,
  file: File,
  onProgress: (part: number) => void,
  signal: AbortSignal,
): Promise<Attachment> {
  let answer = await send(conversationId, file, onProgress, signal);
  // The token may have ended between two timers.
  if (answer.status === 401 && (await refresh())) answer = await send(conversationId, file, onProgress, signal);
  if (!answer.ok) throw await toError(answer);
  return ((await answer.json()) as { attachment: Attachment }).attachment;
}

/** With `XMLHttpRequest`, the only one that says how far an upload is. */
function send(
  conversationId: string,
  file: File,
  onProgress: (part: number) => void,
  signal: AbortSignal,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const request = new XMLHttpRequest();
    request.open('POST', `/api/v1/conversations/${conversationId}/attachments?name=${encodeURIComponent(file.name)}`);
    request.setRequestHeader('authorization', `Bearer ${bearer()}`);
    request.setRequestHeader('content-type', file.type || 'application/octet-stream');
    request.upload.onprogress = (event) => {
      if (event.lengthComputable) onProgress(event.loaded / event.total);
    };
    request.onload = () => resolve(new Response(request.responseText, { status: request.status }));
    request.onerror = () => reject(new ApiError(0, 'network', 'There is no connection to the server.'));
    request.onabort = () => reject(signal.reason);
    signal.addEventListener('abort', () => request.abort(), { once: true });
    request.send(file);
  });
}
