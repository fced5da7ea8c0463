//! Rows of before columns were sealed, sealed. Those of the read model are not among them: a rebuild makes them anew.

use super::AccountStore;
use crate::database::{Database, Statement, StoreError, Value};
use crate::keys::{EXAMPLE_TEXT, PARKED_BODY, SealedColumn};

// `sealed;` is what follows on all texts that begin with `sealed:`. The key of the last row read is compared, too.
const LIST_EXAMPLES: &str = "
    SELECT account_id, intent_id, place, text FROM own_intent_examples
    WHERE account_id = ?1 AND (intent_id, place) > (?2, ?3) AND (text < 'sealed:' OR text >= 'sealed;')
    ORDER BY intent_id, place LIMIT 200";
// The old value is compared: what was changed meanwhile stays.
const SET_EXAMPLE: &str = "
    UPDATE own_intent_examples SET text = ?5 WHERE account_id = ?1 AND intent_id = ?2 AND place = ?3 AND text = ?4";
const LIST_PARKED: &str = "
    SELECT account_id, id, body FROM parked_messages
    WHERE account_id = ?1 AND id > ?2 AND (body < 'sealed:' OR body >= 'sealed;')
    ORDER BY id LIMIT 20";
const SET_PARKED: &str =
    "UPDATE parked_messages SET body = ?4 WHERE account_id = ?1 AND id = ?2 AND body = ?3";

#[cfg(test)]
pub(crate) const READS: [&str; 2] = [LIST_EXAMPLES, LIST_PARKED];

impl<D: Database> AccountStore<'_, D> {
    /// Seals examples and parked messages that are in clear. Safe to run at any time, and twice.
    pub(crate) async fn seal_what_is_plain(&self) -> Result<(), StoreError> {
        let before_all = Value::text("");
        let examples = [before_all.clone(), Value::Int(-1)];
        self.seal_table(&EXAMPLE_TEXT, LIST_EXAMPLES, SET_EXAMPLE, &examples)
            .await?;
        self.seal_table(&PARKED_BODY, LIST_PARKED, SET_PARKED, &[before_all])
            .await
    }

    async fn seal_table(
        &self,
        column: &SealedColumn,
        read: &'static str,
        write: &'static str,
        start: &[Value],
    ) -> Result<(), StoreError> {
        let sealer = self.sealer().await?;
        let mut after = start.to_vec();
        loop {
            let mut parameters = vec![self.account()];
            parameters.append(&mut after);
            let rows = self.database.query(read, &parameters).await?;
            let Some(last) = rows.last() else {
                return Ok(());
            };
            after = column.key_of(last)?;
            let mut statements = Vec::with_capacity(rows.len());
            for row in &rows {
                let value = row.text(column.column)?;
                let anew = sealer.seal(column, &column.row_key(row)?, value)?;
                let mut parameters = vec![self.account()];
                parameters.extend(column.key_of(row)?);
                parameters.extend([Value::text(value), Value::Text(anew)]);
                statements.push(Statement::new(write, parameters));
            }
            self.database.batch(statements).await?;
        }
    }
}
