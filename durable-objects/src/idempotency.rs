//! Keys of changes: what was asked for under one happens once, and who asks again is given the first answer.
//!
//! State: `keys`, one row a key, under way while it has no status; `sweep`, one row or none: when the alarm goes off. Invariants:
//! - Of all attempts under a key one goes on at a time. Another may only when the first has ended without an outcome, or has held
//!   the key for [`HELD_MILLIS`] without a word.
//! - An attempt that was given up ends nothing: the key is another's by then.
//! - A key whose time is over is as good as none, also before the alarm takes its row away.
//! - Answers come sealed and are given back as they came; nothing in here is anybody's words.

#[cfg(test)]
mod tests;

use std::cell::Cell;

use edgedesk_domain::ids::AccountId;
use edgedesk_domain::time::Timestamp;
use edgedesk_wire::idempotency::{
    BeginRequest, Begun, EndRequest, Ended, Forgotten, Outcome, Turn,
};

use crate::error::{ObjectError, Refusal};
use crate::host::Host;
use crate::sql::{ObjectSql, SqlError, SqlValue};

const SCHEMA: [&str; 3] = [
    "CREATE TABLE IF NOT EXISTS keys (
        key_hash TEXT NOT NULL PRIMARY KEY,
        fingerprint TEXT NOT NULL,
        attempt TEXT NOT NULL,
        ends_at INTEGER NOT NULL,
        may_keep INTEGER NOT NULL DEFAULT 1,
        status INTEGER,
        answer TEXT
    )",
    "CREATE INDEX IF NOT EXISTS keys_by_end ON keys (ends_at)",
    "CREATE TABLE IF NOT EXISTS sweep (
        only INTEGER NOT NULL PRIMARY KEY CHECK (only = 1),
        at INTEGER NOT NULL
    )",
];

/// How long an attempt holds its key without a word. A Worker that dies says nothing, and one that lives may go on for 30 seconds
/// after its caller has left; twice as long is surely over, and a caller who tries again can wait for it.
pub const HELD_MILLIS: i64 = 60_000;
/// How long an outcome is known.
pub const KEPT_MILLIS: i64 = 24 * 3_600_000;
/// How often the alarm takes away what is over.
const SWEEP_MILLIS: i64 = 3_600_000;
/// How late an alarm may be before it is set anew.
const LATE_MILLIS: i64 = 600_000;
/// Letters of a hash.
const HASH_BYTES: usize = 64;
/// Most letters of an attempt's name.
const MAX_ATTEMPT_BYTES: usize = 64;
/// Largest sealed answer. A row may have two megabytes.
const MAX_ANSWER_BYTES: usize = 512 * 1024;

/// The object that has a part of one account's keys.
#[derive(Debug)]
pub struct Idempotency<S, H> {
    sql: S,
    host: H,
    has_tables: Cell<bool>,
}

/// A key as it is stored.
struct Key {
    fingerprint: String,
    attempt: String,
    outcome: Option<Outcome>,
}

impl<S: ObjectSql, H: Host> Idempotency<S, H> {
    /// An object that just woke: everything it knows is in `sql`.
    pub fn new(sql: S, host: H) -> Self {
        Self {
            sql,
            host,
            has_tables: Cell::new(false),
        }
    }

    /// Says whether a change is to be made now.
    ///
    /// # Errors
    ///
    /// `invalid_request` for what is no hash or no name; `unavailable`, and then the attempt may or may not hold the key, and may ask
    /// again.
    pub async fn begin(
        &self,
        account_id: AccountId,
        request: &BeginRequest,
    ) -> Result<Begun, ObjectError> {
        let hashes = [&request.key_hash, &request.fingerprint];
        if !hashes.into_iter().all(|hash| is_hash(hash)) || !is_name(&request.attempt) {
            return Err(Refusal::InvalidRequest.because("A key and what is asked for are hashes."));
        }
        self.prepare()?;
        self.ensure_sweep().await?;
        // Nothing comes between looking and writing: an object is one thread, and there is no await.
        let now = self.host.now();
        let turn = match self.find(&request.key_hash, now)? {
            Some(key) if key.fingerprint != request.fingerprint => Turn::Reused,
            Some(Key {
                outcome: Some(Outcome { status, answer }),
                ..
            }) => Turn::Repeat { status, answer },
            // The same attempt did not hear that it may go on.
            Some(key) if key.attempt == request.attempt => Turn::Go,
            Some(_) => Turn::Wait,
            None => {
                self.hold(request, now)?;
                Turn::Go
            }
        };
        Ok(Begun { account_id, turn })
    }

    /// Notes what became of an attempt, if it still holds its key. A repeat changes nothing.
    ///
    /// # Errors
    ///
    /// `invalid_request` for an answer that is too large; `unavailable`, and then it may or may not be noted, and may be told again.
    pub fn end(&self, account_id: AccountId, request: &EndRequest) -> Result<Ended, ObjectError> {
        let answer = request
            .outcome
            .as_ref()
            .and_then(|outcome| outcome.answer.as_ref());
        if answer.is_some_and(|answer| answer.len() > MAX_ANSWER_BYTES) {
            return Err(Refusal::InvalidRequest.because("The answer is too large to be kept."));
        }
        self.prepare()?;
        let held: [SqlValue; 2] = [
            request.key_hash.as_str().into(),
            request.attempt.as_str().into(),
        ];
        let of_attempt = self.sql.exec(
            "SELECT 1 FROM keys WHERE key_hash = ? AND attempt = ?",
            &held,
        )?;
        let [key_hash, attempt] = held;
        if let Some(outcome) = &request.outcome {
            let ends_at = self.host.now().plus_millis(KEPT_MILLIS);
            self.sql.exec(
                "UPDATE keys SET status = ?, answer = iif(may_keep, ?, NULL), ends_at = ?
                 WHERE key_hash = ? AND attempt = ? AND status IS NULL",
                &[
                    u32::from(outcome.status).into(),
                    outcome.answer.as_deref().into(),
                    ends_at.millis().into(),
                    key_hash,
                    attempt,
                ],
            )?;
        } else {
            self.sql.exec(
                "DELETE FROM keys WHERE key_hash = ? AND attempt = ? AND status IS NULL",
                &[key_hash, attempt],
            )?;
        }
        Ok(Ended {
            account_id,
            was_held: !of_attempt.is_empty(),
        })
    }

    /// Forgets every answer, those of attempts under way as well; keys stay, so that nothing happens twice because of it.
    ///
    /// # Errors
    ///
    /// `unavailable`, and then it may be asked again.
    pub fn forget(&self, account_id: AccountId) -> Result<Forgotten, ObjectError> {
        self.prepare()?;
        self.sql.exec(
            "UPDATE keys SET may_keep = 0, answer = NULL WHERE may_keep = 1",
            &[],
        )?;
        Ok(Forgotten { account_id })
    }

    /// The alarm went off: takes away what is over. Sets it again first; safe to run twice.
    ///
    /// # Errors
    ///
    /// `unavailable`; the runtime then tries again by itself.
    pub async fn alarm(&self) -> Result<(), ObjectError> {
        self.prepare()?;
        self.arm().await?;
        self.delete_over(self.host.now())?;
        let left = self.sql.exec("SELECT 1 FROM keys LIMIT 1", &[])?;
        if left.is_empty() {
            // The alarm that is set finds nothing and is the last.
            self.sql.exec("DELETE FROM sweep", &[])?;
        }
        Ok(())
    }

    fn prepare(&self) -> Result<(), SqlError> {
        if !self.has_tables.get() {
            for statement in SCHEMA {
                self.sql.exec(statement, &[])?;
            }
            self.has_tables.set(true);
        }
        Ok(())
    }

    /// Sets the alarm, unless it is set already and not late.
    async fn ensure_sweep(&self) -> Result<(), ObjectError> {
        let rows = self.sql.exec("SELECT at FROM sweep", &[])?;
        let set = rows.first().map(|row| row.integer(0)).transpose()?;
        let now = self.host.now().millis();
        if set.is_none_or(|at| at.saturating_add(LATE_MILLIS) < now) {
            self.arm().await?;
        }
        Ok(())
    }

    async fn arm(&self) -> Result<(), ObjectError> {
        let at = self.host.now().plus_millis(SWEEP_MILLIS);
        // First the alarm: a row without one would keep it from being set.
        self.host.arm_alarm(at).await?;
        self.sql.exec(
            "INSERT INTO sweep (only, at) VALUES (1, ?) ON CONFLICT (only) DO UPDATE SET at = excluded.at",
            &[at.millis().into()],
        )?;
        Ok(())
    }

    fn find(&self, key_hash: &str, now: Timestamp) -> Result<Option<Key>, SqlError> {
        let rows = self.sql.exec(
            "SELECT fingerprint, attempt, status, answer FROM keys WHERE key_hash = ? AND ends_at > ?",
            &[key_hash.into(), now.millis().into()],
        )?;
        let Some(row) = rows.first() else {
            return Ok(None);
        };
        let outcome = match row.optional_integer(2)? {
            Some(status) => Some(Outcome {
                status: u16::try_from(status)
                    .map_err(|_| SqlError::Unreadable("column 2 is no status".to_owned()))?,
                answer: row.optional_text(3)?.map(str::to_owned),
            }),
            None => None,
        };
        Ok(Some(Key {
            fingerprint: row.text(0)?.to_owned(),
            attempt: row.text(1)?.to_owned(),
            outcome,
        }))
    }

    /// Gives the key to an attempt: nobody has it, or whoever had it is over.
    fn hold(&self, request: &BeginRequest, now: Timestamp) -> Result<(), SqlError> {
        self.sql.exec(
            "INSERT OR REPLACE INTO keys (key_hash, fingerprint, attempt, ends_at) VALUES (?, ?, ?, ?)",
            &[
                request.key_hash.as_str().into(),
                request.fingerprint.as_str().into(),
                request.attempt.as_str().into(),
                now.plus_millis(HELD_MILLIS).millis().into(),
            ],
        )?;
        Ok(())
    }

    fn delete_over(&self, now: Timestamp) -> Result<(), SqlError> {
        self.sql.exec(
            "DELETE FROM keys WHERE ends_at <= ?",
            &[now.millis().into()],
        )?;
        Ok(())
    }
}

fn is_hash(text: &str) -> bool {
    text.len() == HASH_BYTES && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_name(text: &str) -> bool {
    (1..=MAX_ATTEMPT_BYTES).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_graphic())
}
