//! Bodies of `/api/v1/auth/zendesk` and `/api/v1/security/zendesk`.

use edgedesk_domain::account::Secret;
use edgedesk_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

/// `POST /api/v1/auth/zendesk`.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ZendeskLoginRequest {
    /// The token that Zendesk posted to the app's page, as its form's field `token`.
    pub token: String,
}

/// `PUT /api/v1/security/zendesk`.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ZendeskLinkBody {
    /// The part of its address in front of `.zendesk.com`.
    pub subdomain: String,
    /// The id of the app's installation there.
    pub installation_id: u64,
    /// The address of the Zendesk admin who made the API token.
    pub email: String,
    /// The API token. It is kept sealed and shown to nobody.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub api_token: Secret,
}

/// The Zendesk that vouches for agents of the account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ZendeskLinkView {
    /// The part of its address in front of `.zendesk.com`.
    pub subdomain: String,
    /// The id of the app's installation there.
    pub installation_id: u64,
    /// Whose API token it is asked with.
    pub email: String,
    /// Since when.
    pub since: Timestamp,
}

/// `GET` and `PUT /api/v1/security/zendesk`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ZendeskLinkResponse {
    /// Null where none does.
    pub zendesk: Option<ZendeskLinkView>,
}
