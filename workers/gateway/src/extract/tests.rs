use futures::executor::block_on;
use serde::Deserialize;

use super::*;

#[derive(Debug, Deserialize, PartialEq)]
struct Inner {
    n: u32,
}

#[derive(Debug, Deserialize, PartialEq)]
struct Body {
    text: String,
    #[serde(default)]
    list: Vec<Inner>,
}

fn request(body: impl Into<axum::body::Body>, content_type: Option<&str>) -> Request {
    let mut request = Request::new(body.into());
    if let Some(content_type) = content_type {
        request
            .headers_mut()
            .insert(CONTENT_TYPE, content_type.parse().unwrap());
    }
    request
}

fn read(body: &[u8], content_type: Option<&str>) -> Result<Body, AppError> {
    block_on(Json::from_request(
        request(body.to_vec(), content_type),
        &(),
    ))
    .map(|Json(body)| body)
}

#[test]
fn a_json_body_is_read_whatever_its_charset_parameter_says() {
    for content_type in [
        "application/json",
        "application/json; charset=utf-8",
        "Application/JSON",
        "application/cloudevents+json",
    ] {
        assert_eq!(
            read(br#"{"text":"a"}"#, Some(content_type)),
            Ok(Body {
                text: "a".into(),
                list: vec![]
            }),
            "{content_type}"
        );
    }
}

#[test]
fn a_body_that_does_not_say_it_is_json_is_refused() {
    for content_type in [
        None,
        Some(""),
        Some("text/plain"),
        Some("text/json"),
        Some("application/x-www-form-urlencoded"),
    ] {
        let error = read(br#"{"text":"a"}"#, content_type).unwrap_err();
        assert_eq!(
            (error.status, error.code.as_str()),
            (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type"),
            "{content_type:?}"
        );
    }
}

#[test]
fn a_wrong_body_is_refused_with_the_place() {
    for (body, code, pointer) in [
        ("", "malformed_json", "line 1 column 0"),
        ("{\"text\":\"a\"", "malformed_json", "line 1 column 11"),
        ("{\"text\":\"a\"} x", "malformed_json", "line 1 column 14"),
        (
            "{\"text\":\n\"a\u{1}\"}",
            "malformed_json",
            "line 2 column 3",
        ),
        ("[]", "invalid_body", ""),
        ("{}", "invalid_body", ""),
        ("{\"text\":5}", "invalid_body", "/text"),
        (
            "{\"text\":\"a\",\"list\":[{\"n\":1},{\"n\":-1}]}",
            "invalid_body",
            "/list/1/n",
        ),
    ] {
        let error = read(body.as_bytes(), Some("application/json")).unwrap_err();
        assert_eq!(error.status, StatusCode::BAD_REQUEST, "{body:?}");
        assert_eq!(
            (error.code.as_str(), error.errors[0].pointer.as_str()),
            (code, pointer),
            "{body:?}"
        );
        assert!(
            !error.errors[0].detail.contains("at line"),
            "{:?}",
            error.errors
        );
    }
}

#[test]
fn invalid_utf_8_is_malformed() {
    let error = read(b"{\"text\":\"\xff\"}", Some("application/json")).unwrap_err();
    assert_eq!(error.code, "malformed_json");
}

#[test]
fn a_body_over_the_cap_is_refused_whether_or_not_it_says_its_length() {
    let mut announced = request(axum::body::Body::empty(), None);
    announced
        .headers_mut()
        .insert(CONTENT_LENGTH, (MAX_BODY_BYTES + 1).into());
    let silent = request(vec![b' '; MAX_BODY_BYTES + 1], None);
    for request in [announced, silent] {
        let error = block_on(read_body(request, MAX_BODY_BYTES)).unwrap_err();
        assert_eq!(
            (error.status, error.code.as_str()),
            (StatusCode::PAYLOAD_TOO_LARGE, "too_large")
        );
    }
    let largest = request(vec![b' '; MAX_BODY_BYTES], None);
    let read = block_on(read_body(largest, MAX_BODY_BYTES)).unwrap();
    assert_eq!(read.len(), MAX_BODY_BYTES);
}

#[test]
fn a_route_that_takes_large_bodies_takes_them_up_to_their_own_cap() {
    let filled = |n_bytes: usize| {
        let mut body = br#"{"text":""#.to_vec();
        body.resize(n_bytes - 2, b'a');
        body.extend(br#""}"#);
        body
    };
    let read = |n_bytes| {
        let request = request(filled(n_bytes), Some("application/json"));
        block_on(LargeJson::<Body>::from_request(request, &()))
            .map(|LargeJson(body)| body.text.len())
            .map_err(|error| error.code)
    };
    assert!(read(MAX_BODY_BYTES + 1).is_ok());
    assert!(read(MAX_LARGE_BODY_BYTES).is_ok());
    assert_eq!(read(MAX_LARGE_BODY_BYTES + 1), Err("too_large".to_owned()));
}

#[test]
fn what_a_part_of_a_route_needs_more_is_asked_of_the_credential_and_not_of_who_made_it() {
    let rights: PermissionSet = [Permission::WriteKnowledge].into_iter().collect();
    for is_key in [true, false] {
        assert_eq!(
            check_rights(rights, Permission::WriteKnowledge, is_key),
            Ok(())
        );
    }
    let code = |is_key| {
        let error = check_rights(rights, Permission::ManageKnowledge, is_key).unwrap_err();
        (error.status.as_u16(), error.code)
    };
    assert_eq!(code(true), (403, "missing_scope".to_owned()));
    assert_eq!(code(false), (403, "missing_permission".to_owned()));
}

#[test]
fn a_bearer_token_is_found_in_any_case_of_its_scheme() {
    for (value, expected) in [
        ("Bearer abc", Some("abc")),
        ("bearer abc", Some("abc")),
        ("BEARER  abc ", Some("abc")),
        ("Bearer ", None),
        ("Bearer", None),
        ("Basic abc", None),
        ("", None),
    ] {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, value.parse().unwrap());
        assert_eq!(bearer_token(&headers), expected, "{value:?}");
    }
    assert_eq!(bearer_token(&HeaderMap::new()), None);
}
