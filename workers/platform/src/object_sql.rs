//! The SQLite of a Durable Object.

use edgedesk_objects::sql::{ObjectSql, Row, SqlError, SqlValue};
use wasm_bindgen::JsValue;
use worker::{SqlStorage, SqlStorageValue};

/// `ctx.storage.sql`, synchronous as the logic expects it.
#[derive(Debug, Clone)]
pub struct DurableSql(SqlStorage);

impl DurableSql {
    /// The storage of one object.
    #[must_use]
    pub fn new(sql: SqlStorage) -> Self {
        Self(sql)
    }
}

impl ObjectSql for DurableSql {
    fn exec(&self, sql: &str, params: &[SqlValue]) -> Result<Vec<Row>, SqlError> {
        let bindings: Vec<JsValue> = params.iter().map(to_js).collect();
        let cursor = self
            .0
            .exec_raw(sql, bindings)
            .map_err(|error| failed(&error))?;
        // Rows are made as the cursor moves, so it is read to its end: the statement is done when this returns.
        cursor
            .raw()
            .map(|row| {
                let columns = row.map_err(|error| failed(&error))?;
                Ok(Row::new(columns.into_iter().map(from_js).collect()))
            })
            .collect()
    }
}

/// Whole numbers cross as JavaScript numbers: the runtime takes no `BigInt` for a column that is no `BigInt`'s.
fn to_js(value: &SqlValue) -> JsValue {
    match value {
        SqlValue::Null => JsValue::NULL,
        SqlValue::Integer(number) => JsValue::from_f64(*number as f64),
        SqlValue::Real(number) => JsValue::from_f64(*number),
        SqlValue::Text(text) => JsValue::from_str(text),
        // The runtime takes an `ArrayBuffer`: a copy, as a view into Wasm memory moves when that grows.
        SqlValue::Blob(bytes) => js_sys::Uint8Array::from(bytes.as_slice()).buffer().into(),
    }
}

fn from_js(value: SqlStorageValue) -> SqlValue {
    match value {
        SqlStorageValue::Null => SqlValue::Null,
        SqlStorageValue::Boolean(flag) => SqlValue::from(flag),
        SqlStorageValue::Integer(number) => SqlValue::Integer(number),
        SqlStorageValue::Float(number) => SqlValue::Real(number),
        SqlStorageValue::String(text) => SqlValue::Text(text),
        SqlStorageValue::Blob(bytes) => SqlValue::Blob(bytes),
    }
}

/// The runtime says what went wrong only in words: `UNIQUE constraint failed: seen.key: SQLITE_CONSTRAINT…`.
fn failed(error: &worker::Error) -> SqlError {
    let detail = error.to_string();
    if detail.contains("constraint failed") || detail.contains("SQLITE_CONSTRAINT") {
        SqlError::Constraint(detail)
    } else {
        SqlError::Failed(detail)
    }
}
