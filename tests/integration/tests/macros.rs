//! Macros and templates against the running Workers.

use edgedesk_client::{Answer, Edgedesk};
use edgedesk_integration::{Live, code, eventually, json_of, unique};
use reqwest::Method;
use serde_json::{Value, json};

const MACROS: &str = "/api/v1/macros";

async fn send(caller: &Edgedesk, method: Method, path: &str, body: &Value) -> Answer {
    let request = caller.request(method, path).json(body);
    caller.send(request).await.expect("an answer")
}

async fn post(caller: &Edgedesk, path: &str, body: &Value) -> Answer {
    caller.post(path, body).await.expect("an answer")
}

/// A new macro. Gives its path.
async fn made(admin: &Edgedesk, body: &Value) -> String {
    let made = json_of(post(admin, MACROS, body).await, 201);
    let id = made["macro"]["id"].as_str().expect("an id");
    format!("{MACROS}/{id}")
}

fn of_kind(kind: &str, title: &str, text: &str) -> Value {
    json!({ "kind": kind, "title": title, "text": text })
}

#[tokio::test]
async fn managers_write_macros_and_agents_read_them() {
    let live = Live::get();
    let (admin, agent) = (live.admin().await, live.agent().await);
    let title = unique("Refunds ");
    let body = json!({
        "kind": "macro", "title": title, "text": "It takes five days.", "language": "en",
        "channels": ["zendesk"], "intents": ["refund_request"], "categories": ["billing"],
    });
    let path = made(&admin, &body).await;
    let found = json_of(agent.get(&path).await.expect("an answer"), 200);
    for (field, value) in body.as_object().expect("an object") {
        assert_eq!(&found["macro"][field], value, "{field}");
    }
    let list = json_of(agent.get(MACROS).await.expect("an answer"), 200);
    let is_it = |row: &Value| row["title"] == title;
    assert!(list["macros"].as_array().expect("a list").iter().any(is_it));

    let mut same = body.clone();
    same["title"] = json!(title.to_uppercase());
    assert_eq!(
        code(&post(&admin, MACROS, &same).await),
        (409, "title_taken".into())
    );
    same["language"] = json!("fi");
    let finnish = made(&admin, &same).await;
    let refused = send(&agent, Method::PUT, &path, &body).await;
    assert_eq!(code(&refused), (403, "missing_permission".into()));
    let refused = send(&admin, Method::PUT, &finnish, &body).await;
    assert_eq!(code(&refused), (409, "title_taken".into()));
    let template = of_kind("template", &title, "Hello {{customer.age}}");
    let refused = send(&admin, Method::PUT, &path, &template).await;
    assert_eq!(code(&refused), (422, "unknown_variable".into()));
    let template = of_kind("template", &title, "Hello {{customer.name}}");
    let changed = json_of(send(&admin, Method::PUT, &path, &template).await, 200);
    assert_eq!(changed["macro"]["channels"], json!([]));
    for path in [path, finnish] {
        let answer = send(&admin, Method::DELETE, &path, &json!({})).await;
        assert_eq!(answer.status, 204);
        assert_eq!(admin.get(&path).await.expect("an answer").status, 404);
    }
}

#[tokio::test]
async fn a_template_is_filled_for_a_conversation_or_refused_with_what_is_missing() {
    let live = Live::get();
    let (admin, agent) = (live.admin().await, live.agent().await);
    let title = unique("Order ");
    let text = "Hi {{customer.first_name|there}}, this is {{agent.name}} of {{account.name}}: order {{order.number}}, ticket {{ticket.number}}.";
    let path = made(&admin, &of_kind("template", &title, text)).await;
    let fill = format!("{path}/fill");

    let (_, state) = live.conversation("Where is my order 48213?").await;
    let id = state.conversation_id;
    let number = eventually("the message is analysed and has a ticket", async || {
        let state = agent.conversation(id).await.expect("a conversation");
        state.ticket_number.filter(|_| state.unanalyzed.is_empty())
    })
    .await;
    let body = json!({ "conversation_id": id });
    let filled = json_of(post(&agent, &fill, &body).await, 200);
    let text = filled["text"].as_str().expect("a text");
    assert!(text.contains("order 48213,"), "{text}");
    assert!(text.ends_with(&format!("ticket {number}.")), "{text}");
    assert!(!text.contains("{{") && !text.contains("}}"), "{text}");

    let (_, state) = live.conversation("Hello, are you there?").await;
    eventually("the other message is analysed", async || {
        let state = agent.conversation(state.conversation_id).await;
        let state = state.expect("a conversation");
        (state.ticket_number.is_some() && state.unanalyzed.is_empty()).then_some(())
    })
    .await;
    let body = json!({ "conversation_id": state.conversation_id });
    let refused = post(&agent, &fill, &body).await;
    assert_eq!(code(&refused), (422, "missing_variable".into()));
    let errors = refused.problem().expect("a problem").errors;
    let pointers: Vec<_> = errors.iter().map(|error| error.pointer.as_str()).collect();
    assert_eq!(pointers, ["/variables/order.number"]);

    // Another account's conversation is none, and so is its macro.
    let (_, theirs) = live
        .flipped()
        .conversation("Where is my order 48214?")
        .await;
    let body = json!({ "conversation_id": theirs.conversation_id });
    assert_eq!(post(&agent, &fill, &body).await.status, 404);
    let foreign = post(&live.other_admin().await, &fill, &body).await;
    assert_eq!(foreign.status, 404);
    // Who may see macros and no conversations fills none.
    let key = json!({ "name": unique("Reader "), "scopes": ["knowledge:read"] });
    let key = json_of(post(&admin, "/api/v1/api-keys", &key).await, 201);
    let reader = live.public.with_token(key["key"].as_str().expect("a key"));
    let body = json!({ "conversation_id": id });
    let refused = post(&reader, &fill, &body).await;
    assert_eq!(code(&refused), (403, "missing_scope".into()));
    let answer = send(&admin, Method::DELETE, &path, &json!({})).await;
    assert_eq!(answer.status, 204);
}

#[tokio::test]
async fn the_figures_of_suggestions_have_a_line_for_each_source() {
    let live = Live::get();
    let figures = live.admin().await.get("/api/v1/ai/suggestions").await;
    let figures = json_of(figures.expect("an answer"), 200);
    let sources: Vec<_> = figures["sources"]
        .as_array()
        .expect("sources")
        .iter()
        .map(|row| row["type"].as_str())
        .collect();
    assert_eq!(sources, [Some("macro"), Some("template"), Some("draft")]);
}
