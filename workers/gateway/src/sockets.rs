//! WebSocket upgrades: the gateway decides who is behind a socket, the object holds it.

use axum::response::{IntoResponse, Response};
use http::header::UPGRADE;
use http::{HeaderMap, StatusCode};
use worker::send::SendWrapper;
use worker::web_sys;

use crate::error::AppError;
use crate::extract::header_text;

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
