//! Requests to the inference Worker.

use edgedesk_domain::analysis::{Analysis, PastMood};
use edgedesk_domain::ids::{AccountId, ConversationId, MessageId};
use serde::{Deserialize, Serialize};

/// Name of the service binding to the inference Worker.
pub const BINDING: &str = "INFERENCE";
/// `POST`: [`AnalyzeRequest`] to [`AnalyzeResponse`].
pub const ANALYZE_PATH: &str = "/analyze";

/// One customer message to analyse, with the moods of the earlier ones.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AnalyzeRequest {
    /// The account, for logs.
    pub account_id: AccountId,
    /// The conversation, for logs.
    pub conversation_id: ConversationId,
    /// The message.
    pub message_id: MessageId,
    /// Its `seq`.
    pub message_seq: u64,
    /// Its text, at most 100 kB.
    pub text: String,
    /// Moods of earlier customer messages of this conversation, oldest first, at most
    /// [`MOODS_KEPT`](edgedesk_domain::conversation::MOODS_KEPT).
    pub history: Vec<PastMood>,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AnalyzeResponse {
    /// What the models and rules say.
    pub analysis: Analysis,
}
