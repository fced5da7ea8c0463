//! Names and examples of the account's own intents.

use edgedesk_domain::account::Principal;
use edgedesk_domain::ids::IntentId;
use edgedesk_domain::time::Timestamp;
use edgedesk_wire::ai::{IntentSummary, IntentView};

use super::super::AccountStore;
use super::MAX_INTENTS;
use super::in_use::{SWITCH_OFF_BEFORE_DELETE, switch_off};
use crate::database::{Database, Row, Statement, StoreError, Value};
use crate::keys::EXAMPLE_TEXT;

// Counted in the row: an account has few intents.
const LIST: &str = "
    SELECT account_id, id, name, created_at, updated_at,
      (SELECT count(*) FROM own_intent_examples e WHERE e.account_id = ?1 AND e.intent_id = i.id) AS n_examples,
      (SELECT count(*) FROM feedback f WHERE f.account_id = ?1 AND f.field = 'own_intent' AND f.value = i.id) AS n_corrections
    FROM own_intents i WHERE account_id = ?1 ORDER BY name_key";
const FIND: &str = "
    SELECT account_id, id, name, created_at, updated_at,
      (SELECT count(*) FROM own_intent_examples e WHERE e.account_id = ?1 AND e.intent_id = i.id) AS n_examples,
      (SELECT count(*) FROM feedback f WHERE f.account_id = ?1 AND f.field = 'own_intent' AND f.value = i.id) AS n_corrections
    FROM own_intents i WHERE account_id = ?1 AND id = ?2";
pub(super) const LIST_EXAMPLES: &str = "
    SELECT account_id, intent_id, place, text FROM own_intent_examples WHERE account_id = ?1 AND intent_id = ?2 ORDER BY place";
const FIND_NAME: &str =
    "SELECT account_id, id FROM own_intents WHERE account_id = ?1 AND name_key = ?2";
const INSERT: &str = "
    INSERT INTO own_intents (account_id, id, name, name_key, created_at, updated_at)
    SELECT ?1, ?2, ?3, ?4, ?5, ?5
    WHERE (SELECT count(*) FROM own_intents WHERE account_id = ?1) < ?6
    ON CONFLICT DO NOTHING RETURNING account_id, id";
const UPDATE: &str = "
    UPDATE OR IGNORE own_intents SET name = ?3, name_key = ?4, updated_at = ?5
    WHERE account_id = ?1 AND id = ?2
      AND NOT EXISTS (SELECT 1 FROM own_intents o WHERE o.account_id = ?1 AND o.name_key = ?4 AND o.id <> ?2)
    RETURNING account_id, id";
// Both only if the statement before has set the name: else it is another's, or the intent is not there.
const DELETE_OLD_EXAMPLES: &str = "
    DELETE FROM own_intent_examples WHERE account_id = ?1 AND intent_id = ?2
      AND EXISTS (SELECT 1 FROM own_intents i WHERE i.account_id = ?1 AND i.id = ?2 AND i.name_key = ?3)";
const INSERT_EXAMPLES: &str = "
    INSERT INTO own_intent_examples (account_id, intent_id, place, text)
    SELECT ?1, ?2, key, value FROM json_each(?4)
    WHERE EXISTS (SELECT 1 FROM own_intents i WHERE i.account_id = ?1 AND i.id = ?2 AND i.name_key = ?3)";
const DELETE: &str =
    "DELETE FROM own_intents WHERE account_id = ?1 AND id = ?2 RETURNING account_id, id";
const DELETE_EXAMPLES: &str =
    "DELETE FROM own_intent_examples WHERE account_id = ?1 AND intent_id = ?2";

#[cfg(test)]
pub(super) const READS: [&str; 8] = [
    LIST,
    FIND,
    LIST_EXAMPLES,
    FIND_NAME,
    UPDATE,
    DELETE_OLD_EXAMPLES,
    DELETE,
    DELETE_EXAMPLES,
];

/// Why an intent was not stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IntentError {
    /// Another intent of the account has the name.
    #[error("the name is taken")]
    NameTaken,
    /// The account has [`MAX_INTENTS`].
    #[error("an account has at most {MAX_INTENTS} own intents")]
    TooMany,
    /// There is no such intent.
    #[error("there is no such intent")]
    NotFound,
    /// The database did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl<D: Database> AccountStore<'_, D> {
    /// The account's own intents, by name.
    pub async fn list_intents(&self) -> Result<Vec<IntentSummary>, StoreError> {
        let rows = self.database.query(LIST, &[self.account()]).await?;
        rows.iter().map(summary).collect()
    }

    /// One own intent with its examples.
    pub async fn find_intent(&self, id: IntentId) -> Result<Option<IntentView>, StoreError> {
        let key = vec![self.account(), Value::text(id)];
        let answers = self
            .database
            .batch(vec![
                Statement::new(FIND, key.clone()),
                Statement::new(LIST_EXAMPLES, key),
            ])
            .await?;
        let [found, examples] = answers.as_slice() else {
            return Ok(None);
        };
        let Some(found) = found.first() else {
            return Ok(None);
        };
        Ok(Some(IntentView {
            summary: summary(found)?,
            examples: self.examples(examples).await?,
        }))
    }

    /// Stores a new intent. Name and examples have been checked.
    ///
    /// # Errors
    ///
    /// [`IntentError::NameTaken`], [`IntentError::TooMany`], or the database's.
    pub async fn add_intent(
        &self,
        id: IntentId,
        name: &str,
        examples: &[String],
        now: Timestamp,
    ) -> Result<(), IntentError> {
        let key = name_key(name);
        let insert = Statement::new(
            INSERT,
            vec![
                self.account(),
                Value::text(id),
                Value::text(name),
                Value::text(&key),
                Value::time(now),
                Value::Int(MAX_INTENTS.into()),
            ],
        );
        let examples = self.examples_statement(id, &key, examples).await?;
        let answers = self.database.batch(vec![insert, examples]).await?;
        if answers.first().is_some_and(|rows| !rows.is_empty()) {
            Ok(())
        } else if self.has_name(&key).await? {
            Err(IntentError::NameTaken)
        } else {
            Err(IntentError::TooMany)
        }
    }

    /// Replaces name and examples of an intent. They have been checked.
    ///
    /// # Errors
    ///
    /// [`IntentError::NameTaken`], [`IntentError::NotFound`], or the database's.
    pub async fn change_intent(
        &self,
        id: IntentId,
        name: &str,
        examples: &[String],
        now: Timestamp,
    ) -> Result<(), IntentError> {
        let key = name_key(name);
        let update = Statement::new(
            UPDATE,
            vec![
                self.account(),
                Value::text(id),
                Value::text(name),
                Value::text(&key),
                Value::time(now),
            ],
        );
        let delete = Statement::new(
            DELETE_OLD_EXAMPLES,
            vec![self.account(), Value::text(id), Value::text(&key)],
        );
        let examples = self.examples_statement(id, &key, examples).await?;
        let answers = self.database.batch(vec![update, delete, examples]).await?;
        if answers.first().is_some_and(|rows| !rows.is_empty()) {
            Ok(())
        } else if self.find_intent(id).await?.is_none() {
            Err(IntentError::NotFound)
        } else {
            Err(IntentError::NameTaken)
        }
    }

    /// Forgets an intent and its examples, and says whether there was one. Versions that know it name it no more; when fewer
    /// than two are left there is nothing to tell apart, and own intents are switched off in the same transaction.
    pub async fn delete_intent(
        &self,
        id: IntentId,
        by: &Principal,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let key = vec![self.account(), Value::text(id)];
        let mut off = switch_off(self.account(), by, now);
        off.push(Value::text(id));
        let answers = self
            .database
            .batch(vec![
                Statement::new(SWITCH_OFF_BEFORE_DELETE, off),
                Statement::new(DELETE, key.clone()),
                Statement::new(DELETE_EXAMPLES, key),
            ])
            .await?;
        Ok(answers.get(1).is_some_and(|rows| !rows.is_empty()))
    }

    async fn has_name(&self, key: &str) -> Result<bool, StoreError> {
        let rows = self
            .database
            .query(FIND_NAME, &[self.account(), Value::text(key)])
            .await?;
        Ok(!rows.is_empty())
    }

    /// The sentences of rows of [`LIST_EXAMPLES`].
    pub(super) async fn examples(&self, rows: &[Row]) -> Result<Vec<String>, StoreError> {
        let mut examples = Vec::with_capacity(rows.len());
        for row in rows {
            examples.push(self.vault.open(&EXAMPLE_TEXT, row).await?);
        }
        Ok(examples)
    }

    async fn examples_statement(
        &self,
        id: IntentId,
        key: &str,
        examples: &[String],
    ) -> Result<Statement, StoreError> {
        let sealer = self.vault.sealer().await?;
        let mut texts = Vec::with_capacity(examples.len());
        // Their places are those in the list.
        for (place, example) in examples.iter().enumerate() {
            texts.push(sealer.seal(&EXAMPLE_TEXT, &format!("{id}:{place}"), example)?);
        }
        Ok(Statement::new(
            INSERT_EXAMPLES,
            vec![
                self.account(),
                Value::text(id),
                Value::text(key),
                Value::text(crate::json(&texts)),
            ],
        ))
    }
}

/// What two names share when they differ in case and white space only.
fn name_key(name: &str) -> String {
    name.split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .to_lowercase()
}

fn summary(row: &Row) -> Result<IntentSummary, StoreError> {
    Ok(IntentSummary {
        id: row.parsed("id")?,
        name: row.text("name")?.to_owned(),
        n_examples: row.uint("n_examples")?,
        n_corrections: row.uint("n_corrections")?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
    })
}
