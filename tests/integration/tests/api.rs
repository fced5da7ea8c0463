//! Logins, conversations and tickets over REST, and that no account sees another.

use edgedesk_client::{Answer, Edgedesk};
use edgedesk_domain::conversation::ConversationState;
use edgedesk_integration::{Live, eventually, unique};
use reqwest::Method;
use serde_json::{Value, json};

async fn status_of(agent: &Edgedesk, state: &ConversationState, status: &str) -> Answer {
    let path = format!("/api/v1/conversations/{}/status", state.conversation_id);
    agent
        .post(&path, &json!({ "status": status }))
        .await
        .expect("an answer")
}

#[tokio::test]
async fn a_refresh_token_is_good_for_one_use() {
    let live = Live::get();
    let first = live.public.tokens(&live.stack.agent).await.expect("tokens");
    let refresh = async |token: &str| {
        let body = json!({ "refresh_token": token });
        live.public
            .post("/api/v1/auth/refresh", &body)
            .await
            .expect("an answer")
    };
    let first_refresh = first.refresh_token.expect("a token");
    let second: Value = refresh(&first_refresh)
        .await
        .expect(200)
        .expect("tokens")
        .json()
        .expect("tokens");
    let second_refresh = second["refresh_token"]
        .as_str()
        .expect("a token")
        .to_owned();
    assert_ne!(second_refresh, first_refresh);
    let access = second["access_token"].as_str().expect("a token");
    let me = live
        .public
        .with_token(access)
        .get("/api/v1/me")
        .await
        .expect("an answer");
    assert!(
        me.expect(200)
            .expect("me")
            .text()
            .contains(&live.stack.agent.email)
    );

    // A token used twice was stolen from somebody: nobody of this login gets on.
    assert_eq!(refresh(&first_refresh).await.status, 401);
    assert_eq!(refresh(&second_refresh).await.status, 401);

    let third = live.public.tokens(&live.stack.agent).await.expect("tokens");
    let out = json!({ "refresh_token": third.refresh_token });
    live.public
        .post("/api/v1/auth/logout", &out)
        .await
        .expect("an answer")
        .expect_success()
        .expect("out");
    let third_refresh = third.refresh_token.expect("a token");
    assert_eq!(refresh(&third_refresh).await.status, 401);
}

#[tokio::test]
async fn another_accounts_ids_do_not_exist() {
    let live = Live::get();
    let (_, state) = live.conversation("Ours").await;
    let agent = live.agent().await;
    let ticket = eventually("the ticket is in D1", async || {
        let list: Value = agent
            .get("/api/v1/tickets")
            .await
            .expect("an answer")
            .json()
            .expect("tickets");
        let tickets = list["tickets"].as_array().expect("tickets").clone();
        tickets
            .into_iter()
            .find(|ticket| ticket["conversation_id"] == state.conversation_id.to_string())
    })
    .await;
    let ticket_id = ticket["id"].as_str().expect("an id");
    assert_eq!(
        agent
            .get(&format!("/api/v1/tickets/{ticket_id}"))
            .await
            .expect("an answer")
            .status,
        200
    );

    let stranger = live.other_admin().await;
    let conversation = format!("/api/v1/conversations/{}", state.conversation_id);
    let gets = [
        conversation.clone(),
        format!("{conversation}/messages"),
        format!("{conversation}/analysis"),
        format!("/api/v1/tickets/{ticket_id}"),
        format!("/api/v1/inboxes/{}/deliveries", live.stack.zendesk.inbox_id),
    ];
    for path in gets {
        let answer = stranger.get(&path).await.expect("an answer");
        assert_eq!(answer.status, 404, "{path}: {}", answer.text());
        assert_eq!(
            answer.problem().expect("a problem").code,
            "not_found",
            "{path}"
        );
    }
    let posts = [
        ("messages", json!({"text": "from another account"})),
        ("status", json!({"status": "resolved"})),
        ("assignee", json!({"assignee_id": null})),
        ("read", json!({"read_seq": 1})),
    ];
    for (part, body) in posts {
        let answer = stranger
            .post(&format!("{conversation}/{part}"), &body)
            .await
            .expect("an answer");
        assert_eq!(answer.status, 404, "{part}: {}", answer.text());
    }
    // A ticket for a socket is refused at once, or worth nothing.
    let body = json!({"conversation_id": state.conversation_id});
    let answer = stranger
        .post("/api/v1/socket-tickets", &body)
        .await
        .expect("an answer");
    if answer.status < 300 {
        assert!(
            stranger
                .conversation_socket(state.conversation_id)
                .await
                .is_err()
        );
    } else {
        assert_eq!(answer.status, 404, "{}", answer.text());
    }
    for list in [
        "/api/v1/conversations?limit=200",
        "/api/v1/tickets?limit=200",
        "/api/v1/agents",
    ] {
        let answer = stranger
            .get(list)
            .await
            .expect("an answer")
            .expect(200)
            .expect("a list");
        assert!(
            !answer.text().contains(&state.conversation_id.to_string()),
            "{list}"
        );
        assert!(
            !answer.text().contains(&live.stack.account_id.to_string()),
            "{list}"
        );
    }
    // Nothing changed by any of it.
    let after = agent
        .conversation(state.conversation_id)
        .await
        .expect("a conversation");
    assert_eq!(after.status.as_str(), "active");
    assert_eq!(after.n_messages, 1);
}

#[tokio::test]
async fn a_list_goes_on_where_the_cursor_says() {
    let live = Live::get();
    for n in 0..5 {
        live.conversation(&format!("Number {n}")).await;
    }
    let agent = live.agent().await;
    let (mut seen, mut cursor, mut n_pages) = (Vec::new(), String::new(), 0);
    loop {
        let page = agent
            .conversations(&format!("limit=2{cursor}"))
            .await
            .expect("a page");
        assert!(page.conversations.len() <= 2);
        seen.extend(page.conversations.iter().map(|state| state.conversation_id));
        n_pages += 1;
        match page.next_cursor {
            Some(next) if n_pages < 200 => cursor = format!("&cursor={next}"),
            _ => break,
        }
    }
    let n_seen = seen.len();
    assert!(n_pages >= 3 && n_seen >= 5, "{n_seen} on {n_pages} pages");
    seen.sort();
    seen.dedup();
    // Others may come to the top meanwhile; none may be on two pages of a list that only grows at the top.
    assert!(
        n_seen - seen.len() <= 1,
        "{} of {n_seen} twice",
        n_seen - seen.len()
    );
}

#[tokio::test]
async fn a_status_moves_only_where_the_rules_allow() {
    let live = Live::get();
    let agent = live.agent().await;
    let (ticket, state) = live.conversation("Hello").await;
    for (status, expected) in [
        ("pending", 200),
        ("escalated", 200),
        ("resolved", 200),
        ("pending", 409),
        ("closed", 200),
        ("active", 409),
    ] {
        let answer = status_of(&agent, &state, status).await;
        assert_eq!(answer.status, expected, "{status}: {}", answer.text());
        if expected == 409 {
            assert_eq!(
                answer.problem().expect("a problem").code,
                "illegal_transition"
            );
        }
    }
    let again = ticket.comment(&unique("evt-"), "One more thing", false, true);
    live.deliver(&again).await.expect(200).expect("taken");
    let state = agent
        .conversation(state.conversation_id)
        .await
        .expect("a conversation");
    assert_eq!(state.status.as_str(), "active");
}

#[tokio::test]
async fn a_conversation_is_assigned_to_members_only() {
    let live = Live::get();
    let agent = live.agent().await;
    let (_, state) = live.conversation("Hello").await;
    let me: Value = agent
        .get("/api/v1/me")
        .await
        .expect("an answer")
        .json()
        .expect("me");
    let me = me["user"]["id"]
        .as_str()
        .or(me["id"].as_str())
        .expect("an id")
        .to_owned();
    let path = format!("/api/v1/conversations/{}/assignee", state.conversation_id);
    let stranger: Value = live
        .other_admin()
        .await
        .get("/api/v1/me")
        .await
        .expect("an answer")
        .json()
        .expect("me");
    let stranger = stranger["user"]["id"]
        .as_str()
        .or(stranger["id"].as_str())
        .expect("an id")
        .to_owned();

    let answer = agent
        .post(&path, &json!({"assignee_id": stranger}))
        .await
        .expect("an answer");
    assert!(
        (400..500).contains(&answer.status),
        "{} {}",
        answer.status,
        answer.text()
    );
    agent
        .post(&path, &json!({"assignee_id": me}))
        .await
        .expect("an answer")
        .expect_success()
        .expect("assigned");
    let state = agent
        .conversation(state.conversation_id)
        .await
        .expect("a conversation");
    assert_eq!(state.assignee_id.map(|id| id.to_string()), Some(me));
    agent
        .post(&path, &json!({"assignee_id": null}))
        .await
        .expect("an answer")
        .expect_success()
        .expect("unassigned");
    let state = agent
        .conversation(state.conversation_id)
        .await
        .expect("a conversation");
    assert_eq!(state.assignee_id, None);
}

#[tokio::test]
async fn the_same_client_id_is_sent_once() {
    let live = Live::get();
    let agent = live.agent().await;
    let (_, state) = live.conversation("Hello").await;
    let path = format!("/api/v1/conversations/{}/messages", state.conversation_id);
    let body = json!({"text": "Only once", "client_id": unique("c-")});
    for _ in 0..3 {
        agent
            .post(&path, &body)
            .await
            .expect("an answer")
            .expect_success()
            .expect("taken");
    }
    let messages = agent
        .messages(state.conversation_id)
        .await
        .expect("messages");
    assert_eq!(messages.len(), 2);
}

#[tokio::test]
async fn the_document_lists_the_routes_that_are_there() {
    let live = Live::get();
    let agent = live.agent().await;
    let document: Value = agent
        .get("/openapi.json")
        .await
        .expect("an answer")
        .expect(200)
        .expect("a document")
        .json()
        .expect("JSON");
    assert!(
        document["openapi"]
            .as_str()
            .is_some_and(|version| version.starts_with("3."))
    );
    let paths = document["paths"].as_object().expect("paths");
    assert!(paths.len() > 20, "{}", paths.len());
    for path in paths.keys() {
        // With ids that are none, each is answered by its own handler: never by the page for unknown routes with 405.
        let concrete = path.replace("{channel}", "zendesk").replace(['{', '}'], "");
        let answer = agent
            .send(agent.request(Method::PATCH, &concrete))
            .await
            .expect("an answer");
        assert_eq!(
            answer.status, 405,
            "{path} is in the document, yet PATCH {concrete} says {}",
            answer.status
        );
    }
}

#[tokio::test]
async fn pages_are_served_with_their_headers() {
    let live = Live::get();
    for (path, expected) in [
        ("/", "text/html"),
        ("/console/", "text/html"),
        ("/demo/", "text/html"),
        ("/docs/", "text/html"),
        ("/widget.js", "javascript"),
    ] {
        let answer = live
            .public
            .get(path)
            .await
            .expect("an answer")
            .expect(200)
            .expect(path);
        let kind = answer.header("content-type").unwrap_or_default();
        assert!(kind.contains(expected), "{path}: {kind}");
        assert_eq!(
            answer.header("x-content-type-options"),
            Some("nosniff"),
            "{path}"
        );
        assert!(!answer.body.is_empty(), "{path}");
    }
}
