//! The account's own intents: names and examples, trained versions, and which of them is in use.

use std::collections::BTreeSet;

use edgedesk_domain::account::Principal;
use edgedesk_domain::analysis::ModelRef;
use edgedesk_domain::ids::IntentId;
use edgedesk_domain::time::Timestamp;
use edgedesk_wire::ai::{
    CrossValidation, IntentSummary, IntentVersion, IntentView, PreviousVersion, Promotion,
    RollbackResponse, RowCounts, UserRef, VersionReason,
};
use edgedesk_wire::inference::IntentLabel;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{AccountStore, MAX_LIMIT, Page};
use crate::database::{Database, Row, Statement, StoreError, Value};
use crate::word;

/// Most own intents of an account.
pub const MAX_INTENTS: u32 = 50;
/// Most corrections of one intent that a training reads, newest first: as many as it may have examples.
const MAX_CORRECTIONS: u32 = 200;

// Counted in the row: an account has few intents.
const LIST: &str = "
    SELECT id, name, created_at, updated_at,
      (SELECT count(*) FROM own_intent_examples e WHERE e.account_id = ?1 AND e.intent_id = i.id) AS n_examples,
      (SELECT count(*) FROM feedback f WHERE f.account_id = ?1 AND f.field = 'own_intent' AND f.value = i.id) AS n_corrections
    FROM own_intents i WHERE account_id = ?1 ORDER BY name_key";
const FIND: &str = "
    SELECT id, name, created_at, updated_at,
      (SELECT count(*) FROM own_intent_examples e WHERE e.account_id = ?1 AND e.intent_id = i.id) AS n_examples,
      (SELECT count(*) FROM feedback f WHERE f.account_id = ?1 AND f.field = 'own_intent' AND f.value = i.id) AS n_corrections
    FROM own_intents i WHERE account_id = ?1 AND id = ?2";
const LIST_EXAMPLES: &str = "
    SELECT text FROM own_intent_examples WHERE account_id = ?1 AND intent_id = ?2 ORDER BY place";
const FIND_NAME: &str = "SELECT id FROM own_intents WHERE account_id = ?1 AND name_key = ?2";
const INSERT: &str = "
    INSERT INTO own_intents (account_id, id, name, name_key, created_at, updated_at)
    SELECT ?1, ?2, ?3, ?4, ?5, ?5
    WHERE (SELECT count(*) FROM own_intents WHERE account_id = ?1) < ?6
    ON CONFLICT DO NOTHING RETURNING id";
const UPDATE: &str = "
    UPDATE OR IGNORE own_intents SET name = ?3, name_key = ?4, updated_at = ?5
    WHERE account_id = ?1 AND id = ?2
      AND NOT EXISTS (SELECT 1 FROM own_intents o WHERE o.account_id = ?1 AND o.name_key = ?4 AND o.id <> ?2)
    RETURNING id";
// Both only if the statement before has set the name: else it is another's, or the intent is not there.
const DELETE_OLD_EXAMPLES: &str = "
    DELETE FROM own_intent_examples WHERE account_id = ?1 AND intent_id = ?2
      AND EXISTS (SELECT 1 FROM own_intents i WHERE i.account_id = ?1 AND i.id = ?2 AND i.name_key = ?3)";
const INSERT_EXAMPLES: &str = "
    INSERT INTO own_intent_examples (account_id, intent_id, place, text)
    SELECT ?1, ?2, key, value FROM json_each(?4)
    WHERE EXISTS (SELECT 1 FROM own_intents i WHERE i.account_id = ?1 AND i.id = ?2 AND i.name_key = ?3)";
const DELETE: &str = "DELETE FROM own_intents WHERE account_id = ?1 AND id = ?2 RETURNING id";
const DELETE_EXAMPLES: &str =
    "DELETE FROM own_intent_examples WHERE account_id = ?1 AND intent_id = ?2";
const LIST_CORRECTIONS: &str = "
    SELECT substr((SELECT m.data ->> '$.text' FROM messages m
        WHERE m.account_id = ?1 AND m.conversation_id = f.conversation_id AND m.seq = f.message_seq), 1, ?3) AS text
    FROM feedback f WHERE account_id = ?1 AND field = 'own_intent' AND value = ?2 AND value IS NOT NULL
    ORDER BY given_at DESC LIMIT ?4";
const FIND_IN_USE: &str = "
    SELECT version FROM own_intent_promotions WHERE account_id = ?1 ORDER BY number DESC LIMIT 1";
const FIND_CURRENT: &str = "
    SELECT version, encoder_id, encoder_version, row_keys FROM own_intent_models WHERE account_id = ?1
      AND version = (SELECT p.version FROM own_intent_promotions p WHERE p.account_id = ?1 ORDER BY p.number DESC LIMIT 1)";
const FIND_HEAD: &str = "SELECT head FROM own_intent_models WHERE account_id = ?1 AND version = ?2";
const FIND_ENCODER: &str = "
    SELECT encoder_id, encoder_version FROM own_intent_models WHERE account_id = ?1 AND version = ?2";
const LIST_VERSIONS: &str = "
    SELECT version, created_at, user_id, user_name, encoder_id, encoder_version, n_rows, n_corrections, n_left_out,
      promoted, reason, reason_text, report,
      version IS (SELECT p.version FROM own_intent_promotions p WHERE p.account_id = ?1 ORDER BY p.number DESC LIMIT 1)
        AS in_use
    FROM own_intent_models WHERE account_id = ?1 AND version < ?2 ORDER BY version DESC LIMIT ?3";
const LIST_PROMOTIONS: &str = "
    SELECT number, version, previous_version, action, user_id, user_name, at
    FROM own_intent_promotions WHERE account_id = ?1 AND number < ?2 ORDER BY number DESC LIMIT ?3";
// The version in use is compared with the one that training saw (?16): one that was put to use meanwhile is not replaced.
const INSERT_MODEL: &str = "
    INSERT INTO own_intent_models (account_id, version, created_at, user_id, user_name, encoder_id, encoder_version, n_rows,
      n_corrections, n_left_out, promoted, reason, reason_text, report, row_keys, head)
    SELECT ?1, coalesce((SELECT max(version) FROM own_intent_models WHERE account_id = ?1), 0) + 1, ?2, ?3, ?4, ?5, ?6, ?7,
      ?8, ?9, iif(?10 AND now.version IS ?16, 1, 0), iif(?10 AND now.version IS NOT ?16, 'superseded', ?11),
      iif(?10 AND now.version IS NOT ?16, 'Another version was put to use while this one was trained.', ?12), ?13, ?14, ?15
    FROM (SELECT (SELECT version FROM own_intent_promotions WHERE account_id = ?1 ORDER BY number DESC LIMIT 1) AS version)
      AS now
    RETURNING version";
const PROMOTE_NEWEST: &str = "
    INSERT INTO own_intent_promotions (account_id, number, version, previous_version, action, user_id, user_name, at)
    SELECT ?1, coalesce((SELECT max(number) FROM own_intent_promotions WHERE account_id = ?1), 0) + 1, m.version,
      (SELECT version FROM own_intent_promotions WHERE account_id = ?1 ORDER BY number DESC LIMIT 1), 'trained', ?2, ?3, ?4
    FROM own_intent_models m WHERE m.account_id = ?1 AND m.promoted = 1
      AND m.version = (SELECT max(version) FROM own_intent_models WHERE account_id = ?1)";
const ROLL_BACK: &str = "
    INSERT INTO own_intent_promotions (account_id, number, version, previous_version, action, user_id, user_name, at)
    SELECT ?1, coalesce((SELECT max(number) FROM own_intent_promotions WHERE account_id = ?1), 0) + 1, m.version,
      now.version, 'rolled_back', ?3, ?4, ?5
    FROM own_intent_models m,
      (SELECT (SELECT version FROM own_intent_promotions WHERE account_id = ?1 ORDER BY number DESC LIMIT 1) AS version) AS now
    WHERE m.account_id = ?1 AND m.version = ?2 AND now.version IS NOT ?2
    RETURNING previous_version";

#[cfg(test)]
pub(crate) const READS: [&str; 15] = [
    LIST,
    FIND,
    LIST_EXAMPLES,
    FIND_NAME,
    UPDATE,
    DELETE_OLD_EXAMPLES,
    DELETE,
    DELETE_EXAMPLES,
    LIST_CORRECTIONS,
    FIND_IN_USE,
    FIND_CURRENT,
    FIND_HEAD,
    FIND_ENCODER,
    LIST_VERSIONS,
    LIST_PROMOTIONS,
];

/// Most characters of a sentence that is learned from. A message that was corrected is cut to them.
pub const MAX_EXAMPLE_CHARS: u32 = 500;

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

/// What a training learns from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrainingSet {
    /// The account's intents, by name.
    pub intents: Vec<IntentLabel>,
    /// Their sentences, no two the same.
    pub rows: Vec<StoredRow>,
    /// How many there are, and how many more there would be.
    pub counts: RowCounts,
}

/// A sentence to learn from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRow {
    /// The place of its intent among the set's.
    pub intent: usize,
    /// The sentence.
    pub text: String,
    /// A digest of the two: the same row has the same key in every training.
    pub key: String,
    /// Whether agents said so of a message, rather than somebody gave it as an example.
    pub is_correction: bool,
}

/// The version in use, as far as a training compares with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CurrentVersion {
    /// Its number.
    pub version: u32,
    /// The model whose features it reads.
    pub encoder: ModelRef,
    /// The keys of the rows that it learned from.
    pub row_keys: BTreeSet<String>,
}

/// A version that was just trained.
#[derive(Debug, Clone, PartialEq)]
pub struct NewVersion {
    /// The head, as the inference Worker wrote it.
    pub head: String,
    /// The model whose features it reads.
    pub encoder: ModelRef,
    /// How good it is.
    pub cross_validation: CrossValidation,
    /// How good the one in use is.
    pub previous: Option<PreviousVersion>,
    /// Whether to put it to use, if the one in use is still the one that it was compared with.
    pub promote: bool,
    /// Why, or why not.
    pub reason: VersionReason,
    /// What it learned from.
    pub counts: RowCounts,
    /// Keys of that.
    pub row_keys: Vec<String>,
    /// The version that was in use when training began.
    pub compared_with: Option<u32>,
    /// Milliseconds it took.
    pub elapsed_ms: f64,
}

/// The `report` column.
#[derive(Debug, Serialize, Deserialize)]
struct Report {
    cross_validation: CrossValidation,
    #[serde(default)]
    previous: Option<PreviousVersion>,
    elapsed_ms: f64,
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
            examples: texts(examples)?,
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
        let answers = self
            .database
            .batch(vec![insert, self.examples_statement(id, &key, examples)])
            .await?;
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
        let answers = self
            .database
            .batch(vec![
                update,
                delete,
                self.examples_statement(id, &key, examples),
            ])
            .await?;
        if answers.first().is_some_and(|rows| !rows.is_empty()) {
            Ok(())
        } else if self.find_intent(id).await?.is_none() {
            Err(IntentError::NotFound)
        } else {
            Err(IntentError::NameTaken)
        }
    }

    /// Forgets an intent and its examples. Versions that know it go on to, until the next is trained. Says whether there
    /// was one.
    pub async fn delete_intent(&self, id: IntentId) -> Result<bool, StoreError> {
        let key = vec![self.account(), Value::text(id)];
        let answers = self
            .database
            .batch(vec![
                Statement::new(DELETE, key.clone()),
                Statement::new(DELETE_EXAMPLES, key),
            ])
            .await?;
        Ok(answers.first().is_some_and(|rows| !rows.is_empty()))
    }

    /// What a training would learn from now: at most `max_rows` sentences, as many of each intent as there is room for,
    /// examples before corrections and new corrections before old.
    pub async fn training_set(&self, max_rows: usize) -> Result<TrainingSet, StoreError> {
        let intents: Vec<IntentLabel> = self
            .list_intents()
            .await?
            .into_iter()
            .map(|intent| IntentLabel {
                intent_id: intent.id,
                name: intent.name,
            })
            .collect();
        let mut statements = Vec::with_capacity(2 * intents.len());
        for intent in &intents {
            let mut key = vec![self.account(), Value::text(intent.intent_id)];
            statements.push(Statement::new(LIST_EXAMPLES, key.clone()));
            key.extend([
                Value::Int(MAX_EXAMPLE_CHARS.into()),
                Value::Int(MAX_CORRECTIONS.into()),
            ]);
            statements.push(Statement::new(LIST_CORRECTIONS, key));
        }
        let answers = self.database.batch(statements).await?;
        let quota = max_rows / intents.len().max(1);
        let mut set = TrainingSet {
            intents,
            rows: Vec::new(),
            counts: RowCounts::default(),
        };
        for (intent, answers) in answers.chunks(2).enumerate() {
            let [examples, corrections] = answers else {
                continue;
            };
            let corrected = corrections
                .iter()
                // The message may land after the word on it.
                .filter_map(|row| row.optional_text("text").transpose())
                .map(|text| text.map(str::to_owned))
                .collect::<Result<Vec<_>, _>>()?;
            let examples = texts(examples)?.into_iter().map(|text| (text, false));
            let corrected = corrected.into_iter().map(|text| (text, true));
            set.add(intent, quota, examples.chain(corrected));
        }
        Ok(set)
    }

    /// The version in use.
    pub async fn intents_version_in_use(&self) -> Result<Option<u32>, StoreError> {
        let rows = self.database.query(FIND_IN_USE, &[self.account()]).await?;
        rows.first().map(|row| row.uint32("version")).transpose()
    }

    /// The version in use, with what it learned from.
    pub async fn current_intents(&self) -> Result<Option<CurrentVersion>, StoreError> {
        let rows = self.database.query(FIND_CURRENT, &[self.account()]).await?;
        let Some(row) = rows.first() else {
            return Ok(None);
        };
        Ok(Some(CurrentVersion {
            version: row.uint32("version")?,
            encoder: encoder(row)?,
            row_keys: row.json("row_keys")?,
        }))
    }

    /// The head of a version.
    pub async fn intents_head(&self, version: u32) -> Result<Option<String>, StoreError> {
        let rows = self
            .database
            .query(FIND_HEAD, &[self.account(), Value::Int(version.into())])
            .await?;
        rows.first()
            .map(|row| row.text("head").map(str::to_owned))
            .transpose()
    }

    /// The model whose features a version reads.
    pub async fn intents_encoder(&self, version: u32) -> Result<Option<ModelRef>, StoreError> {
        let rows = self
            .database
            .query(FIND_ENCODER, &[self.account(), Value::Int(version.into())])
            .await?;
        rows.first().map(encoder).transpose()
    }

    /// Stores a version and, if it is to be put to use and nothing else was meanwhile, puts it to use: in one transaction.
    pub async fn add_intents_version(
        &self,
        new: NewVersion,
        by: &Principal,
        now: Timestamp,
    ) -> Result<IntentVersion, StoreError> {
        let report = Report {
            cross_validation: new.cross_validation,
            previous: new.previous,
            elapsed_ms: new.elapsed_ms,
        };
        let insert = Statement::new(
            INSERT_MODEL,
            vec![
                self.account(),
                Value::time(now),
                Value::text(by.user_id),
                Value::text(&by.name),
                Value::text(new.encoder.id),
                Value::text(new.encoder.version),
                Value::uint(new.counts.n_rows)?,
                Value::uint(new.counts.n_corrections)?,
                Value::uint(new.counts.n_left_out)?,
                Value::Int(new.promote.into()),
                Value::text(word(new.reason.code)),
                Value::text(new.reason.text),
                Value::text(crate::json(&report)),
                Value::text(crate::json(&new.row_keys)),
                Value::text(new.head),
                new.compared_with
                    .map_or(Value::Null, |version| Value::Int(version.into())),
            ],
        );
        let promote = Statement::new(
            PROMOTE_NEWEST,
            vec![
                self.account(),
                Value::text(by.user_id),
                Value::text(&by.name),
                Value::time(now),
            ],
        );
        let answers = self.database.batch(vec![insert, promote]).await?;
        let missing = || StoreError::Unavailable("the version that was stored is not there".into());
        let version = answers
            .first()
            .and_then(|rows| rows.first())
            .ok_or_else(missing)?
            .uint32("version")?;
        let stored = self
            .versions_below(i64::from(version) + 1, 1)
            .await?
            .into_iter()
            .next();
        stored.ok_or_else(missing)
    }

    /// Trained versions, newest first, `limit` (1 to [`MAX_LIMIT`]) a page.
    pub async fn list_intents_versions(
        &self,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Page<IntentVersion>, StoreError> {
        let limit = limit.clamp(1, MAX_LIMIT);
        let items = self
            .versions_below(below(cursor)?, limit.saturating_add(1))
            .await?;
        Ok(page(items, limit, |version| version.version))
    }

    /// Changes of the version in use, newest first, `limit` (1 to [`MAX_LIMIT`]) a page.
    pub async fn list_promotions(
        &self,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Page<Promotion>, StoreError> {
        let limit = limit.clamp(1, MAX_LIMIT);
        let parameters = [
            self.account(),
            Value::Int(below(cursor)?),
            Value::Int(i64::from(limit) + 1),
        ];
        let rows = self.database.query(LIST_PROMOTIONS, &parameters).await?;
        let items = rows.iter().map(promotion).collect::<Result<Vec<_>, _>>()?;
        Ok(page(items, limit, |promotion| promotion.number))
    }

    /// Puts a version to use. `None` when there is no such version; using what is in use already changes nothing.
    pub async fn roll_back_intents(
        &self,
        version: u32,
        by: &Principal,
        now: Timestamp,
    ) -> Result<Option<RollbackResponse>, StoreError> {
        let parameters = [
            self.account(),
            Value::Int(version.into()),
            Value::text(by.user_id),
            Value::text(&by.name),
            Value::time(now),
        ];
        let rows = self.database.query(ROLL_BACK, &parameters).await?;
        if let Some(row) = rows.first() {
            return Ok(Some(RollbackResponse {
                version,
                previous_version: previous(row)?,
                changed: true,
            }));
        }
        let in_use = self.intents_version_in_use().await?;
        Ok((in_use == Some(version)).then_some(RollbackResponse {
            version,
            previous_version: in_use,
            changed: false,
        }))
    }

    async fn versions_below(
        &self,
        below: i64,
        limit: u32,
    ) -> Result<Vec<IntentVersion>, StoreError> {
        let parameters = [self.account(), Value::Int(below), Value::Int(limit.into())];
        let rows = self.database.query(LIST_VERSIONS, &parameters).await?;
        rows.iter().map(version).collect()
    }

    async fn has_name(&self, key: &str) -> Result<bool, StoreError> {
        let rows = self
            .database
            .query(FIND_NAME, &[self.account(), Value::text(key)])
            .await?;
        Ok(!rows.is_empty())
    }

    fn examples_statement(&self, id: IntentId, key: &str, examples: &[String]) -> Statement {
        Statement::new(
            INSERT_EXAMPLES,
            vec![
                self.account(),
                Value::text(id),
                Value::text(key),
                Value::text(crate::json(&examples)),
            ],
        )
    }
}

impl TrainingSet {
    /// Adds the sentences of one intent, each once, up to `quota`.
    fn add(
        &mut self,
        intent: usize,
        quota: usize,
        sentences: impl Iterator<Item = (String, bool)>,
    ) {
        let Some(label) = self.intents.get(intent) else {
            return;
        };
        let id = label.intent_id;
        let mut seen = BTreeSet::new();
        for (text, is_correction) in sentences {
            let key = row_key(id, &text);
            if text.trim().is_empty() || !seen.insert(key.clone()) {
                continue;
            }
            if seen.len() > quota {
                self.counts.n_left_out += 1;
                continue;
            }
            self.counts.n_rows += 1;
            self.counts.n_corrections += u64::from(is_correction);
            self.rows.push(StoredRow {
                intent,
                text,
                key,
                is_correction,
            });
        }
    }
}

/// What two names share when they differ in case and white space only.
#[must_use]
pub fn name_key(name: &str) -> String {
    name.split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .to_lowercase()
}

/// Sixteen hexadecimal digits: among ten thousand rows of an account, two of the same key are not to be expected.
fn row_key(intent_id: IntentId, text: &str) -> String {
    let digest = Sha256::digest(format!("{intent_id}\0{text}"));
    hex::encode(digest).chars().take(16).collect()
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

fn texts(rows: &[Row]) -> Result<Vec<String>, StoreError> {
    rows.iter()
        .map(|row| row.text("text").map(str::to_owned))
        .collect()
}

fn encoder(row: &Row) -> Result<ModelRef, StoreError> {
    Ok(ModelRef {
        id: row.text("encoder_id")?.to_owned(),
        version: row.text("encoder_version")?.to_owned(),
    })
}

fn user(row: &Row) -> Result<UserRef, StoreError> {
    Ok(UserRef {
        id: row.parsed("user_id")?,
        name: row.text("user_name")?.to_owned(),
    })
}

fn previous(row: &Row) -> Result<Option<u32>, StoreError> {
    match row.optional_int("previous_version")? {
        None => Ok(None),
        Some(_) => row.uint32("previous_version").map(Some),
    }
}

fn version(row: &Row) -> Result<IntentVersion, StoreError> {
    let report: Report = row.json("report")?;
    Ok(IntentVersion {
        version: row.uint32("version")?,
        in_use: row.int("in_use")? == 1,
        promoted: row.int("promoted")? == 1,
        reason: VersionReason {
            code: row.word("reason")?,
            text: row.text("reason_text")?.to_owned(),
        },
        rows: RowCounts {
            n_rows: row.uint("n_rows")?,
            n_corrections: row.uint("n_corrections")?,
            n_left_out: row.uint("n_left_out")?,
        },
        cross_validation: report.cross_validation,
        previous: report.previous,
        encoder: encoder(row)?,
        created_at: row.time("created_at")?,
        created_by: user(row)?,
        elapsed_ms: report.elapsed_ms,
    })
}

fn promotion(row: &Row) -> Result<Promotion, StoreError> {
    Ok(Promotion {
        number: row.uint32("number")?,
        version: row.uint32("version")?,
        previous_version: previous(row)?,
        action: row.word("action")?,
        by: user(row)?,
        at: row.time("at")?,
    })
}

/// The number that a page goes on below.
fn below(cursor: Option<&str>) -> Result<i64, StoreError> {
    match cursor {
        None => Ok(i64::from(u32::MAX) + 1),
        Some(cursor) => cursor
            .parse::<u32>()
            .map(i64::from)
            .map_err(|_| StoreError::InvalidCursor),
    }
}

/// The first `limit` of `items`, which are one more when there is a next page.
fn page<T>(mut items: Vec<T>, limit: u32, number: impl Fn(&T) -> u32) -> Page<T> {
    let n_wanted = usize::try_from(limit).unwrap_or(usize::MAX);
    let has_more = items.len() > n_wanted;
    items.truncate(n_wanted);
    let next_cursor = items
        .last()
        .filter(|_| has_more)
        .map(|last| number(last).to_string());
    Page { items, next_cursor }
}
