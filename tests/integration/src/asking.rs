//! Calls of the API, and what an answer says.

use edgedesk_client::{Answer, Edgedesk};
use reqwest::Method;
use serde_json::Value;

/// Sends a request, with a body where there is one.
pub async fn send(caller: &Edgedesk, method: Method, path: &str, body: Option<Value>) -> Answer {
    let request = caller.request(method, path);
    let request = match body {
        Some(body) => request.json(&body),
        None => request,
    };
    caller.send(request).await.expect("an answer")
}

/// The JSON of an answer that must have this status.
#[track_caller]
#[expect(
    clippy::must_use_candidate,
    reason = "often the status is all that is looked at"
)]
pub fn json_of(answer: Answer, status: u16) -> Value {
    answer
        .expect(status)
        .unwrap_or_else(|error| panic!("{error}"))
        .json()
        .expect("JSON")
}

/// The status and the code of a refusal.
#[must_use]
pub fn code(answer: &Answer) -> (u16, String) {
    let problem = answer
        .problem()
        .unwrap_or_else(|| panic!("{}", answer.text()));
    (answer.status, problem.code)
}
