//! Rows in Cloudflare's Vectorize, for accounts of more articles than an object should hold in memory.
//!
//! What is stored in the object: which rows there should be (`vectorize_vectors`), and of which model an article has all of its
//! own (`vectorize_numbers`). Invariants:
//! - A row is noted before it is sent, and its note goes only after it was deleted there: nothing is ever left there unknown.
//! - A row that is noted as unwanted is never given, whatever Vectorize still answers. Deleting it may take any time and any number of tries.
//! - An article has rows of a model once all were sent. It is *arriving* until Vectorize has processed them.
//!
//! A namespace is an account's rows of one model, so that no metadata index has to exist before the first row is written.

pub mod binding;
#[cfg(test)]
pub(crate) mod fake;
#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

use edgedesk_domain::analysis::ModelRef;
use edgedesk_domain::ids::AccountId;
use edgedesk_domain::time::Clock;
use edgedesk_search::index::{Hit, RowId};
use edgedesk_search::row::Row;
use futures::future::try_join_all;
use serde_json::json;

use self::binding::{
    Described, MAX_DELETE, MAX_GET, MAX_TOP_K, MAX_UPSERT, NewVector, QueryOptions,
    VectorizeBinding,
};
use super::PLACES;
use super::vectors::{Asked, Models, OfModel, VectorIndex, read_models};
use crate::error::ObjectError;
use crate::sql::{ObjectSql, SqlError, SqlValue};

/// Name of the binding; a deployment without it keeps rows in the object.
pub const BINDING: &str = "VECTORIZE";

/// Rows that one change deletes at most, in calls of [`MAX_DELETE`]. An article has 1,000 at most, so that none stay behind for long.
const MAX_SWEPT: u64 = 1_000;

const SCHEMA: [&str; 4] = [
    "CREATE TABLE IF NOT EXISTS vectorize_models (
        slot INTEGER PRIMARY KEY AUTOINCREMENT,
        model TEXT NOT NULL UNIQUE,
        model_ref TEXT NOT NULL
    )",
    // `mutation` is that of the last rows while they are arriving; `turn` says which was sent after which.
    "CREATE TABLE IF NOT EXISTS vectorize_numbers (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        slot INTEGER NOT NULL,
        number INTEGER NOT NULL,
        width INTEGER NOT NULL,
        n_rows INTEGER NOT NULL,
        is_sent INTEGER NOT NULL,
        turn INTEGER NOT NULL,
        mutation TEXT,
        sent_at INTEGER,
        UNIQUE (slot, number)
    )",
    "CREATE TABLE IF NOT EXISTS vectorize_vectors (
        row_id INTEGER NOT NULL,
        slot INTEGER NOT NULL,
        is_wanted INTEGER NOT NULL,
        PRIMARY KEY (row_id, slot)
    ) WITHOUT ROWID",
    "CREATE INDEX IF NOT EXISTS vectorize_unwanted ON vectorize_vectors (row_id) WHERE is_wanted = 0",
];

/// Rows in Vectorize.
#[derive(Debug)]
pub struct Vectorize<B, S, C> {
    account_id: AccountId,
    binding: B,
    sql: S,
    clock: C,
    /// What is stored, once it was asked for; forgotten with each change.
    models: RefCell<Option<Models>>,
}

impl<B: VectorizeBinding, S: ObjectSql, C: Clock> Vectorize<B, S, C> {
    /// The rows of an account.
    pub fn new(account_id: AccountId, binding: B, sql: S, clock: C) -> Self {
        Self {
            account_id,
            binding,
            sql,
            clock,
            models: RefCell::default(),
        }
    }

    /// At most 30 bytes of the account, and a small number.
    fn namespace(&self, slot: u64) -> String {
        format!("{}:{slot}", self.account_id)
    }

    /// Unique in the index: at most 64 bytes, as a row's number is below 2^53.
    fn vector_id(&self, slot: u64, row_id: RowId) -> String {
        format!("{}:{row_id}", self.namespace(slot))
    }

    /// The row of an id of the namespace; `None` for what nobody here has written.
    fn row_id(&self, slot: u64, vector_id: &str) -> Option<RowId> {
        let rest = vector_id.strip_prefix(&self.namespace(slot))?;
        rest.strip_prefix(':')?.parse().ok()
    }

    fn slot(&self, model: &ModelRef) -> Result<Option<u64>, SqlError> {
        let rows = self.sql.exec(
            "SELECT slot FROM vectorize_models WHERE model = ?",
            &[model.key().into()],
        )?;
        rows.first().map(|row| row.count(0)).transpose()
    }

    fn make_slot(&self, model: &ModelRef) -> Result<u64, SqlError> {
        if let Some(slot) = self.slot(model)? {
            return Ok(slot);
        }
        let model_ref = serde_json::to_string(model)
            .map_err(|error| SqlError::Unreadable(error.to_string()))?;
        let rows = self.sql.exec(
            "INSERT INTO vectorize_models (model, model_ref) VALUES (?, ?) RETURNING slot",
            &[model.key().into(), model_ref.into()],
        )?;
        match rows.first() {
            Some(row) => row.count(0),
            None => Err(SqlError::Unreadable("no slot".to_owned())),
        }
    }

    /// Notes which rows an article is about to have of a model.
    fn note(&self, slot: u64, number: u64, rows: &[(RowId, Row)]) -> Result<(), SqlError> {
        let width = rows.first().map_or(0, |(_, row)| row.n_values());
        self.sql.exec(
            "INSERT INTO vectorize_numbers (slot, number, width, n_rows, is_sent, turn) VALUES (?, ?, ?, ?, 0, 0)
             ON CONFLICT (slot, number) DO UPDATE SET width = excluded.width, n_rows = excluded.n_rows, is_sent = 0,
               mutation = NULL, sent_at = NULL",
            &[
                slot.into(),
                number.into(),
                SqlValue::from(width as u64),
                SqlValue::from(rows.len() as u64),
            ],
        )?;
        self.sql.exec(
            "UPDATE vectorize_vectors SET is_wanted = 0 WHERE slot = ? AND row_id >= ? AND row_id < ?",
            &[
                slot.into(),
                (number * PLACES).into(),
                ((number + 1) * PLACES).into(),
            ],
        )?;
        let ids: Vec<RowId> = rows.iter().map(|(id, _)| *id).collect();
        self.sql.exec(
            "INSERT INTO vectorize_vectors (row_id, slot, is_wanted) SELECT value, ?, 1 FROM json_each(?) WHERE true
             ON CONFLICT (row_id, slot) DO UPDATE SET is_wanted = 1",
            &[slot.into(), json!(ids).to_string().into()],
        )?;
        Ok(())
    }

    async fn send(&self, slot: u64, rows: &[(RowId, Row)]) -> Result<Option<String>, ObjectError> {
        let mut last = None;
        for rows in rows.chunks(MAX_UPSERT) {
            let vectors: Vec<NewVector> = rows
                .iter()
                .map(|(id, row)| NewVector {
                    id: self.vector_id(slot, *id),
                    namespace: self.namespace(slot),
                    values: row.to_vector(),
                })
                .collect();
            last = Some(self.binding.upsert(&vectors).await?);
        }
        Ok(last)
    }

    /// Deletes some of what is unwanted. Vectorize need not answer for that: what is unwanted is not given, and the next change tries again.
    async fn sweep(&self) -> Result<(), SqlError> {
        let rows = self.sql.exec(
            "SELECT slot, row_id FROM vectorize_vectors WHERE is_wanted = 0 LIMIT ?",
            &[MAX_SWEPT.into()],
        )?;
        let unwanted: Vec<(u64, RowId)> = rows
            .iter()
            .map(|row| Ok((row.count(0)?, row.count(1)?)))
            .collect::<Result<_, SqlError>>()?;
        for chunk in unwanted.chunks(MAX_DELETE) {
            let ids: Vec<String> = chunk
                .iter()
                .map(|(slot, id)| self.vector_id(*slot, *id))
                .collect();
            if self.binding.delete_by_ids(&ids).await.is_err() {
                break;
            }
            let pairs: Vec<String> = chunk
                .iter()
                .map(|(slot, id)| format!("{slot}:{id}"))
                .collect();
            self.sql.exec(
                "DELETE FROM vectorize_vectors WHERE is_wanted = 0 AND slot || ':' || row_id IN (SELECT value FROM json_each(?))",
                &[json!(pairs).to_string().into()],
            )?;
        }
        Ok(())
    }

    /// Those of the rows that should be there.
    fn wanted(&self, slot: u64, ids: &[RowId]) -> Result<HashSet<RowId>, SqlError> {
        let rows = self.sql.exec(
            "SELECT row_id FROM vectorize_vectors
             WHERE row_id IN (SELECT value FROM json_each(?)) AND slot = ? AND is_wanted = 1",
            &[json!(ids).to_string().into(), slot.into()],
        )?;
        rows.iter().map(|row| row.count(0)).collect()
    }

    /// The slot of a model that has rows as wide as the question.
    async fn slot_of(&self, asked: &Asked<'_>, question: &Row) -> Result<Option<u64>, ObjectError> {
        let width = self.models().await?.width_of(asked.model);
        if width != Some(question.n_values()) {
            return Ok(None);
        }
        Ok(self.slot(asked.model)?)
    }

    /// Takes note of how far Vectorize has come. Mutations are processed in their order, those of all accounts in one: the last
    /// one is named, and it is seldom ours. One that was made after ours had returned comes after it.
    fn settle(&self, described: &Described) -> Result<(), SqlError> {
        if let Some(mutation) = &described.processed_up_to_mutation {
            self.sql.exec(
                "UPDATE vectorize_numbers SET mutation = NULL
                 WHERE turn <= (SELECT turn FROM vectorize_numbers WHERE mutation = ?)",
                &[mutation.as_str().into()],
            )?;
        }
        if let Some(time) = described.processed_up_to {
            self.sql.exec(
                "UPDATE vectorize_numbers SET mutation = NULL WHERE sent_at < ?",
                &[time.millis().into()],
            )?;
        }
        Ok(())
    }

    fn count_arriving(&self) -> Result<u32, SqlError> {
        let rows = self.sql.exec(
            "SELECT count(DISTINCT number) FROM vectorize_numbers WHERE mutation IS NOT NULL",
            &[],
        )?;
        let count = rows.first().map_or(Ok(0), |row| row.count(0))?;
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }
}

impl<B: VectorizeBinding, S: ObjectSql, C: Clock> VectorIndex for Vectorize<B, S, C> {
    async fn open(&self) -> Result<(), ObjectError> {
        for table in SCHEMA {
            self.sql.exec(table, &[])?;
        }
        Ok(())
    }

    async fn put(
        &self,
        model: &ModelRef,
        number: u64,
        rows: &[(RowId, Row)],
    ) -> Result<(), ObjectError> {
        let slot = self.make_slot(model)?;
        self.models.take();
        self.note(slot, number, rows)?;
        let mutation = self.send(slot, rows).await?;
        self.sql.exec(
            "UPDATE vectorize_numbers SET is_sent = 1, mutation = ?, sent_at = ?,
               turn = (SELECT max(turn) + 1 FROM vectorize_numbers)
             WHERE slot = ? AND number = ?",
            &[
                mutation.into(),
                self.clock.now().millis().into(),
                slot.into(),
                number.into(),
            ],
        )?;
        // Somebody may have asked while the rows were on their way.
        self.models.take();
        self.sweep().await?;
        Ok(())
    }

    async fn remove(&self, numbers: &[u64]) -> Result<(), ObjectError> {
        for number in numbers {
            self.sql.exec(
                "UPDATE vectorize_vectors SET is_wanted = 0 WHERE row_id >= ? AND row_id < ?",
                &[(number * PLACES).into(), ((number + 1) * PLACES).into()],
            )?;
        }
        self.models.take();
        self.sql.exec(
            "DELETE FROM vectorize_numbers WHERE number IN (SELECT value FROM json_each(?))",
            &[json!(numbers).to_string().into()],
        )?;
        self.sweep().await?;
        Ok(())
    }

    async fn models(&self) -> Result<Models, ObjectError> {
        if let Some(models) = self.models.borrow().as_ref() {
            return Ok(models.clone());
        }
        let rows = self.sql.exec(
            "SELECT model_ref, count(*), sum(n_rows), max(width) FROM vectorize_numbers JOIN vectorize_models USING (slot)
             WHERE is_sent = 1 GROUP BY slot ORDER BY min(id)",
            &[],
        )?;
        // None of them is in memory.
        let models = read_models(&rows, |_| 0)?;
        self.models.replace(Some(models.clone()));
        Ok(models)
    }

    async fn drop_older_models(&self, n_articles: u32) -> Result<(), ObjectError> {
        let models = self.models().await?;
        let newest: Option<&OfModel> = models.newest_of_several();
        if let Some(newest) = newest
            && newest.n_articles >= n_articles
            // Until the newer ones are searched the older ones are the only ones.
            && self.n_arriving().await? == 0
            && let Some(slot) = self.slot(&newest.model)?
        {
            self.models.take();
            self.sql.exec(
                "UPDATE vectorize_vectors SET is_wanted = 0 WHERE slot <> ?",
                &[slot.into()],
            )?;
            self.sql.exec(
                "DELETE FROM vectorize_numbers WHERE slot <> ?",
                &[slot.into()],
            )?;
        }
        self.sweep().await?;
        Ok(())
    }

    async fn n_arriving(&self) -> Result<u32, ObjectError> {
        if self.count_arriving()? > 0
            && let Ok(described) = self.binding.describe().await
        {
            self.settle(&described)?;
        }
        Ok(self.count_arriving()?)
    }

    /// Of the nearest [`MAX_TOP_K`] those that are wanted: what is left out is not made up for.
    async fn search(
        &self,
        asked: &Asked<'_>,
        question: &Row,
        n: usize,
        is_wanted: &dyn Fn(RowId) -> bool,
    ) -> Result<Vec<Hit>, ObjectError> {
        let Some(slot) = self.slot_of(asked, question).await? else {
            return Ok(Vec::new());
        };
        let options = QueryOptions {
            top_k: MAX_TOP_K,
            namespace: self.namespace(slot),
            return_values: false,
            return_metadata: "none",
        };
        let matches = self.binding.query(&question.to_vector(), &options).await?;
        let mut hits: Vec<Hit> = matches
            .iter()
            .filter_map(|found| {
                Some(Hit {
                    id: self.row_id(slot, &found.id)?,
                    similarity: found.score,
                })
            })
            .filter(|hit| is_wanted(hit.id))
            .collect();
        let ids: Vec<RowId> = hits.iter().map(|hit| hit.id).collect();
        let wanted = self.wanted(slot, &ids)?;
        hits.retain(|hit| wanted.contains(&hit.id));
        let nearer = |a: &Hit, b: &Hit| b.similarity.total_cmp(&a.similarity);
        hits.sort_by(|a, b| nearer(a, b).then(a.id.cmp(&b.id)));
        hits.truncate(n);
        Ok(hits)
    }

    async fn similarities(
        &self,
        asked: &Asked<'_>,
        question: &Row,
        ids: &[RowId],
    ) -> Result<Vec<Option<f32>>, ObjectError> {
        let Some(slot) = self.slot_of(asked, question).await? else {
            return Ok(vec![None; ids.len()]);
        };
        let wanted: Vec<String> = self
            .wanted(slot, ids)?
            .into_iter()
            .map(|id| self.vector_id(slot, id))
            .collect();
        let reads = wanted
            .chunks(MAX_GET)
            .map(|ids| self.binding.get_by_ids(ids));
        let near: HashMap<RowId, f32> = try_join_all(reads)
            .await?
            .into_iter()
            .flatten()
            .filter_map(|vector| {
                let row = Row::of(&vector.values).ok()?;
                Some((self.row_id(slot, &vector.id)?, question.similarity(&row)))
            })
            .collect();
        Ok(ids.iter().map(|id| near.get(id).copied()).collect())
    }
}
