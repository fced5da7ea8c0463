//! Verification of a log: every entry's hash is that of its bytes, and names the hash of the one before.
//!
//! What this shows: whoever has a hash of the log can tell that nothing up to it was changed, taken out or put in. What it
//! does not: somebody who may rewrite the whole log can make a whole new chain; only a hash or a day's root that was kept
//! elsewhere gives that away. So does one for a log whose end was cut off.

use edgedesk_domain::ids::AccountId;
use edgedesk_domain::time::Timestamp;

use crate::day::Day;
use crate::entry::{Entry, VERSION};
use crate::hash::Hash;
use crate::merkle::{Frontier, leaf_hash};

/// What is wrong with an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// The line is no entry.
    #[error("the line is not an entry")]
    Unreadable,
    /// The line says the same as an entry would, in other bytes.
    #[error("the line is not written as an entry is")]
    Spelling,
    /// A layout that this code does not know.
    #[error("the version is unknown")]
    Version,
    /// Another account's.
    #[error("it is another account's")]
    Account,
    /// Its number does not follow.
    #[error(
        "its number does not follow that of the entry before: entries are missing, repeated or in another order"
    )]
    Seq,
    /// It is earlier than the entry before.
    #[error("it is earlier than the entry before")]
    Time,
    /// It was sealed behind another entry.
    #[error("it names another hash than the entry before has")]
    PreviousHash,
    /// Its hash is not that of its fields: one of the two was changed.
    #[error("its hash is not that of its fields")]
    Hash,
}

/// The first place where a log is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("entry {seq} (the {place}. read): {flaw}")]
pub struct Broken {
    /// Its place among what was read, from 1: the line of an export.
    pub place: u64,
    /// The number that an entry in this place has.
    pub seq: u64,
    /// What is wrong.
    pub flaw: Flaw,
}

/// A day's tree as it follows from the entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayRoot {
    /// The day.
    pub day: Day,
    /// Entries of it.
    pub n_entries: u64,
    /// The root of the Merkle tree over their hashes.
    pub root: Hash,
}

/// What a whole log says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Entries that were read.
    pub n_entries: u64,
    /// The number and the hash of the last.
    pub head: Option<(u64, Hash)>,
    /// The days of which all entries were read, in order. The last may go on growing. The first is missing when the log was
    /// not read from its beginning.
    pub days: Vec<DayRoot>,
}

/// Reads a log entry by entry.
#[derive(Debug, Default)]
pub struct Verifier {
    starts_anywhere: bool,
    n_entries: u64,
    last: Option<Last>,
    day: Option<(Day, Frontier)>,
    is_day_whole: bool,
    days: Vec<DayRoot>,
}

#[derive(Debug, Clone, Copy)]
struct Last {
    account_id: AccountId,
    seq: u64,
    at: Timestamp,
    hash: Hash,
}

impl Verifier {
    /// A log that is read from its beginning, entry 1.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A log that is read from anywhere: what its first entry says of the ones before is believed.
    #[must_use]
    pub fn from_anywhere() -> Self {
        Self {
            starts_anywhere: true,
            ..Self::default()
        }
    }

    /// The next entry.
    ///
    /// # Errors
    ///
    /// What is wrong with it. Nothing that follows says anything then.
    pub fn push(&mut self, entry: &Entry) -> Result<(), Broken> {
        self.check(entry).map_err(|flaw| self.broken(entry, flaw))?;
        self.n_entries += 1;
        self.grow_day(entry);
        self.last = Some(Last {
            account_id: entry.account_id,
            seq: entry.seq,
            at: entry.at,
            hash: entry.hash,
        });
        Ok(())
    }

    /// The next line of an export: an entry as JSON, byte for byte as it was written.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn push_line(&mut self, line: &str) -> Result<(), Broken> {
        let Ok(entry) = serde_json::from_str::<Entry>(line) else {
            return Err(self.broken_line(Flaw::Unreadable));
        };
        self.push(&entry)?;
        // What JSON reads leniently (`1.0`, a `t` in a time) is a changed byte all the same.
        if serde_json::to_string(&entry).is_ok_and(|written| written == line) {
            Ok(())
        } else {
            self.n_entries -= 1;
            Err(self.broken(&entry, Flaw::Spelling))
        }
    }

    /// What was read.
    #[must_use]
    pub fn finish(mut self) -> Summary {
        self.end_day();
        Summary {
            n_entries: self.n_entries,
            head: self.last.map(|last| (last.seq, last.hash)),
            days: self.days,
        }
    }

    fn check(&self, entry: &Entry) -> Result<(), Flaw> {
        if entry.version != VERSION {
            return Err(Flaw::Version);
        }
        let previous_hash = match &self.last {
            Some(last) => {
                if entry.account_id != last.account_id {
                    return Err(Flaw::Account);
                }
                if last.seq.checked_add(1) != Some(entry.seq) {
                    return Err(Flaw::Seq);
                }
                if entry.at < last.at {
                    return Err(Flaw::Time);
                }
                last.hash
            }
            None if entry.seq == 1 => Hash::ZERO,
            None if self.starts_anywhere && entry.seq > 1 => entry.previous_hash,
            None => return Err(Flaw::Seq),
        };
        if entry.previous_hash != previous_hash {
            return Err(Flaw::PreviousHash);
        }
        if entry.hash != entry.computed_hash() {
            return Err(Flaw::Hash);
        }
        Ok(())
    }

    fn grow_day(&mut self, entry: &Entry) {
        let day = Day::of(entry.at);
        if self.day.as_ref().is_none_or(|(open, _)| *open != day) {
            self.end_day();
            // A day whose beginning was not read has a tree that is not known.
            self.is_day_whole = self.last.is_some() || entry.seq == 1;
            self.day = Some((day, Frontier::default()));
        }
        if let Some((_, tree)) = &mut self.day {
            tree.push(leaf_hash(entry.hash.as_bytes()));
        }
    }

    fn end_day(&mut self) {
        if let Some((day, tree)) = self.day.take()
            && self.is_day_whole
        {
            self.days.push(DayRoot {
                day,
                n_entries: tree.size(),
                root: tree.root(),
            });
        }
    }

    fn broken(&self, entry: &Entry, flaw: Flaw) -> Broken {
        Broken {
            place: self.n_entries + 1,
            // A wrong number says nothing about the place. An entry in another spelling was taken already.
            seq: match self.last {
                Some(_) if flaw == Flaw::Spelling => entry.seq,
                Some(last) => last.seq.saturating_add(1),
                None if self.starts_anywhere => entry.seq,
                None => 1,
            },
            flaw,
        }
    }

    fn broken_line(&self, flaw: Flaw) -> Broken {
        Broken {
            place: self.n_entries + 1,
            seq: self.last.map_or(1, |last| last.seq.saturating_add(1)),
            flaw,
        }
    }
}

/// Reads a whole log, from entry 1.
///
/// # Errors
///
/// The first place where it is broken.
pub fn verify<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Result<Summary, Broken> {
    let mut verifier = Verifier::new();
    for entry in entries {
        verifier.push(entry)?;
    }
    Ok(verifier.finish())
}

#[cfg(test)]
mod tests;
