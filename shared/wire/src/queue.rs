//! Queue messages: an envelope around a JSON text, so that no binding loses a field on the way.

use edgedesk_domain::conversation::ConversationState;
use edgedesk_domain::event::Event;
use edgedesk_domain::ids::{AccountId, ConversationId, CustomerId, ExportId};
use serde::{Deserialize, Serialize};

/// Producer binding and name of the queue that events leave the objects by.
pub const EVENTS_BINDING: &str = "EVENTS";
/// Name of the `events` queue.
pub const EVENTS_QUEUE: &str = "events";
/// Name of the dead-letter queue of `events`.
pub const EVENTS_DEAD_QUEUE: &str = "events-dead";

/// Producer binding of the queue that asks for exports.
pub const EXPORTS_BINDING: &str = "EXPORTS";
/// Name of the queue that asks for exports, a message an archive.
pub const EXPORTS_QUEUE: &str = "exports";

/// Most bytes of one queue message as we write it. Cloudflare takes 128,000; a quarter is left
/// for the JSON escapes that wrapping the body in a text adds.
pub const MAX_MESSAGE_BYTES: usize = 96_000;

/// The version this code writes. Readers take any version up to it.
pub const ENVELOPE_VERSION: u32 = 1;

/// What is put on a queue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Envelope {
    /// The version of the body's shape.
    pub version: u32,
    /// Stable over retries; for logs and the parked table.
    pub id: String,
    /// The account.
    pub account_id: AccountId,
    /// `kind` and `body`.
    #[serde(flatten)]
    pub payload: Payload,
}

/// The kinds of queue message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "body")]
pub enum Payload {
    /// A conversation's log grew.
    #[serde(rename = "events.appended")]
    EventsAppended(EventsAppended),
}

/// A run of a conversation's log and what was true after it (or later).
///
/// Projecting it is idempotent and free of order: rows of messages and analyses are made of one event each, and the rows
/// of conversation, ticket and customer are made of the state, of which the larger `seq` wins.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EventsAppended {
    /// The conversation.
    pub conversation_id: ConversationId,
    /// The state at or after the last event.
    pub state: ConversationState,
    /// The events, in order. Empty when they do not fit a queue message.
    pub events: Vec<Event>,
    /// Set when the events do not fit: read them from the object's log instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_reference: Option<EventRange>,
}

/// Events of a log by `seq`, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventRange {
    /// The first.
    pub first_seq: u64,
    /// The last.
    pub last_seq: u64,
}

/// What the queue `exports` carries: an export was asked for. All else is in its row, which says also whether it has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportRequested {
    /// The account.
    pub account_id: AccountId,
    /// Whose data it is.
    pub customer_id: CustomerId,
    /// The export.
    pub export_id: ExportId,
}
