//! The audit log of an account.
//!
//! State: `entries`, one row an entry. Nothing ever changes or deletes a row. A row holds the entry as JSON, the root of its
//! day's Merkle tree with it as the last leaf, and the nodes of that tree that it completes. Invariants:
//! - `seq` is 1, 2, 3 … without a gap, times never go back, and each entry names the hash of the one before.
//! - A row is one statement: chain head, day's root and nodes are those of the last row, or of the row before.
//! - A record is in the log once, whatever failed and however often it was sent.
//! - Memory is a cache of the last row and its day's right edge, and dropped after any error.

mod rows;

#[cfg(test)]
mod tests;

use edgedesk_audit::day::Day;
use edgedesk_audit::merkle::{OutOfRange, consistency_proof, inclusion_proof};
use edgedesk_domain::ids::AccountId;
use edgedesk_domain::time::Clock;
use edgedesk_wire::audit::{
    AppendRequest, Appended, ConsistencyProof, DayRootView, EntryFilter, EntryList, InclusionProof,
    RootList,
};

use crate::error::{ObjectError, Refusal};
use crate::sql::ObjectSql;
use rows::{DayNodes, Rows};

/// Entries of a page, unless told and at most. An entry takes some 600 bytes.
const LIST_LIMIT: u64 = 50;
const MAX_LIST_LIMIT: u64 = 1_000;

/// Days of a page, unless told and at most.
const ROOTS_LIMIT: u64 = 30;
const MAX_ROOTS_LIMIT: u64 = 400;

/// The object of one account's audit log.
#[derive(Debug)]
pub struct Audit<S, C> {
    rows: Rows<S>,
    clock: C,
}

impl<S: ObjectSql, C: Clock> Audit<S, C> {
    /// An object that just woke: everything it knows is in `sql`.
    pub fn new(sql: S, clock: C) -> Self {
        Self {
            rows: Rows::new(sql),
            clock,
        }
    }

    /// Puts a record at the end of the log. A repeat is answered like the first one.
    ///
    /// # Errors
    ///
    /// `not_found` for another account's name; `invalid_request` for a record that holds anything but words and ids;
    /// `unavailable`, and then the record may or may not be in the log and may be sent again.
    pub fn append(
        &self,
        account_id: AccountId,
        request: AppendRequest,
    ) -> Result<Appended, ObjectError> {
        self.check_account(account_id)?;
        if let Err(invalid) = request.record.check() {
            return Err(Refusal::InvalidRequest.because(invalid.to_string()));
        }
        Ok(self
            .rows
            .append(account_id, self.clock.now(), request.record)?)
    }

    /// A page of the log.
    ///
    /// # Errors
    ///
    /// `not_found` for another account's name; `unavailable`.
    pub fn list(
        &self,
        account_id: AccountId,
        filter: &EntryFilter,
    ) -> Result<EntryList, ObjectError> {
        self.check_account(account_id)?;
        let limit = filter.limit.unwrap_or(LIST_LIMIT).clamp(1, MAX_LIST_LIMIT);
        let mut entries = self.rows.list(filter, limit + 1)?;
        let has_more = entries.len() as u64 > limit;
        if has_more {
            entries.pop();
        }
        Ok(EntryList {
            next_cursor: entries
                .last()
                .filter(|_| has_more)
                .map(|last| last.seq.to_string()),
            entries,
        })
    }

    /// The trees of days before `before`, newest first.
    ///
    /// # Errors
    ///
    /// `not_found` for another account's name; `unavailable`.
    pub fn roots(
        &self,
        account_id: AccountId,
        before: Option<Day>,
        limit: Option<u64>,
    ) -> Result<RootList, ObjectError> {
        self.check_account(account_id)?;
        let limit = limit.unwrap_or(ROOTS_LIMIT).clamp(1, MAX_ROOTS_LIMIT);
        let mut roots = Vec::new();
        let mut next = match before {
            Some(day) => self.rows.last_before(day.start())?,
            None => self.rows.head_seq()?,
        };
        while let Some(last_seq) = next {
            if roots.len() as u64 == limit {
                break;
            }
            let last = self.rows.sealed(last_seq)?;
            let day = Day::of(last.entry.at);
            let first_seq = self.rows.first_since(day.start())?.unwrap_or(last_seq);
            roots.push(DayRootView {
                day,
                n_entries: last_seq - first_seq + 1,
                first_seq,
                last_seq,
                root: last.day_root,
                head_hash: last.entry.hash,
            });
            next = first_seq.checked_sub(1).filter(|seq| *seq > 0);
        }
        Ok(RootList {
            next_cursor: roots
                .last()
                .filter(|_| next.is_some())
                .map(|root| root.day.to_string()),
            roots,
        })
    }

    /// Shows that an entry is in its day's tree.
    ///
    /// # Errors
    ///
    /// `not_found` for an entry that there is not; `unavailable`.
    pub fn prove_inclusion(
        &self,
        account_id: AccountId,
        seq: u64,
    ) -> Result<InclusionProof, ObjectError> {
        self.check_account(account_id)?;
        if seq == 0 || self.rows.head_seq()?.is_none_or(|head| seq > head) {
            return Err(no_entry());
        }
        let entry = self.rows.sealed(seq)?.entry;
        let day = Day::of(entry.at);
        let (first_seq, tree_size) = self.rows.tree_of(day)?.ok_or_else(no_entry)?;
        let leaf_index = seq.checked_sub(first_seq).ok_or_else(no_entry)?;
        let path = inclusion_proof(&DayNodes::new(&self.rows, first_seq), leaf_index, tree_size)?
            .map_err(|OutOfRange| no_entry())?;
        let last = self.rows.sealed(first_seq + tree_size - 1)?;
        Ok(InclusionProof {
            entry,
            day,
            leaf_index,
            tree_size,
            root: last.day_root,
            path,
        })
    }

    /// Shows that a day's tree of `to` leaves (all of them when absent) begins with that of `from`.
    ///
    /// # Errors
    ///
    /// `not_found` for a day without entries; `invalid_value` for sizes that its tree never had; `unavailable`.
    pub fn prove_consistency(
        &self,
        account_id: AccountId,
        day: Day,
        from: u64,
        to: Option<u64>,
    ) -> Result<ConsistencyProof, ObjectError> {
        self.check_account(account_id)?;
        let (first_seq, tree_size) = self
            .rows
            .tree_of(day)?
            .ok_or_else(|| Refusal::NotFound.because("That day has no entries."))?;
        let to = to.unwrap_or(tree_size);
        let wrong = || {
            Refusal::InvalidValue.because(format!(
                "`from` is at least 1 and at most `to`, which is at most {tree_size}."
            ))
        };
        if to > tree_size {
            return Err(wrong());
        }
        let path = consistency_proof(&DayNodes::new(&self.rows, first_seq), from, to)?
            .map_err(|OutOfRange| wrong())?;
        Ok(ConsistencyProof {
            day,
            from,
            to,
            from_root: self.rows.sealed(first_seq + from - 1)?.day_root,
            to_root: self.rows.sealed(first_seq + to - 1)?.day_root,
            path,
        })
    }

    fn check_account(&self, account_id: AccountId) -> Result<(), ObjectError> {
        match self.rows.account()? {
            Some(own) if own != account_id => {
                Err(Refusal::NotFound.because("There is no such audit log."))
            }
            _ => Ok(()),
        }
    }
}

fn no_entry() -> ObjectError {
    Refusal::NotFound.because("There is no such entry.")
}
