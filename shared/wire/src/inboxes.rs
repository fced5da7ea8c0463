//! Bodies of `/api/v1/inboxes`.

use edgedesk_domain::account::Channel;
use edgedesk_domain::assistant::AssistantSettings;
use edgedesk_domain::ids::{InboxId, TeamId};
use edgedesk_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

/// An inbox. Its secret is in no answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
    /// The origins that may open its widget, such as `https://example.com` or `https://*.example.com`; none for any.
    pub allowed_origins: Vec<String>,
    /// Whether it takes nothing new.
    pub is_closed: bool,
    /// When the secret was set that its provider signs with; absent while it is one that nobody knows, or the inbox is a
    /// widget's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_set_at: Option<Timestamp>,
    /// How the assistant answers in it; absent where it cannot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assistant: Option<AssistantSettings>,
}

/// `POST /api/v1/inboxes`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreateInboxRequest {
    /// How messages reach it.
    pub channel: Channel,
    /// What agents call it: 1 to 60 characters.
    pub name: String,
    /// The origins that may open its widget; none for any.
    #[serde(default)]
    pub allowed_origins: Vec<String>,
}

/// `PUT /api/v1/inboxes/{id}`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChangeInboxRequest {
    /// What agents call it: 1 to 60 characters.
    pub name: String,
    /// The origins that may open its widget; none for any.
    pub allowed_origins: Vec<String>,
    /// Whether it takes nothing new. Conversations that came by it go on.
    pub is_closed: bool,
}

/// `PUT /api/v1/inboxes/{id}/secret`.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct InboxSecretRequest {
    /// What the provider signs with, as it shows it: 8 to 256 visible ASCII characters.
    pub secret: String,
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
