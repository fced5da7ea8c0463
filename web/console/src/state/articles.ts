import { batch, computed, signal } from '@preact/signals';
import type { ArticleIndex, ArticleState, ArticleSummary, Category } from '../../../shared/articles';
import {
  type ArticleFilter,
  createCategory,
  deleteArticle,
  deleteCategory,
  getArticleIndex,
  listArticles,
  listCategories,
  rebuildArticleIndex,
  renameCategory,
  restoreArticle,
} from '../api/articles';
import { mayLead, mayWrite } from '../api/session';
import { Loaded } from './loaded';
import { reasonOf } from './reason-of';
import { toast } from './toasts';

export const STATE_NAMES: Record<ArticleState, string> = {
  draft: 'Draft',
  published: 'Published',
  archived: 'Archived',
};

/** Who writes articles, and who publishes, deletes and imports them; the server decides again. */
export const mayWriteArticles = mayWrite;
export const mayManageKnowledge = mayLead;

export const NO_FILTER: ArticleFilter = { state: '', categoryId: '', language: '', query: '' };
export const articleFilter = signal<ArticleFilter>(NO_FILTER);
/** The list, as it was asked for. */
export const articles = new Loaded<ArticleSummary[]>();
/** For the next page; null at the end. */
export const nextArticles = signal<string | null>(null);
export const loadingMore = signal(false);

export const categories = new Loaded<Category[]>();
export const categoriesOpen = signal(false);
/** Null until the first answer, and while it cannot be had. */
export const articleIndex = signal<ArticleIndex | null>(null);
export const isIndexMoving = computed(() => {
  const index = articleIndex.value;
  return index !== null && (index.n_pending > 0 || index.filling !== undefined);
});

/** How long nobody types before it is looked for. */
const PAUSE_MS = 250;
/** How often the index is looked at while it moves, and else. */
const LOOK_EVERY_MS = 1_500;
const LOOK_SELDOM_MS = 15_000;

let typing = 0;

export function filterArticles(part: Partial<ArticleFilter>): void {
  articleFilter.value = { ...articleFilter.value, ...part };
  window.clearTimeout(typing);
  if ('query' in part) typing = window.setTimeout(() => void loadArticles(), PAUSE_MS);
  else void loadArticles();
}

export function loadArticles(): Promise<void> {
  return articles.load(async () => {
    const page = await listArticles(articleFilter.value);
    nextArticles.value = page.next_cursor ?? null;
    return page.articles;
  });
}

export async function loadMoreArticles(): Promise<void> {
  const filter = articleFilter.value;
  if (!nextArticles.value || loadingMore.value) return;
  loadingMore.value = true;
  try {
    const page = await listArticles(filter, nextArticles.value);
    if (filter !== articleFilter.value) return;
    batch(() => {
      const known = new Set((articles.value.value ?? []).map(({ id }) => id));
      const fresh = page.articles.filter(({ id }) => !known.has(id));
      articles.value.value = [...(articles.value.value ?? []), ...fresh];
      nextArticles.value = page.next_cursor ?? null;
    });
  } catch (error) {
    toast(`The rest was not loaded. ${reasonOf(error, 'Please try again.')}`, { kind: 'error' });
  } finally {
    loadingMore.value = false;
  }
}

export function loadCategories(): Promise<void> {
  return categories.load(listCategories);
}

export function categoryTitle(id: string | undefined): string {
  return categories.value.value?.find((category) => category.id === id)?.name ?? '';
}

/** Looks at the index, often while it moves, and at the list when it has moved. Gives what ends it. */
export function watchIndex(onMoved: () => void): () => void {
  let timer = 0;
  let stopped = false;
  const look = async () => {
    const before = articleIndex.value;
    await loadIndex();
    if (stopped) return;
    const now = articleIndex.value;
    const moved = before && now && (before.n_pending !== now.n_pending || before.n_published !== now.n_published);
    if (moved) onMoved();
    timer = window.setTimeout(() => void look(), isIndexMoving.value ? LOOK_EVERY_MS : LOOK_SELDOM_MS);
  };
  void look();
  const lookNow = () => {
    if (document.visibilityState !== 'visible') return;
    window.clearTimeout(timer);
    void look();
  };
  document.addEventListener('visibilitychange', lookNow);
  return () => {
    stopped = true;
    window.clearTimeout(timer);
    document.removeEventListener('visibilitychange', lookNow);
  };
}

export async function loadIndex(): Promise<void> {
  try {
    articleIndex.value = await getArticleIndex();
  } catch {
    // What is known is a moment older.
  }
}

export async function rebuildIndex(): Promise<void> {
  try {
    articleIndex.value = await rebuildArticleIndex();
    toast('The index of the search is being made anew');
  } catch (error) {
    toast(`Nothing was begun. ${reasonOf(error, 'Please try again.')}`, { kind: 'error' });
  }
}

/** Deletes at once: it can be restored for 30 days, and from the notice. True when it is deleted. */
export async function removeArticle(article: { id: string; title: string }): Promise<boolean> {
  try {
    await deleteArticle(article.id);
  } catch (error) {
    toast(`“${article.title}” was not deleted. ${reasonOf(error, 'Please try again.')}`, { kind: 'error' });
    return false;
  }
  articles.value.value = (articles.value.value ?? []).filter(({ id }) => id !== article.id);
  void loadIndex();
  toast(`“${article.title}” is deleted`, { action: { label: 'Undo', run: () => void bringBack(article) } });
  return true;
}

export async function bringBack(article: { id: string; title: string }): Promise<void> {
  try {
    await restoreArticle(article.id);
    toast(`“${article.title}” is back`);
  } catch (error) {
    toast(`“${article.title}” was not restored. ${reasonOf(error, 'Please try again.')}`, { kind: 'error' });
  }
  await Promise.all([loadArticles(), loadIndex()]);
}

/** Throws what the form shows. */
export async function saveCategory(id: string | null, name: string): Promise<void> {
  if (id === null) await createCategory(name);
  else await renameCategory(id, name);
  await loadCategories();
}

/** Throws what the form shows. Its articles stay, under no category. */
export async function removeCategory(id: string): Promise<void> {
  await deleteCategory(id);
  if (articleFilter.value.categoryId === id) filterArticles({ categoryId: '' });
  await loadCategories();
}

/** What an account knows is nobody else's to see. */
export function forgetArticles(): void {
  batch(() => {
    articles.value.value = null;
    categories.value.value = null;
    articleIndex.value = null;
    articleFilter.value = NO_FILTER;
    nextArticles.value = null;
    categoriesOpen.value = false;
  });
}
