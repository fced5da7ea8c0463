//! The last step of every answer: problems get their body, all get their headers.

use axum::body::Body;
use axum::response::Response;
use edgedesk_wire::problem::{CONTENT_TYPE as PROBLEM_CONTENT_TYPE, Problem};
use http::header::{
    CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, REFERRER_POLICY, RETRY_AFTER,
    STRICT_TRANSPORT_SECURITY, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use crate::error::AppError;

/// Header with the id of a request in our logs.
pub const REQUEST_ID_HEADER: HeaderName = HeaderName::from_static("x-request-id");

const CSP: HeaderName = HeaderName::from_static("content-security-policy");
/// Which origins may embed an answer (Fetch standard, section 3.7).
pub const CORP: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
const COOP: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");

/// Pages: our own files only, no inline script or style; sockets to anywhere the page itself may be served from.
const PAGE_CSP: &str = "default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' data:; object-src 'none'; \
     base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
/// Everything else is data: it loads and runs nothing, even if a browser were to show it.
const DATA_CSP: &str = "default-src 'none'; frame-ancestors 'none'";

/// A year, in seconds.
const HSTS: &str = "max-age=31536000; includeSubDomains";

/// Where an answer comes from, which decides its headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Written by a handler.
    Data,
    /// A file of the pages.
    Page,
    /// A file that other sites embed, such as the widget.
    Embeddable,
}

/// Completes an answer: the body of a problem, the request id, security headers. What a handler has set stays.
#[must_use]
pub fn finish(mut response: Response, kind: Kind, request_id: &str, is_https: bool) -> Response {
    let status = response.status();
    let is_error = status.is_client_error() || status.is_server_error();
    let error = response.extensions().get::<AppError>().cloned();
    // What a handler wrote as a problem itself, with members of its own, stays.
    let is_problem = response
        .headers()
        .get(CONTENT_TYPE)
        .is_some_and(|value| value == PROBLEM_CONTENT_TYPE);
    if is_error && !is_problem && (error.is_some() || kind == Kind::Data) {
        let error = error.unwrap_or_else(|| of_status(status));
        write_problem(&mut response, &error, request_id);
    }
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(request_id) {
        headers.insert(REQUEST_ID_HEADER, value);
    }
    set_default(headers, X_CONTENT_TYPE_OPTIONS, "nosniff");
    set_default(headers, REFERRER_POLICY, "no-referrer");
    if is_https {
        set_default(headers, STRICT_TRANSPORT_SECURITY, HSTS);
    }
    match kind {
        Kind::Data => {
            set_default(headers, CSP, DATA_CSP);
            set_default(headers, CACHE_CONTROL, "no-store");
            set_default(headers, CORP, "same-origin");
        }
        Kind::Page => {
            set_default(headers, CSP, PAGE_CSP);
            set_default(headers, COOP, "same-origin");
            set_default(headers, CORP, "same-origin");
            set_default(
                headers,
                PERMISSIONS_POLICY,
                "camera=(), microphone=(), geolocation=()",
            );
        }
        Kind::Embeddable => set_default(headers, CORP, "cross-origin"),
    }
    response
}

fn write_problem(response: &mut Response, error: &AppError, request_id: &str) {
    let problem = Problem {
        kind: "about:blank".to_owned(),
        title: error
            .status
            .canonical_reason()
            .unwrap_or("Error")
            .to_owned(),
        status: error.status.as_u16(),
        code: error.code.clone(),
        detail: error.detail.clone(),
        request_id: request_id.to_owned(),
        errors: error.errors.clone(),
    };
    // A problem is texts and a number: nothing in it fails to serialise.
    let body = serde_json::to_vec(&problem).unwrap_or_default();
    let headers = response.headers_mut();
    headers.remove(CONTENT_LENGTH);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM_CONTENT_TYPE));
    if let Some(secs) = error.retry_after_secs {
        headers.insert(RETRY_AFTER, HeaderValue::from(secs));
    }
    if error.status == StatusCode::UNAUTHORIZED {
        set_default(headers, WWW_AUTHENTICATE, "Bearer");
    }
    *response.body_mut() = Body::from(body);
}

/// What the router itself answers with: only a status.
fn of_status(status: StatusCode) -> AppError {
    match status {
        StatusCode::NOT_FOUND => AppError::not_found(),
        StatusCode::METHOD_NOT_ALLOWED => AppError::new(
            status,
            "method_not_allowed",
            "the resource is there, but not for this method; see Allow",
        ),
        StatusCode::PAYLOAD_TOO_LARGE => {
            AppError::new(status, "too_large", "the body is too large")
        }
        _ if status.is_client_error() => {
            AppError::new(status, "bad_request", "the request cannot be understood")
        }
        _ => AppError::internal("an answer without an error"),
    }
}

fn set_default(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    headers
        .entry(name)
        .or_insert(HeaderValue::from_static(value));
}

#[cfg(test)]
mod tests;
