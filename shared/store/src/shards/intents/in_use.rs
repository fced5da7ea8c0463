//! Which version of its own intents an account uses: the last entry of a list that only grows.

use edgedesk_domain::account::Principal;
use edgedesk_domain::ids::IntentId;
use edgedesk_domain::time::Timestamp;
use edgedesk_wire::ai::{Promotion, RollbackResponse};
use edgedesk_wire::inference::IntentsInUse;

use super::super::{AccountStore, MAX_LIMIT, Page};
use super::{below, page, user};
use crate::database::{Database, Row, StoreError, Value};

const FIND_IN_USE: &str = "
    SELECT account_id, version FROM own_intent_promotions WHERE account_id = ?1 ORDER BY number DESC LIMIT 1";
// The ids of the intents of a version stand in its report.
const FIND_RETIRED: &str = "
    SELECT now.account_id, now.version AS version, (SELECT json_group_array(c.value ->> '$.intent_id')
      FROM own_intent_models m, json_each(m.report, '$.cross_validation.labels') c
      WHERE m.account_id = ?1 AND m.version = now.version
        AND NOT EXISTS (SELECT 1 FROM own_intents i WHERE i.account_id = ?1 AND i.id = c.value ->> '$.intent_id')) AS retired
    FROM own_intent_promotions now WHERE account_id = ?1 ORDER BY number DESC LIMIT 1";
const LIST_PROMOTIONS: &str = "
    SELECT account_id, number, version, previous_version, action, user_id, user_name, at
    FROM own_intent_promotions WHERE account_id = ?1 AND number < ?2 ORDER BY number DESC LIMIT ?3";
const ROLL_BACK: &str = "
    INSERT INTO own_intent_promotions (account_id, number, version, previous_version, action, user_id, user_name, at)
    SELECT ?1, coalesce((SELECT max(number) FROM own_intent_promotions WHERE account_id = ?1), 0) + 1, m.version,
      now.version, 'rolled_back', ?3, ?4, ?5
    FROM own_intent_models m,
      (SELECT (SELECT version FROM own_intent_promotions WHERE account_id = ?1 ORDER BY number DESC LIMIT 1) AS version) AS now
    WHERE m.account_id = ?1 AND m.version = ?2 AND now.version IS NOT ?2
    RETURNING account_id, previous_version";
const SWITCH_OFF: &str = "
    INSERT INTO own_intent_promotions (account_id, number, version, previous_version, action, user_id, user_name, at)
    SELECT ?1, now.number + 1, NULL, now.version, 'rolled_back', ?2, ?3, ?4
    FROM (SELECT number, version FROM own_intent_promotions WHERE account_id = ?1 ORDER BY number DESC LIMIT 1) AS now
    WHERE now.version IS NOT NULL
    RETURNING account_id, previous_version";
/// Before the intent `?5` is deleted: only if it is there, and one of two or the last.
pub(super) const SWITCH_OFF_BEFORE_DELETE: &str = "
    INSERT INTO own_intent_promotions (account_id, number, version, previous_version, action, user_id, user_name, at)
    SELECT ?1, now.number + 1, NULL, now.version, 'deleted', ?2, ?3, ?4
    FROM (SELECT number, version FROM own_intent_promotions WHERE account_id = ?1 ORDER BY number DESC LIMIT 1) AS now
    WHERE now.version IS NOT NULL
      AND EXISTS (SELECT 1 FROM own_intents i WHERE i.account_id = ?1 AND i.id = ?5)
      AND (SELECT count(*) FROM own_intents WHERE account_id = ?1) <= 2";

#[cfg(test)]
pub(super) const READS: [&str; 3] = [FIND_IN_USE, FIND_RETIRED, LIST_PROMOTIONS];

impl<D: Database> AccountStore<'_, D> {
    /// The version in use; `None` when there is none, or own intents are switched off.
    pub async fn intents_version_in_use(&self) -> Result<Option<u32>, StoreError> {
        let rows = self.database.query(FIND_IN_USE, &[self.account()]).await?;
        rows.first()
            .map_or(Ok(None), |row| optional(row, "version"))
    }

    /// The version in use, with the intents that it knows and that are there no more.
    pub async fn intents_in_use(&self) -> Result<Option<IntentsInUse>, StoreError> {
        let rows = self.database.query(FIND_RETIRED, &[self.account()]).await?;
        let Some(row) = rows.first() else {
            return Ok(None);
        };
        let Some(version) = optional(row, "version")? else {
            return Ok(None);
        };
        let mut retired: Vec<IntentId> = row.json("retired")?;
        retired.sort_unstable();
        Ok(Some(IntentsInUse { version, retired }))
    }

    /// Changes of the version in use, newest first, `limit` (1 to [`MAX_LIMIT`]) a page.
    pub async fn list_promotions(
        &self,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Page<Promotion>, StoreError> {
        let limit = limit.clamp(1, MAX_LIMIT);
        let parameters = [
            self.account(),
            Value::Int(below(cursor)?),
            Value::Int(i64::from(limit) + 1),
        ];
        let rows = self.database.query(LIST_PROMOTIONS, &parameters).await?;
        let items = rows.iter().map(promotion).collect::<Result<Vec<_>, _>>()?;
        Ok(page(items, limit, |promotion| promotion.number))
    }

    /// Puts a version to use, or none. `None` when there is no such version; using what is in use already changes nothing.
    pub async fn roll_back_intents(
        &self,
        version: Option<u32>,
        by: &Principal,
        now: Timestamp,
    ) -> Result<Option<RollbackResponse>, StoreError> {
        let rows = match version {
            None => {
                let parameters = switch_off(self.account(), by, now);
                self.database.query(SWITCH_OFF, &parameters).await?
            }
            Some(version) => {
                let parameters = [
                    self.account(),
                    Value::Int(version.into()),
                    Value::text(by.user_id),
                    Value::text(&by.name),
                    Value::time(now),
                ];
                self.database.query(ROLL_BACK, &parameters).await?
            }
        };
        if let Some(row) = rows.first() {
            return Ok(Some(RollbackResponse {
                version,
                previous_version: optional(row, "previous_version")?,
                changed: true,
            }));
        }
        let in_use = self.intents_version_in_use().await?;
        Ok((in_use == version).then_some(RollbackResponse {
            version,
            previous_version: in_use,
            changed: false,
        }))
    }
}

/// The first four parameters of a statement that switches off.
pub(super) fn switch_off(account: Value, by: &Principal, now: Timestamp) -> Vec<Value> {
    vec![
        account,
        Value::text(by.user_id),
        Value::text(&by.name),
        Value::time(now),
    ]
}

fn optional(row: &Row, column: &str) -> Result<Option<u32>, StoreError> {
    match row.optional_int(column)? {
        None => Ok(None),
        Some(_) => row.uint32(column).map(Some),
    }
}

fn promotion(row: &Row) -> Result<Promotion, StoreError> {
    Ok(Promotion {
        number: row.uint32("number")?,
        version: optional(row, "version")?,
        previous_version: optional(row, "previous_version")?,
        action: row.word("action")?,
        by: user(row)?,
        at: row.time("at")?,
    })
}
