//! Articles that come from files and pages: found by where they are from, and stored all at once or not at all.

use std::collections::BTreeMap;

use edgedesk_domain::account::Principal;
use edgedesk_domain::article::ArticleState;
use edgedesk_domain::ids::{ArticleId, CategoryId};
use edgedesk_domain::time::Timestamp;

use super::super::AccountStore;
use super::INSERT;
use crate::database::{Database, Statement, StoreError, Value};

// One that was deleted is not brought back by an import, nor imported a second time beside it.
const LIST_SOURCES: &str = "
    SELECT account_id, id, source, fingerprint, version, deleted_at FROM articles
    WHERE account_id = ?1 AND source IN (SELECT asked.value FROM json_each(?2) asked)";
const UPDATE: &str = "
    UPDATE articles SET revision = revision + 1, version = version + 1, title = ?3, language = ?4,
      category_id = coalesce(?5, category_id), fingerprint = ?6, updated_at = ?7,
      published_version = iif(state = 'published', version + 1, published_version),
      search_revision = iif(state = 'published', revision + 1, search_revision)
    WHERE account_id = ?1 AND id = ?2 AND version = ?8
    RETURNING account_id, id";

#[cfg(test)]
pub(crate) const READS: [&str; 2] = [LIST_SOURCES, UPDATE];

/// An article that came from a file or a page before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownSource {
    /// The article.
    pub id: ArticleId,
    /// A hash of what came from there.
    pub fingerprint: Option<String>,
    /// Its last version.
    pub version: u32,
    /// Whether it is deleted.
    pub is_deleted: bool,
}

/// An article as an import stores it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportedArticle {
    /// Its id: a new one, or that of the article which came from the same place.
    pub id: ArticleId,
    /// The last version of that article; `None` for a new one.
    pub previous_version: Option<u32>,
    /// Where it is from.
    pub source: String,
    /// A hash of what came from there.
    pub fingerprint: String,
    /// Its title.
    pub title: String,
    /// Its Markdown.
    pub body: String,
    /// Its language.
    pub language: String,
    /// The category it stands under.
    pub category_id: Option<CategoryId>,
    /// Its state, when it is new.
    pub state: ArticleState,
}

impl<D: Database> AccountStore<'_, D> {
    /// The articles that came from `sources`.
    pub async fn find_sources(
        &self,
        sources: &[&str],
    ) -> Result<BTreeMap<String, KnownSource>, StoreError> {
        let parameters = [self.account(), Value::Text(crate::json(&sources))];
        let rows = self.database.query(LIST_SOURCES, &parameters).await?;
        rows.iter()
            .map(|row| {
                let known = KnownSource {
                    id: row.parsed("id")?,
                    fingerprint: row.optional_text("fingerprint")?.map(str::to_owned),
                    version: row.uint32("version")?,
                    is_deleted: row.optional_int("deleted_at")?.is_some(),
                };
                Ok((row.text("source")?.to_owned(), known))
            })
            .collect()
    }

    /// Stores articles of an import in one transaction: all of them, or none. A published one is public with its new text.
    pub async fn import_articles(
        &self,
        articles: &[ImportedArticle],
        by: Option<&Principal>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut statements = Vec::with_capacity(articles.len() * 2);
        for article in articles {
            statements.push(match article.previous_version {
                None => Statement::new(
                    INSERT,
                    vec![
                        self.account(),
                        Value::text(article.id),
                        Value::text(&article.title),
                        Value::text(&article.language),
                        Value::text_or_null(article.category_id),
                        Value::Null,
                        Value::text(article.state.as_str()),
                        Value::text(&article.source),
                        Value::text(&article.fingerprint),
                        Value::time(now),
                    ],
                ),
                Some(version) => Statement::new(
                    UPDATE,
                    vec![
                        self.account(),
                        Value::text(article.id),
                        Value::text(&article.title),
                        Value::text(&article.language),
                        Value::text_or_null(article.category_id),
                        Value::text(&article.fingerprint),
                        Value::time(now),
                        Value::Int(version.into()),
                    ],
                ),
            });
            let number = article.previous_version.unwrap_or(0).saturating_add(1);
            statements.push(self.version_statement(
                article.id,
                number,
                &article.title,
                &article.language,
                &article.body,
                by,
                now,
            ));
            statements.extend(self.source_statement(article, number, now));
        }
        self.database.batch(statements).await?;
        Ok(())
    }
}
