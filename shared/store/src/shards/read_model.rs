//! The read model of an account as a whole: deleted, written, compared.

use std::collections::BTreeMap;

use edgedesk_domain::ids::ConversationId;
use edgedesk_wire::jobs::ChecksumResponse;
use sha2::{Digest, Sha256};

use super::AccountStore;
use crate::database::{Database, Row, Statement, StoreError, Value};
use crate::keys::{ANALYSIS_DATA, CONVERSATION_STATE, MESSAGE_DATA, SealedColumn};
use crate::projection::Projection;

const LIST_WITHOUT_TICKET: &str = "
    SELECT account_id, id FROM conversations WHERE account_id = ?1 AND ticket_number IS NULL ORDER BY id";
const DELETE_ALL: [&str; 8] = [
    "DELETE FROM conversations WHERE account_id = ?1",
    "DELETE FROM messages WHERE account_id = ?1",
    "DELETE FROM analyses WHERE account_id = ?1",
    "DELETE FROM tickets WHERE account_id = ?1",
    "DELETE FROM customers WHERE account_id = ?1",
    "DELETE FROM feedback WHERE account_id = ?1",
    "DELETE FROM suggestions WHERE account_id = ?1",
    "DELETE FROM assistant_steps WHERE account_id = ?1",
];

/// A table of the read model, read in the order of its key. `?2` to `?4` are the key of the last row read.
struct Table {
    name: &'static str,
    sql: &'static str,
    key: &'static [&'static str],
    /// Its column that is sealed: the digest is of what was sealed, for the same value is never sealed alike.
    sealed: Option<SealedColumn>,
}

const TABLES: [Table; 8] = [
    Table {
        name: "conversations",
        sql: "
            SELECT account_id, id, seq, inbox_id, external_id, customer_id, status, assignee_id, escalation_risk, ticket_number,
              created_at, updated_at, state, team_id
            FROM conversations WHERE account_id = ?1 AND id > ?2 ORDER BY id LIMIT 200",
        key: &["id"],
        sealed: Some(CONVERSATION_STATE),
    },
    Table {
        name: "messages",
        sql: "
            SELECT account_id, conversation_id, seq, id, direction, created_at, data, revision
            FROM messages WHERE account_id = ?1 AND (conversation_id, seq) > (?2, ?3)
            ORDER BY conversation_id, seq LIMIT 200",
        key: &["conversation_id", "seq"],
        sealed: Some(MESSAGE_DATA),
    },
    Table {
        name: "analyses",
        sql: "
            SELECT account_id, conversation_id, message_seq, seq, message_id, polarity, score, escalation_risk, model_id,
              model_version, created_at, data, intent, category, priority, language, own_intent, revision
            FROM analyses WHERE account_id = ?1 AND (conversation_id, message_seq, seq) > (?2, ?3, ?4)
            ORDER BY conversation_id, message_seq, seq LIMIT 200",
        key: &["conversation_id", "message_seq", "seq"],
        sealed: Some(ANALYSIS_DATA),
    },
    Table {
        name: "tickets",
        sql: "
            SELECT account_id, conversation_id, id, number, created_at
            FROM tickets WHERE account_id = ?1 AND conversation_id > ?2 ORDER BY conversation_id LIMIT 200",
        key: &["conversation_id"],
        sealed: None,
    },
    Table {
        name: "customers",
        sql: "
            SELECT account_id, id, name, name_rank, email, email_rank, first_seen_at
            FROM customers WHERE account_id = ?1 AND id > ?2 ORDER BY id LIMIT 200",
        key: &["id"],
        sealed: None,
    },
    Table {
        name: "feedback",
        sql: "
            SELECT account_id, conversation_id, message_seq, field, seq, message_id, decided, value, decided_at, given_at
            FROM feedback WHERE account_id = ?1 AND (conversation_id, message_seq, field) > (?2, ?3, ?4)
            ORDER BY conversation_id, message_seq, field LIMIT 200",
        key: &["conversation_id", "message_seq", "field"],
        sealed: None,
    },
    Table {
        name: "suggestions",
        sql: "
            SELECT account_id, conversation_id, id, seq, source, macro_id, offered_at, verdict
            FROM suggestions WHERE account_id = ?1 AND (conversation_id, id) > (?2, ?3)
            ORDER BY conversation_id, id LIMIT 200",
        key: &["conversation_id", "id"],
        sealed: None,
    },
    Table {
        name: "assistant_steps",
        sql: "
            SELECT account_id, conversation_id, seq, step, reason, created_at
            FROM assistant_steps WHERE account_id = ?1 AND (conversation_id, seq) > (?2, ?3)
            ORDER BY conversation_id, seq LIMIT 200",
        key: &["conversation_id", "seq"],
        sealed: None,
    },
];

#[cfg(test)]
pub(crate) fn reads() -> Vec<&'static str> {
    let tables = TABLES.iter().map(|table| table.sql);
    tables
        .chain(DELETE_ALL)
        .chain([LIST_WITHOUT_TICKET])
        .collect()
}

impl<D: Database> AccountStore<'_, D> {
    /// Digests all projected rows of the account. Rows that change meanwhile are digested before or after the change.
    pub async fn checksum(&self) -> Result<ChecksumResponse, StoreError> {
        let mut digest = Sha256::new();
        let mut n_rows = BTreeMap::new();
        for table in &TABLES {
            digest.update(table.name);
            let mut count = 0;
            // Sorts before every key: ids are not empty, and `seq` is not negative.
            let mut last = vec![Value::text(""), Value::Int(-1), Value::Int(-1)];
            loop {
                let mut parameters = vec![self.account()];
                parameters.extend(last.iter().take(table.key.len()).cloned());
                let rows = self.database.query(table.sql, &parameters).await?;
                let Some(last_row) = rows.last() else {
                    break;
                };
                last = table
                    .key
                    .iter()
                    .map(|column| last_row.value(column).cloned())
                    .collect::<Result<_, _>>()?;
                for row in &rows {
                    let opened = match &table.sealed {
                        Some(column) => Some((column.column, self.vault.open(column, row).await?)),
                        None => None,
                    };
                    digest_row(&mut digest, row, opened);
                    count += 1;
                }
            }
            n_rows.insert(table.name.to_owned(), count);
        }
        Ok(ChecksumResponse {
            account_id: self.account_id,
            checksum: hex::encode(digest.finalize()),
            n_rows,
        })
    }

    /// Conversations that have no ticket yet.
    pub(crate) async fn list_without_ticket(&self) -> Result<Vec<ConversationId>, StoreError> {
        let rows = self
            .database
            .query(LIST_WITHOUT_TICKET, &[self.account()])
            .await?;
        rows.iter().map(|row| row.parsed("id")).collect()
    }

    /// Deletes all projected rows of the account, in one transaction.
    pub(crate) async fn delete_read_model(&self) -> Result<(), StoreError> {
        let statements = DELETE_ALL.map(|sql| Statement::new(sql, vec![self.account()]));
        self.database.batch(statements.into()).await?;
        Ok(())
    }

    /// Writes rows in one transaction. The caller has seen that they are all of this account.
    pub(crate) async fn write(&self, projection: Projection) -> Result<(), StoreError> {
        if !projection.is_empty() {
            self.database.batch(projection.into_statements()?).await?;
        }
        Ok(())
    }
}

/// Each value with its kind and, for texts, its length: no two different rows are digested alike.
fn digest_row(digest: &mut Sha256, row: &Row, opened: Option<(&str, String)>) {
    digest.update([0x1e]);
    let opened = opened.map(|(column, text)| (column, Value::Text(text)));
    for (column, value) in row.columns().zip(row.values()) {
        let value = match &opened {
            Some((name, opened)) if *name == column => opened,
            _ => value,
        };
        match value {
            Value::Null => digest.update(b"n"),
            // D1 has one kind of number.
            Value::Int(number) => digest.update(format!("d{:?};", *number as f64)),
            Value::Real(number) => digest.update(format!("d{number:?};")),
            Value::Text(text) => digest.update(format!("t{}:{text}", text.len())),
        }
    }
}
