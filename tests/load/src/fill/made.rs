//! Conversations that never took place: a message, its analysis, a ticket, and for most an end.

use anyhow::{Context, Result};
use edgedesk_domain::account::Channel;
use edgedesk_domain::analysis::Analysis;
use edgedesk_domain::conversation::{ConversationState, ConversationStatus};
use edgedesk_domain::event::{
    ConversationCreated, Event, EventData, MessageAnalyzed, StatusChanged, TicketOpened,
};
use edgedesk_domain::ids::{ConversationId, CustomerId, EventId, MessageId, TicketId};
use edgedesk_domain::message::{Actor, Direction, Message};
use edgedesk_domain::time::Timestamp;
use edgedesk_store::seed::DemoIds;
use edgedesk_wire::queue::{ENVELOPE_VERSION, Envelope, EventsAppended, Payload};
use serde_json::json;
use ulid::Ulid;

use super::before;

/// Over how long they are spread: half a year.
const SPREAD_MILLIS: u64 = 182 * 24 * 60 * 60 * 1000;
/// The first ticket number that is used here. A desk gives 1, 2, 3 … and would meet ours only after a million tickets.
const FIRST_NUMBER: u64 = 1_000_000_000;
/// Conversations that a customer has, about.
const A_CUSTOMER: u64 = 4;

/// Makes conversations, the same number always the same.
pub(super) struct Maker<'a> {
    ids: &'a DemoIds,
    texts: &'a [String],
    now: Timestamp,
}

impl<'a> Maker<'a> {
    pub fn new(ids: &'a DemoIds, texts: &'a [String], now: Timestamp) -> Self {
        Self { ids, texts, now }
    }

    /// The queue message with all of a conversation.
    pub fn conversation(&self, number: u64) -> Result<Envelope> {
        // A stride without a common factor with the spread, so that neighbours by number are none by time.
        let age = number.wrapping_mul(7_919_000_003) % SPREAD_MILLIS;
        let at = before(self.now, age + 60_000)?;
        let customer_id = CustomerId::new(id(1, number / A_CUSTOMER));
        let mut log = Log::begin(self.created(number, customer_id, at))?;
        log.append(self.message(number, customer_id)?);
        log.append(analyzed(number, log.state.seq)?);
        log.append(EventData::TicketOpened(TicketOpened {
            ticket_id: TicketId::new(id(4, number)),
            number: FIRST_NUMBER + number,
        }));
        if let Some(current) = status(number) {
            log.append(EventData::ConversationStatusChanged(StatusChanged {
                previous: log.state.status,
                current,
                by: Actor::System,
            }));
        }
        Ok(log.into_envelope())
    }

    fn created(&self, number: u64, customer_id: CustomerId, at: Timestamp) -> Event {
        let is_zendesk = number.is_multiple_of(2);
        let (inbox_id, channel) = if is_zendesk {
            (self.ids.zendesk_inbox_id, Channel::Zendesk)
        } else {
            (self.ids.widget_inbox_id, Channel::Widget)
        };
        let customer = number / A_CUSTOMER;
        Event {
            id: EventId::new(id(3, number << 8)),
            seq: 1,
            conversation_id: ConversationId::new(id(2, number)),
            account_id: self.ids.account_id,
            at,
            causation_id: None,
            revision: 0,
            data: EventData::ConversationCreated(ConversationCreated {
                inbox_id,
                channel,
                external_id: is_zendesk.then(|| format!("made-{number}")),
                customer_id,
                customer_name: Some(format!("Customer {customer}")),
                customer_email: Some(format!("customer{customer}@example.com")),
                subject: Some(format!("Question {number}")),
                team_id: None,
            }),
        }
    }

    fn message(&self, number: u64, customer_id: CustomerId) -> Result<EventData> {
        let index = usize::try_from(number)? % self.texts.len();
        Ok(EventData::MessageCreated(Message {
            message_id: message_id(number),
            direction: Direction::Incoming,
            author: Actor::Customer {
                id: customer_id,
                name: None,
            },
            text: self.texts[index].clone(),
            attachments: Vec::new(),
            citations: Vec::new(),
            client_id: None,
            external_id: None,
            sent_at: None,
        }))
    }
}

/// Of ten conversations two are active and one is escalated; the others are over.
fn status(number: u64) -> Option<ConversationStatus> {
    match number % 10 {
        0 | 5 => None,
        1 => Some(ConversationStatus::Escalated),
        2 | 6 => Some(ConversationStatus::Pending),
        _ => Some(ConversationStatus::Resolved),
    }
}

fn analyzed(number: u64, message_seq: u64) -> Result<EventData> {
    let risk = (number % 100) as f64 / 100.0;
    let analysis: Analysis = serde_json::from_value(json!({
        "sentiment": {"polarity": "neutral", "label": "neutral", "confidence": 0.9, "score": -risk, "trend": "stable"},
        "escalation_risk": risk,
        "confidence": 0.9,
        "reasons": [{"code": "negative_message", "text": "It is.", "weight": risk}],
        "model": {"id": "none", "version": "1"},
        "elapsed_ms": 1.0
    }))
    .context("an analysis has another shape now")?;
    Ok(EventData::MessageAnalyzed(MessageAnalyzed {
        message_id: message_id(number),
        message_seq,
        analysis,
        inputs: None,
    }))
}

fn message_id(number: u64) -> MessageId {
    MessageId::new(id(5, number))
}

/// An id that nothing else has: its time is 2020, before any that a running system makes.
fn id(kind: u128, number: u64) -> Ulid {
    const MILLIS_2020: u128 = 1_577_836_800_000;
    Ulid((MILLIS_2020 << 80) | (kind << 72) | u128::from(number))
}

/// A log while it grows.
struct Log {
    events: Vec<Event>,
    state: ConversationState,
}

impl Log {
    fn begin(created: Event) -> Result<Self> {
        let state = ConversationState::first(&created).context("a log begins with its creation")?;
        Ok(Self {
            events: vec![created],
            state,
        })
    }

    fn append(&mut self, data: EventData) {
        let seq = self.state.seq + 1;
        let first = &self.events[0];
        let event = Event {
            id: EventId::new(Ulid(first.id.ulid().0 + u128::from(seq))),
            seq,
            conversation_id: first.conversation_id,
            account_id: first.account_id,
            at: self.state.updated_at.plus_millis(1_000),
            causation_id: None,
            revision: 0,
            data,
        };
        self.state.apply(&event);
        self.events.push(event);
    }

    fn into_envelope(self) -> Envelope {
        let Self { events, state } = self;
        Envelope {
            version: ENVELOPE_VERSION,
            id: format!("{}:{}", state.conversation_id, state.seq),
            account_id: state.account_id,
            payload: Payload::EventsAppended(EventsAppended {
                conversation_id: state.conversation_id,
                state,
                events,
                by_reference: None,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use edgedesk_store::seed::AURORA;

    use super::*;

    #[test]
    fn no_two_conversations_share_an_id_or_a_number() {
        let texts = ["Where is my order?".to_owned()];
        let maker = Maker::new(&AURORA, &texts, Timestamp::from_millis(1_800_000_000_000));
        let (mut ids, mut numbers) = (BTreeSet::new(), BTreeSet::new());
        for number in 0..500 {
            let envelope = maker.conversation(number).expect("a conversation");
            let Payload::EventsAppended(appended) = envelope.payload;
            assert_eq!(appended.state.seq, appended.events.len() as u64);
            assert_eq!(appended.state.account_id, AURORA.account_id);
            assert!(appended.state.unanalyzed.is_empty());
            numbers.insert(appended.state.ticket_number.expect("a ticket"));
            ids.insert(appended.conversation_id.to_string());
            ids.extend(appended.events.iter().map(|event| event.id.to_string()));
        }
        assert_eq!(numbers.len(), 500);
        let n_events: usize = (0..500).map(|n| 5 + usize::from(status(n).is_some())).sum();
        assert_eq!(ids.len(), n_events);
    }
}
