//! From articles to an index, and from a question to places in it.
//!
//! In scope: what is read of an article, in which order it is stored where, and what happens when a part of that fails ([`indexer`]);
//! a search with a model that may not answer ([`search`]); articles in files ([`imports`]), pages that
//! are read again ([`recrawl`]). Out of scope: the model, the index and the queue; they are behind
//! [`Embedder`] and [`KnowledgeIndex`].
#![forbid(unsafe_code)]

pub mod imports;
pub mod indexer;
pub mod recrawl;
pub mod search;
#[cfg(test)]
mod tests;

use edgedesk_domain::ids::AccountId;
use edgedesk_wire::inference::EmbedResponse;
use edgedesk_wire::knowledge::{FindPlaces, FoundPlaces, IndexArticle, Indexed};

/// Makes embeddings of texts.
#[expect(
    async_fn_in_trait,
    reason = "the runtime has one thread; nobody asks for `Send`"
)]
pub trait Embedder {
    /// Those of at most [`MAX_EMBED_TEXTS`](edgedesk_wire::inference::MAX_EMBED_TEXTS) texts, in their order.
    async fn embed(&self, texts: Vec<String>) -> Result<EmbedResponse, RetrievalError>;
}

/// The knowledge of accounts, searched.
#[expect(
    async_fn_in_trait,
    reason = "the runtime has one thread; nobody asks for `Send`"
)]
pub trait KnowledgeIndex {
    /// Takes an article in, or forgets it; safe to repeat.
    async fn index(
        &self,
        account_id: AccountId,
        request: &IndexArticle,
    ) -> Result<Indexed, RetrievalError>;

    /// Finds places.
    async fn find(
        &self,
        account_id: AccountId,
        request: &FindPlaces,
    ) -> Result<FoundPlaces, RetrievalError>;
}

/// Why something was not indexed or found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RetrievalError {
    /// It may work later.
    #[error("not available: {0}")]
    Unavailable(String),
    /// The same will never work: a fault of ours.
    #[error("refused: {0}")]
    Refused(String),
}
