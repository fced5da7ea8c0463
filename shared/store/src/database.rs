//! The ability that the repositories ask for: run SQL on one D1 database.

use std::fmt;
use std::rc::Rc;

use edgedesk_crypto::sealed::SealError;

/// Most parameters that D1 binds to one statement.
pub const MAX_BOUND_PARAMETERS: usize = 100;

/// The largest whole number that JavaScript, and so D1, holds exactly: 2^53 - 1.
pub const MAX_SAFE_INT: i64 = 9_007_199_254_740_991;

/// One database: the directory or a shard. Implemented on D1 by `edgedesk-platform` and on SQLite by
/// [`testing::Sqlite`](crate::testing).
#[expect(
    async_fn_in_trait,
    reason = "the runtime has one thread; nobody asks for `Send`"
)]
pub trait Database {
    /// Runs one statement and gives all its rows.
    async fn query(&self, sql: &'static str, parameters: &[Value]) -> Result<Vec<Row>, StoreError>;

    /// Runs statements as one transaction: all of them, or none. Gives the rows of each.
    async fn batch(&self, statements: Vec<Statement>) -> Result<Vec<Vec<Row>>, StoreError>;
}

impl<D: Database> Database for &D {
    async fn query(&self, sql: &'static str, parameters: &[Value]) -> Result<Vec<Row>, StoreError> {
        (**self).query(sql, parameters).await
    }

    async fn batch(&self, statements: Vec<Statement>) -> Result<Vec<Vec<Row>>, StoreError> {
        (**self).batch(statements).await
    }
}

/// Why the database did not give an answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// It may work later: the database is down, busy, or not migrated yet. Whether a write took place is not known.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// It will never work with these values: a constraint, a type, a size. Nothing was written.
    #[error("the database refused: {0}")]
    Refused(String),
    /// A row does not hold what our code has written: a bug, or a database of a newer version.
    #[error("column {column} holds no {expected}")]
    Unreadable {
        /// The column.
        column: String,
        /// What was looked for, in words.
        expected: &'static str,
    },
    /// A number over 53 bits, or no number at all, was about to be bound.
    #[error("a number does not fit the 53 bits of a double")]
    NumberOutOfRange,
    /// The cursor is none of ours.
    #[error("the cursor is not one that this list gave out")]
    InvalidCursor,
    /// A row of another account came back. Nothing of it is told, not even here.
    #[error("a row of another account came back")]
    ForeignRow,
    /// A sealed value does not open: it was changed, stands where it was not put, or its key is not there. Nothing of it is told.
    #[error("a value of {table}.{column} does not open: {error}")]
    Unopened {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// Why.
        error: SealError,
    },
    /// A data key does not open with the root that is given.
    #[error("a data key does not open: {0}")]
    Wrapped(SealError),
    /// There is no key to seal or open with.
    #[error("there is no data key: {0}")]
    NoDataKey(&'static str),
    /// The account names a shard that this deployment does not have.
    #[error("there is no shard {0}")]
    UnknownShard(u32),
}

impl StoreError {
    /// The kind of error that a message of D1 or SQLite stands for.
    #[must_use]
    pub fn from_message(message: String) -> Self {
        // "no such table" is not among them: migrations run before or after a deployment, and either way soon.
        let refused = [
            "SQLITE_CONSTRAINT",
            "SQLITE_MISMATCH",
            "SQLITE_TOOBIG",
            "constraint failed",
            "string or blob too big",
            "D1_TYPE_ERROR",
        ];
        if refused.iter().any(|sign| message.contains(sign)) {
            Self::Refused(message)
        } else {
            Self::Unavailable(message)
        }
    }

    /// Whether the same call may succeed later.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        // A shard that is missing is one that a later deployment has, and a root that does not fit will be set right: nothing
        // that waits for it may be given up.
        matches!(
            self,
            Self::Unavailable(_) | Self::UnknownShard(_) | Self::Wrapped(_) | Self::NoDataKey(_)
        )
    }
}

/// What is bound to a parameter, or found in a column.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// SQL null.
    Null,
    /// A whole number of at most 53 bits.
    Int(i64),
    /// A number.
    Real(f64),
    /// A text.
    Text(String),
}

impl Value {
    /// A whole number, if JavaScript can hold it.
    pub fn int(number: i64) -> Result<Self, StoreError> {
        if number.unsigned_abs() <= MAX_SAFE_INT.unsigned_abs() {
            Ok(Self::Int(number))
        } else {
            Err(StoreError::NumberOutOfRange)
        }
    }

    /// A whole number, if JavaScript can hold it.
    pub fn uint(number: u64) -> Result<Self, StoreError> {
        i64::try_from(number).map_or(Err(StoreError::NumberOutOfRange), Self::int)
    }

    /// Anything that prints, such as an id.
    #[must_use]
    pub fn text(text: impl fmt::Display) -> Self {
        Self::Text(text.to_string())
    }

    /// A text, or null.
    #[must_use]
    pub fn text_or_null(text: Option<impl fmt::Display>) -> Self {
        text.map_or(Self::Null, Self::text)
    }

    /// A time, as Unix milliseconds: always within 53 bits.
    #[must_use]
    pub const fn time(at: edgedesk_domain::time::Timestamp) -> Self {
        Self::Int(at.millis())
    }
}

/// SQL with its parameters `?1, ?2 …`. The SQL is always a constant of this crate: values are bound, never pasted.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    /// The SQL.
    pub sql: &'static str,
    /// Its parameters, in order.
    pub parameters: Vec<Value>,
}

impl Statement {
    /// SQL with its parameters.
    #[must_use]
    pub fn new(sql: &'static str, parameters: Vec<Value>) -> Self {
        Self { sql, parameters }
    }
}

/// One row of an answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    columns: Rc<[String]>,
    values: Vec<Value>,
}

impl Row {
    /// Made by implementations of [`Database`]: the names are shared between the rows of one answer.
    #[must_use]
    pub fn new(columns: Rc<[String]>, values: Vec<Value>) -> Self {
        Self { columns, values }
    }

    /// The columns' values in the order of the statement.
    #[must_use]
    pub fn values(&self) -> &[Value] {
        &self.values
    }

    /// The columns' names in the order of the statement.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(String::as_str)
    }

    /// A value of whatever kind.
    pub fn value(&self, column: &str) -> Result<&Value, StoreError> {
        self.get(column).ok_or_else(|| unreadable(column, "value"))
    }

    /// A text.
    pub fn text(&self, column: &str) -> Result<&str, StoreError> {
        match self.get(column) {
            Some(Value::Text(text)) => Ok(text),
            _ => Err(unreadable(column, "text")),
        }
    }

    /// A text, or nothing where the column is null.
    pub fn optional_text(&self, column: &str) -> Result<Option<&str>, StoreError> {
        match self.get(column) {
            Some(Value::Null) => Ok(None),
            Some(Value::Text(text)) => Ok(Some(text)),
            _ => Err(unreadable(column, "text or null")),
        }
    }

    /// A whole number.
    pub fn int(&self, column: &str) -> Result<i64, StoreError> {
        match self.get(column) {
            Some(Value::Int(number)) => Ok(*number),
            // D1 has one kind of number.
            Some(Value::Real(number)) => {
                whole(*number).ok_or_else(|| unreadable(column, "whole number"))
            }
            _ => Err(unreadable(column, "whole number")),
        }
    }

    /// A whole number of zero or more.
    pub fn uint(&self, column: &str) -> Result<u64, StoreError> {
        u64::try_from(self.int(column)?).map_err(|_| unreadable(column, "number of zero or more"))
    }

    /// A whole number of zero or more and at most 32 bits.
    pub fn uint32(&self, column: &str) -> Result<u32, StoreError> {
        u32::try_from(self.int(column)?).map_err(|_| unreadable(column, "number of 32 bits"))
    }

    /// A whole number, or nothing where the column is null.
    pub fn optional_int(&self, column: &str) -> Result<Option<i64>, StoreError> {
        match self.get(column) {
            Some(Value::Null) => Ok(None),
            _ => self.int(column).map(Some),
        }
    }

    /// A number.
    pub fn real(&self, column: &str) -> Result<f64, StoreError> {
        match self.get(column) {
            Some(Value::Real(number)) => Ok(*number),
            Some(Value::Int(number)) => Ok(*number as f64),
            _ => Err(unreadable(column, "number")),
        }
    }

    /// A time.
    pub fn time(&self, column: &str) -> Result<edgedesk_domain::time::Timestamp, StoreError> {
        self.int(column)
            .map(edgedesk_domain::time::Timestamp::from_millis)
    }

    /// A text that parses, such as an id.
    pub fn parsed<T: std::str::FromStr>(&self, column: &str) -> Result<T, StoreError> {
        self.text(column)?
            .parse()
            .map_err(|_| unreadable(column, "text of the expected form"))
    }

    /// A text that parses, or nothing where the column is null.
    pub fn optional_parsed<T: std::str::FromStr>(
        &self,
        column: &str,
    ) -> Result<Option<T>, StoreError> {
        match self.optional_text(column)? {
            None => Ok(None),
            Some(_) => self.parsed(column).map(Some),
        }
    }

    /// A JSON text of a known shape.
    pub fn json<T: serde::de::DeserializeOwned>(&self, column: &str) -> Result<T, StoreError> {
        serde_json::from_str(self.text(column)?)
            .map_err(|_| unreadable(column, "JSON of the expected shape"))
    }

    /// A word that serde reads as a value of an enum.
    pub fn word<T: serde::de::DeserializeOwned>(&self, column: &str) -> Result<T, StoreError> {
        let text = self.text(column)?;
        T::deserialize(serde::de::value::StrDeserializer::<serde::de::value::Error>::new(text))
            .map_err(|_| unreadable(column, "known word"))
    }

    /// The same row with another text in a column, if it has the column.
    #[cfg(test)]
    pub(crate) fn with_text(mut self, column: &str, text: &str) -> Self {
        if let Some(index) = self.columns.iter().position(|name| name == column) {
            self.values[index] = Value::text(text);
        }
        self
    }

    fn get(&self, column: &str) -> Option<&Value> {
        let index = self.columns.iter().position(|name| name == column)?;
        self.values.get(index)
    }
}

/// Splits values into runs that fit one statement of which `fixed` parameters are taken already, with
/// `parameters_per_item` for each.
pub fn chunks<T>(
    items: &[T],
    fixed: usize,
    parameters_per_item: usize,
) -> impl Iterator<Item = &[T]> {
    let room = MAX_BOUND_PARAMETERS.saturating_sub(fixed) / parameters_per_item.max(1);
    items.chunks(room.max(1))
}

fn unreadable(column: &str, expected: &'static str) -> StoreError {
    StoreError::Unreadable {
        column: column.to_owned(),
        expected,
    }
}

fn whole(number: f64) -> Option<i64> {
    #[expect(clippy::cast_possible_truncation, reason = "whole and within 53 bits")]
    (number.fract() == 0.0 && number.abs() <= MAX_SAFE_INT as f64).then_some(number as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(values: impl Into<Vec<Value>>) -> Row {
        let names = ["a", "b", "c", "d"].map(str::to_owned);
        Row::new(Rc::new(names), values.into())
    }

    #[test]
    fn a_number_over_53_bits_is_refused_before_it_is_bound() {
        assert_eq!(Value::int(MAX_SAFE_INT), Ok(Value::Int(MAX_SAFE_INT)));
        assert_eq!(Value::int(-MAX_SAFE_INT), Ok(Value::Int(-MAX_SAFE_INT)));
        for number in [MAX_SAFE_INT + 1, i64::MIN, i64::MAX] {
            assert_eq!(Value::int(number), Err(StoreError::NumberOutOfRange));
        }
        assert_eq!(Value::uint(u64::MAX), Err(StoreError::NumberOutOfRange));
    }

    #[test]
    fn a_column_of_another_kind_is_an_error_and_not_a_default() {
        let row = row([
            Value::Null,
            Value::Real(1.5),
            Value::text("x"),
            Value::Real(-2.0),
        ]);
        assert!(row.text("a").is_err() && row.int("a").is_err() && row.real("a").is_err());
        assert!(row.int("b").is_err() && row.text("b").is_err() && row.optional_int("b").is_err());
        assert!(
            row.int("c").is_err()
                && row.json::<u32>("c").is_err()
                && row.word::<bool>("c").is_err()
        );
        assert!(
            row.uint("d").is_err() && row.uint32("d").is_err() && row.optional_text("d").is_err()
        );
        assert!(
            row.text("no such column").is_err() && row.optional_text("no such column").is_err()
        );
        assert_eq!(row.optional_text("a"), Ok(None));
        assert_eq!(row.optional_int("a"), Ok(None));
        assert_eq!(row.real("b"), Ok(1.5));
        assert_eq!(row.text("c"), Ok("x"));
        assert_eq!(
            row.int("d"),
            Ok(-2),
            "D1 gives whole numbers as doubles too"
        );
    }

    #[test]
    fn chunks_fit_the_hundred_parameters_of_a_statement() {
        let items: Vec<u32> = (0..25).collect();
        for (fixed, per_item, expected) in [
            (0, 10, 10),
            (1, 10, 9),
            (99, 1, 1),
            (100, 7, 1),
            (0, 100, 1),
        ] {
            let sizes: Vec<_> = chunks(&items, fixed, per_item).map(<[u32]>::len).collect();
            assert_eq!(sizes[0], expected, "{fixed} fixed, {per_item} each");
            assert_eq!(sizes.iter().sum::<usize>(), items.len());
        }
        assert_eq!(chunks(&items[..0], 1, 1).count(), 0);
    }

    #[test]
    fn errors_are_told_apart_by_whether_trying_again_can_help() {
        for (message, transient) in [
            (
                "D1_ERROR: UNIQUE constraint failed: tickets.account_id: SQLITE_CONSTRAINT",
                false,
            ),
            (
                "UNIQUE constraint failed: tickets.account_id, tickets.number",
                false,
            ),
            ("D1_ERROR: string or blob too big: SQLITE_TOOBIG", false),
            (
                "D1_TYPE_ERROR: Type 'bigint' not supported for value '1'",
                false,
            ),
            (
                "D1_ERROR: D1 DB is overloaded. Too many requests queued.",
                true,
            ),
            ("D1_ERROR: Network connection lost.", true),
            ("D1_ERROR: no such table: conversations: SQLITE_ERROR", true),
        ] {
            assert_eq!(
                StoreError::from_message(message.into()).is_transient(),
                transient,
                "{message}"
            );
        }
    }
}
