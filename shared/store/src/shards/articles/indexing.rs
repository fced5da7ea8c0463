//! What search should know of articles, and what it knows.

use edgedesk_domain::ids::{ArticleId, CategoryId};

use super::super::AccountStore;
use crate::database::{Database, StoreError, Value};

const LIST_PENDING: &str = "
    SELECT account_id, id FROM articles WHERE account_id = ?1 AND indexed_revision < search_revision AND id > ?2
    ORDER BY id LIMIT ?3";
const READ: &str = "
    SELECT a.account_id, a.search_revision, a.category_id, t.version, t.title, t.language, t.body
    FROM articles a LEFT JOIN article_versions t
      ON t.account_id = ?1 AND t.article_id = a.id AND t.version = a.published_version
        AND a.state = 'published' AND a.deleted_at IS NULL
    WHERE a.account_id = ?1 AND a.id = ?2";
const SET_INDEXED: &str = "
    UPDATE articles SET indexed_revision = ?3, revision = revision + 1
    WHERE account_id = ?1 AND id = ?2 AND indexed_revision < ?3";
const COUNT: &str = "
    SELECT account_id, coalesce(sum(state = 'published' AND deleted_at IS NULL), 0) AS n_published,
      coalesce(sum(indexed_revision < search_revision), 0) AS n_pending
    FROM articles WHERE account_id = ?1 GROUP BY account_id";
// The published ones anew, as after a change of the model.
const ASK_ALL: &str = "
    UPDATE articles SET revision = revision + 1, search_revision = revision + 1
    WHERE account_id = ?1 AND state = 'published' AND deleted_at IS NULL";

#[cfg(test)]
pub(crate) const READS: [&str; 5] = [LIST_PENDING, READ, SET_INDEXED, COUNT, ASK_ALL];

/// What search should know of an article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToIndex {
    /// The revision that this is.
    pub revision: u64,
    /// What everybody sees; `None` when that is nothing, and search has to forget it.
    pub content: Option<IndexContent>,
}

/// The published version of an article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexContent {
    /// Its number.
    pub version: u32,
    /// Its title.
    pub title: String,
    /// Its language.
    pub language: String,
    /// The category it stands under.
    pub category_id: Option<CategoryId>,
    /// Its Markdown.
    pub body: String,
}

/// How far search is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct IndexCounts {
    /// Published articles.
    pub n_published: u32,
    /// Articles of which search does not know the last change.
    pub n_pending: u32,
}

impl<D: Database> AccountStore<'_, D> {
    /// Articles of which search does not know the last change, by id, at most `limit` behind `after`.
    pub async fn list_pending_articles(
        &self,
        after: Option<ArticleId>,
        limit: u32,
    ) -> Result<Vec<ArticleId>, StoreError> {
        let parameters = [
            self.account(),
            after.map_or(Value::text(""), Value::text),
            Value::Int(limit.into()),
        ];
        let rows = self.database.query(LIST_PENDING, &parameters).await?;
        rows.iter().map(|row| row.parsed("id")).collect()
    }

    /// What search should know of an article; `None` for one that is not there at all.
    pub async fn read_to_index(&self, id: ArticleId) -> Result<Option<ToIndex>, StoreError> {
        let rows = self
            .database
            .query(READ, &[self.account(), Value::text(id)])
            .await?;
        let Some(row) = rows.first() else {
            return Ok(None);
        };
        let content = match row.optional_int("version")? {
            None => None,
            Some(_) => Some(IndexContent {
                version: row.uint32("version")?,
                title: row.text("title")?.to_owned(),
                language: row.text("language")?.to_owned(),
                category_id: row.optional_parsed("category_id")?,
                body: row.text("body")?.to_owned(),
            }),
        };
        Ok(Some(ToIndex {
            revision: row.uint("search_revision")?,
            content,
        }))
    }

    /// Notes that search knows a revision of an article.
    pub async fn set_indexed(&self, id: ArticleId, revision: u64) -> Result<(), StoreError> {
        let parameters = [self.account(), Value::text(id), Value::uint(revision)?];
        self.database.query(SET_INDEXED, &parameters).await?;
        Ok(())
    }

    /// How far search is.
    pub async fn count_index(&self) -> Result<IndexCounts, StoreError> {
        let rows = self.database.query(COUNT, &[self.account()]).await?;
        rows.first().map_or(Ok(IndexCounts::default()), |row| {
            Ok(IndexCounts {
                n_published: row.uint32("n_published")?,
                n_pending: row.uint32("n_pending")?,
            })
        })
    }

    /// Asks that all published articles be indexed anew.
    pub async fn ask_to_index_all(&self) -> Result<(), StoreError> {
        self.database.query(ASK_ALL, &[self.account()]).await?;
        Ok(())
    }
}
