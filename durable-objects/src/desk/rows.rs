//! The desk's tables and the sums over them.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};

use edgedesk_domain::ids::{AccountId, ConversationId, TicketId, UserId};
use edgedesk_domain::time::Timestamp;
use edgedesk_wire::desk::{AgentPresence, Counters, RegistryEntry};

use super::deliveries;
use super::tally::{Facts, Tally};
use crate::sql::{ObjectSql, Row, SqlError};
use crate::tickets;

/// Conversations of which the row is kept in memory: 20,000 of some 150 bytes are 3 MB. Those that are talked in now are
/// among them, so that a notification is one statement.
const MAX_CACHED: usize = 20_000;

/// The schema. `desk` comes last: where its row is, everything is.
const SCHEMA: [&str; 6] = [
    "CREATE TABLE IF NOT EXISTS conversations (
        ticket_number INTEGER PRIMARY KEY,
        conversation_id TEXT NOT NULL UNIQUE,
        ticket_id TEXT NOT NULL,
        seq INTEGER NOT NULL,
        is_open INTEGER NOT NULL,
        is_waiting INTEGER NOT NULL,
        is_at_risk INTEGER NOT NULL,
        assignee_id TEXT,
        first_response_ms INTEGER,
        team_id TEXT
    )",
    "CREATE TABLE IF NOT EXISTS reservations (
        conversation_id TEXT PRIMARY KEY,
        agent_id TEXT NOT NULL,
        expires INTEGER NOT NULL
    ) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS agents (
        agent_id TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        away INTEGER NOT NULL
    ) WITHOUT ROWID",
    deliveries::TABLE,
    tickets::TABLE,
    "CREATE TABLE IF NOT EXISTS desk (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        account_id TEXT NOT NULL
    )",
];

const COLUMNS: &str = "ticket_number, ticket_id, seq, is_open, is_waiting, is_at_risk, assignee_id, first_response_ms, team_id";

/// A conversation as the desk has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) ticket_number: u64,
    pub(super) ticket_id: TicketId,
    pub(super) seq: u64,
    pub(super) facts: Facts,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Reservation {
    agent_id: UserId,
    /// Unix seconds.
    expires: i64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Agent {
    name: String,
    away: bool,
}

#[derive(Debug, Default)]
struct Memory {
    account_id: Option<AccountId>,
    tally: Tally,
    entries: HashMap<ConversationId, Entry>,
    reservations: BTreeMap<ConversationId, Reservation>,
    agents: BTreeMap<UserId, Agent>,
}

/// The tables with their cache.
#[derive(Debug)]
pub(super) struct Rows<S> {
    sql: S,
    memory: RefCell<Option<Memory>>,
    schema_ready: Cell<bool>,
}

impl<S: ObjectSql> Rows<S> {
    pub(super) fn new(sql: S) -> Self {
        Self {
            sql,
            memory: RefCell::new(None),
            schema_ready: Cell::new(false),
        }
    }

    pub(super) fn sql(&self) -> &S {
        &self.sql
    }

    /// The account under which the desk was begun; `None` while nothing is stored.
    pub(super) fn account(&self) -> Result<Option<AccountId>, SqlError> {
        self.with(|memory| memory.account_id)
    }

    /// Whether anything is stored.
    pub(super) fn exists(&self) -> Result<bool, SqlError> {
        Ok(self.account()?.is_some())
    }

    pub(super) fn counters(&self) -> Result<Counters, SqlError> {
        self.with(|memory| memory.tally.counters())
    }

    /// A conversation's row, from memory or storage.
    pub(super) fn entry(&self, id: ConversationId) -> Result<Option<Entry>, SqlError> {
        let cached = self.with(|memory| {
            (
                memory.entries.get(&id).cloned(),
                memory.account_id.is_some(),
            )
        })?;
        match cached {
            (Some(entry), _) => return Ok(Some(entry)),
            (None, false) => return Ok(None),
            (None, true) => {}
        }
        let rows = self.sql.exec(
            &format!("SELECT {COLUMNS} FROM conversations WHERE conversation_id = ?"),
            &[id.to_string().into()],
        )?;
        let entry = rows.first().map(read_entry).transpose()?;
        if let Some(entry) = &entry {
            self.change(|memory| memory.cache(id, entry.clone()));
        }
        Ok(entry)
    }

    /// Gives a conversation that has none its ticket. One statement: the number is the row's id, which `SQLite` makes one
    /// more than the largest there is.
    pub(super) fn insert(
        &self,
        account_id: AccountId,
        id: ConversationId,
        ticket_id: TicketId,
        seq: u64,
        facts: Facts,
    ) -> Result<Entry, SqlError> {
        self.ensure_schema(account_id)?;
        let rows = self.write(
            "INSERT INTO conversations (conversation_id, ticket_id, seq, is_open, is_waiting, is_at_risk, assignee_id,
                first_response_ms, team_id)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING ticket_number",
            &[
                id.to_string().into(),
                ticket_id.to_string().into(),
                seq.into(),
                facts.is_open.into(),
                facts.is_waiting.into(),
                facts.is_at_risk.into(),
                facts.assignee_id.map(|id| id.to_string()).into(),
                facts.first_response_ms.into(),
                facts.team_id.map(|id| id.to_string()).into(),
            ],
        )?;
        let Some(row) = rows.first() else {
            self.forget();
            return Err(SqlError::Unreadable(
                "no ticket number came back".to_owned(),
            ));
        };
        let entry = Entry {
            ticket_number: row.count(0)?,
            ticket_id,
            seq,
            facts,
        };
        self.change(|memory| {
            memory.tally.add(&entry.facts);
            memory.cache(id, entry.clone());
        });
        Ok(entry)
    }

    /// Replaces what is known of a conversation, whose row is in memory.
    pub(super) fn update(&self, id: ConversationId, entry: &Entry) -> Result<(), SqlError> {
        let facts = &entry.facts;
        self.write(
            "UPDATE conversations SET seq = ?, is_open = ?, is_waiting = ?, is_at_risk = ?, assignee_id = ?,
                first_response_ms = ?, team_id = ?
            WHERE ticket_number = ? AND seq < ?",
            &[
                entry.seq.into(),
                facts.is_open.into(),
                facts.is_waiting.into(),
                facts.is_at_risk.into(),
                facts.assignee_id.map(|id| id.to_string()).into(),
                facts.first_response_ms.into(),
                facts.team_id.map(|id| id.to_string()).into(),
                entry.ticket_number.into(),
                entry.seq.into(),
            ],
        )?;
        self.change(|memory| {
            if let Some(before) = memory.entries.get(&id) {
                memory.tally.remove(&before.facts);
            }
            memory.tally.add(&entry.facts);
            memory.cache(id, entry.clone());
        });
        Ok(())
    }

    /// Open conversations of an agent, those held for them included.
    pub(super) fn load(&self, agent_id: UserId, now: Timestamp) -> Result<u32, SqlError> {
        self.with(|memory| {
            let held = memory
                .reservations
                .values()
                .filter(|held| held.agent_id == agent_id && held.expires >= now.seconds())
                .count();
            let held = u32::try_from(held).unwrap_or(u32::MAX);
            memory
                .tally
                .loads
                .get(&agent_id)
                .copied()
                .unwrap_or_default()
                .saturating_add(held)
        })
    }

    /// Whether a conversation counts in an agent's load already.
    pub(super) fn holds(
        &self,
        agent_id: UserId,
        id: ConversationId,
        entry: Option<&Entry>,
        now: Timestamp,
    ) -> Result<bool, SqlError> {
        let is_assigned = entry.is_some_and(|entry| entry.facts.holder() == Some(agent_id));
        let is_held = self.with(|memory| {
            memory
                .reservations
                .get(&id)
                .is_some_and(|held| held.agent_id == agent_id && held.expires >= now.seconds())
        })?;
        Ok(is_assigned || is_held)
    }

    pub(super) fn reserve(
        &self,
        account_id: AccountId,
        id: ConversationId,
        agent_id: UserId,
        now: Timestamp,
        secs: i64,
    ) -> Result<(), SqlError> {
        self.ensure_schema(account_id)?;
        let expires = now.seconds() + secs;
        self.write(
            "DELETE FROM reservations WHERE expires < ?",
            &[now.seconds().into()],
        )?;
        self.write(
            "INSERT OR REPLACE INTO reservations (conversation_id, agent_id, expires) VALUES (?, ?, ?)",
            &[
                id.to_string().into(),
                agent_id.to_string().into(),
                expires.into(),
            ],
        )?;
        self.change(|memory| {
            memory
                .reservations
                .retain(|_, held| held.expires >= now.seconds());
            memory
                .reservations
                .insert(id, Reservation { agent_id, expires });
        });
        Ok(())
    }

    /// Drops a reservation that its conversation's row has caught up with: assigned as reserved, or over.
    pub(super) fn settle_reservation(&self, id: ConversationId) -> Result<(), SqlError> {
        let is_settled = self.with(|memory| {
            let (Some(held), Some(entry)) = (memory.reservations.get(&id), memory.entries.get(&id))
            else {
                return false;
            };
            !entry.facts.is_open || entry.facts.assignee_id == Some(held.agent_id)
        })?;
        if is_settled {
            self.write(
                "DELETE FROM reservations WHERE conversation_id = ?",
                &[id.to_string().into()],
            )?;
            self.change(|memory| {
                memory.reservations.remove(&id);
            });
        }
        Ok(())
    }

    /// Remembers an agent's name, and whether they are away when that is said.
    pub(super) fn set_agent(
        &self,
        account_id: AccountId,
        agent_id: UserId,
        name: &str,
        away: Option<bool>,
    ) -> Result<(), SqlError> {
        let before = self.with(|memory| memory.agents.get(&agent_id).cloned())?;
        let agent = Agent {
            name: name.to_owned(),
            away: away.unwrap_or_else(|| before.as_ref().is_some_and(|before| before.away)),
        };
        if before.as_ref() == Some(&agent) {
            return Ok(());
        }
        self.ensure_schema(account_id)?;
        self.write(
            "INSERT OR REPLACE INTO agents (agent_id, name, away) VALUES (?, ?, ?)",
            &[agent_id.to_string().into(), name.into(), agent.away.into()],
        )?;
        self.change(|memory| {
            memory.agents.insert(agent_id, agent);
        });
        Ok(())
    }

    /// Agents that are in `online` or have load, by id.
    pub(super) fn presence(
        &self,
        online: &BTreeMap<UserId, String>,
        now: Timestamp,
    ) -> Result<Vec<AgentPresence>, SqlError> {
        self.with(|memory| {
            let mut loads = memory.tally.loads.clone();
            for held in memory.reservations.values() {
                if held.expires >= now.seconds() {
                    *loads.entry(held.agent_id).or_default() += 1;
                }
            }
            let mut agents: BTreeMap<UserId, AgentPresence> = BTreeMap::new();
            for agent_id in online.keys().chain(loads.keys()) {
                let known = memory.agents.get(agent_id);
                agents.entry(*agent_id).or_insert_with(|| AgentPresence {
                    agent_id: *agent_id,
                    name: online
                        .get(agent_id)
                        .or(known.map(|agent| &agent.name))
                        .cloned()
                        .unwrap_or_default(),
                    online: online.contains_key(agent_id),
                    away: known.is_some_and(|agent| agent.away),
                    load: loads.get(agent_id).copied().unwrap_or_default(),
                });
            }
            agents.into_values().collect()
        })
    }

    pub(super) fn registry(&self, after: u64, limit: u64) -> Result<Vec<RegistryEntry>, SqlError> {
        if !self.exists()? {
            return Ok(Vec::new());
        }
        self.sql
            .exec(
                "SELECT conversation_id, ticket_id, ticket_number FROM conversations
                WHERE ticket_number > ? ORDER BY ticket_number LIMIT ?",
                &[after.into(), limit.into()],
            )?
            .iter()
            .map(|row| {
                Ok(RegistryEntry {
                    conversation_id: row.parsed(0)?,
                    ticket_id: row.parsed(1)?,
                    ticket_number: row.count(2)?,
                })
            })
            .collect()
    }

    /// Creates the tables before the first write.
    pub(super) fn ensure_schema(&self, account_id: AccountId) -> Result<(), SqlError> {
        if self.schema_ready.get() {
            return Ok(());
        }
        for statement in SCHEMA {
            self.sql.exec(statement, &[])?;
        }
        self.sql.exec(
            "INSERT OR IGNORE INTO desk (id, account_id) VALUES (1, ?)",
            &[account_id.to_string().into()],
        )?;
        self.schema_ready.set(true);
        self.change(|memory| memory.account_id = Some(account_id));
        Ok(())
    }

    fn with<T>(&self, look: impl FnOnce(&Memory) -> T) -> Result<T, SqlError> {
        if self.memory.borrow().is_none() {
            let memory = self.load_all()?;
            *self.memory.borrow_mut() = Some(memory);
        }
        let memory = self.memory.borrow();
        // The lines above have put it there.
        Ok(look(memory.as_ref().expect("the memory is loaded")))
    }

    fn change(&self, change: impl FnOnce(&mut Memory)) {
        if let Some(memory) = self.memory.borrow_mut().as_mut() {
            change(memory);
        }
    }

    /// A write, after whose failure nothing in memory is believed.
    fn write(&self, sql: &str, params: &[crate::sql::SqlValue]) -> Result<Vec<Row>, SqlError> {
        self.sql.exec(sql, params).inspect_err(|_| self.forget())
    }

    fn forget(&self) {
        *self.memory.borrow_mut() = None;
    }

    fn load_all(&self) -> Result<Memory, SqlError> {
        let mut memory = Memory::default();
        let exists = self.sql.exec(
            "SELECT (SELECT instr(sql, 'team_id') FROM sqlite_master WHERE type = 'table' AND name = 'conversations')
            FROM sqlite_master WHERE type = 'table' AND name = 'desk'",
            &[],
        )?;
        let Some(row) = exists.first() else {
            return Ok(memory);
        };
        // A desk of before there were teams.
        if row.integer(0)? == 0 {
            self.sql
                .exec("ALTER TABLE conversations ADD COLUMN team_id TEXT", &[])?;
        }
        let account = self.sql.exec("SELECT account_id FROM desk", &[])?;
        let Some(row) = account.first() else {
            return Ok(memory);
        };
        memory.account_id = Some(row.parsed(0)?);
        self.schema_ready.set(true);

        let sums = self.sql.exec(
            "SELECT COALESCE(SUM(is_open), 0), COALESCE(SUM(is_open AND is_waiting), 0),
                COALESCE(SUM(is_open AND assignee_id IS NULL), 0), COALESCE(SUM(is_open AND is_at_risk), 0),
                COALESCE(SUM(NOT is_open), 0), COUNT(first_response_ms), COALESCE(SUM(first_response_ms), 0)
            FROM conversations",
            &[],
        )?;
        if let Some(row) = sums.first() {
            memory.tally = Tally {
                open: row.count(0)?,
                waiting: row.count(1)?,
                unassigned: row.count(2)?,
                at_risk: row.count(3)?,
                resolved: row.count(4)?,
                n_replied: row.count(5)?,
                response_ms: row.integer(6)?,
                loads: BTreeMap::new(),
            };
        }
        for row in self.sql.exec(
            "SELECT assignee_id, COUNT(*) FROM conversations
            WHERE is_open AND assignee_id IS NOT NULL GROUP BY assignee_id",
            &[],
        )? {
            let load = u32::try_from(row.count(1)?).unwrap_or(u32::MAX);
            memory.tally.loads.insert(row.parsed(0)?, load);
        }
        for row in self.sql.exec(
            "SELECT conversation_id, agent_id, expires FROM reservations",
            &[],
        )? {
            let reservation = Reservation {
                agent_id: row.parsed(1)?,
                expires: row.integer(2)?,
            };
            memory.reservations.insert(row.parsed(0)?, reservation);
        }
        for row in self
            .sql
            .exec("SELECT agent_id, name, away FROM agents", &[])?
        {
            let agent = Agent {
                name: row.text(1)?.to_owned(),
                away: row.integer(2)? != 0,
            };
            memory.agents.insert(row.parsed(0)?, agent);
        }
        Ok(memory)
    }
}

impl Memory {
    fn cache(&mut self, id: ConversationId, entry: Entry) {
        if self.entries.len() >= MAX_CACHED && !self.entries.contains_key(&id) {
            self.entries.clear();
        }
        self.entries.insert(id, entry);
    }
}

fn read_entry(row: &Row) -> Result<Entry, SqlError> {
    Ok(Entry {
        ticket_number: row.count(0)?,
        ticket_id: row.parsed(1)?,
        seq: row.count(2)?,
        facts: Facts {
            is_open: row.integer(3)? != 0,
            is_waiting: row.integer(4)? != 0,
            is_at_risk: row.integer(5)? != 0,
            assignee_id: row.optional_parsed(6)?,
            first_response_ms: row.optional_integer(7)?,
            team_id: row.optional_parsed(8)?,
        },
    })
}
