//! Articles that are from pages: the pages are read again, and an article follows its page as long as no person has edited it.
//!
//! A page that cannot be read is noted and tried on the next day; only a database that does not answer ends a run. The pages of one run
//! are read one after the other, so that no host has two requests of an account at once.

use edgedesk_domain::article::{MAX_ARTICLE_BYTES, MAX_TITLE_CHARS};
use edgedesk_domain::ids::{AccountId, ArticleId};
use edgedesk_domain::time::Clock;
use edgedesk_masking::mask_cards;
use edgedesk_store::database::Database;
use edgedesk_store::shards::{ImportedArticle, PageMarks, SourceNote, SourceToRead};
use edgedesk_store::{AccountStore, Shards, StoreError};
use edgedesk_wire::articles::SourceOutcome;
use edgedesk_wire::jobs::ReadArticle;

use crate::indexer::{Indexer, Verdict};
use crate::{Embedder, KnowledgeIndex};

/// Pages of one run; what else is due waits for the next hour. At eight seconds each a run of dead hosts takes 80 s.
pub const MAX_PAGES: u32 = 10;

/// Reads pages.
#[expect(
    async_fn_in_trait,
    reason = "the runtime has one thread; nobody asks for `Send`"
)]
pub trait Pages {
    /// What a page says, or a sentence about why it cannot be read. `marks` are those of its last answer.
    async fn read(&self, url: &str, marks: &PageMarks) -> Result<PageAnswer, String>;
}

/// What a page answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PageAnswer {
    /// What it said the last time.
    Unchanged,
    /// This.
    Read {
        /// Its article.
        article: ReadArticle,
        /// What tells the next answer from this one.
        marks: PageMarks,
    },
}

/// Reads pages again.
#[derive(Debug, Clone, Copy)]
pub struct Crawler<'a, D, P, C, E, K> {
    /// Articles and their pages.
    pub shards: &'a Shards<D>,
    /// The pages.
    pub pages: &'a P,
    /// The time.
    pub clock: &'a C,
    /// Hears of what changed.
    pub indexer: Indexer<'a, D, E, K>,
}

impl<D: Database, P: Pages, C: Clock, E: Embedder, K: KnowledgeIndex> Crawler<'_, D, P, C, E, K> {
    /// Reads the pages of an account that are due, at most [`MAX_PAGES`].
    pub async fn run(&self, account_id: AccountId) -> Verdict {
        let store = match self.shards.find_for_account(account_id).await {
            Ok(Some(store)) => store,
            Ok(None) => return Verdict::Dropped(format!("there is no account {account_id}")),
            Err(error) => return Verdict::Retry(error.to_string()),
        };
        match self.read_due(store).await {
            Ok(()) => Verdict::Done,
            Err(error) => Verdict::Retry(error.to_string()),
        }
    }

    /// Reads the page of one article now. With `overwrite` what a person wrote since is replaced. What came of it; `None` for an article
    /// that is from no page.
    pub async fn read_now(
        &self,
        account_id: AccountId,
        article_id: ArticleId,
        overwrite: bool,
    ) -> Result<Option<SourceOutcome>, StoreError> {
        let Some(store) = self.shards.find_for_account(account_id).await? else {
            return Ok(None);
        };
        let Some(mut source) = store.find_source(article_id).await? else {
            return Ok(None);
        };
        if overwrite {
            // As if it had never been read: whatever it says is taken.
            source.marks = PageMarks::default();
            source.fingerprint = String::new();
            source.version = Some(source.article_version);
        }
        self.read(store, &source).await.map(Some)
    }

    async fn read_due(&self, store: AccountStore<'_, D>) -> Result<(), StoreError> {
        for source in store.list_due_sources(self.clock.now(), MAX_PAGES).await? {
            self.read(store, &source).await?;
        }
        Ok(())
    }

    async fn read(
        &self,
        store: AccountStore<'_, D>,
        source: &SourceToRead,
    ) -> Result<SourceOutcome, StoreError> {
        let answer = self.pages.read(&source.url, &source.marks).await;
        let now = self.clock.now();
        let note = match answer {
            Err(problem) => failed(source, problem),
            Ok(PageAnswer::Unchanged) => unchanged(source, source.marks.clone()),
            Ok(PageAnswer::Read { article, marks })
                if article.fingerprint == source.fingerprint =>
            {
                unchanged(source, marks)
            }
            Ok(PageAnswer::Read { article, marks })
                if source.version != Some(source.article_version) =>
            {
                noticed(source, article.fingerprint, marks)
            }
            Ok(PageAnswer::Read { article, marks }) => match follow(source, article) {
                Err(problem) => failed(source, problem),
                Ok(article) => {
                    store
                        .import_articles(std::slice::from_ref(&article), None, now)
                        .await?;
                    let stored = store.find_source(source.article_id).await?;
                    match stored {
                        // Whoever saved between the look and this keeps their text.
                        Some(stored) if stored.version != Some(stored.article_version) => {
                            noticed(&stored, article.fingerprint, marks)
                        }
                        _ => {
                            // What fails here is found by the hourly look.
                            let ids = [source.article_id];
                            self.indexer.run(store.account_id(), Some(&ids)).await;
                            changed(article.fingerprint, marks)
                        }
                    }
                }
            },
        };
        store.note_source(source.article_id, &note, now).await?;
        Ok(note.outcome)
    }
}

/// The article as its page says it, or why it cannot be one.
fn follow(source: &SourceToRead, read: ReadArticle) -> Result<ImportedArticle, String> {
    let title = mask_cards(&read.title).trim().to_owned();
    let body = mask_cards(&read.body).into_owned();
    if title.is_empty() || title.chars().count() > MAX_TITLE_CHARS {
        return Err(format!(
            "the title of the page has not 1 to {MAX_TITLE_CHARS} characters"
        ));
    }
    if body.len() > MAX_ARTICLE_BYTES {
        return Err(format!(
            "the text of the page has more than {MAX_ARTICLE_BYTES} bytes"
        ));
    }
    let is_code =
        |code: &String| code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_lowercase());
    Ok(ImportedArticle {
        id: source.article_id,
        previous_version: Some(source.article_version),
        source: source.url.clone(),
        fingerprint: read.fingerprint,
        title,
        body,
        language: read
            .language
            .filter(is_code)
            .unwrap_or_else(|| source.language.clone()),
        category_id: source.category_id,
        state: source.state,
    })
}

fn failed(source: &SourceToRead, problem: String) -> SourceNote {
    SourceNote {
        fingerprint: source.fingerprint.clone(),
        noticed_version: source.noticed_version,
        marks: source.marks.clone(),
        outcome: SourceOutcome::Failed,
        problem: Some(problem),
        n_failures: source.n_failures.saturating_add(1),
    }
}

/// A change that was noticed stays one until somebody saves the article again, who has seen it.
fn unchanged(source: &SourceToRead, marks: PageMarks) -> SourceNote {
    let is_noticed = source.noticed_version == Some(source.article_version);
    SourceNote {
        fingerprint: source.fingerprint.clone(),
        noticed_version: source.noticed_version.filter(|_| is_noticed),
        marks,
        outcome: if is_noticed {
            SourceOutcome::SourceChanged
        } else {
            SourceOutcome::Unchanged
        },
        problem: None,
        n_failures: 0,
    }
}

fn noticed(source: &SourceToRead, fingerprint: String, marks: PageMarks) -> SourceNote {
    SourceNote {
        fingerprint,
        noticed_version: Some(source.article_version),
        marks,
        outcome: SourceOutcome::SourceChanged,
        problem: None,
        n_failures: 0,
    }
}

fn changed(fingerprint: String, marks: PageMarks) -> SourceNote {
    SourceNote {
        fingerprint,
        noticed_version: None,
        marks,
        outcome: SourceOutcome::Changed,
        problem: None,
        n_failures: 0,
    }
}

#[cfg(test)]
mod tests;
