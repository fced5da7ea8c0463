//! Who may see an article: published, taken back, deleted, restored.

use edgedesk_domain::article::ArticleState;
use edgedesk_domain::ids::ArticleId;
use edgedesk_domain::time::Timestamp;

use super::super::AccountStore;
use crate::database::{Database, Statement, StoreError, Value};

/// How long a deleted article can be restored: thirty days.
pub const RESTORABLE_MILLIS: i64 = 30 * 24 * 60 * 60 * 1000;

// Publishing what is published already publishes the last version.
const SET_STATE: &str = "
    UPDATE articles SET revision = revision + 1, search_revision = revision + 1, state = ?3,
      published_version = iif(?3 = 'published', version, NULL), updated_at = ?4
    WHERE account_id = ?1 AND id = ?2 AND deleted_at IS NULL AND (?5 IS NULL OR revision = ?5) RETURNING account_id, id";
const DELETE: &str = "
    UPDATE articles SET revision = revision + 1, search_revision = revision + 1, deleted_at = ?3, updated_at = ?3
    WHERE account_id = ?1 AND id = ?2 AND deleted_at IS NULL AND (?4 IS NULL OR revision = ?4) RETURNING account_id, id";
const RESTORE: &str = "
    UPDATE articles SET revision = revision + 1, search_revision = revision + 1, deleted_at = NULL, updated_at = ?3
    WHERE account_id = ?1 AND id = ?2 AND deleted_at IS NOT NULL RETURNING account_id, id";
// Only once search has forgotten them: a row that is gone cannot say so any more.
const PURGE_VERSIONS: &str = "
    DELETE FROM article_versions WHERE account_id = ?1 AND article_id IN (
      SELECT id FROM articles WHERE account_id = ?1 AND deleted_at < ?2 AND indexed_revision >= search_revision)";
const PURGE_VOTES: &str = "
    DELETE FROM article_votes WHERE account_id = ?1 AND article_id IN (
      SELECT id FROM articles WHERE account_id = ?1 AND deleted_at < ?2 AND indexed_revision >= search_revision)";
const PURGE_SOURCES: &str = "
    DELETE FROM article_sources WHERE account_id = ?1 AND article_id IN (
      SELECT id FROM articles WHERE account_id = ?1 AND deleted_at < ?2 AND indexed_revision >= search_revision)";
const PURGE: &str = "
    DELETE FROM articles WHERE account_id = ?1 AND deleted_at < ?2 AND indexed_revision >= search_revision
    RETURNING account_id, id";

#[cfg(test)]
pub(crate) const READS: [&str; 7] = [
    SET_STATE,
    DELETE,
    RESTORE,
    PURGE_VERSIONS,
    PURGE_VOTES,
    PURGE_SOURCES,
    PURGE,
];

/// The parameter of a statement that may be bound to a revision.
pub(super) fn bound_to(revision: Option<u64>) -> Result<Value, StoreError> {
    revision.map_or(Ok(Value::Null), Value::uint)
}

impl<D: Database> AccountStore<'_, D> {
    /// Changes who may see an article; `published` publishes its last version. Whether there is one.
    pub async fn set_article_state(
        &self,
        id: ArticleId,
        state: ArticleState,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.set_article_state_at(id, None, state, now).await
    }

    /// The same, and only while its row is at `revision`, where one is given.
    pub async fn set_article_state_at(
        &self,
        id: ArticleId,
        revision: Option<u64>,
        state: ArticleState,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let parameters = [
            self.account(),
            Value::text(id),
            Value::text(state.as_str()),
            Value::time(now),
            bound_to(revision)?,
        ];
        let rows = self.database.query(SET_STATE, &parameters).await?;
        Ok(!rows.is_empty())
    }

    /// Deletes an article; it can be restored for [`RESTORABLE_MILLIS`]. Whether it was there.
    pub async fn delete_article(&self, id: ArticleId, now: Timestamp) -> Result<bool, StoreError> {
        self.delete_article_at(id, None, now).await
    }

    /// The same, and only while its row is at `revision`, where one is given.
    pub async fn delete_article_at(
        &self,
        id: ArticleId,
        revision: Option<u64>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let parameters = [
            self.account(),
            Value::text(id),
            Value::time(now),
            bound_to(revision)?,
        ];
        let rows = self.database.query(DELETE, &parameters).await?;
        Ok(!rows.is_empty())
    }

    /// Takes a deletion back: the article is in the state that it was in. Whether it was deleted and is still there.
    pub async fn restore_article(&self, id: ArticleId, now: Timestamp) -> Result<bool, StoreError> {
        let parameters = [self.account(), Value::text(id), Value::time(now)];
        let rows = self.database.query(RESTORE, &parameters).await?;
        Ok(!rows.is_empty())
    }

    /// Forgets articles that were deleted more than [`RESTORABLE_MILLIS`] ago and are in no index. How many there were.
    pub async fn purge_articles(&self, now: Timestamp) -> Result<u64, StoreError> {
        let before = Value::time(now.plus_millis(-RESTORABLE_MILLIS));
        let parameters = || vec![self.account(), before.clone()];
        let answers = self
            .database
            .batch(vec![
                Statement::new(PURGE_VERSIONS, parameters()),
                Statement::new(PURGE_VOTES, parameters()),
                Statement::new(PURGE_SOURCES, parameters()),
                Statement::new(PURGE, parameters()),
            ])
            .await?;
        Ok(answers.last().map_or(0, |rows| rows.len() as u64))
    }
}
