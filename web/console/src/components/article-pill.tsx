import type { ArticleSummary } from '../../../shared/articles';
import { STATE_NAMES } from '../state/articles';

const SHADES = { draft: 'pending', published: 'resolved', archived: '' } as const;

/** Who may see an article, and what of it nobody sees yet. */
export function ArticlePill({ article }: { article: ArticleSummary }) {
  const { state, version, published_version: shown, is_indexed } = article;
  const isPublic = state === 'published';
  return (
    <span class="article-pills">
      {isPublic && shown !== undefined && version > shown && <span class="chip status pending">Changed since</span>}
      {isPublic && !is_indexed && <span class="chip status active">On its way into the search</span>}
      <span class={`chip status ${SHADES[state]}`}>{STATE_NAMES[state]}</span>
    </span>
  );
}
