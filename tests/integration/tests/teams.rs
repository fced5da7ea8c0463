//! Own-or-team access against the running Workers. The team, its member and the conversations are this test's own: nobody of
//! the seed is in the team, so that other tests miss nothing.

use edgedesk_client::stack::Login;
use edgedesk_client::{Answer, ClientError, Edgedesk};
use edgedesk_domain::ids::ConversationId;
use edgedesk_integration::{Live, PATIENCE, eventually, unique};
use reqwest::Method;
use serde_json::{Value, json};

const PASSWORD: &str = "a password of a test";

async fn send(caller: &Edgedesk, method: Method, path: &str, body: Option<&Value>) -> Answer {
    let request = caller.request(method, path);
    let request = match body {
        Some(body) => request.json(body),
        None => request,
    };
    caller.send(request).await.expect("an answer")
}

async fn made(caller: &Edgedesk, path: &str, body: &Value) -> Value {
    let answer = caller.post(path, body).await.expect("an answer");
    answer.expect_success().expect(path).json().expect("JSON")
}

/// Status and code of what somebody is refused.
fn refusal(answer: &Answer) -> (u16, String) {
    let code = answer.problem().map(|problem| problem.code);
    (answer.status, code.unwrap_or_default())
}

/// Somebody who answers customers and is in no team yet.
async fn new_agent(live: &Live, admin: &Edgedesk) -> (String, Edgedesk) {
    let email = format!("{}@example.com", unique("team-").to_lowercase());
    let invitation = made(
        admin,
        "/api/v1/invitations",
        &json!({ "email": email, "role": "agent" }),
    )
    .await;
    let link = invitation["link"].as_str().expect("a link");
    let token = link.rsplit('/').next().expect("a token");
    let body = json!({ "token": token, "name": "Tia Team", "password": PASSWORD });
    let accepted = made(&live.public, "/api/v1/auth/invitation", &body).await;
    let id = accepted["tokens"]["user"]["id"].as_str().expect("an id");
    let login = Login {
        email,
        password: PASSWORD.to_owned(),
    };
    let caller = live.public.login(&login).await.expect("a login");
    (id.to_owned(), caller)
}

async fn lists(caller: &Edgedesk, path: &str, list: &str, id: ConversationId) -> bool {
    let answer: Value = caller
        .get(path)
        .await
        .expect("an answer")
        .expect(200)
        .expect("200")
        .json()
        .expect("JSON");
    let rows = answer[list].as_array().expect("a list");
    rows.iter()
        .any(|row| row["conversation_id"] == id.to_string())
}

/// Whatever is asked about it, and with whatever.
async fn refuse_all(stranger: &Edgedesk, admin: &Edgedesk, id: ConversationId) {
    let path = format!("/api/v1/conversations/{id}");
    let message = admin.messages(id).await.expect("messages")[0]
        .message
        .message_id;
    let decision = format!("/messages/{message}/decision");
    let feedback = format!("/messages/{message}/feedback");
    let judged = json!({ "field": "sentiment", "value": "neutral" });
    for (method, part, body) in [
        (Method::GET, "", None),
        (Method::GET, "/messages", None),
        (Method::GET, "/analysis", None),
        (Method::GET, "/similar", None),
        (Method::GET, &decision, None),
        (
            Method::POST,
            "/messages",
            Some(json!({ "text": "Hello", "direction": "outgoing" })),
        ),
        (
            Method::POST,
            "/status",
            Some(json!({ "status": "resolved" })),
        ),
        (
            Method::POST,
            "/assignee",
            Some(json!({ "assignee_id": null })),
        ),
        (Method::POST, "/team", Some(json!({ "team_id": null }))),
        (Method::POST, "/read", Some(json!({ "read_seq": 1 }))),
        (Method::POST, &feedback, Some(judged)),
    ] {
        let answer = send(stranger, method, &format!("{path}{part}"), body.as_ref()).await;
        assert_eq!(refusal(&answer), (403, "other_team".to_owned()), "{part}");
    }
    let ticket_for_socket = json!({ "conversation_id": id });
    let answer = stranger.post("/api/v1/socket-tickets", &ticket_for_socket);
    let answer = answer.await.expect("an answer");
    assert_eq!(refusal(&answer), (403, "other_team".to_owned()));
}

#[tokio::test]
async fn another_teams_conversation_is_refused_everywhere_and_the_own_teams_is_not() {
    let live = Live::get();
    let (admin, stranger) = (live.admin().await, live.agent().await);
    let (_, state) = live.conversation("Where is my parcel?").await;
    let id = state.conversation_id;
    let path = format!("/api/v1/conversations/{id}");
    let (user_id, colleague) = new_agent(&live, &admin).await;
    let body = json!({ "name": unique("Team "), "member_ids": [user_id] });
    let team = made(&admin, "/api/v1/teams", &body).await;
    let team_id = team["id"].as_str().expect("an id");
    assert_eq!(team["members"][0]["name"], "Tia Team");
    let ticket = eventually("it has a ticket", async || {
        admin.conversation(id).await.ok()?.ticket_number
    })
    .await;

    let mut desk = stranger.desk_socket().await.expect("a desk");
    let mut socket = stranger.conversation_socket(id).await.expect("a socket");
    made(
        &admin,
        &format!("{path}/team"),
        &json!({ "team_id": team_id }),
    )
    .await;

    // What was open is told and closed.
    let frame = desk
        .wait_for(PATIENCE, |frame| {
            frame["conversation_id"] == id.to_string() && frame["type"] == "conversation.withdrawn"
        })
        .await;
    frame.expect("the desk says that it is gone");
    let end = socket.wait_for(PATIENCE, |_| false).await;
    assert!(
        matches!(end, Err(ClientError::Closed { code: 1008, .. })),
        "{end:?}"
    );

    refuse_all(&stranger, &admin, id).await;
    let by_number = format!("/api/v1/tickets/{ticket}");
    eventually("its ticket is refused too", async || {
        let answer = stranger.get(&by_number).await.expect("an answer");
        (refusal(&answer) == (403, "other_team".to_owned())).then_some(())
    })
    .await;
    let list = "/api/v1/conversations?limit=200";
    assert!(!lists(&stranger, list, "conversations", id).await);
    assert!(!lists(&stranger, "/api/v1/tickets?limit=200", "tickets", id).await);

    // Another account's is none.
    let answer = live
        .other_admin()
        .await
        .get(&path)
        .await
        .expect("an answer");
    assert_eq!(answer.status, 404);

    // The team sees it, and managers see how the team stands; agents do not.
    assert_eq!(
        colleague.conversation(id).await.expect("ours").seq,
        admin.conversation(id).await.expect("all").seq
    );
    assert!(lists(&colleague, list, "conversations", id).await);
    let figures = "/api/v1/teams/figures";
    let answer = colleague.get(figures).await.expect("an answer");
    assert_eq!(refusal(&answer), (403, "missing_permission".to_owned()));
    let all: Value = admin
        .get(figures)
        .await
        .expect("an answer")
        .json()
        .expect("JSON");
    let rows = all["teams"].as_array().expect("teams");
    let own = rows.iter().find(|row| row["team_id"] == team_id);
    assert_eq!(own.expect("a row")["open"], 1, "{all}");

    // What somebody is assigned is theirs, whatever the team, and goes to theirs.
    let assigned = json!({ "assignee_id": live_agent_id(&stranger).await });
    let after = made(&admin, &format!("{path}/assignee"), &assigned).await;
    assert_ne!(after["conversation"]["team_id"], team_id);
    assert!(stranger.conversation(id).await.is_ok());
    let answer = colleague.get(&path).await.expect("an answer");
    assert_eq!(refusal(&answer), (403, "other_team".to_owned()));

    let nobody = json!({ "assignee_id": null });
    made(&admin, &format!("{path}/assignee"), &nobody).await;
    made(&admin, &format!("{path}/team"), &json!({ "team_id": null })).await;
    for path in [
        format!("/api/v1/teams/{team_id}"),
        format!("/api/v1/members/{user_id}"),
    ] {
        let answer = send(&admin, Method::DELETE, &path, None).await;
        assert_eq!(answer.status, 204, "{path}");
    }
}

async fn live_agent_id(caller: &Edgedesk) -> String {
    let me: Value = caller
        .get("/api/v1/me")
        .await
        .expect("an answer")
        .json()
        .expect("JSON");
    me["user"]["id"].as_str().expect("an id").to_owned()
}
