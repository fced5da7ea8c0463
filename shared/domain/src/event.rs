//! The event log: every event type is listed here, and only here.
//!
//! Names are `noun.past_participle`. An event is also the frame that sockets get. Stored events are read for years: a
//! new field is `#[serde(default)]`, a type is never renamed.

use serde::{Deserialize, Serialize};

use crate::account::Channel;
use crate::analysis::{Analysis, ModelRef, PastMood, Reason};
use crate::assistant::{AssistantEngaged, HandedOff};
use crate::conversation::ConversationStatus;
use crate::feedback::{AnalysisField, Verdict};
use crate::ids::{
    AccountId, ConversationId, CustomerId, DraftId, EventId, InboxId, IntentId, MacroId, MessageId,
    PrivacyRequestId, SuggestionId, TeamId, TicketId, UserId,
};
use crate::inbound::TicketChange;
use crate::message::{Actor, Message};
use crate::suggestion::{RecommendedAction, Suggestion, SuggestionSource, SuggestionVerdict};
use crate::time::Timestamp;

/// One entry of a conversation's log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Event {
    /// Unique over all conversations.
    pub id: EventId,
    /// Place in the conversation's log: 1, 2, 3 … without a gap.
    pub seq: u64,
    /// The conversation.
    pub conversation_id: ConversationId,
    /// The account it belongs to.
    pub account_id: AccountId,
    /// When it was logged; never before an earlier event of the same log.
    pub at: Timestamp,
    /// The event that caused this one, when there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub causation_id: Option<EventId>,
    /// How often personal data was taken out of it; 0 for an event that is as it was logged. Of two versions of an event the
    /// one with the larger revision counts.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub revision: u32,
    /// `type` and `data`.
    #[serde(flatten)]
    pub data: EventData,
}

/// What happened, as `{"type": …, "data": …}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "type", content = "data")]
// Allowed, not expected: on 32 bits the variants are near enough to each other.
#[allow(
    clippy::large_enum_variant,
    reason = "analyses are among the most frequent events: a box would save little and cost every match a step"
)]
pub enum EventData {
    // Conversation.
    /// A customer wrote in for the first time. Always `seq` 1.
    #[serde(rename = "conversation.created")]
    ConversationCreated(ConversationCreated),
    /// The status changed.
    #[serde(rename = "conversation.status_changed")]
    ConversationStatusChanged(StatusChanged),
    /// The assignee changed.
    #[serde(rename = "conversation.assigned")]
    ConversationAssigned(Assigned),
    /// It was given to a team, or to none.
    #[serde(rename = "conversation.team_changed")]
    ConversationTeamChanged(TeamChanged),
    /// Somebody read up to a message.
    #[serde(rename = "conversation.read")]
    ConversationRead(ConversationRead),
    /// The customer asked that it be erased: it is shown to nobody from now on, and erased when it is due.
    #[serde(rename = "conversation.erasure_scheduled")]
    ErasureScheduled(ErasureScheduled),
    /// They asked that it be not: all of it is shown again.
    #[serde(rename = "conversation.erasure_cancelled")]
    ErasureCancelled(ErasureCancelled),
    /// What was said up to a place was erased.
    #[serde(rename = "conversation.erased")]
    ConversationErased(Scrubbed),
    /// Personal data up to a place was masked.
    #[serde(rename = "conversation.anonymised")]
    ConversationAnonymised(Scrubbed),

    // Message.
    /// A message or a note was taken.
    #[serde(rename = "message.created")]
    MessageCreated(Message),
    /// A customer's message was analysed.
    #[serde(rename = "message.analyzed")]
    MessageAnalyzed(MessageAnalyzed),

    // Analysis.
    /// An analysis failed; the message stands.
    #[serde(rename = "analysis.failed")]
    AnalysisFailed(AnalysisFailed),
    /// An agent confirmed or corrected a field of an analysis. The last one of a field counts.
    #[serde(rename = "analysis.corrected")]
    AnalysisCorrected(AnalysisCorrected),
    /// An agent took such a word back.
    #[serde(rename = "analysis.correction_withdrawn")]
    CorrectionWithdrawn(CorrectionWithdrawn),

    // Escalation.
    /// The risk crossed the line.
    #[serde(rename = "escalation.detected")]
    EscalationDetected(EscalationDetected),

    // Draft.
    /// Answers to a customer's message were found or written, for agents.
    #[serde(rename = "draft.created")]
    DraftCreated(DraftCreated),
    /// An agent sent one of them, changed or not, or turned it down. The last one of a suggestion counts.
    #[serde(rename = "suggestion.decided")]
    SuggestionDecided(SuggestionDecided),

    // Assistant.
    /// The assistant answers from now on.
    #[serde(rename = "assistant.engaged")]
    AssistantEngaged(AssistantEngaged),
    /// It does not any more: a person goes on.
    #[serde(rename = "assistant.handed_off")]
    AssistantHandedOff(HandedOff),

    // Ticket.
    /// The desk gave the conversation its ticket.
    #[serde(rename = "ticket.opened")]
    TicketOpened(TicketOpened),
    /// The ticket changed at the provider.
    #[serde(rename = "ticket.updated")]
    TicketUpdated(TicketChange),

    // Customer.
    /// More became known of the customer or the subject.
    #[serde(rename = "customer.updated")]
    CustomerUpdated(CustomerUpdated),

    // Provider.
    /// A provider's event that changes nothing here, kept as it came.
    #[serde(rename = "provider_event.received")]
    ProviderEventReceived(ProviderEventReceived),
}

impl EventData {
    /// The `type` word.
    #[must_use]
    pub const fn type_name(&self) -> &'static str {
        match self {
            Self::ConversationCreated(_) => "conversation.created",
            Self::ConversationStatusChanged(_) => "conversation.status_changed",
            Self::ConversationAssigned(_) => "conversation.assigned",
            Self::ConversationTeamChanged(_) => "conversation.team_changed",
            Self::ConversationRead(_) => "conversation.read",
            Self::ErasureScheduled(_) => "conversation.erasure_scheduled",
            Self::ErasureCancelled(_) => "conversation.erasure_cancelled",
            Self::ConversationErased(_) => "conversation.erased",
            Self::ConversationAnonymised(_) => "conversation.anonymised",
            Self::MessageCreated(_) => "message.created",
            Self::MessageAnalyzed(_) => "message.analyzed",
            Self::AnalysisFailed(_) => "analysis.failed",
            Self::AnalysisCorrected(_) => "analysis.corrected",
            Self::CorrectionWithdrawn(_) => "analysis.correction_withdrawn",
            Self::EscalationDetected(_) => "escalation.detected",
            Self::DraftCreated(_) => "draft.created",
            Self::SuggestionDecided(_) => "suggestion.decided",
            Self::AssistantEngaged(_) => "assistant.engaged",
            Self::AssistantHandedOff(_) => "assistant.handed_off",
            Self::TicketOpened(_) => "ticket.opened",
            Self::TicketUpdated(_) => "ticket.updated",
            Self::CustomerUpdated(_) => "customer.updated",
            Self::ProviderEventReceived(_) => "provider_event.received",
        }
    }

    /// Whether customers may see it on their own socket. Notes, analyses, risk and assignment are the desk's.
    #[must_use]
    pub fn is_public(&self) -> bool {
        match self {
            Self::MessageCreated(message) => message.direction != crate::message::Direction::Note,
            Self::ConversationCreated(_)
            | Self::ConversationStatusChanged(_)
            | Self::ConversationRead(_)
            | Self::AssistantEngaged(_)
            | Self::AssistantHandedOff(_) => true,
            Self::ConversationAssigned(_)
            | Self::ConversationTeamChanged(_)
            | Self::ErasureScheduled(_)
            | Self::ErasureCancelled(_)
            | Self::ConversationErased(_)
            | Self::ConversationAnonymised(_)
            | Self::MessageAnalyzed(_)
            | Self::AnalysisFailed(_)
            | Self::AnalysisCorrected(_)
            | Self::CorrectionWithdrawn(_)
            | Self::EscalationDetected(_)
            | Self::DraftCreated(_)
            | Self::SuggestionDecided(_)
            | Self::TicketOpened(_)
            | Self::TicketUpdated(_)
            | Self::CustomerUpdated(_)
            | Self::ProviderEventReceived(_) => false,
        }
    }
}

/// `conversation.created`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConversationCreated {
    /// The inbox it came in by.
    pub inbox_id: InboxId,
    /// That inbox's channel.
    pub channel: Channel,
    /// The provider's name of the thread.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// Who writes in.
    pub customer_id: CustomerId,
    /// What to call them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_name: Option<String>,
    /// Their e-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_email: Option<String>,
    /// The subject.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The inbox's team, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team_id: Option<TeamId>,
}

/// `conversation.status_changed`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StatusChanged {
    /// Before.
    pub previous: ConversationStatus,
    /// Now.
    pub current: ConversationStatus,
    /// Who changed it.
    pub by: Actor,
}

/// `conversation.assigned`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Assigned {
    /// Before; absent when nobody.
    #[serde(default)]
    pub previous: Option<UserId>,
    /// Now; absent when nobody.
    #[serde(default)]
    pub current: Option<UserId>,
    /// Who assigned it.
    pub by: Actor,
    /// The team it goes to with the assignee; absent when it stays where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team_id: Option<TeamId>,
}

/// `conversation.team_changed`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TeamChanged {
    /// Before; absent when none.
    #[serde(default)]
    pub previous: Option<TeamId>,
    /// Now; absent when none.
    #[serde(default)]
    pub current: Option<TeamId>,
    /// Who changed it.
    pub by: Actor,
}

/// `conversation.read`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConversationRead {
    /// Who read.
    pub reader: Actor,
    /// Up to which `seq`.
    pub read_seq: u64,
}

/// `conversation.erasure_scheduled`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ErasureScheduled {
    /// The request that it is a part of.
    pub request_id: PrivacyRequestId,
    /// When it is to be erased.
    pub due_at: Timestamp,
    /// What is to be erased: all events up to this `seq`.
    pub through_seq: u64,
    /// Whether the customer has written since the request was made. Then the conversation stays, with what came since.
    #[serde(default)]
    pub written_since: bool,
}

/// `conversation.erasure_cancelled`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ErasureCancelled {
    /// The request.
    pub request_id: PrivacyRequestId,
}

/// `conversation.erased` and `conversation.anonymised`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Scrubbed {
    /// The request.
    pub request_id: PrivacyRequestId,
    /// Events up to this `seq` hold no personal data any more.
    pub through_seq: u64,
}

/// `message.analyzed`: an automatic decision, with all that is needed to make it again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MessageAnalyzed {
    /// The message.
    pub message_id: MessageId,
    /// Its `seq`.
    pub message_seq: u64,
    /// What the models say.
    pub analysis: Analysis,
    /// What it was made of beside the message's text. Absent in logs of before it was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inputs: Option<DecisionInputs>,
}

/// What a decision was made of, beside the message's text.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DecisionInputs {
    /// Moods of the customer's earlier messages that were known then, oldest first.
    #[serde(default)]
    pub history: Vec<PastMood>,
    /// The version of the account's own intents that was applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_intents_version: Option<u32>,
    /// Of the intents of that version, those that were deleted by then: they were not to be named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub retired_intents: Vec<IntentId>,
}

/// `analysis.corrected`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AnalysisCorrected {
    /// The message.
    pub message_id: MessageId,
    /// Its `seq`.
    pub message_seq: u64,
    /// The `message.analyzed` that is judged.
    pub decision_id: EventId,
    /// When that was.
    pub decided_at: Timestamp,
    /// Which field of it.
    pub field: AnalysisField,
    /// What the decision says of the field; absent when it says nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided: Option<String>,
    /// What the agent says.
    pub value: String,
    /// Whether the two are the same.
    pub verdict: Verdict,
    /// The model that decided.
    pub model: ModelRef,
    /// Who says so.
    pub by: Actor,
    /// The client's id for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
}

/// `analysis.correction_withdrawn`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CorrectionWithdrawn {
    /// The message.
    pub message_id: MessageId,
    /// Its `seq`.
    pub message_seq: u64,
    /// The `message.analyzed` that was judged.
    pub decision_id: EventId,
    /// When that was.
    pub decided_at: Timestamp,
    /// Which field of it.
    pub field: AnalysisField,
    /// Who took it back.
    pub by: Actor,
}

/// `analysis.failed`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AnalysisFailed {
    /// The message.
    pub message_id: MessageId,
    /// Its `seq`.
    pub message_seq: u64,
    /// Failed attempts so far, this one included.
    pub failures: u32,
    /// Whether no further attempt is made.
    pub gave_up: bool,
    /// A stable code, such as `inference_unavailable`.
    pub code: String,
}

/// `escalation.detected`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EscalationDetected {
    /// The message that crossed the line.
    pub message_id: MessageId,
    /// The risk, above 0.7.
    pub risk: f64,
    /// Why.
    pub reasons: Vec<Reason>,
}

/// `draft.created`: what is offered to agents for one message. Customers never see it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DraftCreated {
    /// All of it together.
    pub draft_id: DraftId,
    /// The customer's message that it answers.
    pub message_id: MessageId,
    /// Its `seq`.
    pub message_seq: u64,
    /// At most [`MAX_SUGGESTIONS`](crate::suggestion::MAX_SUGGESTIONS), best first; empty when nothing fits.
    pub suggestions: Vec<Suggestion>,
    /// What else could be done now, the surest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<RecommendedAction>,
    /// The language it is written in, ISO 639-1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// What wrote the draft.
    pub model: ModelRef,
    /// Why the draft is as it is, or why there is none, for agents.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<Reason>,
    /// Milliseconds from the job's beginning to this.
    pub elapsed_ms: f64,
}

/// `suggestion.decided`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SuggestionDecided {
    /// What it was offered in.
    pub draft_id: DraftId,
    /// Which suggestion.
    pub suggestion_id: SuggestionId,
    /// Where that was from.
    #[serde(rename = "suggestion_type")]
    pub source: SuggestionSource,
    /// The macro or template it was made of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub macro_id: Option<MacroId>,
    /// What the agent did; absent when they took a rejection back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<SuggestionVerdict>,
    /// The message that they sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_id: Option<MessageId>,
    /// Who.
    pub by: Actor,
}

/// `ticket.opened`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TicketOpened {
    /// The ticket.
    pub ticket_id: TicketId,
    /// Its number in the account: 1, 2, 3 … without a gap.
    pub number: u64,
}

/// `customer.updated`; absent fields did not change.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CustomerUpdated {
    /// What to call them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Their e-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The subject of the thread.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
}

/// `provider_event.received`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProviderEventReceived {
    /// The provider's event type.
    pub event_type: String,
    /// The payload, as JSON.
    pub payload: serde_json::Value,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes by reference"
)]
fn is_zero(number: &u32) -> bool {
    *number == 0
}
