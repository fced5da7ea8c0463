//! What the routes of the knowledge base and of macros refuse before they touch anything.

use serde_json::{Value, json};

use super::*;

fn with_body(method: &str, path: &str, token: Option<&str>, body: &Value) -> Request {
    let mut request = request(method, path, token);
    *request.body_mut() = Body::from(body.to_string());
    let value = "application/json".parse().unwrap();
    request.headers_mut().insert("content-type", value);
    request
}

const WITH_BODIES: [(&str, &str); 10] = [
    ("post", "/api/v1/articles"),
    ("put", "/api/v1/articles/{article_id}"),
    ("put", "/api/v1/articles/{article_id}/state"),
    ("post", "/api/v1/article-categories"),
    ("put", "/api/v1/article-categories/{category_id}"),
    ("post", "/api/v1/article-imports"),
    ("post", "/api/v1/macros"),
    ("put", "/api/v1/macros/{macro_id}"),
    ("post", "/api/v1/macros/{macro_id}/fill"),
    ("put", "/widget/v1/articles/{article_id}/vote"),
];

#[test]
fn a_body_of_another_shape_is_refused() {
    let manager = token(Role::Manager);
    for (method, path) in WITH_BODIES {
        for body in [json!([]), json!({}), json!("text")] {
            let request = with_body(method, path, Some(&manager), &body);
            assert_eq!(
                code(request),
                (400, "invalid_body".into()),
                "{method} {path} {body}"
            );
        }
    }
}

#[test]
fn an_agent_writes_drafts_and_publishes_nothing() {
    let agent = token(Role::Agent);
    for state in ["published", "archived"] {
        let body = json!({ "title": "Returns", "state": state });
        assert_eq!(
            code(with_body("post", "/api/v1/articles", Some(&agent), &body)),
            (403, "missing_permission".into()),
            "{state}"
        );
    }
    // A draft comes as far as its texts.
    for body in [
        json!({ "title": " " }),
        json!({ "title": " ", "state": "draft" }),
    ] {
        let request = with_body("post", "/api/v1/articles", Some(&agent), &body);
        assert_eq!(code(request), (422, "invalid_value".into()), "{body}");
    }
    for (method, path) in [
        ("put", "/api/v1/articles/{article_id}/state"),
        ("post", "/api/v1/articles/{article_id}/restore"),
        ("delete", "/api/v1/articles/{article_id}"),
        ("post", "/api/v1/article-imports"),
        ("post", "/api/v1/macros"),
    ] {
        assert_eq!(
            code(request(method, path, Some(&agent))),
            (403, "missing_permission".into()),
            "{method} {path}"
        );
    }
}

#[test]
fn what_breaks_a_rule_is_refused_before_anything_is_asked() {
    let manager = token(Role::Manager);
    let macro_of = |kind: &str, text: &str| json!({ "kind": kind, "title": "A", "text": text });
    let article = json!({ "version": 1, "title": "A", "body": "", "language": "english" });
    let import =
        |files: Value, urls: Value| json!({ "files": files, "urls": urls, "dry_run": true });
    for (method, path, body, expected) in [
        (
            "put",
            "/api/v1/articles/{article_id}",
            article,
            "invalid_value",
        ),
        (
            "post",
            "/api/v1/article-categories",
            json!({ "name": "" }),
            "invalid_value",
        ),
        (
            "post",
            "/api/v1/article-imports",
            import(json!([]), json!([])),
            "invalid_value",
        ),
        (
            "post",
            "/api/v1/article-imports",
            import(
                json!([{ "path": "a.md", "text": "" }]),
                json!(vec!["https://example.com"; 21]),
            ),
            "invalid_value",
        ),
        (
            "post",
            "/api/v1/macros",
            macro_of("macro", "{{agent.name}}"),
            "invalid_value",
        ),
        (
            "post",
            "/api/v1/macros",
            macro_of("template", "{{agent.age}}"),
            "unknown_variable",
        ),
        (
            "put",
            "/api/v1/macros/{macro_id}",
            macro_of("macro", ""),
            "invalid_value",
        ),
    ] {
        let request = with_body(method, path, Some(&manager), &body);
        assert_eq!(
            code(request),
            (422, expected.into()),
            "{method} {path} {body}"
        );
    }
    let query = "/api/v1/articles?state=secret";
    assert_eq!(
        code(request("get", query, Some(&manager))),
        (400, "invalid_query".into())
    );
}

#[test]
fn an_import_may_be_larger_than_other_bodies() {
    let manager = token(Role::Manager);
    let text = "a".repeat(2 * 1024 * 1024);
    // No path: it is read whole before that is said.
    let import = json!({ "files": [{ "path": "", "text": text }], "dry_run": true });
    let request = with_body("post", "/api/v1/article-imports", Some(&manager), &import);
    assert_eq!(code(request), (422, "invalid_value".into()));
    let article = json!({ "title": "A", "body": text });
    let request = with_body("post", "/api/v1/articles", Some(&manager), &article);
    assert_eq!(code(request), (413, "too_large".into()));
}

#[test]
fn who_may_not_read_conversations_fills_no_macro_for_one() {
    let only: PermissionSet = [Permission::ReadKnowledge].into_iter().collect();
    let standing = Standing {
        role: only.base(),
        lacks_second_factor: false,
        access: Access {
            only: Some(only),
            ..Access::default()
        },
        networks: AllowedNetworks::default(),
        zero_trust: None,
    };
    remember_standing(&session(), standing, NOW);
    let body = json!({ "conversation_id": "cnv_00000000000000000000000001" });
    let path = "/api/v1/macros/{macro_id}/fill";
    let request = with_body("post", path, Some(&access_token(only.base())), &body);
    assert_eq!(code(request), (403, "missing_permission".into()));
}

#[test]
fn a_visitor_shows_a_token_and_the_page_reads_why_not() {
    let vote = json!({ "is_helpful": true });
    let article = "/widget/v1/articles/{article_id}";
    let of_vote = "/widget/v1/articles/{article_id}/vote";
    for (method, path) in [("get", article), ("put", of_vote), ("delete", of_vote)] {
        // An agent's token is no visitor's.
        let agent = token(Role::Agent);
        for (token, expected) in [
            (None, "missing_token"),
            (Some("abc"), "invalid_token"),
            (Some(agent.as_str()), "invalid_token"),
        ] {
            let mut request = with_body(method, path, token, &vote);
            let origin = "https://www.example.com".parse().unwrap();
            request.headers_mut().insert("origin", origin);
            let (response, _) = send(request);
            assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
            let allowed = &response.headers()["access-control-allow-origin"];
            assert_eq!(allowed, "https://www.example.com", "{method} {path}");
            assert_eq!(problem(response).code, expected, "{method} {path}");
        }
    }
    for (path, methods) in [(article, "GET"), (of_vote, "PUT, DELETE")] {
        let (response, _) = send(request("options", path, None));
        assert_eq!(response.status(), StatusCode::NO_CONTENT);
        assert_eq!(response.headers()["access-control-allow-methods"], methods);
        let headers = response.headers()["access-control-allow-headers"].to_str();
        assert!(headers.unwrap().contains("authorization"));
    }
}

#[test]
fn an_id_of_something_else_is_no_article_and_no_macro() {
    let manager = token(Role::Manager);
    for path in [
        "/api/v1/articles/cnv_00000000000000000000000001",
        "/api/v1/articles/art_0000000000000000000000000a",
        "/api/v1/articles/{article_id}/versions/0x1",
        "/api/v1/articles/{article_id}/versions/4294967296",
        "/api/v1/macros/art_00000000000000000000000001",
    ] {
        assert_eq!(
            code(request("get", path, Some(&manager))),
            (404, "not_found".into()),
            "{path}"
        );
    }
}
