import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { ArticleVersion } from '../../../shared/articles';
import { unitsOf } from '../../../shared/bytes';
import { getArticleVersion } from '../api/articles';
import { Loaded } from '../state/loaded';
import { Markdown } from './markdown';
import { PageSkeleton } from './page';

interface Props {
  articleId: string;
  version: number;
  /** In bytes of that version. */
  places: readonly { start: number; end: number }[];
  /** The one to scroll to. */
  shown?: number;
  /** Counts up when it should be scrolled to again. */
  again?: number;
}

/** The text of an article as it was cited, with the cited places marked in it. */
export function ArticlePlaces({ articleId, version, places, shown = 0, again = 0 }: Props) {
  const [loaded] = useState(() => new Loaded<ArticleVersion>());
  const load = () => loaded.load(() => getArticleVersion(articleId, version));
  useEffect(() => void load(), [articleId, version]);
  const body = loaded.value.value?.body;
  if (body === undefined) {
    if (loaded.state.value !== 'failed') return <PageSkeleton what="the article" />;
    return (
      <p class="card-empty" role="alert">
        The article could not be loaded.{' '}
        <button type="button" class="button" onClick={() => void load()}>
          Try again
        </button>
      </p>
    );
  }
  return <Text body={body} places={places} shown={shown} again={again} />;
}

function Text(props: { body: string; places: Props['places']; shown: number; again: number }) {
  const { body, places, shown, again } = props;
  const key = JSON.stringify(places.map(({ start, end }) => [start, end]));
  const marked = useMemo(() => unitsOf(body, places), [body, key]);
  const element = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // The renderer may come later than the text.
    let tries = 0;
    const timer = setInterval(() => {
      tries += 1;
      const marks = [...(element.current?.querySelectorAll<HTMLElement>('mark') ?? [])];
      const target = marks.find((mark) => mark.dataset.place === String(shown)) ?? marks[0];
      if (!target && tries < 40) return;
      clearInterval(timer);
      for (const mark of marks) mark.classList.toggle('lit', mark.dataset.place === String(shown));
      // Within its own box: the page stays where it is.
      const box = element.current?.parentElement;
      if (target && box) box.scrollTop += target.getBoundingClientRect().top - box.getBoundingClientRect().top - 48;
    }, 50);
    return () => clearInterval(timer);
  }, [body, key, shown, again]);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable region must be reachable by keyboard.
    <section class="places" tabIndex={0} aria-label="The article, with the place marked">
      <Markdown text={body} marked={marked} element={element} />
    </section>
  );
}
