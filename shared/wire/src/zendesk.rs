//! Zendesk's webhook payloads (event subscriptions and triggers), turned into [`Inbound`].
//!
//! Shapes are of Zendesk's event reference: ids inside `detail` and `event` are strings, enumerated values upper case.
//! Reading is lenient where Zendesk or an admin's template varies (numbers for ids, empty placeholders, missing fields)
//! and strict where guessing would put a message in the wrong place: a known event without its ticket id is refused.

use edgedesk_domain::account::Channel;
use edgedesk_domain::conversation::Priority;
use edgedesk_domain::inbound::{
    Inbound, InboundContent, InboundMessage, Sender, SenderSide, TicketChange,
};
use edgedesk_domain::message::Direction;
use edgedesk_domain::time::Timestamp;
use serde_json::Value;

/// What every event type of a subscription starts with.
const EVENT_PREFIX: &str = "zen:event-type:";
/// What the `subject` of an event about a ticket starts with.
const TICKET_SUBJECT_PREFIX: &str = "zen:ticket:";
/// Longest id that is taken. Zendesk's have below 40 characters.
const MAX_ID_CHARS: usize = 128;
/// Longest event type that is kept.
const MAX_TYPE_CHARS: usize = 128;
/// Most levels of objects and lists in a payload. Zendesk's have below ten. `serde_json` reads 127, and what is kept of a payload is read
/// back with the levels of an event, of a queue's message and of a page of events around it: one of 123 was acknowledged, and nobody could
/// read it any more.
const MAX_LEVELS: usize = 64;

/// A payload, read.
#[derive(Debug, Clone, PartialEq)]
pub enum Delivery {
    /// It is about a ticket, and so belongs to a conversation.
    Ticket {
        /// What came, without the invocation id, which is in a header.
        inbound: Box<Inbound>,
        /// Zendesk's id of the person who asked, when the payload says it: who the conversation is with.
        requester_id: Option<String>,
    },
    /// It is about something else, or we cannot tell.
    Unthreaded {
        /// The event type; empty when there is none.
        event_type: String,
        /// As in [`Inbound::dedup_keys`].
        dedup_keys: Vec<String>,
    },
}

/// A payload that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// Not JSON.
    #[error("not JSON: {detail} at line {line} column {column}")]
    Syntax {
        /// From 1.
        line: usize,
        /// From 1; 0 at the very start of a line.
        column: usize,
        /// What was wrong.
        detail: String,
    },
    /// JSON, but not of the shape its type promises.
    #[error("{pointer}: {detail}")]
    Shape {
        /// JSON pointer to the wrong part.
        pointer: &'static str,
        /// What was wrong.
        detail: &'static str,
    },
}

/// Reads a webhook's body. `integration_user_id` is the Zendesk user under which we write back: what that user did is
/// kept, but never taken as a message, or our own replies would come back as new ones.
pub fn parse(body: &[u8], integration_user_id: Option<&str>) -> Result<Delivery, ParseError> {
    let payload: Value = serde_json::from_slice(body).map_err(|error| syntax_error(&error))?;
    if !payload.is_object() {
        return Err(shape("", "an object is expected"));
    }
    if is_deeper_than(&payload, MAX_LEVELS) {
        return Err(shape("", "it is nested too deeply"));
    }
    let event_type = text(&payload["type"]).unwrap_or_default();
    match event_type.strip_prefix(EVENT_PREFIX) {
        Some(name) => parse_event(&payload, name, integration_user_id),
        None if payload["ticket"].is_object() => {
            parse_trigger(&payload, &event_type, integration_user_id)
        }
        None => Ok(Delivery::Unthreaded {
            event_type: cut(&event_type),
            dedup_keys: event_keys(&payload)?,
        }),
    }
}

/// Whether a value has more levels of objects and lists than `levels`. It calls itself no more often than the reader of the value did.
fn is_deeper_than(value: &Value, levels: usize) -> bool {
    let mut inner: Box<dyn Iterator<Item = &Value>> = match value {
        Value::Array(items) => Box::new(items.iter()),
        Value::Object(members) => Box::new(members.values()),
        _ => return false,
    };
    levels == 0 || inner.any(|value| is_deeper_than(value, levels - 1))
}

/// An event of a subscription; `name` is its type without the prefix.
fn parse_event(
    payload: &Value,
    name: &str,
    integration_user_id: Option<&str>,
) -> Result<Delivery, ParseError> {
    let mut dedup_keys = event_keys(payload)?;
    let detail = &payload["detail"];
    let event = &payload["event"];
    let Some(ticket_id) = ticket_id_of_event(payload, name)? else {
        return Ok(Delivery::Unthreaded {
            event_type: cut(&format!("{EVENT_PREFIX}{name}")),
            dedup_keys,
        });
    };
    let requester_id = id(&detail["requester_id"], "/detail/requester_id")?;
    let content = match name {
        "ticket.comment_added" => comment_added(
            detail,
            &event["comment"],
            requester_id.as_deref(),
            &mut dedup_keys,
            integration_user_id,
        )?,
        "messaging_ticket.message_added" => {
            message_added(detail, event, &mut dedup_keys, integration_user_id)?
        }
        _ if is_ours(text(&detail["actor_id"]).as_deref(), integration_user_id) => None,
        "ticket.created" => created(detail, requester_id.clone())?,
        "ticket.status_changed" => change(TicketChange {
            status: lower(&event["current"]),
            ..TicketChange::default()
        }),
        "ticket.priority_changed" => change(TicketChange {
            priority: priority(&event["current"]),
            ..TicketChange::default()
        }),
        "ticket.agent_assignment_changed" => change(TicketChange {
            assignee_external_id: Some(
                id(&event["current"], "/event/current")?.unwrap_or_default(),
            ),
            ..TicketChange::default()
        }),
        "ticket.subject_changed" => change(TicketChange {
            subject: text(&event["current"]),
            ..TicketChange::default()
        }),
        _ => None,
    };
    let sent_at = text(&payload["time"]).and_then(|time| Timestamp::parse(&time).ok());
    let content = content.map(|content| at(content, sent_at));
    // A messaging event says little of the ticket; its end user is who asks.
    let requester_id = requester_id.or_else(|| customer_of(content.as_ref()));
    Ok(Delivery::Ticket {
        inbound: Box::new(Inbound {
            channel: Channel::Zendesk,
            thread: ticket_id,
            dedup_keys,
            content: content.unwrap_or_else(|| InboundContent::Other {
                event_type: cut(&format!("{EVENT_PREFIX}{name}")),
                payload: payload.clone(),
            }),
        }),
        requester_id,
    })
}

/// A comment: of staff or not, public or a note.
fn comment_added(
    detail: &Value,
    comment: &Value,
    requester_id: Option<&str>,
    dedup_keys: &mut Vec<String>,
    integration_user_id: Option<&str>,
) -> Result<Option<InboundContent>, ParseError> {
    let comment_id = id(&comment["id"], "/event/comment/id")?;
    if let Some(comment_id) = &comment_id {
        dedup_keys.push(format!("zendesk:comment:{comment_id}"));
    }
    let author = &comment["author"];
    let author_id = id(&author["id"], "/event/comment/author/id")?;
    if is_ours(author_id.as_deref(), integration_user_id) {
        return Ok(None);
    }
    let is_staff = author["is_staff"]
        .as_bool()
        .unwrap_or_else(|| author_id.is_none() || author_id.as_deref() != requester_id);
    let side = if is_staff {
        SenderSide::Agent
    } else {
        SenderSide::Customer
    };
    Ok(message(InboundMessage {
        direction: direction(side, comment["is_public"].as_bool().unwrap_or(true)),
        sender: Sender {
            side,
            external_id: author_id.unwrap_or_default(),
            name: text(&author["name"]),
            email: None,
        },
        text: written(&comment["body"]),
        external_id: comment_id,
        sent_at: None,
        subject: text(&detail["subject"]),
        ticket: ticket_of_detail(detail),
    }))
}

/// A message of a chat. Only an end user is the customer.
fn message_added(
    detail: &Value,
    event: &Value,
    dedup_keys: &mut Vec<String>,
    integration_user_id: Option<&str>,
) -> Result<Option<InboundContent>, ParseError> {
    let message_id = id(&event["message"]["id"], "/event/message/id")?;
    if let Some(message_id) = &message_id {
        dedup_keys.push(format!("zendesk:message:{message_id}"));
    }
    let actor = &event["actor"];
    let actor_id = id(&actor["id"], "/event/actor/id")?;
    if is_ours(actor_id.as_deref(), integration_user_id) {
        return Ok(None);
    }
    let side = match text(&actor["type"]).as_deref() {
        Some("end_user") => SenderSide::Customer,
        Some("agent") => SenderSide::Agent,
        // `system`, `trigger` and what may come: never answered, so never the customer.
        _ => SenderSide::System,
    };
    Ok(message(InboundMessage {
        direction: direction(side, true),
        sender: Sender {
            side,
            external_id: actor_id.unwrap_or_default(),
            name: text(&actor["name"]),
            email: None,
        },
        text: written(&event["message"]["body"]),
        external_id: message_id,
        sent_at: None,
        subject: text(&detail["subject"]),
        ticket: ticket_of_detail(detail),
    }))
}

/// The description is the first message. Public, it is the requester's; private, it is a note of whoever submitted it.
fn created(
    detail: &Value,
    requester_id: Option<String>,
) -> Result<Option<InboundContent>, ParseError> {
    let is_public = detail["is_public"].as_bool().unwrap_or(true);
    let (side, author_id) = if is_public {
        (SenderSide::Customer, requester_id)
    } else {
        let submitter_id = id(&detail["submitter_id"], "/detail/submitter_id")?;
        (SenderSide::Agent, submitter_id)
    };
    let first = message(InboundMessage {
        direction: direction(side, is_public),
        sender: Sender {
            side,
            external_id: author_id.unwrap_or_default(),
            name: None,
            email: None,
        },
        text: written(&detail["description"]),
        external_id: None,
        sent_at: None,
        subject: text(&detail["subject"]),
        ticket: ticket_of_detail(detail),
    });
    Ok(first.or_else(|| {
        change(TicketChange {
            subject: text(&detail["subject"]),
            ..ticket_of_detail(detail)
        })
    }))
}

/// A trigger's or an automation's body, after the template that the documentation gives to admins. It names the latest
/// public comment whether or not that is what changed: its id tells whether we have it.
fn parse_trigger(
    payload: &Value,
    event_type: &str,
    integration_user_id: Option<&str>,
) -> Result<Delivery, ParseError> {
    let ticket = &payload["ticket"];
    let comment = &payload["comment"];
    let mut dedup_keys = event_keys(payload)?;
    let ticket_id =
        id(&ticket["id"], "/ticket/id")?.ok_or_else(|| shape("/ticket/id", "is missing"))?;
    let requester_id = id(&ticket["requester_id"], "/ticket/requester_id")?;
    let current_user_id = id(&payload["current_user_id"], "/current_user_id")?;
    let comment_id = id(&comment["id"], "/comment/id")?;
    let changes = TicketChange {
        status: lower(&ticket["status"]),
        priority: priority(&ticket["priority"]),
        assignee_external_id: id(&ticket["assignee_id"], "/ticket/assignee_id")?,
        subject: text(&ticket["title"]),
    };
    let content = if is_ours(current_user_id.as_deref(), integration_user_id) {
        None
    } else {
        // The payload does not say who wrote the comment. Whoever ran the trigger did, in all but odd cases.
        let side = if current_user_id.is_some() && current_user_id == requester_id {
            SenderSide::Customer
        } else {
            SenderSide::Agent
        };
        let is_customer = side == SenderSide::Customer;
        message(InboundMessage {
            direction: direction(side, true),
            sender: Sender {
                side,
                external_id: current_user_id.unwrap_or_default(),
                name: None,
                email: text(&ticket["requester_email"]).filter(|_| is_customer),
            },
            text: text(&comment["body"]).unwrap_or_default(),
            external_id: comment_id.clone(),
            sent_at: None,
            subject: text(&ticket["title"]),
            ticket: TicketChange {
                subject: None,
                ..changes.clone()
            },
        })
        .or_else(|| change(changes))
    };
    if let (Some(InboundContent::Message(_)), Some(comment_id)) = (&content, &comment_id) {
        dedup_keys.push(format!("zendesk:comment:{comment_id}"));
    }
    Ok(Delivery::Ticket {
        inbound: Box::new(Inbound {
            channel: Channel::Zendesk,
            thread: ticket_id,
            dedup_keys,
            content: content.unwrap_or_else(|| InboundContent::Other {
                event_type: cut(event_type),
                payload: payload.clone(),
            }),
        }),
        requester_id,
    })
}

/// The ticket an event is about, if it is about one. Events of tickets must say which.
fn ticket_id_of_event(payload: &Value, name: &str) -> Result<Option<String>, ParseError> {
    let is_ticket_event = name.starts_with("ticket.") || name.starts_with("messaging_ticket.");
    let of_subject = text(&payload["subject"])
        .and_then(|subject| Some(subject.strip_prefix(TICKET_SUBJECT_PREFIX)?.to_owned()));
    let of_detail = if is_ticket_event {
        id(&payload["detail"]["id"], "/detail/id")?
    } else {
        None
    };
    match of_detail.or(of_subject.filter(|id| is_sane_id(id))) {
        None if is_ticket_event => Err(shape("/detail/id", "is missing")),
        found => Ok(found),
    }
}

fn event_keys(payload: &Value) -> Result<Vec<String>, ParseError> {
    Ok(id(&payload["id"], "/id")?
        .map(|id| format!("zendesk:event:{id}"))
        .into_iter()
        .collect())
}

fn ticket_of_detail(detail: &Value) -> TicketChange {
    TicketChange {
        status: lower(&detail["status"]),
        priority: priority(&detail["priority"]),
        assignee_external_id: text(&detail["assignee_id"]).filter(|id| is_sane_id(id)),
        subject: None,
    }
}

/// A message, unless it has no text: a comment of attachments only is kept as it came.
fn message(message: InboundMessage) -> Option<InboundContent> {
    let is_blank = message.text.chars().all(|c| c.is_whitespace() || c == '\0');
    (!is_blank).then_some(InboundContent::Message(message))
}

/// A change, unless nothing changed.
fn change(change: TicketChange) -> Option<InboundContent> {
    (!change.is_empty()).then_some(InboundContent::TicketChange(change))
}

/// The same content, sent when the event says.
fn at(content: InboundContent, sent_at: Option<Timestamp>) -> InboundContent {
    match content {
        InboundContent::Message(message) => {
            InboundContent::Message(InboundMessage { sent_at, ..message })
        }
        other => other,
    }
}

fn is_ours(person: Option<&str>, integration_user_id: Option<&str>) -> bool {
    person.is_some() && person == integration_user_id
}

fn customer_of(content: Option<&InboundContent>) -> Option<String> {
    match content {
        Some(InboundContent::Message(message)) if message.sender.side == SenderSide::Customer => {
            Some(message.sender.external_id.clone()).filter(|id| !id.is_empty())
        }
        _ => None,
    }
}

const fn direction(side: SenderSide, is_public: bool) -> Direction {
    match (is_public, side) {
        (false, _) => Direction::Note,
        (true, SenderSide::Customer) => Direction::Incoming,
        (true, SenderSide::Agent | SenderSide::System) => Direction::Outgoing,
    }
}

/// What somebody wrote, in an event: whatever it looks like, it is theirs. Only triggers have placeholders.
fn written(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// A text or a number as text; nothing for `null`, an empty text and a placeholder that was not filled.
fn text(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    let trimmed = text.trim();
    let is_placeholder = trimmed.starts_with("{{") && trimmed.ends_with("}}");
    (!trimmed.is_empty() && !is_placeholder).then_some(text)
}

fn lower(value: &Value) -> Option<String> {
    // "-" is how a template renders "none".
    text(value)
        .map(|text| cut(text.trim()).to_lowercase())
        .filter(|text| text != "-")
}

fn priority(value: &Value) -> Option<Priority> {
    text(value).and_then(|text| Priority::from_word(text.trim()))
}

/// An id of the provider, which ends up in keys and rows: short and without control characters.
fn id(value: &Value, pointer: &'static str) -> Result<Option<String>, ParseError> {
    match text(value) {
        Some(text) if !is_sane_id(&text) => Err(shape(
            pointer,
            "an id has at most 128 characters and no control characters",
        )),
        other => Ok(other),
    }
}

fn is_sane_id(text: &str) -> bool {
    !text.is_empty() && text.chars().count() <= MAX_ID_CHARS && !text.contains(char::is_control)
}

fn cut(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_control())
        .take(MAX_TYPE_CHARS)
        .collect()
}

const fn shape(pointer: &'static str, detail: &'static str) -> ParseError {
    ParseError::Shape { pointer, detail }
}

fn syntax_error(error: &serde_json::Error) -> ParseError {
    let (line, column) = (error.line(), error.column());
    let text = error.to_string();
    // The position has fields of its own.
    let detail = text.split(" at line ").next().unwrap_or(&text).to_owned();
    ParseError::Syntax {
        line,
        column,
        detail,
    }
}

#[cfg(test)]
mod tests;
