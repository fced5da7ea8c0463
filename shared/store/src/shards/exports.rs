//! Exports of what is known of customers: that they were asked for, and how they stand. The archive is a file elsewhere.

use edgedesk_domain::account::Principal;
use edgedesk_domain::ids::{CustomerId, ExportId};
use edgedesk_domain::time::Timestamp;
use edgedesk_wire::customers::{ExportState, ExportView, Recorder};

use super::AccountStore;
use crate::database::{Database, Row, StoreError, Value};

/// How long an archive is kept: seven days.
pub const EXPORT_MILLIS: i64 = 7 * 24 * 60 * 60 * 1000;
/// After an hour without an end an export has been lost on the way: a queue gives a message up earlier.
pub const LOST_MILLIS: i64 = 60 * 60 * 1000;
/// Exports that are listed.
const LISTED: u32 = 50;

// Ids are made of the time: the largest is the newest.
const LIST: &str = "
    SELECT account_id, id, state, include_notes, requested_by, requested_by_name, requested_at, finished_at, expires_at,
      size_bytes, reason
    FROM customer_exports WHERE account_id = ?1 AND customer_id = ?2 ORDER BY id DESC LIMIT ?3";
const FIND: &str = "
    SELECT account_id, id, state, include_notes, requested_by, requested_by_name, requested_at, finished_at, expires_at,
      size_bytes, reason
    FROM customer_exports WHERE account_id = ?1 AND customer_id = ?2 AND id = ?3";
// Nothing while one of the same kind is under way: whoever asks twice waits for the first.
const INSERT: &str = "
    INSERT INTO customer_exports (account_id, customer_id, id, revision, state, include_notes, requested_by,
      requested_by_name, requested_at)
    SELECT ?1, ?2, ?3, 1, 'requested', ?4, ?5, ?6, ?7
    WHERE EXISTS (SELECT 1 FROM customers WHERE account_id = ?1 AND id = ?2)
      AND NOT EXISTS (
        SELECT 1 FROM customer_exports WHERE account_id = ?1 AND customer_id = ?2 AND state IN ('requested', 'running')
          AND include_notes = ?4 AND requested_at > ?8)
    RETURNING account_id, id";
const FIND_UNFINISHED: &str = "
    SELECT account_id, id, state, include_notes, requested_by, requested_by_name, requested_at, finished_at, expires_at,
      size_bytes, reason
    FROM customer_exports WHERE account_id = ?1 AND customer_id = ?2 AND state IN ('requested', 'running')
      AND include_notes = ?3 AND requested_at > ?4
    ORDER BY id DESC LIMIT 1";
const BEGIN: &str = "
    UPDATE customer_exports SET state = 'running', revision = revision + 1
    WHERE account_id = ?1 AND customer_id = ?2 AND id = ?3 AND state IN ('requested', 'running')
    RETURNING account_id, id, state, include_notes, requested_by, requested_by_name, requested_at, finished_at, expires_at,
      size_bytes, reason";
const END: &str = "
    UPDATE customer_exports SET state = ?4, revision = revision + 1, finished_at = ?5, expires_at = ?6, size_bytes = ?7,
      reason = ?8
    WHERE account_id = ?1 AND customer_id = ?2 AND id = ?3 AND state IN ('requested', 'running')";

const FORGET: &str = "DELETE FROM customer_exports WHERE account_id = ?1 AND customer_id = ?2";

#[cfg(test)]
pub(crate) const READS: [&str; 7] = [LIST, FIND, INSERT, FIND_UNFINISHED, BEGIN, END, FORGET];

/// How an export ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExportEnd {
    /// The archive is stored.
    Ready {
        /// Its bytes.
        size_bytes: u64,
    },
    /// It could not be made.
    Failed {
        /// A stable word.
        reason: &'static str,
    },
}

impl<D: Database> AccountStore<'_, D> {
    /// Exports of a customer, newest first.
    pub async fn list_exports(
        &self,
        customer_id: CustomerId,
        now: Timestamp,
    ) -> Result<Vec<ExportView>, StoreError> {
        let parameters = [
            self.account(),
            Value::text(customer_id),
            Value::Int(LISTED.into()),
        ];
        let rows = self.database.query(LIST, &parameters).await?;
        rows.iter().map(|row| view(row, now)).collect()
    }

    /// One export.
    pub async fn find_export(
        &self,
        customer_id: CustomerId,
        id: ExportId,
        now: Timestamp,
    ) -> Result<Option<ExportView>, StoreError> {
        let parameters = [self.account(), Value::text(customer_id), Value::text(id)];
        let rows = self.database.query(FIND, &parameters).await?;
        rows.first().map(|row| view(row, now)).transpose()
    }

    /// Forgets those of a customer who is erased or made anonymous. Safe to repeat.
    pub async fn forget_exports(&self, customer_id: CustomerId) -> Result<(), StoreError> {
        self.change_of_customer(FORGET, customer_id).await
    }

    /// Notes that somebody asks for an export, and gives it; or one of the same kind that is under way. Nothing when there
    /// is no such customer.
    pub async fn request_export(
        &self,
        customer_id: CustomerId,
        id: ExportId,
        include_notes: bool,
        by: &Principal,
        now: Timestamp,
    ) -> Result<Option<ExportView>, StoreError> {
        let lost_before = Value::time(now.plus_millis(-LOST_MILLIS));
        let parameters = [
            self.account(),
            Value::text(customer_id),
            Value::text(id),
            Value::Int(include_notes.into()),
            Value::text(by.user_id),
            Value::text(&by.name),
            Value::time(now),
            lost_before.clone(),
        ];
        let added = self.database.query(INSERT, &parameters).await?;
        if !added.is_empty() {
            return self.find_export(customer_id, id, now).await;
        }
        let parameters = [
            self.account(),
            Value::text(customer_id),
            Value::Int(include_notes.into()),
            lost_before,
        ];
        let rows = self.database.query(FIND_UNFINISHED, &parameters).await?;
        rows.first().map(|row| view(row, now)).transpose()
    }

    /// Begins an export, or goes on with one that was begun. Nothing when it has ended, or is not there.
    pub async fn begin_export(
        &self,
        customer_id: CustomerId,
        id: ExportId,
        now: Timestamp,
    ) -> Result<Option<ExportView>, StoreError> {
        let parameters = [self.account(), Value::text(customer_id), Value::text(id)];
        let rows = self.database.query(BEGIN, &parameters).await?;
        rows.first().map(|row| view(row, now)).transpose()
    }

    /// Ends an export. One that has ended stays as it is.
    pub async fn end_export(
        &self,
        customer_id: CustomerId,
        id: ExportId,
        end: &ExportEnd,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (state, expires_at, size_bytes, reason) = match end {
            ExportEnd::Ready { size_bytes } => (
                ExportState::Ready,
                Value::time(now.plus_millis(EXPORT_MILLIS)),
                Value::uint(*size_bytes)?,
                Value::Null,
            ),
            ExportEnd::Failed { reason } => (
                ExportState::Failed,
                Value::Null,
                Value::Null,
                Value::text(reason),
            ),
        };
        let parameters = [
            self.account(),
            Value::text(customer_id),
            Value::text(id),
            Value::Text(crate::word(state)),
            Value::time(now),
            expires_at,
            size_bytes,
            reason,
        ];
        self.database.query(END, &parameters).await?;
        Ok(())
    }
}

fn view(row: &Row, now: Timestamp) -> Result<ExportView, StoreError> {
    let time = |column| match row.optional_int(column)? {
        None => Ok(None),
        Some(_) => row.time(column).map(Some),
    };
    let requested_at = row.time("requested_at")?;
    let expires_at = time("expires_at")?;
    let mut reason = row.optional_text("reason")?.map(str::to_owned);
    let state = match row.word("state")? {
        ExportState::Ready if expires_at.is_some_and(|end| end <= now) => ExportState::Expired,
        ExportState::Requested | ExportState::Running
            if now.millis_since(requested_at) >= LOST_MILLIS =>
        {
            reason = Some("lost".to_owned());
            ExportState::Failed
        }
        state => state,
    };
    Ok(ExportView {
        id: row.parsed("id")?,
        state,
        include_notes: row.int("include_notes")? != 0,
        requested_by: Recorder {
            id: row.parsed("requested_by")?,
            name: row.text("requested_by_name")?.to_owned(),
        },
        requested_at,
        finished_at: time("finished_at")?,
        expires_at,
        size_bytes: match row.optional_int("size_bytes")? {
            None => None,
            Some(_) => Some(row.uint("size_bytes")?),
        },
        reason,
    })
}
