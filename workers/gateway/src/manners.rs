//! Manners of the API, which every route of it has without knowing: answers that are made smaller
//! ([fields](edgedesk_wire::fields), compression), answers that nobody needs again ([`conditional`]), and changes that happen once
//! ([`idempotency`]). Why each is as it is: [decision 52](../../../docs/decisions/0052-api-manners.md).
//!
//! [`Asked`] is read from a request before the router takes it; [`polish`] makes an answer what was asked for, after every check of
//! what may leave, so that it can only ever take away.

mod compression;
pub mod conditional;
pub mod idempotency;
mod selection;

use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use edgedesk_domain::account::Principal;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode};

use self::compression::{accepts_gzip, client_encodings, may_be_compressed};
use self::conditional::{ETag, matches_weakly};
use self::selection::{select, wanted};
use crate::context::App;
use crate::error::AppError;
use crate::finish::Kind;
use crate::http_glue::MAX_ANSWER_BYTES;

const API: &str = "/api/v1/";
const JSON: &str = "application/json";

/// What a request says of the answer that it wants. Nothing of it matters outside of the API.
#[derive(Debug, Default)]
pub struct Asked(Option<Wishes>);

/// What a request of the API says.
#[derive(Debug)]
struct Wishes {
    is_get: bool,
    may_compress: bool,
    accepts_gzip: bool,
    if_none_match: Option<String>,
    uri: http::Uri,
}

impl Asked {
    /// Reads it.
    #[must_use]
    pub fn of(request: &Request) -> Self {
        let path = request.uri().path();
        if !path.starts_with(API) {
            return Self::default();
        }
        let headers = request.headers();
        Self(Some(Wishes {
            is_get: request.method() == Method::GET,
            may_compress: may_be_compressed(path),
            accepts_gzip: accepts_gzip(&client_encodings(request)),
            if_none_match: all_of(headers, IF_NONE_MATCH.as_str()),
            uri: request.uri().clone(),
        }))
    }
}

/// Looks at a request of somebody who has been let in and counted, before its handler runs.
pub async fn admit(app: &App, parts: &mut Parts, principal: &Principal) -> Result<(), AppError> {
    conditional::check_supported(parts)?;
    idempotency::begin(app, parts, principal).await
}

/// The answer as it was asked for.
pub async fn polish(Asked(asked): &Asked, response: Response) -> Response {
    let kind = response.extensions().get().copied().unwrap_or(Kind::Data);
    let is_answer =
        kind == Kind::Data && response.status().is_success() && is_json(response.headers());
    let Some(asked) = asked.as_ref().filter(|_| is_answer) else {
        return response;
    };
    let (mut parts, body) = response.into_parts();
    let Ok(mut bytes) = axum::body::to_bytes(body, MAX_ANSWER_BYTES).await else {
        return AppError::internal("an answer that cannot be read").into_response();
    };
    // Others than GET say what they have done; only of a whole answer is there something to compare and to choose from.
    let is_representation = asked.is_get && parts.status == StatusCode::OK;
    if is_representation {
        match wanted(&asked.uri).and_then(|fields| select(fields, &bytes)) {
            Ok(None) => {}
            Ok(Some(selected)) => {
                parts.headers.remove(CONTENT_LENGTH);
                bytes = Bytes::from(selected);
            }
            Err(error) => return error.into_response(),
        }
    }
    let is_large = asked.may_compress && bytes.len() > compression::MIN_BYTES;
    let is_compressed = is_large && asked.accepts_gzip;
    let headers = &mut parts.headers;
    if is_large {
        headers.append(VARY, HeaderValue::from_static("accept-encoding"));
    }
    if is_representation {
        let etag = ETag::of(&bytes);
        if let Ok(value) = HeaderValue::try_from(etag.header(is_compressed)) {
            headers.insert(ETAG, value);
        }
        let known = asked.if_none_match.as_deref();
        if known.is_some_and(|known| matches_weakly(known, &etag)) {
            headers.remove(CONTENT_TYPE);
            headers.remove(CONTENT_LENGTH);
            parts.status = StatusCode::NOT_MODIFIED;
            return Response::from_parts(parts, Body::empty());
        }
    }
    if is_compressed {
        // The runtime compresses what says that it is compressed: no compressor is in our Wasm.
        headers.remove(CONTENT_LENGTH);
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    Response::from_parts(parts, Body::from(bytes))
}

fn is_json(headers: &HeaderMap) -> bool {
    headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| {
            value
                .split(';')
                .next()
                .is_some_and(|kind| kind.trim() == JSON)
        })
}

/// All lines of a header as one, as lists may be written (RFC 9110, section 5.3).
fn all_of(headers: &HeaderMap, name: &str) -> Option<String> {
    let lines: Vec<&str> = headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .collect();
    (!lines.is_empty()).then(|| lines.join(", "))
}

#[cfg(test)]
mod tests;
