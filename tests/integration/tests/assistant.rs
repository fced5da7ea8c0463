//! The assistant in the real runtime: what it answers, how a customer gets to a person, and how it is stopped.

use std::time::Duration;

use edgedesk_client::{Edgedesk, Socket};
use edgedesk_domain::ids::ConversationId;
use edgedesk_integration::{Live, PATIENCE, eventually, json_of, send, unique};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::Instant;

/// A chat of its own, in which the assistant answers. Gives the inbox's id and key.
async fn chat(admin: &Edgedesk) -> (String, String) {
    let body = json!({"channel": "widget", "name": unique("Chat")});
    let made = send(admin, Method::POST, "/api/v1/inboxes", Some(body)).await;
    let made = json_of(made, 201);
    let text = |field: &str| made[field].as_str().expect("a text").to_owned();
    let (id, key) = (text("id"), text("key"));
    assert_eq!(
        made["assistant"]["is_enabled"], false,
        "off unless somebody says so"
    );
    switch(admin, &id, true).await;
    (id, key)
}

async fn switch(admin: &Edgedesk, inbox: &str, is_enabled: bool) {
    let path = format!("/api/v1/inboxes/{inbox}/assistant");
    let body = json!({ "is_enabled": is_enabled });
    let changed = json_of(send(admin, Method::PUT, &path, Some(body)).await, 200);
    assert_eq!(changed["assistant"]["is_enabled"], is_enabled);
}

/// Everywhere, or not any more.
async fn stop(caller: &Edgedesk, is_stopped: bool) -> Value {
    let body = json!({ "is_stopped": is_stopped });
    json_of(
        send(caller, Method::PUT, "/api/v1/assistant", Some(body)).await,
        200,
    )
}

/// An article that the search knows.
async fn article(admin: &Edgedesk, word: &str) {
    let body = json!({
        "title": format!("Sending a {word} lamp back"),
        "body": format!(
            "You can send a {word} lamp back within 45 days of delivery.\n\n\
             Print the label from your account and bring the parcel to any post office."
        ),
        "state": "published",
    });
    let made = json_of(
        send(admin, Method::POST, "/api/v1/articles", Some(body)).await,
        201,
    );
    let id = made["article"]["id"].clone();
    eventually("search finds the article", async || {
        let body = json!({"query": question(word)});
        let found = send(admin, Method::POST, "/api/v1/articles/search", Some(body)).await;
        (json_of(found, 200)["hits"][0]["article_id"] == id).then_some(())
    })
    .await;
}

fn question(word: &str) -> String {
    format!("How can I send my {word} lamp back?")
}

/// A visitor of a chat.
async fn visitor(live: &Live, key: &str) -> (ConversationId, Socket) {
    let session = live.public.widget_session(key).await.expect("a session");
    let socket = live
        .public
        .widget_socket(&session.token)
        .await
        .expect("a socket");
    (session.conversation_id, socket)
}

/// The next message that somebody else wrote.
async fn next_message(socket: &mut Socket) -> Value {
    socket
        .wait_for(PATIENCE, |frame| {
            frame["type"] == "message.created" && frame["data"]["direction"] == "outgoing"
        })
        .await
        .expect("a message")
}

async fn state(agent: &Edgedesk, id: ConversationId) -> Value {
    let state = agent.conversation(id).await.expect("a conversation");
    serde_json::to_value(state).expect("JSON")
}

/// What is true once agents have a draft: whether the assistant begins is decided before one is asked for.
async fn once_drafted(agent: &Edgedesk, id: ConversationId) -> Value {
    let path = format!("/api/v1/conversations/{id}/suggestions");
    eventually("agents have a draft", async || {
        let answer = send(agent, Method::GET, &path, None).await;
        (answer.status == 200 && json_of(answer, 200)["draft"].is_object()).then_some(())
    })
    .await;
    state(agent, id).await
}

#[tokio::test]
async fn it_answers_out_of_an_article_and_gives_over_at_a_word_until_it_is_stopped() {
    let live = Live::get();
    let (admin, agent) = (live.admin().await, live.agent().await);
    let word = unique("Zanzi");
    article(&admin, &word).await;
    let (inbox, key) = chat(&admin).await;

    let (id, mut widget) = visitor(&live, &key).await;
    widget.write("c-1", &question(&word)).await.expect("sent");
    widget
        .wait_for_type(PATIENCE, "assistant.engaged")
        .await
        .expect("it has the conversation");
    let answer = next_message(&mut widget).await;
    assert_eq!(answer["data"]["author"], json!({"kind": "assistant"}));
    let text = answer["data"]["text"].as_str().expect("a text");
    assert!(text.contains("within 45 days"), "{text}");
    let cited = answer["data"]["citations"][0]["title"].as_str();
    assert!(cited.is_some_and(|title| title.contains(&word)), "{answer}");
    let now = state(&agent, id).await;
    assert_eq!(now["status"], "pending");
    assert_eq!(now["assistant"]["standing"], "answering");

    // "Talk to a person", in words.
    let asked = Instant::now();
    widget
        .write("c-2", "Can I talk to a human please?")
        .await
        .expect("sent");
    widget
        .wait_for_type(PATIENCE, "assistant.handed_off")
        .await
        .expect("handed off");
    let notice = next_message(&mut widget).await;
    assert!(
        asked.elapsed() < Duration::from_secs(2),
        "{:?}",
        asked.elapsed()
    );
    assert_eq!(notice["data"]["author"], json!({"kind": "system"}));
    let now = state(&agent, id).await;
    assert_eq!(now["status"], "active");
    assert!(now["waiting_since"].is_string());

    // And with the button, in another conversation.
    let (id, mut widget) = visitor(&live, &key).await;
    widget.write("c-1", &question(&word)).await.expect("sent");
    next_message(&mut widget).await;
    let asked = Instant::now();
    let frame = json!({"type": "assistant.hand_off"});
    widget.send(&frame).await.expect("sent");
    next_message(&mut widget).await;
    assert!(
        asked.elapsed() < Duration::from_secs(2),
        "{:?}",
        asked.elapsed()
    );
    assert_eq!(
        state(&agent, id).await["assistant"]["standing"],
        "handed_off"
    );

    // What no article says goes to a person by itself.
    let (id, mut widget) = visitor(&live, &key).await;
    let text = "Which of the moons of Jupiter has the thickest ice above its ocean?";
    widget.write("c-1", text).await.expect("sent");
    let handed = widget
        .wait_for_type(PATIENCE, "assistant.handed_off")
        .await
        .expect("handed off");
    assert_ne!(handed["data"]["reason"], "requested");
    assert_eq!(state(&agent, id).await["status"], "active");

    // Somebody who has what they wanted.
    let (id, mut widget) = visitor(&live, &key).await;
    widget.write("c-1", &question(&word)).await.expect("sent");
    next_message(&mut widget).await;
    let frame = json!({"type": "assistant.solved"});
    widget.send(&frame).await.expect("sent");
    widget
        .wait_for(PATIENCE, |frame| frame["data"]["current"] == "resolved")
        .await
        .expect("resolved");
    assert_eq!(state(&agent, id).await["status"], "resolved");

    let figures = eventually("all of it is counted", async || {
        let view = send(&agent, Method::GET, "/api/v1/assistant", None).await;
        let figures = json_of(view, 200)["figures"].clone();
        (figures["n_solved"].as_u64() >= Some(1) && figures["n_conversations"].as_u64() >= Some(4))
            .then_some(figures)
    })
    .await;
    assert!(
        figures["deflection"]
            .as_f64()
            .is_some_and(|share| share > 0.0)
    );

    stopped_within_five_seconds(&live, &word, &key).await;

    // The inbox's own switch.
    switch(&admin, &inbox, false).await;
    eventually("people answer", async || {
        let (id, mut widget) = visitor(&live, &key).await;
        widget.write("c-1", &question(&word)).await.expect("sent");
        let now = once_drafted(&agent, id).await;
        now["assistant"].is_null().then_some(())
    })
    .await;
}

/// The kill switch: who writes to it later goes to a person.
async fn stopped_within_five_seconds(live: &Live, word: &str, key: &str) {
    let admin = live.admin().await;
    let (_, mut widget) = visitor(live, key).await;
    widget.write("c-1", &question(word)).await.expect("sent");
    next_message(&mut widget).await;

    let stopped = Instant::now();
    assert!(stop(&admin, true).await["stopped_at"].is_string());
    // Others ask, until it does not begin any more.
    let mut last_answer = Duration::ZERO;
    loop {
        let (id, mut widget) = visitor(live, key).await;
        widget.write("c-1", &question(word)).await.expect("sent");
        let now = once_drafted(&admin, id).await;
        if now["assistant"].is_null() {
            assert_eq!(now["status"], "active");
            break;
        }
        if next_message(&mut widget).await["data"]["author"]["kind"] == "assistant" {
            last_answer = stopped.elapsed();
        }
    }
    assert!(last_answer < Duration::from_secs(5), "{last_answer:?}");
    // Whom it was answering goes to a person.
    let other = "And what if the label does not print?";
    widget.write("c-2", other).await.expect("sent");
    let handed = widget
        .wait_for_type(PATIENCE, "assistant.handed_off")
        .await
        .expect("handed off");
    assert_eq!(handed["data"]["reason"], "stopped");
    assert_eq!(stop(&admin, false).await["stopped_at"], Value::Null);
}

#[tokio::test]
async fn who_may_not_does_not_move_a_switch_and_bad_settings_are_refused() {
    let live = Live::get();
    let (admin, agent) = (live.admin().await, live.agent().await);
    let other = live.other_admin().await;
    let inboxes = send(&admin, Method::GET, "/api/v1/inboxes", None).await;
    let inboxes = json_of(inboxes, 200)["inboxes"].clone();
    let of = |channel: &str| {
        let mut all = inboxes.as_array().expect("inboxes").iter();
        let found = all.find(|inbox| inbox["channel"] == channel);
        found.expect("an inbox")["id"]
            .as_str()
            .expect("an id")
            .to_owned()
    };
    let (widget, zendesk) = (of("widget"), of("zendesk"));
    let on = json!({"is_enabled": true});
    for (caller, inbox, body, status) in [
        (&agent, &widget, on.clone(), 403),
        (&other, &widget, on.clone(), 404),
        (&admin, &zendesk, on.clone(), 404),
        (
            &admin,
            &widget,
            json!({"is_enabled": false, "min_confidence": 1.1}),
            422,
        ),
        (
            &admin,
            &widget,
            json!({"is_enabled": false, "min_confidence": -0.1}),
            422,
        ),
        (&admin, &widget, json!({}), 400),
    ] {
        let path = format!("/api/v1/inboxes/{inbox}/assistant");
        let answer = send(caller, Method::PUT, &path, Some(body.clone())).await;
        assert_eq!(answer.status, status, "{body}: {}", answer.text());
    }
    let body = json!({"is_stopped": true});
    let answer = send(&agent, Method::PUT, "/api/v1/assistant", Some(body)).await;
    assert_eq!(answer.status, 403);
}
