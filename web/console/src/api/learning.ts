import type {
  Accuracy,
  DecisionView,
  Feedback,
  FeedbackField,
  IntentsTest,
  IntentsVersion,
  Models,
  OwnIntent,
  OwnIntentWithExamples,
  Replay,
  VersionUse,
} from '../../../shared/learning';
import { del, get, post, put } from './http';

function messagePath(conversationId: string, messageId: string): string {
  return `/conversations/${conversationId}/messages/${messageId}`;
}

export function getDecision(conversationId: string, messageId: string): Promise<DecisionView> {
  return get(`${messagePath(conversationId, messageId)}/decision`);
}

/** Gives the decision's inputs to the model of now. */
export function replayDecision(conversationId: string, messageId: string): Promise<Replay> {
  return post(`${messagePath(conversationId, messageId)}/decision/replay`, {});
}

/** Confirms or corrects one field. A repeat with the same `clientId` changes nothing. */
export async function giveFeedback(
  conversationId: string,
  messageId: string,
  field: FeedbackField,
  value: string,
  clientId: string,
): Promise<Feedback> {
  const body = { field, value, client_id: clientId };
  return (await post<{ feedback: Feedback }>(`${messagePath(conversationId, messageId)}/feedback`, body)).feedback;
}

export function withdrawFeedback(conversationId: string, messageId: string, field: FeedbackField): Promise<void> {
  return del(`${messagePath(conversationId, messageId)}/feedback/${field}`);
}

export function getAccuracy(from: Date): Promise<Accuracy> {
  return get(`/ai/accuracy?${new URLSearchParams({ from: from.toISOString() })}`);
}

export function getModels(): Promise<Models> {
  return get('/ai/models');
}

export async function listIntents(): Promise<OwnIntent[]> {
  return (await get<{ intents: OwnIntent[] }>('/ai/intents')).intents;
}

export async function getIntent(id: string): Promise<OwnIntentWithExamples> {
  return (await get<{ intent: OwnIntentWithExamples }>(`/ai/intents/${id}`)).intent;
}

export async function createIntent(name: string, examples: string[]): Promise<OwnIntentWithExamples> {
  return (await post<{ intent: OwnIntentWithExamples }>('/ai/intents', { name, examples })).intent;
}

export async function changeIntent(id: string, name: string, examples: string[]): Promise<OwnIntentWithExamples> {
  return (await put<{ intent: OwnIntentWithExamples }>(`/ai/intents/${id}`, { name, examples })).intent;
}

export function deleteIntent(id: string): Promise<void> {
  return del(`/ai/intents/${id}`);
}

export function trainIntents(): Promise<IntentsVersion> {
  return post('/ai/intents/train', {});
}

/** Newest first. */
export async function listIntentVersions(): Promise<IntentsVersion[]> {
  return (await get<{ versions: IntentsVersion[] }>('/ai/intents/versions')).versions;
}

/** Null switches own intents off. */
export function useIntentVersion(version: number | null): Promise<VersionUse> {
  return post('/ai/intents/rollback', { version });
}

export function testIntents(text: string, signal: AbortSignal): Promise<IntentsTest> {
  return post('/ai/intents/test', { text }, signal);
}
