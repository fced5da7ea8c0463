import type { SourceFigures, SuggestionsAnswer } from '../../../shared/suggestions';
import { del, get, post } from './http';

export function getSuggestions(conversationId: string): Promise<SuggestionsAnswer> {
  return get(`/conversations/${conversationId}/suggestions`);
}

/** Writes new ones; they come by the conversation's socket. */
export function askForSuggestions(conversationId: string): Promise<unknown> {
  return post(`/conversations/${conversationId}/suggestions`, {});
}

export function rejectSuggestion(conversationId: string, suggestionId: string): Promise<unknown> {
  return post(`/conversations/${conversationId}/suggestions/${suggestionId}/reject`, {});
}

export function takeRejectionBack(conversationId: string, suggestionId: string): Promise<unknown> {
  return del<unknown>(`/conversations/${conversationId}/suggestions/${suggestionId}/reject`);
}

/** How often suggestions were of use, by where they are from. */
export async function getSuggestionFigures(): Promise<SourceFigures[]> {
  return (await get<{ sources: SourceFigures[] }>('/ai/suggestions')).sources;
}
