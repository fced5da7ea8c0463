//! Bodies of `/api/v1/assistant`.

use edgedesk_domain::assistant::HandOffReason;
use edgedesk_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

/// `GET /api/v1/assistant`: whether it may answer at all, and what came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AssistantView {
    /// When all of it was stopped; absent while it answers where an inbox says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped_at: Option<Timestamp>,
    /// What came of it in the last 30 days.
    pub figures: AssistantFigures,
}

/// What came of the assistant.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AssistantFigures {
    /// Since when.
    pub since: Timestamp,
    /// Conversations that it had.
    pub n_conversations: u64,
    /// Of these, those in which it answered.
    pub n_answered: u64,
    /// Of those that it answered, those that no person had to go on with.
    pub n_deflected: u64,
    /// Of those, the ones of which the customer said that it was what they wanted.
    pub n_solved: u64,
    /// Conversations that it gave to a person, by the reason of the last time.
    pub hand_offs: Vec<HandOffFigure>,
    /// 0 to 1: the deflected of all that it had; absent before the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deflection: Option<f64>,
}

/// How often it handed off for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HandOffFigure {
    /// Why.
    pub reason: HandOffReason,
    /// In how many conversations.
    pub n_conversations: u64,
}

/// `PUT /api/v1/assistant`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StopAssistantRequest {
    /// Whether it is stopped in every inbox; it says nothing more within five seconds.
    pub is_stopped: bool,
}

/// `PUT /api/v1/inboxes/{id}/assistant`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct InboxAssistantRequest {
    /// Whether it answers first in this inbox.
    pub is_enabled: bool,
    /// 0 to 1: how sure it has to be to answer; the built-in one where it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_confidence: Option<f64>,
}
