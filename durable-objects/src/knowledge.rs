//! What an account's published articles say, searched by words and by meaning. Beside it, in tables of their own, are the questions of open
//! conversations ([`questions`]).
//!
//! State: `articles` (one row each, also of those that are forgotten: their revision is), `parts`, `words` (FTS5, without its texts),
//! and the rows of [`vectors`]. Invariants:
//! - Of two revisions of an article the larger one counts, whatever the order they come in. What was forgotten at a revision is never
//!   found again by an older one.
//! - An article is searched whole or not at all. Its parts stand under a number; a new text has a new number, and one statement makes
//!   that number the article's. What stands under a number that is no article's is deleted before anything is stored or searched.
//! - Articles are taken in one after the other, also while their rows are on their way to an index elsewhere: what stands under no
//!   article's number is no other request's.
//! - Rows of different models are never compared. Those of an older model stay until all articles have rows of the newer one.

pub mod chosen;
#[cfg(test)]
mod contract;
pub mod questions;
mod search;
mod store;
#[cfg(test)]
mod tests;
pub mod vectorize;
pub mod vectors;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use edgedesk_domain::ids::{AccountId, ArticleId, CategoryId};
use edgedesk_domain::time::{Clock, Timestamp};
use edgedesk_search::index::RowId;
use edgedesk_search::row::Row as VectorRow;
use edgedesk_wire::knowledge::{
    FindPlaces, FoundPlaces, IndexArticle, IndexStatus, Indexed, IndexedArticle, MAX_PARTS,
};
use futures::lock::Mutex;

use crate::error::{ObjectError, Refusal};
use crate::sql::{ObjectSql, SqlError};
use store::Stored;
use vectors::VectorIndex;

/// A part is known by its article's number times this, and its own place; 0 is the title.
const PLACES: u64 = 1_000;
/// Milliseconds between two times that the object asks for rows of a newer model.
const ASK_AGAIN_MILLIS: i64 = 10 * 60 * 1000;

/// The object of one account's knowledge.
#[derive(Debug)]
pub struct Knowledge<S, C, V> {
    account_id: AccountId,
    sql: S,
    clock: C,
    vectors: V,
    memory: RefCell<Option<Rc<Memory>>>,
    asked_at: Cell<Option<Timestamp>>,
    /// Held by the one who changes something.
    changing: Mutex<()>,
}

/// What is true of each number, so that a search reads nothing that it does not find.
type Memory = HashMap<u64, Known>;

/// A searched article.
#[derive(Debug, Clone)]
struct Known {
    article_id: ArticleId,
    version: u32,
    title: String,
    language: String,
    category_id: Option<CategoryId>,
}

impl<S: ObjectSql, C: Clock, V: VectorIndex> Knowledge<S, C, V> {
    /// An object that just woke: what it must know is in `sql` and `vectors`.
    pub fn new(account_id: AccountId, sql: S, clock: C, vectors: V) -> Self {
        Self {
            account_id,
            sql,
            clock,
            vectors,
            memory: RefCell::default(),
            asked_at: Cell::default(),
            changing: Mutex::new(()),
        }
    }

    /// Takes the published version of an article in, or forgets it.
    ///
    /// # Errors
    ///
    /// `invalid_request` for rows that are none; otherwise the storage's, and then the same may be asked again.
    pub async fn index(&self, request: &IndexArticle) -> Result<Indexed, ObjectError> {
        let _only_one = self.changing.lock().await;
        if self.memory.borrow().is_none() {
            self.create().await?;
            self.clean().await?;
            self.remember()?;
        }
        let stored = store::find(&self.sql, request.article_id)?;
        if stored
            .as_ref()
            .is_some_and(|stored| stored.revision >= request.revision)
        {
            return Ok(Indexed { changed: false });
        }
        let outcome = match &request.content {
            None => self.forget(request, stored.as_ref()).await,
            Some(content) => self.take(request, content, stored.as_ref()).await,
        };
        // What is in memory is read again: after an error it is not known, and after a change it is another.
        self.memory.take();
        outcome?;
        self.clean().await?;
        Ok(Indexed { changed: true })
    }

    /// How the index stands.
    pub async fn status(&self) -> Result<IndexStatus, ObjectError> {
        self.open().await?;
        let counts = store::counts(&self.sql)?;
        if self.vectors.models().await?.newest_of_several().is_some() {
            self.tidy().await?;
        }
        let models = self.vectors.models().await?;
        let newest = models.newest();
        let oldest = models.oldest();
        Ok(IndexStatus {
            account_id: self.account_id,
            n_articles: counts.n_articles,
            n_parts: counts.n_parts,
            newer_model: newest.filter(|newest| Some(*newest) != oldest).cloned(),
            n_parts_of_newer: newest.map_or(0, |newest| models.n_rows_of(newest)),
            model: oldest.cloned(),
            memory_bytes: models.n_bytes(),
            n_arriving: self.vectors.n_arriving().await?,
        })
    }

    /// Finds the places that say most about what is asked.
    pub async fn search(&self, request: &FindPlaces) -> Result<FoundPlaces, ObjectError> {
        self.open().await?;
        let mut found = self.find(request).await?;
        if found.is_model_old {
            // Told to one caller in ten minutes: the work is under way then.
            let now = self.clock.now();
            let was_asked = self
                .asked_at
                .get()
                .is_some_and(|at| now.millis_since(at) < ASK_AGAIN_MILLIS);
            if was_asked {
                found.is_model_old = false;
            } else {
                self.asked_at.set(Some(now));
                found.is_model_old = self.has_work_for(request).await?;
            }
        }
        Ok(found)
    }

    async fn take(
        &self,
        request: &IndexArticle,
        content: &IndexedArticle,
        stored: Option<&Stored>,
    ) -> Result<(), ObjectError> {
        let rows = rows_of(content)?;
        let digest = store::digest(content);
        let same_text = stored.filter(|stored| stored.digest == digest);
        // The number of a text that is the same stays, and with it the rows of another model.
        let number = if let Some(stored) = same_text {
            stored.number
        } else {
            let number = store::next_number(&self.sql)?;
            store::insert_parts(&self.sql, number, content)?;
            number
        };
        let rows: Vec<(RowId, VectorRow)> = rows
            .into_iter()
            .map(|(place, row)| (number * PLACES + place, row))
            .collect();
        self.vectors.put(&content.model, number, &rows).await?;
        store::put_article(&self.sql, request, Some((number, &digest, content)))?;
        Ok(())
    }

    async fn forget(
        &self,
        request: &IndexArticle,
        stored: Option<&Stored>,
    ) -> Result<(), ObjectError> {
        store::put_article(&self.sql, request, None)?;
        if let Some(stored) = stored {
            self.vectors.remove(&[stored.number]).await?;
        }
        Ok(())
    }

    /// Whether rows of another model than the question's are left when those are deleted that nobody needs any more.
    async fn has_work_for(&self, request: &FindPlaces) -> Result<bool, ObjectError> {
        self.tidy().await?;
        let models = self.vectors.models().await?;
        let question = request.question.as_ref();
        Ok(question.is_some_and(|question| models.has_other_than(&question.model)))
    }

    /// Gets ready to answer.
    async fn open(&self) -> Result<(), ObjectError> {
        if self.memory.borrow().is_some() {
            return Ok(());
        }
        self.create().await?;
        self.tidy().await?;
        self.remember()?;
        Ok(())
    }

    /// Cleans, unless somebody changes something now, who does so when that is done.
    async fn tidy(&self) -> Result<(), ObjectError> {
        match self.changing.try_lock() {
            Some(_only_one) => self.clean().await,
            None => Ok(()),
        }
    }

    async fn create(&self) -> Result<(), ObjectError> {
        store::create(&self.sql)?;
        self.vectors.open().await
    }

    fn remember(&self) -> Result<(), SqlError> {
        let known = store::list(&self.sql)?;
        self.memory.replace(Some(Rc::new(known)));
        Ok(())
    }

    /// Deletes what stands under no article, and rows of older models that all articles have newer ones of.
    async fn clean(&self) -> Result<(), ObjectError> {
        let stale = store::stale_numbers(&self.sql)?;
        if !stale.is_empty() {
            self.vectors.remove(&stale).await?;
            store::delete_numbers(&self.sql, &stale)?;
        }
        let n_articles = store::counts(&self.sql)?.n_articles;
        self.vectors.drop_older_models(n_articles).await?;
        Ok(())
    }
}

/// The rows of a text by place; 0 is the title.
fn rows_of(content: &IndexedArticle) -> Result<Vec<(u64, VectorRow)>, ObjectError> {
    let parts = content.parts.iter().take(MAX_PARTS);
    let texts =
        std::iter::once(content.title_row.as_deref()).chain(parts.map(|part| part.row.as_deref()));
    (0..)
        .zip(texts)
        .filter_map(|(place, row)| Some((place, row?)))
        .map(|(place, row)| Ok((place, decode(row)?)))
        .collect()
}

/// A row of Base64.
fn decode(text: &str) -> Result<VectorRow, ObjectError> {
    STANDARD
        .decode(text)
        .ok()
        .and_then(|bytes| VectorRow::from_bytes(&bytes).ok())
        .ok_or_else(|| Refusal::InvalidRequest.because("A row is not the bytes of one."))
}
