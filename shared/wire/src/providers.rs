//! Bodies of `/api/v1/auth/providers`: signing in with an identity provider.

use serde::{Deserialize, Serialize};

/// Answer to `GET /api/v1/auth/providers`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProviderList {
    /// Those that are configured; may be none.
    pub providers: Vec<ProviderView>,
    /// Whether anybody may make an account here.
    pub sign_up: bool,
}

/// An identity provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProviderView {
    /// Its id, such as `google`.
    pub id: String,
    /// What people call it.
    pub name: String,
}

/// `POST /api/v1/auth/providers/start`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StartRequest {
    /// The provider's id.
    pub provider: String,
}

/// Where to go on. A cookie comes with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StartResponse {
    /// The provider's page, for the browser. It leads back to `/console/` with `state` and `code`, or with `error`.
    pub url: String,
}

/// `POST /api/v1/auth/providers/finish`, with the cookie of the start.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FinishRequest {
    /// What the provider sent back.
    pub state: String,
    /// Its code.
    pub code: String,
}
