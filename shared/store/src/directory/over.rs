//! Deleting what is over: rows that no request looks at any more, or only to refuse it.
//!
//! It is the one place that touches rows of all accounts; it tells nothing of them but how many they were.

use edgedesk_domain::time::Timestamp;

use super::Directory;
use crate::database::{Database, Statement, StoreError, Value};

/// How long refresh tokens, sessions and invitations stay after their end: 30 days. A used token that comes back in that
/// time still says that somebody has a copy of it.
pub const KEEP_MILLIS: i64 = 30 * 24 * 60 * 60 * 1000;
/// Most rows of a table that one statement deletes, so that none holds the database for long.
const MAX_ROWS: u32 = 500;
/// Most rounds of one run. What is left then is for the next one.
const MAX_ROUNDS: usize = 20;

const REFRESH_TOKENS: &str = "
    DELETE FROM refresh_tokens WHERE token_hash IN (
      SELECT token_hash FROM refresh_tokens WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)
    RETURNING 1 AS n";
const SESSIONS: &str = "
    DELETE FROM sessions WHERE (account_id, user_id, id) IN (
      SELECT account_id, user_id, id FROM sessions WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)
    RETURNING 1 AS n";
const INVITATIONS: &str = "
    DELETE FROM invitations WHERE (account_id, id) IN (
      SELECT account_id, id FROM invitations WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)
    RETURNING 1 AS n";
const MAIL: &str = "
    DELETE FROM mail_outbox WHERE (account_id, about, id) IN (
      SELECT account_id, about, id FROM mail_outbox WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)
    RETURNING 1 AS n";
const CHALLENGES: &str = "
    DELETE FROM login_challenges WHERE challenge_hash IN (
      SELECT challenge_hash FROM login_challenges WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)
    RETURNING 1 AS n";
const ATTEMPTS: &str = "
    DELETE FROM oidc_attempts WHERE state_hash IN (
      SELECT state_hash FROM oidc_attempts WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)
    RETURNING 1 AS n";
const FAILURES: &str = "
    DELETE FROM login_failures WHERE key IN (
      SELECT key FROM login_failures WHERE forget_at <= ?1 ORDER BY forget_at LIMIT ?2)
    RETURNING 1 AS n";
const ZENDESK_TOKENS: &str = "
    DELETE FROM zendesk_tokens WHERE token_hash IN (
      SELECT token_hash FROM zendesk_tokens WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)
    RETURNING 1 AS n";

/// Each with how long its rows stay after their end.
const DELETIONS: [(&str, i64); 8] = [
    (REFRESH_TOKENS, KEEP_MILLIS),
    (SESSIONS, KEEP_MILLIS),
    (INVITATIONS, KEEP_MILLIS),
    (MAIL, 0),
    (CHALLENGES, 0),
    (ATTEMPTS, 0),
    (FAILURES, 0),
    (ZENDESK_TOKENS, 0),
];

#[cfg(test)]
pub(crate) const STATEMENTS: [&str; 8] = [
    REFRESH_TOKENS,
    SESSIONS,
    INVITATIONS,
    MAIL,
    CHALLENGES,
    ATTEMPTS,
    FAILURES,
    ZENDESK_TOKENS,
];

impl<D: Database> Directory<D> {
    /// Deletes what is over at `now`, and says how many rows that were. Safe to run at any time, and twice.
    pub async fn delete_what_is_over(&self, now: Timestamp) -> Result<u64, StoreError> {
        let mut n_deleted = 0;
        for _ in 0..MAX_ROUNDS {
            let statements = DELETIONS.map(|(sql, keep_millis)| {
                let until = now.plus_millis(-keep_millis);
                Statement::new(
                    sql,
                    vec![Value::time(until), Value::Int(i64::from(MAX_ROWS))],
                )
            });
            let answers = self.database.batch(statements.into()).await?;
            n_deleted += answers.iter().map(|rows| rows.len() as u64).sum::<u64>();
            let is_more = answers.iter().any(|rows| rows.len() == MAX_ROWS as usize);
            if !is_more {
                break;
            }
        }
        Ok(n_deleted)
    }
}

#[cfg(test)]
mod tests;
