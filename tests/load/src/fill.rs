//! Many conversations in the read model of a state folder, before its runtime starts: a year's, in a minute.
//!
//! They come the way all rows come: as queue messages, through the projector, with its SQL and under the account's own keys. Only the
//! queue and the objects are left out, so a conversation made here is in every list and under no object. Ticket numbers
//! begin far above those that a desk gives.

use std::cell::RefCell;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use anyhow::{Context, Result, anyhow, bail};
use edgedesk_client::api;
use edgedesk_crypto::root::ROOT_KEY;
use edgedesk_domain::account::Secret;
use edgedesk_domain::ids::{AccountId, ConversationId};
use edgedesk_domain::time::Timestamp;
use edgedesk_store::projector::{
    Chance, Delivery, KnownShards, LogReader, Projector, ReadError, Verdict,
};
use edgedesk_store::{
    DataKeys, Database, KnownKeys, Row, Shards, Statement, StoreError, Value as Cell,
};
use edgedesk_wire::object::EventsResponse;
use hmac::{Hmac, KeyInit, Mac};
use rusqlite::Connection;
use rusqlite::types::{Value as SqlValue, ValueRef};
use sha2::{Digest, Sha256};

use crate::Note;

mod made;

use made::Maker;

/// Most conversations that are made.
pub const MAX_CONVERSATIONS: u32 = 1_000_000;
/// Queue messages that are projected in one transaction, which has a conversation each.
const BATCH: u64 = 250;
/// Bindings of the databases in the configuration: the directory, then the shards by their numbers.
const DATABASES: [&str; 3] = ["DIRECTORY", "SHARD_0", "SHARD_1"];
/// What the local runtime keeps D1 databases as.
const OBJECT_CLASS: &str = "miniflare-D1DatabaseObject";

/// Puts so many conversations of an account into the databases of a state folder that nothing runs on.
///
/// # Errors
/// When the folder has no databases yet, or a row is refused.
pub async fn conversations(
    state: &Path,
    configuration: &Path,
    ids: &edgedesk_store::seed::DemoIds,
    n_conversations: u32,
    texts: &[String],
    note: Note<'_>,
) -> Result<()> {
    if n_conversations > MAX_CONVERSATIONS {
        bail!("at most {MAX_CONVERSATIONS} conversations are made, not {n_conversations}");
    }
    let shards = open(state, configuration)?;
    let (known_shards, logs, chance) = (KnownShards::default(), NoLogs, Half);
    let projector = Projector {
        shards: &shards,
        logs: &logs,
        chance: &chance,
        known_shards: &known_shards,
        now: api::now(),
    };
    let maker = Maker::new(ids, texts, api::now());
    let n = u64::from(n_conversations);
    for first in (0..n).step_by(usize::try_from(BATCH)?) {
        let deliveries = (first..n.min(first + BATCH))
            .map(|number| {
                let envelope = maker.conversation(number)?;
                Ok(Delivery {
                    id: envelope.id.clone(),
                    body: Some(serde_json::to_string(&envelope)?),
                    n_attempts: 1,
                })
            })
            .collect::<Result<Vec<_>>>()?;
        let verdicts = projector.project(&deliveries).await;
        if let Some(verdict) = verdicts
            .iter()
            .find(|verdict| !matches!(verdict, Verdict::Projected { .. }))
        {
            bail!("a conversation could not be projected: {verdict:?}");
        }
        note(&format!("{} of {n} conversations", n.min(first + BATCH)));
    }
    Ok(())
}

fn open(state: &Path, configuration: &Path) -> Result<Shards<SqliteFile>> {
    let text = fs::read_to_string(configuration)
        .with_context(|| format!("cannot read {}", configuration.display()))?;
    let root = setting(&text, ROOT_KEY).context("the configuration has no root key")?;
    let open = |binding: &str| -> Result<SqliteFile> {
        let id = database_id(&text, binding)
            .with_context(|| format!("the configuration has no database {binding}"))?;
        SqliteFile::open(&local_file(state, id))
    };
    let [directory, shards @ ..] = DATABASES;
    let keys = DataKeys::new(
        &Secret::new(root),
        None,
        |bytes| {
            // Without random bytes nothing may be sealed; a nonce of zeros would be used twice.
            getrandom::fill(bytes).expect("the system has random bytes");
        },
        api::now,
        KnownKeys::default(),
    )?;
    let shards = shards.into_iter().map(open).collect::<Result<_>>()?;
    Ok(Shards::new(open(directory)?, shards, keys))
}

/// The first value of `name = "value"`.
fn setting<'a>(configuration: &'a str, name: &str) -> Option<&'a str> {
    configuration.lines().find_map(|line| {
        let (key, value) = line.split_once(" = ")?;
        let value = value.trim().strip_prefix('"')?.strip_suffix('"')?;
        (key.trim() == name).then_some(value)
    })
}

/// The id of the database with this binding.
fn database_id<'a>(configuration: &'a str, binding: &str) -> Option<&'a str> {
    let begin = configuration.find(&format!("binding = \"{binding}\""))?;
    setting(&configuration[begin..], "database_id")
}

/// Where the local runtime keeps a database: its file is named as a Durable Object of that name would be.
fn local_file(state: &Path, database_id: &str) -> PathBuf {
    state
        .join("v3/d1")
        .join(OBJECT_CLASS)
        .join(format!("{}.sqlite", object_id(OBJECT_CLASS, database_id)))
}

/// The id that the local runtime derives from a class and a name.
fn object_id(class: &str, name: &str) -> String {
    let key = Sha256::digest(class);
    let half = |data: &[u8]| {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&key).expect("HMAC takes keys of every length");
        mac.update(data);
        mac.finalize().into_bytes()[..16].to_vec()
    };
    let name = half(name.as_bytes());
    let check = half(&name);
    hex::encode([name, check].concat())
}

/// A database in a file, as D1 has it.
struct SqliteFile(RefCell<Connection>);

impl SqliteFile {
    fn open(path: &Path) -> Result<Self> {
        if !path.exists() {
            bail!(
                "there is no database {}: the state folder is new",
                path.display()
            );
        }
        let connection = Connection::open(path)?;
        // A run that is cut short is begun again in a new folder, so nobody waits for the disk.
        connection.pragma_update(None, "synchronous", "OFF")?;
        Ok(Self(RefCell::new(connection)))
    }
}

impl Database for SqliteFile {
    async fn query(&self, sql: &'static str, parameters: &[Cell]) -> Result<Vec<Row>, StoreError> {
        run(&self.0.borrow(), sql, parameters).map_err(|error| store_error(&error))
    }

    async fn batch(&self, statements: Vec<Statement>) -> Result<Vec<Vec<Row>>, StoreError> {
        let mut connection = self.0.borrow_mut();
        run_all(&mut connection, &statements).map_err(|error| store_error(&error))
    }
}

fn run_all(
    connection: &mut Connection,
    statements: &[Statement],
) -> rusqlite::Result<Vec<Vec<Row>>> {
    let transaction = connection.transaction()?;
    let answers = statements
        .iter()
        .map(|statement| run(&transaction, statement.sql, &statement.parameters))
        .collect::<rusqlite::Result<_>>()?;
    transaction.commit()?;
    Ok(answers)
}

fn run(connection: &Connection, sql: &str, parameters: &[Cell]) -> rusqlite::Result<Vec<Row>> {
    let parameters = parameters.iter().map(|value| match value {
        Cell::Null => SqlValue::Null,
        // D1 has one kind of number.
        Cell::Int(number) => SqlValue::Real(*number as f64),
        Cell::Real(number) => SqlValue::Real(*number),
        Cell::Text(text) => SqlValue::Text(text.clone()),
    });
    let mut statement = connection.prepare_cached(sql)?;
    let columns: Rc<[String]> = statement.column_names().map(str::to_owned).collect();
    let mut found = statement.query(rusqlite::params_from_iter(parameters))?;
    let mut rows = Vec::new();
    while let Some(row) = found.next()? {
        let cell = |index| {
            Ok(match row.get_ref(index)? {
                ValueRef::Integer(number) => Cell::Real(number as f64),
                ValueRef::Real(number) => Cell::Real(number),
                ValueRef::Text(text) => Cell::Text(String::from_utf8_lossy(text).into_owned()),
                // No table has blobs.
                ValueRef::Null | ValueRef::Blob(_) => Cell::Null,
            })
        };
        let values = (0..columns.len())
            .map(cell)
            .collect::<rusqlite::Result<_>>()?;
        rows.push(Row::new(Rc::clone(&columns), values));
    }
    Ok(rows)
}

fn store_error(error: &rusqlite::Error) -> StoreError {
    StoreError::from_message(error.to_string())
}

/// There are no objects: every message has its events with it.
struct NoLogs;

impl LogReader for NoLogs {
    async fn read_events(
        &self,
        _: AccountId,
        _: ConversationId,
        _: u64,
        _: u32,
    ) -> Result<EventsResponse, ReadError> {
        Err(ReadError("nothing runs".into()))
    }
}

/// Nothing is tried twice, so chance is never asked.
struct Half;

impl Chance for Half {
    fn fraction(&self) -> f64 {
        0.5
    }
}

/// A time so many milliseconds before another.
fn before(now: Timestamp, millis: u64) -> Result<Timestamp> {
    let millis = i64::try_from(millis).map_err(|_| anyhow!("too long ago"))?;
    Ok(now.plus_millis(-millis))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_databases_of_the_configuration_are_found() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wrangler.toml");
        let text = fs::read_to_string(file).expect("the configuration");
        let ids: Vec<_> = DATABASES.map(|binding| database_id(&text, binding)).into();
        let end = |id: Option<&str>| id.map(|id| id[30..].to_owned());
        let ends: Vec<_> = ids.into_iter().map(end).collect();
        assert_eq!(
            ends,
            ["0000d0", "000050", "000051"].map(|end| Some(end.to_owned()))
        );
        assert!(setting(&text, ROOT_KEY).is_some_and(|root| root.starts_with("development-only-")));
        assert_eq!(database_id(&text, "NONE"), None);
    }

    #[test]
    fn a_folder_without_databases_is_said_to_be_one() {
        let error = SqliteFile::open(Path::new("/nowhere/at.sqlite"))
            .err()
            .expect("no database");
        assert!(error.to_string().contains("/nowhere/at.sqlite"), "{error}");
    }
}
