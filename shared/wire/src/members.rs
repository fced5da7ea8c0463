//! Bodies of `/api/v1/members`, `/api/v1/invitations`, and of what an invited person and a member of several accounts ask.

use edgedesk_domain::account::Role;
use edgedesk_domain::ids::{AccountId, InvitationId, RoleId, UserId};
use edgedesk_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::api::TokenResponse;

/// A member of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MemberView {
    /// The user.
    pub id: UserId,
    /// Their display name.
    pub name: String,
    /// Their e-mail address.
    pub email: String,
    /// Their role in the account.
    pub role: Role,
    /// Their role of the account's own, if they have one; `role` is its base then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_role: Option<OwnRoleName>,
    /// When they became a member.
    pub since: Timestamp,
    /// When a session of theirs in this account was last made new. Only for those who may manage members.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_seen_at: Option<Timestamp>,
    /// Whether they have a second factor. Only for those who may manage members.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub has_second_factor: Option<bool>,
    /// Until when failed logins keep them from logging in, if they do. Only for those who may manage members.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locked_until: Option<Timestamp>,
}

/// A role that the account defined, by its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OwnRoleName {
    /// Its id.
    pub id: RoleId,
    /// What it is called.
    pub name: String,
}

/// Members of an account.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MemberList {
    /// By name; at most 1,000.
    pub members: Vec<MemberView>,
}

/// `PUT /api/v1/members/{user_id}/role`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChangeRoleRequest {
    /// A built-in role: no more than the caller may. Either this or the other.
    #[serde(default)]
    pub role: Option<Role>,
    /// A role that the account defined.
    #[serde(default)]
    pub role_id: Option<RoleId>,
}

/// `POST /api/v1/invitations`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct InviteRequest {
    /// Whom to invite.
    pub email: String,
    /// What they will be: no more than the caller is.
    pub role: Role,
}

/// An invitation that was neither accepted nor revoked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct InvitationView {
    /// Its id.
    pub id: InvitationId,
    /// Whom it is for.
    pub email: String,
    /// What they will be.
    pub role: Role,
    /// Who sent the last link.
    pub invited_by: Inviter,
    /// When it was made.
    pub created_at: Timestamp,
    /// When the last link was sent.
    pub sent_at: Timestamp,
    /// When that ends, or ended: it can be sent anew.
    pub expires_at: Timestamp,
}

/// Who invited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Inviter {
    /// The user.
    pub id: UserId,
    /// Their display name; empty when they are gone.
    pub name: String,
}

/// Open invitations of an account.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct InvitationList {
    /// Newest first; at most 100.
    pub invitations: Vec<InvitationView>,
}

/// An invitation that was just sent.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SentInvitation {
    /// What is known of it from now on.
    pub invitation: InvitationView,
    /// Where it is accepted, in development only, where no mail is sent: in production, whoever has the link has read the
    /// mail. No other answer holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}

/// What whoever holds an invitation's token sees of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct InvitationOffer {
    /// What the account is called.
    pub account_name: String,
    /// Whom it is for.
    pub email: String,
    /// What they will be.
    pub role: Role,
    /// When it ends.
    pub expires_at: Timestamp,
    /// Whether the address has a user already, whose password is asked for.
    pub has_user: bool,
}

/// `POST /api/v1/auth/invitation`.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AcceptInvitationRequest {
    /// The token of the link.
    pub token: String,
    /// What a new user is called: 1 to 100 characters. Not looked at where the address has a user.
    #[serde(default)]
    pub name: Option<String>,
    /// A new user's password, of at least 15 characters; or that of the user who has the address.
    pub password: String,
}

/// What accepting has brought.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AcceptedInvitation {
    /// The account.
    pub account_id: AccountId,
    /// A new user is signed in. Who was a user before signs in as always, with whatever else that takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<TokenResponse>,
}

/// An account that the caller is a member of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OwnAccount {
    /// The account.
    pub id: AccountId,
    /// What it is called.
    pub name: String,
    /// The caller's role there.
    pub role: Role,
    /// Whether it is that of this request.
    pub current: bool,
}

/// The caller's accounts.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OwnAccountList {
    /// By name.
    pub accounts: Vec<OwnAccount>,
    /// Whether the caller may make one more.
    pub may_create: bool,
}

/// `POST /api/v1/auth/switch`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SwitchRequest {
    /// Another account of the caller's.
    pub account_id: AccountId,
}
