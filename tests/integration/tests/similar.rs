//! Open conversations that ask the same, in the real runtime: from two visitors' questions to what agents are shown of each other.

use edgedesk_client::Edgedesk;
use edgedesk_domain::ids::ConversationId;
use edgedesk_integration::{Live, PATIENCE, eventually, unique};
use serde_json::{Value, json};

/// Two ways to ask the same, about something that no other test asks about.
const ASKED: &str =
    "My sourdough starter smells of acetone since yesterday. Can I still bake bread with it?";
const ASKED_OTHERWISE: &str =
    "Is it safe to bake bread with a sourdough starter that smells of acetone since yesterday?";

/// A visitor's conversation that begins so.
async fn asks(live: &Live, text: &str) -> ConversationId {
    let key = &live.stack.widget.inbox_key;
    let session = live.public.widget_session(key).await.expect("a session");
    let socket = live.public.widget_socket(&session.token).await;
    let mut widget = socket.expect("a socket");
    widget.write("c-1", text).await.expect("sent");
    widget.wait_for_type(PATIENCE, "ack").await.expect("an ack");
    session.conversation_id
}

/// What asks the same as a conversation.
async fn similar_to(caller: &Edgedesk, id: ConversationId) -> Vec<Value> {
    let path = format!("/api/v1/conversations/{id}/similar");
    let answer = caller.get(&path).await.expect("an answer");
    let answer: Value = answer.expect(200).expect("200").json().expect("JSON");
    let similar = answer["similar"].as_array().expect("a list").clone();
    assert!(similar.len() <= 5, "{similar:?}");
    similar
}

async fn listed(caller: &Edgedesk, id: ConversationId, other: ConversationId) -> Option<Value> {
    let similar = similar_to(caller, id).await.into_iter();
    let mut similar = similar.filter(|found| found["conversation_id"] == other.to_string());
    similar.next()
}

async fn change(caller: &Edgedesk, id: ConversationId, what: &str, body: &Value) {
    let path = format!("/api/v1/conversations/{id}/{what}");
    let answer = caller.post(&path, body).await.expect("an answer");
    answer.expect(200).expect("changed");
}

#[tokio::test]
async fn two_that_ask_the_same_list_each_other_until_one_is_over_or_another_teams() {
    let live = Live::get();
    let (admin, agent) = (live.admin().await, live.agent().await);
    let first = asks(&live, ASKED).await;
    let second = asks(&live, ASKED_OTHERWISE).await;
    for (id, other) in [(first, second), (second, first)] {
        let found = eventually("each lists the other", async || {
            listed(&agent, id, other).await
        })
        .await;
        let score = found["score"].as_f64().expect("a number");
        assert!((0.58..=1.0).contains(&score), "{found}");
        let reasons = found["reasons"].as_array().expect("reasons");
        assert!(reasons.contains(&json!("meaning")), "{found}");
        assert_eq!(found["status"], "active");
        assert_eq!(found["is_same_customer"], false);
        assert!(found["ticket_number"].is_u64(), "{found}");
        assert!(found["created_at"].is_string(), "{found}");
        assert!(
            !similar_to(&agent, id)
                .await
                .iter()
                .any(|found| found["conversation_id"] == id.to_string())
        );
    }
    // Something else is like neither.
    let elsewhere = asks(
        &live,
        "Which trains go from Vienna to Trieste on a Sunday evening?",
    )
    .await;
    let mut room = agent
        .conversation_socket(elsewhere)
        .await
        .expect("a socket");
    room.send(&json!({"type": "resume", "seq": 0}))
        .await
        .expect("sent");
    room.wait_for_type(PATIENCE, "draft.created")
        .await
        .expect("it was noted before its draft");
    for id in [first, second] {
        assert_eq!(listed(&agent, id, elsewhere).await, None);
        assert_eq!(listed(&agent, elsewhere, id).await, None);
    }

    // Another account hears of none, by whatever id.
    let stranger = live.other_admin().await;
    let path = format!("/api/v1/conversations/{first}/similar");
    let answer = stranger.get(&path).await.expect("an answer");
    assert_eq!(answer.status, 404);

    // Of another team's only those hear who may see it.
    let body = json!({ "name": unique("Team "), "member_ids": [] });
    let team = admin.post("/api/v1/teams", &body).await.expect("an answer");
    let team: Value = team.expect(201).expect("made").json().expect("JSON");
    let team_id = team["id"].as_str().expect("an id");
    change(&admin, second, "team", &json!({ "team_id": team_id })).await;
    eventually("the agent is not shown another team's", async || {
        listed(&agent, first, second).await.is_none().then_some(())
    })
    .await;
    assert!(listed(&admin, first, second).await.is_some());
    let path = format!("/api/v1/conversations/{second}/similar");
    let answer = agent.get(&path).await.expect("an answer");
    let code = answer.problem().map(|problem| problem.code);
    assert_eq!((answer.status, code.as_deref()), (403, Some("other_team")));
    change(&admin, second, "team", &json!({ "team_id": null })).await;
    eventually("it is everybody's again", async || {
        listed(&agent, first, second).await
    })
    .await;
    let path = format!("/api/v1/teams/{team_id}");
    let request = admin.request(reqwest::Method::DELETE, &path);
    admin
        .send(request)
        .await
        .expect("an answer")
        .expect(204)
        .expect("deleted");

    // What is over leaves, and does not come back when it is opened without a new message.
    change(&admin, second, "status", &json!({ "status": "resolved" })).await;
    eventually("the resolved one is listed no more", async || {
        listed(&agent, first, second).await.is_none().then_some(())
    })
    .await;
    eventually("nothing is known of what it asked", async || {
        similar_to(&agent, second).await.is_empty().then_some(())
    })
    .await;
    change(&admin, second, "status", &json!({ "status": "active" })).await;
    eventually("the list of conversations has it as open", async || {
        let open = agent.conversations("status=active&limit=200").await;
        let open = open.expect("a list").conversations.into_iter();
        open.map(|state| state.conversation_id)
            .find(|id| *id == second)
    })
    .await;
    assert_eq!(listed(&agent, first, second).await, None);
    for id in [first, second, elsewhere] {
        change(&admin, id, "status", &json!({ "status": "resolved" })).await;
    }
}

#[tokio::test]
async fn what_an_erased_customer_asked_is_listed_nowhere() {
    let live = Live::get();
    let admin = live.admin().await;
    let kept = asks(
        &live,
        "The hinge of my accordion case is broken, do you sell that part?",
    )
    .await;
    let erased = asks(
        &live,
        "Do you sell the hinge of an accordion case? My part is broken.",
    )
    .await;
    eventually("they list each other", async || {
        listed(&admin, kept, erased).await
    })
    .await;
    let customer_id = admin
        .conversation(erased)
        .await
        .expect("its state")
        .customer_id;
    let path = format!("/api/v1/customers/{customer_id}/erasure");
    let request = admin.post(&path, &json!({})).await.expect("an answer");
    let request: Value = request.expect(201).expect("taken").json().expect("JSON");
    eventually("it is not listed", async || {
        listed(&admin, kept, erased).await.is_none().then_some(())
    })
    .await;
    let path = format!("/api/v1/conversations/{erased}/similar");
    assert_eq!(admin.get(&path).await.expect("an answer").status, 404);
    // Taken back, it is shown again, and stays unknown: what it asked was forgotten.
    let id = request["privacy_request"]["id"].as_str().expect("an id");
    let path = format!("/api/v1/privacy-requests/{id}/cancel");
    let cancelled = admin.post(&path, &json!({})).await.expect("an answer");
    cancelled.expect(200).expect("taken back");
    eventually("it is shown again, without what it asked", async || {
        admin.conversation(erased).await.ok()?;
        similar_to(&admin, erased).await.is_empty().then_some(())
    })
    .await;
    for id in [kept, erased] {
        change(&admin, id, "status", &json!({ "status": "resolved" })).await;
    }
}
