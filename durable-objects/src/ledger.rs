//! The books of an account's text generators: what it decided, what calls under way may cost, and what past ones came to.
//!
//! State: `settings`, one row or none; `holds`, one row a call under way; `calls`, one row a call of the last day; `usage`, one row for
//! each month, provider and model. Invariants:
//! - Spent and held together are never more than the budget but by what a call cost above its estimate.
//! - A call is counted once: its id is the key of `calls`, and a trigger counts it and ends its hold with the same statement.
//! - A hold whose call nobody recorded ends after [`HOLD_MILLIS`], so that a crashed job blocks no money for long.
//! - Nothing in here is personal data: amounts, and names of models.

#[cfg(test)]
mod tests;

use std::cell::Cell;

use edgedesk_domain::ids::AccountId;
use edgedesk_domain::time::{Clock, Timestamp};
use edgedesk_wire::generators::{
    CallRecord, GeneratorSettings, GeneratorUsage, GeneratorUsageRow, Held, HoldRequest,
    MAX_BUDGET_MICRO_DOLLARS, Standing,
};

use crate::error::{ObjectError, Refusal};
use crate::sql::{ObjectSql, SqlError};

const SCHEMA: [&str; 5] = [
    "CREATE TABLE IF NOT EXISTS settings (
        only INTEGER NOT NULL PRIMARY KEY CHECK (only = 1),
        is_on INTEGER NOT NULL,
        budget INTEGER NOT NULL
    )",
    "CREATE TABLE IF NOT EXISTS holds (
        id TEXT NOT NULL PRIMARY KEY,
        micro_dollars INTEGER NOT NULL,
        expires_at INTEGER NOT NULL
    )",
    "CREATE TABLE IF NOT EXISTS usage (
        month TEXT NOT NULL,
        provider TEXT NOT NULL,
        model TEXT NOT NULL,
        n_requests INTEGER NOT NULL,
        input_tokens INTEGER NOT NULL,
        output_tokens INTEGER NOT NULL,
        micro_dollars INTEGER NOT NULL,
        n_estimates INTEGER NOT NULL,
        PRIMARY KEY (month, provider, model)
    )",
    "CREATE TABLE IF NOT EXISTS calls (
        id TEXT NOT NULL PRIMARY KEY,
        at INTEGER NOT NULL,
        month TEXT NOT NULL,
        provider TEXT NOT NULL,
        model TEXT NOT NULL,
        input_tokens INTEGER NOT NULL,
        output_tokens INTEGER NOT NULL,
        micro_dollars INTEGER NOT NULL,
        is_estimate INTEGER NOT NULL
    )",
    "CREATE TRIGGER IF NOT EXISTS counted AFTER INSERT ON calls BEGIN
        INSERT INTO usage (month, provider, model, n_requests, input_tokens, output_tokens, micro_dollars, n_estimates)
            VALUES (NEW.month, NEW.provider, NEW.model, 1, NEW.input_tokens, NEW.output_tokens, NEW.micro_dollars, NEW.is_estimate)
            ON CONFLICT (month, provider, model) DO UPDATE SET
                n_requests = n_requests + 1,
                input_tokens = input_tokens + excluded.input_tokens,
                output_tokens = output_tokens + excluded.output_tokens,
                micro_dollars = micro_dollars + excluded.micro_dollars,
                n_estimates = n_estimates + excluded.n_estimates;
        DELETE FROM holds WHERE id = NEW.id;
    END",
];

/// How long a hold lasts whose call is never recorded: a chain has 45 seconds.
pub const HOLD_MILLIS: i64 = 300_000;
/// How long a call is remembered, so that it is not counted twice: no message of a queue is repeated for longer than that.
const REMEMBERED_MILLIS: i64 = 86_400_000;
/// Most letters of an id, and of the name of a provider or a model.
const MAX_WORD_BYTES: usize = 200;
/// Most tokens and millionths of a dollar of one call. What a month adds up to stays far below 2^53.
const MAX_OF_CALL: u64 = 100_000_000_000;
/// Rows of usage that are given.
const MAX_ROWS: u32 = 500;
/// Months of usage that are given, the present one among them.
const MONTHS: u32 = 12;

/// The object that keeps the books of one account.
#[derive(Debug)]
pub struct Ledger<S, C> {
    account_id: AccountId,
    sql: S,
    clock: C,
    has_tables: Cell<bool>,
}

impl<S: ObjectSql, C: Clock> Ledger<S, C> {
    /// An object that just woke: everything it knows is in `sql`.
    pub fn new(account_id: AccountId, sql: S, clock: C) -> Self {
        Self {
            account_id,
            sql,
            clock,
            has_tables: Cell::new(false),
        }
    }

    /// The settings, and how the month goes.
    ///
    /// # Errors
    ///
    /// `unavailable`.
    pub fn standing(&self) -> Result<Standing, ObjectError> {
        self.prepare()?;
        Ok(self.standing_at(self.clock.now())?)
    }

    /// Takes the account's decision. Calls under way are not ended by it.
    ///
    /// # Errors
    ///
    /// `invalid_request` for a budget above [`MAX_BUDGET_MICRO_DOLLARS`]; `unavailable`.
    pub fn decide(&self, settings: &GeneratorSettings) -> Result<Standing, ObjectError> {
        if settings.monthly_budget_micro_dollars > MAX_BUDGET_MICRO_DOLLARS {
            return Err(Refusal::InvalidRequest.because("A budget is at most a million dollars."));
        }
        self.prepare()?;
        self.sql.exec(
            "INSERT INTO settings (only, is_on, budget) VALUES (1, ?, ?)
             ON CONFLICT (only) DO UPDATE SET is_on = excluded.is_on, budget = excluded.budget",
            &[
                settings.is_on.into(),
                settings.monthly_budget_micro_dollars.into(),
            ],
        )?;
        self.standing()
    }

    /// Holds what a call may come to, if there is as much left. What costs nothing is always held, while the account wants it at all.
    ///
    /// # Errors
    ///
    /// `invalid_request` for an id or an amount that is too large; `unavailable`, and then it may be held until it expires.
    pub fn hold(&self, request: &HoldRequest) -> Result<Held, ObjectError> {
        if !is_word(&request.id) {
            return Err(Refusal::InvalidRequest.because("A call has an id."));
        }
        self.prepare()?;
        let now = self.clock.now();
        self.sql.exec(
            "DELETE FROM holds WHERE expires_at <= ?",
            &[now.millis().into()],
        )?;
        // Nothing comes between this and the write: an object is one thread, and there is no await.
        let standing = self.standing_at(now)?;
        let amount = request.micro_dollars;
        let fits = amount == 0 || amount <= standing.left_micro_dollars();
        let is_held = standing.settings.is_on && fits;
        if is_held {
            self.sql.exec(
                "INSERT INTO holds (id, micro_dollars, expires_at) VALUES (?, ?, ?) ON CONFLICT (id) DO NOTHING",
                &[
                    request.id.as_str().into(),
                    amount.into(),
                    now.plus_millis(HOLD_MILLIS).millis().into(),
                ],
            )?;
        }
        Ok(Held {
            account_id: self.account_id,
            is_held,
        })
    }

    /// Counts what a call came to and ends its hold. A repeat changes nothing.
    ///
    /// # Errors
    ///
    /// `invalid_request` for words or numbers that no call has; `unavailable`, and then it may or may not be counted, and may be told
    /// again.
    pub fn record(&self, call: &CallRecord) -> Result<Standing, ObjectError> {
        let words = [&call.id, &call.provider, &call.model];
        let numbers = [call.input_tokens, call.output_tokens, call.micro_dollars];
        if !words.into_iter().all(|word| is_word(word))
            || numbers.into_iter().any(|number| number > MAX_OF_CALL)
        {
            return Err(Refusal::InvalidRequest.because("No call is like this."));
        }
        self.prepare()?;
        let now = self.clock.now();
        let forgotten = now.plus_millis(-REMEMBERED_MILLIS).millis();
        self.sql
            .exec("DELETE FROM calls WHERE at < ?", &[forgotten.into()])?;
        self.sql.exec(
            "INSERT INTO calls (id, at, month, provider, model, input_tokens, output_tokens, micro_dollars, is_estimate)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
            &[
                call.id.as_str().into(),
                now.millis().into(),
                month_of(now).into(),
                call.provider.as_str().into(),
                call.model.as_str().into(),
                call.input_tokens.into(),
                call.output_tokens.into(),
                call.micro_dollars.into(),
                call.is_estimate.into(),
            ],
        )?;
        Ok(self.standing_at(now)?)
    }

    /// What was used, month by month.
    ///
    /// # Errors
    ///
    /// `unavailable`.
    pub fn usage(&self) -> Result<GeneratorUsage, ObjectError> {
        self.prepare()?;
        let now = self.clock.now();
        let standing = self.standing_at(now)?;
        let rows = self.sql.exec(
            "SELECT month, provider, model, n_requests, input_tokens, output_tokens, micro_dollars, n_estimates FROM usage
             WHERE month >= ? ORDER BY month DESC, micro_dollars DESC, provider, model LIMIT ?",
            &[first_month(&standing.month).into(), MAX_ROWS.into()],
        )?;
        let usage = rows.iter().map(|row| {
            Ok(GeneratorUsageRow {
                month: row.text(0)?.to_owned(),
                provider: row.text(1)?.to_owned(),
                model: row.text(2)?.to_owned(),
                n_requests: row.count(3)?,
                input_tokens: row.count(4)?,
                output_tokens: row.count(5)?,
                micro_dollars: row.count(6)?,
                n_estimates: row.count(7)?,
            })
        });
        let usage = usage.collect::<Result<_, SqlError>>()?;
        Ok(GeneratorUsage {
            account_id: self.account_id,
            left_micro_dollars: standing.left_micro_dollars(),
            spent_micro_dollars: standing.spent_micro_dollars,
            held_micro_dollars: standing.held_micro_dollars,
            month: standing.month,
            usage,
        })
    }

    fn prepare(&self) -> Result<(), SqlError> {
        if !self.has_tables.get() {
            for statement in SCHEMA {
                self.sql.exec(statement, &[])?;
            }
            self.has_tables.set(true);
        }
        Ok(())
    }

    fn standing_at(&self, now: Timestamp) -> Result<Standing, SqlError> {
        let month = month_of(now);
        let rows = self.sql.exec(
            "SELECT
                (SELECT is_on FROM settings),
                (SELECT budget FROM settings),
                (SELECT coalesce(sum(micro_dollars), 0) FROM usage WHERE month = ?),
                (SELECT coalesce(sum(micro_dollars), 0) FROM holds WHERE expires_at > ?)",
            &[month.as_str().into(), now.millis().into()],
        )?;
        let row = rows
            .first()
            .ok_or_else(|| SqlError::Unreadable("a row without a table is none".to_owned()))?;
        let budget = row.optional_integer(1)?.unwrap_or(0);
        Ok(Standing {
            account_id: self.account_id,
            settings: GeneratorSettings {
                is_on: row.optional_integer(0)? == Some(1),
                monthly_budget_micro_dollars: u64::try_from(budget).unwrap_or(0),
            },
            month,
            spent_micro_dollars: row.count(2)?,
            held_micro_dollars: row.count(3)?,
        })
    }
}

fn is_word(text: &str) -> bool {
    (1..=MAX_WORD_BYTES).contains(&text.len()) && !text.contains(char::is_control)
}

/// `2026-11` of any time in it, UTC.
fn month_of(now: Timestamp) -> String {
    now.to_string().chars().take("2026-11".len()).collect()
}

/// The first of the months that are given when `month` is the present one.
fn first_month(month: &str) -> String {
    let (year, number) = month.split_once('-').unwrap_or_default();
    let of = |text: &str| text.parse::<u32>().unwrap_or(0);
    let months = (of(year) * 12 + of(number)).saturating_sub(MONTHS);
    format!("{:04}-{:02}", months / 12, months % 12 + 1)
}
