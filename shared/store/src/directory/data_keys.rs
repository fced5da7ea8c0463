//! What is done to data keys as a whole: retired, sealed anew under another root, counted.

use edgedesk_domain::ids::AccountId;
use edgedesk_domain::time::Timestamp;

use super::Directory;
use crate::database::{Database, StoreError, Value};
use crate::keys::{DataKeys, Rewrapped};

const RETIRE: &str = "
    UPDATE data_keys SET retired_at = ?2
    WHERE account_id = ?1 AND number = (SELECT max(number) FROM data_keys WHERE account_id = ?1)
    RETURNING account_id, number";
// Each reads its index alone.
const COUNT_DATA_KEYS: &str = "
    SELECT substr(wrapped, 1, 12) AS root, count(*) AS n FROM data_keys GROUP BY substr(wrapped, 1, 12)";
const COUNT_SECOND_FACTORS: &str = "
    SELECT substr(secret, 1, 12) AS root, count(*) AS n FROM second_factors GROUP BY substr(secret, 1, 12)";

#[cfg(test)]
pub(crate) const STATEMENTS: [&str; 1] = [RETIRE];

/// How many values of a table are sealed under one root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedUnder {
    /// The table.
    pub table: &'static str,
    /// A name of the root, which tells nothing of it. It differs from table to table.
    pub root: String,
    /// Values.
    pub n: u64,
}

impl<D: Database> Directory<D> {
    /// Has the next use make a new data key of an account: within five minutes everywhere. What the keys before have sealed stays
    /// readable. Gives the number of the one that is retired; `None` when the account has none yet.
    pub async fn retire_data_key(
        &self,
        account_id: AccountId,
        now: Timestamp,
    ) -> Result<Option<u32>, StoreError> {
        let parameters = [Value::text(account_id), Value::time(now)];
        let rows = self.of(account_id).query(RETIRE, &parameters).await?;
        rows.first().map(|row| row.uint32("number")).transpose()
    }

    /// Seals anew what is under the root before: see [`DataKeys::rewrap`].
    pub async fn rewrap(&self, keys: &DataKeys) -> Result<Rewrapped, StoreError> {
        keys.rewrap(&self.database).await
    }

    /// What is sealed under which root. Once one is left of each table, the root before can be thrown away.
    pub async fn count_roots(&self) -> Result<Vec<SealedUnder>, StoreError> {
        let mut counts = Vec::new();
        for (table, sql) in [
            ("data_keys", COUNT_DATA_KEYS),
            ("second_factors", COUNT_SECOND_FACTORS),
        ] {
            for row in &self.database.query(sql, &[]).await? {
                counts.push(SealedUnder {
                    table,
                    root: row.text("root")?.to_owned(),
                    n: row.uint("n")?,
                });
            }
        }
        Ok(counts)
    }
}
