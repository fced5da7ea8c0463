//! What the router and the extractors decide before any handler runs, for every route.

mod knowledge;
mod permissions;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use edgedesk_crypto::token::{AccessClaims, TokenKey};
use edgedesk_domain::account::{Access, Permission, PermissionSet, Principal, Role, Secret};
use edgedesk_domain::ids::{AccountId, SessionId, UserId};
use edgedesk_domain::networks::AllowedNetworks;
use edgedesk_domain::time::Timestamp;
use edgedesk_store::directory::{SessionKey, Standing};
use edgedesk_wire::problem::Problem;
use futures::executor::block_on;
use http::{Method, StatusCode};
use tower_service::Service;
use ulid::Ulid;
use worker::wasm_bindgen::{JsCast, JsValue};

use self::permissions::NEEDS;
use super::*;
use crate::config::Config;
use crate::context::App;
use crate::error::AppError;
use crate::extract::STOPS_AT_THE_DOOR;
use crate::finish::{Kind, finish};
use crate::limits::is_sign_in;
use crate::session_check::{forget_session, remember_session, remember_standing};

const KEY: &str = "0123456789abcdef0123456789abcdef";
const NOW: Timestamp = Timestamp::from_millis(1_767_323_045_678);

/// A request as far as it comes without a platform: a handler that touches a binding would panic here.
fn send(mut request: Request) -> (Response, App) {
    let env = JsValue::UNDEFINED.unchecked_into();
    let app = App::new(
        env,
        Config::new("test", Some(KEY)),
        "req_test".to_owned(),
        "https://desk.example.net".to_owned(),
        || NOW,
    );
    request.extensions_mut().insert(app.clone());
    let response = match block_on(router().call(request)) {
        Ok(response) => response,
        Err(never) => match never {},
    };
    (finish(response, Kind::Data, "req_test", false), app)
}

fn request(method: &str, path: &str, token: Option<&str>) -> Request {
    let mut request = Request::new(Body::empty());
    *request.method_mut() = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
    *request.uri_mut() = concrete(path).parse().unwrap();
    if let Some(token) = token {
        let value = format!("Bearer {token}").parse().unwrap();
        request.headers_mut().insert("authorization", value);
    }
    request
}

/// A path with its parameters filled.
fn concrete(path: &str) -> String {
    let id = if path.contains("/inboxes/") {
        "inb_00000000000000000000000001"
    } else {
        "cnv_00000000000000000000000001"
    };
    path.replace("{id}", id)
        .replace("{key}", "1")
        .replace("{customer_id}", "cus_00000000000000000000000001")
        .replace("{request_id}", "prq_00000000000000000000000001")
        .replace("{key_id}", "key_00000000000000000000000001")
        .replace("{role_id}", "rol_00000000000000000000000001")
        .replace("{team_id}", "tea_00000000000000000000000001")
        .replace("{user_id}", "usr_00000000000000000000000001")
        .replace("{invitation_id}", "inv_00000000000000000000000001")
        .replace("{session_id}", "ses_00000000000000000000000001")
        .replace("{message_id}", "msg_00000000000000000000000001")
        .replace("{field}", "sentiment")
        .replace("{customer_id}", "cus_00000000000000000000000001")
        .replace("{export_id}", "exp_00000000000000000000000001")
        .replace("{file}", "ZmlsZQ")
        .replace("{intent_id}", "int_00000000000000000000000001")
        .replace("{article_id}", "art_00000000000000000000000001")
        .replace("{category_id}", "cat_00000000000000000000000001")
        .replace("{macro_id}", "mac_00000000000000000000000001")
        .replace("{version}", "1")
        .replace("{channel}", "zendesk")
        .replace("{inbox_id}", "inb_00000000000000000000000001")
}

fn session() -> SessionKey {
    SessionKey {
        account_id: AccountId::new(Ulid::from(1)),
        user_id: UserId::new(Ulid::from(2)),
        id: SessionId::new(Ulid::from(3)),
    }
}

/// The token of a session that goes on, as this isolate knows.
fn token(role: Role) -> String {
    remember_session(&session(), role, NOW);
    access_token(role)
}

fn access_token(role: Role) -> String {
    let principal = Principal {
        account_id: AccountId::new(Ulid::from(1)),
        user_id: UserId::new(Ulid::from(2)),
        role,
        name: "Ada".to_owned(),
        access: Access::default(),
    };
    let key = TokenKey::new(&Secret::new(KEY)).unwrap();
    let claims = AccessClaims::new(principal, session().id);
    key.sign_access(NOW, claims).unwrap().text
}

fn problem(response: Response) -> Problem {
    let bytes = block_on(axum::body::to_bytes(response.into_body(), usize::MAX)).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

fn code(request: Request) -> (u16, String) {
    let (response, _) = send(request);
    let status = response.status().as_u16();
    (status, problem(response).code)
}

fn is_protected(path: &str) -> bool {
    // What opens a session wants none, except from another one.
    path.starts_with("/api/v1/") && !is_sign_in(path) && !path.ends_with("/socket")
}

#[test]
fn every_route_of_the_api_wants_a_token() {
    let mut n_protected = 0;
    for (method, path) in ROUTES {
        if is_protected(path) {
            n_protected += 1;
            assert_eq!(
                code(request(method, path, None)),
                (401, "missing_token".into()),
                "{method} {path}"
            );
            assert_eq!(
                code(request(method, path, Some("abc.def.ghi"))),
                (401, "invalid_token".into()),
                "{method} {path}"
            );
        }
    }
    assert!(n_protected > 15, "{n_protected}");
}

/// A form of another site needs no leave to send one of these.
#[test]
fn every_route_that_opens_or_ends_a_session_refuses_a_cookie_without_its_token() {
    let agent = token(Role::Agent);
    let mut n_refused = 0;
    for (method, path) in ROUTES
        .iter()
        .filter(|(method, path)| path.starts_with("/api/v1/auth/") && *method != "get")
    {
        // It sets another cookie, and opens nothing.
        if path.ends_with("/providers/start") {
            continue;
        }
        n_refused += 1;
        for (origin, expected) in [
            (Some("https://evil.example"), "cross_origin"),
            (Some("https://shop.example.net"), "cross_origin"),
            (Some("null"), "cross_origin"),
            (None, "cross_origin"),
            (Some("https://desk.example.net"), "invalid_csrf_token"),
        ] {
            for content_type in ["application/json", "text/plain", ""] {
                let mut request = request(method, path, Some(&agent));
                *request.body_mut() = Body::from("{}");
                let headers = request.headers_mut();
                let cookie = "__Host-edgedesk-session=p.token";
                headers.insert("cookie", cookie.parse().unwrap());
                headers.insert("content-type", content_type.parse().unwrap());
                if let Some(origin) = origin {
                    headers.insert("origin", origin.parse().unwrap());
                }
                let refused = code(request);
                assert_eq!(refused, (403, expected.into()), "{path} {origin:?}");
            }
        }
    }
    assert!(n_refused >= 7, "{n_refused}");
}

#[test]
fn the_token_of_an_ended_session_is_refused_by_every_route() {
    let token = access_token(Role::Owner);
    forget_session(&session(), NOW);
    for (method, path) in ROUTES.iter().filter(|(_, path)| is_protected(path)) {
        assert_eq!(
            code(request(method, path, Some(&token))),
            (401, "invalid_token".into()),
            "{method} {path}"
        );
    }
}

#[test]
fn a_token_may_no_more_than_its_members_role_of_now() {
    let token = access_token(Role::Owner);
    remember_session(&session(), Role::ReadOnly, NOW);
    let path = "/api/v1/conversations/{id}/status";
    assert_eq!(
        code(request("post", path, Some(&token))),
        (403, "missing_permission".into())
    );
}

#[test]
fn a_text_that_cannot_be_an_api_key_is_refused_by_every_route_and_looked_up_by_none() {
    let whole = format!("sk_live_{}", "0a".repeat(32));
    let texts = [
        "sk_live_".to_owned(),
        whole[..whole.len() - 1].to_owned(),
        format!("{whole}0"),
        format!("sk_live_{}", "0".repeat(100_000)),
        whole.replace('a', "A"),
        whole.replace('a', "."),
    ];
    for (method, path) in ROUTES.iter().filter(|(_, path)| is_protected(path)) {
        for text in &texts {
            let (response, _) = send(request(method, path, Some(text)));
            let error = response.extensions().get::<AppError>().cloned().unwrap();
            assert_eq!(error.internal.as_deref(), Some("API key malformed"));
            let status = response.status();
            let problem = problem(response);
            assert_eq!(
                (status.as_u16(), problem.code.as_str()),
                (401, "invalid_api_key"),
                "{method} {path} {text:.80}"
            );
            assert_eq!(problem.detail.as_deref(), Some("the API key is not valid"));
        }
    }
}

#[test]
fn every_socket_wants_a_token_or_a_ticket() {
    for (method, path) in ROUTES.iter().filter(|(_, path)| path.ends_with("/socket")) {
        let (status, code) = code(request(method, path, None));
        assert_eq!(status, 401, "{path}");
        assert!(
            code == "missing_ticket" || code == "missing_token",
            "{code}"
        );
        let bad = format!("{path}?ticket=abc&token=abc");
        let (response, _) = send(request(method, &bad, None));
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{path}");
    }
}

#[test]
fn a_body_is_checked_before_anything_is_asked() {
    let agent = token(Role::Agent);
    for path in ["messages", "status", "assignee", "read"] {
        let path = format!("/api/v1/conversations/{{id}}/{path}");
        assert_eq!(
            code(request("post", &path, Some(&agent))),
            (415, "unsupported_media_type".into()),
            "{path}"
        );
        for (body, expected) in [("{", "malformed_json"), ("[]", "invalid_body")] {
            let mut request = request("post", &path, Some(&agent));
            *request.body_mut() = Body::from(body);
            let value = "application/json".parse().unwrap();
            request.headers_mut().insert("content-type", value);
            assert_eq!(code(request), (400, expected.into()), "{path}");
        }
    }
}

#[test]
fn an_id_that_is_none_does_not_exist() {
    let agent = token(Role::Agent);
    for id in [
        "1",
        "cnv_",
        "msg_00000000000000000000000001",
        "cnv_0000000000000000000000000a",
        "cnv_%00",
        "%ff",
    ] {
        let conversation = format!("/api/v1/conversations/{id}");
        let message = format!("/api/v1/conversations/{{id}}/messages/{id}/decision");
        let field = format!("/api/v1/conversations/{{id}}/messages/{{message_id}}/feedback/{id}");
        let intent = format!("/api/v1/ai/intents/{id}");
        for (method, path) in [
            ("get", conversation),
            ("get", message),
            ("delete", field),
            ("get", intent),
        ] {
            // A message's id names a message.
            if id.starts_with("msg_") && path.ends_with("/decision") {
                continue;
            }
            assert_eq!(
                code(request(method, &path, Some(&agent))),
                (404, "not_found".into()),
                "{path}"
            );
        }
    }
}

#[test]
fn a_query_that_cannot_be_read_is_refused() {
    let agent = token(Role::Agent);
    for query in [
        "limit=many",
        "inbox_id=1",
        "assignee_id=%00",
        "status=open",
        "risk=2",
    ] {
        let path = format!("/api/v1/conversations?{query}");
        assert_eq!(
            code(request("get", &path, Some(&agent))),
            (400, "invalid_query".into()),
            "{query}"
        );
    }
    for query in [
        "field=mood",
        "from=yesterday",
        "to=1",
        "from=2025-02-30T00:00:00Z",
    ] {
        let path = format!("/api/v1/ai/accuracy?{query}");
        assert_eq!(
            code(request("get", &path, Some(&agent))),
            (400, "invalid_query".into()),
            "{query}"
        );
    }
}

#[test]
fn a_wrong_method_is_told_the_right_ones() {
    for (method, path, allow) in [
        ("delete", "/api/v1/conversations", "GET,HEAD"),
        ("get", "/api/v1/auth/login", "POST"),
        (
            "put",
            "/api/v1/conversations/{id}/messages",
            "GET,HEAD,POST",
        ),
        ("get", "/hooks/{channel}/{inbox_id}", "POST"),
        ("post", "/health/live", "GET,HEAD"),
    ] {
        let (response, _) = send(request(method, path, None));
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED, "{path}");
        assert_eq!(response.headers()["allow"], allow, "{path}");
        assert_eq!(problem(response).code, "method_not_allowed");
    }
}

#[test]
fn a_route_that_is_unknown_is_a_problem_and_no_file_is_looked_for() {
    for (method, path) in [
        ("get", "/api/v1/nothing"),
        ("get", "/api/v2/conversations"),
        ("post", "/nothing"),
        ("get", "/hooks/zendesk"),
        ("get", "/widget/v2"),
    ] {
        assert_eq!(
            code(request(method, path, None)),
            (404, "not_found".into()),
            "{method} {path}"
        );
    }
}

#[test]
fn a_request_leaves_its_route_and_who_made_it_for_the_log() {
    let (_, app) = send(request(
        "post",
        "/api/v1/conversations/{id}/status",
        Some(&token(Role::Agent)),
    ));
    let trail = app.trail();
    assert_eq!(
        trail.route.as_deref(),
        Some("/api/v1/conversations/{id}/status")
    );
    assert_eq!(trail.account_id, Some(AccountId::new(Ulid::from(1))));
    assert_eq!(trail.user_id, Some(UserId::new(Ulid::from(2))));
}

#[test]
fn a_preflight_is_answered_for_the_pages_origin() {
    let mut request = request("options", "/widget/v1/sessions", None);
    let origin = "https://www.example.com".parse().unwrap();
    request.headers_mut().insert("origin", origin);
    let (response, _) = send(request);
    assert_eq!(response.status(), StatusCode::NO_CONTENT);
    let headers = response.headers();
    assert_eq!(
        headers["access-control-allow-origin"],
        "https://www.example.com"
    );
    assert_eq!(headers["access-control-allow-methods"], "POST");
    assert!(!headers.contains_key("access-control-allow-credentials"));
}

#[test]
fn the_api_document_lists_every_route_and_no_other() {
    let document = serde_json::to_value(crate::openapi::document()).unwrap();
    let mut documented = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            documented.push((method.clone(), path.clone()));
        }
    }
    let mut routed: Vec<_> = ROUTES
        .iter()
        .map(|(method, path)| ((*method).to_owned(), (*path).to_owned()))
        .collect();
    documented.sort();
    routed.sort();
    assert_eq!(documented, routed);
}

/// The names of all fields of a schema, however deep, and the schemas that it refers to, each once.
fn fields(document: &serde_json::Value, schema: &serde_json::Value, found: &mut Vec<String>) {
    for (key, value) in schema.as_object().into_iter().flatten() {
        match (key.as_str(), value.as_str()) {
            ("properties", _) => {
                let names = value.as_object().into_iter().flatten();
                found.extend(names.map(|(name, _)| name.clone()));
            }
            ("$ref", Some(reference)) if !found.iter().any(|name| name == reference) => {
                found.push(reference.to_owned());
                let pointed = document.pointer(reference.trim_start_matches('#'));
                fields(document, pointed.unwrap(), found);
            }
            _ => {}
        }
        fields(document, value, found);
    }
    for item in schema.as_array().into_iter().flatten() {
        fields(document, item, found);
    }
}

#[test]
fn no_route_takes_an_account_from_its_path_query_or_body() {
    let document = serde_json::to_value(crate::openapi::document()).unwrap();
    let is_account = |name: &str| {
        let name = name.to_lowercase();
        name.contains("account") || name.contains("tenant")
    };
    let (mut n_parameters, mut n_fields) = (0, 0);
    for (method, path, _) in NEEDS {
        let mut placeholders = path.split('{').skip(1);
        assert!(!placeholders.any(is_account), "{method} {path}");
        let operation = &document["paths"][path][method];
        assert!(operation.is_object(), "{method} {path}");
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            n_parameters += 1;
            let name = parameter["name"].as_str().unwrap();
            assert!(!is_account(name), "{method} {path} takes {name}");
        }
        let mut names = Vec::new();
        fields(&document, &operation["requestBody"], &mut names);
        n_fields += names.len();
        // To go on in another of one's accounts; the memberships of whoever asks decide.
        if *path == "/api/v1/auth/switch" {
            continue;
        }
        for name in names.iter().filter(|name| !name.starts_with('#')) {
            assert!(!is_account(name), "{method} {path} takes {name}");
        }
    }
    assert!(
        n_parameters > 30 && n_fields > 10,
        "{n_parameters} {n_fields}"
    );
}

#[test]
fn the_api_document_says_that_protected_routes_want_a_token() {
    let document = serde_json::to_value(crate::openapi::document()).unwrap();
    for (method, path) in ROUTES {
        let security = &document["paths"][path][method]["security"];
        assert_eq!(security.is_array(), is_protected(path), "{method} {path}");
    }
}

#[test]
fn an_id_in_another_spelling_is_the_same_id_for_the_audit_log() {
    let id = "cnv_00000000000000000000000001";
    for spelling in [id.to_owned(), id.replace("cnv", "%63%6Ev")] {
        let (_, app) = send(request(
            "post",
            &format!("/api/v1/conversations/{spelling}/status"),
            Some(&token(Role::ReadOnly)),
        ));
        assert_eq!(app.trail().resource_id.as_deref(), Some(id), "{spelling}");
        assert!(app.trail().rule.is_some());
    }
    let (_, app) = send(request("get", "/api/v1/conversations", None));
    assert_eq!(app.trail().rule, None);
}

#[test]
fn a_proof_that_cannot_be_asked_for_is_refused() {
    let admin = token(Role::Admin);
    for path in [
        "proofs/inclusion",
        "proofs/inclusion?seq=-1",
        "proofs/inclusion?seq=one",
        "proofs/consistency?day=2025-01-08",
        "proofs/consistency?day=8.1.2025&from=1",
        "proofs/consistency?day=2025-01-08&from=-1",
    ] {
        let path = format!("/api/v1/audit/{path}");
        assert_eq!(
            code(request("get", &path, Some(&admin))),
            (400, "invalid_query".into()),
            "{path}"
        );
    }
    let path = "/api/v1/audit/roots?cursor=tomorrow";
    assert_eq!(
        code(request("get", path, Some(&admin))),
        (400, "invalid_cursor".into())
    );
}
