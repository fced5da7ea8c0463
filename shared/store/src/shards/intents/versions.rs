//! Trained versions of the account's own intents. A row never changes.

use std::collections::BTreeSet;

use edgedesk_domain::account::Principal;
use edgedesk_domain::analysis::ModelRef;
use edgedesk_domain::time::Timestamp;
use edgedesk_wire::ai::{
    CrossValidation, IntentVersion, PreviousVersion, RowCounts, VersionReason,
};
use serde::{Deserialize, Serialize};

use super::super::{AccountStore, MAX_LIMIT, Page};
use super::{below, page, user};
use crate::database::{Database, Row, Statement, StoreError, Value};
use crate::word;

const FIND_CURRENT: &str = "
    SELECT account_id, version, encoder_id, encoder_version, row_keys FROM own_intent_models WHERE account_id = ?1
      AND version = (SELECT p.version FROM own_intent_promotions p WHERE p.account_id = ?1 ORDER BY p.number DESC LIMIT 1)";
const FIND_HEAD: &str =
    "SELECT account_id, head FROM own_intent_models WHERE account_id = ?1 AND version = ?2";
const FIND_ENCODER: &str = "
    SELECT account_id, encoder_id, encoder_version FROM own_intent_models WHERE account_id = ?1 AND version = ?2";
const LIST_VERSIONS: &str = "
    SELECT account_id, version, created_at, user_id, user_name, encoder_id, encoder_version, n_rows, n_corrections, n_left_out,
      promoted, reason, reason_text, report,
      version IS (SELECT p.version FROM own_intent_promotions p WHERE p.account_id = ?1 ORDER BY p.number DESC LIMIT 1)
        AS in_use
    FROM own_intent_models WHERE account_id = ?1 AND version < ?2 ORDER BY version DESC LIMIT ?3";
// What is in use is compared with what training saw (?16): a change that was made meanwhile is not undone.
const INSERT_MODEL: &str = "
    INSERT INTO own_intent_models (account_id, version, created_at, user_id, user_name, encoder_id, encoder_version, n_rows,
      n_corrections, n_left_out, promoted, reason, reason_text, report, row_keys, head)
    SELECT ?1, coalesce((SELECT max(version) FROM own_intent_models WHERE account_id = ?1), 0) + 1, ?2, ?3, ?4, ?5, ?6, ?7,
      ?8, ?9, iif(?10 AND now.version IS ?16, 1, 0), iif(?10 AND now.version IS NOT ?16, 'superseded', ?11),
      iif(?10 AND now.version IS NOT ?16, 'What is in use was changed while this one was trained.', ?12), ?13, ?14, ?15
    FROM (SELECT (SELECT version FROM own_intent_promotions WHERE account_id = ?1 ORDER BY number DESC LIMIT 1) AS version)
      AS now
    RETURNING account_id, version";
const PROMOTE_NEWEST: &str = "
    INSERT INTO own_intent_promotions (account_id, number, version, previous_version, action, user_id, user_name, at)
    SELECT ?1, coalesce((SELECT max(number) FROM own_intent_promotions WHERE account_id = ?1), 0) + 1, m.version,
      (SELECT version FROM own_intent_promotions WHERE account_id = ?1 ORDER BY number DESC LIMIT 1), 'trained', ?2, ?3, ?4
    FROM own_intent_models m WHERE m.account_id = ?1 AND m.promoted = 1
      AND m.version = (SELECT max(version) FROM own_intent_models WHERE account_id = ?1)";

#[cfg(test)]
pub(super) const READS: [&str; 4] = [FIND_CURRENT, FIND_HEAD, FIND_ENCODER, LIST_VERSIONS];

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
    /// Milliseconds it took, and of them the encoder's and those of the fits.
    pub elapsed_ms: f64,
    /// See [`IntentVersion::features_ms`].
    pub features_ms: f64,
    /// See [`IntentVersion::fit_ms`].
    pub fit_ms: f64,
}

/// The `report` column.
#[derive(Debug, Serialize, Deserialize)]
struct Report {
    cross_validation: CrossValidation,
    #[serde(default)]
    previous: Option<PreviousVersion>,
    elapsed_ms: f64,
    // Reports of before these were kept lack them.
    #[serde(default)]
    features_ms: f64,
    #[serde(default)]
    fit_ms: f64,
    #[serde(default)]
    examples_left_out: u64,
}

impl<D: Database> AccountStore<'_, D> {
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
            features_ms: new.features_ms,
            fit_ms: new.fit_ms,
            examples_left_out: new.counts.examples_left_out,
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

    async fn versions_below(
        &self,
        below: i64,
        limit: u32,
    ) -> Result<Vec<IntentVersion>, StoreError> {
        let parameters = [self.account(), Value::Int(below), Value::Int(limit.into())];
        let rows = self.database.query(LIST_VERSIONS, &parameters).await?;
        rows.iter().map(version).collect()
    }
}

fn encoder(row: &Row) -> Result<ModelRef, StoreError> {
    Ok(ModelRef {
        id: row.text("encoder_id")?.to_owned(),
        version: row.text("encoder_version")?.to_owned(),
    })
}

fn version(row: &Row) -> Result<IntentVersion, StoreError> {
    let report: Report = row.json("report")?;
    let n_left_out = row.uint("n_left_out")?;
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
            n_left_out,
            examples_left_out: report.examples_left_out,
            corrections_left_out: n_left_out.saturating_sub(report.examples_left_out),
        },
        cross_validation: report.cross_validation,
        previous: report.previous,
        encoder: encoder(row)?,
        created_at: row.time("created_at")?,
        created_by: user(row)?,
        elapsed_ms: report.elapsed_ms,
        features_ms: report.features_ms,
        fit_ms: report.fit_ms,
    })
}
