import type {
  Article,
  ArticleChange,
  ArticleHits,
  ArticleIndex,
  ArticleList,
  ArticleSearch,
  ArticleState,
  ArticleVersion,
  Category,
  ImportReport,
  ImportRequest,
  NewArticle,
} from '../../../shared/articles';
import type { GapList, GapRun } from '../../../shared/gaps';
import { del, get, post, put } from './http';

export interface ArticleFilter {
  /** `deleted` for those that were deleted in the last 30 days; empty for all others. */
  state: ArticleState | 'deleted' | '';
  categoryId: string;
  language: string;
  /** Words of the title. */
  query: string;
}

export function listArticles(filter: ArticleFilter, cursor?: string | null): Promise<ArticleList> {
  const query = new URLSearchParams();
  if (filter.state === 'deleted') query.set('deleted', 'true');
  else if (filter.state) query.set('state', filter.state);
  if (filter.categoryId) query.set('category_id', filter.categoryId);
  if (filter.language) query.set('language', filter.language);
  if (filter.query.trim()) query.set('q', filter.query.trim());
  if (cursor) query.set('cursor', cursor);
  return get(`/articles?${query}`);
}

interface Answer {
  article: Article;
}

export async function getArticle(id: string): Promise<Article> {
  return (await get<Answer>(`/articles/${id}`)).article;
}

export async function createArticle(article: NewArticle): Promise<Article> {
  return (await post<Answer>('/articles', article)).article;
}

/** Refused with `version_conflict` when somebody else has saved since. */
export async function changeArticle(id: string, change: ArticleChange): Promise<Article> {
  return (await put<Answer>(`/articles/${id}`, change)).article;
}

export async function setArticleState(id: string, state: ArticleState): Promise<Article> {
  return (await put<Answer>(`/articles/${id}/state`, { state })).article;
}

export function deleteArticle(id: string): Promise<unknown> {
  return del<unknown>(`/articles/${id}`);
}

export async function restoreArticle(id: string): Promise<Article> {
  return (await post<Answer>(`/articles/${id}/restore`, {})).article;
}

/** The last one first, without their texts. */
export async function listArticleVersions(id: string): Promise<ArticleVersion[]> {
  return (await get<{ versions: ArticleVersion[] }>(`/articles/${id}/versions`)).versions;
}

export async function getArticleVersion(id: string, version: number): Promise<ArticleVersion> {
  return (await get<{ version: ArticleVersion }>(`/articles/${id}/versions/${version}`)).version;
}

/** By name. */
export async function listCategories(): Promise<Category[]> {
  return (await get<{ categories: Category[] }>('/article-categories')).categories;
}

export function createCategory(name: string): Promise<unknown> {
  return post('/article-categories', { name });
}

export function renameCategory(id: string, name: string): Promise<unknown> {
  return put(`/article-categories/${id}`, { name });
}

export function deleteCategory(id: string): Promise<unknown> {
  return del<unknown>(`/article-categories/${id}`);
}

export function searchArticles(search: ArticleSearch, signal?: AbortSignal): Promise<ArticleHits> {
  return post('/articles/search', search, signal);
}

export function getArticleIndex(): Promise<ArticleIndex> {
  return get('/articles/index');
}

export function rebuildArticleIndex(): Promise<ArticleIndex> {
  return post('/articles/index/rebuild', {});
}

/** Reads the page again that it is from. With `overwrite` its text takes the place of what a person wrote since. */
export async function recrawlArticle(id: string, overwrite: boolean): Promise<Article> {
  return (await post<Answer>(`/articles/${id}/recrawl`, { overwrite })).article;
}

/** Groups of questions without an article, or those that were dismissed. */
export function listGaps(dismissed: boolean): Promise<GapList> {
  return get(`/articles/gaps${dismissed ? '?dismissed=true' : ''}`);
}

export function lookForGaps(): Promise<GapRun> {
  return post('/articles/gaps/run', {});
}

export function dismissGap(id: string): Promise<unknown> {
  return post(`/articles/gaps/${id}/dismiss`, {});
}

export function bringGapBack(id: string): Promise<unknown> {
  return del<unknown>(`/articles/gaps/${id}/dismiss`);
}

export function importArticles(request: ImportRequest): Promise<ImportReport> {
  return post('/article-imports', request);
}
