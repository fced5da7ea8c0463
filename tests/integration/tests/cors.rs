//! Which pages may ask, against Workers of one's own whose widget has a list of origins.

use edgedesk_client::Answer;
use edgedesk_integration::{Live, OwnStack};
use reqwest::Method;
use serde_json::json;

const DIRECT: &[&str] = &["--direct"];

#[tokio::test]
async fn a_page_reads_our_answers_only_where_the_inbox_lists_its_origin() {
    let own = OwnStack::start(DIRECT).await;
    let key = &own.live.stack.widget.inbox_key;
    let origins = r#"["https://*.example.com","https://shop.example.org"]"#;
    own.execute(
        "DIRECTORY",
        &format!("UPDATE inboxes SET settings = json_set(settings, '$.allowed_origins', json('{origins}')) WHERE key = '{key}'"),
    );
    for origin in [
        "https://www.example.com",
        "https://a.b.example.com",
        "https://shop.example.org",
    ] {
        let answer = session(&own.live, Method::POST, Some(origin)).await;
        let answer = answer.expect(200).expect("a session");
        assert_eq!(answer.header("access-control-allow-origin"), Some(origin));
        assert_eq!(answer.header("vary"), Some("origin"));
        without_credentials(&answer);
    }
    for origin in [
        "https://example.com",
        "https://evilexample.com",
        "https://evil-example.com",
        "https://example.com.evil.org",
        "https://www.example.com.evil.org",
        "http://www.example.com",
        "https://www.example.com:8443",
        "https://evil.org/https://www.example.com",
        "null",
    ] {
        let answer = session(&own.live, Method::POST, Some(origin)).await;
        assert_eq!(answer.status, 403, "{origin}");
        let problem = answer.problem().expect("a problem");
        assert_eq!(problem.code, "origin_not_allowed", "{origin}");
        // The page cannot even read that it may not.
        assert_eq!(
            answer.header("access-control-allow-origin"),
            None,
            "{origin}"
        );
        without_credentials(&answer);
    }
    // A list asks for an origin.
    let nobody = session(&own.live, Method::POST, None).await;
    assert_eq!(nobody.status, 403);

    // A preflight says nothing of the inbox, and lets nothing but the one call with JSON pass.
    let preflight = session(&own.live, Method::OPTIONS, Some("https://evil.org")).await;
    assert_eq!(preflight.status, 204);
    assert_eq!(
        preflight.header("access-control-allow-methods"),
        Some("POST")
    );
    let headers = preflight.header("access-control-allow-headers");
    assert_eq!(headers, Some("content-type"));
    without_credentials(&preflight);

    // The API itself is for no page but ours.
    let request = own.live.public.request(Method::OPTIONS, "/api/v1/me");
    let request = request
        .header("origin", "https://www.example.com")
        .header("access-control-request-method", "GET");
    let api = own.live.public.send(request).await.expect("an answer");
    assert_eq!(api.header("access-control-allow-origin"), None);
    let agent = own.live.agent().await;
    let request = agent.request(Method::GET, "/api/v1/me");
    let request = request.header("origin", "https://www.example.com");
    let api = agent.send(request).await.expect("an answer");
    assert_eq!(api.header("access-control-allow-origin"), None);
}

/// Neither any origin, nor the browser's own credentials.
fn without_credentials(answer: &Answer) {
    assert_ne!(answer.header("access-control-allow-origin"), Some("*"));
    assert_eq!(answer.header("access-control-allow-credentials"), None);
}

async fn session(live: &Live, method: Method, origin: Option<&str>) -> Answer {
    let body = json!({ "inbox_key": live.stack.widget.inbox_key });
    let mut request = live
        .public
        .request(method, "/widget/v1/sessions")
        .json(&body);
    if let Some(origin) = origin {
        request = request.header("origin", origin);
    }
    live.public.send(request).await.expect("an answer")
}
