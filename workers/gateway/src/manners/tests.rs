use axum::body::Body;
use futures::executor::block_on;
use http::header::CACHE_CONTROL;
use serde_json::{Value, json};

use super::*;

fn asked(uri: &str, headers: &[(&'static str, &str)]) -> Asked {
    let mut request = Request::new(Body::empty());
    *request.uri_mut() = uri.parse().unwrap();
    for (name, value) in headers {
        request.headers_mut().append(*name, value.parse().unwrap());
    }
    Asked::of(&request)
}

fn answer(body: &Value) -> Response {
    let mut response = Response::new(Body::from(body.to_string()));
    let json = HeaderValue::from_static(JSON);
    response.headers_mut().insert(CONTENT_TYPE, json);
    response
}

/// Status, tag, coding and body of what leaves.
fn polished(asked: &Asked, response: Response) -> (u16, Option<String>, Option<String>, String) {
    let response = block_on(polish(asked, response));
    let text = |name| {
        let value = response.headers().get(name)?;
        Some(value.to_str().unwrap().to_owned())
    };
    let (status, etag, coding) = (
        response.status().as_u16(),
        text(ETAG),
        text(CONTENT_ENCODING),
    );
    let body = block_on(axum::body::to_bytes(response.into_body(), usize::MAX)).unwrap();
    (
        status,
        etag,
        coding,
        String::from_utf8(body.to_vec()).unwrap(),
    )
}

fn small() -> Value {
    json!({"conversation": {"id": "cnv_1", "subject": "a"}})
}

fn large() -> Value {
    json!({"conversations": [{"id": "cnv_1", "subject": "a".repeat(2_000)}]})
}

#[test]
fn who_has_an_answer_is_told_so_and_given_nothing() {
    let (status, etag, _, body) = polished(&asked("/api/v1/x", &[]), answer(&small()));
    let etag = etag.unwrap();
    assert_eq!((status, body), (200, small().to_string()));
    for known in [etag.clone(), format!("\"x\", W/{etag}"), "*".to_owned()] {
        let asked = asked("/api/v1/x", &[("if-none-match", &known)]);
        assert_eq!(
            polished(&asked, answer(&small())),
            (304, Some(etag.clone()), None, String::new())
        );
    }
    let asked = asked(
        "/api/v1/x",
        &[("if-none-match", "\"x\""), ("if-none-match", "\"y\"")],
    );
    assert_eq!(polished(&asked, answer(&small())).0, 200);
}

#[test]
fn another_selection_has_another_tag() {
    let whole = polished(&asked("/api/v1/x", &[]), answer(&small()));
    let part = polished(&asked("/api/v1/x?fields=id", &[]), answer(&small()));
    assert_eq!(part.3, r#"{"conversation":{"id":"cnv_1"}}"#);
    assert_ne!(whole.1, part.1);
}

#[test]
fn a_large_answer_is_marked_for_compression_and_its_tag_is_weak() {
    let takes = asked("/api/v1/x", &[("accept-encoding", "br, gzip")]);
    let (_, weak, coding, body) = polished(&takes, answer(&large()));
    assert_eq!(
        (coding.as_deref(), body),
        (Some("gzip"), large().to_string())
    );
    let (_, strong, coding, _) = polished(&asked("/api/v1/x", &[]), answer(&large()));
    assert_eq!(coding, None);
    assert_eq!(weak.unwrap(), format!("W/{}", strong.unwrap()));
    let (_, etag, coding, _) = polished(&takes, answer(&small()));
    assert_eq!(coding, None);
    assert!(etag.unwrap().starts_with('"'));
}

#[test]
fn whatever_is_large_varies_with_what_the_caller_takes() {
    for (asked, body, varies) in [
        (asked("/api/v1/x", &[]), large(), true),
        (
            asked("/api/v1/x", &[("accept-encoding", "gzip")]),
            large(),
            true,
        ),
        (
            asked("/api/v1/x", &[("accept-encoding", "gzip")]),
            small(),
            false,
        ),
        (
            asked("/api/v1/auth/csrf", &[("accept-encoding", "gzip")]),
            large(),
            false,
        ),
    ] {
        let response = block_on(polish(&asked, answer(&body)));
        assert_eq!(response.headers().contains_key(VARY), varies);
    }
}

#[test]
fn what_is_no_answer_of_the_api_stays_as_it_is() {
    let headers = [("accept-encoding", "gzip"), ("if-none-match", "*")];
    let outside = polished(&asked("/health?fields=id", &headers), answer(&large()));
    assert_eq!(outside, (200, None, None, large().to_string()));
    let of_api = asked("/api/v1/x?fields=id", &headers);
    let mut refused = answer(&large());
    *refused.status_mut() = StatusCode::NOT_FOUND;
    assert_eq!(
        polished(&of_api, refused),
        (404, None, None, large().to_string())
    );
    let text = Response::new(Body::from("{\"a\":1}"));
    assert_eq!(
        polished(&of_api, text),
        (200, None, None, "{\"a\":1}".to_owned())
    );
    let mut page = answer(&large());
    page.extensions_mut().insert(Kind::Page);
    assert_eq!(
        polished(&of_api, page),
        (200, None, None, large().to_string())
    );
}

#[test]
fn a_change_is_answered_whole_and_compressed() {
    let mut request = Request::new(Body::empty());
    *request.method_mut() = Method::POST;
    *request.uri_mut() = "/api/v1/x?fields=id".parse().unwrap();
    let headers = request.headers_mut();
    headers.insert("accept-encoding", HeaderValue::from_static("gzip"));
    headers.insert(IF_NONE_MATCH, HeaderValue::from_static("*"));
    let polished = polished(&Asked::of(&request), answer(&large()));
    assert_eq!(
        polished,
        (200, None, Some("gzip".to_owned()), large().to_string())
    );
}

#[test]
fn what_a_handler_says_of_caches_stays() {
    let mut response = answer(&small());
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let known = asked("/api/v1/x", &[("if-none-match", "*")]);
    let response = block_on(polish(&known, response));
    assert_eq!(response.headers()[CACHE_CONTROL], "no-store");
    assert!(!response.headers().contains_key(CONTENT_TYPE));
}
