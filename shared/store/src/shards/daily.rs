//! What is done for an account once a day: when it was asked for, and how it ended.

use edgedesk_domain::time::Timestamp;
use edgedesk_wire::gaps::{GapReport, GapRun};

use super::AccountStore;
use crate::database::{Database, StoreError, Value};

/// How long a run counts as running: it is tried again for this long at most, and then asked for anew.
pub const RUN_MILLIS: i64 = 60 * 60 * 1000;
/// The task of looking for gaps.
pub(super) const GAPS: &str = "gaps";

const ASK: &str = "
    INSERT INTO daily_runs (account_id, task, revision, asked_at) VALUES (?1, ?2, 1, ?3)
    ON CONFLICT (account_id, task) DO UPDATE SET revision = revision + 1, asked_at = ?3, problem = NULL";
// One that nobody asked for, such as a message from before the row, counts as asked for now.
const END: &str = "
    INSERT INTO daily_runs (account_id, task, revision, asked_at, ended_at, report) VALUES (?1, ?2, 1, ?3, ?3, ?4)
    ON CONFLICT (account_id, task) DO UPDATE SET revision = revision + 1, ended_at = ?3, report = ?4, problem = NULL";
const FAIL: &str = "
    UPDATE daily_runs SET revision = revision + 1, problem = ?3 WHERE account_id = ?1 AND task = ?2";
const FIND: &str = "
    SELECT account_id, asked_at, ended_at, report, problem FROM daily_runs WHERE account_id = ?1 AND task = ?2";

#[cfg(test)]
pub(crate) const READS: [&str; 4] = [ASK, END, FAIL, FIND];

impl<D: Database> AccountStore<'_, D> {
    /// Notes that a look for gaps is asked for.
    pub async fn ask_for_gaps(&self, now: Timestamp) -> Result<(), StoreError> {
        let parameters = [self.account(), Value::text(GAPS), Value::time(now)];
        self.database.query(ASK, &parameters).await?;
        Ok(())
    }

    /// Notes that one ended.
    pub async fn end_gap_run(&self, report: &GapReport, now: Timestamp) -> Result<(), StoreError> {
        let parameters = [
            self.account(),
            Value::text(GAPS),
            Value::time(now),
            Value::Text(crate::json(report)),
        ];
        self.database.query(END, &parameters).await?;
        Ok(())
    }

    /// Notes why one failed, in a sentence for people.
    pub async fn fail_gap_run(&self, problem: &str) -> Result<(), StoreError> {
        let parameters = [self.account(), Value::text(GAPS), Value::text(problem)];
        self.database.query(FAIL, &parameters).await?;
        Ok(())
    }

    /// How the look for gaps stands.
    pub async fn find_gap_run(&self, now: Timestamp) -> Result<GapRun, StoreError> {
        let parameters = [self.account(), Value::text(GAPS)];
        let rows = self.database.query(FIND, &parameters).await?;
        let Some(row) = rows.first() else {
            return Ok(GapRun::default());
        };
        let asked_at = row.time("asked_at")?;
        let ended_at = match row.optional_int("ended_at")? {
            None => None,
            Some(_) => Some(row.time("ended_at")?),
        };
        let has_ended = ended_at.is_some_and(|ended_at| ended_at >= asked_at);
        Ok(GapRun {
            is_running: !has_ended && now.millis_since(asked_at) < RUN_MILLIS,
            asked_at: Some(asked_at),
            ended_at,
            report: match row.optional_text("report")? {
                None => None,
                Some(_) => Some(row.json("report")?),
            },
            problem: row.optional_text("problem")?.map(str::to_owned),
        })
    }
}
