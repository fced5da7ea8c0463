//! The outbox: the log on its way to the queue and to the desk.

use edgedesk_domain::conversation::ConversationState;
use edgedesk_domain::event::{EventData, TicketOpened};
use edgedesk_domain::time::Timestamp;
use edgedesk_wire::desk::NotifyRequest;
use edgedesk_wire::queue::{
    ENVELOPE_VERSION, Envelope, EventRange, EventsAppended, MAX_MESSAGE_BYTES, Payload,
};
use std::rc::Rc;

use super::Conversation;
use super::log::{Logged, NewEvent};
use crate::host::{
    Analyzer, AssistantSwitch, DeskClient, Drafts, EventSink, Files, Host, OwnIntents, Sessions,
};
use crate::sql::{ObjectSql, SqlError};

/// Milliseconds that a flush gathers events before it sends them. A message's analysis usually lands within, so that the
/// two travel together. Each further round of one flush gathers as much longer, up to [`MAX_GATHER_ROUNDS`] times: however
/// fast messages come, an object troubles the queue and the desk once a second.
const GATHER_MILLIS: u64 = 200;
const MAX_GATHER_ROUNDS: u64 = 5;

/// Most envelopes of one send: two of the largest stay under the queue's 256 KB for a batch.
const MAX_ENVELOPES: usize = 2;

/// Most events of one envelope, which is one D1 batch in the projector.
const MAX_ENVELOPE_EVENTS: u64 = 100;

/// Bytes of an envelope around its state and events, generously.
const ENVELOPE_OVERHEAD: usize = 512;

/// Most messages without an analysis that a state lists outside the object: 256 are 22 kB. The log has all of them.
const MAX_UNANALYZED_OUTSIDE: usize = 256;

/// First and longest wait after a failure, in milliseconds; each failure doubles it.
const FIRST_BACKOFF_MILLIS: i64 = 1_000;
const MAX_BACKOFF_MILLIS: i64 = 60_000;

/// Everybody a conversation talks to.
pub trait Outside:
    EventSink + DeskClient + Analyzer + OwnIntents + AssistantSwitch + Sessions + Files + Drafts
{
}

impl<T> Outside for T where
    T: EventSink + DeskClient + Analyzer + OwnIntents + AssistantSwitch + Sessions + Files + Drafts
{
}

/// How long to leave somebody alone who failed. Memory only: an object that wakes tries at once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Backoff {
    failures: u32,
    retry_at: Option<Timestamp>,
}

impl Backoff {
    /// When to try again; `None` when nothing failed.
    pub(crate) fn retry_at(self) -> Option<Timestamp> {
        self.retry_at
    }

    /// Whether to try now.
    pub(crate) fn is_over(self, now: Timestamp) -> bool {
        self.retry_at.is_none_or(|at| at <= now)
    }

    /// After another failure: 1 s, doubling to 60 s, and of that a random half to whole.
    pub(crate) fn longer(self, now: Timestamp, chance: f64) -> Self {
        let failures = self.failures.saturating_add(1);
        let whole = FIRST_BACKOFF_MILLIS
            .saturating_mul(1 << (failures - 1).min(16))
            .min(MAX_BACKOFF_MILLIS);
        #[expect(clippy::cast_possible_truncation, reason = "at most 60,000")]
        let wait = (whole as f64 * (0.5 + 0.5 * chance)) as i64;
        Self {
            failures,
            retry_at: Some(now.plus_millis(wait)),
        }
    }
}

impl<S: ObjectSql, H: Host> Conversation<S, H> {
    /// Follows the log with the desk and the queue until both have all of it or have failed, and as long as analyses run.
    pub(super) async fn flush(&self, outside: &impl Outside) {
        if self.flushing.replace(true) {
            // Whoever flushes looks again before it stops.
            return;
        }
        let mut rounds = 0;
        loop {
            // The desk first: it is what agents look at.
            self.notify_desk(outside).await;
            rounds = if self.events_are_due() || self.desk_is_due() {
                MAX_GATHER_ROUNDS.min(rounds + 1)
            } else if self.analysis.is_running() {
                // Only to be there when it is done.
                1
            } else {
                break;
            };
            self.host.sleep(GATHER_MILLIS * rounds).await;
            self.send_events(outside).await;
        }
        if let Err(error) = self.log.save_snapshot() {
            self.report("save a snapshot", &error);
        }
        self.flushing.set(false);
    }

    fn events_are_due(&self) -> bool {
        self.queue_backoff.get().is_over(self.host.now())
            && self
                .log
                .with(|memory| memory.flushed_events < memory.head)
                .unwrap_or(false)
    }

    fn desk_is_due(&self) -> bool {
        self.desk_backoff.get().is_over(self.host.now())
            && self
                .log
                .with(|memory| memory.flushed_desk < memory.head)
                .unwrap_or(false)
    }

    /// Tells the desk what is true, and logs the ticket it answers with.
    async fn notify_desk(&self, outside: &impl Outside) {
        if !self.desk_is_due() {
            return;
        }
        let Ok(Some(state)) = self.log.state() else {
            return;
        };
        let (seq, has_ticket) = (state.seq, state.ticket_number.is_some());
        let request = NotifyRequest {
            state: outward(state),
        };
        let n_rewrites = self.log.n_rewrites();
        match outside.notify(request).await {
            Ok(ticket) => {
                self.desk_backoff.set(Backoff::default());
                if n_rewrites == self.log.n_rewrites() {
                    self.log.set_flushed_desk(seq);
                }
                if has_ticket {
                    return;
                }
                let event = NewEvent::new(EventData::TicketOpened(TicketOpened {
                    ticket_id: ticket.ticket_id,
                    number: ticket.ticket_number,
                }))
                .once_per(["ticket".to_owned()]);
                if let Err(error) = self.append_own(vec![event]).await {
                    self.report("log the ticket", &error);
                    self.back_off_desk();
                }
            }
            Err(error) => {
                self.report("tell the desk", &error);
                self.back_off_desk();
            }
        }
    }

    fn back_off_desk(&self) {
        let backoff = self.desk_backoff.get();
        self.desk_backoff
            .set(backoff.longer(self.host.now(), self.host.chance()));
    }

    /// Sends the events that the queue has not taken and notes how far it got.
    async fn send_events(&self, outside: &impl Outside) {
        if !self.events_are_due() {
            return;
        }
        let n_rewrites = self.log.n_rewrites();
        let result = match self.next_envelopes() {
            Ok((batch, last_seq)) if !batch.is_empty() => {
                let sent = outside.send(batch).await;
                // What was sent may not be what is stored any more: then it is sent again.
                let is_stored = n_rewrites == self.log.n_rewrites();
                sent.map_err(|error| error.to_string()).and_then(|()| {
                    self.log
                        .set_flushed_events(if is_stored { last_seq } else { 0 })
                        .map_err(|error| error.to_string())
                })
            }
            Ok(_) => Ok(()),
            Err(error) => Err(error.to_string()),
        };
        match result {
            Ok(()) => self.queue_backoff.set(Backoff::default()),
            Err(error) => {
                self.report("flush the outbox", &error);
                let backoff = self.queue_backoff.get();
                self.queue_backoff
                    .set(backoff.longer(self.host.now(), self.host.chance()));
            }
        }
    }

    /// The next events for the queue in as few envelopes as fit a send, and the `seq` of the last of them.
    pub(super) fn next_envelopes(&self) -> Result<(Vec<Envelope>, u64), SqlError> {
        let (Some(state), mut after) = self
            .log
            .with(|memory| (memory.state.clone(), memory.flushed_events))?
        else {
            return Ok((Vec::new(), 0));
        };
        let state = outward(state);
        let state_bytes = serde_json::to_string(&state).map_or(usize::MAX, |json| json.len());
        let room = MAX_MESSAGE_BYTES.saturating_sub(state_bytes.saturating_add(ENVELOPE_OVERHEAD));
        let mut batch = Vec::new();
        while batch.len() < MAX_ENVELOPES {
            let events = self.log.page(after, MAX_ENVELOPE_EVENTS)?;
            let Some(first) = events.first() else {
                break;
            };
            let fitting = fitting(&events, room);
            let last_seq = match fitting.last() {
                Some(last) => last.event.seq,
                // Not even one fits: the projector reads it from the log.
                None => first.event.seq,
            };
            let range = EventRange {
                first_seq: first.event.seq,
                last_seq,
            };
            batch.push(envelope(&state, fitting, range));
            after = last_seq;
        }
        Ok((batch, after))
    }

    /// Logs what follows from the log itself.
    pub(super) async fn append_own(
        &self,
        events: Vec<NewEvent>,
    ) -> Result<(), crate::error::ObjectError> {
        if let Some(address) = self.address()? {
            self.append(address, events).await?;
        }
        Ok(())
    }
}

/// The leading events whose JSON fits `room` bytes together.
fn fitting(events: &[Rc<Logged>], room: usize) -> &[Rc<Logged>] {
    let mut used: usize = 0;
    let n_fitting = events
        .iter()
        .take_while(|logged| {
            // And the comma.
            used = used.saturating_add(logged.json.len() + 1);
            used <= room
        })
        .count();
    &events[..n_fitting]
}

fn envelope(state: &ConversationState, events: &[Rc<Logged>], range: EventRange) -> Envelope {
    Envelope {
        version: ENVELOPE_VERSION,
        id: format!(
            "{}:{}-{}",
            state.conversation_id, range.first_seq, range.last_seq
        ),
        account_id: state.account_id,
        payload: Payload::EventsAppended(EventsAppended {
            conversation_id: state.conversation_id,
            state: state.clone(),
            events: events.iter().map(|logged| logged.event.clone()).collect(),
            by_reference: events.is_empty().then_some(range),
        }),
    }
}

/// The state as others get it: a backlog of analyses must not grow it beyond a queue message.
fn outward(mut state: ConversationState) -> ConversationState {
    state.unanalyzed.truncate(MAX_UNANALYZED_OUTSIDE);
    state
}
