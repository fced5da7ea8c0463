//! What a channel hands over, whatever the provider: the normalised form that golden files map each payload to.

use serde::{Deserialize, Serialize};

use crate::account::Channel;
use crate::conversation::Priority;
use crate::message::Direction;
use crate::time::Timestamp;

/// One thing a provider told us, normalised.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inbound {
    /// The channel it came through.
    pub channel: Channel,
    /// The provider's name of the thread, such as the Zendesk ticket id `5158`. Together with the inbox it names the
    /// conversation.
    pub thread: String,
    /// Every name under which a repeat of this delivery could come again. A repeat of any one is dropped.
    pub dedup_keys: Vec<String>,
    /// What happened.
    pub content: InboundContent,
}

/// What a provider's delivery means here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum InboundContent {
    /// A message or a private note.
    Message(InboundMessage),
    /// The ticket changed at the provider.
    TicketChange(TicketChange),
    /// Known or unknown, but nothing that changes a conversation: kept in the log as it came.
    Other {
        /// The provider's event type.
        event_type: String,
        /// The payload, as JSON.
        payload: serde_json::Value,
    },
}

/// A normalised message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InboundMessage {
    /// Where it goes; `Note` when the provider says that it is not public.
    pub direction: Direction,
    /// Who wrote it.
    pub sender: Sender,
    /// The text as the provider gave it, not yet cleaned.
    pub text: String,
    /// The provider's id for it.
    pub external_id: Option<String>,
    /// When the provider says it was sent.
    pub sent_at: Option<Timestamp>,
    /// The subject of the thread, when this delivery says it.
    pub subject: Option<String>,
    /// What this delivery says of the ticket besides.
    #[serde(default)]
    pub ticket: TicketChange,
}

/// Who wrote an inbound message, in the provider's words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sender {
    /// On which side of the desk they sit.
    pub side: SenderSide,
    /// The provider's id for them.
    pub external_id: String,
    /// Their name, when said.
    pub name: Option<String>,
    /// Their e-mail address, when said.
    pub email: Option<String>,
}

/// A side of the desk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SenderSide {
    /// Writes in.
    Customer,
    /// Answers.
    Agent,
    /// A trigger, a bot, the provider.
    System,
}

/// What changed on a ticket at the provider; absent fields did not change.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TicketChange {
    /// The provider's status word, lower case, such as `open` or `solved`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// The priority.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<Priority>,
    /// The provider's id of the assignee; an empty text when nobody is assigned any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignee_external_id: Option<String>,
    /// The subject. Younger than the other fields: logs written before it lack it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
}

impl TicketChange {
    /// Whether nothing changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
