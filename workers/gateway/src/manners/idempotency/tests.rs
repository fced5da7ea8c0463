use axum::body::Body;
use axum::extract::Request;
use edgedesk_domain::account::Role;
use futures::executor::block_on;
use http::Method;
use serde_json::Value;
use worker::wasm_bindgen::{JsCast, JsValue};

use super::*;
use crate::config::Config;

/// Fields of answers that open something. Two are no secrets: the key of an inbox stands in the page of whoever has its widget, and the
/// URL of an article is that of the page it is from.
const SECRETS: [&str; 11] = [
    "access_token",
    "refresh_token",
    "token",
    "secret",
    "recovery_codes",
    "ticket",
    "challenge",
    "link",
    "uri",
    "url",
    "key",
];
const NO_SECRETS: [(&str, &str); 2] = [("/api/v1/inboxes", "key"), ("/api/v1/articles", "url")];

fn app() -> App {
    let env = JsValue::UNDEFINED.unchecked_into();
    let root = "0123456789abcdef0123456789abcdef";
    let config = Config::new("test", None).with_root_keys(root, None);
    App::new(env, config, "req_1".to_owned(), String::new(), || {
        edgedesk_domain::time::Timestamp::from_millis(0)
    })
}

fn principal() -> Principal {
    Principal {
        account_id: "acc_00000000000000000000000001".parse().unwrap(),
        user_id: "usr_00000000000000000000000001".parse().unwrap(),
        role: Role::Admin,
        name: "A".to_owned(),
        access: edgedesk_domain::account::Access::default(),
    }
}

fn parts(method: Method, path: &str, key: &str) -> Parts {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(IDEMPOTENCY_KEY, key);
    request.body(Body::empty()).unwrap().into_parts().0
}

fn outcome(method: Method, path: &str, key: &str) -> Result<(), String> {
    let begun = block_on(begin(&app(), &mut parts(method, path, key), &principal()));
    begun.map_err(|error| error.code)
}

#[test]
fn a_key_counts_on_changes_of_the_api_alone() {
    // None of these asks an object: a test has none.
    for (method, path) in [
        (Method::GET, "/api/v1/conversations"),
        (Method::POST, "/api/v1/auth/switch"),
        (Method::POST, "/widget/v1/sessions"),
    ] {
        assert_eq!(outcome(method, path, "not a key"), Ok(()), "{path}");
    }
    for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
        let refused = outcome(method, "/api/v1/macros", "not a key");
        assert_eq!(refused, Err("invalid_idempotency_key".to_owned()));
    }
}

#[test]
fn the_same_request_of_the_same_caller_has_the_same_fingerprint_and_every_other_another() {
    let app = app();
    let of = |app: &App, method: Method, path: &str, user: u128, body: &'static [u8]| {
        let principal = Principal {
            user_id: edgedesk_domain::ids::UserId::new(ulid::Ulid(user)),
            ..principal()
        };
        let parts = parts(method, path, "k");
        fingerprint(app, &parts, &principal, &Bytes::from_static(body)).unwrap()
    };
    let first = of(&app, Method::POST, "/a?b=1", 1, b"x");
    assert_eq!(first, of(&app, Method::POST, "/a?b=1", 1, b"x"));
    for other in [
        of(&app, Method::PUT, "/a?b=1", 1, b"x"),
        of(&app, Method::POST, "/a?b=2", 1, b"x"),
        of(&app, Method::POST, "/a?b=1", 2, b"x"),
        of(&app, Method::POST, "/a?b=1", 1, b"y"),
        of(&app, Method::POST, "/a?b=", 1, b"1x"),
    ] {
        assert_ne!(first, other);
    }
    app.note_api_key("key_00000000000000000000000001".parse().unwrap());
    assert_ne!(first, of(&app, Method::POST, "/a?b=1", 1, b"x"));
}

#[test]
fn what_may_go_well_another_time_is_not_kept() {
    for status in [500, 502, 503, 429] {
        assert!(
            came_to_nothing(StatusCode::from_u16(status).unwrap()),
            "{status}"
        );
    }
    for status in [200, 201, 204, 400, 403, 404, 409, 412, 422] {
        assert!(
            !came_to_nothing(StatusCode::from_u16(status).unwrap()),
            "{status}"
        );
    }
}

/// All fields of a schema, through its references.
fn fields(document: &Value, schema: &Value, found: &mut Vec<String>) {
    match schema {
        Value::Object(members) => {
            for (key, value) in members {
                if key == "properties" {
                    let properties = value.as_object().into_iter().flatten();
                    found.extend(properties.map(|(name, _)| name.clone()));
                }
                let reference = value.as_str().filter(|_| key == "$ref");
                if let Some(reference) = reference
                    && !found.iter().any(|known| known == reference)
                {
                    found.push(reference.to_owned());
                    let pointed = document.pointer(reference.trim_start_matches('#'));
                    fields(document, pointed.unwrap(), found);
                }
                fields(document, value, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| fields(document, item, found)),
        _ => {}
    }
}

#[test]
fn no_answer_with_a_secret_is_kept() {
    let document = serde_json::to_value(crate::openapi::document()).unwrap();
    let mut n_secret = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            if method == "get" || !path.starts_with("/api/v1/") {
                continue;
            }
            for (status, response) in operation["responses"].as_object().unwrap() {
                if !status.starts_with('2') {
                    continue;
                }
                let mut found = Vec::new();
                fields(&document, response, &mut found);
                let secret = found.iter().find(|name| {
                    let is_none =
                        |(start, field): &(&str, &str)| path.starts_with(start) && field == name;
                    SECRETS.contains(&name.as_str()) && !NO_SECRETS.iter().any(is_none)
                });
                n_secret += usize::from(secret.is_some());
                assert!(
                    secret.is_none() || gives_secret(path),
                    "{method} {path} answers with {secret:?}"
                );
            }
        }
    }
    assert!(n_secret > 10, "{n_secret}");
}
