//! Queue messages that could not be handled, put where a person sees them.

use edgedesk_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::database::{Row, StoreError, Value};

/// Most bytes of a body that are kept. A queue message has at most 128,000, so only a message that was not written by us
/// can be cut.
pub const MAX_PARKED_BODY_BYTES: usize = 128_000;

/// A queue message that could not be handled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parked {
    /// The envelope's id, or the queue's own when the envelope could not be read.
    pub id: String,
    /// The queue it was on.
    pub queue: String,
    /// Why it could not be handled.
    pub reason: ParkedReason,
    /// More on the reason, for a person. No customer's words.
    pub detail: String,
    /// The message as it came, at most [`MAX_PARKED_BODY_BYTES`].
    pub body: String,
    /// Attempts that were made.
    pub n_attempts: u32,
    /// When it was parked.
    pub parked_at: Timestamp,
}

/// Why a queue message was parked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ParkedReason {
    /// It is no envelope, or of a kind that we do not know.
    Unreadable,
    /// Its parts name different accounts or conversations.
    Inconsistent,
    /// Its account is not in the directory.
    UnknownAccount,
    /// The database refuses its rows.
    Refused,
    /// The queue gave up on it: every attempt met trouble that was thought to pass.
    RetriesExhausted,
}

impl Parked {
    /// The body as far as it is kept.
    pub(crate) fn kept_body(&self) -> &str {
        &self.body[..self.body.floor_char_boundary(MAX_PARKED_BODY_BYTES)]
    }

    /// The columns, with the body as it is to be stored.
    pub(crate) fn parameters(&self, body: &str) -> Result<[Value; 7], StoreError> {
        Ok([
            Value::text(&self.id),
            Value::text(&self.queue),
            Value::Text(crate::word(self.reason)),
            Value::text(&self.detail),
            Value::text(body),
            Value::uint(self.n_attempts.into())?,
            Value::time(self.parked_at),
        ])
    }

    /// From a row, and its body opened.
    pub(crate) fn from_row(row: &Row, body: String) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.text("id")?.to_owned(),
            queue: row.text("queue")?.to_owned(),
            reason: row.word("reason")?,
            detail: row.text("detail")?.to_owned(),
            body,
            n_attempts: row.uint32("n_attempts")?,
            parked_at: row.time("parked_at")?,
        })
    }
}
