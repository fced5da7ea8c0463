import { useEffect, useRef, useState } from 'preact/hooks';
import type { ArticleHit, ArticleHits } from '../../../shared/articles';
import { searchArticles } from '../api/articles';
import { categories } from '../state/articles';
import { languageName } from '../state/labels';
import { reasonOf } from '../state/reason-of';
import { articleHref } from '../state/router';
import { LanguageOptions } from './article-list';
import { ArticlePlaces } from './article-places';
import { Icon } from './icon';
import { percent } from './mood';
import { Empty } from './states';

const N_HITS = 10;

/** What the search finds for a question, and how sure it is of it. */
export function ArticleSearchTry() {
  const [query, setQuery] = useState('');
  const [language, setLanguage] = useState('');
  const [categoryId, setCategoryId] = useState('');
  const [found, setFound] = useState<ArticleHits | null>(null);
  const [error, setError] = useState('');
  const [busy, setBusy] = useState(false);
  const asked = useRef<AbortController | null>(null);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    input.current?.focus();
    return () => asked.current?.abort();
  }, []);
  const search = async () => {
    if (query.trim() === '') return;
    asked.current?.abort();
    const asking = new AbortController();
    asked.current = asking;
    setBusy(true);
    setError('');
    try {
      const filter = { ...(language && { language }), ...(categoryId && { category_id: categoryId }) };
      const answer = await searchArticles({ query: query.trim(), limit: N_HITS, ...filter }, asking.signal);
      if (!asking.signal.aborted) setFound(answer);
    } catch (failure) {
      if (asking.signal.aborted) return;
      setFound(null);
      setError(reasonOf(failure, 'Nothing could be looked for. Please try again.'));
    }
    if (!asking.signal.aborted) setBusy(false);
  };
  return (
    <>
      <form
        class="audit-filters article-filters"
        aria-label="Search"
        onSubmit={(event) => {
          event.preventDefault();
          void search();
        }}
      >
        <label class="article-search">
          <span>Question, as a customer would ask it</span>
          <input
            ref={input}
            type="search"
            value={query}
            maxLength={10_000}
            placeholder="How long do I have to send it back?"
            onInput={(event) => setQuery(event.currentTarget.value)}
          />
        </label>
        <label>
          <span>Language</span>
          <select value={language} onChange={(event) => setLanguage(event.currentTarget.value)}>
            <option value="">Any</option>
            <LanguageOptions />
          </select>
        </label>
        <label>
          <span>Category</span>
          <select value={categoryId} onChange={(event) => setCategoryId(event.currentTarget.value)}>
            <option value="">Any</option>
            {(categories.value.value ?? []).map((category) => (
              <option key={category.id} value={category.id}>
                {category.name}
              </option>
            ))}
          </select>
        </label>
        <button type="submit" class="button primary" disabled={busy || query.trim() === ''}>
          <Icon name="search" />
          {busy ? 'Looking…' : 'Search'}
        </button>
      </form>
      <div role="alert">
        {error && (
          <p class="form-error">
            <Icon name="alert" />
            {error}
          </p>
        )}
      </div>
      <p class="visually-hidden" role="status">
        {found && !busy && (found.hits.length === 1 ? '1 article found' : `${found.hits.length} articles found`)}
      </p>
      {found && <Found found={found} />}
    </>
  );
}

function Found({ found }: { found: ArticleHits }) {
  return (
    <>
      {found.words_only && (
        <p class="page-note poor">The models do not answer: only words were compared, and not what they mean.</p>
      )}
      {found.n_pending > 0 && (
        <p class="page-note">
          {found.n_pending === 1 ? 'One article is' : `${found.n_pending} articles are`} on the way into the search, and
          may be missing here.
        </p>
      )}
      {found.hits.length === 0 ? (
        <section class="card">
          <Empty icon="search" title="No published article says anything of it" />
        </section>
      ) : (
        <ol class="hits" aria-label="Found">
          {found.hits.map((hit) => (
            <Hit key={`${hit.article_id} ${hit.start}`} hit={hit} />
          ))}
        </ol>
      )}
    </>
  );
}

function Hit({ hit }: { hit: ArticleHit }) {
  const [open, setOpen] = useState(false);
  return (
    <li class="card hit">
      <header class="card-head">
        <h3>
          <a href={articleHref(hit.article_id)}>{hit.title}</a>
        </h3>
        <span class="intent-counts">
          {languageName(hit.language)} · score {hit.score.toFixed(2)} · {percent(Math.max(hit.similarity, 0))} similar
        </span>
      </header>
      {hit.headings.length > 0 && <p class="hit-headings">{hit.headings.join(' › ')}</p>}
      <p class="hit-text" dir="auto">
        <mark class="because">{hit.text}</mark>
      </p>
      <button
        type="button"
        class="button ghost"
        aria-expanded={open}
        aria-label={`Show the place in “${hit.title}”`}
        onClick={() => setOpen(!open)}
      >
        <Icon name={open ? 'close' : 'book'} />
        {open ? 'Hide the article' : 'Show it in the article'}
      </button>
      {open && <ArticlePlaces articleId={hit.article_id} version={hit.version} places={[hit]} />}
    </li>
  );
}
