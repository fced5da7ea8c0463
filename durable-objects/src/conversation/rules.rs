//! What a delivery does to a conversation: pure functions of what is true now.

use edgedesk_domain::conversation::{ConversationState, ConversationStatus};
use edgedesk_domain::event::{
    ConversationCreated, CustomerUpdated, EventData, ProviderEventReceived, StatusChanged,
};
use edgedesk_domain::ids::{IdSource, MessageId};
use edgedesk_domain::inbound::{InboundContent, InboundMessage, Sender, SenderSide, TicketChange};
use edgedesk_domain::message::{Actor, Direction, InvalidText, Message, clean_text};
use edgedesk_wire::object::ReceiveRequest;

use super::log::{Cause, MAX_EVENT_BYTES, NewEvent};
use crate::error::{ObjectError, Refusal};

/// What stands in for the text of a delivered message that has none, such as a comment that is only an attachment. Agents
/// see that something came; it is not analysed.
pub const NO_TEXT: &str = "(no text)";

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
                external_id: label(Some(&inbound.thread)),
                customer_id: request.customer_id,
                customer_name: known.name,
                customer_email: known.email,
                subject: known.subject,
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
    let status = state.map_or(ConversationStatus::Active, |state| state.status);
    let message_id = match inbound.content {
        InboundContent::Message(message) => {
            let external_status = state.and_then(|state| state.external_status.as_deref());
            let priority = state.and_then(|state| state.priority);
            let change = message.ticket.clone();
            let incoming = message.direction == Direction::Incoming;
            let message = message_of(message, &request.customer_id, ids)?;
            let (message_id, author) = (message.message_id, message.author.clone());
            events.push(
                NewEvent::new(EventData::MessageCreated(message)).once_per(inbound.dedup_keys),
            );
            let mut now = status;
            if incoming && let Some(reopened) = reopening(now, author, main) {
                events.push(reopened);
                now = ConversationStatus::Active;
            }
            // Every delivery repeats the whole ticket: only what differs is news.
            let news = TicketChange {
                status: change
                    .status
                    .filter(|word| external_status != Some(word.as_str())),
                priority: change.priority.filter(|new| priority != Some(*new)),
                assignee_external_id: None,
                // Taken above, with what is known of the customer.
                subject: None,
            };
            if !news.is_empty() {
                // A customer who writes is not closed by the same delivery: the provider says so again if it means it.
                let next = news
                    .status
                    .as_deref()
                    .and_then(|word| provider_status(now, word))
                    .filter(|next| !incoming || next.is_open());
                events.push(
                    NewEvent::new(EventData::TicketUpdated(clip_change(news)))
                        .caused_by(Cause::Sibling(main)),
                );
                if let Some(next) = next {
                    events.push(
                        status_event(now, next, Actor::System).caused_by(Cause::Sibling(main)),
                    );
                }
            }
            Some(message_id)
        }
        InboundContent::TicketChange(change) => {
            let next = change
                .status
                .as_deref()
                .and_then(|word| provider_status(status, word));
            events.push(
                NewEvent::new(EventData::TicketUpdated(clip_change(change)))
                    .once_per(inbound.dedup_keys),
            );
            if let Some(next) = next {
                events.push(
                    status_event(status, next, Actor::System).caused_by(Cause::Sibling(main)),
                );
            }
            None
        }
        InboundContent::Other {
            event_type,
            payload,
        } => {
            // Escapes at most double a JSON text that is stored as it is read.
            if payload.to_string().len() > MAX_EVENT_BYTES / 2 {
                return Err(Refusal::PayloadTooLarge
                    .because("The provider's event is too large to be kept."));
            }
            events.push(
                NewEvent::new(EventData::ProviderEventReceived(ProviderEventReceived {
                    event_type: clip(&event_type),
                    payload,
                }))
                .once_per(inbound.dedup_keys),
            );
            None
        }
    };
    Ok(Plan {
        events,
        main,
        message_id,
    })
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
    clean_text(text).map_err(|invalid| match invalid {
        InvalidText::Empty => Refusal::InvalidText.because("The text is empty."),
        InvalidText::TooLong { .. } => too_long(&invalid),
    })
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
    message: InboundMessage,
    customer_id: &edgedesk_domain::ids::CustomerId,
    ids: &impl IdSource,
) -> Result<Message, ObjectError> {
    let text = match clean_text(&message.text) {
        Ok(text) => text,
        Err(InvalidText::Empty) => NO_TEXT.to_owned(),
        Err(invalid @ InvalidText::TooLong { .. }) => return Err(too_long(&invalid)),
    };
    Ok(Message {
        message_id: MessageId::generate(ids),
        direction: message.direction,
        author: author_of(message.sender, customer_id),
        text,
        client_id: None,
        external_id: label(message.external_id.as_deref()),
        sent_at: message.sent_at,
    })
}

fn author_of(sender: Sender, customer_id: &edgedesk_domain::ids::CustomerId) -> Actor {
    match sender.side {
        SenderSide::Customer => Actor::Customer {
            id: *customer_id,
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

/// A short text of a provider: without NUL characters, at most [`MAX_LABEL_CHARS`]; `None` when nothing is left.
fn label(text: Option<&str>) -> Option<String> {
    text.map(|text| clip(text.trim()))
        .filter(|text| !text.is_empty())
}

fn clip(text: &str) -> String {
    text.chars()
        .filter(|character| *character != '\0')
        .take(MAX_LABEL_CHARS)
        .collect()
}
