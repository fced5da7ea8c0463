//! [`Database`] on D1.

use std::fmt;
use std::rc::Rc;

use edgedesk_store::{Database, Row, Statement, StoreError, Value};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use wasm_bindgen::JsValue;
use worker::{D1Database, D1PreparedStatement, D1Result};

/// A D1 binding.
#[derive(Debug)]
pub struct D1(D1Database);

impl D1 {
    /// Wraps a binding.
    #[must_use]
    pub const fn new(database: D1Database) -> Self {
        Self(database)
    }

    fn prepare(&self, sql: &str, parameters: &[Value]) -> Result<D1PreparedStatement, StoreError> {
        let parameters = parameters
            .iter()
            .map(to_js)
            .collect::<Result<Vec<_>, _>>()?;
        self.0
            .prepare(sql)
            .bind(&parameters)
            .map_err(|error| store_error(&error))
    }
}

impl Database for D1 {
    async fn query(&self, sql: &'static str, parameters: &[Value]) -> Result<Vec<Row>, StoreError> {
        let statement = self.prepare(sql, parameters)?;
        let result = statement.all().await.map_err(|error| store_error(&error))?;
        rows(&result)
    }

    async fn batch(&self, statements: Vec<Statement>) -> Result<Vec<Vec<Row>>, StoreError> {
        if statements.is_empty() {
            return Ok(Vec::new());
        }
        let statements = statements
            .iter()
            .map(|statement| self.prepare(statement.sql, &statement.parameters))
            .collect::<Result<_, _>>()?;
        let results = self
            .0
            .batch(statements)
            .await
            .map_err(|error| store_error(&error))?;
        results.iter().map(rows).collect()
    }
}

/// Numbers are doubles in JavaScript; D1 refuses a `BigInt`.
fn to_js(value: &Value) -> Result<JsValue, StoreError> {
    Ok(match value {
        Value::Null => JsValue::NULL,
        Value::Int(number) => {
            Value::int(*number)?;
            JsValue::from_f64(*number as f64)
        }
        Value::Real(number) if number.is_finite() => JsValue::from_f64(*number),
        Value::Real(_) => return Err(StoreError::NumberOutOfRange),
        Value::Text(text) => JsValue::from_str(text),
    })
}

fn rows(result: &D1Result) -> Result<Vec<Row>, StoreError> {
    let objects = result
        .results::<Object>()
        .map_err(|error| store_error(&error))?;
    let mut columns: Rc<[String]> = Rc::new([]);
    let mut rows = Vec::with_capacity(objects.len());
    for Object(fields) in objects {
        let same =
            columns.len() == fields.len() && columns.iter().zip(&fields).all(|(a, (b, _))| a == b);
        let (names, values): (Vec<_>, Vec<_>) = fields.into_iter().unzip();
        if !same {
            columns = names.into();
        }
        rows.push(Row::new(Rc::clone(&columns), values));
    }
    Ok(rows)
}

fn store_error(error: &worker::Error) -> StoreError {
    let message = match error {
        // Its `Display` takes the cause for a text; when it is an `Error`, that panics.
        worker::Error::D1(error) => {
            let error: &js_sys::Error = error.as_ref();
            String::from(error.message())
        }
        error => error.to_string(),
    };
    StoreError::from_message(message)
}

/// A row as D1 gives it: an object, its fields in the order of the statement's columns.
struct Object(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor)
    }
}

struct ObjectVisitor;

impl<'de> Visitor<'de> for ObjectVisitor {
    type Value = Object;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a row")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
        let mut fields = Vec::with_capacity(map.size_hint().unwrap_or_default());
        while let Some((name, Cell(value))) = map.next_entry()? {
            fields.push((name, value));
        }
        Ok(Object(fields))
    }
}

struct Cell(Value);

impl<'de> Deserialize<'de> for Cell {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(CellVisitor)
    }
}

struct CellVisitor;

impl Visitor<'_> for CellVisitor {
    type Value = Cell;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("null, a number or a text")
    }

    fn visit_unit<E>(self) -> Result<Cell, E> {
        Ok(Cell(Value::Null))
    }

    fn visit_none<E>(self) -> Result<Cell, E> {
        Ok(Cell(Value::Null))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Cell, E> {
        Ok(Cell(Value::Int(number)))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Cell, E> {
        Ok(Cell(Value::Real(number)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Cell, E> {
        Ok(Cell(Value::Text(text.to_owned())))
    }

    fn visit_string<E>(self, text: String) -> Result<Cell, E> {
        Ok(Cell(Value::Text(text)))
    }
}
