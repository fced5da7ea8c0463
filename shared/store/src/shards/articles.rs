//! Articles of the knowledge base with their versions. Written here first: no log stands behind them.

mod categories;
mod gaps;
mod imports;
mod indexing;
mod sources;
mod state;
mod votes;

use edgedesk_domain::account::Principal;
use edgedesk_domain::article::ArticleState;
use edgedesk_domain::ids::{ArticleId, CategoryId};
use edgedesk_domain::time::Timestamp;
use edgedesk_wire::articles::{
    ArticleChange, ArticleSummary, ArticleVersion, ArticleView, NewArticle,
};

pub use self::categories::{CategoryError, MAX_CATEGORIES};
pub use self::gaps::{AskedQuestion, GapDraft, Group, ListedGap, QuestionPlace, Written};
pub use self::imports::{ImportedArticle, KnownSource};
pub use self::indexing::{IndexContent, IndexCounts, ToIndex};
pub use self::sources::{PageMarks, RECRAWL_MILLIS, SourceNote, SourceToRead};
pub use self::state::RESTORABLE_MILLIS;
pub use self::votes::VoteOfCustomer;
use super::conversations::{MAX_LIMIT, Page};
use super::{AccountStore, cursor};
use crate::database::{Database, Row, Statement, StoreError, Value};

/// Versions that are listed.
const LISTED_VERSIONS: u32 = 100;

/// The columns of an article without its text, of `articles a`.
macro_rules! summary_columns {
    () => {
        "a.account_id, a.id, a.title, a.language, a.category_id, a.translation_of, a.state, a.version, a.published_version,
      a.search_revision, a.indexed_revision, a.source, a.created_at, a.updated_at, a.deleted_at,
      (SELECT count(*) FROM article_votes v WHERE v.account_id = ?1 AND v.article_id = a.id AND v.is_helpful = 1) AS n_helpful,
      (SELECT count(*) FROM article_votes v WHERE v.account_id = ?1 AND v.article_id = a.id AND v.is_helpful = 0) AS n_unhelpful"
    };
}

// An account has some thousands of articles at most: what the index does not decide is decided on its rows.
const LIST: &str = concat!(
    "SELECT ",
    summary_columns!(),
    " FROM articles a
    WHERE a.account_id = ?1 AND (a.updated_at, a.id) < (?2, ?3)
      AND (?4 IS NULL OR a.state = ?4) AND (?5 IS NULL OR a.category_id = ?5) AND (?6 IS NULL OR a.language = ?6)
      AND (?7 IS NULL OR instr(lower(a.title), ?7) > 0) AND (a.deleted_at IS NOT NULL) = ?8
    ORDER BY a.updated_at DESC, a.id DESC LIMIT ?9"
);
const FIND: &str = concat!(
    "SELECT ",
    summary_columns!(),
    ", a.revision, t.body, g.id AS gap_id, g.questions AS gap_questions, p.url AS page_url, p.crawled_at AS page_crawled_at,
      p.outcome AS page_outcome, p.problem AS page_problem, p.n_failures AS page_n_failures FROM articles a
    JOIN article_versions t ON t.account_id = ?1 AND t.article_id = a.id AND t.version = a.version
    LEFT JOIN article_gaps g ON g.account_id = ?1 AND g.article_id = a.id
    LEFT JOIN article_sources p ON p.account_id = ?1 AND p.article_id = a.id
    WHERE a.account_id = ?1 AND a.id = ?2"
);
const LIST_VERSIONS: &str = "
    SELECT account_id, version, title, language, saved_by, saved_by_name, saved_at
    FROM article_versions WHERE account_id = ?1 AND article_id = ?2 ORDER BY version DESC LIMIT ?3";
const FIND_VERSION: &str = "
    SELECT account_id, version, title, language, body, saved_by, saved_by_name, saved_at
    FROM article_versions WHERE account_id = ?1 AND article_id = ?2 AND version = ?3";
// A category or an original that is not there makes no article.
const INSERT: &str = "
    INSERT INTO articles (account_id, id, revision, title, language, category_id, translation_of, state, version,
      published_version, search_revision, indexed_revision, source, fingerprint, created_at, updated_at)
    SELECT ?1, ?2, 1, ?3, ?4, ?5, ?6, ?7, 1, iif(?7 = 'published', 1, NULL), 1, iif(?7 = 'published', 0, 1), ?8, ?9, ?10, ?10
    WHERE (?5 IS NULL OR EXISTS (SELECT 1 FROM article_categories c WHERE c.account_id = ?1 AND c.id = ?5))
      AND (?6 IS NULL OR EXISTS (SELECT 1 FROM articles o WHERE o.account_id = ?1 AND o.id = ?6))
    RETURNING account_id, id";
// Only beside its article.
const INSERT_VERSION: &str = "
    INSERT INTO article_versions (account_id, article_id, version, title, language, body, saved_by, saved_by_name, saved_at)
    SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9
    WHERE EXISTS (SELECT 1 FROM articles a WHERE a.account_id = ?1 AND a.id = ?2 AND a.version = ?3)
    ON CONFLICT (account_id, article_id, version) DO NOTHING";
// What everybody sees stays as it is until it is published; its category is another at once.
const UPDATE: &str = "
    UPDATE articles SET revision = revision + 1, version = version + 1, title = ?4, language = ?5, category_id = ?6,
      updated_at = ?7,
      search_revision = iif(state = 'published' AND category_id IS NOT ?6, revision + 1, search_revision)
    WHERE account_id = ?1 AND id = ?2 AND version = ?3 AND deleted_at IS NULL AND (?8 IS NULL OR revision = ?8)
      AND (?6 IS NULL OR EXISTS (SELECT 1 FROM article_categories c WHERE c.account_id = ?1 AND c.id = ?6))
    RETURNING account_id, id";

#[cfg(test)]
pub(crate) fn reads() -> impl Iterator<Item = &'static str> {
    [LIST, FIND, LIST_VERSIONS, FIND_VERSION, INSERT, UPDATE]
        .into_iter()
        .chain(categories::READS)
        .chain(gaps::READS)
        .chain(imports::READS)
        .chain(indexing::READS)
        .chain(sources::READS)
        .chain(state::READS)
        .chain(votes::READS)
}

/// Which articles are listed.
#[derive(Debug, Clone, Default)]
pub struct ArticleFilter {
    /// In this state.
    pub state: Option<ArticleState>,
    /// Under this category.
    pub category_id: Option<CategoryId>,
    /// In this language.
    pub language: Option<String>,
    /// With this in the title, whatever the case of ASCII letters.
    pub title: Option<String>,
    /// Those that are deleted, instead of those that are not.
    pub deleted: bool,
}

/// Why an article was not stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ArticleError {
    /// There is no such article, or it is deleted.
    #[error("there is no such article")]
    NotFound,
    /// Somebody stored another version meanwhile.
    #[error("the article has another version by now")]
    VersionConflict,
    /// Something of it is not as it was when the caller looked.
    #[error("the article has changed since")]
    Overtaken,
    /// There is no such category.
    #[error("there is no such category")]
    UnknownCategory,
    /// There is no such article to be a translation of.
    #[error("there is no article that it could be a translation of")]
    UnknownOriginal,
    /// The database did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl<D: Database> AccountStore<'_, D> {
    /// Articles, those that changed last first, `limit` (1 to [`MAX_LIMIT`]) a page.
    pub async fn list_articles(
        &self,
        filter: &ArticleFilter,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Page<ArticleSummary>, StoreError> {
        let (before, before_id) = cursor::read(cursor)?;
        let limit = limit.clamp(1, MAX_LIMIT);
        let title = filter.title.as_deref().map(str::to_ascii_lowercase);
        let parameters = [
            self.account(),
            Value::Int(before),
            Value::text(before_id),
            Value::text_or_null(filter.state.map(ArticleState::as_str)),
            Value::text_or_null(filter.category_id),
            Value::text_or_null(filter.language.as_deref()),
            Value::text_or_null(title),
            Value::Int(filter.deleted.into()),
            // One more than asked for says whether there is a next page.
            Value::Int(i64::from(limit) + 1),
        ];
        let mut rows = self.database.query(LIST, &parameters).await?;
        let n_wanted = usize::try_from(limit).unwrap_or(usize::MAX);
        let has_more = rows.len() > n_wanted;
        rows.truncate(n_wanted);
        let next_cursor = match rows.last() {
            Some(last) if has_more => {
                Some(cursor::write(last.int("updated_at")?, last.text("id")?))
            }
            _ => None,
        };
        let items = rows.iter().map(summary).collect::<Result<_, _>>()?;
        Ok(Page { items, next_cursor })
    }

    /// One article with its last text, also one that is deleted.
    pub async fn find_article(&self, id: ArticleId) -> Result<Option<ArticleView>, StoreError> {
        let found = self.find_article_and_revision(id).await?;
        Ok(found.map(|(article, _)| article))
    }

    /// The same, and which revision of its row that is: a change may be bound to it.
    pub async fn find_article_and_revision(
        &self,
        id: ArticleId,
    ) -> Result<Option<(ArticleView, u64)>, StoreError> {
        let key = [self.account(), Value::text(id)];
        let rows = self.database.query(FIND, &key).await?;
        rows.first()
            .map(|row| {
                let article = ArticleView {
                    summary: summary(row)?,
                    body: row.text("body")?.to_owned(),
                    drafted_from: gaps::drafted_from(row)?,
                    source_page: sources::page(row)?,
                };
                Ok((article, row.uint("revision")?))
            })
            .transpose()
    }

    /// Its versions without their texts, the last one first; at most 100.
    pub async fn list_article_versions(
        &self,
        id: ArticleId,
    ) -> Result<Vec<ArticleVersion>, StoreError> {
        let parameters = [
            self.account(),
            Value::text(id),
            Value::Int(LISTED_VERSIONS.into()),
        ];
        let rows = self.database.query(LIST_VERSIONS, &parameters).await?;
        rows.iter().map(|row| version(row, None)).collect()
    }

    /// One version with its text.
    pub async fn find_article_version(
        &self,
        id: ArticleId,
        number: u32,
    ) -> Result<Option<ArticleVersion>, StoreError> {
        let parameters = [self.account(), Value::text(id), Value::Int(number.into())];
        let rows = self.database.query(FIND_VERSION, &parameters).await?;
        rows.first()
            .map(|row| version(row, Some(row.text("body")?.to_owned())))
            .transpose()
    }

    /// Stores a new article. Its texts have been checked.
    pub async fn add_article(
        &self,
        id: ArticleId,
        new: &NewArticle,
        language: &str,
        by: &Principal,
        now: Timestamp,
    ) -> Result<(), ArticleError> {
        let state = new.state.unwrap_or(ArticleState::Draft);
        let insert = Statement::new(
            INSERT,
            vec![
                self.account(),
                Value::text(id),
                Value::text(&new.title),
                Value::text(language),
                Value::text_or_null(new.category_id),
                Value::text_or_null(new.translation_of),
                Value::text(state.as_str()),
                Value::Null,
                Value::Null,
                Value::time(now),
            ],
        );
        let version = self.version_statement(id, 1, &new.title, language, &new.body, Some(by), now);
        let answers = self.database.batch(vec![insert, version]).await?;
        if answers.first().is_some_and(|rows| !rows.is_empty()) {
            return Ok(());
        }
        match new.category_id {
            Some(category) if !self.has_category(category).await? => {
                Err(ArticleError::UnknownCategory)
            }
            _ => Err(ArticleError::UnknownOriginal),
        }
    }

    /// Stores a new version of an article, which was made of the version that `change` names. Its texts have been checked.
    pub async fn change_article(
        &self,
        id: ArticleId,
        change: &ArticleChange,
        by: &Principal,
        now: Timestamp,
    ) -> Result<(), ArticleError> {
        self.change_article_at(id, None, change, by, now).await
    }

    /// The same, and only while its row is at `revision`, where one is given.
    pub async fn change_article_at(
        &self,
        id: ArticleId,
        revision: Option<u64>,
        change: &ArticleChange,
        by: &Principal,
        now: Timestamp,
    ) -> Result<(), ArticleError> {
        let update = Statement::new(
            UPDATE,
            vec![
                self.account(),
                Value::text(id),
                Value::Int(change.version.into()),
                Value::text(&change.title),
                Value::text(&change.language),
                Value::text_or_null(change.category_id),
                Value::time(now),
                state::bound_to(revision)?,
            ],
        );
        let number = change.version.saturating_add(1);
        let version = self.version_statement(
            id,
            number,
            &change.title,
            &change.language,
            &change.body,
            Some(by),
            now,
        );
        let answers = self.database.batch(vec![update, version]).await?;
        if answers.first().is_some_and(|rows| !rows.is_empty()) {
            return Ok(());
        }
        let found = self.find_article_and_revision(id).await?;
        Err(match found {
            Some((found, of_row)) if found.summary.deleted_at.is_none() => {
                if revision.is_some_and(|revision| revision != of_row) {
                    ArticleError::Overtaken
                } else if found.summary.version == change.version {
                    ArticleError::UnknownCategory
                } else {
                    ArticleError::VersionConflict
                }
            }
            _ => ArticleError::NotFound,
        })
    }

    #[expect(clippy::too_many_arguments, reason = "the columns of a row, each once")]
    fn version_statement(
        &self,
        id: ArticleId,
        number: u32,
        title: &str,
        language: &str,
        body: &str,
        by: Option<&Principal>,
        now: Timestamp,
    ) -> Statement {
        Statement::new(
            INSERT_VERSION,
            vec![
                self.account(),
                Value::text(id),
                Value::Int(number.into()),
                Value::text(title),
                Value::text(language),
                Value::text(body),
                Value::text_or_null(by.map(|by| by.user_id)),
                Value::text_or_null(by.map(|by| by.name.as_str())),
                Value::time(now),
            ],
        )
    }
}

fn summary(row: &Row) -> Result<ArticleSummary, StoreError> {
    let version_of = |column| {
        let number = row.optional_int(column)?;
        Ok::<_, StoreError>(number.and_then(|number| u32::try_from(number).ok()))
    };
    Ok(ArticleSummary {
        id: row.parsed("id")?,
        title: row.text("title")?.to_owned(),
        language: row.text("language")?.to_owned(),
        category_id: row.optional_parsed("category_id")?,
        translation_of: row.optional_parsed("translation_of")?,
        state: row.word("state")?,
        version: row.uint32("version")?,
        published_version: version_of("published_version")?,
        is_indexed: row.int("indexed_revision")? >= row.int("search_revision")?,
        n_helpful: row.uint32("n_helpful")?,
        n_unhelpful: row.uint32("n_unhelpful")?,
        source: row.optional_text("source")?.map(str::to_owned),
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
        deleted_at: match row.optional_int("deleted_at")? {
            None => None,
            Some(_) => Some(row.time("deleted_at")?),
        },
    })
}

fn version(row: &Row, body: Option<String>) -> Result<ArticleVersion, StoreError> {
    Ok(ArticleVersion {
        version: row.uint32("version")?,
        title: row.text("title")?.to_owned(),
        language: row.text("language")?.to_owned(),
        body,
        saved_by: row.optional_parsed("saved_by")?,
        saved_by_name: row.optional_text("saved_by_name")?.map(str::to_owned),
        saved_at: row.time("saved_at")?,
    })
}
