//! Sockets end with their session, and when what it may do changes.

use std::time::Duration;

use edgedesk_client::{ClientError, Edgedesk, Socket};
use edgedesk_integration::{Live, PATIENCE, unique};
use reqwest::Method;
use serde_json::{Value, json};

/// Within which a socket of a conversation ends, and time for a busy machine.
const BOUND: Duration = Duration::from_mins(1);

/// Reads on until the socket is closed, and says how.
async fn closed(socket: &mut Socket, within: Duration) -> (u16, String) {
    let reading = async {
        loop {
            match socket.next_text(within).await {
                Ok(_) => {}
                Err(ClientError::Closed { code, reason }) => break (code, reason),
                Err(error) => panic!("not closed: {error}"),
            }
        }
    };
    let closed = tokio::time::timeout(within, reading).await;
    closed.expect("closed within the bound")
}

fn over() -> (u16, String) {
    (4001, "session_over".to_owned())
}

#[tokio::test]
async fn logging_out_ends_the_sockets_of_the_session_and_no_other() {
    let live = Live::get();
    let (_, conversation) = live.conversation("Is somebody there?").await;
    let id = conversation.conversation_id;
    let tokens = live.public.tokens(&live.stack.agent).await.expect("tokens");
    let agent = live.public.with_token(&tokens.access_token);
    let ticket = agent.socket_ticket(None).await.expect("a ticket");
    let mut desk = agent.desk_socket().await.expect("a socket");
    let mut thread = agent.conversation_socket(id).await.expect("a socket");
    let other = live.agent().await;
    let mut others = other.desk_socket().await.expect("a socket");

    let body = json!({ "refresh_token": tokens.refresh_token });
    let out = live.public.post("/api/v1/auth/logout", &body).await;
    assert_eq!(out.expect("an answer").status, 204);
    // The desk is told; the conversation finds out by itself.
    assert_eq!(closed(&mut desk, PATIENCE).await, over());
    assert_eq!(closed(&mut thread, BOUND).await, over());
    // A ticket of before opens nothing.
    let path = format!("/api/v1/desk/socket?ticket={ticket}");
    let refused = Socket::open(live.public.base(), &path).await;
    assert!(matches!(
        refused,
        Err(ClientError::Status { status: 401, .. })
    ));
    // The other session of the same person goes on.
    let mine = other.get("/api/v1/me").await.expect("an answer");
    assert_eq!(mine.status, 200);
    others
        .send(&json!({"type": "join", "room": "none"}))
        .await
        .expect("open");
    let answer = others.wait_for_type(PATIENCE, "error").await;
    answer.expect("it is open");
}

/// Somebody new: their id, and who they are.
async fn new_member(live: &Live, admin: &Edgedesk) -> (String, Edgedesk) {
    let email = format!("{}@example.com", unique("leaving-"));
    let body = json!({ "email": email, "role": "agent" });
    let answer = admin.post("/api/v1/invitations", &body).await;
    let sent: Value = answer.expect("an answer").json().expect("JSON");
    let link = sent["link"].as_str().expect("a link");
    let (_, token) = link.split_once("/console/#/invitation/").expect("a token");
    let body = json!({ "token": token, "name": "Zoe Test", "password": "a password of a test" });
    let answer = live.public.post("/api/v1/auth/invitation", &body).await;
    let accepted: Value = answer.expect("an answer").json().expect("JSON");
    let tokens = &accepted["tokens"];
    let access_token = tokens["access_token"].as_str().expect("a token");
    let id = tokens["user"]["id"].as_str().expect("an id").to_owned();
    (id, live.public.with_token(access_token))
}

#[tokio::test]
async fn another_role_another_team_and_the_end_of_a_membership_end_sockets() {
    let live = Live::get();
    let admin = live.admin().await;
    let (id, member) = new_member(&live, &admin).await;
    let changed = (4002, "rights_changed".to_owned());

    let mut socket = member.desk_socket().await.expect("a socket");
    let request = admin.request(Method::PUT, &format!("/api/v1/members/{id}/role"));
    let answer = admin
        .send(request.json(&json!({ "role": "read_only" })))
        .await;
    assert_eq!(answer.expect("an answer").status, 204);
    assert_eq!(closed(&mut socket, PATIENCE).await, changed);

    let mut socket = reopened(&member).await;
    let body = json!({ "name": unique("Team "), "member_ids": [id] });
    let team = admin.post("/api/v1/teams", &body).await.expect("an answer");
    let team: Value = team.expect(201).expect("a team").json().expect("JSON");
    assert_eq!(closed(&mut socket, PATIENCE).await, changed);

    let mut socket = reopened(&member).await;
    let path = format!("/api/v1/members/{id}");
    let removed = admin.send(admin.request(Method::DELETE, &path)).await;
    assert_eq!(removed.expect("an answer").status, 204);
    assert_eq!(closed(&mut socket, PATIENCE).await, over());
    let path = format!("/api/v1/teams/{}", team["id"].as_str().expect("an id"));
    let deleted = admin.send(admin.request(Method::DELETE, &path)).await;
    assert_eq!(deleted.expect("an answer").status, 204);
}

/// A socket with the rights of now. An isolate may know those of before for some seconds, and then it is closed again.
async fn reopened(member: &Edgedesk) -> Socket {
    edgedesk_integration::eventually("a socket stays open", async || {
        let mut socket = member.desk_socket().await.ok()?;
        socket
            .send(&json!({"type": "join", "room": "none"}))
            .await
            .ok()?;
        let answer = socket.wait_for_type(PATIENCE, "error").await;
        answer.is_ok().then_some(socket)
    })
    .await
}
