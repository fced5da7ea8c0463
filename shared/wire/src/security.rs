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
