import { useState } from 'preact/hooks';
import type { Article, SourcePage } from '../../../shared/articles';
import { articleDrafts, isUnsaved, readAgain } from '../state/article-draft';
import { mayManageKnowledge } from '../state/articles';
import { fullTime } from '../state/clock';
import { conversationHref } from '../state/router';
import { Icon } from './icon';

/** Conversations that are linked; of more there is the number. */
const N_LINKED = 5;

/** Where an article is from, for whoever writes it. */
export function ArticleOrigin({ article }: { article: Article }) {
  return (
    <>
      {article.drafted_from && <Conversations ids={article.drafted_from.conversation_ids} />}
      {article.source_page && <Source article={article} page={article.source_page} />}
    </>
  );
}

function Conversations({ ids }: { ids: string[] }) {
  const n_more = ids.length - N_LINKED;
  return (
    <p class="article-origin">
      <Icon name="chat" />
      <span>
        Drafted from {ids.length} {ids.length === 1 ? 'conversation' : 'conversations'}. Check what it says before you
        publish it:
      </span>
      {ids.slice(0, N_LINKED).map((id, place) => (
        <a key={id} href={conversationHref(id)}>
          Conversation {place + 1}
        </a>
      ))}
      {n_more > 0 && <span>and {n_more} more</span>}
    </p>
  );
}

function Source({ article, page }: { article: Article; page: SourcePage }) {
  const [busy, setBusy] = useState(false);
  const draft = articleDrafts.value.get(article.id);
  const unsaved = draft !== undefined && isUnsaved(draft);
  const read = async (overwrite: boolean) => {
    setBusy(true);
    await readAgain(article.id, overwrite);
    setBusy(false);
  };
  return (
    <div class="article-origin">
      <Icon name="import" />
      <span>
        From{' '}
        <a href={page.url} target="_blank" rel="noreferrer noopener">
          {page.url}
        </a>
      </span>
      <span role="status">{busy ? 'Reading it…' : standing(page)}</span>
      {mayManageKnowledge.value && (
        <button
          type="button"
          class="button"
          disabled={busy || unsaved}
          title={unsaved ? 'Save your changes first' : undefined}
          onClick={() => void read(false)}
        >
          Read again
        </button>
      )}
      {mayManageKnowledge.value && page.outcome === 'source_changed' && (
        <button type="button" class="button" disabled={busy || unsaved} onClick={() => void read(true)}>
          Take the page’s text
        </button>
      )}
    </div>
  );
}

function standing(page: SourcePage): string {
  const at = fullTime(page.crawled_at);
  if (page.outcome === 'failed') {
    const times = page.n_failures === 1 ? '' : `, ${page.n_failures} times in a row`;
    return `It could not be read ${at}${times}: ${page.problem ?? 'nobody knows why'}`;
  }
  if (page.outcome === 'source_changed') {
    return `Read ${at}: the page says something else now, and your text stays`;
  }
  return `Read ${at}, once a day`;
}
