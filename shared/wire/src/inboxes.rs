//! Bodies of `/api/v1/inboxes`.

use edgedesk_domain::account::Channel;
use edgedesk_domain::ids::{InboxId, TeamId};
use serde::{Deserialize, Serialize};

/// An inbox. Its secret is in no answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct InboxView {
    /// Its id.
    pub id: InboxId,
    /// How messages reach it.
    pub channel: Channel,
    /// What agents call it.
    pub name: String,
    /// The public key of a widget's script tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The team that its new conversations go to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team_id: Option<TeamId>,
}

/// Inboxes of an account.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct InboxList {
    /// Oldest first.
    pub inboxes: Vec<InboxView>,
}

/// `PUT /api/v1/inboxes/{id}/team`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct InboxTeamRequest {
    /// The team that new conversations of the inbox go to; `null` for none.
    pub team_id: Option<TeamId>,
}
