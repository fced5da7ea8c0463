import { batch, computed, signal } from '@preact/signals';
import type { Article, ArticleState } from '../../../shared/articles';
import { changeArticle, createArticle, getArticle, recrawlArticle, setArticleState } from '../api/articles';
import { ApiError } from '../api/http';
import { type ArticleText, isChanged } from './article-text';
import { loadIndex } from './articles';
import { reasonOf } from './reason-of';
import { articleHref, openArticle } from './router';
import { toast } from './toasts';

/** The key of an article that was never saved. */
export const NEW = 'new';

/** What is being written. It outlives the page, so that a look at a conversation loses nothing. */
export interface ArticleDraft extends ArticleText {
  /** The article's id, or `new`. */
  key: string;
  /** As the server had it last; null for a new one. */
  article: Article | null;
  /** As it was opened or saved. */
  saved: ArticleText;
  state: 'loading' | 'ready' | 'failed' | 'missing';
  /** As somebody else has saved it since. */
  theirs: Article | null;
}

const NOTHING: ArticleText = { title: '', body: '', language: 'en', categoryId: '' };

export const articleDrafts = signal<ReadonlyMap<string, ArticleDraft>>(new Map());
/** Something was written that is not saved. */
export const unsavedArticles = computed(() => [...articleDrafts.value.values()].filter(isUnsaved));

export function isUnsaved(draft: ArticleDraft): boolean {
  return draft.state === 'ready' && isChanged(draft.saved, draft);
}

/** Opens an article in the form, or what was written of it before. */
export async function openDraft(key: string): Promise<void> {
  const before = articleDrafts.value.get(key);
  if (key === NEW) {
    if (!before) put({ key, article: null, ...NOTHING, saved: NOTHING, state: 'ready', theirs: null });
    return;
  }
  if (before?.state !== 'ready') {
    put({ key, article: null, ...NOTHING, saved: NOTHING, state: 'loading', theirs: null });
  }
  const known = articleDrafts.value.get(key)?.article;
  try {
    const loaded = await getArticle(key);
    // What was saved or published while it was on its way is newer.
    if (articleDrafts.value.get(key)?.article === known) takeLoaded(loaded);
  } catch (error) {
    const isMissing = error instanceof ApiError && error.status === 404;
    if (articleDrafts.value.get(key)?.state !== 'ready') changeDraft(key, { state: isMissing ? 'missing' : 'failed' });
  }
}

/** The server's state of an article. What is being written over an older version stays, and is said to be. */
function takeLoaded(article: Article): void {
  const draft = articleDrafts.value.get(article.id);
  if (draft?.article && isUnsaved(draft)) {
    const isNewer = article.version > draft.article.version;
    changeDraft(article.id, isNewer ? { theirs: article } : { article });
    return;
  }
  const saved = textOf(article);
  put({ key: article.id, article, ...saved, saved, state: 'ready', theirs: null });
}

export function changeDraft(key: string, part: Partial<ArticleDraft>): void {
  const draft = articleDrafts.value.get(key);
  if (draft) put({ ...draft, ...part });
}

/** What was written since it was saved is gone. */
export function dropDraft(key: string): void {
  const left = new Map(articleDrafts.value);
  left.delete(key);
  articleDrafts.value = left;
}

/** Saves the draft. Null when it is saved or somebody else's version came between; else why not. */
export async function saveDraft(key: string, state?: ArticleState): Promise<string | null> {
  const draft = articleDrafts.value.get(key);
  if (!draft) return null;
  const sent: ArticleText = {
    title: draft.title.trim(),
    body: draft.body,
    language: draft.language,
    categoryId: draft.categoryId,
  };
  const { title, body, language } = sent;
  const fields = { title, body, language, ...(sent.categoryId && { category_id: sent.categoryId }) };
  try {
    if (!draft.article) {
      const made = await createArticle({ ...fields, ...(state && { state }) });
      batch(() => {
        const now = articleDrafts.value.get(key) ?? draft;
        dropDraft(key);
        put({ ...now, key: made.id, article: made, saved: sent });
      });
      // No way back to an empty form.
      if (openArticle.value === key) location.replace(articleHref(made.id));
      void loadIndex();
      return null;
    }
    const article = await changeArticle(draft.article.id, { ...fields, version: draft.article.version });
    changeDraft(key, { article, saved: sent, theirs: null });
    void loadIndex();
    return null;
  } catch (error) {
    if (error instanceof ApiError && error.code === 'version_conflict' && draft.article) {
      return showTheirs(draft.article.id);
    }
    return reasonOf(error, 'It could not be saved. Please try again.');
  }
}

async function showTheirs(id: string): Promise<string | null> {
  try {
    changeDraft(id, { theirs: await getArticle(id) });
    return null;
  } catch {
    return 'Somebody else has saved it since, and what they wrote could not be loaded. Please try again.';
  }
}

/** Goes on from the other's version with one's own text, which is then saved over it. */
export function keepMine(key: string): void {
  const draft = articleDrafts.value.get(key);
  if (draft?.theirs) changeDraft(key, { article: draft.theirs, saved: textOf(draft.theirs), theirs: null });
}

/** Goes on with the other's text; one's own comes back by the notice's "Undo". */
export function takeTheirs(key: string): void {
  const draft = articleDrafts.value.get(key);
  if (!draft?.theirs) return;
  const { title, body, language, categoryId } = draft;
  const saved = textOf(draft.theirs);
  changeDraft(key, { article: draft.theirs, ...saved, saved, theirs: null });
  const undo = () => changeDraft(key, { title, body, language, categoryId });
  toast('Your text is replaced by theirs', { action: { label: 'Undo', run: undo } });
}

/** True when it stands so. */
export async function changeState(key: string, state: ArticleState): Promise<boolean> {
  const draft = articleDrafts.value.get(key);
  const before = draft?.article;
  if (!before) return false;
  try {
    const article = await setArticleState(before.id, state);
    const isTheirs = article.version > before.version;
    changeDraft(key, {
      article: { ...article, version: before.version },
      ...(isTheirs && { theirs: article }),
    });
    void loadIndex();
    return true;
  } catch (error) {
    toast(`Nothing was changed. ${reasonOf(error, 'Please try again.')}`, { kind: 'error' });
    return false;
  }
}

/** Reads the page that an article is from, which says what came of it. */
export async function readAgain(key: string, overwrite: boolean): Promise<void> {
  try {
    takeLoaded(await recrawlArticle(key, overwrite));
    void loadIndex();
  } catch (error) {
    toast(`The page was not read. ${reasonOf(error, 'Please try again.')}`, { kind: 'error' });
  }
}

export function textOf(article: Pick<Article, 'title' | 'body' | 'language' | 'category_id'>): ArticleText {
  const { title, body, language, category_id: categoryId = '' } = article;
  return { title, body, language, categoryId };
}

/** Drafts belong to who wrote them. */
export function forgetArticleDrafts(): void {
  articleDrafts.value = new Map();
}

function put(draft: ArticleDraft): void {
  articleDrafts.value = new Map(articleDrafts.value).set(draft.key, draft);
}

window.addEventListener('beforeunload', (event) => {
  // The browser asks in its own words.
  if (unsavedArticles.value.length > 0) event.preventDefault();
});
