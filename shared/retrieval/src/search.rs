//! A question, and the places that answer it.

use edgedesk_domain::ids::{AccountId, CategoryId};
use edgedesk_wire::inference::MAX_BATCH_TEXT_BYTES;
use edgedesk_wire::knowledge::{FindPlaces, FoundPlaces, Question};

use crate::{Embedder, KnowledgeIndex, RetrievalError};

/// Longest query, in characters.
pub const MAX_QUERY_CHARS: usize = 10_000;

/// What is looked for, and where.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Search {
    /// As somebody would ask it, at most [`MAX_QUERY_CHARS`].
    pub query: String,
    /// Only articles in this language.
    pub language: Option<String>,
    /// Only articles under this category.
    pub category_id: Option<CategoryId>,
    /// Most articles.
    pub limit: usize,
    /// Most places of each.
    pub n_places: usize,
}

/// Searches the knowledge of an account. Without a model that answers, by words alone.
pub async fn search(
    embedder: &impl Embedder,
    index: &impl KnowledgeIndex,
    account_id: AccountId,
    search: Search,
) -> Result<FoundPlaces, RetrievalError> {
    let question = question_of(embedder, &search.query).await;
    search_with(index, account_id, search, question).await
}

/// The same for a question whose meaning is known, or is not to be had.
pub async fn search_with(
    index: &impl KnowledgeIndex,
    account_id: AccountId,
    search: Search,
    question: Option<Question>,
) -> Result<FoundPlaces, RetrievalError> {
    let request = FindPlaces {
        query: search.query,
        question,
        language: search.language,
        category_id: search.category_id,
        limit: search.limit,
        n_places: search.n_places,
    };
    index.find(account_id, &request).await
}

/// The meaning of a text; none where it says nothing, or where no model answers.
pub async fn question_of(embedder: &impl Embedder, text: &str) -> Option<Question> {
    if text.trim().is_empty() {
        return None;
    }
    let mut end = text.len().min(MAX_BATCH_TEXT_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let text = text.get(..end).unwrap_or_default().to_owned();
    let answer = embedder.embed(vec![text]).await.ok()?;
    let row = answer.rows.into_iter().next().flatten()?;
    Some(Question {
        model: answer.model,
        row,
    })
}
