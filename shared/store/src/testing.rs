//! A SQLite that behaves as D1 does, with the real migrations, and files in memory; both fail on command.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;

use edgedesk_domain::files::FileKey;
use edgedesk_domain::time::Timestamp;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ToSql};

use crate::database::{Database, MAX_BOUND_PARAMETERS, Row, Statement, StoreError, Value};
use crate::files::{FileError, FilePage, FileStore, StoredFile};

/// How a call fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// Nothing is written.
    Down,
    /// All is written, and the caller is told that nothing was.
    AnswerLost,
}

type FailurePlan = Box<dyn FnMut(u64) -> Option<Failure>>;

/// A database in memory. Every number is bound as a double, as D1 binds it.
pub struct Sqlite {
    connection: RefCell<Connection>,
    n_calls: Cell<u64>,
    plan: RefCell<FailurePlan>,
}

impl Sqlite {
    /// An empty directory, from `migrations/directory`.
    ///
    /// # Panics
    ///
    /// When a migration cannot be read or run.
    #[must_use]
    pub fn directory() -> Self {
        Self::migrated("directory")
    }

    /// An empty shard, from `migrations/shard`.
    ///
    /// # Panics
    ///
    /// When a migration cannot be read or run.
    #[must_use]
    pub fn shard() -> Self {
        Self::migrated("shard")
    }

    /// Asks `plan` before every call, with the call's number from 1, whether and how it fails.
    pub fn fail_when(&self, plan: impl FnMut(u64) -> Option<Failure> + 'static) {
        self.n_calls.set(0);
        *self.plan.borrow_mut() = Box::new(plan);
    }

    /// Works again.
    pub fn recover(&self) {
        self.fail_when(|_| None);
    }

    /// Calls since the failure plan was set, or since the beginning.
    #[must_use]
    pub fn n_calls(&self) -> u64 {
        self.n_calls.get()
    }

    /// The plan that SQLite makes for a statement, a line a step.
    ///
    /// # Panics
    ///
    /// When the statement is not valid.
    #[must_use]
    pub fn explain(&self, sql: &str) -> Vec<String> {
        let connection = self.connection.borrow();
        let mut statement = connection
            .prepare(&format!("EXPLAIN QUERY PLAN {sql}"))
            .expect("the statement is valid");
        let n_parameters = statement.parameter_count();
        let nulls = vec![rusqlite::types::Null; n_parameters];
        statement
            .query_map(rusqlite::params_from_iter(nulls), |row| row.get("detail"))
            .and_then(Iterator::collect)
            .expect("SQLite explains")
    }

    /// The columns of a statement's rows; none for one that gives no rows.
    ///
    /// # Panics
    ///
    /// When the statement is not valid.
    #[must_use]
    pub fn columns(&self, sql: &str) -> Vec<String> {
        let connection = self.connection.borrow();
        let statement = connection.prepare(sql).expect("the statement is valid");
        let names = statement.column_names();
        names.into_iter().map(str::to_owned).collect()
    }

    /// Every row of a table as text, in the order of the texts: what tests compare.
    ///
    /// # Panics
    ///
    /// When there is no such table.
    #[must_use]
    pub fn dump(&self, table: &str) -> Vec<String> {
        let connection = self.connection.borrow();
        let mut statement = connection
            .prepare(&format!("SELECT * FROM {table}"))
            .expect("the table exists");
        let n_columns = statement.column_count();
        let mut rows = statement
            .query_map([], |row| {
                let mut line = Vec::with_capacity(n_columns);
                for index in 0..n_columns {
                    line.push(match row.get_ref(index)? {
                        ValueRef::Text(text) => format!("{:?}", String::from_utf8_lossy(text)),
                        other => format!("{other:?}"),
                    });
                }
                Ok(line.join(" | "))
            })
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .expect("a table can be read");
        rows.sort();
        rows
    }

    /// The names of its tables.
    ///
    /// # Panics
    /// When they cannot be read.
    pub fn tables(&self) -> Vec<String> {
        let connection = self.connection.borrow();
        let mut statement = connection
            .prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
            .expect("it has tables");
        statement
            .query_map([], |row| row.get(0))
            .and_then(Iterator::collect)
            .expect("names")
    }

    /// Runs a script of several statements, as `wrangler d1 execute --file` does.
    pub fn run_script(&self, script: &str) -> Result<(), StoreError> {
        self.connection
            .borrow()
            .execute_batch(script)
            .map_err(|error| StoreError::from_message(error.to_string()))
    }

    fn migrated(kind: &str) -> Self {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../migrations")
            .join(kind);
        let mut paths: Vec<_> = std::fs::read_dir(&directory)
            .expect("the migrations are there")
            .map(|entry| entry.expect("a directory can be listed").path())
            .collect();
        paths.sort();
        let connection = Connection::open_in_memory().expect("SQLite opens in memory");
        for path in paths {
            let sql = std::fs::read_to_string(&path).expect("a migration is a text");
            connection
                .execute_batch(&sql)
                .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        }
        Self {
            connection: RefCell::new(connection),
            n_calls: Cell::new(0),
            plan: RefCell::new(Box::new(|_| None)),
        }
    }

    fn call<T>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.n_calls.set(self.n_calls.get() + 1);
        let failure = (self.plan.borrow_mut())(self.n_calls.get());
        if failure == Some(Failure::Down) {
            return Err(StoreError::Unavailable("down on command".into()));
        }
        let answer = work(&mut self.connection.borrow_mut())?;
        if failure == Some(Failure::AnswerLost) {
            return Err(StoreError::Unavailable("answer lost on command".into()));
        }
        Ok(answer)
    }
}

impl Database for Sqlite {
    async fn query(&self, sql: &'static str, parameters: &[Value]) -> Result<Vec<Row>, StoreError> {
        self.call(|connection| run(connection, sql, parameters))
    }

    async fn batch(&self, statements: Vec<Statement>) -> Result<Vec<Vec<Row>>, StoreError> {
        self.call(|connection| {
            let transaction = connection
                .transaction()
                .map_err(|error| store_error(&error))?;
            let answers = statements
                .iter()
                .map(|statement| run(&transaction, statement.sql, &statement.parameters))
                .collect::<Result<_, _>>()?;
            transaction.commit().map_err(|error| store_error(&error))?;
            Ok(answers)
        })
    }
}

impl std::fmt::Debug for Sqlite {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sqlite").finish_non_exhaustive()
    }
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(number) => ValueRef::Real(*number as f64),
            Self::Real(number) => ValueRef::Real(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
        }))
    }
}

fn run(connection: &Connection, sql: &str, parameters: &[Value]) -> Result<Vec<Row>, StoreError> {
    if parameters.len() > MAX_BOUND_PARAMETERS {
        return Err(StoreError::Unavailable("too many SQL variables".into()));
    }
    for parameter in parameters {
        if let Value::Int(number) = parameter {
            Value::int(*number)?;
        }
    }
    let mut statement = connection
        .prepare_cached(sql)
        .map_err(|error| store_error(&error))?;
    let columns: Rc<[String]> = statement.column_names().map(str::to_owned).collect();
    let mut found = statement
        .query(rusqlite::params_from_iter(parameters))
        .map_err(|error| store_error(&error))?;
    let mut rows = Vec::new();
    while let Some(row) = found.next().map_err(|error| store_error(&error))? {
        let values = (0..columns.len())
            .map(|index| {
                let value = row.get_ref(index).map_err(|error| store_error(&error))?;
                Ok(match value {
                    ValueRef::Null => Value::Null,
                    // D1 has one kind of number.
                    ValueRef::Integer(number) => Value::Real(number as f64),
                    ValueRef::Real(number) => Value::Real(number),
                    ValueRef::Text(text) => Value::Text(String::from_utf8_lossy(text).into_owned()),
                    ValueRef::Blob(_) => {
                        return Err(StoreError::Unavailable("blobs are not used".into()));
                    }
                })
            })
            .collect::<Result<_, _>>()?;
        rows.push(Row::new(Rc::clone(&columns), values));
    }
    Ok(rows)
}

fn store_error(error: &rusqlite::Error) -> StoreError {
    StoreError::from_message(error.to_string())
}

/// Files in memory, that fail on command.
#[derive(Debug, Default)]
pub struct MemoryFiles {
    files: RefCell<BTreeMap<String, (Timestamp, Vec<u8>)>>,
    /// When files are written.
    pub now: Cell<Timestamp>,
    /// The how manieth call from now on fails, once: 1 for the next.
    pub fail_at: Cell<Option<u32>>,
}

/// Files of a page: few, so that tests meet the next one.
const FILES_OF_A_PAGE: usize = 3;

impl MemoryFiles {
    fn call(&self) -> Result<(), FileError> {
        match self.fail_at.get() {
            Some(1) => {
                self.fail_at.set(None);
                Err(FileError("down on command".into()))
            }
            left => {
                self.fail_at.set(left.map(|n| n - 1));
                Ok(())
            }
        }
    }
}

impl FileStore for MemoryFiles {
    async fn put(&self, key: &FileKey, _: &str, bytes: Vec<u8>) -> Result<(), FileError> {
        self.call()?;
        let file = (self.now.get(), bytes);
        self.files.borrow_mut().insert(key.to_string(), file);
        Ok(())
    }

    async fn get(&self, key: &FileKey) -> Result<Option<Vec<u8>>, FileError> {
        self.call()?;
        let files = self.files.borrow();
        Ok(files.get(&key.to_string()).map(|(_, bytes)| bytes.clone()))
    }

    async fn list(&self, prefix: &str, cursor: Option<&str>) -> Result<FilePage, FileError> {
        self.call()?;
        let files = self.files.borrow();
        let mut found: Vec<StoredFile> = files
            .iter()
            .filter(|(name, _)| name.starts_with(prefix))
            .filter(|(name, _)| cursor.is_none_or(|cursor| name.as_str() > cursor))
            .take(FILES_OF_A_PAGE + 1)
            .map(|(name, (stored_at, _))| StoredFile {
                name: name.clone(),
                stored_at: *stored_at,
            })
            .collect();
        let has_more = found.len() > FILES_OF_A_PAGE;
        found.truncate(FILES_OF_A_PAGE);
        let last = found.last().map(|file| file.name.clone());
        Ok(FilePage {
            files: found,
            next_cursor: last.filter(|_| has_more),
        })
    }

    async fn delete(&self, names: &[String]) -> Result<(), FileError> {
        self.call()?;
        let mut files = self.files.borrow_mut();
        for name in names {
            files.remove(name);
        }
        Ok(())
    }
}
