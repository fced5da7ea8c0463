import type { SimilarAnswer, SimilarConversation } from '../../../shared/similar';
import { get } from './http';

/** Open conversations that ask the same, the most alike first. */
export async function listSimilar(conversationId: string): Promise<SimilarConversation[]> {
  return (await get<SimilarAnswer>(`/conversations/${conversationId}/similar`)).similar;
}
