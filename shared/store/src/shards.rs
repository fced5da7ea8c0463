//! Repositories of the shards: conversations, messages, customers, tickets, own intents, accuracy, parked messages. Each is already
//! scoped to an account.

mod accuracy;
mod articles;
mod assistant;
mod consents;
mod conversations;
mod cursor;
mod customers;
mod daily;
mod exports;
mod intents;
mod macros;
mod parked;
mod plain;
mod read_model;
mod suggestions;
mod teams;
mod tickets;

use edgedesk_domain::ids::AccountId;
use edgedesk_domain::time::Timestamp;

pub use self::articles::{
    ArticleError, ArticleFilter, AskedQuestion, CategoryError, GapDraft, Group, ImportedArticle,
    IndexContent, IndexCounts, KnownSource, ListedGap, MAX_CATEGORIES, PageMarks, QuestionPlace,
    RECRAWL_MILLIS, RESTORABLE_MILLIS, SourceNote, SourceToRead, ToIndex, VoteOfCustomer, Written,
};
pub use self::consents::MAX_CONSENTS;
pub use self::conversations::{ConversationFilter, MAX_LIMIT, Page, SeenBy};
pub use self::daily::RUN_MILLIS;
pub use self::exports::{EXPORT_MILLIS, ExportEnd, LOST_MILLIS};
pub use self::intents::{
    CurrentVersion, IntentError, MAX_EXAMPLE_CHARS, MAX_INTENTS, NewVersion, StoredRow,
    TrainingBudget, TrainingSet,
};
pub use self::macros::{MAX_MACROS, MacroError, MacroToMatch};
pub use self::teams::TeamFigures;
pub use self::tickets::{InvalidTicketKey, TicketKey};
use crate::database::{Database, StoreError, Value};
use crate::directory::Directory;
use crate::keys::{DataKeys, Sealer, Vault};
use crate::scoped::Scoped;

/// The directory and the shards of a deployment.
#[derive(Debug, Clone)]
#[expect(
    clippy::struct_field_names,
    reason = "the shards are what it is named after"
)]
pub struct Shards<D> {
    directory: D,
    shards: Vec<D>,
    keys: DataKeys,
}

/// The rows of one account. There is no way to ask it for another's.
#[derive(Debug)]
pub struct AccountStore<'a, D> {
    account_id: AccountId,
    database: Scoped<'a, D>,
    vault: Vault<'a, D>,
}

// By hand: a derive would ask that the database can be copied, and it is only borrowed.
impl<D> Clone for AccountStore<'_, D> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<D> Copy for AccountStore<'_, D> {}

impl<D: Database> Shards<D> {
    /// The databases of a deployment, and the keys of its accounts; a shard's number is its place in the list.
    #[must_use]
    pub const fn new(directory: D, shards: Vec<D>, keys: DataKeys) -> Self {
        Self {
            directory,
            shards,
            keys,
        }
    }

    /// The keys of the accounts.
    #[must_use]
    pub const fn keys(&self) -> &DataKeys {
        &self.keys
    }

    /// The directory.
    #[must_use]
    pub const fn directory(&self) -> Directory<&D> {
        Directory::new(&self.directory)
    }

    /// The directory's database, for what is about an account and its shard at once.
    pub(crate) const fn directory_database(&self) -> &D {
        &self.directory
    }

    /// How many shards there are.
    #[must_use]
    pub fn n_shards(&self) -> u32 {
        u32::try_from(self.shards.len()).unwrap_or(u32::MAX)
    }

    /// The directory's database, to fail it and to look into it.
    #[cfg(test)]
    pub(crate) const fn directory_for_tests(&self) -> &D {
        &self.directory
    }

    /// The same with other keys.
    #[cfg(test)]
    pub(crate) fn with_keys(self, keys: DataKeys) -> Self {
        Self { keys, ..self }
    }

    /// The database of a shard.
    pub fn shard(&self, shard: u32) -> Result<&D, StoreError> {
        usize::try_from(shard)
            .ok()
            .and_then(|index| self.shards.get(index))
            .ok_or(StoreError::UnknownShard(shard))
    }

    /// Accounts with articles of which search does not know the last change, or that were deleted long ago, at most 200. Only for
    /// what tends all accounts by itself: of each it gives the id, and nothing else.
    pub async fn accounts_to_tend(
        &self,
        shard: u32,
        now: Timestamp,
    ) -> Result<Vec<AccountId>, StoreError> {
        // Two partial indexes, read from end to end: they hold what is to be done.
        const LIST: &str = "
            SELECT account_id FROM articles WHERE indexed_revision < search_revision
            UNION SELECT account_id FROM articles WHERE deleted_at IS NOT NULL AND deleted_at < ?1 LIMIT 200";
        let before = Value::time(now.plus_millis(-RESTORABLE_MILLIS));
        let rows = self.shard(shard)?.query(LIST, &[before]).await?;
        rows.iter().map(|row| row.parsed("account_id")).collect()
    }

    /// Accounts with conversations that began at `since` or later, for which nobody has looked for gaps since `before`, at most 200. Only
    /// for what tends all accounts by itself: of each it gives the id, and nothing else.
    pub async fn accounts_to_look_for_gaps(
        &self,
        shard: u32,
        since: Timestamp,
        before: Timestamp,
    ) -> Result<Vec<AccountId>, StoreError> {
        // From one account to the next along an index, without a look at all their conversations.
        const LIST: &str = "
            WITH RECURSIVE known (account_id) AS (
              SELECT min(account_id) FROM conversations
              UNION ALL
              SELECT (SELECT min(c.account_id) FROM conversations c WHERE c.account_id > known.account_id)
              FROM known WHERE known.account_id IS NOT NULL)
            SELECT known.account_id FROM known
            LEFT JOIN daily_runs r ON r.account_id = known.account_id AND r.task = 'gaps'
            WHERE known.account_id IS NOT NULL AND (r.asked_at IS NULL OR r.asked_at < ?2)
              AND EXISTS (SELECT 1 FROM conversations c WHERE c.account_id = known.account_id AND c.created_at >= ?1)
            LIMIT 200";
        let parameters = [Value::time(since), Value::time(before)];
        let rows = self.shard(shard)?.query(LIST, &parameters).await?;
        rows.iter().map(|row| row.parsed("account_id")).collect()
    }

    /// Accounts with pages that are to be read again, at most 200. Only for what tends all accounts by itself: of each it gives the id, and
    /// nothing else.
    pub async fn accounts_with_due_sources(
        &self,
        shard: u32,
        now: Timestamp,
    ) -> Result<Vec<AccountId>, StoreError> {
        // From one account to the next along an index.
        const LIST: &str = "
            WITH RECURSIVE known (account_id) AS (
              SELECT min(account_id) FROM article_sources
              UNION ALL
              SELECT (SELECT min(s.account_id) FROM article_sources s WHERE s.account_id > known.account_id)
              FROM known WHERE known.account_id IS NOT NULL)
            SELECT known.account_id FROM known
            WHERE known.account_id IS NOT NULL
              AND EXISTS (SELECT 1 FROM article_sources s
                JOIN articles a ON a.account_id = s.account_id AND a.id = s.article_id AND a.deleted_at IS NULL
                WHERE s.account_id = known.account_id AND s.due_at <= ?1)
            LIMIT 200";
        let rows = self.shard(shard)?.query(LIST, &[Value::time(now)]).await?;
        rows.iter().map(|row| row.parsed("account_id")).collect()
    }

    /// Accounts whose agents have judged an analysis, at most 500. Only for what counts over all accounts: of each it gives the id, and
    /// nothing else.
    pub async fn accounts_with_feedback(&self, shard: u32) -> Result<Vec<AccountId>, StoreError> {
        // From one account to the next along an index.
        const LIST: &str = "
            WITH RECURSIVE known (account_id) AS (
              SELECT min(account_id) FROM feedback
              UNION ALL
              SELECT (SELECT min(f.account_id) FROM feedback f WHERE f.account_id > known.account_id)
              FROM known WHERE known.account_id IS NOT NULL)
            SELECT account_id FROM known WHERE account_id IS NOT NULL LIMIT 500";
        let rows = self.shard(shard)?.query(LIST, &[]).await?;
        rows.iter().map(|row| row.parsed("account_id")).collect()
    }

    /// The rows of an account, wherever the directory says that they are; `None` where there is no such account.
    pub async fn find_for_account(
        &self,
        account_id: AccountId,
    ) -> Result<Option<AccountStore<'_, D>>, StoreError> {
        let account = self.directory().find_account(account_id).await?;
        account
            .map(|account| self.for_account(account_id, account.shard))
            .transpose()
    }

    /// The rows of an account, on the shard that the directory says.
    pub fn for_account(
        &self,
        account_id: AccountId,
        shard: u32,
    ) -> Result<AccountStore<'_, D>, StoreError> {
        Ok(AccountStore {
            account_id,
            database: Scoped::new(account_id, self.shard(shard)?),
            vault: self.vault(account_id),
        })
    }

    /// The sealed values of an account, whose rows may be on any shard.
    pub(crate) const fn vault(&self, account_id: AccountId) -> Vault<'_, D> {
        Vault::new(&self.keys, &self.directory, account_id)
    }
}

impl<D: Database> AccountStore<'_, D> {
    /// The account whose rows these are.
    #[must_use]
    pub const fn account_id(&self) -> AccountId {
        self.account_id
    }

    fn account(&self) -> Value {
        Value::text(self.account_id)
    }

    /// What seals the account's values now.
    pub(crate) async fn sealer(&self) -> Result<Sealer, StoreError> {
        self.vault.sealer().await
    }
}

/// The constant SQL of every read, for the tests over all of them.
#[cfg(test)]
pub(crate) fn reads() -> impl Iterator<Item = &'static str> {
    conversations::READS
        .into_iter()
        .chain(tickets::READS)
        .chain(teams::READS)
        .chain(parked::READS)
        .chain(plain::READS)
        .chain(accuracy::READS)
        .chain(customers::READS)
        .chain(consents::READS)
        .chain(exports::READS)
        .chain(daily::READS)
        .chain(articles::reads())
        .chain(macros::READS)
        .chain(suggestions::READS)
        .chain(assistant::READS)
        .chain(intents::reads())
        .chain(read_model::reads())
}

#[cfg(test)]
mod tests;
