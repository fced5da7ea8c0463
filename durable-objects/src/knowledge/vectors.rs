//! Where the embeddings of parts are, and how they are searched.
//!
//! [`ExactRows`] keeps them in the object itself: one blob for each article and model, all of a model in memory once they are searched.
//! [`Vectorize`](super::vectorize::Vectorize) keeps them elsewhere.

use std::cell::RefCell;
use std::collections::HashMap;

use edgedesk_domain::analysis::ModelRef;
use edgedesk_search::index::{ExactIndex, Hit, RowId};
use edgedesk_search::row::Row;

use super::PLACES;
use crate::error::ObjectError;
use crate::sql::{ObjectSql, Row as SqlRow, SqlError, SqlValue};

/// Bytes of a row's place in front of it.
const PLACE_BYTES: usize = 2;
/// Bytes of a row beside its values: its scale, its id, and its place in the table of ids.
const OVERHEAD_BYTES: u64 = 4 + 8 + 24;

/// Which rows a question is compared with.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// Those of this model.
    pub model: &'a ModelRef,
}

/// The models whose rows are stored, the one that was stored first first.
#[derive(Debug, Clone, Default)]
pub struct Models(Vec<OfModel>);

#[derive(Debug, Clone)]
pub(super) struct OfModel {
    pub(super) model: ModelRef,
    pub(super) n_articles: u32,
    n_rows: u32,
    width: usize,
    /// Bytes in memory that a row takes.
    row_bytes: u64,
}

/// An index of rows. Whoever changes it waits until one change is done before the next; it may be searched meanwhile.
///
/// What [`remove`](Self::remove) has deleted is not found any more. What [`put`](Self::put) has stored may be found only later.
///
/// # Errors
///
/// [`ObjectError::Host`] of each when an index elsewhere does not answer: words can be searched all the same.
#[expect(async_fn_in_trait, reason = "objects are single-threaded")]
pub trait VectorIndex {
    /// Gets ready; safe to repeat.
    async fn open(&self) -> Result<(), ObjectError>;

    /// Stores the rows of an article's number, in the place of those it had of that model.
    async fn put(
        &self,
        model: &ModelRef,
        number: u64,
        rows: &[(RowId, Row)],
    ) -> Result<(), ObjectError>;

    /// Deletes all rows of these numbers.
    async fn remove(&self, numbers: &[u64]) -> Result<(), ObjectError>;

    /// The models it has rows of.
    async fn models(&self) -> Result<Models, ObjectError>;

    /// Deletes the rows of older models when the newest one has rows of all `n_articles`, and all are found.
    async fn drop_older_models(&self, n_articles: u32) -> Result<(), ObjectError>;

    /// Articles whose rows are stored and not found yet, or not known to be.
    async fn n_arriving(&self) -> Result<u32, ObjectError>;

    /// The `n` nearest rows that `is_wanted`, nearest first.
    async fn search(
        &self,
        asked: &Asked<'_>,
        question: &Row,
        n: usize,
        is_wanted: &dyn Fn(RowId) -> bool,
    ) -> Result<Vec<Hit>, ObjectError>;

    /// How near each of these rows is; `None` for one that is not there.
    async fn similarities(
        &self,
        asked: &Asked<'_>,
        question: &Row,
        ids: &[RowId],
    ) -> Result<Vec<Option<f32>>, ObjectError>;
}

impl Models {
    /// The one whose rows were stored last for the first time.
    #[must_use]
    pub fn newest(&self) -> Option<&ModelRef> {
        self.0.last().map(|of_model| &of_model.model)
    }

    /// The one whose rows were stored first.
    #[must_use]
    pub fn oldest(&self) -> Option<&ModelRef> {
        self.0.first().map(|of_model| &of_model.model)
    }

    /// Whether there are no rows at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|of_model| of_model.n_rows == 0)
    }

    /// How many rows there are of a model.
    #[must_use]
    pub fn n_rows_of(&self, model: &ModelRef) -> u32 {
        self.of(model).map_or(0, |of_model| of_model.n_rows)
    }

    /// Values of a row of a model, if it has any.
    #[must_use]
    pub fn width_of(&self, model: &ModelRef) -> Option<usize> {
        self.of(model)
            .filter(|of_model| of_model.n_rows > 0)
            .map(|of_model| of_model.width)
    }

    /// Whether there are rows of another model, too.
    #[must_use]
    pub fn has_other_than(&self, model: &ModelRef) -> bool {
        self.0.iter().any(|of_model| of_model.model != *model)
    }

    /// Bytes that all rows take in memory.
    #[must_use]
    pub fn n_bytes(&self) -> u64 {
        let bytes = self
            .0
            .iter()
            .map(|of_model| u64::from(of_model.n_rows) * of_model.row_bytes);
        bytes.sum()
    }

    /// The newest model, if there are older ones.
    pub(super) fn newest_of_several(&self) -> Option<&OfModel> {
        self.0.last().filter(|_| self.0.len() > 1)
    }

    fn of(&self, model: &ModelRef) -> Option<&OfModel> {
        self.0.iter().find(|of_model| of_model.model == *model)
    }
}

/// Reads rows of a model, its articles, its rows and their width; `row_bytes` are those in memory of a row of some width.
pub(super) fn read_models(
    rows: &[SqlRow],
    row_bytes: impl Fn(usize) -> u64,
) -> Result<Models, SqlError> {
    let models = rows.iter().map(|row| {
        let count = |column| {
            row.count(column)
                .map(|n| u32::try_from(n).unwrap_or(u32::MAX))
        };
        let width = usize_of(row.count(3)?);
        Ok(OfModel {
            model: serde_json::from_str(row.text(0)?)
                .map_err(|error| SqlError::Unreadable(error.to_string()))?,
            n_articles: count(1)?,
            n_rows: count(2)?,
            width,
            row_bytes: row_bytes(width),
        })
    });
    Ok(Models(models.collect::<Result<_, SqlError>>()?))
}

/// Rows in the object's own SQLite, every one compared.
#[derive(Debug)]
pub struct ExactRows<S> {
    sql: S,
    loaded: RefCell<HashMap<String, ExactIndex>>,
    /// What is stored, once it was asked for; forgotten with each change.
    models: RefCell<Option<Models>>,
}

impl<S: ObjectSql> ExactRows<S> {
    /// The rows that `sql` holds.
    pub fn new(sql: S) -> Self {
        Self {
            sql,
            loaded: RefCell::default(),
            models: RefCell::default(),
        }
    }

    /// Does something with the rows of a model, which are read once.
    fn with<T>(
        &self,
        model: &ModelRef,
        then: impl FnOnce(&ExactIndex) -> T,
    ) -> Result<T, SqlError> {
        let key = model.key();
        if let Some(index) = self.loaded.borrow().get(&key) {
            return Ok(then(index));
        }
        let rows = self.sql.exec(
            // An article that the model could make nothing of has no rows, and they have no width.
            "SELECT number, width, bytes FROM vectors WHERE model = ? AND n_rows > 0 ORDER BY number",
            &[key.as_str().into()],
        )?;
        let mut index: Option<ExactIndex> = None;
        for row in &rows {
            let (number, width) = (row.count(0)?, usize_of(row.count(1)?));
            let index = index.get_or_insert_with(|| ExactIndex::new(width));
            for (id, row) in unpack(number, width, row.bytes(2)?)? {
                index
                    .insert(id, &row)
                    .map_err(|error| SqlError::Unreadable(error.to_string()))?;
            }
        }
        let index = index.unwrap_or_else(|| ExactIndex::new(0));
        let answer = then(&index);
        self.loaded.borrow_mut().insert(key, index);
        Ok(answer)
    }

    /// Takes a number out of what is in memory.
    fn forget(&self, number: u64) {
        for index in self.loaded.borrow_mut().values_mut() {
            for place in 0..PLACES {
                index.remove(number * PLACES + place);
            }
        }
    }
}

impl<S: ObjectSql> VectorIndex for ExactRows<S> {
    async fn open(&self) -> Result<(), ObjectError> {
        // `id` counts up, so that models stand in the order in which they came.
        self.sql.exec(
            "CREATE TABLE IF NOT EXISTS vectors (
                id INTEGER PRIMARY KEY,
                number INTEGER NOT NULL,
                model TEXT NOT NULL,
                model_ref TEXT NOT NULL,
                width INTEGER NOT NULL,
                n_rows INTEGER NOT NULL,
                bytes BLOB NOT NULL,
                UNIQUE (model, number)
            )",
            &[],
        )?;
        self.sql.exec(
            "CREATE INDEX IF NOT EXISTS vectors_by_number ON vectors (number)",
            &[],
        )?;
        Ok(())
    }

    async fn put(
        &self,
        model: &ModelRef,
        number: u64,
        rows: &[(RowId, Row)],
    ) -> Result<(), ObjectError> {
        let key = model.key();
        let width = rows.first().map_or(0, |(_, row)| row.n_values());
        let bytes = pack(rows);
        self.models.take();
        let model_ref = serde_json::to_string(model)
            .map_err(|error| SqlError::Unreadable(error.to_string()))?;
        let written = self.sql.exec(
            "INSERT INTO vectors (number, model, model_ref, width, n_rows, bytes) VALUES (?, ?, ?, ?, ?, ?)
             ON CONFLICT (model, number) DO UPDATE SET width = excluded.width, n_rows = excluded.n_rows, bytes = excluded.bytes",
            &[
                number.into(),
                key.as_str().into(),
                model_ref.into(),
                SqlValue::from(width as u64),
                SqlValue::from(rows.len() as u64),
                SqlValue::Blob(bytes),
            ],
        );
        // Whether it was written or not: what is in memory is what is stored, or nothing.
        let mut loaded = self.loaded.borrow_mut();
        if written.is_err() {
            loaded.clear();
        } else if let Some(index) = loaded.get_mut(&key) {
            for place in 0..PLACES {
                index.remove(number * PLACES + place);
            }
            let fits = rows.iter().all(|(id, row)| index.insert(*id, row).is_ok());
            if !fits {
                loaded.remove(&key);
            }
        }
        written?;
        Ok(())
    }

    async fn remove(&self, numbers: &[u64]) -> Result<(), ObjectError> {
        self.models.take();
        for number in numbers {
            self.forget(*number);
        }
        let numbers = serde_json::json!(numbers).to_string();
        self.sql.exec(
            "DELETE FROM vectors WHERE number IN (SELECT value FROM json_each(?))",
            &[numbers.into()],
        )?;
        Ok(())
    }

    async fn models(&self) -> Result<Models, ObjectError> {
        if let Some(models) = self.models.borrow().as_ref() {
            return Ok(models.clone());
        }
        let rows = self.sql.exec(
            "SELECT model_ref, count(*), sum(n_rows), max(width) FROM vectors GROUP BY model, model_ref ORDER BY min(id)",
            &[],
        )?;
        let models = read_models(&rows, |width| width as u64 + OVERHEAD_BYTES)?;
        self.models.replace(Some(models.clone()));
        Ok(models)
    }

    async fn drop_older_models(&self, n_articles: u32) -> Result<(), ObjectError> {
        let models = self.models().await?;
        if let Some(newest) = models.newest_of_several()
            && newest.n_articles >= n_articles
        {
            let key = newest.model.key();
            self.models.take();
            self.sql.exec(
                "DELETE FROM vectors WHERE model <> ?",
                &[key.as_str().into()],
            )?;
            self.loaded.borrow_mut().retain(|model, _| *model == key);
        }
        Ok(())
    }

    async fn n_arriving(&self) -> Result<u32, ObjectError> {
        Ok(0)
    }

    async fn search(
        &self,
        asked: &Asked<'_>,
        question: &Row,
        n: usize,
        is_wanted: &dyn Fn(RowId) -> bool,
    ) -> Result<Vec<Hit>, ObjectError> {
        let hits = self.with(asked.model, |index| index.search(question, n, is_wanted))?;
        // Rows of another width are of another model, and none of them is near.
        Ok(hits.unwrap_or_default())
    }

    async fn similarities(
        &self,
        asked: &Asked<'_>,
        question: &Row,
        ids: &[RowId],
    ) -> Result<Vec<Option<f32>>, ObjectError> {
        Ok(self.with(asked.model, |index| {
            let near = ids.iter().map(|id| index.similarity(question, *id));
            near.collect()
        })?)
    }
}

/// The rows of a number one behind the other, each with its place in front of it.
fn pack(rows: &[(RowId, Row)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (id, row) in rows {
        let place = u16::try_from(id % PLACES).unwrap_or(u16::MAX);
        bytes.extend(place.to_le_bytes());
        bytes.extend(row.to_bytes());
    }
    bytes
}

fn unpack(number: u64, width: usize, bytes: &[u8]) -> Result<Vec<(RowId, Row)>, SqlError> {
    // Four bytes of scale, and one for each value.
    let n_bytes = PLACE_BYTES + 4 + width;
    bytes
        .chunks(n_bytes)
        .map(|chunk| {
            let unreadable = || SqlError::Unreadable("rows are cut".to_owned());
            let (place, row) = chunk
                .split_first_chunk::<PLACE_BYTES>()
                .ok_or_else(unreadable)?;
            let row = Row::from_bytes(row).map_err(|_| unreadable())?;
            Ok((number * PLACES + u64::from(u16::from_le_bytes(*place)), row))
        })
        .collect()
}

fn usize_of(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
