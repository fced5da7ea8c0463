//! Socket frames, both directions: one JSON object each.
//!
//! Logged events travel as they stand in the log ([`Event`](edgedesk_domain::event::Event)); everything else is a
//! [`ServerFrame`]. Customers get only events that are
//! [`is_public`](edgedesk_domain::event::EventData::is_public).

use edgedesk_domain::conversation::ConversationState;
use edgedesk_domain::ids::{AttachmentId, ConversationId, EventId, MessageId, SuggestionId};
use edgedesk_domain::message::Actor;
use serde::{Deserialize, Serialize};

use crate::desk::{AgentPresence, Counters};

/// Largest frame that is read, in bytes: a 100 kB text whose every byte is escaped as two, and the rest of the frame.
pub const MAX_FRAME_BYTES: usize = 256 * 1024;

/// The text that a client sends to keep a connection open; answered with [`PONG`] without waking the object.
pub const PING: &str = "ping";
/// The automatic answer to [`PING`].
pub const PONG: &str = "pong";

/// What a client may send.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum ClientFrame {
    /// Write a message. Answered by `ack` once it is in the log, or by `error`. Conversation sockets.
    #[serde(rename = "message.send")]
    MessageSend {
        /// The client's id for it, 1 to 128 characters; a repeat is acked again and not logged again.
        client_id: String,
        /// The message.
        data: MessageDraft,
    },
    /// Send every event after `seq`, then `resumed`. Conversation sockets.
    #[serde(rename = "resume")]
    Resume {
        /// The last `seq` the client has; 0 for all.
        seq: u64,
    },
    /// The person behind the socket is writing. Conversation sockets.
    #[serde(rename = "typing.start")]
    TypingStart,
    /// No longer. Conversation sockets.
    #[serde(rename = "typing.stop")]
    TypingStop,
    /// The person has seen everything up to `seq`. Conversation sockets.
    #[serde(rename = "read")]
    Read {
        /// The last `seq` they saw.
        seq: u64,
    },
    /// The customer wants a person and not the assistant. Customers' sockets.
    #[serde(rename = "assistant.hand_off")]
    AssistantHandOff,
    /// The assistant's answer was what the customer wanted. Customers' sockets.
    #[serde(rename = "assistant.solved")]
    AssistantSolved,
    /// Set oneself away or back. Desk sockets.
    #[serde(rename = "presence.set")]
    PresenceSet {
        /// Whether to be away.
        away: bool,
    },
    /// Ask for a room by name, `account:{account_id}`. Desk sockets are in their own account's room from the start; any
    /// other is refused with `forbidden`.
    #[serde(rename = "join")]
    Join {
        /// The room.
        room: String,
    },
}

/// A message that a client writes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageDraft {
    /// The text; it may be empty when there are files.
    pub text: String,
    /// Files that the sender has uploaded for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<AttachmentId>,
    /// Agents only: a private note instead of a reply.
    #[serde(default)]
    pub note: bool,
    /// Agents only: the suggestion that it was made of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suggestion_id: Option<SuggestionId>,
}

/// What a server sends besides logged events.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum ServerFrame {
    /// The message is in the log.
    #[serde(rename = "ack")]
    Ack {
        /// The client's id for it.
        client_id: String,
        /// `seq` of the event that holds it.
        seq: u64,
        /// Id of that event.
        id: EventId,
        /// Id of the message.
        message_id: MessageId,
    },
    /// A frame was refused. The socket stays open unless it is closed with a code that says why.
    #[serde(rename = "error")]
    Error {
        /// The client's id for the message, when the frame had one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        client_id: Option<String>,
        /// What was wrong.
        data: FrameError,
    },
    /// Everything after the asked `seq` has been sent.
    #[serde(rename = "resumed")]
    Resumed {
        /// `seq` of the last event of the log; 0 when it is empty.
        seq: u64,
    },
    /// Who is writing changed. Not logged.
    #[serde(rename = "typing.changed")]
    TypingChanged {
        /// The conversation.
        conversation_id: ConversationId,
        /// Who.
        data: Typing,
    },
    /// Which agents have the conversation open changed. Agents only; not logged.
    #[serde(rename = "viewers.changed")]
    ViewersChanged {
        /// The conversation.
        conversation_id: ConversationId,
        /// All of them.
        data: Viewers,
    },
    /// A conversation of the account changed. Desk sockets.
    #[serde(rename = "conversation.updated")]
    ConversationUpdated {
        /// The conversation.
        conversation_id: ConversationId,
        /// `seq` of its log.
        seq: u64,
        /// What is true of it now.
        data: Box<ConversationState>,
    },
    /// A conversation is no more this agent's to see: it was given to another team. Desk sockets.
    #[serde(rename = "conversation.withdrawn")]
    ConversationWithdrawn {
        /// The conversation.
        conversation_id: ConversationId,
    },
    /// Live counters. Desk sockets.
    #[serde(rename = "counters.changed")]
    CountersChanged {
        /// All of them.
        data: Counters,
    },
    /// Agents came, went, or their load changed. Desk sockets.
    #[serde(rename = "presence.changed")]
    PresenceChanged {
        /// All of them.
        data: Presence,
    },
    /// The room was joined. Desk sockets.
    #[serde(rename = "joined")]
    Joined {
        /// The room.
        room: String,
    },
}

/// Why a frame was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrameError {
    /// A stable code: `bad_frame`, `unknown_type`, `frame_too_large`, `forbidden`, `invalid_text`, `invalid_client_id`,
    /// `unknown_attachment`,
    /// `unavailable`.
    pub code: String,
    /// One sentence.
    pub detail: String,
}

/// Who is writing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Typing {
    /// The person.
    pub actor: Actor,
    /// Whether they write now.
    pub typing: bool,
}

/// Which agents have a conversation open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Viewers {
    /// All of them, each once.
    pub agents: Vec<Actor>,
}

/// All agents of the account that are online or have load.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Presence {
    /// All of them.
    pub agents: Vec<AgentPresence>,
}
