import { useEffect, useRef, useState } from 'preact/hooks';
import type { Article, ArticleState, ArticleVersion } from '../../../shared/articles';
import {
  type ArticleDraft,
  changeDraft,
  changeState,
  dropDraft,
  isUnsaved,
  saveDraft,
  unsavedArticles,
} from '../state/article-draft';
import { MAX_TITLE_CHARS, problemOf } from '../state/article-text';
import { categories, mayManageKnowledge, mayWriteArticles, removeArticle } from '../state/articles';
import { fullTime } from '../state/clock';
import { pageHref } from '../state/router';
import { toast } from '../state/toasts';
import { Conflict } from './article-conflict';
import { LanguageOptions } from './article-list';
import { ArticleOrigin } from './article-origin';
import { ArticlePill } from './article-pill';
import { ArticleVersions } from './article-versions';
import { Ask } from './ask';
import { Icon } from './icon';
import { Markdown, useSettled } from './markdown';
import { Menu, MenuItem } from './menu';

type Side = 'preview' | 'versions';

const SIDE_NAMES: Record<Side, string> = { preview: 'Preview', versions: 'Versions' };

/** The form of one article, with what its readers will see beside it. */
export function ArticleEditor({ draft }: { draft: ArticleDraft }) {
  const { key, article } = draft;
  const titleInput = useRef<HTMLInputElement>(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState('');
  const [asking, setAsking] = useState(false);
  const [side, setSide] = useState<Side>('preview');
  /** An older version that is looked at in place of what is written. */
  const [looked, setLooked] = useState<ArticleVersion | null>(null);
  const may = mayWriteArticles.value;
  const unsaved = isUnsaved(draft);
  useEffect(() => {
    if (!article) titleInput.current?.focus();
  }, []);

  const leave = () => {
    if (unsaved) setAsking(true);
    else close();
  };
  const close = () => {
    dropDraft(key);
    location.hash = pageHref('articles');
  };

  /** With a state, everybody sees at once what is saved. True when it stands so. */
  const save = async (state?: ArticleState): Promise<boolean> => {
    if (busy || !may || draft.theirs) return false;
    const problem = problemOf(draft);
    setError(problem);
    if (problem) return false;
    setBusy(true);
    const reason = await saveDraft(key, state);
    setBusy(false);
    if (reason) setError(reason);
    return reason === null;
  };
  const saveAlone = async () => {
    if (article && !unsaved) toast('There is nothing new to save');
    else if ((await save()) && !hasConflict(key)) toast(`“${draft.title.trim()}” is saved`);
  };
  const publish = async () => {
    if (!article) {
      if (await save('published')) toast(`“${draft.title.trim()}” is published`);
      return;
    }
    if (unsaved && !(await save())) return;
    if (hasConflict(key)) return;
    if (await changeState(key, 'published')) toast(`“${draft.title.trim()}” is published`);
  };

  // Wherever the focus is: the browser's own saving of the page is never what is meant here.
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (!(event.ctrlKey || event.metaKey) || event.altKey || event.key.toLowerCase() !== 's') return;
      event.preventDefault();
      void saveAlone();
    };
    document.addEventListener('keydown', onKeyDown);
    return () => document.removeEventListener('keydown', onKeyDown);
  });

  return (
    <div class="article-editor">
      <Bar draft={draft} busy={busy} leave={leave} save={saveAlone} publish={publish} />
      {asking && unsaved && (
        <Ask
          question="What you changed is not saved."
          stay="Keep editing"
          go="Discard changes"
          onStay={() => setAsking(false)}
          onGo={close}
        />
      )}
      {article && <ArticleOrigin article={article} />}
      {draft.theirs && <Conflict draft={draft} theirs={draft.theirs} />}
      <div role="alert">
        {error && (
          <p class="form-error" id="article-error">
            <Icon name="alert" />
            {error}
          </p>
        )}
      </div>
      <div class="article-columns">
        <section class="card article-form editor" aria-label="Article">
          <label>
            <span>Title</span>
            <input
              ref={titleInput}
              value={draft.title}
              maxLength={MAX_TITLE_CHARS}
              readOnly={!may}
              autocomplete="off"
              placeholder="How to send something back"
              aria-invalid={error !== '' && draft.title.trim() === ''}
              aria-describedby={error ? 'article-error' : undefined}
              onInput={(event) => changeDraft(key, { title: event.currentTarget.value })}
            />
          </label>
          <div class="article-facts">
            <label>
              <span>Language</span>
              <select
                value={draft.language}
                disabled={!may}
                onChange={(event) => changeDraft(key, { language: event.currentTarget.value })}
              >
                <LanguageOptions also={draft.language} />
              </select>
            </label>
            <label>
              <span>Category</span>
              <select
                value={draft.categoryId}
                disabled={!may}
                onChange={(event) => changeDraft(key, { categoryId: event.currentTarget.value })}
              >
                <option value="">None</option>
                {(categories.value.value ?? []).map((category) => (
                  <option key={category.id} value={category.id}>
                    {category.name}
                  </option>
                ))}
              </select>
            </label>
          </div>
          <label class="article-text">
            <span>Text, in Markdown</span>
            <textarea
              rows={18}
              value={draft.body}
              readOnly={!may}
              spellcheck
              dir="auto"
              placeholder={
                'You can send everything back within 30 days.\n\n## What it costs\n\nNothing: a **label** is in the parcel.'
              }
              onInput={(event) => changeDraft(key, { body: event.currentTarget.value })}
            />
          </label>
        </section>
        <section class="card article-side" aria-label={SIDE_NAMES[side]}>
          <Sides side={side} choose={setSide} hasVersions={article !== null} />
          {side === 'versions' && article ? (
            <ArticleVersions
              article={article}
              looked={looked}
              look={setLooked}
              restore={(version) => {
                setLooked(null);
                setSide('preview');
                restore(draft, version);
              }}
            />
          ) : (
            <Preview draft={draft} />
          )}
          {side === 'versions' && looked && <VersionText version={looked} />}
        </section>
      </div>
    </div>
  );
}

function hasConflict(key: string): boolean {
  return unsavedArticles.value.some((draft) => draft.key === key && draft.theirs !== null);
}

/** An older version's text in the form: saving it makes it the newest. */
function restore(draft: ArticleDraft, version: ArticleVersion): void {
  const { key, title, body, language } = draft;
  changeDraft(key, { title: version.title, body: version.body ?? '', language: version.language });
  const undo = () => changeDraft(key, { title, body, language });
  toast(`Version ${version.version} is in the form, not saved yet`, { action: { label: 'Undo', run: undo } });
}

interface BarProps {
  draft: ArticleDraft;
  busy: boolean;
  leave: () => void;
  save: () => Promise<void>;
  publish: () => Promise<void>;
}

function Bar({ draft, busy, leave, save, publish }: BarProps) {
  const { article } = draft;
  const unsaved = isUnsaved(draft);
  const isStopped = busy || draft.theirs !== null;
  return (
    <div class="article-bar">
      <button type="button" class="button ghost" onClick={leave}>
        <Icon name="back" />
        All articles
      </button>
      <span class="article-standing" role="status">
        {article && <ArticlePill article={article} />}
        <span class="intent-counts">
          {article ? `Version ${article.version}` : 'New'}
          {unsaved && ' · not saved'}
          {article && !unsaved && ` · ${fullTime(article.updated_at)}`}
        </span>
      </span>
      {mayWriteArticles.value && (
        <>
          <button
            type="button"
            class="button"
            aria-keyshortcuts="Control+S Meta+S"
            title="Save (Ctrl+S)"
            disabled={isStopped || (article !== null && !unsaved)}
            onClick={() => void save()}
          >
            {busy ? 'Saving…' : 'Save'}
          </button>
          {mayManageKnowledge.value && <PublishButton draft={draft} isStopped={isStopped} publish={publish} />}
          {mayManageKnowledge.value && article && <MoreMenu draftKey={draft.key} article={article} />}
        </>
      )}
    </div>
  );
}

function PublishButton(props: { draft: ArticleDraft; isStopped: boolean; publish: () => Promise<void> }) {
  const { article } = props.draft;
  const unsaved = isUnsaved(props.draft);
  const isOut = article?.state === 'published' && article.published_version === article.version;
  return (
    <button
      type="button"
      class="button primary"
      disabled={props.isStopped || (isOut && !unsaved)}
      onClick={() => void props.publish()}
    >
      {unsaved
        ? 'Save and publish'
        : isOut
          ? 'Published'
          : article?.state === 'published'
            ? 'Publish the change'
            : 'Publish'}
    </button>
  );
}

function MoreMenu({ draftKey, article }: { draftKey: string; article: Article }) {
  const set = (state: ArticleState, said: string) => {
    void changeState(draftKey, state).then((done) => {
      if (!done) return;
      const undo = () => void changeState(draftKey, article.state);
      toast(`“${article.title}” ${said}`, { action: { label: 'Undo', run: undo } });
    });
  };
  return (
    <Menu name="More for this article" label="More" buttonClass="button ghost icon-only" button={<Icon name="more" />}>
      {(close) => {
        const act = (run: () => void) => () => {
          close();
          run();
        };
        return (
          <>
            {article.state === 'published' && (
              <MenuItem onSelect={act(() => set('draft', 'is not public any more'))}>
                <Icon name="undo" />
                Take it back
              </MenuItem>
            )}
            {article.state === 'archived' ? (
              <MenuItem onSelect={act(() => set('draft', 'is a draft again'))}>
                <Icon name="undo" />
                Take it out of the archive
              </MenuItem>
            ) : (
              <MenuItem onSelect={act(() => set('archived', 'is in the archive'))}>
                <Icon name="lock" />
                Archive
              </MenuItem>
            )}
            <hr />
            <MenuItem
              danger
              onSelect={act(() => {
                void removeArticle(article).then((gone) => {
                  if (!gone) return;
                  dropDraft(draftKey);
                  location.hash = pageHref('articles');
                });
              })}
            >
              <Icon name="trash" />
              Delete
            </MenuItem>
          </>
        );
      }}
    </Menu>
  );
}

function Sides(props: { side: Side; choose: (side: Side) => void; hasVersions: boolean }) {
  if (!props.hasVersions) return <h3>Preview</h3>;
  return (
    <>
      <h3 class="visually-hidden">{SIDE_NAMES[props.side]}</h3>
      <fieldset class="range">
        <legend class="visually-hidden">Beside the text</legend>
        {(['preview', 'versions'] as const).map((side) => (
          <label key={side}>
            <input type="radio" name="side" checked={side === props.side} onChange={() => props.choose(side)} />
            <span>{SIDE_NAMES[side]}</span>
          </label>
        ))}
      </fieldset>
    </>
  );
}

function Preview({ draft }: { draft: ArticleDraft }) {
  const body = useSettled(draft.body);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable region must be reachable by keyboard.
    <section class="article-preview" tabIndex={0} aria-label="As readers see it">
      <p class="md-title" dir="auto">
        {draft.title.trim() || 'Without a title'}
      </p>
      {body.trim() === '' ? (
        <p class="card-empty">What you write is shown here.</p>
      ) : (
        <Markdown text={body} forWriters />
      )}
    </section>
  );
}

function VersionText({ version }: { version: ArticleVersion }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable region must be reachable by keyboard.
    <section class="article-preview version-text" tabIndex={0} aria-label={`Text of version ${version.version}`}>
      <p class="md-title" dir="auto">
        {version.title}
      </p>
      <Markdown text={version.body ?? ''} />
    </section>
  );
}
