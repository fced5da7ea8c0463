//! Bodies of `/api/v1/roles`.

use edgedesk_domain::access::{Permission, Role};
use edgedesk_domain::ids::RoleId;
use serde::{Deserialize, Serialize};

/// `POST /api/v1/roles` and `PUT /api/v1/roles/{role_id}`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RoleBody {
    /// What it is called: 1 to 60 characters, and not as a built-in role or another one is.
    pub name: String,
    /// What it may: at least one permission, each one that the caller has, without `account:manage`.
    pub permissions: Vec<Permission>,
}

/// A role that the account defined.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RoleView {
    /// Its id.
    pub id: RoleId,
    /// What it is called.
    pub name: String,
    /// What it may.
    pub permissions: Vec<Permission>,
    /// The least built-in role that may all of it. Where a built-in role is asked for, it counts as this.
    pub base: Role,
    /// How many members have it.
    pub n_members: u32,
}

/// A role that every account has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BuiltInRole {
    /// Its word.
    pub role: Role,
    /// What it may.
    pub permissions: Vec<Permission>,
}

/// The roles of an account.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RoleList {
    /// Those that every account has, the one that may least first.
    pub built_in: Vec<BuiltInRole>,
    /// Those that this one defined, by name; at most 50.
    pub roles: Vec<RoleView>,
}
