//! Bodies of `/api/v1/api-keys`.

use edgedesk_domain::access::Permission;
use edgedesk_domain::ids::{ApiKeyId, UserId};
use edgedesk_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

/// `POST /api/v1/api-keys`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreateApiKeyRequest {
    /// What people call it: 1 to 60 characters.
    pub name: String,
    /// What it may do: at least one permission, each one that the caller has.
    pub scopes: Vec<Permission>,
    /// When it ends; never, when absent.
    #[serde(default)]
    pub expires_at: Option<Timestamp>,
}

/// A new key. The only answer that ever holds the key itself.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreateApiKeyResponse {
    /// What is known of it from now on.
    pub api_key: ApiKeyView,
    /// The key: `sk_live_` and 64 hexadecimal digits, for `Authorization: Bearer`.
    pub key: String,
}

/// Keys of an account.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ApiKeyList {
    /// Those that are not revoked first, newest first; at most 200.
    pub api_keys: Vec<ApiKeyView>,
}

/// What may be shown of a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ApiKeyView {
    /// Its id.
    pub id: ApiKeyId,
    /// What people call it.
    pub name: String,
    /// How the key begins, such as `sk_live_0a1b2c3d`.
    pub prefix: String,
    /// What it may do, within what its maker may.
    pub scopes: Vec<Permission>,
    /// Who made it.
    pub created_by: ApiKeyMaker,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<Timestamp>,
    /// When it ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// When it was revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<Timestamp>,
}

/// Who made a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ApiKeyMaker {
    /// The user.
    pub id: UserId,
    /// Their display name; empty when they are gone.
    pub name: String,
}
