//! An event of a log as a `CloudEvents` 1.0 JSON object (structured mode), for whoever takes our events outside.

use edgedesk_domain::event::{Event, EventData};
use edgedesk_domain::ids::{AccountId, ConversationId, EventId};
use edgedesk_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

/// `Content-Type` of one event.
pub const CONTENT_TYPE: &str = "application/cloudevents+json";
/// `Content-Type` of an array of events.
pub const BATCH_CONTENT_TYPE: &str = "application/cloudevents-batch+json";

/// The attributes that the specification requires, the optional ones we set, and our extensions (lower case letters and
/// digits only, as it demands).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CloudEvent {
    /// Always `1.0`.
    pub specversion: String,
    /// The event's id.
    pub id: EventId,
    /// `/accounts/{account_id}/conversations/{conversation_id}`. With `id` it is unique.
    pub source: String,
    /// The conversation.
    pub subject: ConversationId,
    /// When it was logged.
    pub time: Timestamp,
    /// Always `application/json`.
    pub datacontenttype: String,
    /// The account.
    pub tenantid: AccountId,
    /// Place in the conversation's log.
    pub aggregateversion: u64,
    /// Shared by all events of the conversation.
    pub correlationid: ConversationId,
    /// The event that caused this one, when there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub causationid: Option<EventId>,
    /// `type` and `data`, as in the log.
    #[serde(flatten)]
    pub data: EventData,
}

impl From<Event> for CloudEvent {
    fn from(event: Event) -> Self {
        Self {
            specversion: "1.0".to_owned(),
            id: event.id,
            source: format!(
                "/accounts/{}/conversations/{}",
                event.account_id, event.conversation_id
            ),
            subject: event.conversation_id,
            time: event.at,
            datacontenttype: "application/json".to_owned(),
            tenantid: event.account_id,
            aggregateversion: event.seq,
            correlationid: event.conversation_id,
            causationid: event.causation_id,
            data: event.data,
        }
    }
}
