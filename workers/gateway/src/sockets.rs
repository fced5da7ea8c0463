//! WebSocket upgrades: the gateway decides who is behind a socket, the object holds it, and the desk is told when sessions end.

use axum::response::{IntoResponse, Response};
use edgedesk_domain::ids::AccountId;
use edgedesk_platform::log::{Level, log};
use edgedesk_wire::desk::LOOK_PATH;
use http::header::UPGRADE;
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use serde::de::IgnoredAny;
use worker::send::SendWrapper;
use worker::web_sys;

use crate::context::App;
use crate::error::AppError;
use crate::extract::header_text;
use crate::object_client::Object;

/// An answer of the platform that goes out as it is: a socket, or a file with its stream.
#[derive(Clone)]
pub struct Passthrough(pub SendWrapper<web_sys::Response>);

/// Refuses what is not an upgrade to a WebSocket.
pub fn require_upgrade(headers: &HeaderMap) -> Result<(), AppError> {
    let is_upgrade = header_text(headers, UPGRADE.as_str())
        .is_some_and(|value| value.eq_ignore_ascii_case("websocket"));
    if is_upgrade {
        Ok(())
    } else {
        Err(AppError::new(
            StatusCode::UPGRADE_REQUIRED,
            "upgrade_required",
            "open this with a WebSocket",
        ))
    }
}

/// Tells the account's desk that sessions have ended or may do something else now, so that it closes their sockets at once.
/// What it does not hear it finds out by itself within half a minute, and so do the objects of conversations.
pub async fn look_at_sockets(app: App, account_id: AccountId) {
    #[derive(Serialize)]
    struct Line<'a> {
        message: String,
        #[serde(rename = "request.id")]
        request_id: &'a str,
        #[serde(rename = "account.id")]
        account_id: AccountId,
    }
    let desk = Object::desk(&app, account_id);
    if let Err(error) = desk.post_idempotent::<IgnoredAny>(LOOK_PATH, &()).await {
        let reason = error.internal.as_deref().unwrap_or(&error.code);
        log(
            Level::Warn,
            &Line {
                message: format!("account {account_id}: the desk was not told to look: {reason}"),
                request_id: app.request_id(),
                account_id,
            },
        );
    }
}

/// A socket that an object has accepted.
#[must_use]
pub fn switch_protocols(response: worker::Response) -> Response {
    let mut answer = StatusCode::SWITCHING_PROTOCOLS.into_response();
    answer
        .extensions_mut()
        .insert(Passthrough(SendWrapper::new(response.into())));
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_upgrade_to_a_websocket_passes() {
        for (value, status) in [
            (Some("websocket"), None),
            (Some("WebSocket"), None),
            (Some("h2c"), Some(StatusCode::UPGRADE_REQUIRED)),
            (None, Some(StatusCode::UPGRADE_REQUIRED)),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(value) = value {
                headers.insert(UPGRADE, value.parse().unwrap());
            }
            let outcome = require_upgrade(&headers).err().map(|error| error.status);
            assert_eq!(outcome, status, "{value:?}");
        }
    }
}
