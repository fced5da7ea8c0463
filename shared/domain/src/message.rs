//! Messages: who wrote, in which direction, what.

use serde::{Deserialize, Serialize};

use crate::attachment::Attachment;
use crate::ids::{CustomerId, MessageId, UserId};
use crate::suggestion::Citation;
use crate::time::Timestamp;

/// Longest text of a message, in bytes of UTF-8: 100 kB, so that an event with its JSON escapes (at worst six bytes for
/// one) stays under the 2 MB a stored row may have. The queue's 128 KB is kept by the outbox, which truncates nothing but
/// sends such an event by reference.
pub const MAX_TEXT_BYTES: usize = 100_000;

/// What stands in for the text of a message that has none, such as one that is only a file. Agents see that something came; it is
/// not analysed.
pub const NO_TEXT: &str = "(no text)";

/// Where a message goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// From the customer.
    Incoming,
    /// To the customer.
    Outgoing,
    /// A private note between agents: never shown to the customer, never analysed as theirs.
    Note,
}

/// Who wrote a message or caused an event.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Actor {
    /// The customer of the conversation.
    Customer {
        /// Their id in this account.
        id: CustomerId,
        /// What to call them, when known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
    },
    /// A person who answers, logged in here.
    Agent {
        /// Their user id.
        id: UserId,
        /// Their display name when they acted.
        name: String,
    },
    /// A person who answers, in the provider's system.
    ExternalAgent {
        /// The provider's id for them.
        external_id: String,
        /// Their name, when the provider says it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
    },
    /// The assistant, which answers customers out of articles.
    Assistant,
    /// A rule, a model or the platform itself.
    System,
}

/// A message as it stands in the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Message {
    /// Its id here.
    pub message_id: MessageId,
    /// Where it goes.
    pub direction: Direction,
    /// Who wrote it.
    pub author: Actor,
    /// The text, at most [`MAX_TEXT_BYTES`], without NUL characters.
    pub text: String,
    /// The files that go with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    /// Where what the assistant states in it stands; empty for everybody else's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub citations: Vec<Citation>,
    /// The sender's own id for it, echoed so that an optimistic copy can be matched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// The provider's id for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// When the provider says it was sent; the event's `at` is when it was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_at: Option<Timestamp>,
}

impl Message {
    /// What stands for it in a list: the text, or the name of the first file where there is none.
    #[must_use]
    pub fn in_short(&self) -> &str {
        match self.attachments.first() {
            Some(attachment) if self.text == NO_TEXT => &attachment.name,
            _ => &self.text,
        }
    }
}

/// A text that cannot be a message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidText {
    /// Nothing but white space.
    #[error("the text is empty")]
    Empty,
    /// Over [`MAX_TEXT_BYTES`].
    #[error("the text has {bytes} bytes; at most {MAX_TEXT_BYTES} are taken")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
}

/// Checks a text and drops NUL characters, which neither SQLite's text functions nor browsers handle.
pub fn clean_text(text: &str) -> Result<String, InvalidText> {
    if text.len() > MAX_TEXT_BYTES {
        return Err(InvalidText::TooLong { bytes: text.len() });
    }
    let cleaned = if text.contains('\0') {
        text.replace('\0', "")
    } else {
        text.to_owned()
    };
    if cleaned.trim().is_empty() {
        Err(InvalidText::Empty)
    } else {
        Ok(cleaned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_taken_without_its_nul_characters() {
        assert_eq!(clean_text("a\0b"), Ok("ab".into()));
        assert_eq!(clean_text("🙂🙂"), Ok("🙂🙂".into()));
        assert_eq!(clean_text(" \0\n"), Err(InvalidText::Empty));
        assert!(clean_text(&"x".repeat(MAX_TEXT_BYTES)).is_ok());
        assert_eq!(
            clean_text(&"x".repeat(MAX_TEXT_BYTES + 1)),
            Err(InvalidText::TooLong {
                bytes: MAX_TEXT_BYTES + 1
            })
        );
    }
}
