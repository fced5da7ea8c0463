import { useEffect, useState } from 'preact/hooks';
import type { Article, ArticleVersion } from '../../../shared/articles';
import { getArticleVersion, listArticleVersions } from '../api/articles';
import { mayWriteArticles } from '../state/articles';
import { fullTime } from '../state/clock';
import { Loaded } from '../state/loaded';
import { reasonOf } from '../state/reason-of';
import { toast } from '../state/toasts';
import { PageSkeleton } from './page';

interface Props {
  article: Article;
  looked: ArticleVersion | null;
  look: (version: ArticleVersion | null) => void;
  restore: (version: ArticleVersion) => void;
}

/** What was saved before, to be looked at or taken into the form. */
export function ArticleVersions({ article, looked, look, restore }: Props) {
  const [versions] = useState(() => new Loaded<ArticleVersion[]>());
  const { id, version } = article;
  const load = () => versions.load(() => listArticleVersions(id));
  useEffect(() => void load(), [id, version]);
  const list = versions.value.value;
  if (!list) {
    if (versions.state.value !== 'failed') return <PageSkeleton what="the versions" />;
    return (
      <p class="card-empty">
        They could not be loaded.{' '}
        <button type="button" class="button" onClick={() => void load()}>
          Try again
        </button>
      </p>
    );
  }
  const withText = async (number: number, use: (version: ArticleVersion) => void) => {
    try {
      use(await getArticleVersion(id, number));
    } catch (error) {
      toast(`Version ${number} was not loaded. ${reasonOf(error, 'Please try again.')}`, { kind: 'error' });
    }
  };
  return (
    <ul class="versions">
      {list.map((one) => {
        const isLooked = looked?.version === one.version;
        return (
          <li key={one.version} class="version">
            <span class="version-number">
              {one.version}
              <span class="visually-hidden">. version</span>
            </span>
            <span class="version-main">
              <span>{one.title}</span>
              <span class="version-when">
                {fullTime(one.saved_at)}
                {one.saved_by_name && `, ${one.saved_by_name}`}
              </span>
            </span>
            {article.published_version === one.version && <span class="chip status resolved">Public</span>}
            <button
              type="button"
              class="button ghost"
              aria-pressed={isLooked}
              aria-label={`Look at version ${one.version}`}
              onClick={() => {
                if (isLooked) look(null);
                else void withText(one.version, look);
              }}
            >
              {isLooked ? 'Hide' : 'Look at'}
            </button>
            {mayWriteArticles.value && one.version !== version && (
              <button
                type="button"
                class="button"
                aria-label={`Restore version ${one.version} into the editor`}
                onClick={() => void withText(one.version, restore)}
              >
                Restore
              </button>
            )}
          </li>
        );
      })}
    </ul>
  );
}
