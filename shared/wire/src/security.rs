//! Bodies of `/api/v1/security`.

use serde::{Deserialize, Serialize};

/// `PUT /api/v1/security/networks`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NetworksBody {
    /// Addresses and networks in CIDR notation, IPv4 and IPv6, at most 50. Empty: from everywhere.
    pub networks: Vec<String>,
}

/// From where the account lets its people in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NetworksView {
    /// Networks in CIDR notation. Empty: from everywhere.
    pub networks: Vec<String>,
    /// The address that the caller comes from, when the platform says it: it has to be on the list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_address: Option<String>,
}

/// `PUT /api/v1/security/zero-trust`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ZeroTrustBody {
    /// The team's domain at Cloudflare, `{team}.cloudflareaccess.com`.
    pub team_domain: String,
    /// The application's audience (AUD) tag: 64 hexadecimal digits.
    pub audience: String,
}

/// An application of Cloudflare Access.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AccessApplicationView {
    /// The team's domain at Cloudflare.
    pub team_domain: String,
    /// The application's audience (AUD) tag.
    pub audience: String,
}

/// Through which application of Cloudflare Access the account's people have to come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ZeroTrustView {
    /// Null where they need not.
    pub application: Option<AccessApplicationView>,
    /// Whether the caller's own request has come through Access, as far as its header says: without, they cannot turn it on.
    pub own_assertion: bool,
}

/// `PUT /api/v1/security/second-factor`.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SecondFactorRuleBody {
    /// Whether admins and owners need a second factor for what only they may do.
    pub required: bool,
}

/// Whether the account wants a second factor of whoever runs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SecondFactorRuleView {
    /// Whether it does.
    pub required: bool,
    /// How many admins and owners have none.
    pub n_without: u32,
    /// Whether the caller is one of them: then they cannot ask for it.
    pub own_missing: bool,
}
