import type { ArticleSummary } from '../../../shared/articles';
import {
  articleFilter,
  articles,
  bringBack,
  categories,
  categoryTitle,
  filterArticles,
  loadArticles,
  loadingMore,
  loadMoreArticles,
  mayManageKnowledge,
  mayWriteArticles,
  NO_FILTER,
  nextArticles,
  STATE_NAMES,
} from '../state/articles';
import { fullTime } from '../state/clock';
import { LANGUAGES, languageName } from '../state/labels';
import { articleHref } from '../state/router';
import { ArticlePill } from './article-pill';
import { Icon } from './icon';
import { PageSkeleton } from './page';
import { Empty, Failed } from './states';

export function ArticleFilters() {
  const filter = articleFilter.value;
  return (
    <div class="audit-filters article-filters">
      <label class="article-search">
        <span>Title</span>
        <input
          type="search"
          value={filter.query}
          maxLength={200}
          placeholder="Words of the title"
          onInput={(event) => filterArticles({ query: event.currentTarget.value })}
        />
      </label>
      <label>
        <span>State</span>
        <select
          value={filter.state}
          onChange={(event) => filterArticles({ state: event.currentTarget.value as typeof filter.state })}
        >
          <option value="">Any</option>
          {Object.entries(STATE_NAMES).map(([state, name]) => (
            <option key={state} value={state}>
              {name}
            </option>
          ))}
          <option value="deleted">Deleted</option>
        </select>
      </label>
      <label>
        <span>Category</span>
        <select
          value={filter.categoryId}
          onChange={(event) => filterArticles({ categoryId: event.currentTarget.value })}
        >
          <option value="">Any</option>
          {(categories.value.value ?? []).map((category) => (
            <option key={category.id} value={category.id}>
              {category.name}
            </option>
          ))}
        </select>
      </label>
      <label>
        <span>Language</span>
        <select value={filter.language} onChange={(event) => filterArticles({ language: event.currentTarget.value })}>
          <option value="">Any</option>
          <LanguageOptions />
        </select>
      </label>
    </div>
  );
}

/** By name; one that is not listed stays what it is. */
export function LanguageOptions({ also }: { also?: string | undefined }) {
  const codes = also && !LANGUAGES.includes(also) ? [...LANGUAGES, also] : LANGUAGES;
  return (
    <>
      {codes.map((code) => (
        <option key={code} value={code}>
          {languageName(code)}
        </option>
      ))}
    </>
  );
}

export function ArticleList() {
  const list = articles.value.value;
  if (!list) {
    return articles.state.value === 'failed' ? (
      <Failed
        title="The articles could not be loaded"
        detail="Nothing has changed. Please try again."
        onRetry={() => void loadArticles()}
      />
    ) : (
      <PageSkeleton what="the articles" />
    );
  }
  if (list.length === 0) return <NoArticles />;
  return (
    <section class="card list-card" aria-label="List of articles" aria-busy={articles.state.value === 'loading'}>
      <ul class="intents articles">
        {list.map((article) => (
          <Row key={article.id} article={article} />
        ))}
      </ul>
      {nextArticles.value && (
        <button type="button" class="button more" disabled={loadingMore.value} onClick={() => void loadMoreArticles()}>
          {loadingMore.value ? 'Loading…' : 'Show more'}
        </button>
      )}
    </section>
  );
}

function Row({ article }: { article: ArticleSummary }) {
  const category = categoryTitle(article.category_id);
  const votes = article.n_helpful + article.n_unhelpful;
  return (
    <li class="intent article-row">
      <div class="intent-main">
        {article.deleted_at ? (
          <span class="key-name">{article.title}</span>
        ) : (
          <a class="intent-name" href={articleHref(article.id)}>
            {article.title}
          </a>
        )}
        <span class="intent-counts">
          {languageName(article.language)}
          {category && ` · ${category}`}
          {article.deleted_at ? ` · deleted ${fullTime(article.deleted_at)}` : ` · ${fullTime(article.updated_at)}`}
          {article.source && ` · from ${article.source}`}
        </span>
      </div>
      {votes > 0 && (
        <span class="intent-recall">
          {article.n_helpful} of {votes} found it helpful
        </span>
      )}
      {article.deleted_at ? (
        mayManageKnowledge.value && (
          <button
            type="button"
            class="button"
            aria-label={`Restore “${article.title}”`}
            onClick={() => void bringBack(article)}
          >
            Restore
          </button>
        )
      ) : (
        <ArticlePill article={article} />
      )}
    </li>
  );
}

function NoArticles() {
  const filter = articleFilter.value;
  const isFiltered =
    filter.query.trim() !== '' || filter.state !== '' || filter.categoryId !== '' || filter.language !== '';
  if (isFiltered) {
    return (
      <section class="card">
        <Empty
          icon="search"
          title={filter.state === 'deleted' ? 'Nothing was deleted in the last 30 days' : 'No article matches'}
        >
          <button type="button" class="button" onClick={() => filterArticles(NO_FILTER)}>
            Show all
          </button>
        </Empty>
      </section>
    );
  }
  return (
    <section class="card">
      <Empty icon="book" title="Write down what is asked again and again">
        <p class="empty-text">
          Answers are written out of published articles, each sentence with the place that it stands on. Ten articles
          are a good beginning.
        </p>
        {mayWriteArticles.value && (
          <a class="button primary" href={articleHref('new')}>
            <Icon name="plus" />
            Write the first article
          </a>
        )}
        {mayManageKnowledge.value && (
          <a class="button" href={articleHref('import')}>
            <Icon name="import" />
            Import
          </a>
        )}
      </Empty>
    </section>
  );
}
