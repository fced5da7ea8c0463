//! The tables of questions. Each function is one statement.

use edgedesk_domain::ids::ConversationId;
use edgedesk_domain::time::Timestamp;
use edgedesk_search::duplicates::Sample;
use edgedesk_search::fingerprint::Fingerprint;
use edgedesk_search::row::Row as VectorRow;
use serde_json::json;

use super::{Asked, Memory};
use crate::sql::{ObjectSql, Row, SqlError, SqlValue};

const SCHEMA: [&str; 3] = [
    // `row` is absent for a question that no model has read, and `model` is empty then.
    "CREATE TABLE IF NOT EXISTS questions (
        conversation_id TEXT NOT NULL PRIMARY KEY,
        seq INTEGER NOT NULL,
        at INTEGER NOT NULL,
        model TEXT NOT NULL,
        row BLOB,
        fingerprint BLOB NOT NULL
    )",
    "CREATE TABLE IF NOT EXISTS forgotten (
        conversation_id TEXT NOT NULL PRIMARY KEY,
        seq INTEGER NOT NULL,
        at INTEGER NOT NULL
    )",
    "CREATE INDEX IF NOT EXISTS forgotten_at ON forgotten (at)",
];

/// A question as it is stored.
pub(super) struct Question<'a> {
    pub(super) seq: u64,
    pub(super) at: Timestamp,
    pub(super) model: &'a str,
    pub(super) row: Option<Vec<u8>>,
    pub(super) fingerprint: Vec<u8>,
}

pub(super) fn create(sql: &impl ObjectSql) -> Result<(), SqlError> {
    for statement in SCHEMA {
        sql.exec(statement, &[])?;
    }
    Ok(())
}

/// All questions.
pub(super) fn list(sql: &impl ObjectSql) -> Result<Memory, SqlError> {
    let rows = sql.exec(
        "SELECT conversation_id, seq, at, model, coalesce(row, x''), fingerprint FROM questions",
        &[],
    )?;
    rows.iter()
        .map(|row| Ok((row.parsed(0)?, asked(row)?)))
        .collect()
}

fn asked(row: &Row) -> Result<Asked, SqlError> {
    let unreadable = |what: &str| SqlError::Unreadable(format!("a question has no {what}"));
    let vector = match row.bytes(4)? {
        [] => None,
        bytes => Some(VectorRow::from_bytes(bytes).map_err(|_| unreadable("row"))?),
    };
    let fingerprint =
        Fingerprint::from_bytes(row.bytes(5)?).ok_or_else(|| unreadable("fingerprint"))?;
    Ok(Asked {
        seq: row.count(1)?,
        at: Timestamp::from_millis(row.integer(2)?),
        model: row.text(3)?.to_owned(),
        sample: Sample::of_fingerprint(&fingerprint, vector),
    })
}

pub(super) fn put(
    sql: &impl ObjectSql,
    conversation_id: ConversationId,
    question: Question<'_>,
) -> Result<(), SqlError> {
    sql.exec(
        "INSERT INTO questions (conversation_id, seq, at, model, row, fingerprint) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT (conversation_id) DO UPDATE SET seq = excluded.seq, at = excluded.at, model = excluded.model,
           row = excluded.row, fingerprint = excluded.fingerprint",
        &[
            conversation_id.to_string().into(),
            question.seq.into(),
            question.at.millis().into(),
            question.model.into(),
            question.row.map_or(SqlValue::Null, SqlValue::Blob),
            SqlValue::Blob(question.fingerprint),
        ],
    )?;
    Ok(())
}

pub(super) fn delete(
    sql: &impl ObjectSql,
    conversation_ids: &[ConversationId],
) -> Result<(), SqlError> {
    sql.exec(
        "DELETE FROM questions WHERE conversation_id IN (SELECT value FROM json_each(?))",
        &[json!(conversation_ids).to_string().into()],
    )?;
    Ok(())
}

/// Up to which `seq` the questions of a conversation are forgotten; 0 for none.
pub(super) fn forgotten_through(
    sql: &impl ObjectSql,
    conversation_id: ConversationId,
) -> Result<u64, SqlError> {
    let rows = sql.exec(
        "SELECT seq FROM forgotten WHERE conversation_id = ?",
        &[conversation_id.to_string().into()],
    )?;
    rows.first().map_or(Ok(0), |row| row.count(0))
}

pub(super) fn remember_forgotten(
    sql: &impl ObjectSql,
    conversation_id: ConversationId,
    seq: u64,
    now: Timestamp,
) -> Result<(), SqlError> {
    sql.exec(
        "INSERT INTO forgotten (conversation_id, seq, at) VALUES (?, ?, ?)
         ON CONFLICT (conversation_id) DO UPDATE SET seq = max(seq, excluded.seq), at = excluded.at",
        &[
            conversation_id.to_string().into(),
            seq.into(),
            now.millis().into(),
        ],
    )?;
    Ok(())
}

pub(super) fn drop_forgotten(sql: &impl ObjectSql, before: Timestamp) -> Result<(), SqlError> {
    sql.exec(
        "DELETE FROM forgotten WHERE at < ?",
        &[before.millis().into()],
    )?;
    Ok(())
}
