//! The tables of an account's requests.

use std::cell::Cell;

use edgedesk_domain::ids::{AccountId, ConversationId, PrivacyRequestId};
use edgedesk_domain::time::Timestamp;
use edgedesk_wire::privacy::{PrivacyKind, PrivacyRequest, PrivacyStatus};

use crate::sql::{self, ObjectSql, SqlError, SqlValue};

/// The schema. `privacy` comes last: where its row is, everything is. An index lets a customer have one request that is not over.
const SCHEMA: [&str; 4] = [
    "CREATE TABLE IF NOT EXISTS requests (
        place INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        kind TEXT NOT NULL,
        customer_id TEXT NOT NULL,
        status TEXT NOT NULL,
        requested_by TEXT NOT NULL,
        requested_at INTEGER NOT NULL,
        due_at INTEGER NOT NULL,
        finished_at INTEGER,
        n_failures INTEGER NOT NULL,
        wake_at INTEGER
    )",
    "CREATE UNIQUE INDEX IF NOT EXISTS requests_active ON requests (customer_id) WHERE finished_at IS NULL",
    "CREATE TABLE IF NOT EXISTS targets (
        request_id TEXT NOT NULL,
        conversation_id TEXT NOT NULL,
        is_done INTEGER NOT NULL,
        PRIMARY KEY (request_id, conversation_id)
    ) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS privacy (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        account_id TEXT NOT NULL
    )",
];

const BY_ID: &str = "
    SELECT place, id, kind, customer_id, status, requested_by, requested_at, due_at, finished_at, n_failures, wake_at,
      (SELECT COUNT(*) FROM targets WHERE request_id = id AND is_done), (SELECT COUNT(*) FROM targets WHERE request_id = id)
    FROM requests WHERE id = ?";
const NEXT: &str = "
    SELECT place, id, kind, customer_id, status, requested_by, requested_at, due_at, finished_at, n_failures, wake_at,
      (SELECT COUNT(*) FROM targets WHERE request_id = id AND is_done), (SELECT COUNT(*) FROM targets WHERE request_id = id)
    FROM requests WHERE wake_at IS NOT NULL ORDER BY wake_at, place LIMIT 1";
const PAGE: &str = "
    SELECT place, id, kind, customer_id, status, requested_by, requested_at, due_at, finished_at, n_failures, wake_at,
      (SELECT COUNT(*) FROM targets WHERE request_id = id AND is_done), (SELECT COUNT(*) FROM targets WHERE request_id = id)
    FROM requests WHERE place < ? ORDER BY place DESC LIMIT ?";

/// A request as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    /// Later requests have larger ones.
    pub(super) place: u64,
    pub(super) request: PrivacyRequest,
    /// When there is something to do.
    pub(super) wake_at: Timestamp,
}

#[derive(Debug)]
pub(super) struct Rows<S> {
    sql: S,
    account_id: Cell<Option<AccountId>>,
}

impl<S: ObjectSql> Rows<S> {
    pub(super) fn new(sql: S) -> Self {
        Self {
            sql,
            account_id: Cell::new(None),
        }
    }

    /// The account under which it was begun; `None` while nothing is stored. Reading never writes.
    pub(super) fn account(&self) -> Result<Option<AccountId>, SqlError> {
        if self.account_id.get().is_none() {
            let exists = self.sql.exec(
                "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'privacy'",
                &[],
            )?;
            if !exists.is_empty() {
                let rows = self.sql.exec("SELECT account_id FROM privacy", &[])?;
                self.account_id
                    .set(rows.first().map(|row| row.parsed(0)).transpose()?);
            }
        }
        Ok(self.account_id.get())
    }

    /// Creates the tables before the first write.
    pub(super) fn ensure_schema(&self, account_id: AccountId) -> Result<(), SqlError> {
        if self.account()?.is_some() {
            return Ok(());
        }
        for statement in SCHEMA {
            self.sql.exec(statement, &[])?;
        }
        self.sql.exec(
            "INSERT OR IGNORE INTO privacy (id, account_id) VALUES (1, ?)",
            &[text(&account_id)],
        )?;
        self.account_id.set(Some(account_id));
        Ok(())
    }

    /// Stores a request, which is due at once. False when another of the customer is not over.
    pub(super) fn insert(&self, request: &PrivacyRequest) -> Result<bool, SqlError> {
        let rows = self.sql.exec(
            "INSERT INTO requests (id, kind, customer_id, status, requested_by, requested_at, due_at, n_failures, wake_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?) ON CONFLICT DO NOTHING RETURNING place",
            &[
                text(&request.id),
                request.kind.as_str().into(),
                text(&request.customer_id),
                request.status.as_str().into(),
                text(&request.requested_by),
                request.requested_at.millis().into(),
                request.due_at.millis().into(),
                request.requested_at.millis().into(),
            ],
        )?;
        Ok(!rows.is_empty())
    }

    pub(super) fn find(&self, id: PrivacyRequestId) -> Result<Option<Row>, SqlError> {
        Ok(self.read(BY_ID, &[text(&id)])?.pop())
    }

    /// What is due next.
    pub(super) fn next(&self) -> Result<Option<Row>, SqlError> {
        Ok(self.read(NEXT, &[])?.pop())
    }

    pub(super) fn list(&self, before: Option<u64>, limit: u64) -> Result<Vec<Row>, SqlError> {
        let before = before.map_or(SqlValue::Integer(sql::MAX_SAFE_INTEGER), SqlValue::from);
        self.read(PAGE, &[before, limit.into()])
    }

    fn read(&self, sql: &str, params: &[SqlValue]) -> Result<Vec<Row>, SqlError> {
        if self.account()?.is_none() {
            return Ok(Vec::new());
        }
        self.sql.exec(sql, params)?.iter().map(read_row).collect()
    }

    /// Notes conversations of a request that are not known yet.
    pub(super) fn add_targets(
        &self,
        id: PrivacyRequestId,
        found: &[ConversationId],
    ) -> Result<(), SqlError> {
        let found =
            serde_json::to_string(found).map_err(|error| SqlError::Failed(error.to_string()))?;
        self.sql.exec(
            "INSERT INTO targets (request_id, conversation_id, is_done) SELECT ?, value, 0 FROM json_each(?) WHERE true
            ON CONFLICT DO NOTHING",
            &[text(&id), found.into()],
        )?;
        Ok(())
    }

    /// A conversation for which the present step is not done.
    pub(super) fn next_target(
        &self,
        id: PrivacyRequestId,
    ) -> Result<Option<ConversationId>, SqlError> {
        let rows = self.sql.exec(
            "SELECT conversation_id FROM targets WHERE request_id = ? AND NOT is_done ORDER BY conversation_id LIMIT 1",
            &[text(&id)],
        )?;
        rows.first().map(|row| row.parsed(0)).transpose()
    }

    pub(super) fn targets(&self, id: PrivacyRequestId) -> Result<Vec<ConversationId>, SqlError> {
        let rows = self.sql.exec(
            "SELECT conversation_id FROM targets WHERE request_id = ? ORDER BY conversation_id",
            &[text(&id)],
        )?;
        rows.iter().map(|row| row.parsed(0)).collect()
    }

    /// The step that `request` stands at is done for a conversation, unless it stands at another meanwhile.
    pub(super) fn set_done(
        &self,
        request: &PrivacyRequest,
        target: ConversationId,
    ) -> Result<(), SqlError> {
        self.sql.exec(
            "UPDATE targets SET is_done = 1 WHERE request_id = ?1 AND conversation_id = ?2
            AND EXISTS (SELECT 1 FROM requests WHERE id = ?1 AND status = ?3)",
            &[
                text(&request.id),
                text(&target),
                request.status.as_str().into(),
            ],
        )?;
        if request.n_failures > 0 {
            self.sql.exec(
                "UPDATE requests SET n_failures = 0 WHERE id = ?",
                &[text(&request.id)],
            )?;
        }
        Ok(())
    }

    /// Lets a request stand at another step, to be done for all its conversations: first they are all undone, so that a crash
    /// between the two has the old step done again.
    pub(super) fn begin_step(
        &self,
        request: &PrivacyRequest,
        next: PrivacyStatus,
        now: Timestamp,
    ) -> Result<(), SqlError> {
        self.sql.exec(
            "UPDATE targets SET is_done = 0 WHERE request_id = ?",
            &[text(&request.id)],
        )?;
        self.sql.exec(
            "UPDATE requests SET status = ?, n_failures = 0, wake_at = ? WHERE id = ? AND status = ?",
            &[
                next.as_str().into(),
                now.millis().into(),
                text(&request.id),
                request.status.as_str().into(),
            ],
        )?;
        Ok(())
    }

    /// Lets a request stand at what follows its step, unless it stands at another meanwhile.
    pub(super) fn end_step(
        &self,
        request: &PrivacyRequest,
        next: PrivacyStatus,
        now: Timestamp,
        wake_at: Option<Timestamp>,
    ) -> Result<(), SqlError> {
        let finished_at = next.is_over().then_some(now.millis());
        self.sql.exec(
            "UPDATE requests SET status = ?, n_failures = 0, finished_at = ?, wake_at = ? WHERE id = ? AND status = ?",
            &[
                next.as_str().into(),
                finished_at.into(),
                wake_at.map(Timestamp::millis).into(),
                text(&request.id),
                request.status.as_str().into(),
            ],
        )?;
        Ok(())
    }

    pub(super) fn set_failed(
        &self,
        id: PrivacyRequestId,
        n_failures: u64,
        wake_at: Timestamp,
    ) -> Result<(), SqlError> {
        self.sql.exec(
            "UPDATE requests SET n_failures = ?, wake_at = ? WHERE id = ?",
            &[n_failures.into(), wake_at.millis().into(), text(&id)],
        )?;
        Ok(())
    }

    /// Nothing is to be done for a request any more.
    pub(super) fn rest(&self, id: PrivacyRequestId) -> Result<(), SqlError> {
        self.sql.exec(
            "UPDATE requests SET wake_at = NULL WHERE id = ?",
            &[text(&id)],
        )?;
        Ok(())
    }
}

fn text(value: &impl ToString) -> SqlValue {
    SqlValue::Text(value.to_string())
}

fn read_row(row: &sql::Row) -> Result<Row, SqlError> {
    let time = |column| row.integer(column).map(Timestamp::from_millis);
    let optional_time = |column| {
        row.optional_integer(column)
            .map(|millis| millis.map(Timestamp::from_millis))
    };
    let kind = match row.text(2)? {
        "erasure" => PrivacyKind::Erasure,
        "anonymisation" => PrivacyKind::Anonymisation,
        _ => {
            return Err(SqlError::Unreadable(
                "an unknown kind of request".to_owned(),
            ));
        }
    };
    let status = PrivacyStatus::from_word(row.text(4)?)
        .ok_or_else(|| SqlError::Unreadable("an unknown status of a request".to_owned()))?;
    Ok(Row {
        place: row.count(0)?,
        request: PrivacyRequest {
            id: row.parsed(1)?,
            kind,
            customer_id: row.parsed(3)?,
            status,
            requested_by: row.parsed(5)?,
            requested_at: time(6)?,
            due_at: time(7)?,
            finished_at: optional_time(8)?,
            n_failures: row.count(9)?,
            n_done: row.count(11)?,
            n_total: row.count(12)?,
        },
        wake_at: optional_time(10)?.unwrap_or_default(),
    })
}
