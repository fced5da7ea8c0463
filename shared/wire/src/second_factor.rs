//! Bodies of `/api/v1/me/second-factor`, and of the second step of a login.

use edgedesk_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::api::TokenResponse;

/// Answer to a right password: tokens, or what to show with a code.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(untagged)]
pub enum LoginResponse {
    /// The password was enough.
    Tokens(TokenResponse),
    /// The user has a second factor.
    Challenge(ChallengeResponse),
}

/// Half a login.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChallengeResponse {
    /// For `POST /api/v1/auth/second-factor`; good for one login.
    pub challenge: String,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// `POST /api/v1/auth/second-factor`: with a code or a recovery code.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChallengeRequest {
    /// From the answer to the password.
    pub challenge: String,
    /// Six digits from the app.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// One of the recovery codes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovery_code: Option<String>,
}

/// Answer to `GET /api/v1/me/second-factor`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SecondFactorResponse {
    /// How it stands.
    pub second_factor: SecondFactorView,
}

/// A user's second factor, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SecondFactorView {
    /// Since when a login asks for it; absent when it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Recovery codes that are unused.
    pub n_recovery_codes: u32,
    /// Whether the account wants one of the caller: without it, what runs the account is refused.
    pub required: bool,
}

/// `POST /api/v1/me/second-factor`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BeginRequest {
    /// The user's password: whoever finds a session open does not set up an app of their own.
    pub password: String,
}

/// A secret for an authenticator app. The only answer that ever holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewSecondFactor {
    /// For typing: base32.
    pub secret: String,
    /// For a QR code: an `otpauth` URI.
    pub uri: String,
}

/// A code, to confirm a new secret or to get new recovery codes.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CodeRequest {
    /// Six digits from the app.
    pub code: String,
}

/// `POST /api/v1/me/second-factor/turn-off`: with a code or the password.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TurnOffRequest {
    /// Six digits from the app.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The user's password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
}

/// New recovery codes. The only answer that ever holds them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RecoveryCodes {
    /// Ten, each good for one login in the place of a code.
    pub recovery_codes: Vec<String>,
}
