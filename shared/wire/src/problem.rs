//! Problem details, RFC 9457: the one shape of every error answer.

use serde::{Deserialize, Serialize};

/// `Content-Type` of a [`Problem`].
pub const CONTENT_TYPE: &str = "application/problem+json";

/// The body of every 4xx and 5xx answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Problem {
    /// Always `about:blank`: `code` is what to switch on.
    #[serde(rename = "type")]
    pub kind: String,
    /// The status in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// A stable code, such as `invalid_signature`.
    pub code: String,
    /// One sentence for a developer. Never internals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The id of this request in our logs.
    pub request_id: String,
    /// What is wrong with which part of the body.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
}

/// One wrong part of a body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldError {
    /// JSON pointer (RFC 6901), or `line 1 column 5` for a body that is no JSON.
    pub pointer: String,
    /// What is wrong.
    pub detail: String,
}
