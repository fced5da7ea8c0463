//! The SQLite of one object, as the logic sees it: synchronous, private to the object, one writer.
//!
//! Each statement is atomic: it happens as a whole or not at all. The logic relies on nothing else; in particular, not on
//! two statements landing together, although the runtime commits what is written without an `await` between as one.

/// Integers a JavaScript number holds exactly: bound parameters cross as one.
pub const MAX_SAFE_INTEGER: i64 = (1 << 53) - 1;

/// Most bound parameters of one statement, by the platform's limit.
pub const MAX_PARAMS: usize = 100;

/// Where an object's tables are.
pub trait ObjectSql {
    /// Runs one statement with its parameters bound to the `?` in order (at most [`MAX_PARAMS`]) and returns all rows.
    ///
    /// # Errors
    ///
    /// Any error but [`SqlError::Constraint`] leaves open whether the statement took effect: the caller forgets what it
    /// thinks it knows and reads again.
    fn exec(&self, sql: &str, params: &[SqlValue]) -> Result<Vec<Row>, SqlError>;
}

/// A value that crosses into or out of SQL.
#[derive(Debug, Clone, PartialEq)]
pub enum SqlValue {
    /// `NULL`.
    Null,
    /// At most [`MAX_SAFE_INTEGER`] either way.
    Integer(i64),
    /// A number that may have a fraction.
    Real(f64),
    /// A text, without NUL characters.
    Text(String),
    /// Bytes.
    Blob(Vec<u8>),
}

impl From<&str> for SqlValue {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for SqlValue {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for SqlValue {
    fn from(number: i64) -> Self {
        Self::Integer(number.clamp(-MAX_SAFE_INTEGER, MAX_SAFE_INTEGER))
    }
}

impl From<u64> for SqlValue {
    fn from(number: u64) -> Self {
        Self::from(i64::try_from(number).unwrap_or(MAX_SAFE_INTEGER))
    }
}

impl From<u32> for SqlValue {
    fn from(number: u32) -> Self {
        Self::Integer(i64::from(number))
    }
}

impl From<bool> for SqlValue {
    fn from(flag: bool) -> Self {
        Self::Integer(i64::from(flag))
    }
}

impl<T: Into<SqlValue>> From<Option<T>> for SqlValue {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// Why a statement failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SqlError {
    /// A `UNIQUE` or `CHECK` of the schema refused it: nothing was written.
    #[error("the schema refused the write: {0}")]
    Constraint(String),
    /// Anything else. It may have been written.
    #[error("the storage failed: {0}")]
    Failed(String),
    /// What is stored is not what this code writes.
    #[error("the storage holds something unreadable: {0}")]
    Unreadable(String),
}

/// One row of an answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Row(Vec<SqlValue>);

impl Row {
    /// A row of these columns.
    #[must_use]
    pub fn new(columns: Vec<SqlValue>) -> Self {
        Self(columns)
    }

    /// The text in `column`, counted from 0.
    pub fn text(&self, column: usize) -> Result<&str, SqlError> {
        match self.0.get(column) {
            Some(SqlValue::Text(text)) => Ok(text),
            other => Err(wrong_type(column, "text", other)),
        }
    }

    /// The bytes in `column`.
    pub fn bytes(&self, column: usize) -> Result<&[u8], SqlError> {
        match self.0.get(column) {
            Some(SqlValue::Blob(bytes)) => Ok(bytes),
            other => Err(wrong_type(column, "piece of bytes", other)),
        }
    }

    /// The number in `column`.
    pub fn real(&self, column: usize) -> Result<f64, SqlError> {
        match self.0.get(column) {
            Some(SqlValue::Real(number)) => Ok(*number),
            Some(SqlValue::Integer(number)) => Ok(*number as f64),
            other => Err(wrong_type(column, "number", other)),
        }
    }

    /// The text in `column`, or `None` for `NULL`.
    pub fn optional_text(&self, column: usize) -> Result<Option<&str>, SqlError> {
        match self.0.get(column) {
            Some(SqlValue::Null) => Ok(None),
            _ => self.text(column).map(Some),
        }
    }

    /// The whole number in `column`. A number without a fraction counts as one: JavaScript has no other.
    pub fn integer(&self, column: usize) -> Result<i64, SqlError> {
        match self.0.get(column) {
            Some(SqlValue::Integer(number)) => Ok(*number),
            #[expect(
                clippy::cast_possible_truncation,
                reason = "a whole number below 2^53 fits"
            )]
            Some(SqlValue::Real(number))
                if number.fract() == 0.0 && number.abs() <= MAX_SAFE_INTEGER as f64 =>
            {
                Ok(*number as i64)
            }
            other => Err(wrong_type(column, "whole number", other)),
        }
    }

    /// The whole number in `column`, which is not negative.
    pub fn count(&self, column: usize) -> Result<u64, SqlError> {
        u64::try_from(self.integer(column)?)
            .map_err(|_| SqlError::Unreadable(format!("column {column} is negative")))
    }

    /// The whole number in `column`, or `None` for `NULL`.
    pub fn optional_integer(&self, column: usize) -> Result<Option<i64>, SqlError> {
        match self.0.get(column) {
            Some(SqlValue::Null) => Ok(None),
            _ => self.integer(column).map(Some),
        }
    }

    /// The text in `column`, parsed.
    pub fn parsed<T: std::str::FromStr>(&self, column: usize) -> Result<T, SqlError> {
        self.text(column)?
            .parse()
            .map_err(|_| SqlError::Unreadable(format!("column {column} does not parse")))
    }

    /// The text in `column`, parsed, or `None` for `NULL`.
    pub fn optional_parsed<T: std::str::FromStr>(
        &self,
        column: usize,
    ) -> Result<Option<T>, SqlError> {
        match self.0.get(column) {
            Some(SqlValue::Null) => Ok(None),
            _ => self.parsed(column).map(Some),
        }
    }
}

fn wrong_type(column: usize, expected: &str, found: Option<&SqlValue>) -> SqlError {
    let found = match found {
        None => "missing",
        Some(SqlValue::Null) => "NULL",
        Some(SqlValue::Integer(_)) => "an integer",
        Some(SqlValue::Real(_)) => "a real number",
        Some(SqlValue::Text(_)) => "a text",
        Some(SqlValue::Blob(_)) => "a piece of bytes",
    };
    SqlError::Unreadable(format!("column {column} is {found}, not a {expected}"))
}
