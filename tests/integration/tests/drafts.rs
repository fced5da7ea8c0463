//! From an article to a draft on an agent's screen, in the real runtime: index, search, queue, socket.

use edgedesk_client::Edgedesk;
use edgedesk_domain::ids::ConversationId;
use edgedesk_integration::{Live, PATIENCE, SILENCE, eventually, json_of, send, unique};
use reqwest::Method;
use serde_json::{Value, json};

/// A published article. Gives its id.
async fn published(admin: &Edgedesk, title: &str, body: &str) -> String {
    let body = json!({"title": title, "body": body, "state": "published"});
    let made = send(admin, Method::POST, "/api/v1/articles", Some(body)).await;
    let made = json_of(made, 201);
    made["article"]["id"].as_str().expect("an id").to_owned()
}

async fn search(caller: &Edgedesk, query: &str) -> Vec<Value> {
    let body = json!({"query": query, "limit": 20});
    let found = send(caller, Method::POST, "/api/v1/articles/search", Some(body)).await;
    let found = json_of(found, 200);
    assert_eq!(found["words_only"], false, "the models answer");
    found["hits"].as_array().expect("hits").clone()
}

fn ids(hits: &[Value]) -> Vec<&str> {
    let hits = hits.iter();
    hits.filter_map(|hit| hit["article_id"].as_str()).collect()
}

async fn until_found(caller: &Edgedesk, query: &str, id: &str) -> Value {
    eventually("search finds the article", async || {
        let hits = search(caller, query).await;
        hits.into_iter().find(|hit| hit["article_id"] == id)
    })
    .await
}

#[tokio::test]
async fn an_article_is_found_once_it_is_published_and_never_after_it_is_gone() {
    let live = Live::get();
    let admin = live.admin().await;
    let word = unique("quux");
    let title = format!("Resetting the {word} thermostat");
    let body =
        "# Thermostats\n\nHold the round button for ten seconds until the light blinks twice.";
    let id = published(&admin, &title, body).await;
    // By meaning: none of the telling words is in it.
    let hit = until_found(
        &admin,
        "my heating control does not react, how can I restart it",
        &id,
    )
    .await;
    assert!(hit["similarity"].as_f64().expect("a number") > 0.3, "{hit}");
    let hit = until_found(&admin, &word, &id).await;
    assert_eq!(hit["title"], title.as_str());
    assert_eq!(hit["headings"], json!(["Thermostats"]));
    let place = |pointer: &str| {
        let byte = hit[pointer]
            .as_u64()
            .and_then(|byte| usize::try_from(byte).ok());
        byte.expect("a place")
    };
    assert!(
        body[place("start")..place("end")].contains("Hold the round button"),
        "{hit}"
    );

    // The other account finds nothing of it.
    let other = live.other_admin().await;
    assert!(!ids(&search(&other, &word).await).contains(&id.as_str()));

    // Another text takes the place of the old one, when it is published.
    let path = format!("/api/v1/articles/{id}");
    let change =
        json!({"version": 1, "title": title, "body": "Turn the dial to zero.", "language": "en"});
    json_of(send(&admin, Method::PUT, &path, Some(change)).await, 200);
    assert!(
        until_found(&admin, &word, &id).await["text"]
            .as_str()
            .is_some_and(|text| text.contains("round button"))
    );
    let state = format!("{path}/state");
    let publish = json!({"state": "published"});
    json_of(send(&admin, Method::PUT, &state, Some(publish)).await, 200);
    eventually("search has the new text", async || {
        let hit = until_found(&admin, &word, &id).await;
        (hit["text"] == "Turn the dial to zero.").then_some(())
    })
    .await;

    send(&admin, Method::DELETE, &path, None)
        .await
        .expect(204)
        .expect("deleted");
    eventually("search has forgotten it", async || {
        let hits = search(&admin, &word).await;
        (!ids(&hits).contains(&id.as_str())).then_some(())
    })
    .await;
    let index = json_of(
        send(&admin, Method::GET, "/api/v1/articles/index", None).await,
        200,
    );
    assert!(index["model"]["version"].is_string(), "{index}");
    // What was deleted does not come back with a rebuilt index.
    let rebuilt = send(&admin, Method::POST, "/api/v1/articles/index/rebuild", None).await;
    json_of(rebuilt, 202);
    eventually("the index is made anew", async || {
        let index = send(&admin, Method::GET, "/api/v1/articles/index", None).await;
        (json_of(index, 200)["n_pending"] == 0).then_some(())
    })
    .await;
    assert!(!ids(&search(&admin, &word).await).contains(&id.as_str()));
}

#[tokio::test]
async fn bad_searches_are_refused_with_a_reason() {
    let live = Live::get();
    let admin = live.admin().await;
    for (body, status) in [
        (json!({"query": " "}), 422),
        (json!({"query": "x".repeat(10_001)}), 422),
        (json!({"query": "x", "limit": 0}), 422),
        (json!({"query": "x", "limit": 21}), 422),
        (json!({}), 400),
        (json!({"query": "word ".repeat(2_000)}), 200),
        (json!({"query": "\" OR * NEAR( ) -- \u{0}"}), 200),
    ] {
        let answer = send(
            &admin,
            Method::POST,
            "/api/v1/articles/search",
            Some(body.clone()),
        )
        .await;
        assert_eq!(answer.status, status, "{body}: {}", answer.text());
    }
}

#[tokio::test]
async fn a_customers_question_gets_a_draft_live_and_what_agents_do_with_it_is_counted() {
    let live = Live::get();
    let (admin, agent) = (live.admin().await, live.agent().await);
    let word = unique("Zanzi");
    let article = published(
        &admin,
        &format!("Sending a {word} lamp back"),
        &format!(
            "You can send a {word} lamp back within 45 days of delivery.\n\n\
             Print the label from your account and bring the parcel to any post office. \
             We refund the price within five working days of its arrival."
        ),
    )
    .await;
    let question = format!("How can I send my {word} lamp back? I do not like it.");
    until_found(&admin, &question, &article).await;

    let session = live
        .public
        .widget_session(&live.stack.widget.inbox_key)
        .await
        .expect("a session");
    let mut widget = live
        .public
        .widget_socket(&session.token)
        .await
        .expect("a socket");
    widget.write("c-1", &question).await.expect("sent");
    widget.wait_for_type(PATIENCE, "ack").await.expect("an ack");
    let id: ConversationId = session.conversation_id;
    let mut room = agent.conversation_socket(id).await.expect("a socket");
    room.send(&json!({"type": "resume", "seq": 0}))
        .await
        .expect("sent");
    let draft = room
        .wait_for_type(PATIENCE, "draft.created")
        .await
        .expect("a draft");
    let suggestions = draft["data"]["suggestions"].as_array().expect("a list");
    assert!((1..=3).contains(&suggestions.len()), "{draft}");
    let written = suggestions
        .iter()
        .find(|offered| offered["type"] == "draft")
        .unwrap_or_else(|| panic!("no draft in {draft}"));
    let text = written["text"].as_str().expect("a text");
    assert!(text.contains("within 45 days of delivery"), "{text}");
    assert_eq!(written["citations"][0]["article_id"], article.as_str());
    // The customer hears nothing of it.
    let leaked = widget.wait_for_type(SILENCE, "draft.created").await;
    assert!(leaked.is_err(), "{leaked:?}");

    let path = format!("/api/v1/conversations/{id}/suggestions");
    let seen = json_of(send(&agent, Method::GET, &path, None).await, 200);
    assert_eq!(seen["draft"]["draft_id"], draft["data"]["draft_id"]);
    assert_eq!(seen["verdicts"], json!([]));

    let suggestion = written["id"].as_str().expect("an id");
    let reject = format!("{path}/{suggestion}/reject");
    let rejected = json_of(send(&agent, Method::POST, &reject, None).await, 200);
    assert_eq!(rejected["verdict"], "rejected");
    let back = json_of(send(&agent, Method::DELETE, &reject, None).await, 200);
    assert_eq!(back.get("verdict"), None);

    let figures_path = "/api/v1/ai/suggestions";
    let accepted = async || {
        let figures = json_of(send(&admin, Method::GET, figures_path, None).await, 200);
        let sources = figures["sources"].as_array().expect("sources").clone();
        let drafts = sources.into_iter().find(|line| line["type"] == "draft");
        drafts.expect("drafts")["n_accepted"]
            .as_u64()
            .expect("a number")
    };
    let before = accepted().await;
    let messages = format!("/api/v1/conversations/{id}/messages");
    let reply = json!({"text": text, "suggestion_id": suggestion});
    json_of(
        send(&agent, Method::POST, &messages, Some(reply)).await,
        201,
    );
    let decided = room
        .wait_for(PATIENCE, |frame| {
            frame["type"] == "suggestion.decided" && frame["data"]["verdict"] == "accepted"
        })
        .await
        .expect("the verdict is live, too");
    assert_eq!(decided["data"]["suggestion_id"], suggestion);
    eventually("the figures have it", async || {
        (accepted().await > before).then_some(())
    })
    .await;

    let unknown = json!({"text": "x", "suggestion_id": "sug_00000000000000000000000001"});
    let refused = send(&agent, Method::POST, &messages, Some(unknown)).await;
    let problem = refused.problem().expect("a problem");
    assert_eq!(
        (problem.status, problem.code.as_str()),
        (422, "unknown_suggestion")
    );
    let (other, path) = (live.other_admin().await, path.clone());
    assert_eq!(send(&other, Method::GET, &path, None).await.status, 404);
    assert_eq!(send(&other, Method::POST, &path, None).await.status, 404);
}

#[tokio::test]
async fn an_agent_gets_another_draft_when_they_ask() {
    let live = Live::get();
    let agent = live.agent().await;
    let (_, state) = live
        .conversation("Where is my parcel with order 44718?")
        .await;
    let id = state.conversation_id;
    let mut room = agent.conversation_socket(id).await.expect("a socket");
    room.send(&json!({"type": "resume", "seq": 0}))
        .await
        .expect("sent");
    let first = room
        .wait_for_type(PATIENCE, "draft.created")
        .await
        .expect("a draft");
    let path = format!("/api/v1/conversations/{id}/suggestions");
    send(&agent, Method::POST, &path, None)
        .await
        .expect(202)
        .expect("asked");
    let again = room
        .wait_for(PATIENCE, |frame| {
            frame["type"] == "draft.created"
                && frame["data"]["draft_id"] != first["data"]["draft_id"]
        })
        .await
        .expect("another draft");
    assert_eq!(again["data"]["message_id"], first["data"]["message_id"]);
}
