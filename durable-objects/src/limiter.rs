//! The counter of an account's calls.
//!
//! A window begins with the first call after the one before has ended, and takes at most its quota. A refused call counts
//! for nothing, so that asking again does not prolong it.
//!
//! State: `windows`, one row for each window of the account that lasts longer than [`KEPT_SECS`]. Invariants:
//! - No window takes more than its quota, also over a restart: `reserved` of a row is never less than what was let through.
//! - What is stored is ahead by less than [`BLOCK`] calls, so that most calls write nothing. After a restart those count as
//!   made: a caller loses at most `BLOCK - 1` of its quota, and never gains.
//! - Short windows, and those of callers without a credential, are in memory only: an object that sleeps has had no call
//!   for longer than most of them last, and callers that somebody made up leave no rows behind.

#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::collections::HashMap;

use edgedesk_domain::ids::AccountId;
use edgedesk_domain::time::{Clock, Timestamp};
use edgedesk_wire::limits::{CountRequest, CountResponse, Window, WindowState};

use crate::error::{ObjectError, Refusal};
use crate::sql::{ObjectSql, SqlError};

const SCHEMA: &str = "CREATE TABLE IF NOT EXISTS windows (
    name TEXT NOT NULL PRIMARY KEY,
    started_at INTEGER NOT NULL,
    reserved INTEGER NOT NULL
)";

/// Windows that last no longer are not stored.
const KEPT_SECS: u32 = 60;
/// Calls that are stored at once: of a thousand in an hour, fifty write.
const BLOCK: u64 = 20;
/// Most windows of a request.
const MAX_WINDOWS: usize = 8;
/// Most callers that are counted at once: some 150 bytes each, below two megabytes.
const MAX_CALLERS: usize = 10_000;
/// Most letters of a caller: a SHA-256 in hexadecimal digits.
const MAX_CALLER_BYTES: usize = 64;

/// The object that counts.
#[derive(Debug)]
pub struct Limiter<S, C> {
    sql: S,
    clock: C,
    memory: RefCell<Memory>,
}

#[derive(Debug, Default)]
struct Memory {
    /// Whether `own` holds what is stored.
    is_loaded: bool,
    own: HashMap<String, Count>,
    callers: HashMap<String, HashMap<String, Count>>,
}

/// A window's count.
#[derive(Debug, Clone, Copy)]
struct Count {
    started_at: Timestamp,
    used: u64,
    /// What is stored; no less than `used` for a window that is kept.
    reserved: u64,
    ends_at: Timestamp,
}

impl<S: ObjectSql, C: Clock> Limiter<S, C> {
    /// An object that just woke: what it must know is in `sql`.
    pub fn new(sql: S, clock: C) -> Self {
        Self {
            sql,
            clock,
            memory: RefCell::default(),
        }
    }

    /// Counts a call, if it fits into all its windows.
    ///
    /// # Errors
    ///
    /// `invalid_request` for no window, too many, or a caller that is no hash; `unavailable`, and then the call may or may
    /// not have been counted.
    pub fn count(
        &self,
        account_id: AccountId,
        request: CountRequest,
    ) -> Result<CountResponse, ObjectError> {
        let n_windows = request.windows.len();
        let caller = request.caller.as_deref();
        if n_windows == 0
            || n_windows > MAX_WINDOWS
            || caller.is_some_and(|caller| caller.len() > MAX_CALLER_BYTES)
        {
            return Err(Refusal::InvalidRequest.because("A call has one to eight windows."));
        }
        let now = self.clock.now();
        let mut memory = self.memory.take();
        let counted = self.count_in(&mut memory, caller, request.windows, now);
        // After an error what is stored is not known: it is read again.
        if counted.is_ok() {
            self.memory.replace(memory);
        }
        let (refused_by, windows) = counted?;
        Ok(CountResponse {
            account_id,
            refused_by,
            windows,
            at: now,
        })
    }

    fn count_in(
        &self,
        memory: &mut Memory,
        caller: Option<&str>,
        windows: Vec<Window>,
        now: Timestamp,
    ) -> Result<(Option<usize>, Vec<WindowState>), SqlError> {
        let counts = match caller {
            None => {
                self.load(memory)?;
                &mut memory.own
            }
            Some(caller) => memory.of_caller(caller, now),
        };
        let mut current: Vec<Count> = windows
            .iter()
            .map(|window| counts.get(&window.name).copied())
            .zip(&windows)
            .map(|(count, window)| Count::at(count, window, now))
            .collect();
        let refused_by = windows
            .iter()
            .zip(&current)
            .enumerate()
            .filter(|(_, (window, count))| count.used >= window.quota)
            .max_by_key(|(_, (_, count))| count.ends_at)
            .map(|(place, _)| place);
        if refused_by.is_none() {
            for (window, count) in windows.iter().zip(&mut current) {
                count.used += 1;
                if caller.is_none() && window.secs > KEPT_SECS && count.used > count.reserved {
                    count.reserved = count.used + BLOCK - 1;
                    self.store(&window.name, count)?;
                }
                counts.insert(window.name.clone(), *count);
            }
        }
        let states = windows
            .into_iter()
            .zip(current)
            .map(|(window, count)| WindowState {
                remaining: window.quota.saturating_sub(count.used),
                resets_at: count.ends_at,
                window,
            })
            .collect();
        Ok((refused_by, states))
    }

    fn load(&self, memory: &mut Memory) -> Result<(), SqlError> {
        if memory.is_loaded {
            return Ok(());
        }
        self.sql.exec(SCHEMA, &[])?;
        let rows = self
            .sql
            .exec("SELECT name, started_at, reserved FROM windows", &[])?;
        for row in rows {
            let started_at = Timestamp::from_millis(row.integer(1)?);
            let reserved = row.count(2)?;
            let count = Count {
                started_at,
                used: reserved,
                reserved,
                // Of how long it lasts, the next call tells.
                ends_at: started_at,
            };
            memory.own.insert(row.text(0)?.to_owned(), count);
        }
        memory.is_loaded = true;
        Ok(())
    }

    fn store(&self, name: &str, count: &Count) -> Result<(), SqlError> {
        self.sql.exec(
            "INSERT INTO windows (name, started_at, reserved) VALUES (?, ?, ?)
             ON CONFLICT (name) DO UPDATE SET started_at = excluded.started_at, reserved = excluded.reserved",
            &[
                name.into(),
                count.started_at.millis().into(),
                count.reserved.into(),
            ],
        )?;
        Ok(())
    }
}

impl Count {
    /// The window that goes on, or a new one. A clock that went back ends none.
    fn at(count: Option<Self>, window: &Window, now: Timestamp) -> Self {
        let millis = i64::from(window.secs) * 1_000;
        match count {
            Some(count) if now.millis_since(count.started_at) < millis => Self {
                ends_at: count.started_at.plus_millis(millis),
                ..count
            },
            _ => Self {
                started_at: now,
                used: 0,
                reserved: 0,
                ends_at: now.plus_millis(millis),
            },
        }
    }
}

impl Memory {
    fn of_caller(&mut self, caller: &str, now: Timestamp) -> &mut HashMap<String, Count> {
        if self.callers.len() >= MAX_CALLERS && !self.callers.contains_key(caller) {
            let is_over = |count: &Count| now.millis_since(count.ends_at) >= 0;
            self.callers
                .retain(|_, counts| !counts.values().all(is_over));
            if self.callers.len() >= MAX_CALLERS {
                // Ten thousand networks at once: forgetting them lets each begin again, and shuts nobody out.
                self.callers.clear();
            }
        }
        self.callers.entry(caller.to_owned()).or_default()
    }
}
