//! Drafts on their way: from a conversation by a queue to whoever writes them, and back.

use edgedesk_domain::account::{Channel, Principal};
use edgedesk_domain::analysis::Analysis;
use edgedesk_domain::assistant::AssistantStep;
use edgedesk_domain::conversation::Priority;
use edgedesk_domain::event::DraftCreated;
use edgedesk_domain::ids::{AccountId, ConversationId, MessageId, SuggestionId, UserId};
use edgedesk_domain::message::Direction;
use serde::{Deserialize, Serialize};

/// Producer binding of the queue that asks for drafts.
pub const QUEUE_BINDING: &str = "DRAFTS";
/// Name of that queue, a message a draft.
pub const QUEUE: &str = "drafts";
/// Attempts at a draft: the first, and two more.
pub const MAX_ATTEMPTS: u32 = 3;
/// Drafts of an account in a minute.
pub const DRAFTS_PER_MINUTE: u64 = 50;

/// The name of the job that every message gets; others were asked for by agents.
pub const FIRST_NAME: &str = "first";
/// How often a job waits for the next minute. What was written ten minutes ago is read by now, or answered.
pub const MAX_DEFERRALS: u32 = 10;

/// What the queue `drafts` carries. All else is asked of the conversation when the draft is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DraftJob {
    /// The account.
    pub account_id: AccountId,
    /// The conversation.
    pub conversation_id: ConversationId,
    /// The customer's message that is to be answered.
    pub message_id: MessageId,
    /// How soon an agent should see it: decides whose draft is written first when there are too many.
    pub priority: Priority,
    /// What tells several drafts of one message apart; the same for a repeat of one job.
    pub name: String,
    /// How often it has waited for the next minute.
    #[serde(default)]
    pub n_deferrals: u32,
}

/// All that a draft may be made of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DraftContext {
    /// The account.
    pub account_id: AccountId,
    /// The conversation.
    pub conversation_id: ConversationId,
    /// The message that is to be answered.
    pub message_id: MessageId,
    /// Its `seq`.
    pub message_seq: u64,
    /// Its text.
    pub text: String,
    /// Whether an answer is still of use: nobody has answered, the customer has written nothing since, and the conversation is
    /// open.
    pub is_wanted: bool,
    /// What the models said of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub analysis: Option<Analysis>,
    /// How the customer reaches us.
    pub channel: Channel,
    /// What to call them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_name: Option<String>,
    /// The ticket's number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket_number: Option<u64>,
    /// Who it is assigned to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignee_id: Option<UserId>,
    /// How sure the assistant has to be to answer; absent where it does not have the conversation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assistant_min_confidence: Option<f64>,
    /// The messages before it, oldest first, without notes; the last ten, each cut at 2,000 characters.
    pub earlier: Vec<EarlierMessage>,
}

/// A message before the one that is to be answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EarlierMessage {
    /// From the customer, or to them.
    pub direction: Direction,
    /// Its text.
    pub text: String,
}

/// A draft is to be logged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoreDraft {
    /// The name of the job: one that was logged before is not logged again.
    pub name: String,
    /// The draft.
    pub draft: DraftCreated,
    /// What the assistant does, where it has the conversation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assistant: Option<AssistantStep>,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredDraft {
    /// Whether it is in the log; not where personal data was taken out of the message meanwhile, or it was logged before.
    pub is_new: bool,
}

/// An agent wants another draft for the customer's last message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskForDraft {
    /// Who.
    pub principal: Principal,
}

/// What is to be put on the queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskedForDraft {
    /// The job.
    pub job: DraftJob,
}

/// An agent turns a suggestion down, or takes that back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectSuggestion {
    /// Who.
    pub principal: Principal,
    /// Which.
    pub suggestion_id: SuggestionId,
    /// Whether it is turned down; false takes it back.
    pub is_rejected: bool,
}
