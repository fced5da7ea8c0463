//! What becomes of articles that changed.
//!
//! An article is read anew for each message, so a message that comes twice or late does no harm; the revision that the index took
//! is noted in its row, and what is not noted is tried again: by the queue, and once an hour by whoever looks for it.

use edgedesk_domain::ids::{AccountId, ArticleId};
use edgedesk_knowledge::parts::{Part, parts};
use edgedesk_store::database::Database;
use edgedesk_store::shards::{IndexContent, ToIndex};
use edgedesk_store::{AccountStore, Shards, StoreError};
use edgedesk_wire::inference::{EmbedResponse, MAX_BATCH_TEXT_BYTES, MAX_EMBED_TEXTS};
use edgedesk_wire::knowledge::{IndexArticle, IndexedArticle, IndexedPart, MAX_PARTS};

use crate::{Embedder, KnowledgeIndex, RetrievalError};

/// Pending articles that one message works on; the next one goes on.
const PAGE: u32 = 50;

/// Indexes what changed.
#[derive(Debug, Clone, Copy)]
pub struct Indexer<'a, D, E, K> {
    /// The articles.
    pub shards: &'a Shards<D>,
    /// The model.
    pub embedder: &'a E,
    /// Where they are searched.
    pub index: &'a K,
}

/// What the queue should do with a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// All of it is done.
    Done,
    /// It says nothing that can be done.
    Dropped(String),
    /// Deliver it again.
    Retry(String),
}

/// Why an article was not indexed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
enum IndexError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Retrieval(#[from] RetrievalError),
    #[error("the article changed its model in the middle")]
    ModelChanged,
}

impl<D: Database, E: Embedder, K: KnowledgeIndex> Indexer<'_, D, E, K> {
    /// Tells the index of these articles, or of all of which it does not know the last change. An article that fails keeps no other from
    /// being indexed.
    pub async fn run(&self, account_id: AccountId, article_ids: Option<&[ArticleId]>) -> Verdict {
        let store = match self.shards.find_for_account(account_id).await {
            Ok(Some(store)) => store,
            Ok(None) => return Verdict::Dropped(format!("there is no account {account_id}")),
            Err(error) => return Verdict::Retry(error.to_string()),
        };
        let outcome = match article_ids {
            Some(article_ids) => self.index_all(store, article_ids).await,
            None => self.index_pending(store).await,
        };
        match outcome {
            Ok(()) => Verdict::Done,
            Err(cause) => Verdict::Retry(cause),
        }
    }

    async fn index_pending(&self, store: AccountStore<'_, D>) -> Result<(), String> {
        let (mut after, mut failed) = (None, None);
        loop {
            let page = store
                .list_pending_articles(after, PAGE)
                .await
                .map_err(|error| error.to_string())?;
            let Some(last) = page.last() else {
                return failed.map_or(Ok(()), Err);
            };
            after = Some(*last);
            if let Err(cause) = self.index_all(store, &page).await {
                failed = Some(cause);
            }
        }
    }

    /// Indexes each; the first failure is told when all were tried.
    async fn index_all(
        &self,
        store: AccountStore<'_, D>,
        article_ids: &[ArticleId],
    ) -> Result<(), String> {
        let mut failed = None;
        for id in article_ids {
            if let Err(error) = self.index_one(store, *id).await {
                failed.get_or_insert_with(|| format!("{id}: {error}"));
            }
        }
        failed.map_or(Ok(()), Err)
    }

    async fn index_one(&self, store: AccountStore<'_, D>, id: ArticleId) -> Result<(), IndexError> {
        let Some(ToIndex { revision, content }) = store.read_to_index(id).await? else {
            return Ok(());
        };
        let content = match content {
            None => None,
            Some(content) => Some(self.in_parts(content).await?),
        };
        let request = IndexArticle {
            article_id: id,
            revision,
            content,
        };
        self.index.index(store.account_id(), &request).await?;
        store.set_indexed(id, revision).await?;
        Ok(())
    }

    async fn in_parts(&self, content: IndexContent) -> Result<IndexedArticle, IndexError> {
        let mut parts = parts(&content.body);
        parts.truncate(MAX_PARTS);
        // The title first: it says what all of it is about.
        let texts: Vec<String> = std::iter::once(content.title.clone())
            .chain(parts.iter().map(|part| text_of(&content.title, part)))
            .map(|text| cut(text, MAX_BATCH_TEXT_BYTES))
            .collect();
        let mut rows = Vec::with_capacity(texts.len());
        let mut model = None;
        for batch in texts.chunks(MAX_EMBED_TEXTS) {
            let EmbedResponse {
                model: made_by,
                rows: batch,
            } = self.embedder.embed(batch.to_vec()).await?;
            if model.get_or_insert_with(|| made_by.clone()) != &made_by {
                return Err(IndexError::ModelChanged);
            }
            rows.extend(batch);
        }
        let model = model.ok_or(IndexError::ModelChanged)?;
        let mut rows = rows.into_iter();
        let title_row = rows.next().flatten();
        let parts = parts.into_iter().map(|part| IndexedPart {
            headings: part.headings,
            text: part.text,
            start: part.span.start,
            end: part.span.end,
            row: rows.next().flatten(),
        });
        let parts = parts.collect();
        Ok(IndexedArticle {
            version: content.version,
            title: content.title,
            language: content.language,
            category_id: content.category_id,
            model,
            title_row,
            parts,
        })
    }
}

/// What the model reads of a part: the title and the headings say what it is about.
fn text_of(title: &str, part: &Part) -> String {
    let mut text = title.to_owned();
    for heading in &part.headings {
        text.push('\n');
        text.push_str(heading);
    }
    text.push('\n');
    text.push_str(&part.text);
    text
}

/// At most `n_bytes` of a text, in whole characters.
fn cut(mut text: String, n_bytes: usize) -> String {
    if text.len() > n_bytes {
        let mut end = n_bytes;
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
    }
    text
}
