//! Headings that articles stand under.

use edgedesk_domain::ids::CategoryId;
use edgedesk_domain::time::Timestamp;
use edgedesk_wire::articles::CategoryView;

use super::super::AccountStore;
use crate::database::{Database, Statement, StoreError, Value};

/// Most categories of an account.
pub const MAX_CATEGORIES: u32 = 200;

const LIST: &str = "
    SELECT account_id, id, name,
      (SELECT count(*) FROM articles a WHERE a.account_id = ?1 AND a.category_id = c.id AND a.deleted_at IS NULL) AS n_articles
    FROM article_categories c WHERE account_id = ?1 ORDER BY name_key";
const FIND: &str =
    "SELECT account_id, id FROM article_categories WHERE account_id = ?1 AND id = ?2";
const FIND_NAME: &str =
    "SELECT account_id, id FROM article_categories WHERE account_id = ?1 AND name_key = ?2";
const INSERT: &str = "
    INSERT INTO article_categories (account_id, id, revision, name, name_key, created_at)
    SELECT ?1, ?2, 1, ?3, ?4, ?5 WHERE (SELECT count(*) FROM article_categories WHERE account_id = ?1) < ?6
    ON CONFLICT DO NOTHING RETURNING account_id, id";
const RENAME: &str = "
    UPDATE OR IGNORE article_categories SET name = ?3, name_key = ?4, revision = revision + 1
    WHERE account_id = ?1 AND id = ?2
      AND NOT EXISTS (SELECT 1 FROM article_categories o WHERE o.account_id = ?1 AND o.name_key = ?4 AND o.id <> ?2)
    RETURNING account_id, id";
// Its articles stay, under none; search has to hear of it.
const EMPTY: &str = "
    UPDATE articles SET category_id = NULL, revision = revision + 1,
      search_revision = iif(state = 'published', revision + 1, search_revision)
    WHERE account_id = ?1 AND category_id = ?2";
const DELETE: &str =
    "DELETE FROM article_categories WHERE account_id = ?1 AND id = ?2 RETURNING account_id, id";

#[cfg(test)]
pub(crate) const READS: [&str; 7] = [LIST, FIND, FIND_NAME, INSERT, RENAME, EMPTY, DELETE];

/// Why a category was not stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CategoryError {
    /// There is no such category.
    #[error("there is no such category")]
    NotFound,
    /// Another one has the name.
    #[error("the name is taken")]
    NameTaken,
    /// The account has [`MAX_CATEGORIES`].
    #[error("an account has at most {MAX_CATEGORIES} categories")]
    TooMany,
    /// The database did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl<D: Database> AccountStore<'_, D> {
    /// The categories of the account, by name.
    pub async fn list_categories(&self) -> Result<Vec<CategoryView>, StoreError> {
        let rows = self.database.query(LIST, &[self.account()]).await?;
        rows.iter()
            .map(|row| {
                Ok(CategoryView {
                    id: row.parsed("id")?,
                    name: row.text("name")?.to_owned(),
                    n_articles: row.uint32("n_articles")?,
                })
            })
            .collect()
    }

    /// Stores a new category.
    pub async fn add_category(
        &self,
        id: CategoryId,
        name: &str,
        now: Timestamp,
    ) -> Result<(), CategoryError> {
        let key = name.to_lowercase();
        let parameters = [
            self.account(),
            Value::text(id),
            Value::text(name),
            Value::text(&key),
            Value::time(now),
            Value::Int(MAX_CATEGORIES.into()),
        ];
        if !self.database.query(INSERT, &parameters).await?.is_empty() {
            Ok(())
        } else if self.is_category_name_taken(&key).await? {
            Err(CategoryError::NameTaken)
        } else {
            Err(CategoryError::TooMany)
        }
    }

    /// Gives a category another name.
    pub async fn rename_category(&self, id: CategoryId, name: &str) -> Result<(), CategoryError> {
        let key = name.to_lowercase();
        let parameters = [
            self.account(),
            Value::text(id),
            Value::text(name),
            Value::text(&key),
        ];
        if !self.database.query(RENAME, &parameters).await?.is_empty() {
            Ok(())
        } else if self.has_category(id).await? {
            Err(CategoryError::NameTaken)
        } else {
            Err(CategoryError::NotFound)
        }
    }

    /// Deletes a category; its articles stand under none then. Whether it was there.
    pub async fn delete_category(&self, id: CategoryId) -> Result<bool, StoreError> {
        let key = vec![self.account(), Value::text(id)];
        let statements = vec![
            Statement::new(EMPTY, key.clone()),
            Statement::new(DELETE, key),
        ];
        let answers = self.database.batch(statements).await?;
        Ok(answers.last().is_some_and(|rows| !rows.is_empty()))
    }

    pub(super) async fn has_category(&self, id: CategoryId) -> Result<bool, StoreError> {
        let key = [self.account(), Value::text(id)];
        Ok(!self.database.query(FIND, &key).await?.is_empty())
    }

    async fn is_category_name_taken(&self, key: &str) -> Result<bool, StoreError> {
        let key = [self.account(), Value::text(key)];
        Ok(!self.database.query(FIND_NAME, &key).await?.is_empty())
    }
}
