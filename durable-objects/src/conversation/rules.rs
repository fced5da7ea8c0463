//! What a delivery does to a conversation: pure functions of what is true now.

use std::borrow::Cow;

use edgedesk_domain::conversation::{ConversationState, ConversationStatus};
use edgedesk_domain::event::{
    ConversationCreated, CustomerUpdated, EventData, ProviderEventReceived, StatusChanged,
};
use edgedesk_domain::ids::{CustomerId, IdSource, MessageId};
use edgedesk_domain::inbound::{
    Inbound, InboundContent, InboundMessage, Sender, SenderSide, TicketChange,
};
use edgedesk_domain::message::{Actor, Direction, InvalidText, Message, NO_TEXT, clean_text};
use edgedesk_masking::mask_cards;
use edgedesk_wire::object::ReceiveRequest;
use serde_json::Value;

use super::log::{Cause, MAX_EVENT_BYTES, NewEvent};
use crate::error::{ObjectError, Refusal};

/// Longest name, address, subject or provider's id that is kept, in characters. They are in the conversation's state, which
/// travels with every queue message.
const MAX_LABEL_CHARS: usize = 500;

/// Longest id that a client may give a message, in characters.
const MAX_CLIENT_ID_CHARS: usize = 128;

/// The events that a delivery becomes.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) events: Vec<NewEvent>,
    /// The place of the event that holds the delivery itself.
    pub(crate) main: usize,
    pub(crate) message_id: Option<MessageId>,
}

/// What `request` does to a conversation of which `state` is true; `None` while its log is empty.
///
/// # Errors
///
/// `text_too_long` and `payload_too_large`, for the provider's record.
pub(crate) fn plan_receive(
    state: Option<&ConversationState>,
    request: ReceiveRequest,
    ids: &impl IdSource,
) -> Result<Plan, ObjectError> {
    let mut events = Vec::new();
    let inbound = request.inbound;
    let (sender, subject) = match &inbound.content {
        InboundContent::Message(message) => (
            Some(&message.sender).filter(|sender| sender.side == SenderSide::Customer),
            message
                .subject
                .as_deref()
                .or(message.ticket.subject.as_deref()),
        ),
        InboundContent::TicketChange(_) | InboundContent::Other { .. } => (None, None),
    };
    let known = CustomerUpdated {
        name: sender.and_then(|sender| label(sender.name.as_deref())),
        email: sender.and_then(|sender| label(sender.email.as_deref())),
        subject: label(subject),
    };
    match state {
        None => events.push(NewEvent::new(EventData::ConversationCreated(
            ConversationCreated {
                inbox_id: request.inbox_id,
                channel: inbound.channel,
                external_id: identifier(Some(&inbound.thread)),
                customer_id: request.customer_id,
                customer_name: known.name,
                customer_email: known.email,
                subject: known.subject,
                team_id: request.team_id,
            },
        ))),
        Some(state) => {
            let news = news_of(state, known);
            if news != CustomerUpdated::default() {
                events.push(NewEvent::new(EventData::CustomerUpdated(news)));
            }
        }
    }

    let main = events.len();
    let mut plan = Plan {
        events,
        main,
        message_id: None,
    };
    match inbound.content {
        InboundContent::Message(message) => {
            let message_id =
                plan.take_message(state, message, request.customer_id, inbound.dedup_keys, ids)?;
            plan.message_id = Some(message_id);
        }
        InboundContent::TicketChange(change) => {
            let status = state.map_or(ConversationStatus::Active, |state| state.status);
            let next = change
                .status
                .as_deref()
                .and_then(|word| provider_status(status, word));
            plan.events.push(
                NewEvent::new(EventData::TicketUpdated(clip_change(change)))
                    .once_per(inbound.dedup_keys),
            );
            plan.move_status(status, next);
        }
        InboundContent::Other {
            event_type,
            payload,
        } => {
            // What is stored is the payload as compact JSON and a few hundred bytes around it.
            if payload.to_string().len() > MAX_EVENT_BYTES {
                return Err(Refusal::PayloadTooLarge
                    .because("The provider's event is too large to be kept."));
            }
            plan.events.push(
                NewEvent::new(EventData::ProviderEventReceived(ProviderEventReceived {
                    event_type: clip(&event_type),
                    payload: without_cards(payload),
                }))
                .once_per(inbound.dedup_keys),
            );
        }
    }
    Ok(plan)
}

impl Plan {
    /// A message, and what the delivery says of the ticket besides.
    fn take_message(
        &mut self,
        state: Option<&ConversationState>,
        mut message: InboundMessage,
        customer_id: CustomerId,
        dedup_keys: Vec<String>,
        ids: &impl IdSource,
    ) -> Result<MessageId, ObjectError> {
        let ticket = std::mem::take(&mut message.ticket);
        let is_incoming = message.direction == Direction::Incoming;
        let message = message_of(&message, customer_id, ids)?;
        let (message_id, author) = (message.message_id, message.author.clone());
        self.events
            .push(NewEvent::new(EventData::MessageCreated(message)).once_per(dedup_keys));

        let mut status = state.map_or(ConversationStatus::Active, |state| state.status);
        if is_incoming && let Some(reopened) = reopening(status, author, self.main) {
            self.events.push(reopened);
            status = ConversationStatus::Active;
        }
        let news = ticket_news(state, ticket);
        if !news.is_empty() {
            // A customer who writes is not closed by the same delivery: the provider says so again if it means it.
            let next = news
                .status
                .as_deref()
                .and_then(|word| provider_status(status, word))
                .filter(|next| !is_incoming || next.is_open());
            self.events.push(
                NewEvent::new(EventData::TicketUpdated(clip_change(news)))
                    .caused_by(Cause::Sibling(self.main)),
            );
            self.move_status(status, next);
        }
        Ok(message_id)
    }

    /// The provider's change of status, caused by the delivery.
    fn move_status(&mut self, previous: ConversationStatus, next: Option<ConversationStatus>) {
        if let Some(next) = next {
            self.events.push(
                status_event(previous, next, Actor::System).caused_by(Cause::Sibling(self.main)),
            );
        }
    }
}

/// What a delivery says of the ticket beside its message.
#[derive(Debug)]
pub(crate) struct TicketBeside {
    change: TicketChange,
    /// The names of the delivery itself, without that of the message.
    pub(crate) delivery_keys: Vec<String>,
}

/// What `inbound` says of the ticket besides, if it can be told apart from its message: a Zendesk trigger names the latest
/// comment again when only the ticket changed, so that the message is known and the delivery is not.
pub(crate) fn ticket_beside(inbound: &Inbound) -> Option<TicketBeside> {
    let InboundContent::Message(message) = &inbound.content else {
        return None;
    };
    let message_key = format!(":{}", message.external_id.as_ref()?);
    let delivery_keys: Vec<_> = inbound
        .dedup_keys
        .iter()
        .filter(|key| !key.ends_with(&message_key))
        .cloned()
        .collect();
    (!message.ticket.is_empty() && !delivery_keys.is_empty()).then(|| TicketBeside {
        change: message.ticket.clone(),
        delivery_keys,
    })
}

/// The news of a ticket whose message is known already; `None` when there are none.
pub(crate) fn plan_ticket_beside(state: &ConversationState, ticket: TicketBeside) -> Option<Plan> {
    let news = ticket_news(Some(state), ticket.change);
    if news.is_empty() {
        return None;
    }
    let next = news
        .status
        .as_deref()
        .and_then(|word| provider_status(state.status, word));
    let mut plan = Plan {
        events: vec![
            NewEvent::new(EventData::TicketUpdated(clip_change(news)))
                .once_per(ticket.delivery_keys),
        ],
        main: 0,
        message_id: None,
    };
    plan.move_status(state.status, next);
    Some(plan)
}

/// Every message repeats the whole ticket: only what differs is news. Assignees are told by changes of their own.
fn ticket_news(state: Option<&ConversationState>, ticket: TicketChange) -> TicketChange {
    let known_status = state.and_then(|state| state.external_status.as_ref());
    let known_priority = state.and_then(|state| state.priority);
    TicketChange {
        status: ticket.status.filter(|word| known_status != Some(word)),
        priority: ticket
            .priority
            .filter(|priority| known_priority != Some(*priority)),
        assignee_external_id: None,
        // Taken with what is known of the customer.
        subject: None,
    }
}

/// What a provider's status word asks of a conversation that stands at `current`; `None` when it changes nothing.
///
/// A provider may reopen what is closed. It has no word for an escalation, so `open` leaves one standing.
pub(crate) fn provider_status(
    current: ConversationStatus,
    word: &str,
) -> Option<ConversationStatus> {
    let next = match word.to_ascii_lowercase().as_str() {
        "new" | "open" => ConversationStatus::Active,
        "pending" | "hold" => ConversationStatus::Pending,
        "solved" => ConversationStatus::Resolved,
        "closed" | "archived" | "deleted" | "scrubbed" => ConversationStatus::Closed,
        _ => return None,
    };
    let escalation_stands =
        current == ConversationStatus::Escalated && next == ConversationStatus::Active;
    (next != current && !escalation_stands).then_some(next)
}

/// A customer's message makes a conversation that is over active again; `message` is its place in the append.
pub(crate) fn reopening(
    status: ConversationStatus,
    customer: Actor,
    message: usize,
) -> Option<NewEvent> {
    (!status.is_open()).then(|| {
        status_event(status, ConversationStatus::Active, customer)
            .caused_by(Cause::Sibling(message))
    })
}

/// A `conversation.status_changed`.
pub(crate) fn status_event(
    previous: ConversationStatus,
    current: ConversationStatus,
    by: Actor,
) -> NewEvent {
    NewEvent::new(EventData::ConversationStatusChanged(StatusChanged {
        previous,
        current,
        by,
    }))
}

/// A text that a person here wrote.
///
/// # Errors
///
/// `invalid_text` when it is empty, `text_too_long`.
pub(crate) fn written_text(text: &str) -> Result<String, ObjectError> {
    let text = clean_text(text).map_err(|invalid| match invalid {
        InvalidText::Empty => Refusal::InvalidText.because("The text is empty."),
        InvalidText::TooLong { .. } => too_long(&invalid),
    })?;
    Ok(mask_cards(&text).into_owned())
}

/// A text that a person here wrote beside files, which may be none.
///
/// # Errors
///
/// `text_too_long`.
pub(crate) fn text_beside_files(text: &str) -> Result<String, ObjectError> {
    match clean_text(text) {
        Ok(text) => Ok(mask_cards(&text).into_owned()),
        Err(InvalidText::Empty) => Ok(NO_TEXT.to_owned()),
        Err(invalid @ InvalidText::TooLong { .. }) => Err(too_long(&invalid)),
    }
}

/// Checks a client's id for a message: 1 to 128 characters, no control characters.
pub(crate) fn check_client_id(client_id: &str) -> Result<(), ObjectError> {
    let n_chars = client_id.chars().count();
    if (1..=MAX_CLIENT_ID_CHARS).contains(&n_chars) && !client_id.chars().any(char::is_control) {
        Ok(())
    } else {
        Err(Refusal::InvalidClientId.because(format!(
            "A client_id has 1 to {MAX_CLIENT_ID_CHARS} characters, none of them a control character."
        )))
    }
}

fn message_of(
    message: &InboundMessage,
    customer_id: CustomerId,
    ids: &impl IdSource,
) -> Result<Message, ObjectError> {
    let text = text_beside_files(&message.text)?;
    Ok(Message {
        message_id: MessageId::generate(ids),
        direction: message.direction,
        author: author_of(&message.sender, customer_id),
        text,
        attachments: Vec::new(),
        citations: Vec::new(),
        client_id: None,
        external_id: identifier(message.external_id.as_deref()),
        sent_at: message.sent_at,
    })
}

fn author_of(sender: &Sender, customer_id: CustomerId) -> Actor {
    match sender.side {
        SenderSide::Customer => Actor::Customer {
            id: customer_id,
            name: label(sender.name.as_deref()),
        },
        SenderSide::Agent => Actor::ExternalAgent {
            external_id: clip(&sender.external_id),
            name: label(sender.name.as_deref()),
        },
        SenderSide::System => Actor::System,
    }
}

/// What `known` says that `state` does not.
fn news_of(state: &ConversationState, known: CustomerUpdated) -> CustomerUpdated {
    CustomerUpdated {
        name: known
            .name
            .filter(|name| state.customer_name.as_ref() != Some(name)),
        email: known
            .email
            .filter(|email| state.customer_email.as_ref() != Some(email)),
        subject: known
            .subject
            .filter(|subject| state.subject.as_ref() != Some(subject)),
    }
}

fn clip_change(change: TicketChange) -> TicketChange {
    TicketChange {
        status: change.status.map(|word| clip(&word)),
        priority: change.priority,
        assignee_external_id: change.assignee_external_id.map(|id| clip(&id)),
        subject: label(change.subject.as_deref()),
    }
}

fn too_long(invalid: &InvalidText) -> ObjectError {
    Refusal::TextTooLong.because(format!("{invalid}."))
}

/// A short text of a provider: clipped, without card numbers; `None` when nothing is left.
fn label(text: Option<&str>) -> Option<String> {
    identifier(text).map(|text| mask_cards(&text).into_owned())
}

/// A provider's id, which may look like anything: clipped only; `None` when nothing is left.
fn identifier(text: Option<&str>) -> Option<String> {
    text.map(|text| clip(text.trim()))
        .filter(|text| !text.is_empty())
}

/// Without NUL characters, at most [`MAX_LABEL_CHARS`].
fn clip(text: &str) -> String {
    text.chars()
        .filter(|character| *character != '\0')
        .take(MAX_LABEL_CHARS)
        .collect()
}

/// A provider's JSON without card numbers, be they in texts, in keys, or numbers themselves.
fn without_cards(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(mask_cards(&text).into_owned()),
        Value::Number(number) => match mask_cards(&number.to_string()) {
            Cow::Borrowed(_) => Value::Number(number),
            Cow::Owned(masked) => Value::String(masked),
        },
        Value::Array(values) => values.into_iter().map(without_cards).collect(),
        Value::Object(fields) => fields
            .into_iter()
            .map(|(key, value)| (mask_cards(&key).into_owned(), without_cards(value)))
            .collect(),
        Value::Null | Value::Bool(_) => value,
    }
}
