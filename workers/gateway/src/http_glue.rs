//! Between the platform's requests and answers and the `http` crate's.
//!
//! The SDK has conversions of its own; they panic on what they do not expect and wrap every body in a stream. A panic
//! ends every request of the isolate, and a stream costs a promise per chunk, so these are ours.

use axum::body::{Body, HttpBody};
use axum::response::Response;
use edgedesk_wire::object::{IDENTITY_HEADER, NAME_HEADER};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode};
use worker::send::SendWrapper;
use worker::{Headers, ResponseBuilder, web_sys};

use crate::error::AppError;
use crate::extract::RawRequest;
use crate::sockets::Passthrough;

/// Most bytes of an answer that a handler writes. Lists have at most 200 rows.
pub const MAX_ANSWER_BYTES: usize = 64 * 1024 * 1024;

/// The `http` form of a request, with the platform's own beside it and its body still in there.
pub fn read_request(raw: web_sys::Request) -> Result<Request<Body>, AppError> {
    let url = raw.url();
    let unreadable = || AppError::bad_request("bad_request", "the request cannot be understood");
    let mut request = Request::new(Body::empty());
    *request.method_mut() =
        Method::from_bytes(raw.method().as_bytes()).map_err(|_| unreadable())?;
    *request.uri_mut() = path_and_query(&url).parse().map_err(|_| unreadable())?;
    *request.headers_mut() = read_headers(&raw.headers());
    // These two are how our own Workers speak to objects: from outside they are forgeries.
    for name in [IDENTITY_HEADER, NAME_HEADER] {
        request.headers_mut().remove(name);
    }
    request
        .extensions_mut()
        .insert(RawRequest(SendWrapper::new(raw)));
    Ok(request)
}

/// Headers that are not valid are left out: nobody of ours sends such.
pub fn read_headers(headers: &web_sys::Headers) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in Headers(headers.clone()).entries() {
        if let (Ok(name), Ok(value)) = (
            HeaderName::from_bytes(name.as_bytes()),
            HeaderValue::from_bytes(value.as_bytes()),
        ) {
            map.append(name, value);
        }
    }
    map
}

/// The platform's form of an answer.
pub async fn write_response(response: Response) -> worker::Result<web_sys::Response> {
    let (mut parts, body) = response.into_parts();
    let passthrough = parts.extensions.remove::<Passthrough>();
    let passthrough = match passthrough {
        // A socket belongs to its answer, so it goes out as it came.
        Some(Passthrough(raw)) if parts.status == StatusCode::SWITCHING_PROTOCOLS => {
            return Ok(raw.0);
        }
        other => other,
    };
    let headers = Headers::new();
    for (name, value) in &parts.headers {
        // What a handler wrote is ASCII; what it passed on may be Latin-1, which it loses here.
        if let Ok(value) = value.to_str() {
            headers.append(name.as_str(), value)?;
        }
    }
    let builder = ResponseBuilder::new()
        .with_status(parts.status.as_u16())
        .with_headers(headers);
    let response = match &passthrough {
        Some(Passthrough(raw)) => match raw.body() {
            Some(stream) => builder.stream(stream),
            None => builder.empty(),
        },
        None if body.is_end_stream() => builder.empty(),
        None => {
            let bytes = axum::body::to_bytes(body, MAX_ANSWER_BYTES)
                .await
                .map_err(|error| worker::Error::RustError(error.to_string()))?;
            builder.fixed(bytes.to_vec())
        }
    };
    Ok(response.into())
}

/// Scheme, host and port of a URL as the platform writes it.
pub fn origin_of(url: &str) -> &str {
    let host_start = url.find("://").map_or(0, |index| index + 3);
    let host_end = url[host_start..]
        .find(['/', '?', '#'])
        .map_or(url.len(), |index| host_start + index);
    &url[..host_end]
}

fn path_and_query(url: &str) -> &str {
    let rest = &url[origin_of(url).len()..];
    let rest = rest.split('#').next().unwrap_or_default();
    if rest.is_empty() { "/" } else { rest }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_comes_apart_at_its_path() {
        for (url, origin, rest) in [
            ("http://localhost:8787/", "http://localhost:8787", "/"),
            ("https://a.example", "https://a.example", "/"),
            ("https://a.example/x?y=/z#f", "https://a.example", "/x?y=/z"),
            ("https://[::1]:8787/x", "https://[::1]:8787", "/x"),
        ] {
            assert_eq!(origin_of(url), origin);
            assert_eq!(path_and_query(url), rest);
        }
    }
}
