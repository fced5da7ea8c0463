//! What becomes of a queue message: projected, parked, or tried again.
//!
//! Trouble that may pass (D1 or an object does not answer) is retried with growing, jittered delays. Poison (no envelope, a
//! mixture of accounts, rows that D1 refuses) is parked at once where a person sees it, with its reason: trying it again
//! would only hold up the others. What the queue itself gives up on comes by the dead-letter queue, gets one more try, and
//! is parked too.

mod read;
mod rebuild;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use edgedesk_domain::event::Event;
use edgedesk_domain::ids::{AccountId, ConversationId};
use edgedesk_domain::time::Timestamp;
use edgedesk_wire::desk::RegistryResponse;
use edgedesk_wire::object::EventsResponse;
use edgedesk_wire::queue::{EVENTS_QUEUE, EventsAppended};

pub use self::rebuild::RebuildError;
use crate::database::{Database, StoreError};
use crate::keys::Sealer;
use crate::parked::{Parked, ParkedReason};
use crate::projection::{Projection, statements_for};
use crate::shards::{AccountStore, Shards};

/// Longest delay before a message is tried again.
pub const MAX_DELAY_SECS: u32 = 60;
/// Longest delay on the dead-letter queue: by then the trouble has lasted for minutes.
pub const MAX_DEAD_DELAY_SECS: u32 = 600;
/// Events read from a log at a time. One event has at most 100 kB of text: a page stays far below an isolate's memory.
const LOG_PAGE: u32 = 100;
/// Bytes of messages after which rows are written before more are collected.
const MAX_BATCH_BYTES: usize = 4_000_000;
/// After so many messages in a row that D1 did not answer for, the rest of the batch is not tried one by one.
const MAX_FAILURES_IN_A_ROW: u32 = 3;
/// Said of a message that no write reached. It cannot happen; if it does, the message comes again.
const NOT_WRITTEN: &str = "the message was not written";

/// Reads the log of a `Conversation` object.
#[expect(
    async_fn_in_trait,
    reason = "the runtime has one thread; nobody asks for `Send`"
)]
pub trait LogReader {
    /// Events after `after_seq`, at most `limit`, in order. An empty log when there is no such conversation.
    async fn read_events(
        &self,
        account_id: AccountId,
        conversation_id: ConversationId,
        after_seq: u64,
        limit: u32,
    ) -> Result<EventsResponse, ReadError>;
}

/// Reads the registry of a `Desk` object.
#[expect(
    async_fn_in_trait,
    reason = "the runtime has one thread; nobody asks for `Send`"
)]
pub trait RegistryReader {
    /// Conversations with a ticket number above `after`, at most `limit`, by number.
    async fn read_registry(
        &self,
        account_id: AccountId,
        after: u64,
        limit: u32,
    ) -> Result<RegistryResponse, ReadError>;
}

/// An object did not answer, or not sensibly. It may later.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an object could not be read: {0}")]
pub struct ReadError(pub String);

/// Where jitter comes from.
pub trait Chance {
    /// A number from 0 to below 1, evenly distributed.
    fn fraction(&self) -> f64;
}

/// How long a shard is known without asking: 30 s, as in the gateway. A move of an account waits for longer.
const KNOWN_MILLIS: i64 = 30_000;

/// Shards of accounts that were looked up before, and when. Lives as long as the isolate; clones share what they know.
#[derive(Debug, Clone, Default)]
pub struct KnownShards(Rc<RefCell<BTreeMap<AccountId, (u32, Timestamp)>>>);

/// One message as a queue delivers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The queue's own id for it.
    pub id: String,
    /// The body; absent when it is no text.
    pub body: Option<String>,
    /// Which attempt this is, from 1.
    pub n_attempts: u32,
}

/// What the queue should do with a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is in the read model: acknowledge.
    Projected {
        /// When its oldest event was logged: what the read model's lag is measured from.
        logged_at: Timestamp,
    },
    /// It is parked: acknowledge.
    Parked(ParkedReason),
    /// Deliver it again.
    Retry {
        /// After how long.
        delay_secs: u32,
        /// Why, for the log. No customer's words.
        cause: String,
    },
}

/// The consumer of the `events` queue.
#[derive(Debug, Clone, Copy)]
pub struct Projector<'a, D, L, C> {
    /// The databases.
    pub shards: &'a Shards<D>,
    /// The logs.
    pub logs: &'a L,
    /// For delays.
    pub chance: &'a C,
    /// Accounts looked up before.
    pub known_shards: &'a KnownShards,
    /// Now.
    pub now: Timestamp,
}

/// A message on its way.
enum Fate {
    /// To be written.
    Ready(Box<Ready>),
    /// Poison.
    Park(ParkedReason, String),
    /// Trouble that may pass.
    Later(String),
    /// Written; its oldest event was logged at that time.
    Done(Timestamp),
}

struct Ready {
    shard: u32,
    n_bytes: usize,
    appended: EventsAppended,
    sealer: Sealer,
}

impl Ready {
    fn done(&self) -> Fate {
        let oldest = self.appended.events.first().map(|event| event.at);
        Fate::Done(oldest.unwrap_or(self.appended.state.updated_at))
    }
}

impl<D: Database, L: LogReader, C: Chance> Projector<'_, D, L, C> {
    /// Handles a batch of the `events` queue: one transaction a shard when all goes well. Gives a verdict for each message,
    /// in order.
    pub async fn project(&self, deliveries: &[Delivery]) -> Vec<Verdict> {
        let fates = self.settle(deliveries).await;
        let mut verdicts = Vec::with_capacity(fates.len());
        for (delivery, fate) in deliveries.iter().zip(fates) {
            verdicts.push(match fate {
                Fate::Done(logged_at) => Verdict::Projected { logged_at },
                Fate::Park(reason, detail) => {
                    self.park(delivery, reason, detail, MAX_DELAY_SECS).await
                }
                Fate::Later(cause) => self.later(delivery, cause, MAX_DELAY_SECS),
                Fate::Ready(_) => self.later(delivery, NOT_WRITTEN.into(), MAX_DELAY_SECS),
            });
        }
        verdicts
    }

    /// Handles a batch of the dead-letter queue: each message gets one more try, since what exhausted its retries may be
    /// over; what still fails is parked.
    pub async fn bury(&self, deliveries: &[Delivery]) -> Vec<Verdict> {
        let fates = self.settle(deliveries).await;
        let mut verdicts = Vec::with_capacity(fates.len());
        for (delivery, fate) in deliveries.iter().zip(fates) {
            let (reason, detail) = match fate {
                Fate::Done(logged_at) => {
                    verdicts.push(Verdict::Projected { logged_at });
                    continue;
                }
                Fate::Park(reason, detail) => (reason, detail),
                Fate::Later(cause) => (ParkedReason::RetriesExhausted, cause),
                Fate::Ready(_) => (ParkedReason::RetriesExhausted, NOT_WRITTEN.into()),
            };
            let verdict = self.park(delivery, reason, detail, MAX_DEAD_DELAY_SECS);
            verdicts.push(verdict.await);
        }
        verdicts
    }

    /// Tries a parked message again and takes it off the list when it is handled. `None` when it is not parked; otherwise
    /// why it still cannot be handled.
    pub async fn retry_parked(
        &self,
        account_id: AccountId,
        id: &str,
    ) -> Result<Option<Result<(), String>>, StoreError> {
        let Some(store) = self.account_store(account_id).await? else {
            return Ok(None);
        };
        let Some(parked) = store.find_parked(id).await? else {
            return Ok(None);
        };
        let delivery = Delivery {
            id: parked.id.clone(),
            body: Some(parked.body.clone()),
            n_attempts: parked.n_attempts.saturating_add(1),
        };
        let fate = self.settle(std::slice::from_ref(&delivery)).await.pop();
        match fate {
            Some(Fate::Done(_)) => {
                store.discard_parked(id).await?;
                Ok(Some(Ok(())))
            }
            Some(Fate::Park(_, detail) | Fate::Later(detail)) => {
                let parked = Parked {
                    detail: detail.clone(),
                    n_attempts: delivery.n_attempts,
                    ..parked
                };
                store.park(&parked).await?;
                Ok(Some(Err(detail)))
            }
            Some(Fate::Ready(_)) | None => Ok(Some(Err(NOT_WRITTEN.into()))),
        }
    }

    async fn settle(&self, deliveries: &[Delivery]) -> Vec<Fate> {
        let mut fates = Vec::with_capacity(deliveries.len());
        for delivery in deliveries {
            fates.push(self.prepare(delivery).await);
        }
        let mut by_shard = BTreeMap::<u32, Vec<usize>>::new();
        for (index, fate) in fates.iter().enumerate() {
            if let Fate::Ready(ready) = fate {
                by_shard.entry(ready.shard).or_default().push(index);
            }
        }
        for (shard, indexes) in by_shard {
            for run in runs(&indexes, &fates) {
                self.write(shard, run, &mut fates).await;
            }
        }
        fates
    }

    /// Reads a message and whatever else it takes to write it.
    async fn prepare(&self, delivery: &Delivery) -> Fate {
        let envelope = match read::envelope(delivery.body.as_deref()) {
            Ok(envelope) => envelope,
            Err(read::Unread::Poison(reason, detail)) => return Fate::Park(reason, detail),
            Err(read::Unread::Newer(version)) => {
                return Fate::Later(format!(
                    "the envelope has version {version}, newer than ours"
                ));
            }
        };
        let edgedesk_wire::queue::Payload::EventsAppended(mut appended) = envelope.payload;
        let shard = match self.shard_of(envelope.account_id).await {
            Ok(Some(shard)) => shard,
            Ok(None) => {
                return Fate::Park(
                    ParkedReason::UnknownAccount,
                    format!("account {} is not in the directory", envelope.account_id),
                );
            }
            Err(error) => return Fate::Later(error.to_string()),
        };
        // Without its keys a message waits: nothing is written in clear, and nothing is given up.
        let sealer = match self.shards.vault(envelope.account_id).sealer().await {
            Ok(sealer) => sealer,
            Err(error) => return Fate::Later(error.to_string()),
        };
        let mut n_bytes = delivery.body.as_deref().map_or(0, str::len);
        if let Some(range) = appended.by_reference {
            let read = self
                .read_range(
                    envelope.account_id,
                    appended.conversation_id,
                    range.first_seq,
                    range.last_seq,
                )
                .await;
            match read {
                Ok(events) => appended.events.extend(events),
                Err(error) => return Fate::Later(error.to_string()),
            }
            // By reference because it is large; how large is not worth serialising it for.
            n_bytes = n_bytes.max(MAX_BATCH_BYTES / 8);
        }
        Fate::Ready(Box::new(Ready {
            shard,
            n_bytes,
            appended,
            sealer,
        }))
    }

    async fn read_range(
        &self,
        account_id: AccountId,
        conversation_id: ConversationId,
        first_seq: u64,
        last_seq: u64,
    ) -> Result<Vec<Event>, ReadError> {
        let mut events = Vec::new();
        let mut next_seq = first_seq.max(1);
        while next_seq <= last_seq {
            let page = self
                .logs
                .read_events(account_id, conversation_id, next_seq - 1, LOG_PAGE)
                .await?;
            read::check_run(&page.events, account_id, conversation_id, next_seq)?;
            if page.events.is_empty() {
                return Err(ReadError(format!(
                    "conversation {conversation_id}: the log ends before event {next_seq}"
                )));
            }
            next_seq += page.events.len() as u64;
            events.extend(
                page.events
                    .into_iter()
                    .filter(|event| event.seq <= last_seq),
            );
        }
        Ok(events)
    }

    /// Writes a run of messages in one transaction; when that fails, each in its own, so that one that is refused does not
    /// sink the others.
    async fn write(&self, shard: u32, indexes: &[usize], fates: &mut [Fate]) {
        let database = match self.shards.shard(shard) {
            Ok(database) => database,
            Err(error) => {
                for &index in indexes {
                    fates[index] = Fate::Later(error.to_string());
                }
                return;
            }
        };
        let together = async {
            let mut together = Projection::default();
            for &index in indexes {
                if let Fate::Ready(ready) = &fates[index] {
                    together.add_events(&ready.appended.events, &ready.sealer)?;
                    together.add_state(&ready.appended.state, &ready.sealer);
                }
            }
            database.batch(together.into_statements()?).await
        };
        let Err(error) = together.await else {
            for &index in indexes {
                if let Fate::Ready(ready) = &fates[index] {
                    fates[index] = ready.done();
                }
            }
            return;
        };
        if let &[index] = indexes {
            fates[index] = failed(&error);
            return;
        }
        let mut n_failures_in_a_row = 0;
        for &index in indexes {
            let Fate::Ready(ready) = &fates[index] else {
                continue;
            };
            if n_failures_in_a_row >= MAX_FAILURES_IN_A_ROW {
                fates[index] = Fate::Later(error.to_string());
                continue;
            }
            let written = async {
                let statements = statements_for(&ready.appended, &ready.sealer)?;
                database.batch(statements).await
            };
            fates[index] = match written.await {
                Ok(_) => {
                    n_failures_in_a_row = 0;
                    ready.done()
                }
                Err(error) => {
                    if error.is_transient() {
                        n_failures_in_a_row += 1;
                    }
                    failed(&error)
                }
            };
        }
    }

    async fn park(
        &self,
        delivery: &Delivery,
        reason: ParkedReason,
        detail: String,
        max_delay_secs: u32,
    ) -> Verdict {
        let head = read::head(delivery.body.as_deref());
        let parked = Parked {
            id: head.id.unwrap_or_else(|| delivery.id.clone()),
            queue: EVENTS_QUEUE.to_owned(),
            reason,
            detail,
            body: delivery.body.clone().unwrap_or_default(),
            n_attempts: delivery.n_attempts,
            parked_at: self.now,
        };
        let store = match head.account_id {
            Some(account_id) => self.account_store(account_id).await,
            None => Ok(None),
        };
        let result = match store {
            Ok(Some(store)) => store.park(&parked).await,
            Ok(None) => self.shards.directory().park_unclaimed(&parked).await,
            Err(error) => Err(error),
        };
        match result {
            Ok(()) => Verdict::Parked(reason),
            Err(error) => {
                let cause = format!("could not be parked: {error}");
                self.later(delivery, cause, max_delay_secs)
            }
        }
    }

    fn later(&self, delivery: &Delivery, cause: String, max_delay_secs: u32) -> Verdict {
        Verdict::Retry {
            delay_secs: delay_secs(delivery.n_attempts, max_delay_secs, self.chance.fraction()),
            cause,
        }
    }

    async fn account_store(
        &self,
        account_id: AccountId,
    ) -> Result<Option<AccountStore<'_, D>>, StoreError> {
        match self.shard_of(account_id).await? {
            Some(shard) => self.shards.for_account(account_id, shard).map(Some),
            None => Ok(None),
        }
    }

    async fn shard_of(&self, account_id: AccountId) -> Result<Option<u32>, StoreError> {
        let known = self.known_shards.0.borrow().get(&account_id).copied();
        if let Some((shard, read_at)) = known
            && (0..KNOWN_MILLIS).contains(&self.now.millis_since(read_at))
        {
            return Ok(Some(shard));
        }
        let account = self.shards.directory().find_account(account_id).await?;
        let shard = account.map(|account| account.shard);
        if let Some(shard) = shard {
            let known = (shard, self.now);
            self.known_shards.0.borrow_mut().insert(account_id, known);
        }
        Ok(shard)
    }
}

/// Seconds before attempt `n_attempts + 1`: full jitter over 2, 4, 8 … at most `max_secs`, and at least one.
#[must_use]
pub fn delay_secs(n_attempts: u32, max_secs: u32, fraction: f64) -> u32 {
    let ceiling = 2_u32
        .saturating_pow(n_attempts.clamp(1, 16))
        .min(max_secs.max(1));
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "0 to `max_secs`"
    )]
    let jittered = (fraction.clamp(0.0, 1.0) * f64::from(ceiling)).ceil() as u32;
    jittered.clamp(1, ceiling)
}

fn failed(error: &StoreError) -> Fate {
    if error.is_transient() {
        Fate::Later(error.to_string())
    } else {
        Fate::Park(ParkedReason::Refused, error.to_string())
    }
}

/// Splits messages of a shard into runs of at most [`MAX_BATCH_BYTES`], each of one message at least.
fn runs<'a>(indexes: &'a [usize], fates: &[Fate]) -> Vec<&'a [usize]> {
    let mut runs = Vec::new();
    let (mut start, mut n_bytes) = (0, 0);
    for (end, &index) in indexes.iter().enumerate() {
        let size = match &fates[index] {
            Fate::Ready(ready) => ready.n_bytes,
            _ => 0,
        };
        if end > start && n_bytes + size > MAX_BATCH_BYTES {
            runs.push(&indexes[start..end]);
            (start, n_bytes) = (end, 0);
        }
        n_bytes += size;
    }
    if start < indexes.len() {
        runs.push(&indexes[start..]);
    }
    runs
}

#[cfg(test)]
mod tests;
