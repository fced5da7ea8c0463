//! `Idempotency-Key`: a change that is asked for twice happens once.
//!
//! The caller is let in first, as always: an answer that was kept is given only to whoever may ask for it now. Then the account's
//! `Idempotency` object says whether the change is to be made. What the handler answers is sealed and kept there for a day. A change
//! with a key whose object does not answer is not made, as the key says that it must not happen twice; one without a key asks nobody.
//!
//! What a caller is told is never more than they were told before: the same principal, method, address and body, compared by a hash.

mod kept;
mod key;

use axum::extract::MatchedPath;
use axum::response::Response;
use bytes::Bytes;
use edgedesk_crypto::digest::sha256_hex;
use edgedesk_domain::account::Principal;
use edgedesk_domain::ids::AccountId;
use edgedesk_platform::log::{Level, log};
use edgedesk_wire::idempotency::{
    BEGIN_PATH, BeginRequest, Begun, END_PATH, EndRequest, Ended, FORGET_PATH, Forgotten, N_SLICES,
    Outcome, Turn, slice_of,
};
use futures::channel::oneshot;
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use worker::send::SendFuture;

use self::kept::{Answer, open, seal};
pub use self::key::IDEMPOTENCY_KEY;
use self::key::read_key;
use crate::context::App;
use crate::error::{AppError, RETRY_SECS};
use crate::extract::{BodyRead, MAX_LARGE_BODY_BYTES, read_parts};
use crate::object_client::Object;

/// What kept answers are sealed for, and what requests are compared by.
const PURPOSE: &str = "idempotency";
/// A file that is uploaded goes on to where files are as it comes, so there is nothing to compare. A file that was uploaded twice and
/// is in no message is gone within a day.
const UPLOAD_ROUTE: &str = "/api/v1/conversations/{id}/attachments";

/// What a request knows of its key.
#[derive(Debug, Default)]
pub enum Keeping {
    /// It has none.
    #[default]
    No,
    /// It makes the change.
    Begun(Attempt),
    /// The change was made before: this is its answer.
    Repeat(Box<Response>),
}

/// A change that is being made under a key.
#[derive(Debug)]
pub struct Attempt {
    account_id: AccountId,
    key_hash: String,
    /// Whether its answer may be kept.
    keeps_answer: bool,
}

/// Whether answers of a path of the API hold what opens something: these are neither kept nor compressed. A repeat is told that the change
/// was made and nothing more.
#[must_use]
pub fn gives_secret(path: &str) -> bool {
    const STARTS: [&str; 6] = [
        "/api/v1/auth/",
        "/api/v1/me/",
        "/api/v1/api-keys",
        "/api/v1/accounts",
        "/api/v1/invitations",
        "/api/v1/socket-tickets",
    ];
    STARTS.iter().any(|start| path.starts_with(start))
        || path.ends_with("/link")
        || path.ends_with("/secret")
}

/// Whether a route refuses keys.
#[must_use]
pub fn takes_no_key(route: &str) -> bool {
    route == UPLOAD_ROUTE
}

/// For the platform to wait for, in place of a caller who leaves: a change under a key goes on to its end. None without a key. The
/// sender is dropped when the request is over.
#[must_use]
pub fn outlive_caller(
    headers: &HeaderMap,
) -> Option<(oneshot::Sender<()>, impl Future<Output = ()> + use<>)> {
    if !headers.contains_key(IDEMPOTENCY_KEY) {
        return None;
    }
    let (over, is_over) = oneshot::channel();
    Some((over, async {
        // An end without a word is one too.
        let _ = is_over.await;
    }))
}

/// Asks whether a change is to be made, where its request has a key. The caller has been let in.
pub async fn begin(app: &App, parts: &mut Parts, principal: &Principal) -> Result<(), AppError> {
    if parts.method.is_safe() || !parts.headers.contains_key(IDEMPOTENCY_KEY) {
        return Ok(());
    }
    let path = parts.uri.path();
    // What opens, renews or ends a session has its own ways to be asked for once.
    if !path.starts_with("/api/v1/") || path.starts_with("/api/v1/auth/") {
        return Ok(());
    }
    let key = read_key(&parts.headers)?;
    let route = parts.extensions.get::<MatchedPath>();
    if route.is_some_and(|route| takes_no_key(route.as_str())) {
        return Err(AppError::bad_request(
            "idempotency_unsupported",
            "an upload takes no Idempotency-Key: a file that is in no message is deleted within a day",
        ));
    }
    SendFuture::new(begin_under(app, parts, principal, &key)).await
}

async fn begin_under(
    app: &App,
    parts: &mut Parts,
    principal: &Principal,
    key: &str,
) -> Result<(), AppError> {
    let body = read_parts(parts, MAX_LARGE_BODY_BYTES).await?;
    let account_id = principal.account_id;
    let request = BeginRequest {
        key_hash: sha256_hex(key.as_bytes()),
        fingerprint: fingerprint(app, parts, principal, &body)?,
        attempt: app.request_id().to_owned(),
    };
    parts.extensions.insert(BodyRead(body));
    let object = Object::idempotency(app, account_id, slice_of(&request.key_hash));
    let begun: Begun = object
        .post_idempotent(BEGIN_PATH, &request)
        .await
        .map_err(|error| unreachable(&error))?;
    match begun.turn {
        Turn::Go => {
            app.set_keeping(Keeping::Begun(Attempt {
                account_id,
                key_hash: request.key_hash,
                keeps_answer: !gives_secret(parts.uri.path()),
            }));
            Ok(())
        }
        Turn::Wait => Err(AppError {
            retry_after_secs: Some(RETRY_SECS),
            ..conflict(
                "idempotency_in_progress",
                "the first request with this Idempotency-Key is still under way; ask again after the seconds of Retry-After",
            )
        }),
        Turn::Reused => Err(conflict(
            "idempotency_key_reused",
            "another request was made with this Idempotency-Key within a day: another caller, method, address or body",
        )),
        Turn::Repeat { status, answer } => {
            // Nothing is done, so there is nothing for the audit log.
            app.forget_rule();
            let kept = answer.and_then(|sealed| open(app, account_id, &request.key_hash, &sealed));
            let response = kept.and_then(|kept| kept.into_response(status));
            let Some(response) = response else {
                return Err(conflict(
                    "idempotency_answer_gone",
                    format!(
                        "this was done before and answered with {status}; that answer was not kept"
                    ),
                ));
            };
            app.set_keeping(Keeping::Repeat(Box::new(response)));
            // Stops here; `repeated` puts the answer in its place.
            Err(conflict("idempotency_repeat", "this was done before"))
        }
    }
}

/// The answer that was kept, in the place of the router's.
#[must_use]
pub fn repeated(app: &App, response: Response) -> Response {
    match app.take_keeping() {
        Keeping::Repeat(kept) => *kept,
        keeping => {
            app.set_keeping(keeping);
            response
        }
    }
}

/// Keeps an answer that is about to leave, where its request made a change under a key.
pub async fn end(app: &App, response: Response) -> Response {
    let Keeping::Begun(attempt) = app.take_keeping() else {
        return response;
    };
    let (outcome, response) = if came_to_nothing(response.status()) {
        (None, response)
    } else {
        let status = response.status().as_u16();
        let (answer, response) = if attempt.keeps_answer {
            Answer::of(response).await
        } else {
            (None, response)
        };
        let sealed = answer.and_then(|answer| seal(app, &attempt, &answer));
        let outcome = Outcome {
            status,
            answer: sealed,
        };
        (Some(outcome), response)
    };
    let request = EndRequest {
        key_hash: attempt.key_hash.clone(),
        attempt: app.request_id().to_owned(),
        outcome,
    };
    let object = Object::idempotency(app, attempt.account_id, slice_of(&attempt.key_hash));
    let ended: Result<Ended, _> = object.post_idempotent(END_PATH, &request).await;
    match ended {
        Ok(Ended { was_held: true, .. }) => {}
        Ok(_) => report(app, attempt.account_id, "its key was another's by then"),
        Err(error) => report(app, attempt.account_id, &error.code),
    }
    response
}

/// Forgets every answer that is kept for an account.
pub async fn forget_answers(app: &App, account_id: AccountId) -> Result<(), AppError> {
    for slice in 0..N_SLICES {
        let _: Forgotten = Object::idempotency(app, account_id, slice)
            .post_idempotent(FORGET_PATH, &())
            .await?;
    }
    Ok(())
}

/// What may work when it is asked again is not kept: nothing was done, or nobody knows.
fn came_to_nothing(status: StatusCode) -> bool {
    status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS
}

/// Keyed, since a body may hold a password.
fn fingerprint(
    app: &App,
    parts: &Parts,
    principal: &Principal,
    body: &Bytes,
) -> Result<String, AppError> {
    let caller = match app.trail().api_key_id {
        Some(id) => id.to_string(),
        None => principal.user_id.to_string(),
    };
    let address = parts.uri.path_and_query().map_or("", |text| text.as_str());
    app.config().keyed_hash(
        PURPOSE,
        &[
            caller.as_bytes(),
            parts.method.as_str().as_bytes(),
            address.as_bytes(),
            body,
        ],
    )
}

fn conflict(code: &str, detail: impl Into<String>) -> AppError {
    AppError::new(StatusCode::CONFLICT, code, detail)
}

fn unreachable(error: &AppError) -> AppError {
    AppError {
        retry_after_secs: Some(RETRY_SECS),
        internal: error.internal.clone().or_else(|| Some(error.code.clone())),
        ..AppError::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "idempotency_unavailable",
            "what remembers Idempotency-Keys does not answer, so nothing was done; try again",
        )
    }
}

fn report(app: &App, account_id: AccountId, reason: &str) {
    #[derive(Serialize)]
    struct Line<'a> {
        message: String,
        #[serde(rename = "request.id")]
        request_id: &'a str,
        #[serde(rename = "account.id")]
        account_id: AccountId,
    }
    log(
        Level::Warn,
        &Line {
            message: format!(
                "account {account_id}: the end of a change under a key was not noted: {reason}"
            ),
            request_id: app.request_id(),
            account_id,
        },
    );
}

#[cfg(test)]
mod tests;
