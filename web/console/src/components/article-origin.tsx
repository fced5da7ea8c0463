import type { Article } from '../../../shared/articles';
import { conversationHref } from '../state/router';
import { Icon } from './icon';

/** Conversations that are linked; of more there is the number. */
const N_LINKED = 5;

/** Where an article is from, for whoever writes it. */
export function ArticleOrigin({ article }: { article: Article }) {
  if (!article.drafted_from) return null;
  const { conversation_ids } = article.drafted_from;
  const n_more = conversation_ids.length - N_LINKED;
  return (
    <p class="article-origin">
      <Icon name="chat" />
      <span>
        Drafted from {conversation_ids.length} {conversation_ids.length === 1 ? 'conversation' : 'conversations'}. Check
        what it says before you publish it:
      </span>
      {conversation_ids.slice(0, N_LINKED).map((id, place) => (
        <a key={id} href={conversationHref(id)}>
          Conversation {place + 1}
        </a>
      ))}
      {n_more > 0 && <span>and {n_more} more</span>}
    </p>
  );
}
