//! A SQLite that behaves as D1 does, with the real migrations, and that fails on command.

use std::cell::{Cell, RefCell};
use std::path::Path;
use std::rc::Rc;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ToSql};

use crate::database::{Database, MAX_BOUND_PARAMETERS, Row, Statement, StoreError, Value};

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
