//! Bad input gets a clear answer and loses nothing.

use edgedesk_client::zendesk::{Delivery, sign};
use edgedesk_client::{Answer, api};
use edgedesk_domain::time::Timestamp;
use edgedesk_integration::{Live, unique};
use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use serde_json::{Value, json};

/// Insists on a problem of this status and code, in the one shape of every error.
#[track_caller]
fn check(what: &str, answer: &Answer, status: u16, code: &str) {
    assert_eq!(answer.status, status, "{what}: {}", answer.text());
    let problem = answer.problem().unwrap_or_else(|| {
        panic!(
            "{what}: not problem+json: {:?} {}",
            answer.header("content-type"),
            answer.text()
        )
    });
    assert_eq!(problem.status, status, "{what}");
    assert_eq!(problem.code, code, "{what}: {problem:?}");
    assert!(
        problem.request_id.starts_with("req_"),
        "{what}: {problem:?}"
    );
    assert_eq!(
        answer.header("x-request-id"),
        Some(problem.request_id.as_str()),
        "{what}"
    );
    let text = answer.text().to_lowercase();
    for internal in [
        "panicked",
        "wasm",
        "sqlite",
        "d1_error",
        "/src/",
        "unreachable",
    ] {
        assert!(
            !text.contains(internal),
            "{what} leaks {internal:?}: {text}"
        );
    }
}

struct Hook<'a> {
    live: &'a Live,
    method: Method,
    path: String,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl<'a> Hook<'a> {
    /// A delivery with which nothing is wrong.
    fn good(live: &'a Live, body: Vec<u8>) -> Self {
        let timestamp = api::now_text();
        let signature = sign(&live.stack.zendesk.secret, &timestamp, &body);
        Self {
            live,
            method: Method::POST,
            path: format!("/hooks/zendesk/{}", live.stack.zendesk.inbox_id),
            headers: vec![
                ("content-type", "application/json".into()),
                ("x-zendesk-webhook-signature", signature),
                ("x-zendesk-webhook-signature-timestamp", timestamp),
                ("x-zendesk-webhook-invocation-id", unique("inv-")),
            ],
            body,
        }
    }

    fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.retain(|(existing, _)| *existing != name);
        self.headers.push((name, value.into()));
        self
    }

    fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(existing, _)| *existing != name);
        self
    }

    /// Signed right, as of another time.
    fn signed_at(self, timestamp: &str) -> Self {
        let signature = sign(&self.live.stack.zendesk.secret, timestamp, &self.body);
        self.with("x-zendesk-webhook-signature", signature)
            .with("x-zendesk-webhook-signature-timestamp", timestamp)
    }

    fn to(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }

    async fn send(self) -> Answer {
        let public = &self.live.public;
        let mut request = public.request(self.method, &self.path).body(self.body);
        for (name, value) in self.headers {
            request = request.header(
                HeaderName::from_static(name),
                HeaderValue::from_str(&value).expect("a header"),
            );
        }
        public.send(request).await.expect("an answer")
    }
}

fn created(live: &Live, text: &str) -> Vec<u8> {
    live.ticket()
        .created(&unique("evt-"), "A question", text)
        .to_string()
        .into_bytes()
}

#[tokio::test]
async fn a_signature_that_is_missing_wrong_or_stale_is_refused() {
    let live = Live::get();
    let hook = || Hook::good(&live, created(&live, "Hello"));
    let at = |secs: i64| Timestamp::from_millis(api::now().millis() + secs * 1000).to_string();
    let other_body = sign(&live.stack.zendesk.secret, &api::now_text(), b"{}");
    let table = [
        (
            "no signature",
            hook().without("x-zendesk-webhook-signature"),
        ),
        (
            "an empty signature",
            hook().with("x-zendesk-webhook-signature", ""),
        ),
        (
            "no timestamp",
            hook().without("x-zendesk-webhook-signature-timestamp"),
        ),
        (
            "no base64",
            hook().with("x-zendesk-webhook-signature", "***"),
        ),
        (
            "of another body",
            hook().with("x-zendesk-webhook-signature", other_body),
        ),
        (
            "with another secret",
            hook().with(
                "x-zendesk-webhook-signature",
                sign("wrong", &api::now_text(), b""),
            ),
        ),
        ("too old", hook().signed_at(&at(-301))),
        ("too new", hook().signed_at(&at(310))),
        ("no time", hook().signed_at("yesterday")),
        (
            "a timestamp that was not signed",
            hook().with("x-zendesk-webhook-signature-timestamp", at(-5)),
        ),
    ];
    for (what, hook) in table {
        check(what, &hook.send().await, 401, "invalid_signature");
    }
    assert_eq!(hook().send().await.status, 200);
    assert_eq!(hook().signed_at(&at(-290)).send().await.status, 200);
}

#[tokio::test]
async fn each_wrong_hook_has_its_own_answer() {
    let live = Live::get();
    let good = || Hook::good(&live, created(&live, "Hello"));
    let inbox = live.stack.zendesk.inbox_id;
    let unknown = "inb_7ZZZZZZZZZZZZZZZZZZZZZZZZZ";
    let table = [
        (
            "an unknown inbox",
            good().to(format!("/hooks/zendesk/{unknown}")),
            404,
            "unknown_inbox",
        ),
        (
            "no id at all",
            good().to("/hooks/zendesk/x"),
            404,
            "unknown_inbox",
        ),
        (
            "a NUL in the id",
            good().to(format!("/hooks/zendesk/{inbox}%00")),
            404,
            "unknown_inbox",
        ),
        (
            "invalid UTF-8 in the id",
            good().to("/hooks/zendesk/inb_%ff%fe"),
            404,
            "not_found",
        ),
        (
            "another channel",
            good().to(format!("/hooks/widget/{inbox}")),
            404,
            "unknown_inbox",
        ),
        (
            "an unknown channel",
            good().to(format!("/hooks/fax/{inbox}")),
            404,
            "unknown_inbox",
        ),
        (
            "a form",
            good().with("content-type", "application/x-www-form-urlencoded"),
            415,
            "unsupported_media_type",
        ),
        (
            "no content type",
            good().without("content-type"),
            415,
            "unsupported_media_type",
        ),
        (
            "an empty body",
            Hook::good(&live, Vec::new()),
            400,
            "malformed_json",
        ),
        (
            "invalid UTF-8",
            Hook::good(&live, b"{\"a\":\"\xff\"}".to_vec()),
            400,
            "malformed_json",
        ),
    ];
    for (what, hook, status, code) in table {
        check(what, &hook.send().await, status, code);
    }
}

#[tokio::test]
async fn malformed_json_is_answered_with_its_position_and_kept() {
    let live = Live::get();
    let marker = unique("broken-placeholder-");
    let body = format!("{{\n  \"type\": \"trigger.ticket_updated\",\n  \"ticket\": {marker}\n}}");
    let answer = Hook::good(&live, body.into_bytes()).send().await;
    check("a broken placeholder", &answer, 400, "malformed_json");
    let problem = answer.problem().expect("a problem");
    assert_eq!(problem.errors[0].pointer, "line 3 column 13", "{problem:?}");

    let path = format!("/api/v1/inboxes/{}/deliveries", live.stack.zendesk.inbox_id);
    let deliveries = live
        .admin()
        .await
        .get(&path)
        .await
        .expect("an answer")
        .expect(200)
        .expect("a list");
    assert!(
        deliveries.text().contains(&marker),
        "the admin cannot see what was wrong"
    );
}

#[tokio::test]
async fn a_known_event_without_its_ticket_is_refused() {
    let live = Live::get();
    let mut body = live.ticket().comment(&unique("evt-"), "Lost", false, true);
    body["detail"]["id"] = Value::Null;
    body["subject"] = Value::Null;
    let answer = Hook::good(&live, body.to_string().into_bytes())
        .send()
        .await;
    assert_eq!(answer.status, 400, "{}", answer.text());
    let problem = answer.problem().expect("a problem");
    assert!(!problem.errors.is_empty(), "{problem:?}");
}

#[tokio::test]
async fn a_body_over_the_cap_is_too_large_with_and_without_a_length() {
    let live = Live::get();
    let body = created(&live, &"x".repeat(1_100_000));
    check(
        "with a length",
        &Hook::good(&live, body.clone()).send().await,
        413,
        "too_large",
    );

    let chunks: Vec<Result<Vec<u8>, std::io::Error>> = body
        .chunks(64 * 1024)
        .map(|chunk| Ok(chunk.to_vec()))
        .collect();
    let streamed = live
        .public
        .request(
            Method::POST,
            &format!("/hooks/zendesk/{}", live.stack.zendesk.inbox_id),
        )
        .header(CONTENT_TYPE, "application/json")
        .body(reqwest::Body::wrap_stream(futures::stream::iter(chunks)));
    let answer = live.public.send(streamed).await.expect("an answer");
    check("without a length", &answer, 413, "too_large");
}

#[tokio::test]
async fn unusual_texts_are_taken_whole() {
    let live = Live::get();
    let agent = live.agent().await;
    let largest = format!("a{}", "é".repeat(49_999));
    assert_eq!(largest.len(), 99_999);
    let texts = [
        ("emoji only", "😡😡🔥👩‍👩‍👧‍👦"),
        ("right to left", "أين طلبي؟ أنا غاضب جدا"),
        ("control characters", "a\u{1}b\u{7f}c\u{200b}"),
        (
            "SQL and HTML",
            "'); DROP TABLE messages; -- <script>alert(1)</script>",
        ),
        ("100 kB", largest.as_str()),
    ];
    for (what, text) in texts {
        let ticket = live.ticket();
        let body = ticket.comment(&unique("evt-"), text, false, true);
        live.deliver(&body)
            .await
            .expect(200)
            .unwrap_or_else(|error| panic!("{what}: {error}"));
        let state = edgedesk_integration::eventually(what, async || {
            agent
                .by_external_id(live.stack.zendesk.inbox_id, &ticket.id)
                .await
                .expect("a list")
        })
        .await;
        let messages = agent
            .messages(state.conversation_id)
            .await
            .expect("messages");
        assert_eq!(messages.len(), 1, "{what}");
        assert_eq!(messages[0].message.text, text, "{what}");
    }
}

#[tokio::test]
async fn a_nul_is_dropped_and_an_empty_text_is_no_message() {
    let live = Live::get();
    let agent = live.agent().await;
    let ticket = live.ticket();
    for (text, is_taken) in [("a\0b", true), ("", false), (" \0 \n", false)] {
        let body = ticket.comment(&unique("evt-"), text, false, true);
        let answer = live.deliver(&body).await;
        // Zendesk sends comments without words (only a picture): 200 or it would be an error in their log for ever.
        assert!(
            [200, 400].contains(&answer.status),
            "{text:?}: {} {}",
            answer.status,
            answer.text()
        );
        assert!(
            !is_taken || answer.status == 200,
            "{text:?}: {}",
            answer.text()
        );
    }
    let state = edgedesk_integration::eventually("the conversation is in D1", async || {
        agent
            .by_external_id(live.stack.zendesk.inbox_id, &ticket.id)
            .await
            .expect("a list")
    })
    .await;
    let messages = agent
        .messages(state.conversation_id)
        .await
        .expect("messages");
    let texts: Vec<_> = messages
        .iter()
        .map(|view| view.message.text.as_str())
        .collect();
    assert_eq!(texts, ["ab"]);
}

#[tokio::test]
async fn a_text_over_100_kb_is_refused_and_says_so() {
    let live = Live::get();
    let body = live
        .ticket()
        .comment(&unique("evt-"), &"x".repeat(100_001), false, true);
    let answer = live.deliver(&body).await;
    assert!(
        [400, 413].contains(&answer.status),
        "{} {}",
        answer.status,
        answer.text()
    );
    assert!(answer.problem().is_some(), "{}", answer.text());
}

#[tokio::test]
async fn a_replay_is_answered_and_processed_once() {
    let live = Live::get();
    let ticket = live.ticket();
    let delivery = Delivery::of(
        unique("inv-"),
        &ticket.created(&unique("evt-"), "Once", "Only once, please"),
    );
    let timestamp = api::now_text();
    let mut answers = Vec::new();
    for _ in 0..3 {
        // The very same bytes and headers, as somebody who listened in would send them.
        let answer = live
            .public
            .deliver_at(&live.stack.zendesk, &delivery, &timestamp)
            .await
            .expect("an answer");
        answers.push(
            answer
                .expect(200)
                .expect("taken")
                .json::<Value>()
                .expect("a receipt"),
        );
    }
    let seqs: Vec<_> = answers.iter().map(|answer| &answer["seq"]).collect();
    assert!(seqs.iter().all(|seq| *seq == seqs[0]), "{answers:?}");
    let duplicates: Vec<_> = answers
        .iter()
        .map(|answer| answer["duplicate"].as_bool())
        .collect();
    assert_eq!(duplicates, [Some(false), Some(true), Some(true)]);
}

#[tokio::test]
async fn unknown_routes_and_wrong_methods_are_problems_too() {
    let live = Live::get();
    let agent = live.agent().await;
    for path in [
        "/nothing",
        "/api/v1/nothing",
        "/api/v2/conversations",
        "/hooks",
        "/%00",
        "/%ff",
        "/console/../../etc/passwd",
    ] {
        let answer = agent.get(path).await.expect("an answer");
        check(path, &answer, 404, "not_found");
    }
    let table = [
        (Method::DELETE, "/api/v1/conversations", "GET"),
        (Method::GET, "/api/v1/auth/login", "POST"),
        (Method::PUT, "/health/ready", "GET"),
        (
            Method::GET,
            "/hooks/zendesk/inb_00000000000000000000000000",
            "POST",
        ),
    ];
    for (method, path, allowed) in table {
        let what = format!("{method} {path}");
        let answer = agent
            .send(agent.request(method, path))
            .await
            .expect("an answer");
        check(&what, &answer, 405, "method_not_allowed");
        let allow = answer.header("allow").unwrap_or_default();
        assert!(allow.contains(allowed), "{what}: Allow is {allow:?}");
    }
}

#[tokio::test]
async fn wrong_bodies_and_queries_of_the_api_are_explained() {
    let live = Live::get();
    let agent = live.agent().await;
    let (_, state) = live.conversation("Hello").await;
    let conversation = format!("/api/v1/conversations/{}", state.conversation_id);
    let posts = [
        (
            "/api/v1/auth/login",
            json!({"email": "a@b.example"}),
            400,
            "invalid_body",
        ),
        (
            "/api/v1/auth/login",
            json!({"email": live.stack.agent.email, "password": "wrong"}),
            401,
            "invalid_credentials",
        ),
        (
            "/api/v1/auth/login",
            json!({"email": "nobody@aurora.example", "password": "wrong"}),
            401,
            "invalid_credentials",
        ),
        (
            "/widget/v1/sessions",
            json!({"inbox_key": "no-such-key"}),
            404,
            "unknown_inbox",
        ),
        (
            "/api/v1/socket-tickets",
            json!({"conversation_id": "cnv_x"}),
            400,
            "invalid_body",
        ),
    ];
    for (path, body, status, code) in posts {
        let answer = agent.post(path, &body).await.expect("an answer");
        check(&format!("{path} {body}"), &answer, status, code);
    }
    let to_conversation = [
        ("status", json!({"status": "asleep"}), 400, "invalid_body"),
        ("messages", json!({"text": 5}), 400, "invalid_body"),
        ("messages", json!({"text": "   "}), 422, "invalid_text"),
    ];
    for (part, body, status, code) in to_conversation {
        let answer = agent
            .post(&format!("{conversation}/{part}"), &body)
            .await
            .expect("an answer");
        assert_eq!(answer.status, status, "{part} {body}: {}", answer.text());
        check(&format!("{part} {body}"), &answer, status, code);
    }
    for query in ["cursor=made-up", "limit=-1", "limit=many", "inbox_id=x"] {
        let answer = agent
            .get(&format!("/api/v1/conversations?{query}"))
            .await
            .expect("an answer");
        assert_eq!(answer.status, 400, "{query}: {}", answer.text());
        assert!(answer.problem().is_some(), "{query}: {}", answer.text());
    }
}

#[tokio::test]
async fn nobody_gets_in_without_a_valid_token() {
    let live = Live::get();
    let tokens = live.public.tokens(&live.stack.agent).await.expect("tokens");
    let mut forged = tokens.access_token.clone();
    let last = if forged.ends_with('A') { 'B' } else { 'A' };
    forged.pop();
    forged.push(last);
    // `{"alg":"none"}` and no signature.
    let unsigned = format!(
        "eyJhbGciOiJub25lIn0.{}.",
        forged.split('.').nth(1).unwrap_or_default()
    );
    for (what, token) in [
        ("forged", forged.as_str()),
        ("unsigned", &unsigned),
        ("no token", "x"),
        ("refresh", tokens.refresh_token.as_deref().expect("a token")),
    ] {
        let answer = live
            .public
            .with_token(token)
            .get("/api/v1/conversations")
            .await
            .expect("an answer");
        assert_eq!(answer.status, 401, "{what}: {}", answer.text());
        assert!(answer.problem().is_some(), "{what}");
    }
    let answer = live
        .public
        .get("/api/v1/conversations")
        .await
        .expect("an answer");
    assert_eq!(answer.status, 401);
    // An agent is no admin.
    let answer = live
        .agent()
        .await
        .get("/api/v1/admin/parked")
        .await
        .expect("an answer");
    check("an agent among admins", &answer, 403, "missing_permission");
}
