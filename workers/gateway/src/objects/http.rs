//! HTTP-shaped requests to objects and their answers.

use edgedesk_domain::account::Principal;
use edgedesk_objects::error::ObjectError;
use edgedesk_platform::log::{Level, log};
use edgedesk_wire::object::{IDENTITY_HEADER, NAME_HEADER, PRINCIPAL_HEADER, SocketIdentity};
use edgedesk_wire::problem::{CONTENT_TYPE, Problem};
use serde::Serialize;
use serde::de::DeserializeOwned;
use worker::{Headers, Request, Response, State, WebSocket};

/// What went wrong before or in the object's logic.
pub(super) enum Failure {
    /// The logic refused or could not.
    Object(ObjectError),
    /// The request is not one that the gateway sends.
    Request(u16, &'static str, String),
    /// The runtime failed.
    Runtime(worker::Error),
}

impl From<ObjectError> for Failure {
    fn from(error: ObjectError) -> Self {
        Self::Object(error)
    }
}

impl From<worker::Error> for Failure {
    fn from(error: worker::Error) -> Self {
        Self::Runtime(error)
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self::Runtime(error.into())
    }
}

/// No such route or object.
pub(super) fn not_found() -> Failure {
    Failure::Request(404, "not_found", "There is no such object.".to_owned())
}

/// The name that a request was addressed to. The runtime's own idea of the name wins where it has one.
pub(super) fn name_of(request: &Request, state: &State) -> Result<String, Failure> {
    let name = request.headers().get(NAME_HEADER)?.ok_or_else(not_found)?;
    match state.id().name() {
        Some(own) if own != name => Err(not_found()),
        _ => Ok(name),
    }
}

/// The JSON body of a request.
pub(super) async fn body<T: DeserializeOwned>(request: &mut Request) -> Result<T, Failure> {
    let text = request.text().await?;
    serde_json::from_str(&text)
        .map_err(|error| Failure::Request(400, "invalid_body", error.to_string()))
}

/// A number in the query, if it is there.
pub(super) fn query_number(request: &Request, key: &str) -> Result<Option<u64>, Failure> {
    let url = request.url()?;
    url.query_pairs()
        .find(|(name, _)| name == key)
        .map(|(_, value)| {
            value.parse().map_err(|_| {
                Failure::Request(400, "invalid_query", format!("{key} is not a number."))
            })
        })
        .transpose()
}

/// An id in the query. What does not parse does not exist.
pub(super) fn query_id<T: std::str::FromStr>(request: &Request, key: &str) -> Result<T, Failure> {
    let url = request.url()?;
    url.query_pairs()
        .find(|(name, _)| name == key)
        .and_then(|(_, value)| value.parse().ok())
        .ok_or_else(not_found)
}

/// The identity of a socket that is to be opened.
pub(super) fn identity_of(request: &Request) -> Result<SocketIdentity, Failure> {
    let is_upgrade = request
        .headers()
        .get("upgrade")?
        .is_some_and(|upgrade| upgrade.eq_ignore_ascii_case("websocket"));
    if !is_upgrade {
        return Err(Failure::Request(
            426,
            "upgrade_required",
            "This is a WebSocket.".to_owned(),
        ));
    }
    let header = request
        .headers()
        .get(IDENTITY_HEADER)?
        .ok_or_else(not_found)?;
    serde_json::from_str(&header)
        .map_err(|error| Failure::Request(400, "invalid_identity", error.to_string()))
}

/// Who asks, where the gateway says that somebody does.
pub(super) fn principal_of(request: &Request) -> Result<Option<Principal>, Failure> {
    let Some(header) = request.headers().get(PRINCIPAL_HEADER)? else {
        return Ok(None);
    };
    serde_json::from_str(&header)
        .map(Some)
        .map_err(|error| Failure::Request(400, "invalid_principal", error.to_string()))
}

/// An answer with a JSON body.
pub(super) fn json(value: &impl Serialize) -> Result<Response, Failure> {
    json_text(serde_json::to_string(value)?)
}

/// An answer with a body that is JSON already.
pub(super) fn json_text(text: String) -> Result<Response, Failure> {
    let headers = Headers::new();
    headers.set("content-type", "application/json")?;
    Ok(Response::ok(text)?.with_headers(headers))
}

/// An answer that hands the client its end of a socket.
pub(super) fn socket(client: WebSocket) -> Result<Response, Failure> {
    Ok(Response::from_websocket(client)?)
}

/// The answer to whatever came of a request. Errors of ours are logged here and told to nobody.
pub(super) fn answer(
    request_id: String,
    object: &str,
    result: Result<Response, Failure>,
) -> worker::Result<Response> {
    let (status, code, detail) = match result {
        Ok(response) => return Ok(response),
        Err(Failure::Object(error)) => {
            if let Some(internal) = error.internal() {
                report(object, &request_id, &internal);
            }
            (error.status(), error.code(), error.detail().to_owned())
        }
        Err(Failure::Request(status, code, detail)) => (status, code.to_owned(), detail),
        Err(Failure::Runtime(error)) => {
            report(object, &request_id, &error);
            (
                503,
                "unavailable".to_owned(),
                "The object cannot do this now; ask again.".to_owned(),
            )
        }
    };
    let problem = Problem {
        kind: "about:blank".to_owned(),
        title: title(status).to_owned(),
        status,
        code,
        detail: Some(detail),
        request_id,
        errors: Vec::new(),
    };
    let headers = Headers::new();
    headers.set("content-type", CONTENT_TYPE)?;
    Ok(Response::ok(serde_json::to_string(&problem)?)?
        .with_status(status)
        .with_headers(headers))
}

fn report(object: &str, request_id: &str, error: &impl std::fmt::Display) {
    #[derive(Serialize)]
    struct Line<'a> {
        message: String,
        #[serde(rename = "request.id")]
        request_id: &'a str,
    }
    log(
        Level::Error,
        &Line {
            message: format!("{object}: request {request_id} failed: {error}"),
            request_id,
        },
    );
}

/// The id under which the gateway logs the request.
pub(super) fn request_id(request: &Request) -> String {
    request
        .headers()
        .get("x-request-id")
        .ok()
        .flatten()
        .unwrap_or_default()
}

fn title(status: u16) -> &'static str {
    ::http::StatusCode::from_u16(status)
        .ok()
        .and_then(|status| status.canonical_reason())
        .unwrap_or("Error")
}
