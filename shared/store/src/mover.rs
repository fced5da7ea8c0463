//! An account's rows moved from one shard to another, while messages arrive and lists are read.
//!
//! The order, of which every step may be run again, also after a crash in the middle of it:
//!
//! 1. **Hold**: the directory notes the shard that the account moves to. Gateways refuse changes of own intents from then on;
//!    all else goes on. The caller waits until every cache has heard of it.
//! 2. **Copy** all rows, a table at a time, and compare them.
//! 3. **Switch** the account's shard in the directory. The caller waits again.
//! 4. **Catch up**: rows that were projected to the old shard meanwhile are merged by the projector's own rules, compared, and
//!    only then deleted there. The note goes.
//!
//! Rows of the read model are free of order ([decision 4](../../../docs/decisions/0004-order-free-projection.md)), so that two
//! shards that each got some of them are merged into what one would have had.

mod tables;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use edgedesk_crypto::field::is_sealed;
use edgedesk_domain::ids::AccountId;
use sha2::{Digest, Sha256};

use self::tables::{TABLES, Table};
use crate::database::{Database, Row, Statement, StoreError, Value};
use crate::shards::Shards;

const FIND: &str =
    "SELECT shard, json_extract(settings, '$.moving_to') AS moving_to FROM accounts WHERE id = ?1";
const HOLD: &str =
    "UPDATE accounts SET settings = json_set(settings, '$.moving_to', ?2) WHERE id = ?1";
const SWITCH: &str = "UPDATE accounts SET shard = ?3 WHERE id = ?1 AND shard = ?2";
const RELEASE: &str =
    "UPDATE accounts SET settings = json_remove(settings, '$.moving_to') WHERE id = ?1";

/// Bytes of rows that are written with one statement. D1 binds texts of two megabytes at most.
const MAX_BATCH_BYTES: usize = 500_000;

/// Why an account was not moved. Moving it again goes on where this stopped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MoveError {
    /// There is no such account.
    #[error("there is no account {0}")]
    UnknownAccount(AccountId),
    /// Another move of the account has not ended.
    #[error("the account is on its way to shard {0}; end that first")]
    Moving(u32),
    /// What is there after copying is not what was copied. Nothing was deleted.
    #[error("rows of {table} differ: {n_missing} of {n_rows} are missing or older")]
    Different {
        /// The table.
        table: &'static str,
        /// Rows of the old shard.
        n_rows: usize,
        /// Those that the new shard has not, or has of an earlier time.
        n_missing: usize,
    },
    /// A database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Where a move stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
    /// The account's changes are held; wait, then [`Mover::copy`].
    Held,
    /// The directory names the new shard; wait, then [`Mover::catch_up`].
    Switched,
    /// It is there, and nothing is left anywhere else.
    Done,
}

/// Rows of a table that were compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared {
    /// The table.
    pub table: &'static str,
    /// Rows.
    pub n_rows: usize,
    /// SHA-256 over them in the order of their keys, as hexadecimal digits.
    pub checksum: String,
}

/// The move of one account to one shard.
#[derive(Debug)]
pub struct Mover<'a, D> {
    shards: &'a Shards<D>,
    account_id: AccountId,
    to: u32,
}

impl<'a, D: Database> Mover<'a, D> {
    /// A move to the shard `to`.
    #[must_use]
    pub const fn new(shards: &'a Shards<D>, account_id: AccountId, to: u32) -> Self {
        Self {
            shards,
            account_id,
            to,
        }
    }

    /// Begins, or finds where an earlier run has stopped.
    pub async fn begin(&self) -> Result<Stage, MoveError> {
        self.shards.shard(self.to)?;
        let (shard, moving_to) = self.find().await?;
        if let Some(other) = moving_to.filter(|other| *other != self.to) {
            return Err(MoveError::Moving(other));
        }
        if shard == self.to {
            return Ok(if moving_to.is_some() {
                Stage::Switched
            } else {
                Stage::Done
            });
        }
        let parameters = [Value::text(self.account_id), Value::Int(i64::from(self.to))];
        self.shards
            .directory_database()
            .query(HOLD, &parameters)
            .await?;
        Ok(Stage::Held)
    }

    /// Copies everything to the new shard, compares, and makes it the account's.
    pub async fn copy(&self) -> Result<Vec<Compared>, MoveError> {
        let (from, _) = self.find().await?;
        if from != self.to {
            // Rows of an earlier run that was broken off: nobody reads them, and some may be gone at the source since.
            self.delete(self.to).await?;
            let compared = self.transfer(from).await?;
            let parameters = [
                Value::text(self.account_id),
                Value::Int(i64::from(from)),
                Value::Int(i64::from(self.to)),
            ];
            self.shards
                .directory_database()
                .query(SWITCH, &parameters)
                .await?;
            return Ok(compared);
        }
        Ok(Vec::new())
    }

    /// Merges what was written to other shards until now, compares, deletes it there and releases the account.
    pub async fn catch_up(&self) -> Result<Vec<Compared>, MoveError> {
        let (shard, _) = self.find().await?;
        if shard != self.to {
            return Err(MoveError::Moving(self.to));
        }
        let mut all = Vec::new();
        for other in (0..self.shards.n_shards()).filter(|other| *other != self.to) {
            let compared = self.transfer(other).await?;
            if compared.iter().any(|table| table.n_rows > 0) {
                self.delete(other).await?;
                all = compared;
            }
        }
        self.shards
            .directory_database()
            .query(RELEASE, &[Value::text(self.account_id)])
            .await?;
        Ok(all)
    }

    async fn find(&self) -> Result<(u32, Option<u32>), MoveError> {
        let rows = self
            .shards
            .directory_database()
            .query(FIND, &[Value::text(self.account_id)])
            .await?;
        let Some(row) = rows.first() else {
            return Err(MoveError::UnknownAccount(self.account_id));
        };
        let moving_to = row.optional_int("moving_to")?;
        Ok((
            row.uint32("shard")?,
            moving_to.and_then(|shard| u32::try_from(shard).ok()),
        ))
    }

    /// Writes every row of `from` to the new shard, where it has none of that place or an older one, and looks that it has
    /// them then: the same or newer. Rows that come to `from` meanwhile are the next time's.
    async fn transfer(&self, from: u32) -> Result<Vec<Compared>, MoveError> {
        let (source, target) = (self.shards.shard(from)?, self.shards.shard(self.to)?);
        let mut compared = Vec::with_capacity(TABLES.len());
        for table in &TABLES {
            let old = self.rows(source, table).await?;
            for batch in batches(old.values()) {
                let statement = Statement::new(table.write, vec![Value::Text(batch)]);
                target.batch(vec![statement]).await?;
            }
            let new = if old.is_empty() {
                BTreeMap::new()
            } else {
                self.rows(target, table).await?
            };
            compared.push(compare(table, &old, &new)?);
        }
        Ok(compared)
    }

    async fn rows(
        &self,
        database: &D,
        table: &Table,
    ) -> Result<BTreeMap<Vec<String>, Row>, StoreError> {
        let mut all = BTreeMap::new();
        let mut after = table.start();
        loop {
            let rows = self.page(database, table, &after).await?;
            let is_last = rows.len() < table.page;
            for row in rows {
                after = table.key_of(&row)?;
                all.insert(after.iter().map(value_json).collect(), row);
            }
            if is_last {
                return Ok(all);
            }
        }
    }

    async fn page(
        &self,
        database: &D,
        table: &Table,
        after: &[Value],
    ) -> Result<Vec<Row>, StoreError> {
        let mut parameters = vec![Value::text(self.account_id)];
        parameters.extend_from_slice(after);
        let rows = database.query(table.read, &parameters).await?;
        for row in &rows {
            if row.parsed::<AccountId>("account_id")? != self.account_id {
                return Err(StoreError::ForeignRow);
            }
        }
        Ok(rows)
    }

    async fn delete(&self, shard: u32) -> Result<(), StoreError> {
        let parameters = || vec![Value::text(self.account_id)];
        let statements = TABLES
            .iter()
            .map(|table| Statement::new(table.delete, parameters()));
        self.shards
            .shard(shard)?
            .batch(statements.collect())
            .await?;
        Ok(())
    }
}

/// Looks that every old row is among the new ones, or a newer one in its place.
fn compare(
    table: &Table,
    old: &BTreeMap<Vec<String>, Row>,
    new: &BTreeMap<Vec<String>, Row>,
) -> Result<Compared, MoveError> {
    let mut n_missing = 0;
    let mut digest = Sha256::new();
    for (key, row) in old {
        match new.get(key) {
            Some(there) if is_same(there, row) || table.is_newer(there, row)? => {
                digest.update(row_json(there));
                digest.update("\n");
            }
            _ => n_missing += 1,
        }
    }
    if n_missing > 0 {
        return Err(MoveError::Different {
            table: table.name,
            n_rows: old.len(),
            n_missing,
        });
    }
    Ok(Compared {
        table: table.name,
        n_rows: old.len(),
        checksum: hex::encode(digest.finalize()),
    })
}

/// Whether two rows hold the same. Sealed values are not opened here, where no key is: if both shards were given the same event,
/// each has sealed it with its own nonce, and only the length shows that it may be the same. A copy has the same bytes.
fn is_same(one: &Row, other: &Row) -> bool {
    let same = |one: &Value, other: &Value| match (one, other) {
        (Value::Text(one), Value::Text(other)) if is_sealed(one) && is_sealed(other) => {
            one.len() == other.len()
        }
        _ => one == other,
    };
    let (one, other) = (one.values(), other.values());
    one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
}

/// JSON arrays of rows, each of one row at least.
fn batches<'a>(rows: impl Iterator<Item = &'a Row>) -> Vec<String> {
    let mut batches = Vec::new();
    let mut array = String::new();
    for row in rows {
        let row = row_json(row);
        if !array.is_empty() && array.len() + row.len() > MAX_BATCH_BYTES {
            batches.push(std::mem::take(&mut array) + "]");
        }
        array.push(if array.is_empty() { '[' } else { ',' });
        array.push_str(&row);
    }
    if !array.is_empty() {
        batches.push(array + "]");
    }
    batches
}

fn row_json(row: &Row) -> String {
    let values: Vec<String> = row.values().iter().map(value_json).collect();
    format!("[{}]", values.join(","))
}

fn value_json(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Int(number) => number.to_string(),
        // D1 has one kind of number, and a whole one comes back without its point.
        Value::Real(number) => crate::json(number),
        Value::Text(text) => crate::json(text),
    }
}
