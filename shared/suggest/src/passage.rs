//! A part of an article that a search has found.

use std::sync::Arc;

use edgedesk_domain::ids::ArticleId;

/// A part of an article, as `edgedesk-knowledge` cuts it, and how well it fits the message.
#[derive(Debug, Clone, PartialEq)]
pub struct Passage {
    /// The article.
    pub article_id: ArticleId,
    /// Its title.
    pub title: String,
    /// Its version, in whose Markdown `start` and `end` are places.
    pub version: u32,
    /// ISO 639-1; absent where the article does not say.
    pub language: Option<String>,
    /// The headings above it, the outermost first.
    pub headings: Vec<String>,
    /// Its words, as plain text.
    pub text: String,
    /// The whole Markdown of that version, where it is at hand: then each sentence is cited by its own place, and lists stay
    /// lists. Without it, only whole sentences are taken, and each is cited by the place of the whole part.
    pub markdown: Option<Arc<str>>,
    /// Where it begins in the Markdown, in bytes.
    pub start: usize,
    /// Where it ends, exclusive, in bytes.
    pub end: usize,
    /// The cosine with the message, -1 to 1; 0 where only words have found it.
    pub similarity: f64,
    /// What the search ranks by; the larger the better.
    pub score: f64,
}
