//! The one way an error becomes an answer: `application/problem+json` with a stable code.
//!
//! A handler returns [`AppError`]; what broke inside travels beside it to the log and is shown to nobody. The answer is
//! written by [`crate::finish`], which knows the request's id.

use axum::response::{IntoResponse, Response};
use edgedesk_crypto::token::TokenError;
use edgedesk_store::StoreError;
use edgedesk_wire::problem::FieldError;
use http::StatusCode;

use crate::audit::security::SecurityEvent;

/// Seconds after which a provider should try again when we shed load. Zendesk retries on 503 only below 60.
pub const HOOK_RETRY_SECS: u32 = 30;
/// Seconds after which a client of the API should try again.
pub const RETRY_SECS: u32 = 2;

/// An error as the caller will see it, and as the log will.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppError {
    /// The status.
    pub status: StatusCode,
    /// The stable code.
    pub code: String,
    /// One sentence for a developer.
    pub detail: Option<String>,
    /// What is wrong with which part of the body.
    pub errors: Vec<FieldError>,
    /// Seconds for `Retry-After`.
    pub retry_after_secs: Option<u32>,
    /// What broke, for the log only.
    pub internal: Option<String>,
    /// What an administrator of the account should hear of it, in the audit log. Boxed, since hardly any error has one.
    pub security: Option<Box<SecurityEvent>>,
}

impl AppError {
    /// An error that is the caller's.
    #[must_use]
    pub fn new(status: StatusCode, code: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            status,
            code: code.into(),
            detail: Some(detail.into()),
            errors: Vec::new(),
            retry_after_secs: None,
            internal: None,
            security: None,
        }
    }

    /// 400.
    #[must_use]
    pub fn bad_request(code: &str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, detail)
    }

    /// 401.
    #[must_use]
    pub fn unauthorized(code: &str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, code, detail)
    }

    /// 403.
    #[must_use]
    pub fn forbidden(code: &str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, code, detail)
    }

    /// 404. The same for what does not exist and what is another account's.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "not_found",
            "there is no such resource",
        )
    }

    /// 503: it may work in `retry_after_secs`.
    #[must_use]
    pub fn unavailable(retry_after_secs: u32, internal: impl Into<String>) -> Self {
        Self {
            retry_after_secs: Some(retry_after_secs),
            internal: Some(internal.into()),
            ..Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "unavailable",
                "a part of the service does not answer; try again",
            )
        }
    }

    /// 500: a bug of ours.
    #[must_use]
    pub fn internal(internal: impl Into<String>) -> Self {
        Self {
            internal: Some(internal.into()),
            ..Self::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal",
                "something went wrong on our side",
            )
        }
    }

    /// 500: a row of another account was about to be told. Holds nothing of the row.
    #[must_use]
    pub fn foreign_row() -> Self {
        Self {
            security: Some(Box::new(SecurityEvent::ForeignRow)),
            ..Self::internal("a row of another account was withheld")
        }
    }

    /// The same error with a wrong part of the body named.
    #[must_use]
    pub fn with_field(mut self, pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        self.errors.push(FieldError {
            pointer: pointer.into(),
            detail: detail.into(),
        });
        self
    }

    /// The same error, to be tried again after `secs` when it may pass.
    #[must_use]
    pub fn retry_after(mut self, secs: u32) -> Self {
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            self.retry_after_secs = Some(secs);
        }
        self
    }
}

impl IntoResponse for AppError {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<StoreError> for AppError {
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::InvalidCursor => Self::bad_request(
                "invalid_cursor",
                "the cursor is not one that this list gave out",
            ),
            StoreError::ForeignRow => Self::foreign_row(),
            StoreError::Unopened { .. } => Self {
                security: Some(Box::new(SecurityEvent::SealedValue)),
                ..Self::internal(error.to_string())
            },
            error if error.is_transient() => Self::unavailable(RETRY_SECS, error.to_string()),
            error => Self::internal(error.to_string()),
        }
    }
}

impl From<TokenError> for AppError {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Invalid => Self::unauthorized("invalid_token", "the token is not valid"),
            TokenError::Expired => Self::unauthorized("expired_token", "the token has expired"),
            TokenError::Key => Self::unavailable(RETRY_SECS, "TOKEN_KEY is too short"),
        }
    }
}

impl From<worker::Error> for AppError {
    fn from(error: worker::Error) -> Self {
        Self::internal(error.to_string())
    }
}
