import { useEffect, useRef } from 'preact/hooks';
import type { Article } from '../../../shared/articles';
import { type ArticleDraft, keepMine, takeTheirs } from '../state/article-draft';
import { fullTime } from '../state/clock';

/** Two people have written at the same time: both texts are shown, and one is chosen. */
export function Conflict({ draft, theirs }: { draft: ArticleDraft; theirs: Article }) {
  const first = useRef<HTMLButtonElement>(null);
  useEffect(() => first.current?.focus(), []);
  return (
    <section class="card conflict" aria-labelledby="conflict-title">
      <h3 id="conflict-title">Somebody else has saved this article since you opened it</h3>
      <p>
        Theirs is version {theirs.version}, of {fullTime(theirs.updated_at)}. Nothing of yours is saved yet. Whichever
        you choose, the other one can be had again: theirs stays among the versions.
      </p>
      <div class="conflict-texts">
        <Text name="Yours" title={draft.title} body={draft.body} />
        <Text name="Theirs" title={theirs.title} body={theirs.body} />
      </div>
      <div class="editor-actions">
        <button type="button" class="button" ref={first} onClick={() => takeTheirs(draft.key)}>
          Go on with theirs
        </button>
        <button type="button" class="button" onClick={() => keepMine(draft.key)}>
          Keep mine, to be saved over it
        </button>
      </div>
    </section>
  );
}

function Text({ name, title, body }: { name: string; title: string; body: string }) {
  return (
    <label>
      <span>
        {name}: {title}
      </span>
      <textarea rows={8} readOnly dir="auto" value={body} />
    </label>
  );
}
