//! Bodies about suggestions: what was offered for a message, what agents did with it, and how often it was of use.

use edgedesk_domain::event::DraftCreated;
use edgedesk_domain::ids::SuggestionId;
use edgedesk_domain::suggestion::{SuggestionSource, SuggestionVerdict};
use edgedesk_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

/// `GET /api/v1/conversations/{conversation_id}/suggestions`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SuggestionsResponse {
    /// What was offered for the customer's last message that has any; absent before the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub draft: Option<DraftCreated>,
    /// When it was stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    /// What agents did with these.
    pub verdicts: Vec<GivenVerdict>,
}

/// What became of a suggestion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GivenVerdict {
    /// Which.
    pub suggestion_id: SuggestionId,
    /// What an agent did with it.
    pub verdict: SuggestionVerdict,
}

/// `POST /api/v1/conversations/{conversation_id}/suggestions/{suggestion_id}/reject`, answered; sending a message with
/// `suggestion_id` says the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct VerdictResponse {
    /// What stands now; absent when it was taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<SuggestionVerdict>,
}

/// `GET /api/v1/ai/suggestions`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SuggestionFigures {
    /// A line for each source.
    pub sources: Vec<SourceFigures>,
}

/// How often suggestions of a source were of use.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SourceFigures {
    /// Which.
    #[serde(rename = "type")]
    pub source: SuggestionSource,
    /// How often one was offered.
    pub n_offered: u64,
    /// Sent as they were.
    pub n_accepted: u64,
    /// Sent after changes.
    pub n_edited: u64,
    /// Turned down.
    pub n_rejected: u64,
    /// Of those that an agent did something with, the share that was sent, changed or not; absent while that are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acceptance_rate: Option<f64>,
}
