//! Open conversations that ask the same: what the `Knowledge` object is told of them, and what agents are shown.

use edgedesk_domain::conversation::{ConversationStatus, Preview};
use edgedesk_domain::ids::{AccountId, ConversationId};
use edgedesk_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::knowledge::Question;

/// `POST`: [`NoteQuestion`] to [`Noted`].
pub const NOTE_PATH: &str = "/questions";
/// `POST`: [`ForgetQuestions`] to [`Noted`].
pub const FORGET_PATH: &str = "/questions/forget";
/// `GET` with `?conversation_id=`: [`SimilarQuestions`].
pub const SIMILAR_PATH: &str = "/questions/similar";

/// Most conversations that an agent is shown.
pub const MAX_SIMILAR: usize = 5;
/// Most conversations that the object names: of those some are another team's, or not listed as open any more.
pub const MAX_FOUND: usize = 100;

/// What the customer of an open conversation asks. The text itself is not told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoteQuestion {
    /// The conversation.
    pub conversation_id: ConversationId,
    /// The `seq` of the message that asks: of several the first one counts.
    pub seq: u64,
    /// The hashes of the text's pieces, in Base64.
    pub fingerprint: String,
    /// Its meaning; absent when no model answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<Question>,
}

/// Conversations whose questions are to be forgotten.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForgetQuestions {
    /// Which.
    pub over: Vec<OverQuestion>,
}

/// A conversation that is over, hidden, or no longer says what it said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OverQuestion {
    /// The conversation.
    pub conversation_id: ConversationId,
    /// Questions up to this `seq` are forgotten, also those that are still on their way; absent for what is there now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub through_seq: Option<u64>,
}

/// The object has taken note.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Noted {
    /// Whether it changed anything.
    pub changed: bool,
}

/// What other conversations ask.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SimilarQuestions {
    /// The account.
    pub account_id: AccountId,
    /// The most alike first; none of them is below the measured threshold.
    pub similar: Vec<SimilarQuestion>,
}

/// Another conversation that asks the same.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SimilarQuestion {
    /// Which.
    pub conversation_id: ConversationId,
    /// How alike, 0 to 1.
    pub score: f64,
    /// Why.
    pub reasons: Vec<Similarity>,
}

/// Why two questions count as the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Similarity {
    /// They mean the same.
    Meaning,
    /// They say it in the same words.
    Words,
}

/// Open conversations that ask the same as one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SimilarConversations {
    /// At most five, the most alike first.
    pub similar: Vec<SimilarConversation>,
}

/// An open conversation that asks the same.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SimilarConversation {
    /// Which.
    pub conversation_id: ConversationId,
    /// How alike the questions are, 0 to 1.
    pub score: f64,
    /// Why they count as the same; at least one reason.
    pub reasons: Vec<Similarity>,
    /// Whether the same customer asks.
    pub is_same_customer: bool,
    /// What to call the customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_name: Option<String>,
    /// The number of its ticket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket_number: Option<u64>,
    /// Its subject, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Where it stands: open in some way.
    pub status: ConversationStatus,
    /// Its last message that is no note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_message: Option<Preview>,
    /// When it began.
    pub created_at: Timestamp,
}
