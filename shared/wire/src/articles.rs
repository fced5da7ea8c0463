//! Bodies of `/api/v1/articles` and what belongs to it: categories, search, the state of the index, imports.

use edgedesk_domain::analysis::ModelRef;
use edgedesk_domain::article::ArticleState;
use edgedesk_domain::ids::{ArticleId, CategoryId, ImportId, UserId};
use edgedesk_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::gaps::DraftedFrom;

/// `POST /api/v1/articles`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewArticle {
    /// 1 to 200 characters.
    pub title: String,
    /// Markdown, at most 256 KiB. HTML in it is shown to nobody.
    #[serde(default)]
    pub body: String,
    /// ISO 639-1; `en` if absent.
    #[serde(default)]
    pub language: Option<String>,
    /// The category it stands under; none if absent.
    #[serde(default)]
    pub category_id: Option<CategoryId>,
    /// The article that it says in another language; none if absent.
    #[serde(default)]
    pub translation_of: Option<ArticleId>,
    /// `published` makes it public at once; `draft` if absent.
    #[serde(default)]
    pub state: Option<ArticleState>,
}

/// `PUT /api/v1/articles/{article_id}`: a new version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ArticleChange {
    /// The version that the change was made on: when it is not the last one any more, nothing is stored (409, `version_conflict`).
    pub version: u32,
    /// 1 to 200 characters.
    pub title: String,
    /// Markdown, at most 256 KiB.
    pub body: String,
    /// ISO 639-1.
    pub language: String,
    /// The category; absent for none.
    #[serde(default)]
    pub category_id: Option<CategoryId>,
}

/// `PUT /api/v1/articles/{article_id}/state`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ArticleStateChange {
    /// `published` publishes the last version.
    pub state: ArticleState,
}

/// An article without its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ArticleSummary {
    /// Its id.
    pub id: ArticleId,
    /// Of the last version.
    pub title: String,
    /// ISO 639-1, of the last version.
    pub language: String,
    /// The category it stands under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category_id: Option<CategoryId>,
    /// The article that it says in another language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub translation_of: Option<ArticleId>,
    /// Who may see it.
    pub state: ArticleState,
    /// The last version, from 1.
    pub version: u32,
    /// The version that everybody sees; absent unless it is published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published_version: Option<u32>,
    /// Whether search knows it as it is now.
    pub is_indexed: bool,
    /// How many found it helpful.
    pub n_helpful: u32,
    /// How many did not.
    pub n_unhelpful: u32,
    /// Where it was imported from, if it was: a path or an address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// When it was first stored.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// When it was deleted; it can be restored for 30 days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<Timestamp>,
}

/// An article with its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ArticleView {
    /// All but the text.
    #[serde(flatten)]
    pub summary: ArticleSummary,
    /// The Markdown of the last version.
    pub body: String,
    /// The group of questions that it was drafted from, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drafted_from: Option<DraftedFrom>,
    /// The page that it was imported from, if it was: read again once a day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_page: Option<SourcePage>,
}

/// How the page of an article stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SourcePage {
    /// Its address.
    pub url: String,
    /// When it was last read, or tried.
    pub crawled_at: Timestamp,
    /// What came of that.
    pub outcome: SourceOutcome,
    /// Why it failed, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// How often it failed in a row.
    pub n_failures: u32,
}

/// What came of the last reading of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum SourceOutcome {
    /// The article says now what the page says.
    Changed,
    /// The page says what it said.
    Unchanged,
    /// The page says something else, and the article stays as a person wrote it.
    SourceChanged,
    /// It could not be read.
    Failed,
}

impl SourceOutcome {
    /// The word in JSON and SQL.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Unchanged => "unchanged",
            Self::SourceChanged => "source_changed",
            Self::Failed => "failed",
        }
    }
}

/// `POST /api/v1/articles/{article_id}/recrawl`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RecrawlRequest {
    /// Whether the page's text takes the place of what a person wrote since; `false` if absent.
    #[serde(default)]
    pub overwrite: bool,
}

/// One article.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ArticleResponse {
    /// It.
    pub article: ArticleView,
}

/// A page of articles.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ArticleList {
    /// Those that changed last first.
    pub articles: Vec<ArticleSummary>,
    /// For `?cursor=`; absent at the end.
    pub next_cursor: Option<String>,
}

/// A version of an article.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ArticleVersion {
    /// From 1.
    pub version: u32,
    /// Its title.
    pub title: String,
    /// Its language.
    pub language: String,
    /// Its Markdown; absent in lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// Who wrote it; absent when it was imported by Edgedesk itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub saved_by: Option<UserId>,
    /// What they were called then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub saved_by_name: Option<String>,
    /// When.
    pub saved_at: Timestamp,
}

/// The versions of an article.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ArticleVersionList {
    /// The last one first; at most 100.
    pub versions: Vec<ArticleVersion>,
}

/// One version.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ArticleVersionResponse {
    /// It, with its text.
    pub version: ArticleVersion,
}

/// `POST /api/v1/article-categories` and `PUT /api/v1/article-categories/{category_id}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CategoryBody {
    /// 1 to 80 characters, not taken by another one.
    pub name: String,
}

/// A heading that articles stand under.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CategoryView {
    /// Its id.
    pub id: CategoryId,
    /// What it is called.
    pub name: String,
    /// How many articles stand under it, those that are deleted not counted.
    pub n_articles: u32,
}

/// The categories of an account.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CategoryList {
    /// By name; at most 200.
    pub categories: Vec<CategoryView>,
}

/// `POST /api/v1/articles/search`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ArticleSearch {
    /// What is looked for, as somebody would ask it; of more than 10,000 characters nothing is looked for (422).
    pub query: String,
    /// Only articles in this language; all if absent.
    #[serde(default)]
    pub language: Option<String>,
    /// Only articles under this category; all if absent.
    #[serde(default)]
    pub category_id: Option<CategoryId>,
    /// Most articles, 1 to 20; 5 if absent.
    #[serde(default)]
    pub limit: Option<u32>,
}

/// A place in a published article that was found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ArticleHit {
    /// The article.
    pub article_id: ArticleId,
    /// Its title.
    pub title: String,
    /// Its language.
    pub language: String,
    /// The category it stands under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category_id: Option<CategoryId>,
    /// The version that is cited: the published one.
    pub version: u32,
    /// The headings above the place, the outermost first.
    pub headings: Vec<String>,
    /// What it says there, as plain text.
    pub text: String,
    /// Where the place begins in the Markdown of that version, in bytes.
    pub start: usize,
    /// Where it ends, exclusive.
    pub end: usize,
    /// By which the hits are ordered; larger is better, at most 1.1.
    pub score: f64,
    /// The cosine of the meanings of question and place, -1 to 1.
    pub similarity: f64,
}

/// What a search found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ArticleHits {
    /// The best place of each article, best first.
    pub hits: Vec<ArticleHit>,
    /// Articles whose last change search does not know yet: they may be missing.
    pub n_pending: u32,
    /// Whether the meaning was left out, as the models do not answer: only words were compared.
    pub words_only: bool,
}

/// `GET /api/v1/articles/index`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ArticleIndex {
    /// Published articles.
    pub n_published: u32,
    /// Articles whose last change is not in the index yet.
    pub n_pending: u32,
    /// Parts in the index that is searched.
    pub n_parts: u32,
    /// The model of their embeddings; absent while the index is empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelRef>,
    /// A newer model's index that is being filled; until it is full the one above answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filling: Option<FillingIndex>,
    /// Bytes of rows that the object holds in memory.
    pub memory_bytes: u64,
}

/// An index of a newer model on its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FillingIndex {
    /// The newer model.
    pub model: ModelRef,
    /// Parts that it has.
    pub n_done: u32,
    /// Parts that it will have.
    pub n_parts: u32,
}

/// `POST /api/v1/article-imports`: texts of files. Nothing is stored unless every row can be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImportRequest {
    /// The files; at most 500, and 4 MiB of text.
    #[serde(default)]
    pub files: Vec<ImportFile>,
    /// Addresses of pages to fetch, at most 20: `https`, and what they lead to as well.
    #[serde(default)]
    pub urls: Vec<String>,
    /// State of what is new; `draft` if absent.
    #[serde(default)]
    pub state: Option<ArticleState>,
    /// Only the report: nothing is stored.
    pub dry_run: bool,
}

/// A file to import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImportFile {
    /// Its path, such as `guides/returns.md`. Its ending says what it is: `.md`, `.markdown`, `.txt`, `.csv`, `.html`, `.htm`.
    pub path: String,
    /// Its text, UTF-8.
    pub text: String,
}

/// What became, or would become, of an import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImportReport {
    /// Its id; absent for a dry run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<ImportId>,
    /// Whether it is stored. Never, when a row is broken.
    pub is_stored: bool,
    /// Articles that are new.
    pub n_new: u32,
    /// Articles that changed.
    pub n_changed: u32,
    /// Articles that are as they were.
    pub n_unchanged: u32,
    /// Rows that cannot be stored.
    pub n_broken: u32,
    /// A line for each article, in the order of the files.
    pub rows: Vec<ImportRow>,
}

/// One article of an import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImportRow {
    /// The file's path, or the address.
    pub source: String,
    /// The line in the file, from 1, where it begins; absent where the file is one article.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// Its title, when it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What becomes of it.
    pub outcome: ImportOutcome,
    /// What is wrong, when it is broken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// What becomes of a row of an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ImportOutcome {
    /// A new article.
    New,
    /// A new version of the article that came from the same place.
    Changed,
    /// The article is as it was.
    Unchanged,
    /// It cannot be stored.
    Broken,
}

/// `PUT /widget/v1/articles/{article_id}/vote`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct VoteRequest {
    /// Whether the reader found it helpful. It counts in the place of what they said before.
    pub is_helpful: bool,
}

/// What everybody sees of an article: its published version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PublishedArticle {
    /// Its title.
    pub title: String,
    /// Its Markdown.
    pub body: String,
    /// ISO 639-1.
    pub language: String,
}

/// `GET /widget/v1/articles/{article_id}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PublishedArticleResponse {
    /// It.
    pub article: PublishedArticle,
}
