//! The table of entries, and what of it is kept in memory.

use std::cell::RefCell;

use edgedesk_audit::day::Day;
use edgedesk_audit::entry::{Entry, Record};
use edgedesk_audit::hash::{HASH_BYTES, Hash};
use edgedesk_audit::merkle::{Frontier, Nodes, leaf_hash};
use edgedesk_domain::ids::AccountId;
use edgedesk_domain::time::Timestamp;
use edgedesk_wire::audit::{Appended, EntryFilter, EntryOrder};

use crate::sql::{ObjectSql, Row, SqlError, SqlValue};

/// The schema. The table comes last: where it is, its account and everything else is. An index on a column holds `seq` as
/// well, since that is the row id: each serves one filter in the order of a page.
const SCHEMA: [&str; 2] = [
    "CREATE TABLE IF NOT EXISTS audit (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        account_id TEXT NOT NULL
    )",
    "CREATE TABLE IF NOT EXISTS entries (
        seq INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        at INTEGER NOT NULL,
        actor TEXT NOT NULL,
        action TEXT NOT NULL,
        resource_id TEXT,
        entry TEXT NOT NULL,
        day_root TEXT NOT NULL,
        nodes TEXT NOT NULL
    )",
];

const INDEXES: [&str; 4] = [
    "CREATE INDEX IF NOT EXISTS entries_by_at ON entries (at)",
    "CREATE INDEX IF NOT EXISTS entries_by_actor ON entries (actor)",
    "CREATE INDEX IF NOT EXISTS entries_by_action ON entries (action)",
    "CREATE INDEX IF NOT EXISTS entries_by_resource ON entries (resource_id) WHERE resource_id IS NOT NULL",
];

/// Digits of a hash in a text.
const HASH_DIGITS: usize = 2 * HASH_BYTES;

/// An entry with the root of its day's tree up to it.
#[derive(Debug)]
pub(super) struct Sealed {
    pub(super) entry: Entry,
    pub(super) day_root: Hash,
}

/// The end of the log.
#[derive(Debug, Clone)]
struct Head {
    seq: u64,
    at: Timestamp,
    hash: Hash,
    /// The tree of the last entry's day.
    tree: Frontier,
}

#[derive(Debug, Clone, Default)]
struct Memory {
    account_id: Option<AccountId>,
    head: Option<Head>,
    schema_ready: bool,
}

/// The table with its cache.
#[derive(Debug)]
pub(super) struct Rows<S> {
    sql: S,
    memory: RefCell<Option<Memory>>,
}

impl<S: ObjectSql> Rows<S> {
    pub(super) fn new(sql: S) -> Self {
        Self {
            sql,
            memory: RefCell::new(None),
        }
    }

    /// The account under which the log was begun; `None` while nothing is stored.
    pub(super) fn account(&self) -> Result<Option<AccountId>, SqlError> {
        Ok(self.memory()?.account_id)
    }

    /// The last number; `None` while the log is empty.
    pub(super) fn head_seq(&self) -> Result<Option<u64>, SqlError> {
        Ok(self.memory()?.head.map(|head| head.seq))
    }

    /// Appends a record that is not there yet.
    pub(super) fn append(
        &self,
        account_id: AccountId,
        now: Timestamp,
        record: Record,
    ) -> Result<Appended, SqlError> {
        // Nothing below awaits: what is read here is still true when the row is written.
        let outcome = self.try_append(account_id, now, record);
        if outcome.is_err() {
            // It may have been written all the same.
            *self.memory.borrow_mut() = None;
        }
        outcome
    }

    fn try_append(
        &self,
        account_id: AccountId,
        now: Timestamp,
        record: Record,
    ) -> Result<Appended, SqlError> {
        let memory = self.memory()?;
        if !memory.schema_ready {
            self.create_schema(account_id)?;
        }
        let (seq, at, previous_hash) = memory.head.as_ref().map_or(
            (1, now, Hash::ZERO),
            // The clock may go back; a log does not.
            |head| (head.seq + 1, now.max(head.at), head.hash),
        );
        let mut tree = memory
            .head
            .filter(|head| Day::of(head.at) == Day::of(at))
            .map(|head| head.tree)
            .unwrap_or_default();
        let entry = Entry::seal(account_id, seq, at, record, previous_hash);
        let nodes = tree.push(leaf_hash(entry.hash.as_bytes()));
        if !self.insert(&entry, tree.root(), &nodes)? {
            return self.duplicate_of(&entry.id);
        }
        *self.memory.borrow_mut() = Some(Memory {
            account_id: Some(account_id),
            head: Some(Head {
                seq,
                at,
                hash: entry.hash,
                tree,
            }),
            schema_ready: true,
        });
        Ok(Appended {
            seq,
            hash: entry.hash,
            duplicate: false,
        })
    }

    /// Writes a row, unless its record is there. One statement: the row is there with all that belongs to it, or not at all.
    fn insert(&self, entry: &Entry, day_root: Hash, nodes: &[Hash]) -> Result<bool, SqlError> {
        let json =
            serde_json::to_string(entry).map_err(|error| SqlError::Failed(error.to_string()))?;
        let nodes: String = nodes.iter().map(Hash::to_string).collect();
        let written = self.sql.exec(
            "INSERT INTO entries (seq, id, at, actor, action, resource_id, entry, day_root, nodes)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING RETURNING seq",
            &[
                entry.seq.into(),
                entry.id.as_str().into(),
                entry.at.millis().into(),
                actor_key(entry).into(),
                entry.action.as_str().into(),
                entry.resource.id.clone().into(),
                json.into(),
                day_root.to_string().into(),
                nodes.into(),
            ],
        )?;
        Ok(!written.is_empty())
    }

    fn duplicate_of(&self, id: &str) -> Result<Appended, SqlError> {
        let rows = self
            .sql
            .exec("SELECT entry FROM entries WHERE id = ?", &[id.into()])?;
        let entry = read_entry(rows.first().ok_or_else(|| missing("the record"))?, 0)?;
        Ok(Appended {
            seq: entry.seq,
            hash: entry.hash,
            duplicate: true,
        })
    }

    /// At most `limit` entries that pass.
    pub(super) fn list(&self, filter: &EntryFilter, limit: u64) -> Result<Vec<Entry>, SqlError> {
        if self.head_seq()?.is_none() {
            return Ok(Vec::new());
        }
        // Times follow the numbers, so a span of time is a span of numbers, which every index knows.
        let mut low = match filter.from {
            Some(from) => match self.first_since(from)? {
                Some(first) => first,
                None => return Ok(Vec::new()),
            },
            None => 1,
        };
        let mut end = match filter.to {
            Some(to) => self.first_since(to)?,
            None => None,
        };
        if let Some(after) = filter.after_seq {
            match filter.order {
                EntryOrder::Newest => end = Some(end.map_or(after, |end| end.min(after))),
                EntryOrder::Oldest => low = low.max(after.saturating_add(1)),
            }
        }
        let mut sql = "SELECT entry FROM entries WHERE seq >= ?".to_owned();
        let mut params: Vec<SqlValue> = vec![low.into()];
        let conditions = [
            (" AND seq < ?", end.map(SqlValue::from)),
            (" AND actor = ?", filter.actor.clone().map(Into::into)),
            (" AND action = ?", filter.action.clone().map(Into::into)),
            (
                " AND resource_id = ?",
                filter.resource.clone().map(Into::into),
            ),
        ];
        for (condition, value) in conditions {
            if let Some(value) = value {
                sql.push_str(condition);
                params.push(value);
            }
        }
        sql.push_str(match filter.order {
            EntryOrder::Newest => " ORDER BY seq DESC LIMIT ?",
            EntryOrder::Oldest => " ORDER BY seq LIMIT ?",
        });
        params.push(limit.into());
        self.sql
            .exec(&sql, &params)?
            .iter()
            .map(|row| read_entry(row, 0))
            .collect()
    }

    /// The entry with this number, which there is.
    pub(super) fn sealed(&self, seq: u64) -> Result<Sealed, SqlError> {
        let rows = self.sql.exec(
            "SELECT entry, day_root FROM entries WHERE seq = ?",
            &[seq.into()],
        )?;
        let row = rows.first().ok_or_else(|| missing("an entry"))?;
        Ok(Sealed {
            entry: read_entry(row, 0)?,
            day_root: row.parsed(1)?,
        })
    }

    /// The first entry at `at` or later.
    pub(super) fn first_since(&self, at: Timestamp) -> Result<Option<u64>, SqlError> {
        self.one_seq(
            "SELECT seq FROM entries WHERE at >= ? ORDER BY at, seq LIMIT 1",
            at,
        )
    }

    /// The last entry before `at`.
    pub(super) fn last_before(&self, at: Timestamp) -> Result<Option<u64>, SqlError> {
        self.one_seq(
            "SELECT seq FROM entries WHERE at < ? ORDER BY at DESC, seq DESC LIMIT 1",
            at,
        )
    }

    /// The first entry of a day and the size of its tree; `None` for a day without entries.
    pub(super) fn tree_of(&self, day: Day) -> Result<Option<(u64, u64)>, SqlError> {
        let end = Day::from_number(day.number() + 1).start();
        let (Some(first), Some(last)) = (self.first_since(day.start())?, self.last_before(end)?)
        else {
            return Ok(None);
        };
        Ok((first <= last).then(|| (first, last - first + 1)))
    }

    fn one_seq(&self, sql: &str, at: Timestamp) -> Result<Option<u64>, SqlError> {
        if self.head_seq()?.is_none() {
            return Ok(None);
        }
        let rows = self.sql.exec(sql, &[at.millis().into()])?;
        rows.first().map(|row| row.count(0)).transpose()
    }

    fn create_schema(&self, account_id: AccountId) -> Result<(), SqlError> {
        let [account, entries] = SCHEMA;
        self.sql.exec(account, &[])?;
        self.sql.exec(
            "INSERT OR IGNORE INTO audit (id, account_id) VALUES (1, ?)",
            &[account_id.to_string().into()],
        )?;
        self.sql.exec(entries, &[])?;
        for index in INDEXES {
            self.sql.exec(index, &[])?;
        }
        Ok(())
    }

    /// What is known of the end of the log.
    fn memory(&self) -> Result<Memory, SqlError> {
        if let Some(memory) = self.memory.borrow().as_ref() {
            return Ok(memory.clone());
        }
        let memory = self.load()?;
        *self.memory.borrow_mut() = Some(memory.clone());
        Ok(memory)
    }

    fn load(&self) -> Result<Memory, SqlError> {
        let is_begun = self.sql.exec(
            "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'entries'",
            &[],
        )?;
        if is_begun.is_empty() {
            return Ok(Memory::default());
        }
        let account = self.sql.exec("SELECT account_id FROM audit", &[])?;
        let account_id = account.first().ok_or_else(|| missing("the account"))?;
        let mut memory = Memory {
            account_id: Some(account_id.parsed(0)?),
            ..Memory::default()
        };
        let last = self
            .sql
            .exec("SELECT entry FROM entries ORDER BY seq DESC LIMIT 1", &[])?;
        if let Some(row) = last.first() {
            let entry = read_entry(row, 0)?;
            // Not `first_since`, which asks the memory that is being made here.
            let first = self.sql.exec(
                "SELECT seq FROM entries WHERE at >= ? ORDER BY at, seq LIMIT 1",
                &[Day::of(entry.at).start().millis().into()],
            )?;
            let first_seq = first.first().ok_or_else(|| missing("the day"))?.count(0)?;
            let size = (entry.seq + 1).saturating_sub(first_seq);
            memory.head = Some(Head {
                seq: entry.seq,
                at: entry.at,
                hash: entry.hash,
                tree: Frontier::load(&DayNodes::new(self, first_seq), size)?,
            });
            memory.schema_ready = true;
        }
        Ok(memory)
    }
}

/// The nodes of the tree of the day that begins with entry `first_seq`. A node stands in the row of the leaf that completes it.
pub(super) struct DayNodes<'a, S> {
    rows: &'a Rows<S>,
    first_seq: u64,
}

impl<'a, S> DayNodes<'a, S> {
    pub(super) fn new(rows: &'a Rows<S>, first_seq: u64) -> Self {
        Self { rows, first_seq }
    }
}

impl<S: ObjectSql> Nodes for DayNodes<'_, S> {
    type Error = SqlError;

    fn node(&self, level: u32, index: u64) -> Result<Hash, SqlError> {
        let seq = self.first_seq + ((index + 1) << level) - 1;
        let rows = self
            .rows
            .sql
            .exec("SELECT nodes FROM entries WHERE seq = ?", &[seq.into()])?;
        let nodes = rows.first().ok_or_else(|| missing("a node"))?.text(0)?;
        let start = level as usize * HASH_DIGITS;
        nodes
            .get(start..start + HASH_DIGITS)
            .and_then(|digits| digits.parse().ok())
            .ok_or_else(|| SqlError::Unreadable(format!("entry {seq} has no node {level}")))
    }
}

/// What `actor` is asked for by: the id, or the word for those who have none.
fn actor_key(entry: &Entry) -> String {
    let (kind, id) = entry.actor.parts();
    id.unwrap_or_else(|| kind.to_owned())
}

fn read_entry(row: &Row, column: usize) -> Result<Entry, SqlError> {
    serde_json::from_str(row.text(column)?).map_err(|error| SqlError::Unreadable(error.to_string()))
}

fn missing(what: &str) -> SqlError {
    SqlError::Unreadable(format!("{what} is not where it was written"))
}
