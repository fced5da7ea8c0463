//! Taking personal data out of events that are logged.
//!
//! A rewritten event keeps its `seq`, its id and its times; its `revision` is raised, so that wherever an older copy of it turns
//! up, the new one wins. The names of its delivery are kept as HMACs under a salt of this log: a repeat is known, and nobody who
//! reads the log can say what it was called.
//!
//! `SQLite` leaves old bytes where a row was, and neither `secure_delete` nor `VACUUM` is allowed to an object. So an event is
//! first overwritten in place by as many bytes, which `SQLite` does when a row's size stays, and only then made shorter. Copies
//! that `SQLite` made of a page before stay in its gaps; see `docs/decisions/0026-privacy-requests.md`.

use std::rc::Rc;

use edgedesk_domain::event::{Event, EventData};
use edgedesk_domain::ids::IdSource;
use edgedesk_domain::time::Timestamp;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::super::attachments::KEY_START;
use super::{Log, SNAPSHOT_TABLE, to_json};
use crate::sql::{ObjectSql, SqlError, SqlValue};

/// Events of one portion: their rewriting takes some tens of milliseconds.
const PORTION: u64 = 500;

/// What a hashed name of a delivery begins with; no other does.
const HASHED: char = '#';

/// Bytes that overwrite the pages which a dropped snapshot leaves behind, in rows of so many. Snapshots have a few kilobytes.
const FILLER_ROWS: usize = 4;
const FILLER_BYTES: u32 = 65_536;

/// What names were hashed with, once some were.
const SALT_TABLE: &str = "CREATE TABLE IF NOT EXISTS scrubbing (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    salt TEXT NOT NULL
)";

/// Events after `after_seq` that are meant by a request: those up to `through_seq`, and later ones about a message up to there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Meant {
    pub(crate) after_seq: u64,
    pub(crate) through_seq: u64,
}

impl<S: ObjectSql> Log<S> {
    /// `seq` of the last event that was logged by then; 0 for none.
    pub(crate) fn seq_at(&self, at: Timestamp) -> Result<u64, SqlError> {
        let rows = self.sql.exec(
            "SELECT MAX(seq) FROM events WHERE at <= ?",
            &[at.millis().into()],
        )?;
        let seq = rows
            .first()
            .map_or(Ok(None), |row| row.optional_integer(0))?;
        Ok(seq
            .and_then(|seq| u64::try_from(seq).ok())
            .unwrap_or_default())
    }

    /// How often stored events were changed in this life.
    pub(crate) fn n_rewrites(&self) -> u64 {
        self.n_rewrites.get()
    }

    /// The salt of this log, made at the first call.
    pub(crate) fn salt(&self, ids: &impl IdSource) -> Result<Rc<str>, SqlError> {
        self.sql.exec(SALT_TABLE, &[])?;
        // A hundred and sixty random bits.
        let fresh = format!("{}{}", ids.next_ulid(), ids.next_ulid());
        self.sql.exec(
            "INSERT OR IGNORE INTO scrubbing (id, salt) VALUES (1, ?)",
            &[fresh.into()],
        )?;
        let salt = self
            .read_salt()?
            .ok_or_else(|| SqlError::Unreadable("there is no salt".to_owned()))?;
        if let Some(memory) = self.memory.borrow_mut().as_mut() {
            memory.salt = Some(Rc::clone(&salt));
        }
        Ok(salt)
    }

    pub(super) fn read_salt(&self) -> Result<Option<Rc<str>>, SqlError> {
        let rows = self.sql.exec("SELECT salt FROM scrubbing", &[])?;
        rows.first()
            .map(|row| row.text(0).map(Rc::from))
            .transpose()
    }

    /// The names under which a repeat could be known: as they are, and hashed where some are.
    pub(super) fn with_hashed(&self, keys: &[String]) -> Result<Vec<String>, SqlError> {
        let salt = self.with(|memory| memory.salt.clone())?;
        let mut all = keys.to_vec();
        if let Some(salt) = salt {
            all.extend(keys.iter().map(|key| hashed(&salt, key)));
        }
        Ok(all)
    }

    /// Rewrites a portion of the events that are `meant`. `rewrite` gives what an event says then, `erase` what it says when all
    /// is gone, which is shorter; `None` when it stays as it is. Returns where to go on.
    ///
    /// # Errors
    ///
    /// After an error it may be done in part; doing it again does no harm.
    pub(crate) fn rewrite(
        &self,
        ids: &impl IdSource,
        meant: Meant,
        erase: impl Fn(&EventData) -> Option<EventData>,
        rewrite: impl Fn(&EventData) -> Option<EventData>,
    ) -> Result<Option<u64>, SqlError> {
        let salt = self.salt(ids)?;
        let rows = self.sql.exec(
            "SELECT event, dedup_keys FROM events WHERE seq > ? ORDER BY seq LIMIT ?",
            &[meant.after_seq.into(), PORTION.into()],
        )?;
        // What was read of the log before is not believed any more, whatever happens below.
        self.n_rewrites.set(self.n_rewrites.get() + 1);
        self.forget();
        let mut last_seq = meant.after_seq;
        let mut rewritten = Vec::new();
        let mut early_keys = Vec::new();
        for row in &rows {
            let json = row.text(0)?;
            let event: Event = serde_json::from_str(json)
                .map_err(|error| SqlError::Unreadable(format!("an event of the log: {error}")))?;
            last_seq = event.seq;
            let is_early = last_seq <= meant.through_seq;
            if is_early || about(&event.data).is_some_and(|seq| seq <= meant.through_seq) {
                rewritten.extend(plan(json, &event, &erase, &rewrite)?);
            }
            if let Some(keys) = row.optional_text(1)?.filter(|_| is_early) {
                early_keys.push((last_seq, keys));
            }
        }
        // All are overwritten before one is made shorter: that moves its neighbours, and leaves bytes where they were.
        for (seq, in_place, _) in &rewritten {
            if let Some(in_place) = in_place {
                self.store(*seq, in_place)?;
            }
        }
        for (seq, _, last) in &rewritten {
            self.store(*seq, last)?;
        }
        for (seq, keys) in early_keys {
            self.hash_keys(seq, keys, &salt)?;
        }
        Ok((rows.len() as u64 == PORTION).then_some(last_seq))
    }

    fn store(&self, seq: u64, json: &str) -> Result<(), SqlError> {
        self.sql.exec(
            "UPDATE events SET event = ? WHERE seq = ?",
            &[json.into(), seq.into()],
        )?;
        Ok(())
    }

    /// The hashed names are there before the plain ones go.
    fn hash_keys(&self, seq: u64, keys: &str, salt: &str) -> Result<(), SqlError> {
        let keys: Vec<String> = serde_json::from_str(keys)
            .map_err(|error| SqlError::Unreadable(format!("names of an event: {error}")))?;
        let new: Vec<String> = keys
            .iter()
            .map(|key| {
                if is_own(key) {
                    key.clone()
                } else {
                    hashed(salt, key)
                }
            })
            .collect();
        if new == keys {
            return Ok(());
        }
        let (old, new): (SqlValue, SqlValue) = (to_json(&keys)?.into(), to_json(&new)?.into());
        self.sql.exec(
            "INSERT OR IGNORE INTO seen (key, seq) SELECT value, ? FROM json_each(?)",
            &[seq.into(), new.clone()],
        )?;
        // These go before the event forgets them: what is not gone then is not found again.
        self.sql.exec(
            "DELETE FROM seen WHERE key IN (SELECT value FROM json_each(?))
            AND key NOT IN (SELECT value FROM json_each(?))",
            &[old, new.clone()],
        )?;
        self.sql.exec(
            "UPDATE events SET dedup_keys = ? WHERE seq = ?",
            &[new, seq.into()],
        )?;
        Ok(())
    }

    fn fill(&self, statement: &str) -> Result<(), SqlError> {
        for _ in 0..FILLER_ROWS {
            self.sql.exec(statement, &[FILLER_BYTES.into()])?;
        }
        Ok(())
    }

    /// Drops what was made of the log as it was, and has the queue and the desk follow from the beginning again.
    ///
    /// # Errors
    ///
    /// After an error it may be done in part; doing it again does no harm.
    pub(crate) fn start_over(&self) -> Result<(), SqlError> {
        self.forget();
        self.n_rewrites.set(self.n_rewrites.get() + 1);
        // The first page of a table is not overwritten as a whole. So the second filler begins where the first has left no free
        // page, and takes the first page of that.
        for statement in [
            "CREATE TABLE IF NOT EXISTS filler (bytes BLOB)",
            "DROP TABLE IF EXISTS snapshot",
        ] {
            self.sql.exec(statement, &[])?;
        }
        self.fill("INSERT INTO filler (bytes) VALUES (zeroblob(?))")?;
        for statement in [
            "CREATE TABLE IF NOT EXISTS second_filler (bytes BLOB)",
            "DROP TABLE filler",
        ] {
            self.sql.exec(statement, &[])?;
        }
        self.fill("INSERT INTO second_filler (bytes) VALUES (zeroblob(?))")?;
        self.sql.exec("DROP TABLE second_filler", &[])?;
        self.sql.exec(SNAPSHOT_TABLE, &[])?;
        self.sql.exec(
            "UPDATE outbox SET flushed_events = 0, flushed_desk = 0",
            &[],
        )?;
        Ok(())
    }
}

/// An event's `seq`, what overwrites it in place where something fits, and what it is in the end.
type Plan = (u64, Option<String>, String);

/// What becomes of an event; `None` when it stays as it is.
fn plan(
    json: &str,
    event: &Event,
    erase: &impl Fn(&EventData) -> Option<EventData>,
    rewrite: &impl Fn(&EventData) -> Option<EventData>,
) -> Result<Option<Plan>, SqlError> {
    let Some(data) = rewrite(&event.data) else {
        return Ok(None);
    };
    let seq = event.seq;
    let revised = |data: EventData, by: u32| Event {
        data,
        revision: event.revision.saturating_add(by),
        ..event.clone()
    };
    let last = to_json(&revised(data.clone(), 1))?;
    if last.len() <= json.len() {
        return Ok(Some((seq, Some(padded(&last, json.len())), last)));
    }
    // Longer than it was: nothing of it at first, so that what is stored in between holds nothing either.
    let erased = erase(&event.data).unwrap_or_else(|| data.clone());
    let erased = to_json(&revised(erased, 1))?;
    let in_place = (erased.len() <= json.len()).then(|| padded(&erased, json.len()));
    Ok(Some((seq, in_place, to_json(&revised(data, 2))?)))
}

/// JSON of `length` bytes: it takes any space behind it.
fn padded(json: &str, length: usize) -> String {
    let mut padded = json.to_owned();
    padded.extend(std::iter::repeat_n(' ', length.saturating_sub(json.len())));
    padded
}

/// A name of ours, which says nothing of anybody.
fn is_own(key: &str) -> bool {
    key.starts_with(HASHED)
        || key == "ticket"
        || [
            "analysis:",
            "analysis_failed:",
            "draft:",
            "privacy:",
            KEY_START,
        ]
        .iter()
        .any(|start| key.starts_with(start))
}

/// The message that an event is about.
fn about(data: &EventData) -> Option<u64> {
    match data {
        EventData::MessageAnalyzed(analyzed) => Some(analyzed.message_seq),
        EventData::DraftCreated(draft) => Some(draft.message_seq),
        _ => None,
    }
}

fn hashed(salt: &str, key: &str) -> String {
    format!("{HASHED}{}", pseudonym(salt, key))
}

/// 128 bits that stand for a text, as hexadecimal digits: nobody without the salt can say for which.
pub(crate) fn pseudonym(salt: &str, text: &str) -> String {
    // HMAC takes keys of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(salt.as_bytes()) else {
        return String::new();
    };
    mac.update(text.as_bytes());
    let mut digits = hex::encode(mac.finalize().into_bytes());
    digits.truncate(32);
    digits
}
