import type { AssistantSettings, AssistantView } from '../../../shared/assistant';
import type { Inbox } from '../../../shared/inboxes';
import { get, put } from './http';

export function getAssistant(): Promise<AssistantView> {
  return get('/assistant');
}

export function stopAssistant(isStopped: boolean): Promise<AssistantView> {
  return put('/assistant', { is_stopped: isStopped });
}

export function setInboxAssistant(inboxId: string, settings: AssistantSettings): Promise<Inbox> {
  return put(`/inboxes/${inboxId}/assistant`, settings);
}
