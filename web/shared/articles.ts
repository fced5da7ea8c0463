// The JSON of articles, their categories, search, index and imports, as docs/API.md describes it.

import type { ModelName } from './learning';

export type ArticleState = 'draft' | 'published' | 'archived';

/** An article without its text. */
export interface ArticleSummary {
  id: string;
  title: string;
  language: string;
  category_id?: string;
  translation_of?: string;
  state: ArticleState;
  /** The last one, from 1. */
  version: number;
  /** The one that everybody sees; absent unless it is published. */
  published_version?: number;
  /** Whether search knows it as it is now. */
  is_indexed: boolean;
  n_helpful: number;
  n_unhelpful: number;
  /** Where it was imported from: a path or an address. */
  source?: string;
  created_at: string;
  updated_at: string;
  /** It can be restored for 30 days from then. */
  deleted_at?: string;
}

export interface Article extends ArticleSummary {
  /** Markdown of the last version. */
  body: string;
  /** The group of questions that it was drafted from, if it was. */
  drafted_from?: { gap_id: string; conversation_ids: string[] };
  /** The page that it was imported from, if it was: read again once a day. */
  source_page?: SourcePage;
}

/** How the page of an article stands. `source_changed`: it says something else, and the article stays as a person wrote it. */
export interface SourcePage {
  url: string;
  /** When it was last read, or tried. */
  crawled_at: string;
  outcome: 'changed' | 'unchanged' | 'source_changed' | 'failed';
  problem?: string;
  /** In a row. */
  n_failures: number;
}

export interface ArticleList {
  articles: ArticleSummary[];
  next_cursor?: string | null;
}

export interface NewArticle {
  title: string;
  body: string;
  language: string;
  category_id?: string;
  state?: ArticleState;
}

export interface ArticleChange {
  /** The version that the change was made on. */
  version: number;
  title: string;
  body: string;
  language: string;
  category_id?: string;
}

export interface ArticleVersion {
  version: number;
  title: string;
  language: string;
  /** Absent in lists. */
  body?: string;
  saved_by?: string;
  saved_by_name?: string;
  saved_at: string;
}

export interface Category {
  id: string;
  name: string;
  n_articles: number;
}

export interface ArticleSearch {
  query: string;
  language?: string;
  category_id?: string;
  /** 1 to 20; 5 if absent. */
  limit?: number;
}

/** A place in a published article. */
export interface ArticleHit {
  article_id: string;
  title: string;
  language: string;
  category_id?: string;
  version: number;
  /** Above the place, the outermost first. */
  headings: string[];
  /** As plain text. */
  text: string;
  /** In bytes of that version's Markdown, the end exclusive. */
  start: number;
  end: number;
  /** Larger is better, at most 1.1. */
  score: number;
  /** -1 to 1. */
  similarity: number;
}

export interface ArticleHits {
  hits: ArticleHit[];
  /** Articles whose last change search does not know yet. */
  n_pending: number;
  /** Only words were compared: the models do not answer. */
  words_only: boolean;
}

export interface ArticleIndex {
  n_published: number;
  n_pending: number;
  n_parts: number;
  model?: ModelName;
  /** A newer model's index on its way; until it is full the other one answers. */
  filling?: { model: ModelName; n_done: number; n_parts: number };
  memory_bytes: number;
  last_error?: string;
}

export interface ImportFile {
  path: string;
  text: string;
}

export interface ImportRequest {
  files: ImportFile[];
  urls: string[];
  /** Of what is new. */
  state: ArticleState;
  /** Only the report. */
  dry_run: boolean;
}

export type ImportOutcome = 'new' | 'changed' | 'unchanged' | 'broken';

export interface ImportRow {
  source: string;
  /** From 1; absent where the file is one article. */
  line?: number;
  title?: string;
  outcome: ImportOutcome;
  problem?: string;
}

export interface ImportReport {
  id?: string;
  /** Never, when a row is broken. */
  is_stored: boolean;
  n_new: number;
  n_changed: number;
  n_unchanged: number;
  n_broken: number;
  rows: ImportRow[];
}
