//! Pages that articles are from: what they said when they were last read, and when that is to be done again.

use edgedesk_domain::article::ArticleState;
use edgedesk_domain::ids::{ArticleId, CategoryId};
use edgedesk_domain::time::Timestamp;
use edgedesk_wire::articles::{SourceOutcome, SourcePage};

use super::super::AccountStore;
use super::imports::ImportedArticle;
use crate::database::{Database, Row, Statement, StoreError, Value};

/// How often a page is read again: once a day.
pub const RECRAWL_MILLIS: i64 = 24 * 60 * 60 * 1000;

// Beside its article, as that was stored just before: one that somebody changed at the same time has another version.
const STORE: &str = "
    INSERT INTO article_sources (account_id, article_id, revision, url, fingerprint, version, outcome, n_failures, crawled_at, due_at)
    SELECT ?1, ?2, 1, ?3, ?4, ?5, 'changed', 0, ?6, ?7
    WHERE EXISTS (SELECT 1 FROM articles a WHERE a.account_id = ?1 AND a.id = ?2 AND a.version = ?5 AND a.fingerprint = ?4)
    ON CONFLICT (account_id, article_id) DO UPDATE SET revision = revision + 1, url = excluded.url, fingerprint = excluded.fingerprint,
      version = excluded.version, noticed_version = NULL, etag = NULL, last_modified = NULL, digest = NULL, outcome = 'changed',
      problem = NULL, n_failures = 0, crawled_at = excluded.crawled_at, due_at = excluded.due_at";
const LIST_DUE: &str = "
    SELECT s.account_id, s.article_id, s.url, s.fingerprint, s.version, s.noticed_version, s.etag, s.last_modified, s.digest,
      s.outcome, s.n_failures, a.version AS article_version, a.language, a.category_id, a.state
    FROM article_sources s
    JOIN articles a ON a.account_id = ?1 AND a.id = s.article_id AND a.deleted_at IS NULL
    WHERE s.account_id = ?1 AND s.due_at <= ?2 ORDER BY s.due_at, s.article_id LIMIT ?3";
const FIND: &str = "
    SELECT s.account_id, s.article_id, s.url, s.fingerprint, s.version, s.noticed_version, s.etag, s.last_modified, s.digest,
      s.outcome, s.n_failures, a.version AS article_version, a.language, a.category_id, a.state
    FROM article_sources s
    JOIN articles a ON a.account_id = ?1 AND a.id = s.article_id AND a.deleted_at IS NULL
    WHERE s.account_id = ?1 AND s.article_id = ?2";
const NOTE: &str = "
    UPDATE article_sources SET revision = revision + 1, fingerprint = ?3, noticed_version = ?4, etag = ?5, last_modified = ?6, digest = ?7,
      outcome = ?8, problem = ?9, n_failures = ?10, crawled_at = ?11, due_at = ?12
    WHERE account_id = ?1 AND article_id = ?2";

#[cfg(test)]
pub(crate) const READS: [&str; 4] = [STORE, LIST_DUE, FIND, NOTE];

/// What tells an answer of a page from an earlier one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PageMarks {
    /// The header `ETag`.
    pub etag: Option<String>,
    /// The header `Last-Modified`.
    pub last_modified: Option<String>,
    /// SHA-256 of the bytes.
    pub digest: Option<String>,
}

/// A page that an article is from, and the article as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceToRead {
    /// The article.
    pub article_id: ArticleId,
    /// The address.
    pub url: String,
    /// A hash of what the page said when it was last read.
    pub fingerprint: String,
    /// The version of the article that was made of the page.
    pub version: Option<u32>,
    /// The article's version when it was seen that the page says something else than a person's text.
    pub noticed_version: Option<u32>,
    /// What tells the page's next answer from the last one.
    pub marks: PageMarks,
    /// What came of the last reading.
    pub outcome: SourceOutcome,
    /// Failures in a row.
    pub n_failures: u32,
    /// The last version of the article.
    pub article_version: u32,
    /// Its language.
    pub language: String,
    /// Its category.
    pub category_id: Option<CategoryId>,
    /// Who may see it.
    pub state: ArticleState,
}

/// What came of a reading that changed no article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceNote {
    /// A hash of what the page says.
    pub fingerprint: String,
    /// See [`SourceToRead::noticed_version`].
    pub noticed_version: Option<u32>,
    /// What tells the next answer from this one.
    pub marks: PageMarks,
    /// What came of it.
    pub outcome: SourceOutcome,
    /// Why it failed, for people.
    pub problem: Option<String>,
    /// Failures in a row, this one included.
    pub n_failures: u32,
}

impl<D: Database> AccountStore<'_, D> {
    /// Pages that are due, those that are due longest first.
    pub async fn list_due_sources(
        &self,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<SourceToRead>, StoreError> {
        let parameters = [self.account(), Value::time(now), Value::Int(limit.into())];
        let rows = self.database.query(LIST_DUE, &parameters).await?;
        rows.iter().map(to_read).collect()
    }

    /// The page that an article is from; `None` for one that is from no page, or is deleted.
    pub async fn find_source(&self, id: ArticleId) -> Result<Option<SourceToRead>, StoreError> {
        let parameters = [self.account(), Value::text(id)];
        let rows = self.database.query(FIND, &parameters).await?;
        rows.first().map(to_read).transpose()
    }

    /// Notes what came of a reading.
    pub async fn note_source(
        &self,
        id: ArticleId,
        note: &SourceNote,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let parameters = [
            self.account(),
            Value::text(id),
            Value::text(&note.fingerprint),
            note.noticed_version
                .map_or(Value::Null, |version| Value::Int(version.into())),
            Value::text_or_null(note.marks.etag.as_deref()),
            Value::text_or_null(note.marks.last_modified.as_deref()),
            Value::text_or_null(note.marks.digest.as_deref()),
            Value::text(note.outcome.as_str()),
            Value::text_or_null(note.problem.as_deref()),
            Value::Int(note.n_failures.into()),
            Value::time(now),
            Value::time(now.plus_millis(RECRAWL_MILLIS)),
        ];
        self.database.query(NOTE, &parameters).await?;
        Ok(())
    }

    /// Remembers the page that an article is from, when it is from one.
    pub(super) fn source_statement(
        &self,
        article: &ImportedArticle,
        version: u32,
        now: Timestamp,
    ) -> Option<Statement> {
        let is_page = ["https://", "http://"]
            .iter()
            .any(|scheme| article.source.starts_with(scheme));
        is_page.then(|| {
            Statement::new(
                STORE,
                vec![
                    self.account(),
                    Value::text(article.id),
                    Value::text(&article.source),
                    Value::text(&article.fingerprint),
                    Value::Int(version.into()),
                    Value::time(now),
                    Value::time(now.plus_millis(RECRAWL_MILLIS)),
                ],
            )
        })
    }
}

fn to_read(row: &Row) -> Result<SourceToRead, StoreError> {
    let version = |column| {
        let number = row.optional_int(column)?;
        Ok::<_, StoreError>(number.and_then(|number| u32::try_from(number).ok()))
    };
    let text = |column| Ok::<_, StoreError>(row.optional_text(column)?.map(str::to_owned));
    Ok(SourceToRead {
        article_id: row.parsed("article_id")?,
        url: row.text("url")?.to_owned(),
        fingerprint: row.text("fingerprint")?.to_owned(),
        version: version("version")?,
        noticed_version: version("noticed_version")?,
        marks: PageMarks {
            etag: text("etag")?,
            last_modified: text("last_modified")?,
            digest: text("digest")?,
        },
        outcome: row.word("outcome")?,
        n_failures: row.uint32("n_failures")?,
        article_version: row.uint32("article_version")?,
        language: row.text("language")?.to_owned(),
        category_id: row.optional_parsed("category_id")?,
        state: row.word("state")?,
    })
}

/// How the page of an article stands: of its row with the columns `page_*`.
pub(super) fn page(row: &Row) -> Result<Option<SourcePage>, StoreError> {
    let Some(url) = row.optional_text("page_url")? else {
        return Ok(None);
    };
    Ok(Some(SourcePage {
        url: url.to_owned(),
        crawled_at: row.time("page_crawled_at")?,
        outcome: row.word("page_outcome")?,
        problem: row.optional_text("page_problem")?.map(str::to_owned),
        n_failures: row.uint32("page_n_failures")?,
    }))
}
