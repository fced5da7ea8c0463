import { useEffect, useRef, useState } from 'preact/hooks';
import type { ArticleHit } from '../../../shared/articles';
import type { Citation } from '../../../shared/suggestions';
import { searchArticles } from '../api/articles';
import { mayWrite } from '../api/session';
import { Loaded } from '../state/loaded';
import { articleHref } from '../state/router';
import { closeSources, type Sources } from '../state/sources';
import { insert } from '../state/suggestions';
import type { Thread } from '../state/thread';
import { ArticlePlaces } from './article-places';
import { Icon } from './icon';
import { percent } from './mood';
import { PageSkeleton } from './page';

/** As many as a glance takes in. */
const N_BEST = 3;
/** The search takes no longer question. */
const MAX_QUERY = 10_000;

/** An article that is open in the panel, with the places that are marked in it. */
interface Opened {
  articleId: string;
  title: string;
  version: number;
  places: { start: number; end: number; quote: string }[];
  shown: number;
  /** Counts the openings. */
  again: number;
}

/** What a draft has its sentences from, and the articles that fit the conversation, beside what is being written. */
export function SourcesPanel({ thread, sources }: { thread: Thread; sources: Sources }) {
  const panel = useRef<HTMLElement>(null);
  const [opened, setOpened] = useState<Opened | null>(null);
  useEffect(() => {
    panel.current?.focus();
    panel.current?.scrollTo(0, 0);
    const [first] = sources.citations;
    setOpened(first ? openedOf(sources.citations, first, null) : null);
  }, [sources]);
  return (
    <section class="why sources" aria-label="Articles and sources" ref={panel} tabIndex={-1}>
      <header class="why-head">
        <h3>{sources.citations.length > 0 ? 'Sources' : 'Articles'}</h3>
        <button
          type="button"
          class="button ghost icon-only"
          aria-label="Close the articles"
          onClick={() => closeSources()}
        >
          <Icon name="close" />
        </button>
      </header>
      {sources.citations.length > 0 && (
        <section class="card" aria-labelledby="cited-title">
          <h4 id="cited-title">What “{sources.title}” stands on</h4>
          <ol class="citations">
            {sources.citations.map((citation) => {
              const isShown =
                opened?.articleId === citation.article_id && opened.places[opened.shown]?.start === citation.start;
              return (
                <li key={`${citation.article_id} ${citation.start}`}>
                  <button
                    type="button"
                    class="citation"
                    aria-pressed={isShown}
                    onClick={() => setOpened(openedOf(sources.citations, citation, opened))}
                  >
                    <span class="citation-quote" dir="auto">
                      {citation.quote}
                    </span>
                    <span class="intent-counts">{citation.title}</span>
                  </button>
                </li>
              );
            })}
          </ol>
        </section>
      )}
      {opened && <Article opened={opened} />}
      <Best thread={thread} open={setOpened} opened={opened} />
    </section>
  );
}

/** All cited places of the article are marked, and this one is shown. */
function openedOf(citations: Citation[], citation: Citation, before: Opened | null): Opened {
  const { article_id: articleId, title, version } = citation;
  const places = citations.filter((one) => one.article_id === articleId && one.version === version);
  const shown = Math.max(places.indexOf(citation), 0);
  return { articleId, title, version, places, shown, again: (before?.again ?? 0) + 1 };
}

function Article({ opened }: { opened: Opened }) {
  const quote = opened.places[opened.shown]?.quote ?? '';
  return (
    <section class="card source-article" aria-labelledby="source-title">
      <header class="card-head">
        <h4 id="source-title">
          <a href={articleHref(opened.articleId)}>{opened.title}</a>
        </h4>
        {mayWrite.value && (
          <button type="button" class="button" onClick={() => insert({ text: quote, isAppended: true })}>
            Insert this place
          </button>
        )}
      </header>
      <ArticlePlaces
        key={`${opened.articleId} ${opened.version}`}
        articleId={opened.articleId}
        version={opened.version}
        places={opened.places}
        shown={opened.shown}
        again={opened.again}
      />
    </section>
  );
}

/** The articles that fit the customer's last message best, or what is typed. */
function Best(props: { thread: Thread; open: (opened: Opened) => void; opened: Opened | null }) {
  const { thread, open, opened } = props;
  const [found] = useState(() => new Loaded<ArticleHit[]>());
  const [query, setQuery] = useState('');
  const message = thread.messages.value.findLast(({ direction }) => direction === 'incoming');
  const text = message?.text ?? '';
  const search = (words: string) =>
    found.load(async () => (await searchArticles({ query: words.slice(0, MAX_QUERY), limit: N_BEST })).hits);
  useEffect(() => {
    if (text) void search(text);
  }, [text]);
  const hits = found.value.value;
  return (
    <section class="card" aria-labelledby="best-title">
      <h4 id="best-title">Articles that fit</h4>
      <form
        class="field-with-button"
        aria-label="Look for others"
        onSubmit={(event) => {
          event.preventDefault();
          void search(query.trim() || text);
        }}
      >
        <input
          type="search"
          aria-label="Search the articles"
          placeholder="Search the articles"
          value={query}
          onInput={(event) => setQuery(event.currentTarget.value)}
        />
        <button type="submit" class="button icon-only" aria-label="Search">
          <Icon name="search" />
        </button>
      </form>
      {!hits ? (
        found.state.value === 'failed' ? (
          <p class="card-empty" role="alert">
            Nothing could be looked for. Please try again.
          </p>
        ) : (
          text && <PageSkeleton what="articles" />
        )
      ) : hits.length === 0 ? (
        <p class="card-empty" role="status">
          No published article says anything of it.
        </p>
      ) : (
        <ol class="citations" aria-label="Best articles">
          {hits.map((hit) => (
            <li key={hit.article_id}>
              <button
                type="button"
                class="citation"
                aria-pressed={opened?.articleId === hit.article_id && opened.places[0]?.start === hit.start}
                onClick={() =>
                  open({
                    articleId: hit.article_id,
                    title: hit.title,
                    version: hit.version,
                    places: [{ start: hit.start, end: hit.end, quote: hit.text }],
                    shown: 0,
                    again: (opened?.again ?? 0) + 1,
                  })
                }
              >
                <span class="citation-title">{hit.title}</span>
                <span class="citation-quote clamped" dir="auto">
                  {hit.text}
                </span>
                <span class="intent-counts">
                  score {hit.score.toFixed(2)} · {percent(Math.max(hit.similarity, 0))} similar
                </span>
              </button>
              <a
                class="button ghost icon-only"
                href={articleHref(hit.article_id)}
                aria-label={`Go to “${hit.title}”`}
                title="Go to the article"
              >
                <Icon name="up" />
              </a>
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}
