//! Articles of the knowledge base.

use serde::{Deserialize, Serialize};

/// Longest title, in characters.
pub const MAX_TITLE_CHARS: usize = 200;
/// Largest text, in bytes of Markdown. A row of D1 may have 2 MB, and one text of this size is some 700 parts.
pub const MAX_ARTICLE_BYTES: usize = 256 * 1024;

/// Who may see an article.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ArticleState {
    /// Members only: it was never published, or was taken back.
    Draft,
    /// Everybody: it is searched, cited and shown to customers.
    Published,
    /// Nobody looks for it any more; members can read it.
    Archived,
}

impl ArticleState {
    /// All of them, in the order of lists.
    pub const ALL: [Self; 3] = [Self::Draft, Self::Published, Self::Archived];

    /// The word in URLs, SQL and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Published => "published",
            Self::Archived => "archived",
        }
    }

    /// The state of a word, if there is one.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}
