//! The event log of one conversation in its SQLite, and what is folded from it.
//!
//! State, in the order it is written: `events` (the truth) with `seen` (names under which a repeat could come), then
//! `outbox` (how far the queue and the desk have followed), then `snapshot` (a saved fold, only to load faster).
//!
//! Invariants:
//! - `seq` is 1, 2, 3 … without gap or repeat; times never go back.
//! - One append is one SQL statement: its events and their dedup keys are all there or none is. The keys travel in a
//!   column, and a trigger spreads them into `seen`, whose primary key refuses a repeat and with it the whole append.
//! - `flushed <= appended`, always.
//! - Memory is a cache. After any error of the storage it is dropped and read again, since the write may have landed.

pub(crate) mod rewriting;

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use edgedesk_domain::conversation::ConversationState;
use edgedesk_domain::event::{Event, EventData};
use edgedesk_domain::ids::{AccountId, ConversationId, EventId, IdSource};
use edgedesk_domain::time::Timestamp;

use crate::sql::{MAX_PARAMS, ObjectSql, Row, SqlError, SqlValue};
use crate::tickets;

/// The version of the fold. Raise it when [`ConversationState::apply`] changes what it makes of the same log: snapshots of
/// another version are ignored and the log is folded anew.
const FOLD_VERSION: u32 = 1;

/// Events between two snapshots. Folding an event costs some ten microseconds, so a load never takes longer than a few
/// milliseconds; saving the state more often would cost each message a write of its kilobyte or two.
const SNAPSHOT_EVERY: u64 = 64;

/// Events of one page when the log is read: 200 of half a kilobyte are 100 kB of memory.
const PAGE: u64 = 200;

/// Bytes of events kept in memory until the queue has taken them. An isolate of 128 MB may hold hundreds of objects; what
/// is over this is read from the log when its turn comes.
const RECENT_BYTES: usize = 64 * 1024;

/// Most bytes of one stored event: the platform's 2 MB for a row, less what the row holds besides.
pub(crate) const MAX_EVENT_BYTES: usize = 1_900_000;

/// Bound parameters of one appended event.
const PARAMS_PER_EVENT: usize = 5;

const SNAPSHOT_TABLE: &str = "CREATE TABLE IF NOT EXISTS snapshot (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    fold_version INTEGER NOT NULL,
    state TEXT NOT NULL
)";

/// The schema. The trigger comes last: where it is, everything is.
const SCHEMA: [&str; 7] = [
    "CREATE TABLE IF NOT EXISTS seen (
        key TEXT PRIMARY KEY,
        seq INTEGER NOT NULL
    ) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS outbox (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        flushed_events INTEGER NOT NULL,
        flushed_desk INTEGER NOT NULL
    )",
    "INSERT OR IGNORE INTO outbox (id, flushed_events, flushed_desk) VALUES (1, 0, 0)",
    SNAPSHOT_TABLE,
    tickets::TABLE,
    "CREATE TABLE IF NOT EXISTS events (
        seq INTEGER PRIMARY KEY,
        type TEXT NOT NULL,
        at INTEGER NOT NULL,
        event TEXT NOT NULL,
        dedup_keys TEXT
    )",
    "CREATE TRIGGER IF NOT EXISTS events_seen AFTER INSERT ON events
    WHEN new.dedup_keys IS NOT NULL
    BEGIN
        INSERT INTO seen (key, seq) SELECT value, new.seq FROM json_each(new.dedup_keys);
    END",
];

/// Made when it is needed: objects of before drafts have none.
const ASKED_DRAFT_TABLE: &str = "CREATE TABLE IF NOT EXISTS asked_draft (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    message_seq INTEGER NOT NULL
)";

/// Where an object's events belong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Address {
    /// The account.
    pub account_id: AccountId,
    /// The conversation.
    pub conversation_id: ConversationId,
}

/// An event that is to be logged.
#[derive(Debug, Clone)]
pub(crate) struct NewEvent {
    pub(crate) data: EventData,
    pub(crate) cause: Cause,
    /// Names of which each may be logged once; none for events that nobody repeats.
    pub(crate) dedup_keys: Vec<String>,
}

/// What caused an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    /// Nothing in the log.
    None,
    /// An event of the log.
    Logged(EventId),
    /// The event at this place of the same append.
    Sibling(usize),
}

impl NewEvent {
    pub(crate) fn new(data: EventData) -> Self {
        Self {
            data,
            cause: Cause::None,
            dedup_keys: Vec::new(),
        }
    }

    pub(crate) fn caused_by(mut self, cause: Cause) -> Self {
        self.cause = cause;
        self
    }

    /// Keys without NUL characters, which SQLite's JSON functions cut, each once.
    pub(crate) fn once_per(mut self, keys: impl IntoIterator<Item = String>) -> Self {
        self.dedup_keys = keys
            .into_iter()
            .map(|key| {
                if key.contains('\0') {
                    key.replace('\0', "\u{fffd}")
                } else {
                    key
                }
            })
            .collect();
        self.dedup_keys.sort_unstable();
        self.dedup_keys.dedup();
        self
    }
}

/// An event of the log and its JSON, as stored and sent.
#[derive(Debug)]
pub(crate) struct Logged {
    pub(crate) event: Event,
    pub(crate) json: Rc<str>,
}

/// What became of an append.
#[derive(Debug)]
pub(crate) enum Appended {
    /// All of it is in the log.
    Logged(Vec<Rc<Logged>>),
    /// One of its keys was seen before, on the event with this `seq`; nothing was written.
    Duplicate(u64),
}

/// What is known of the log without reading it.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    /// The fold; absent while the log is empty.
    pub(crate) state: Option<ConversationState>,
    /// `seq` of the last event; 0 while the log is empty.
    pub(crate) head: u64,
    /// `seq` of the last message or note.
    pub(crate) last_message_seq: u64,
    /// `seq` up to which the queue has taken the events.
    pub(crate) flushed_events: u64,
    /// `seq` that the desk has been told of.
    pub(crate) flushed_desk: u64,
    /// `seq` of the last analysed message for which a draft was asked, or for which none is wanted.
    pub(crate) asked_draft: u64,
    last_at: Timestamp,
    snapshot_seq: u64,
    /// What names of deliveries are hashed with, since some of them were.
    salt: Option<Rc<str>>,
    recent: VecDeque<Rc<Logged>>,
    recent_bytes: usize,
}

/// The log and its cache.
#[derive(Debug)]
pub(crate) struct Log<S> {
    sql: S,
    memory: RefCell<Option<Memory>>,
    schema_ready: Cell<bool>,
    /// How often stored events were changed in this life: what was read before is not what is stored any more.
    n_rewrites: Cell<u64>,
}

impl<S: ObjectSql> Log<S> {
    pub(crate) fn new(sql: S) -> Self {
        Self {
            sql,
            memory: RefCell::new(None),
            schema_ready: Cell::new(false),
            n_rewrites: Cell::new(0),
        }
    }

    /// The storage, for what is kept beside the log.
    pub(crate) fn sql(&self) -> &S {
        &self.sql
    }

    /// Looks at what is known, reading it first if need be. Reading never writes: a question about a conversation that
    /// does not exist leaves no trace.
    pub(crate) fn with<T>(&self, look: impl FnOnce(&Memory) -> T) -> Result<T, SqlError> {
        if self.memory.borrow().is_none() {
            let memory = self.load()?;
            *self.memory.borrow_mut() = Some(memory);
        }
        let memory = self.memory.borrow();
        // The lines above have put it there.
        Ok(look(memory.as_ref().expect("the memory is loaded")))
    }

    /// The fold, copied.
    pub(crate) fn state(&self) -> Result<Option<ConversationState>, SqlError> {
        self.with(|memory| memory.state.clone())
    }

    /// Logs `new`, all of it or nothing.
    ///
    /// # Errors
    ///
    /// After an error it may be in the log or not; the next look reads the log again.
    pub(crate) fn append(
        &self,
        address: Address,
        now: Timestamp,
        ids: &impl IdSource,
        new: Vec<NewEvent>,
    ) -> Result<Appended, SqlError> {
        let (head, last_at) = self.with(|memory| (memory.head, memory.last_at))?;
        if new.is_empty() {
            return Ok(Appended::Logged(Vec::new()));
        }
        if new.len() * PARAMS_PER_EVENT >= MAX_PARAMS {
            return Err(SqlError::Failed("too many events in one append".to_owned()));
        }
        self.ensure_schema()?;

        let at = now.max(last_at);
        let mut logged: Vec<Rc<Logged>> = Vec::with_capacity(new.len());
        let mut params = Vec::with_capacity(new.len() * PARAMS_PER_EVENT);
        let mut keys: Vec<String> = Vec::new();
        for (seq, new) in (head + 1..).zip(new) {
            let event = Event {
                id: EventId::generate(ids),
                seq,
                conversation_id: address.conversation_id,
                account_id: address.account_id,
                at,
                causation_id: match new.cause {
                    Cause::None => None,
                    Cause::Logged(id) => Some(id),
                    Cause::Sibling(index) => logged.get(index).map(|logged| logged.event.id),
                },
                revision: 0,
                data: new.data,
            };
            let json = to_json(&event)?;
            params.extend([
                seq.into(),
                event.data.type_name().into(),
                at.millis().into(),
                json.as_str().into(),
                if new.dedup_keys.is_empty() {
                    SqlValue::Null
                } else {
                    to_json(&new.dedup_keys)?.into()
                },
            ]);
            keys.extend(new.dedup_keys);
            logged.push(Rc::new(Logged {
                event,
                json: Rc::from(json),
            }));
        }

        let has_keys = !keys.is_empty();
        if has_keys {
            params.push(to_json(&self.with_hashed(&keys)?)?.into());
        }
        match self
            .sql
            .exec(&insert_statement(logged.len(), has_keys), &params)
        {
            Ok(rows) if !rows.is_empty() => {
                self.remember(&logged);
                Ok(Appended::Logged(logged))
            }
            Ok(_) => {
                let seq = self.first_seen(&keys)?.ok_or_else(|| {
                    SqlError::Unreadable("an append was refused for no key".to_owned())
                })?;
                Ok(Appended::Duplicate(seq))
            }
            Err(error) => {
                // It may have landed, or the log is longer than we thought.
                self.forget();
                Err(error)
            }
        }
    }

    /// The `seq` of the first event logged under one of `keys`.
    pub(crate) fn first_seen(&self, keys: &[String]) -> Result<Option<u64>, SqlError> {
        let rows = self.sql.exec(
            "SELECT MIN(seq) FROM seen WHERE key IN (SELECT value FROM json_each(?))",
            &[to_json(&self.with_hashed(keys)?)?.into()],
        )?;
        let seq = rows
            .first()
            .map_or(Ok(None), |row| row.optional_integer(0))?;
        Ok(seq.and_then(|seq| u64::try_from(seq).ok()))
    }

    /// The event with this `seq`.
    pub(crate) fn event(&self, seq: u64) -> Result<Option<Rc<Logged>>, SqlError> {
        Ok(self
            .page(seq.saturating_sub(1), 1)?
            .into_iter()
            .find(|logged| logged.event.seq == seq))
    }

    /// At most `limit` events after `after`, in order: from memory when they are all there, else from the storage.
    pub(crate) fn page(&self, after: u64, limit: u64) -> Result<Vec<Rc<Logged>>, SqlError> {
        let recent = self.with(|memory| {
            if after >= memory.head {
                return Some(Vec::new());
            }
            let first = memory.recent.front()?.event.seq;
            (first <= after + 1).then(|| {
                memory
                    .recent
                    .iter()
                    .filter(|logged| logged.event.seq > after)
                    .take(usize::try_from(limit).unwrap_or(usize::MAX))
                    .cloned()
                    .collect()
            })
        })?;
        match recent {
            Some(events) => Ok(events),
            None => self.read(after, limit),
        }
    }

    /// Events of these types after `after`, in order. Reads the log from there on: for questions that people ask, not for
    /// every message.
    pub(crate) fn of_types(
        &self,
        after: u64,
        types: &[&'static str],
    ) -> Result<Vec<Event>, SqlError> {
        self.sql
            .exec(
                "SELECT event FROM events WHERE seq > ? AND type IN (SELECT value FROM json_each(?)) ORDER BY seq",
                &[after.into(), to_json(types)?.into()],
            )?
            .iter()
            .map(|row| {
                serde_json::from_str(row.text(0)?)
                    .map_err(|error| SqlError::Unreadable(format!("an event of the log: {error}")))
            })
            .collect()
    }

    /// The JSON of at most `limit` events after `after`, in order, as stored.
    pub(crate) fn page_json(&self, after: u64, limit: u64) -> Result<Vec<String>, SqlError> {
        if self.with(|memory| after >= memory.head)? {
            return Ok(Vec::new());
        }
        self.sql
            .exec(
                "SELECT event FROM events WHERE seq > ? ORDER BY seq LIMIT ?",
                &[after.into(), limit.into()],
            )?
            .iter()
            .map(|row| row.text(0).map(str::to_owned))
            .collect()
    }

    /// Notes how far the queue has followed. The desk's cursor is saved along, when this is called: telling the desk the same
    /// again does no harm, so it alone is not worth a write.
    pub(crate) fn set_flushed_events(&self, seq: u64) -> Result<(), SqlError> {
        let (flushed, desk) = self.with(|memory| (seq.min(memory.head), memory.flushed_desk))?;
        let result = self.sql.exec(
            "UPDATE outbox SET flushed_events = MAX(flushed_events, ?), flushed_desk = MAX(flushed_desk, ?)",
            &[flushed.into(), desk.into()],
        );
        if let Err(error) = result {
            self.forget();
            return Err(error);
        }
        if let Some(memory) = self.memory.borrow_mut().as_mut() {
            memory.flushed_events = memory.flushed_events.max(flushed);
            memory.release();
        }
        Ok(())
    }

    /// Notes, in memory, what the desk has been told of.
    pub(crate) fn set_flushed_desk(&self, seq: u64) {
        if let Some(memory) = self.memory.borrow_mut().as_mut() {
            memory.flushed_desk = memory.flushed_desk.max(seq.min(memory.head));
        }
    }

    /// Notes for which message a draft was asked.
    pub(crate) fn set_asked_draft(&self, message_seq: u64) -> Result<(), SqlError> {
        let written = self
            .sql
            .exec(ASKED_DRAFT_TABLE, &[])
            .and_then(|_| {
                self.sql.exec(
                    "INSERT INTO asked_draft (id, message_seq) VALUES (1, ?)
                     ON CONFLICT (id) DO UPDATE SET message_seq = max(message_seq, excluded.message_seq)",
                    &[message_seq.into()],
                )
            });
        if let Err(error) = written {
            self.forget();
            return Err(error);
        }
        if let Some(memory) = self.memory.borrow_mut().as_mut() {
            memory.asked_draft = memory.asked_draft.max(message_seq);
        }
        Ok(())
    }

    /// Saves the fold when enough has happened since the last time. Only ever a saving of time: an error loses nothing.
    pub(crate) fn save_snapshot(&self) -> Result<(), SqlError> {
        let snapshot = self.with(|memory| {
            let due = memory.head >= memory.snapshot_seq + SNAPSHOT_EVERY;
            memory.state.as_ref().filter(|_| due).map(to_json)
        })?;
        let Some(state) = snapshot.transpose()? else {
            return Ok(());
        };
        self.sql.exec(SNAPSHOT_TABLE, &[])?;
        self.sql.exec(
            "INSERT OR REPLACE INTO snapshot (id, fold_version, state) VALUES (1, ?, ?)",
            &[FOLD_VERSION.into(), state.into()],
        )?;
        if let Some(memory) = self.memory.borrow_mut().as_mut() {
            memory.snapshot_seq = memory.head;
        }
        Ok(())
    }

    fn forget(&self) {
        *self.memory.borrow_mut() = None;
    }

    pub(crate) fn ensure_schema(&self) -> Result<(), SqlError> {
        if !self.schema_ready.get() {
            for statement in SCHEMA {
                self.sql.exec(statement, &[])?;
            }
            self.schema_ready.set(true);
        }
        Ok(())
    }

    /// Folds what was just logged into the memory.
    fn remember(&self, logged: &[Rc<Logged>]) {
        if let Some(memory) = self.memory.borrow_mut().as_mut() {
            for logged in logged {
                memory.fold(&logged.event);
                memory.keep(Rc::clone(logged));
            }
        }
    }

    fn load(&self) -> Result<Memory, SqlError> {
        let mut memory = Memory::default();
        let ready = self.sql.exec(
            "SELECT (SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'snapshot'),
                (SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'scrubbing'),
                (SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'asked_draft')
            FROM sqlite_master WHERE type = 'trigger' AND name = 'events_seen'",
            &[],
        )?;
        let Some(ready) = ready.first() else {
            return Ok(memory);
        };
        self.schema_ready.set(true);
        if ready.optional_integer(1)?.is_some() {
            memory.salt = self.read_salt()?;
        }
        if ready.optional_integer(2)?.is_some() {
            let asked = self.sql.exec("SELECT message_seq FROM asked_draft", &[])?;
            memory.asked_draft = asked.first().map_or(Ok(0), |row| row.count(0))?;
        }

        let outbox = self
            .sql
            .exec("SELECT flushed_events, flushed_desk FROM outbox", &[])?;
        if let Some(row) = outbox.first() {
            (memory.flushed_events, memory.flushed_desk) = (row.count(0)?, row.count(1)?);
        }
        // A log from which personal data was taken out has none until the next is due.
        let snapshot = if ready.optional_integer(0)?.is_some() {
            self.sql.exec(
                "SELECT state FROM snapshot WHERE fold_version = ?",
                &[FOLD_VERSION.into()],
            )?
        } else {
            Vec::new()
        };
        // A snapshot that this version cannot read is as good as none.
        if let Some(state) = snapshot
            .first()
            .and_then(|row| serde_json::from_str::<ConversationState>(row.text(0).ok()?).ok())
        {
            memory.snapshot_seq = state.seq;
            memory.head = state.seq;
            memory.state = Some(state);
        }
        loop {
            let events = self.read(memory.head, PAGE)?;
            for logged in &events {
                memory.fold(&logged.event);
                if memory.head != logged.event.seq {
                    return Err(SqlError::Unreadable(format!(
                        "the log jumps from {} to {}",
                        memory.head, logged.event.seq
                    )));
                }
            }
            if (events.len() as u64) < PAGE {
                break;
            }
        }

        let last = self.sql.exec(
            "SELECT (SELECT at FROM events ORDER BY seq DESC LIMIT 1),
                (SELECT seq FROM events WHERE type = 'message.created' ORDER BY seq DESC LIMIT 1)",
            &[],
        )?;
        if let Some(row) = last.first() {
            memory.last_at = Timestamp::from_millis(row.optional_integer(0)?.unwrap_or_default());
            memory.last_message_seq =
                u64::try_from(row.optional_integer(1)?.unwrap_or_default()).unwrap_or_default();
        }
        Ok(memory)
    }

    fn read(&self, after: u64, limit: u64) -> Result<Vec<Rc<Logged>>, SqlError> {
        self.sql
            .exec(
                "SELECT event FROM events WHERE seq > ? ORDER BY seq LIMIT ?",
                &[after.into(), limit.into()],
            )?
            .iter()
            .map(read_event)
            .collect()
    }
}

impl Memory {
    /// Whether the queue or the desk has not followed yet.
    pub(crate) fn is_unflushed(&self) -> bool {
        self.flushed_events < self.head || self.flushed_desk < self.head
    }

    /// `seq` of the last analysed message, if no draft was asked for it yet.
    pub(crate) fn undrafted(&self) -> Option<u64> {
        let last = self.state.as_ref()?.moods.last()?;
        Some(last.seq).filter(|seq| *seq > self.asked_draft)
    }

    fn fold(&mut self, event: &Event) {
        match &mut self.state {
            Some(state) => state.apply(event),
            None => self.state = ConversationState::first(event),
        }
        self.head = self.state.as_ref().map_or(0, |state| state.seq);
        self.last_at = event.at;
        if matches!(event.data, EventData::MessageCreated(_)) {
            self.last_message_seq = event.seq;
        }
    }

    fn keep(&mut self, logged: Rc<Logged>) {
        self.recent_bytes += logged.json.len();
        self.recent.push_back(logged);
        while self.recent_bytes > RECENT_BYTES {
            self.drop_oldest();
        }
    }

    /// Lets go of what the queue has taken.
    fn release(&mut self) {
        while self
            .recent
            .front()
            .is_some_and(|oldest| oldest.event.seq <= self.flushed_events)
        {
            self.drop_oldest();
        }
    }

    fn drop_oldest(&mut self) {
        if let Some(oldest) = self.recent.pop_front() {
            self.recent_bytes -= oldest.json.len();
        }
    }
}

/// The one statement of an append. It does nothing when a key was seen before, which is no error: repeats are ordinary.
/// Even if that check were wrong, the trigger would refuse the whole.
fn insert_statement(n_events: usize, has_keys: bool) -> String {
    let mut statement = String::from(
        "INSERT INTO events (seq, type, at, event, dedup_keys) SELECT * FROM (VALUES (?,?,?,?,?)",
    );
    for _ in 1..n_events {
        statement.push_str(",(?,?,?,?,?)");
    }
    statement.push(')');
    if has_keys {
        statement.push_str(
            " WHERE NOT EXISTS (SELECT 1 FROM seen WHERE key IN (SELECT value FROM json_each(?)))",
        );
    }
    statement.push_str(" RETURNING seq");
    statement
}

fn read_event(row: &Row) -> Result<Rc<Logged>, SqlError> {
    let json = row.text(0)?;
    let event = serde_json::from_str(json)
        .map_err(|error| SqlError::Unreadable(format!("an event of the log: {error}")))?;
    Ok(Rc::new(Logged {
        event,
        json: Rc::from(json),
    }))
}

/// Our own types have text keys and no failing `Serialize`, so this does not fail in practice.
pub(crate) fn to_json<T: serde::Serialize + ?Sized>(value: &T) -> Result<String, SqlError> {
    serde_json::to_string(value).map_err(|error| SqlError::Failed(error.to_string()))
}
