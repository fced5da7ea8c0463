//! Answers that are errors, as each provider writes them.

use edgedesk_generate::Fault;
use serde_json::{Value, json};

use crate::providers::{Kind, given, request};
use crate::server::Script;

fn openai(code: Option<&str>, kind: &str) -> Value {
    json!({ "error": { "message": "what it says", "type": kind, "param": null, "code": code } })
}

fn anthropic(kind: &str) -> Value {
    json!({ "type": "error", "error": { "type": kind, "message": "what it says" }, "request_id": "req_1" })
}

fn workers_ai(code: u32) -> Value {
    json!({ "result": null, "success": false, "messages": [], "errors": [{ "code": code, "message": "what it says" }] })
}

async fn check(kind: Kind, status: u16, body: Value, fault: Fault) {
    let script = Script::json(status, &body);
    let (given, _) = given(kind, script, &request(true)).await;
    let error = given.result.unwrap_err();
    assert_eq!(error.fault, fault, "{kind:?} {status} {body}");
    assert_eq!(error.detail, "what it says");
    assert_eq!(given.heard, [""; 0]);
}

#[tokio::test]
async fn every_error_of_openai_is_known_for_what_it_is() {
    let invalid = "invalid_request_error";
    for (status, code, kind, fault) in [
        (400, None, invalid, Fault::BadRequest),
        (
            400,
            Some("context_length_exceeded"),
            invalid,
            Fault::TooLarge,
        ),
        (401, Some("invalid_api_key"), invalid, Fault::Unauthorized),
        (402, None, "billing", Fault::QuotaExhausted),
        (404, Some("model_not_found"), invalid, Fault::BadRequest),
        (413, None, invalid, Fault::TooLarge),
        (
            429,
            Some("rate_limit_exceeded"),
            "requests",
            Fault::RateLimited,
        ),
        (
            429,
            Some("insufficient_quota"),
            "insufficient_quota",
            Fault::QuotaExhausted,
        ),
        (500, None, "server_error", Fault::Unavailable),
    ] {
        check(Kind::OpenAi, status, openai(code, kind), fault).await;
    }
    // Other servers have numbers there.
    let numbers = json!({ "error": { "message": "what it says", "type": 7, "code": 503 } });
    check(Kind::OpenAi, 503, numbers, Fault::Unavailable).await;
}

#[tokio::test]
async fn every_error_of_anthropic_is_known_for_what_it_is() {
    for (status, kind, fault) in [
        (400, "invalid_request_error", Fault::BadRequest),
        (401, "authentication_error", Fault::Unauthorized),
        (402, "billing_error", Fault::QuotaExhausted),
        (403, "permission_error", Fault::Unauthorized),
        (404, "not_found_error", Fault::BadRequest),
        (413, "request_too_large", Fault::TooLarge),
        (429, "rate_limit_error", Fault::RateLimited),
        (500, "api_error", Fault::Unavailable),
        (504, "timeout_error", Fault::Unavailable),
        (529, "overloaded_error", Fault::Unavailable),
    ] {
        check(Kind::Anthropic, status, anthropic(kind), fault).await;
    }
}

#[tokio::test]
async fn every_error_of_workers_ai_is_known_for_what_it_is() {
    for (status, code, fault) in [
        (400, 5007, Fault::BadRequest),
        (401, 10_000, Fault::Unauthorized),
        (403, 5018, Fault::Unauthorized),
        (408, 3007, Fault::Unavailable),
        (413, 3006, Fault::TooLarge),
        (429, 3036, Fault::QuotaExhausted),
        (429, 3040, Fault::Unavailable),
        (429, 10_429, Fault::RateLimited),
        (500, 1, Fault::Unavailable),
        (200, 3036, Fault::QuotaExhausted),
    ] {
        check(Kind::WorkersAi, status, workers_ai(code), fault).await;
    }
}

#[tokio::test]
async fn an_error_from_something_in_between_is_known_by_its_status() {
    for kind in crate::providers::KINDS {
        for (status, fault) in [
            (302, Fault::BadRequest),
            (402, Fault::QuotaExhausted),
            (429, Fault::RateLimited),
            (502, Fault::Unavailable),
            (529, Fault::Unavailable),
        ] {
            let page = "<html>Bad Gateway</html>".to_owned();
            let script = Script::of(status, "text/html", [page]);
            let (given, _) = given(kind, script, &request(false)).await;
            assert_eq!(given.result.unwrap_err().fault, fault, "{kind:?} {status}");
        }
    }
}

#[tokio::test]
async fn how_long_to_wait_is_handed_on() {
    for (kind, body) in [
        (Kind::OpenAi, openai(Some("rate_limit_exceeded"), "tokens")),
        (Kind::Anthropic, anthropic("rate_limit_error")),
    ] {
        let script = Script::json(429, &body).with("retry-after", "7");
        let (given, _) = given(kind, script, &request(false)).await;
        assert_eq!(given.result.unwrap_err().retry_after_millis, Some(7_000));
    }
    let script = Script::json(429, &anthropic("rate_limit_error")).with("x-should-retry", "false");
    let (given, _) = given(Kind::Anthropic, script, &request(false)).await;
    assert!(!given.result.unwrap_err().fault.is_transient());
}

#[tokio::test]
async fn an_error_in_the_middle_of_a_stream_ends_it() {
    let in_openai = "data: {\"error\":{\"message\":\"overloaded\",\"type\":\"server_error\",\"code\":null}}\n\n";
    let in_anthropic = |kind| format!("event: error\ndata: {}\n\n", anthropic(kind));
    for (kind, event, fault, n_input) in [
        (Kind::OpenAi, in_openai.to_owned(), Fault::Unavailable, None),
        (
            Kind::Anthropic,
            in_anthropic("overloaded_error"),
            Fault::Unavailable,
            Some(12),
        ),
        (
            Kind::Anthropic,
            in_anthropic("rate_limit_error"),
            Fault::RateLimited,
            Some(12),
        ),
        (
            Kind::Anthropic,
            in_anthropic("billing_error"),
            Fault::QuotaExhausted,
            Some(12),
        ),
    ] {
        let mut events = kind.begin();
        events.extend([kind.piece("30 "), event, kind.piece("never heard")]);
        let (given, _) = given(kind, Script::events(events), &request(true)).await;
        let error = given.result.unwrap_err();
        assert_eq!(error.fault, fault);
        assert_eq!(error.usage.map(|usage| usage.input_tokens), n_input);
        assert_eq!(given.heard, ["30 "]);
    }
}
