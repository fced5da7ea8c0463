//! Bodies of new accounts.

use edgedesk_domain::ids::AccountId;
use serde::{Deserialize, Serialize};

use crate::api::TokenResponse;
use crate::inboxes::InboxView;

/// `POST /api/v1/auth/sign-up`: an account, and a user who owns it.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SignUpRequest {
    /// What the account is called: 1 to 60 characters.
    pub account_name: String,
    /// What the user is called: 1 to 100 characters.
    pub name: String,
    /// Their e-mail address.
    pub email: String,
    /// Their password: at least 15 characters.
    pub password: String,
}

/// `POST /api/v1/accounts`: one more account of a user.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreateAccountRequest {
    /// What it is called: 1 to 60 characters.
    pub name: String,
}

/// A new account.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewAccountView {
    /// Its id.
    pub account_id: AccountId,
    /// What it starts with: one inbox for each channel.
    pub inboxes: Vec<InboxView>,
    /// A session of its owner. Absent for who was a user before: they switch to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<TokenResponse>,
}
