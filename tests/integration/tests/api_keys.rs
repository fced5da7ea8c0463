//! API keys against the running Workers: shown once, good at once, gone at once, and never another account's.

use edgedesk_client::Edgedesk;
use edgedesk_integration::{Live, unique};
use reqwest::Method;
use serde_json::{Value, json};

/// A new key: its id and the key itself.
async fn make(admin: &Edgedesk, scopes: &Value) -> (String, String) {
    let body = json!({ "name": unique("Key"), "scopes": scopes });
    let made: Value = admin
        .post("/api/v1/api-keys", &body)
        .await
        .expect("an answer")
        .expect(201)
        .expect("a key")
        .json()
        .expect("a key");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    (text(&made["api_key"]["id"]), text(&made["key"]))
}

async fn revoke(admin: &Edgedesk, id: &str) -> u16 {
    let request = admin.request(Method::DELETE, &format!("/api/v1/api-keys/{id}"));
    admin.send(request).await.expect("an answer").status
}

#[tokio::test]
async fn a_key_opens_what_its_scopes_say_and_nothing_within_a_second_of_its_revocation() {
    let live = Live::get();
    let admin = live.admin().await;
    let (id, key) = make(&admin, &json!(["conversations:read"])).await;
    let machine = live.public.with_token(&key);

    let conversations = async || {
        machine
            .get("/api/v1/conversations")
            .await
            .expect("an answer")
    };
    assert_eq!(conversations().await.status, 200);
    let refused = machine.get("/api/v1/agents").await.expect("an answer");
    assert_eq!(refused.status, 403);
    assert_eq!(refused.problem().expect("a problem").code, "missing_scope");
    for (path, body) in [
        ("/api/v1/socket-tickets", json!({})),
        (
            "/api/v1/api-keys",
            json!({ "name": "x", "scopes": ["conversations:read"] }),
        ),
    ] {
        let refused = machine.post(path, &body).await.expect("an answer");
        assert_eq!(
            refused.problem().expect("a problem").code,
            "people_only",
            "{path}"
        );
    }

    let listed = admin
        .get("/api/v1/api-keys")
        .await
        .expect("an answer")
        .text();
    assert!(
        listed.contains(&id) && listed.contains("last_used_at"),
        "{listed}"
    );
    assert!(!listed.contains(&key), "the key is shown once");

    assert_eq!(revoke(&admin, &id).await, 204);
    // Not within a second, but at once.
    let answer = conversations().await;
    assert_eq!(answer.status, 401);
    assert_eq!(answer.problem().expect("a problem").code, "invalid_api_key");
}

#[tokio::test]
async fn a_key_of_another_account_sees_nothing_of_ours_and_cannot_be_revoked_by_us() {
    let live = Live::get();
    let (_, state) = live.conversation("Ours").await;
    let other_admin = live.other_admin().await;
    let (id, key) = make(
        &other_admin,
        &json!(["conversations:read", "messages:read"]),
    )
    .await;
    let machine = live.public.with_token(&key);
    for path in ["", "/messages", "/analysis"] {
        let path = format!("/api/v1/conversations/{}{path}", state.conversation_id);
        assert_eq!(
            machine.get(&path).await.expect("an answer").status,
            404,
            "{path}"
        );
    }
    assert_eq!(revoke(&live.admin().await, &id).await, 404);
    let list = machine
        .get("/api/v1/conversations")
        .await
        .expect("an answer");
    assert_eq!(list.status, 200);
    assert_eq!(revoke(&other_admin, &id).await, 204);
}

#[tokio::test]
async fn a_key_that_nobody_made_is_refused_like_a_malformed_one() {
    let live = Live::get();
    let nobodys = format!("sk_live_{}", "0123456789abcdef".repeat(4));
    for key in [nobodys.as_str(), "sk_live_", &nobodys[..40]] {
        let machine = live.public.with_token(key);
        let answer = machine
            .get("/api/v1/conversations")
            .await
            .expect("an answer");
        assert_eq!(answer.status, 401, "{key}");
        let problem = answer.problem().expect("a problem");
        assert_eq!(problem.code, "invalid_api_key");
        assert_eq!(problem.detail.as_deref(), Some("the API key is not valid"));
    }
}

#[tokio::test]
async fn agents_neither_see_nor_make_keys() {
    let agent = Live::get().agent().await;
    let body = json!({ "name": "Mine", "scopes": ["conversations:read"] });
    let made = agent
        .post("/api/v1/api-keys", &body)
        .await
        .expect("an answer");
    let listed = agent.get("/api/v1/api-keys").await.expect("an answer");
    assert_eq!((made.status, listed.status), (403, 403));
}
