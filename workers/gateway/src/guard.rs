//! The last look at an answer before it leaves: no field of it may name another account than the credential's.
//!
//! Repositories and object answers are checked where they become typed values ([`edgedesk_store::StoreError::ForeignRow`],
//! [`edgedesk_wire::of_account::OfAccount`]). This look is at the bytes, and so also at what a handler puts together
//! itself. It reads each answer once, which costs a small part of what writing it as JSON did
//! ([decision 22](../../../docs/decisions/0022-response-guard.md)).

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use edgedesk_domain::ids::AccountId;
use edgedesk_wire::of_account::names_other_account;

use crate::error::AppError;
use crate::finish::Kind;
use crate::http_glue::MAX_ANSWER_BYTES;

/// The answer, or 500 in place of one that names another account. Without a known account nothing was read in the name of
/// one; pages and files have none.
pub async fn withhold_foreign_rows(response: Response, account_id: Option<AccountId>) -> Response {
    let kind = response.extensions().get().copied().unwrap_or(Kind::Data);
    let (Some(account_id), Kind::Data) = (account_id, kind) else {
        return response;
    };
    let (parts, body) = response.into_parts();
    let Ok(bytes) = axum::body::to_bytes(body, MAX_ANSWER_BYTES).await else {
        return AppError::internal("an answer that cannot be read").into_response();
    };
    // Handlers write JSON, which is UTF-8: what is not cannot be looked at.
    let is_own =
        std::str::from_utf8(&bytes).is_ok_and(|text| !names_other_account(text, account_id));
    if is_own {
        Response::from_parts(parts, Body::from(bytes))
    } else {
        AppError::foreign_row().into_response()
    }
}

#[cfg(test)]
mod tests;
