//! The requests of an account's customers about their data, and the work on them.
//!
//! State: `requests`, `targets` (a request's conversations, and whether the present step of it is done), `privacy` (whose it is).
//! Nothing that names a customer is stored: names are asked of the conversations when they are needed, and forgotten.
//!
//! Invariants:
//! - A request that was answered is stored, with an alarm; it is worked on until it is over, whatever fails on the way.
//! - Each step of each conversation may be done again without harm; it counts as done only when it was answered.
//! - A customer has one request at a time that is not over.
//! - At most one worker runs at a time. What it was told to do may change while it waits for somebody: it writes down that a step
//!   is done only if the request still stands at that step.

mod rows;
#[cfg(test)]
mod tests;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeSet, HashMap};

use edgedesk_domain::ids::{AccountId, ConversationId, CustomerId, PrivacyRequestId};
use edgedesk_domain::time::Timestamp;
use edgedesk_wire::privacy::{
    CancelErasure, CancelRequest, CreateRequest, PrivacyKind, PrivacyRequest, PrivacyStatus,
    RequestAnswer, RequestPage, Rewrite, Rewritten, ScheduleErasure,
};

use crate::error::{ObjectError, Refusal};
use crate::host::{Host, OutsideError, Report};
use crate::sql::{ObjectSql, SqlError};
use rows::{Row, Rows};

/// Milliseconds after which the alarm looks whether the work goes on.
const RECOVERY_MILLIS: i64 = 30_000;

/// First and longest wait after a failure, in milliseconds.
const FIRST_BACKOFF_MILLIS: i64 = 1_000;
const MAX_BACKOFF_MILLIS: i64 = 600_000;

/// Conversations that one run works on before it lets the next alarm go on: each is a request or two to another object.
const MAX_STEPS: usize = 100;

/// Rows of a page, unless told and at most.
const LIST_LIMIT: u64 = 50;
const MAX_LIST_LIMIT: u64 = 200;

/// Milliseconds after which parked messages are looked through again: a message may be on the queue for four days, and for four
/// more on that of dead letters.
const LATE_SWEEP_MILLIS: i64 = 9 * 24 * 3600 * 1000;

/// Everybody that the work needs.
#[expect(async_fn_in_trait, reason = "objects are single-threaded")]
pub trait PrivacyOutside {
    /// The conversations of a customer that the read model knows.
    async fn conversations(
        &self,
        account_id: AccountId,
        customer_id: CustomerId,
    ) -> Result<Vec<ConversationId>, OutsideError>;

    /// Hides a conversation. One that does not exist is hidden.
    async fn schedule(
        &self,
        account_id: AccountId,
        conversation_id: ConversationId,
        request: ScheduleErasure,
    ) -> Result<(), OutsideError>;

    /// Shows a conversation again.
    async fn cancel(
        &self,
        account_id: AccountId,
        conversation_id: ConversationId,
        request: CancelErasure,
    ) -> Result<(), OutsideError>;

    /// What the customer is called in a conversation.
    async fn names(
        &self,
        account_id: AccountId,
        conversation_id: ConversationId,
    ) -> Result<Vec<String>, OutsideError>;

    /// Takes personal data out of a portion of a conversation's log.
    async fn rewrite(
        &self,
        account_id: AccountId,
        conversation_id: ConversationId,
        request: Rewrite,
    ) -> Result<Rewritten, OutsideError>;

    /// Forgets parked messages of these conversations, archives of the request's customer and what is written of them beside their
    /// consents, or for an erasure these as well, and deliveries in which one of these names stands.
    async fn sweep(
        &self,
        account_id: AccountId,
        request: &PrivacyRequest,
        conversation_ids: &[ConversationId],
        names: &[String],
    ) -> Result<(), OutsideError>;

    /// Puts an entry into the account's audit log. A repeat is dropped there.
    async fn record(
        &self,
        account_id: AccountId,
        request: &PrivacyRequest,
        action: &'static str,
    ) -> Result<(), OutsideError>;
}

/// The object of one account's requests.
#[derive(Debug)]
pub struct Privacy<S, H> {
    rows: Rows<S>,
    host: H,
    running: Cell<bool>,
    /// What customers are called, while their request is worked on in this life.
    names: RefCell<HashMap<PrivacyRequestId, Known>>,
}

/// What a customer is called, and which conversations have said so.
#[derive(Debug, Default)]
struct Known {
    names: BTreeSet<String>,
    asked: BTreeSet<ConversationId>,
}

impl<S: ObjectSql, H: Host> Privacy<S, H> {
    /// An object that just woke: everything it knows is in `sql`.
    pub fn new(sql: S, host: H) -> Self {
        Self {
            rows: Rows::new(sql),
            host,
            running: Cell::new(false),
            names: RefCell::default(),
        }
    }

    /// Takes a request.
    ///
    /// # Errors
    ///
    /// `not_found` for another account's name, `privacy_request_active` while another of the customer is not over; `unavailable`.
    pub async fn create(
        &self,
        account_id: AccountId,
        request: CreateRequest,
    ) -> Result<RequestAnswer, ObjectError> {
        self.check_account(account_id)?;
        self.rows.ensure_schema(account_id)?;
        let now = self.host.now();
        let (status, window_millis) = match request.kind {
            PrivacyKind::Erasure => (
                PrivacyStatus::Scheduling,
                i64::try_from(request.window_secs.saturating_mul(1_000)).unwrap_or(i64::MAX / 2),
            ),
            PrivacyKind::Anonymisation => (PrivacyStatus::Working, 0),
        };
        let request = PrivacyRequest {
            id: PrivacyRequestId::generate(&self.host),
            kind: request.kind,
            customer_id: request.customer_id,
            status,
            requested_by: request.requested_by,
            requested_at: now,
            due_at: now.plus_millis(window_millis),
            finished_at: None,
            n_done: 0,
            n_total: 0,
            n_failures: 0,
        };
        // One statement, and the alarm in the same commit.
        let is_new = self.rows.insert(&request)?;
        if !is_new {
            return Err(Refusal::PrivacyRequestActive
                .because("A request about this customer's data is under way."));
        }
        self.arm_soon().await?;
        Ok(RequestAnswer {
            account_id,
            request,
        })
    }

    /// Takes an erasure back that is not due yet.
    ///
    /// # Errors
    ///
    /// `not_found`, `privacy_request_over`; `unavailable`.
    pub async fn cancel(
        &self,
        account_id: AccountId,
        request: CancelRequest,
    ) -> Result<RequestAnswer, ObjectError> {
        let row = self.existing(account_id, request.id)?;
        let can = match row.request.status {
            PrivacyStatus::Scheduling | PrivacyStatus::Waiting => {
                self.host.now() < row.request.due_at
            }
            // Asked twice.
            PrivacyStatus::Cancelling | PrivacyStatus::Cancelled => {
                return Ok(RequestAnswer {
                    account_id,
                    request: row.request,
                });
            }
            PrivacyStatus::Working | PrivacyStatus::Done => false,
        };
        if !can {
            return Err(
                Refusal::PrivacyRequestOver.because("The request can no longer be taken back.")
            );
        }
        self.rows
            .begin_step(&row.request, PrivacyStatus::Cancelling, self.host.now())?;
        self.arm_soon().await?;
        self.find(account_id, request.id)
    }

    /// One request.
    ///
    /// # Errors
    ///
    /// `not_found`; `unavailable`.
    pub fn find(
        &self,
        account_id: AccountId,
        id: PrivacyRequestId,
    ) -> Result<RequestAnswer, ObjectError> {
        let row = self.existing(account_id, id)?;
        Ok(RequestAnswer {
            account_id,
            request: row.request,
        })
    }

    /// Requests before the place `before`, newest first, at most `limit` (and 200).
    ///
    /// # Errors
    ///
    /// `not_found` for another account's name; `unavailable`.
    pub fn list(
        &self,
        account_id: AccountId,
        before: Option<u64>,
        limit: Option<u64>,
    ) -> Result<RequestPage, ObjectError> {
        self.check_account(account_id)?;
        let limit = limit.unwrap_or(LIST_LIMIT).clamp(1, MAX_LIST_LIMIT);
        let mut rows = self.rows.list(before, limit + 1)?;
        let has_more = rows.len() as u64 > limit;
        rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(RequestPage {
            account_id,
            next_before: rows.last().filter(|_| has_more).map(|row| row.place),
            requests: rows.into_iter().map(|row| row.request).collect(),
        })
    }

    /// Whether something is to be done now.
    pub fn has_work(&self) -> bool {
        // What cannot be read now is looked at again in a moment.
        self.rows.next().map_or(true, |next| {
            next.is_some_and(|row| row.wake_at <= self.host.now())
        })
    }

    /// The alarm went off. Sets it again first; safe to run twice.
    ///
    /// # Errors
    ///
    /// `unavailable` when the alarm could not be set or the storage not read; the runtime then retries by itself.
    pub async fn alarm(&self, outside: &impl PrivacyOutside) -> Result<(), ObjectError> {
        if self.rows.next()?.is_some() {
            self.arm(self.host.now().plus_millis(RECOVERY_MILLIS))
                .await?;
        }
        self.work(outside).await;
        Ok(())
    }

    /// Works on what is due, then sets the alarm to when something is due again.
    pub async fn work(&self, outside: &impl PrivacyOutside) {
        if self.running.replace(true) {
            return;
        }
        for _ in 0..MAX_STEPS {
            match self.rows.next() {
                Ok(Some(row)) if row.wake_at <= self.host.now() => {
                    if let Err(error) = self.advance(outside, &row).await {
                        self.report(&format!("work on {}", row.request.id), &error);
                        self.back_off(&row);
                    }
                }
                Ok(_) => break,
                Err(error) => {
                    self.report("read the requests", &error);
                    break;
                }
            }
        }
        self.running.set(false);
        let wake = match self.rows.next() {
            Ok(next) => next.map(|row| row.wake_at.max(self.host.now())),
            Err(_) => Some(self.host.now().plus_millis(RECOVERY_MILLIS)),
        };
        if let Some(at) = wake
            && let Err(error) = self.arm(at).await
        {
            self.report("set the alarm", &error);
        }
    }

    /// One step of one request.
    async fn advance(&self, outside: &impl PrivacyOutside, row: &Row) -> Result<(), WorkError> {
        let request = &row.request;
        let now = self.host.now();
        match request.status {
            PrivacyStatus::Scheduling => {
                let Some(target) = self.next_target(outside, row).await? else {
                    return self
                        .end_step(
                            outside,
                            row,
                            "customer.erasure_scheduled",
                            PrivacyStatus::Waiting,
                        )
                        .await;
                };
                let schedule = ScheduleErasure {
                    request_id: request.id,
                    asked_at: request.requested_at,
                    due_at: request.due_at,
                };
                outside.schedule(self.account()?, target, schedule).await?;
                self.rows.set_done(request, target)?;
            }
            PrivacyStatus::Waiting => {
                self.rows.begin_step(request, PrivacyStatus::Working, now)?;
            }
            PrivacyStatus::Working => {
                let Some(target) = self.next_target(outside, row).await? else {
                    let names = self.names_of(outside, row).await?;
                    let targets = self.rows.targets(request.id)?;
                    outside
                        .sweep(self.account()?, request, &targets, &names)
                        .await?;
                    let action = match request.kind {
                        PrivacyKind::Erasure => "customer.erased",
                        PrivacyKind::Anonymisation => "customer.anonymised",
                    };
                    self.end_step(outside, row, action, PrivacyStatus::Done)
                        .await?;
                    self.names.borrow_mut().remove(&request.id);
                    return Ok(());
                };
                self.rewrite(outside, row, target).await?;
                self.rows.set_done(request, target)?;
            }
            PrivacyStatus::Cancelling => {
                let Some(target) = self.rows.next_target(request.id)? else {
                    return self
                        .end_step(
                            outside,
                            row,
                            "customer.erasure_cancelled",
                            PrivacyStatus::Cancelled,
                        )
                        .await;
                };
                let cancel = CancelErasure {
                    request_id: request.id,
                };
                outside.cancel(self.account()?, target, cancel).await?;
                self.rows.set_done(request, target)?;
            }
            PrivacyStatus::Done | PrivacyStatus::Cancelled => {
                let targets = self.rows.targets(request.id)?;
                outside
                    .sweep(self.account()?, request, &targets, &[])
                    .await?;
                self.rows.rest(request.id)?;
            }
        }
        Ok(())
    }

    /// The next conversation of the present step. When there is none, the read model is asked again: it may have heard of more.
    async fn next_target(
        &self,
        outside: &impl PrivacyOutside,
        row: &Row,
    ) -> Result<Option<ConversationId>, WorkError> {
        let request = &row.request;
        if let Some(target) = self.rows.next_target(request.id)? {
            return Ok(Some(target));
        }
        let found = outside
            .conversations(self.account()?, request.customer_id)
            .await?;
        self.rows.add_targets(request.id, &found)?;
        Ok(self.rows.next_target(request.id)?)
    }

    async fn rewrite(
        &self,
        outside: &impl PrivacyOutside,
        row: &Row,
        target: ConversationId,
    ) -> Result<(), WorkError> {
        let names = self.names_of(outside, row).await?;
        let mut after_seq = 0;
        loop {
            let portion = Rewrite {
                request_id: row.request.id,
                kind: row.request.kind,
                asked_at: row.request.requested_at,
                names: names.clone(),
                after_seq,
            };
            let rewritten = outside.rewrite(self.account()?, target, portion).await?;
            match rewritten.next_after {
                Some(next) if next > after_seq => after_seq = next,
                _ => return Ok(()),
            }
        }
    }

    /// What the customer is called in any of their conversations that still say so.
    async fn names_of(
        &self,
        outside: &impl PrivacyOutside,
        row: &Row,
    ) -> Result<Vec<String>, WorkError> {
        let id = row.request.id;
        for target in self.rows.targets(id)? {
            let is_asked = |known: &Known| known.asked.contains(&target);
            if self.names.borrow().get(&id).is_some_and(is_asked) {
                continue;
            }
            // Each answer is kept, so that a failure does not have all of them asked again.
            let names = outside.names(self.account()?, target).await?;
            let mut all = self.names.borrow_mut();
            let known = all.entry(id).or_default();
            known.names.extend(names);
            known.asked.insert(target);
        }
        let all = self.names.borrow();
        Ok(all
            .get(&id)
            .map_or_else(Vec::new, |known| known.names.iter().cloned().collect()))
    }

    /// A step is done for every conversation: it is noted in the audit log, and the next begins.
    async fn end_step(
        &self,
        outside: &impl PrivacyOutside,
        row: &Row,
        action: &'static str,
        next: PrivacyStatus,
    ) -> Result<(), WorkError> {
        outside
            .record(self.account()?, &row.request, action)
            .await?;
        let now = self.host.now();
        let wake_at = match next {
            PrivacyStatus::Waiting => Some(row.request.due_at),
            PrivacyStatus::Done => Some(now.plus_millis(LATE_SWEEP_MILLIS)),
            _ => None,
        };
        self.rows.end_step(&row.request, next, now, wake_at)?;
        Ok(())
    }

    fn back_off(&self, row: &Row) {
        let n_failures = row.request.n_failures.saturating_add(1);
        let whole = FIRST_BACKOFF_MILLIS
            .saturating_mul(1 << (n_failures - 1).min(20))
            .min(MAX_BACKOFF_MILLIS);
        #[expect(clippy::cast_possible_truncation, reason = "at most 600,000")]
        let wait = (whole as f64 * (0.5 + 0.5 * self.host.chance())) as i64;
        let wake_at = self.host.now().plus_millis(wait);
        if let Err(error) = self.rows.set_failed(row.request.id, n_failures, wake_at) {
            self.report("note a failure", &error);
        }
    }

    fn existing(&self, account_id: AccountId, id: PrivacyRequestId) -> Result<Row, ObjectError> {
        self.check_account(account_id)?;
        self.rows.find(id)?.ok_or_else(not_here)
    }

    fn check_account(&self, account_id: AccountId) -> Result<(), ObjectError> {
        match self.rows.account()? {
            Some(own) if own != account_id => Err(not_here()),
            _ => Ok(()),
        }
    }

    /// There are requests only where there is an account.
    fn account(&self) -> Result<AccountId, SqlError> {
        self.rows
            .account()?
            .ok_or_else(|| SqlError::Unreadable("the requests are nobody's".to_owned()))
    }

    /// The work begins right after the answer; the alarm is for when the object is lost before.
    async fn arm_soon(&self) -> Result<(), ObjectError> {
        self.arm(self.host.now().plus_millis(FIRST_BACKOFF_MILLIS))
            .await
    }

    async fn arm(&self, at: Timestamp) -> Result<(), ObjectError> {
        Ok(self.host.arm_alarm(at).await?)
    }

    fn report(&self, what: &str, error: &impl std::fmt::Display) {
        self.host.report(&Report {
            message: format!("privacy requests: could not {what}: {error}"),
            account_id: self.rows.account().ok().flatten(),
            conversation_id: None,
        });
    }
}

/// Why a step was not done.
#[derive(Debug, thiserror::Error)]
enum WorkError {
    #[error(transparent)]
    Storage(#[from] SqlError),
    #[error(transparent)]
    Outside(#[from] OutsideError),
}

fn not_here() -> ObjectError {
    Refusal::NotFound.because("There is no such request.")
}
