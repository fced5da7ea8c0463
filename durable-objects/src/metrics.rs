//! The numbers of the whole deployment, added up from what isolates hand over, and the alerts that follow from them.
//!
//! State: `pieces`, the last piece of each isolate of the last day; `series`, what was added up; `gauges` and `sockets`, what was said last;
//! `readings` and `alerts`, what its rules compared and what they opened. Invariants:
//! - A piece counts once, however often it comes: taking it is one statement, a larger number of the same isolate, and triggers add it up.
//! - `series` only grows: over restarts, evictions and deploys of whoever reports, and of this object.
//! - An object's sockets count until [`SOCKETS_MILLIS`] after it spoke of them last, so that one that died is not counted for long.
//! - Nothing in here is an account's.

mod alerts;
mod events;
#[cfg(test)]
mod tests;

use std::cell::Cell;

use edgedesk_domain::time::{Clock, Timestamp};
use edgedesk_metrics::catalogue::WEBSOCKET_CONNECTIONS;
use edgedesk_metrics::exposition;
use edgedesk_metrics::registry::Sample;
use edgedesk_metrics::wire::Piece;

pub use self::events::count_event;
use crate::error::{ObjectError, Refusal};
use crate::sql::{ObjectSql, SqlError};

/// What adds a piece up, in the statement that takes it.
macro_rules! adding {
    ($name:literal, $when:literal) => {
        concat!(
            "CREATE TRIGGER IF NOT EXISTS ",
            $name,
            " AFTER ",
            $when,
            " ON pieces BEGIN
                INSERT INTO series (name, labels, part, value)
                    SELECT json_extract(value, '$.name'), json_extract(value, '$.labels'),
                        ifnull(json_extract(value, '$.part'), ''), json_extract(value, '$.value')
                    FROM json_each(NEW.added) WHERE true
                    ON CONFLICT (name, labels, part) DO UPDATE SET value = value + excluded.value;
                INSERT INTO gauges (name, labels, value, at)
                    SELECT json_extract(value, '$.name'), json_extract(value, '$.labels'), json_extract(value, '$.value'), NEW.at
                    FROM json_each(NEW.gauges) WHERE true
                    ON CONFLICT (name, labels) DO UPDATE SET value = excluded.value, at = excluded.at;
                INSERT INTO sockets (object, n, at)
                    SELECT json_extract(value, '$.object'), json_extract(value, '$.n'), json_extract(value, '$.at_millis')
                    FROM json_each(NEW.sockets) WHERE true
                    ON CONFLICT (object) DO UPDATE SET n = excluded.n, at = excluded.at WHERE excluded.at >= at;
            END"
        )
    };
}

const SCHEMA: [&str; 10] = [
    "CREATE TABLE IF NOT EXISTS series (
        name TEXT NOT NULL,
        labels TEXT NOT NULL,
        part TEXT NOT NULL,
        value REAL NOT NULL,
        PRIMARY KEY (name, labels, part)
    ) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS gauges (
        name TEXT NOT NULL,
        labels TEXT NOT NULL,
        value REAL NOT NULL,
        at INTEGER NOT NULL,
        PRIMARY KEY (name, labels)
    ) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS sockets (
        object TEXT NOT NULL PRIMARY KEY,
        n INTEGER NOT NULL,
        at INTEGER NOT NULL
    ) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS pieces (
        isolate TEXT NOT NULL PRIMARY KEY,
        sequence INTEGER NOT NULL,
        at INTEGER NOT NULL,
        added TEXT NOT NULL,
        gauges TEXT NOT NULL,
        sockets TEXT NOT NULL
    )",
    alerts::READINGS_TABLE,
    alerts::ALERTS_TABLE,
    alerts::OPEN_ALERTS_INDEX,
    adding!("first_piece", "INSERT"),
    adding!("later_piece", "UPDATE OF sequence"),
    "CREATE INDEX IF NOT EXISTS pieces_at ON pieces (at)",
];

/// How long an object's word about its sockets holds. Objects with sockets speak up again after a third of it, whenever anything wakes
/// them; one that died, or whose sockets are idle for longer than this, is not counted any more.
pub const SOCKETS_MILLIS: i64 = 15 * 60_000;
/// How long the last piece of an isolate is remembered. It is sent again within seconds or minutes, or never.
const REMEMBERED_MILLIS: i64 = 24 * 3_600_000;
/// How long a gauge holds: the slowest is set once an hour.
const GAUGE_MILLIS: i64 = 24 * 3_600_000;
/// Most letters of an isolate's id.
const MAX_ID_BYTES: usize = 64;
/// Most bytes of each part of a piece, less than the 2 MB that the platform takes for a row. An isolate that uses every route with every
/// status has some 2,000 series of 150 bytes.
const MAX_PIECE_BYTES: usize = 600_000;

/// The object that adds up.
#[derive(Debug)]
pub struct Metrics<S, C> {
    sql: S,
    clock: C,
    has_tables: Cell<bool>,
}

impl<S: ObjectSql, C: Clock> Metrics<S, C> {
    /// An object that just woke: everything it knows is in `sql`.
    pub fn new(sql: S, clock: C) -> Self {
        Self {
            sql,
            clock,
            has_tables: Cell::new(false),
        }
    }

    /// Adds a piece up. A repeat changes nothing.
    ///
    /// # Errors
    ///
    /// `invalid_request` for what no isolate sends; `unavailable`, and then it may or may not be added, and may be sent again.
    pub fn add(&self, piece: &Piece) -> Result<(), ObjectError> {
        let texts = [
            to_json(&piece.added)?,
            to_json(&piece.set)?,
            to_json(&piece.sockets)?,
        ];
        let is_number = |sample: &Sample| sample.value.is_finite() && sample.value >= 0.0;
        if piece.isolate.is_empty()
            || piece.isolate.len() > MAX_ID_BYTES
            || texts.iter().any(|text| text.len() > MAX_PIECE_BYTES)
            || !piece.added.iter().all(is_number)
        {
            return Err(Refusal::InvalidRequest.because("No isolate hands this over."));
        }
        self.prepare()?;
        let [added, gauges, sockets] = texts;
        self.sql.exec(
            "INSERT INTO pieces (isolate, sequence, at, added, gauges, sockets) VALUES (?, ?, ?, ?, ?, ?)
             ON CONFLICT (isolate) DO UPDATE SET sequence = excluded.sequence, at = excluded.at, added = excluded.added,
                gauges = excluded.gauges, sockets = excluded.sockets
             WHERE excluded.sequence > sequence",
            &[
                piece.isolate.as_str().into(),
                piece.sequence.into(),
                self.clock.now().millis().into(),
                added.into(),
                gauges.into(),
                sockets.into(),
            ],
        )?;
        Ok(())
    }

    /// All of it as Prometheus reads it.
    ///
    /// # Errors
    ///
    /// `unavailable`.
    pub fn text(&self) -> Result<String, ObjectError> {
        self.prepare()?;
        let mut samples = self.series()?;
        samples.extend(self.gauges()?);
        samples.push(Sample {
            name: WEBSOCKET_CONNECTIONS.name.to_owned(),
            labels: Vec::new(),
            part: String::new(),
            value: self.n_sockets(self.clock.now())?,
        });
        Ok(exposition::text(&samples))
    }

    fn series(&self) -> Result<Vec<Sample>, SqlError> {
        let rows = self
            .sql
            .exec("SELECT name, labels, part, value FROM series", &[])?;
        rows.iter()
            .map(|row| {
                Ok(Sample {
                    name: row.text(0)?.to_owned(),
                    labels: labels(row.text(1)?)?,
                    part: row.text(2)?.to_owned(),
                    value: row.real(3)?,
                })
            })
            .collect()
    }

    fn gauges(&self) -> Result<Vec<Sample>, SqlError> {
        let rows = self
            .sql
            .exec("SELECT name, labels, value FROM gauges", &[])?;
        rows.iter()
            .map(|row| {
                Ok(Sample {
                    name: row.text(0)?.to_owned(),
                    labels: labels(row.text(1)?)?,
                    part: String::new(),
                    value: row.real(2)?,
                })
            })
            .collect()
    }

    fn n_sockets(&self, now: Timestamp) -> Result<f64, SqlError> {
        let since = now.plus_millis(-SOCKETS_MILLIS).millis();
        let rows = self.sql.exec(
            "SELECT ifnull(sum(n), 0) FROM sockets WHERE at > ?",
            &[since.into()],
        )?;
        rows.first().map_or(Ok(0.0), |row| row.real(0))
    }

    /// Deletes what says nothing any more.
    fn forget(&self, now: Timestamp) -> Result<(), SqlError> {
        for (statement, millis) in [
            ("DELETE FROM pieces WHERE at < ?", REMEMBERED_MILLIS),
            ("DELETE FROM gauges WHERE at < ?", GAUGE_MILLIS),
            ("DELETE FROM sockets WHERE at < ?", SOCKETS_MILLIS),
            (alerts::FORGET, alerts::REMEMBERED_MILLIS),
        ] {
            let before = now.plus_millis(-millis).millis();
            self.sql.exec(statement, &[before.into()])?;
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
}

fn labels(text: &str) -> Result<Vec<String>, SqlError> {
    serde_json::from_str(text).map_err(|error| SqlError::Unreadable(format!("labels: {error}")))
}

fn to_json(value: &impl serde::Serialize) -> Result<String, SqlError> {
    serde_json::to_string(value).map_err(|error| SqlError::Failed(error.to_string()))
}
