//! Answers that are kept: sealed under the root for the account and the key, since they may hold what customers wrote.

use axum::body::Body;
use axum::response::Response;
use edgedesk_crypto::sealed::Place;
use edgedesk_domain::ids::AccountId;
use edgedesk_platform::chance::random_bytes;
use http::header::{CONTENT_TYPE, ETAG, LOCATION};
use http::{HeaderName, HeaderValue, StatusCode};
use serde::{Deserialize, Serialize};

use super::key::IDEMPOTENCY_REPLAYED;
use super::{Attempt, PURPOSE};
use crate::context::App;
use crate::http_glue::MAX_ANSWER_BYTES;

/// Largest body that is kept. Answers to changes are one resource, a few kilobytes; an account may make a thousand changes an hour, and
/// an object holds 10 GB.
const MAX_KEPT_BYTES: usize = 64 * 1024;
/// What belongs to an answer rather than to one way of asking for it.
const KEPT_HEADERS: [HeaderName; 3] = [CONTENT_TYPE, LOCATION, ETAG];

/// An answer to keep. Its status stands beside it.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    headers: Vec<(String, String)>,
    body: String,
}

impl Answer {
    /// What is kept of a response, and the response itself. Nothing is kept of one that is too large or no text.
    pub async fn of(response: Response) -> (Option<Self>, Response) {
        let (parts, body) = response.into_parts();
        let Ok(bytes) = axum::body::to_bytes(body, MAX_ANSWER_BYTES).await else {
            // It was whole a moment ago; what leaves now is empty, and a repeat says that it was done.
            return (None, Response::from_parts(parts, Body::empty()));
        };
        let headers = KEPT_HEADERS.iter().filter_map(|name| {
            let value = parts.headers.get(name)?.to_str().ok()?;
            Some((name.to_string(), value.to_owned()))
        });
        let text = std::str::from_utf8(&bytes).ok();
        let kept = text
            .filter(|text| text.len() <= MAX_KEPT_BYTES)
            .map(|text| Self {
                headers: headers.collect(),
                body: text.to_owned(),
            });
        (kept, Response::from_parts(parts, Body::from(bytes)))
    }

    /// The response again; none if it cannot be one.
    pub fn into_response(self, status: u16) -> Option<Response> {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = StatusCode::from_u16(status).ok()?;
        let headers = response.headers_mut();
        for (name, value) in self.headers {
            headers.insert(
                HeaderName::try_from(name).ok()?,
                HeaderValue::try_from(value).ok()?,
            );
        }
        headers.insert(IDEMPOTENCY_REPLAYED, HeaderValue::from_static("true"));
        Some(response)
    }
}

/// The answer as it is stored; none when it cannot be sealed, and then it is not kept.
pub fn seal(app: &App, attempt: &Attempt, answer: &Answer) -> Option<String> {
    let keyring = app.config().keyring(PURPOSE).ok()?;
    let json = serde_json::to_vec(answer).ok()?;
    let row = row(attempt.account_id, &attempt.key_hash);
    keyring.seal(&place(&row), &json, random_bytes()).ok()
}

/// The answer that was stored; none when it was sealed under a root that is gone.
pub fn open(app: &App, account_id: AccountId, key_hash: &str, sealed: &str) -> Option<Answer> {
    let keyring = app.config().keyring(PURPOSE).ok()?;
    let row = row(account_id, key_hash);
    let json = keyring.open(&place(&row), sealed).ok()?;
    serde_json::from_slice(&json).ok()
}

fn row(account_id: AccountId, key_hash: &str) -> String {
    format!("{account_id}:{key_hash}")
}

fn place(row: &str) -> Place<'_> {
    Place {
        table: PURPOSE,
        row,
        column: "answer",
    }
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;

    use super::*;

    fn response(body: Vec<u8>) -> Response {
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = StatusCode::CREATED;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert("x-request-id", HeaderValue::from_static("req_1"));
        response
    }

    fn bytes(response: Response) -> Vec<u8> {
        let bytes = axum::body::to_bytes(response.into_body(), usize::MAX);
        block_on(bytes).unwrap().to_vec()
    }

    #[test]
    fn an_answer_comes_back_as_it_was_but_for_what_belongs_to_the_request() {
        let (kept, sent) = block_on(Answer::of(response(br#"{"id":1}"#.to_vec())));
        assert_eq!(sent.headers()["x-request-id"], "req_1");
        assert_eq!(bytes(sent), br#"{"id":1}"#);
        let again = kept.unwrap().into_response(201).unwrap();
        assert_eq!(again.status(), StatusCode::CREATED);
        assert_eq!(again.headers()[CONTENT_TYPE], "application/json");
        assert_eq!(again.headers()[IDEMPOTENCY_REPLAYED], "true");
        assert!(!again.headers().contains_key("x-request-id"));
        assert_eq!(bytes(again), br#"{"id":1}"#);
    }

    #[test]
    fn an_answer_without_a_body_is_kept_and_a_large_or_binary_one_is_not() {
        for (body, is_kept) in [
            (Vec::new(), true),
            (vec![b'a'; MAX_KEPT_BYTES], true),
            (vec![b'a'; MAX_KEPT_BYTES + 1], false),
            (vec![0xff], false),
        ] {
            let n_bytes = body.len();
            let (kept, sent) = block_on(Answer::of(response(body)));
            assert_eq!(kept.is_some(), is_kept, "{n_bytes}");
            assert_eq!(
                bytes(sent).len(),
                n_bytes,
                "what is not kept is sent all the same"
            );
        }
    }
}
