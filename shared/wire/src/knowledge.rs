//! Requests to the `Knowledge` object of an account, and the queue of what is to be done for it.

use edgedesk_domain::analysis::ModelRef;
use edgedesk_domain::ids::{AccountId, ArticleId, CategoryId};
use serde::{Deserialize, Serialize};

use crate::articles::ArticleHit;

/// Namespace binding of the `Knowledge` objects.
pub const BINDING: &str = "KNOWLEDGE_OBJECTS";

/// `POST`: [`IndexArticle`] to [`Indexed`].
pub const INDEX_PATH: &str = "/articles";
/// `POST`: [`FindPlaces`] to [`FoundPlaces`].
pub const SEARCH_PATH: &str = "/search";
/// `GET`: [`IndexStatus`].
pub const STATUS_PATH: &str = "/status";

/// Producer binding of the queue of what is to be done for accounts' knowledge.
pub const QUEUE_BINDING: &str = "KNOWLEDGE";
/// Name of that queue.
pub const QUEUE: &str = "knowledge";
/// Parts of an article that are searched; those behind them are not. A text of the largest size has some 700.
pub const MAX_PARTS: usize = 999;
/// Most articles that one message names.
pub const MAX_ARTICLES_OF_MESSAGE: usize = 50;

/// The name, and so the address for ever, of the object of an account's knowledge.
#[must_use]
pub fn object_name(account_id: AccountId) -> String {
    format!("{account_id}:knowledge")
}

/// What the queue `knowledge` carries. What became of an article is in its row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum KnowledgeMessage {
    /// Search should look at these articles again.
    ArticlesChanged {
        /// The account.
        account_id: AccountId,
        /// The articles, at most [`MAX_ARTICLES_OF_MESSAGE`].
        article_ids: Vec<ArticleId>,
    },
    /// Search should look at all articles of which it does not know the last change.
    LookForPending {
        /// The account.
        account_id: AccountId,
    },
    /// Pages that articles are from should be read again, those that are due.
    ReadSources {
        /// The account.
        account_id: AccountId,
    },
    /// Questions that no article answers should be looked for.
    FindGaps {
        /// The account.
        account_id: AccountId,
    },
}

/// What search should know of an article.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexArticle {
    /// The article.
    pub article_id: ArticleId,
    /// Of which revision this is: what is older than what the object has changes nothing.
    pub revision: u64,
    /// Its parts; absent when it is to be forgotten.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<IndexedArticle>,
}

/// The published version of an article in parts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexedArticle {
    /// Its number.
    pub version: u32,
    /// Its title.
    pub title: String,
    /// ISO 639-1.
    pub language: String,
    /// The category it stands under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category_id: Option<CategoryId>,
    /// The model of the rows.
    pub model: ModelRef,
    /// The row of the title, as [`IndexedPart::row`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title_row: Option<String>,
    /// Its parts in their order.
    pub parts: Vec<IndexedPart>,
}

/// A part of an article.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexedPart {
    /// The headings above it, the outermost first.
    pub headings: Vec<String>,
    /// What it says, as plain text.
    pub text: String,
    /// Where it begins in the Markdown of the version, in bytes.
    pub start: usize,
    /// Where it ends, exclusive.
    pub end: usize,
    /// Its embedding as an 8-bit row in Base64; absent where the model could make nothing of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row: Option<String>,
}

/// The object has taken note.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Indexed {
    /// Whether it changed anything: false for a revision that is not newer than what it has.
    pub changed: bool,
}

/// A search.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindPlaces {
    /// What is looked for.
    pub query: String,
    /// Its meaning; absent when no model answers, and then only words are compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<Question>,
    /// Only articles in this language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Only articles under this category.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category_id: Option<CategoryId>,
    /// Most articles.
    pub limit: usize,
    /// Most places of each of them.
    pub n_places: usize,
}

/// The meaning of a question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// The model that made it.
    pub model: ModelRef,
    /// Its embedding as an 8-bit row in Base64.
    pub row: String,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FoundPlaces {
    /// The account that is searched.
    pub account_id: AccountId,
    /// The places of the best article first; those of one article with the nearest one first.
    pub places: Vec<ArticleHit>,
    /// Whether only words were compared.
    pub words_only: bool,
    /// Whether the rows of some articles are of another model than the question: they should be made anew.
    pub is_model_old: bool,
}

/// How the index stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexStatus {
    /// The account.
    pub account_id: AccountId,
    /// Articles that are searched.
    pub n_articles: u32,
    /// Their parts.
    pub n_parts: u32,
    /// The model of most rows; absent while there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelRef>,
    /// The model that the others are of, while the index is being made anew: the newer one of two.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newer_model: Option<ModelRef>,
    /// Parts with a row of the newer model.
    pub n_parts_of_newer: u32,
    /// Bytes of rows in memory once they are searched.
    pub memory_bytes: u64,
    /// Articles whose rows are stored and not known to be searched yet: an index elsewhere takes them in later. Absent in the answer of
    /// an object from before it.
    #[serde(default)]
    pub n_arriving: u32,
}
