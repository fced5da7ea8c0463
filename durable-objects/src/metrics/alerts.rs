//! Alerts: each opens once and closes once, and whoever is to be told hears of both.
//!
//! `readings` are what the rules looked at, one an evaluation; the newest that is a window old, or the oldest there is, is compared with now.
//! `alerts` has a row from the opening of an alert; an index lets no rule have two that are open. Every change is one statement.

use edgedesk_domain::time::{Clock, Timestamp};
use edgedesk_metrics::alerts::{Reading, Rule, WINDOW_MILLIS, evaluate};
use edgedesk_metrics::wire::{
    AlertState, AlertsResponse, Evaluated, Notice, OpenAlert, ToldRequest,
};

use super::{Metrics, to_json};
use crate::error::ObjectError;
use crate::sql::{ObjectSql, Row, SqlError};

pub(super) const READINGS_TABLE: &str = "CREATE TABLE IF NOT EXISTS readings (
    at INTEGER NOT NULL PRIMARY KEY,
    reading TEXT NOT NULL
)";

pub(super) const ALERTS_TABLE: &str = "CREATE TABLE IF NOT EXISTS alerts (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    opened_at INTEGER NOT NULL,
    value REAL NOT NULL,
    threshold REAL NOT NULL,
    closed_at INTEGER,
    opening_told INTEGER NOT NULL DEFAULT 0,
    closing_told INTEGER NOT NULL DEFAULT 0
)";

pub(super) const OPEN_ALERTS_INDEX: &str =
    "CREATE UNIQUE INDEX IF NOT EXISTS open_alerts ON alerts (name) WHERE closed_at IS NULL";

/// How long an alert that is over is remembered, told or not.
pub(super) const REMEMBERED_MILLIS: i64 = 7 * 24 * 3_600_000;
pub(super) const FORGET: &str = "DELETE FROM alerts WHERE closed_at < ?";

/// Most notices of an answer.
const MAX_NOTICES: usize = 20;

impl<S: ObjectSql, C: Clock> Metrics<S, C> {
    /// Lets the rules compare now with some minutes ago: alerts open and close. Says what did, and of what nobody was told.
    ///
    /// # Errors
    ///
    /// `unavailable`; the next evaluation makes it good.
    pub fn evaluate(&self) -> Result<Evaluated, ObjectError> {
        self.prepare()?;
        let now = self.clock.now();
        let reading = Reading::of(&self.series()?);
        let before = self.reading_before(now)?;
        self.sql.exec(
            "INSERT INTO readings (at, reading) VALUES (?, ?) ON CONFLICT (at) DO UPDATE SET reading = excluded.reading",
            &[now.millis().into(), to_json(&reading)?.into()],
        )?;
        // The first reading of all has nothing to be compared with.
        let findings = before.map_or_else(Vec::new, |before| evaluate(&before, &reading));
        let mut evaluated = Evaluated::default();
        let open = self.open()?;
        for rule in Rule::ALL {
            let name = rule.as_str();
            let finding = findings.iter().find(|finding| finding.rule == rule);
            match (finding, open.iter().find(|alert| alert.name == name)) {
                (Some(finding), None) => {
                    let alert = OpenAlert {
                        name: name.to_owned(),
                        since: now,
                        value: finding.value,
                        threshold: rule.threshold(),
                    };
                    self.sql.exec(
                        "INSERT INTO alerts (name, opened_at, value, threshold) VALUES (?, ?, ?, ?)",
                        &[
                            name.into(),
                            now.millis().into(),
                            crate::sql::SqlValue::Real(alert.value),
                            crate::sql::SqlValue::Real(alert.threshold),
                        ],
                    )?;
                    evaluated.opened.push(alert);
                }
                (None, Some(alert)) => {
                    self.sql.exec(
                        "UPDATE alerts SET closed_at = ? WHERE name = ? AND closed_at IS NULL",
                        &[now.millis().into(), name.into()],
                    )?;
                    evaluated.closed.push(alert.clone());
                }
                (Some(_), Some(_)) | (None, None) => {}
            }
        }
        self.forget(now)?;
        evaluated.untold = self.untold()?;
        Ok(evaluated)
    }

    /// Alerts that are open.
    ///
    /// # Errors
    ///
    /// `unavailable`.
    pub fn alerts(&self) -> Result<AlertsResponse, ObjectError> {
        self.prepare()?;
        let alerts = self.open()?;
        Ok(AlertsResponse { alerts })
    }

    /// A notice was taken. A repeat changes nothing.
    ///
    /// # Errors
    ///
    /// `unavailable`; then it is told once more.
    pub fn told(&self, told: ToldRequest) -> Result<(), ObjectError> {
        self.prepare()?;
        let statement = match told.state {
            AlertState::Opened => "UPDATE alerts SET opening_told = 1 WHERE id = ?",
            AlertState::Closed => "UPDATE alerts SET closing_told = 1 WHERE id = ?",
        };
        self.sql.exec(statement, &[told.id.into()])?;
        Ok(())
    }

    /// The newest reading that is a window old, or else the oldest. What is older than that is deleted.
    fn reading_before(&self, now: Timestamp) -> Result<Option<Reading>, SqlError> {
        let window_began = now.plus_millis(-WINDOW_MILLIS).millis();
        self.sql.exec(
            "DELETE FROM readings WHERE at < (SELECT max(at) FROM readings WHERE at <= ?)",
            &[window_began.into()],
        )?;
        let rows = self
            .sql
            .exec("SELECT reading FROM readings ORDER BY at LIMIT 1", &[])?;
        let Some(row) = rows.first() else {
            return Ok(None);
        };
        serde_json::from_str(row.text(0)?)
            .map(Some)
            .map_err(|error| SqlError::Unreadable(format!("a reading: {error}")))
    }

    fn open(&self) -> Result<Vec<OpenAlert>, SqlError> {
        let rows = self.sql.exec(
            "SELECT name, opened_at, value, threshold FROM alerts WHERE closed_at IS NULL ORDER BY name",
            &[],
        )?;
        rows.iter()
            .map(|row| {
                Ok(OpenAlert {
                    name: row.text(0)?.to_owned(),
                    since: Timestamp::from_millis(row.integer(1)?),
                    value: row.real(2)?,
                    threshold: row.real(3)?,
                })
            })
            .collect()
    }

    fn untold(&self) -> Result<Vec<Notice>, SqlError> {
        let rows = self.sql.exec(
            "SELECT id, name, opened_at, value, threshold, closed_at, opening_told, closing_told FROM alerts
             WHERE opening_told = 0 OR (closed_at IS NOT NULL AND closing_told = 0) ORDER BY id LIMIT 20",
            &[],
        )?;
        let mut notices = Vec::new();
        for row in &rows {
            let opening_told = row.integer(6)? != 0;
            let closed_at = row.optional_integer(5)?.map(Timestamp::from_millis);
            if !opening_told {
                notices.push(notice(row, AlertState::Opened, None)?);
            }
            if closed_at.is_some() && row.integer(7)? == 0 {
                notices.push(notice(row, AlertState::Closed, closed_at)?);
            }
        }
        notices.truncate(MAX_NOTICES);
        Ok(notices)
    }
}

fn notice(row: &Row, state: AlertState, closed_at: Option<Timestamp>) -> Result<Notice, SqlError> {
    Ok(Notice {
        id: row.count(0)?,
        name: row.text(1)?.to_owned(),
        state,
        since: Timestamp::from_millis(row.integer(2)?),
        closed_at,
        value: row.real(3)?,
        threshold: row.real(4)?,
    })
}
