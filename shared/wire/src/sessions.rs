//! Bodies of `/api/v1/me/sessions`.

use edgedesk_domain::ids::SessionId;
use edgedesk_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Where a member is logged in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SessionView {
    /// Which.
    pub id: SessionId,
    /// When the login was.
    pub created_at: Timestamp,
    /// When its tokens were last made new: at most an access token's life before it was last used.
    pub last_used_at: Timestamp,
    /// The browser in short, such as `Firefox on Windows`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    /// The network it was last used from, such as `203.0.113.0`: the last part of an address is never kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<String>,
    /// Whether it is the session of this request.
    pub current: bool,
}

/// A member's sessions.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SessionList {
    /// Last used first.
    pub sessions: Vec<SessionView>,
}
