//! Answers: JSON, or a problem.

use edgedesk_domain::ids::IdSource;
use edgedesk_encoder::ModelError;
use edgedesk_platform::chance::SystemIds;
use edgedesk_platform::log::{Level, log};
use edgedesk_reader::ReadError;
use edgedesk_wire::problem::{CONTENT_TYPE, Problem};
use serde::Serialize;
use worker::{Request, Response};

/// The caller's own id of a request.
const REQUEST_ID_HEADER: &str = "x-request-id";

/// Why a request has no answer.
#[derive(Debug)]
pub enum Failure {
    /// The body is not the JSON this path takes.
    BadBody {
        /// Where, from 1.
        line: usize,
        /// Where, from 1.
        column: usize,
    },
    /// A query parameter is not what it should be.
    BadQuery,
    /// The body is over the cap.
    TooLarge,
    /// No such path.
    NotFound,
    /// The path has another method: this one.
    MethodNotAllowed(&'static str),
    /// The platform's fault; it may pass.
    Unavailable(String),
    /// Ours.
    Internal(String),
}

impl Failure {
    fn parts(&self) -> (u16, &'static str, &'static str, String) {
        match self {
            Self::BadBody { line, column } => {
                let detail = format!(
                    "the body is not the JSON that this path takes: line {line} column {column}"
                );
                (400, "Bad Request", "invalid_body", detail)
            }
            Self::BadQuery => (
                400,
                "Bad Request",
                "invalid_query",
                "tokens and runs are whole numbers; what is model, analysis or embedding".into(),
            ),
            Self::TooLarge => (
                413,
                "Content Too Large",
                "too_large",
                "the body is too large".into(),
            ),
            Self::NotFound => (
                404,
                "Not Found",
                "not_found",
                "there is no such path".into(),
            ),
            Self::MethodNotAllowed(_) => (
                405,
                "Method Not Allowed",
                "method_not_allowed",
                "this path has another method".into(),
            ),
            Self::Unavailable(_) => (
                503,
                "Service Unavailable",
                "unavailable",
                "try again soon".into(),
            ),
            Self::Internal(_) => (
                500,
                "Internal Server Error",
                "internal",
                "this is our fault".into(),
            ),
        }
    }

    fn cause(&self) -> Option<&str> {
        match self {
            Self::Unavailable(cause) | Self::Internal(cause) => Some(cause),
            _ => None,
        }
    }
}

impl From<worker::Error> for Failure {
    fn from(error: worker::Error) -> Self {
        Self::Unavailable(error.to_string())
    }
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        Self::Internal(error.to_string())
    }
}

impl From<ModelError> for Failure {
    fn from(error: ModelError) -> Self {
        Self::Internal(error.to_string())
    }
}

/// A JSON answer.
pub fn json(answer: &impl Serialize) -> Result<Response, Failure> {
    Ok(Response::from_json(answer)?)
}

/// The problem of a failed request; what broke goes to the log only.
pub fn problem(request: &Request, failure: &Failure) -> worker::Result<Response> {
    #[derive(Serialize)]
    struct Line<'a> {
        message: &'a str,
        #[serde(rename = "request.id")]
        request_id: &'a str,
        path: &'a str,
        detail: &'a str,
    }
    let given = request.headers().get(REQUEST_ID_HEADER).ok().flatten();
    let request_id = given.unwrap_or_else(|| format!("req_{}", SystemIds.next_ulid()));
    let (status, title, code, detail) = failure.parts();
    if let Some(cause) = failure.cause() {
        let path = request.path();
        let line = Line {
            message: "a request to inference failed",
            request_id: &request_id,
            path: &path,
            detail: cause,
        };
        log(Level::Error, &line);
    }
    let problem = Problem {
        kind: "about:blank".into(),
        title: title.into(),
        status,
        code: code.into(),
        detail: Some(detail),
        request_id,
        errors: Vec::new(),
    };
    let mut response = Response::from_json(&problem)?.with_status(status);
    response.headers_mut().set("content-type", CONTENT_TYPE)?;
    if let Failure::MethodNotAllowed(allowed) = failure {
        response.headers_mut().set("allow", allowed)?;
    }
    Ok(response)
}
