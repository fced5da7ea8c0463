use axum::response::IntoResponse;
use futures::executor::block_on;

use super::*;

const REQUEST_ID: &str = "req_00000000000000000000000007";

fn body_of(response: Response) -> Vec<u8> {
    block_on(axum::body::to_bytes(response.into_body(), usize::MAX))
        .unwrap()
        .to_vec()
}

fn problem_of(response: Response) -> Problem {
    serde_json::from_slice(&body_of(response)).unwrap()
}

#[test]
fn an_error_becomes_a_problem_with_the_requests_id() {
    let error = AppError::bad_request("malformed_json", "the body is not JSON")
        .with_field("line 1 column 2", "expected value");
    let response = finish(error.into_response(), Kind::Data, REQUEST_ID, false);
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    assert_eq!(response.headers()[CONTENT_TYPE], PROBLEM_CONTENT_TYPE);
    assert_eq!(response.headers()[REQUEST_ID_HEADER], REQUEST_ID);
    assert_eq!(
        serde_json::from_slice::<serde_json::Value>(&body_of(response)).unwrap(),
        serde_json::json!({
            "type": "about:blank",
            "title": "Bad Request",
            "status": 400,
            "code": "malformed_json",
            "detail": "the body is not JSON",
            "request_id": REQUEST_ID,
            "errors": [{ "pointer": "line 1 column 2", "detail": "expected value" }],
        })
    );
}

#[test]
fn what_broke_inside_is_shown_to_nobody() {
    for error in [
        AppError::internal("SELECT * FROM users"),
        AppError::unavailable(30, "SELECT * FROM users"),
    ] {
        let response = finish(error.into_response(), Kind::Data, REQUEST_ID, false);
        let text = String::from_utf8(body_of(response)).unwrap();
        assert!(!text.contains("SELECT"), "{text}");
    }
}

#[test]
fn what_may_pass_says_when_to_try_again() {
    let error = AppError::unavailable(30, "overloaded");
    let response = finish(error.into_response(), Kind::Data, REQUEST_ID, false);
    assert_eq!(response.headers()[RETRY_AFTER], "30");
    let error = AppError::not_found().retry_after(30);
    let response = finish(error.into_response(), Kind::Data, REQUEST_ID, false);
    assert!(!response.headers().contains_key(RETRY_AFTER));
}

#[test]
fn a_bare_status_of_the_router_becomes_a_problem_too() {
    for (status, code) in [
        (StatusCode::NOT_FOUND, "not_found"),
        (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed"),
        (StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
        (StatusCode::BAD_REQUEST, "bad_request"),
        (StatusCode::INTERNAL_SERVER_ERROR, "internal"),
    ] {
        let response = finish(status.into_response(), Kind::Data, REQUEST_ID, false);
        let problem = problem_of(response);
        assert_eq!(
            (problem.status, problem.code.as_str()),
            (status.as_u16(), code)
        );
    }
}

#[test]
fn an_unauthorised_answer_says_how_to_authenticate() {
    let error = AppError::unauthorized("missing_token", "send one");
    let response = finish(error.into_response(), Kind::Data, REQUEST_ID, false);
    assert_eq!(response.headers()[WWW_AUTHENTICATE], "Bearer");
}

#[test]
fn every_kind_of_answer_has_its_security_headers() {
    for kind in [Kind::Data, Kind::Page, Kind::Embeddable] {
        let response = finish(StatusCode::OK.into_response(), kind, REQUEST_ID, true);
        let headers = response.headers();
        assert_eq!(headers[X_CONTENT_TYPE_OPTIONS], "nosniff", "{kind:?}");
        assert_eq!(headers[REFERRER_POLICY], "no-referrer", "{kind:?}");
        assert_eq!(headers[STRICT_TRANSPORT_SECURITY], HSTS, "{kind:?}");
    }
    let page = finish(
        StatusCode::OK.into_response(),
        Kind::Page,
        REQUEST_ID,
        false,
    );
    let csp = page.headers()[CSP].to_str().unwrap();
    assert!(csp.starts_with("default-src 'self';"), "{csp}");
    assert!(!csp.contains("unsafe"), "{csp}");
    assert!(!page.headers().contains_key(STRICT_TRANSPORT_SECURITY));
    let embedded = finish(
        StatusCode::OK.into_response(),
        Kind::Embeddable,
        REQUEST_ID,
        false,
    );
    assert_eq!(embedded.headers()[CORP], "cross-origin");
    let data = finish(
        StatusCode::OK.into_response(),
        Kind::Data,
        REQUEST_ID,
        false,
    );
    assert_eq!(data.headers()[CACHE_CONTROL], "no-store");
}

#[test]
fn a_problem_that_a_handler_wrote_itself_stays() {
    let mut response = (StatusCode::SERVICE_UNAVAILABLE, "{\"checks\":[]}").into_response();
    let value = HeaderValue::from_static(PROBLEM_CONTENT_TYPE);
    response.headers_mut().insert(CONTENT_TYPE, value);
    let response = finish(response, Kind::Data, REQUEST_ID, false);
    assert_eq!(body_of(response), b"{\"checks\":[]}");
}

#[test]
fn a_text_that_is_no_problem_does_not_leave_as_an_error() {
    let response = (StatusCode::BAD_REQUEST, "Failed to deserialize").into_response();
    let response = finish(response, Kind::Data, REQUEST_ID, false);
    assert_eq!(problem_of(response).code, "bad_request");
}
