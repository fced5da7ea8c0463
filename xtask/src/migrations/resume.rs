//! Every migration is killed after each of its statements, and applied again by whoever comes next.
//!
//! `wrangler d1 migrations apply` sends a file as one request: its statements, and the row of `d1_migrations` that says that it was
//! applied. D1 runs a request in one transaction, locally and remotely, so that a kill leaves all of a file or nothing of it. Here the same is
//! done over SQLite: in the middle of the transaction the database's files are copied, as a machine that loses its power leaves them, and the
//! copy goes on.

use std::path::{Path, PathBuf};

use rusqlite::Connection;
use rusqlite::types::Value;

use super::{KINDS, Migration, migrations, statements};

/// Rows that a migration finds and moves, put in before it: without them half of an update looks like none.
const ROWS: [(&str, &str); 3] = [
    (
        "directory/0003_sessions.sql",
        "INSERT INTO refresh_tokens (token_hash, account_id, user_id, family_id, created_at, expires_at, used_at, revoked_at) VALUES
         ('a', 'acc', 'usr', 'f1', 1, 9, NULL, NULL), ('b', 'acc', 'usr', 'f1', 2, 10, NULL, NULL), ('c', 'acc', 'usr', 'f2', 3, 11, 4, 5);",
    ),
    (
        "shard/0003_intents_off.sql",
        "INSERT INTO own_intent_promotions VALUES ('acc', 1, 1, NULL, 'promoted', 'usr', 'Ada', 5), ('acc', 2, 2, 1, 'promoted', 'usr', 'Ada', 6);",
    ),
    (
        "shard/0009_article_sources.sql",
        "INSERT INTO articles (account_id, id, revision, title, language, state, version, search_revision, indexed_revision, source, fingerprint, created_at, updated_at) VALUES
         ('acc', 'art', 1, 'Returns', 'en', 'draft', 1, 0, 0, 'https://shop.example/returns', 'x', 1, 2);",
    ),
];

/// A folder that is deleted when the test ends.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = format!("edgedesk-migrations-{name}-{}", std::process::id());
        let folder = std::env::temp_dir().join(folder);
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn open(file: &Path) -> Connection {
    let connection = Connection::open(file).unwrap();
    // As D1 has it. Without waiting for the disk: no machine loses its power here.
    connection
        .execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA wal_autocheckpoint = 0;",
        )
        .unwrap();
    connection
        .execute_batch(
            "CREATE TABLE IF NOT EXISTS d1_migrations (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, applied_at TEXT DEFAULT 'now' NOT NULL);",
        )
        .unwrap();
    connection
}

/// What is sent for a migration.
fn request(migration: &Migration) -> Vec<String> {
    let mut request = statements(&migration.text);
    let applied = format!(
        "INSERT INTO d1_migrations (name) VALUES ('{}')",
        migration.name
    );
    request.push(applied);
    request
}

fn is_applied(connection: &Connection, migration: &Migration) -> bool {
    let sql = "SELECT count(*) FROM d1_migrations WHERE name = ?1";
    let n: i64 = connection
        .query_row(sql, [&migration.name], |row| row.get(0))
        .unwrap();
    n > 0
}

/// Applies a migration unless that was done, as whoever runs the command again does.
fn apply(connection: &Connection, migration: &Migration) -> rusqlite::Result<()> {
    if is_applied(connection, migration) {
        return Ok(());
    }
    let transaction = connection.unchecked_transaction()?;
    for statement in request(migration) {
        transaction.execute_batch(&statement)?;
    }
    transaction.commit()
}

/// The schema and every row, to be compared.
fn contents(connection: &Connection) -> Vec<String> {
    let all = |sql: &str| -> Vec<String> {
        let mut statement = connection.prepare(sql).unwrap();
        let n = statement.column_count();
        let rows = statement.query_map([], |row| {
            let values: rusqlite::Result<Vec<Value>> = (0..n).map(|index| row.get(index)).collect();
            Ok(format!("{:?}", values?))
        });
        let mut rows: Vec<String> = rows.unwrap().map(Result::unwrap).collect();
        rows.sort();
        rows
    };
    let mut contents = all("SELECT type, name, tbl_name, sql FROM sqlite_master");
    let mut tables = connection
        .prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        .unwrap();
    let tables: Vec<String> = tables
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    for table in tables {
        contents.push(table.clone());
        contents.extend(all(&format!("SELECT * FROM \"{table}\"")));
    }
    contents
}

/// The database as a kill at this moment leaves it.
fn killed(file: &Path, to: &Path) -> Connection {
    for end in ["sqlite", "sqlite-wal", "sqlite-shm"] {
        let _ = std::fs::remove_file(to.with_extension(end));
    }
    // The index of the log is in memory that is shared, and gone with the processes.
    for end in ["sqlite", "sqlite-wal"] {
        std::fs::copy(file.with_extension(end), to.with_extension(end)).unwrap();
    }
    open(to)
}

/// Walks through the migrations of a kind. `attempt` is given the database before each, the statements of it that were run, and says what
/// the database has when the command was run again; `None` when that failed.
fn walk(kind: &str, is_one_transaction: bool) -> (usize, Vec<String>) {
    let word = if is_one_transaction { "whole" } else { "apart" };
    let folder = Folder::new(&format!("{kind}-{word}"));
    let (file, copy) = (folder.0.join("d1.sqlite"), folder.0.join("killed.sqlite"));
    let connection = open(&file);
    let (mut n_kills, mut different) = (0, Vec::new());
    for migration in migrations(kind) {
        if let Some((_, rows)) = ROWS.iter().find(|(name, _)| *name == migration.name) {
            connection.execute_batch(rows).unwrap();
        }
        let request = request(&migration);
        let expected = {
            let whole = killed(&file, &copy);
            apply(&whole, &migration).unwrap_or_else(|error| panic!("{}: {error}", migration.name));
            contents(&whole)
        };
        for n in 0..=request.len() {
            let begun = folder.0.join("begun.sqlite");
            let running = killed(&file, &begun);
            // A page that is full of changes is written to the log before the end.
            running.execute_batch("PRAGMA cache_size = 1").unwrap();
            if is_one_transaction {
                running.execute_batch("BEGIN").unwrap();
            }
            for statement in &request[..n] {
                running.execute_batch(statement).unwrap();
            }
            let resumed = killed(&begun, &copy);
            n_kills += 1;
            let outcome = apply(&resumed, &migration).map(|()| contents(&resumed));
            if outcome.as_ref() != Ok(&expected) {
                different.push(format!("{} after {n} statements", migration.name));
            }
        }
        apply(&connection, &migration).unwrap();
        assert_eq!(contents(&connection), expected, "{}", migration.name);
    }
    (n_kills, different)
}

#[test]
fn a_migration_killed_after_any_statement_is_applied_again_with_the_same_outcome() {
    for kind in KINDS {
        let (n_kills, different) = walk(kind, true);
        assert!(n_kills > 40, "{kind}: {n_kills} kills");
        assert_eq!(different, Vec::<String>::new());
    }
}

/// What the test above would find if D1 had no transaction around a file.
#[test]
fn without_a_transaction_a_kill_would_be_seen() {
    for (kind, name) in [
        ("directory", "0003_sessions"),
        ("shard", "0003_intents_off"),
    ] {
        let (_, different) = walk(kind, false);
        assert!(
            different.iter().any(|which| which.contains(name)),
            "{kind}: {different:?}"
        );
    }
}
