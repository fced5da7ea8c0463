//! Sockets under bad input, after a drop, and in the wrong hands.

use std::time::Duration;

use edgedesk_client::{ClientError, Edgedesk, Socket};
use edgedesk_domain::ids::ConversationId;
use edgedesk_integration::{Live, PATIENCE, SILENCE};
use serde_json::{Value, json};

async fn widget(live: &Live) -> (ConversationId, String, Socket) {
    let session = live
        .public
        .widget_session(&live.stack.widget.inbox_key)
        .await
        .expect("a session");
    let socket = live
        .public
        .widget_socket(&session.token)
        .await
        .expect("a socket");
    (session.conversation_id, session.token, socket)
}

async fn say(socket: &mut Socket, client_id: &str, text: &str) -> u64 {
    socket.write(client_id, text).await.expect("sent");
    let ack = socket
        .wait_for(PATIENCE, |frame| {
            frame["type"] == "ack" && frame["client_id"] == client_id
        })
        .await
        .expect("an ack");
    ack["seq"].as_u64().expect("a seq")
}

#[tokio::test]
async fn a_wrong_frame_is_answered_and_the_socket_lives_on() {
    let live = Live::get();
    let (_, _, mut socket) = widget(&live).await;
    let table = [
        ("no JSON", "{".to_owned(), "bad_frame"),
        ("no object", "[1,2]".to_owned(), "bad_frame"),
        ("no type", "{}".to_owned(), "bad_frame"),
        ("an unknown type", json!({"type": "message.steal"}).to_string(), "unknown_type"),
        ("a resume without a seq", json!({"type": "resume"}).to_string(), "bad_frame"),
        ("a negative seq", json!({"type": "resume", "seq": -1}).to_string(), "bad_frame"),
        (
            "an empty text",
            json!({"type": "message.send", "client_id": "e", "data": {"text": " "}}).to_string(),
            "invalid_text",
        ),
        (
            "an empty client id",
            json!({"type": "message.send", "client_id": "", "data": {"text": "x"}}).to_string(),
            "invalid_client_id",
        ),
        (
            "a note of a customer",
            json!({"type": "message.send", "client_id": "n", "data": {"text": "x", "note": true}}).to_string(),
            "forbidden",
        ),
        (
            "101 kB",
            json!({"type": "message.send", "client_id": "l", "data": {"text": "x".repeat(101_000)}}).to_string(),
            "invalid_text",
        ),
    ];
    for (what, frame, code) in table {
        socket.send_text(frame).await.expect("sent");
        let error = socket
            .wait_for_type(PATIENCE, "error")
            .await
            .unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(error["data"]["code"], code, "{what}: {error}");
        assert!(
            error["data"]["detail"]
                .as_str()
                .is_some_and(|detail| !detail.is_empty()),
            "{what}"
        );
    }
    socket
        .send_binary(vec![0, 159, 146, 150])
        .await
        .expect("sent");
    let error = socket
        .wait_for_type(PATIENCE, "error")
        .await
        .expect("an error");
    assert_eq!(error["data"]["code"], "bad_frame");
    socket.send_text("ping").await.expect("sent");
    assert_eq!(socket.next_text(PATIENCE).await.expect("a pong"), "pong");
    say(&mut socket, "good", "still here").await;
}

#[tokio::test]
async fn a_frame_over_the_limit_closes_the_socket_with_1009() {
    let live = Live::get();
    let (_, token, mut socket) = widget(&live).await;
    let frame =
        json!({"type": "message.send", "client_id": "l", "data": {"text": "x".repeat(400_000)}});
    socket.send(&frame).await.expect("sent");
    let end = loop {
        match socket.next(PATIENCE).await {
            Ok(frame) => assert_eq!(frame["data"]["code"], "frame_too_large", "{frame}"),
            Err(error) => break error,
        }
    };
    assert!(
        matches!(end, ClientError::Closed { code: 1009, .. }),
        "{end}"
    );
    // The conversation is as well as before.
    let mut again = live.public.widget_socket(&token).await.expect("a socket");
    say(&mut again, "after", "small").await;
}

#[tokio::test]
async fn an_unusual_text_comes_back_as_it_went() {
    let live = Live::get();
    let (id, _, mut socket) = widget(&live).await;
    let texts = ["😡😡🔥", "x\u{1}\u{2028}y", "é".repeat(50_000).leak()];
    for (index, text) in texts.iter().enumerate() {
        say(&mut socket, &format!("c{index}"), text).await;
    }
    say(&mut socket, "nul", "a\0b").await;
    let messages = live.agent().await.messages(id).await.expect("messages");
    let found: Vec<_> = messages
        .iter()
        .map(|view| view.message.text.as_str())
        .collect();
    assert_eq!(found, [texts[0], texts[1], texts[2], "ab"]);
}

#[tokio::test]
async fn resuming_misses_nothing_and_repeats_nothing() {
    let live = Live::get();
    let agent = live.agent().await;
    let (id, token, mut socket) = widget(&live).await;
    let mut seqs = Vec::new();
    for n in 0..5 {
        seqs.push(say(&mut socket, &format!("before-{n}"), "before the drop").await);
    }
    let last = *seqs.last().expect("five");
    socket.close().await;

    let path = format!("/api/v1/conversations/{id}/messages");
    for n in 0..30 {
        let body = json!({"text": format!("while away {n}")});
        agent
            .post(&path, &body)
            .await
            .expect("an answer")
            .expect_success()
            .expect("taken");
    }
    let mut socket = live.public.widget_socket(&token).await.expect("a socket");
    // The same message again, as after a drop before the ack.
    assert_eq!(say(&mut socket, "before-4", "before the drop").await, last);

    socket
        .send(&json!({"type": "resume", "seq": last}))
        .await
        .expect("sent");
    let mut texts = Vec::new();
    let mut previous = last;
    loop {
        let frame = socket.next(PATIENCE).await.expect("a frame");
        match frame["type"].as_str() {
            Some("resumed") => break,
            Some("message.created") => {
                texts.push(frame["data"]["text"].as_str().expect("a text").to_owned());
            }
            _ => {}
        }
        if let Some(seq) = frame["seq"].as_u64() {
            assert!(seq > previous, "{seq} after {previous}");
            previous = seq;
        }
    }
    let expected: Vec<_> = (0..30).map(|n| format!("while away {n}")).collect();
    assert_eq!(texts, expected);
}

#[tokio::test]
async fn an_agent_who_resumes_sees_every_seq_of_the_log() {
    let live = Live::get();
    let agent = live.agent().await;
    let (id, _, mut socket) = widget(&live).await;
    for n in 0..10 {
        say(&mut socket, &n.to_string(), "Thank you").await;
    }
    let mut room = agent.conversation_socket(id).await.expect("a socket");
    room.send(&json!({"type": "resume", "seq": 0}))
        .await
        .expect("sent");
    let (mut seqs, mut head) = (Vec::new(), None);
    while head.is_none() {
        let frame = room.next(PATIENCE).await.expect("a frame");
        match frame["type"].as_str() {
            Some("resumed") => head = frame["seq"].as_u64(),
            _ => seqs.extend(frame["seq"].as_u64()),
        }
    }
    let head = head.expect("a head");
    // Events that were logged meanwhile may stand after those that were asked for.
    let asked: Vec<u64> = seqs.into_iter().filter(|seq| *seq <= head).collect();
    assert_eq!(asked, (1..=head).collect::<Vec<u64>>());
}

#[tokio::test]
async fn a_ticket_opens_one_socket() {
    let live = Live::get();
    let agent = live.agent().await;
    let (id, _, mut socket) = widget(&live).await;
    say(&mut socket, "c", "Hi").await;
    for (path, conversation) in [
        ("/api/v1/desk/socket".to_owned(), None),
        (format!("/api/v1/conversations/{id}/socket"), Some(id)),
    ] {
        let ticket = agent.socket_ticket(conversation).await.expect("a ticket");
        let path = format!("{path}?ticket={ticket}");
        let first = Socket::open(agent.base(), &path).await.expect("a socket");
        refused(&agent, &path, 401).await;
        first.close().await;
        refused(&agent, &path, 401).await;
    }
}

#[tokio::test]
async fn wrong_tickets_and_tokens_open_nothing() {
    let live = Live::get();
    let agent = live.agent().await;
    let (id, token, mut socket) = widget(&live).await;
    say(&mut socket, "c", "Hi").await;
    let (other_id, _, mut other_socket) = widget(&live).await;
    say(&mut other_socket, "c", "Hi").await;

    let desk_ticket = agent.socket_ticket(None).await.expect("a ticket");
    refused(
        &agent,
        &format!("/api/v1/conversations/{id}/socket?ticket={desk_ticket}"),
        401,
    )
    .await;
    let ticket = agent.socket_ticket(Some(id)).await.expect("a ticket");
    refused(
        &agent,
        &format!("/api/v1/conversations/{other_id}/socket?ticket={ticket}"),
        401,
    )
    .await;
    refused(&agent, &format!("/api/v1/desk/socket?ticket={ticket}"), 401).await;
    for path in [
        "/api/v1/desk/socket".to_owned(),
        "/api/v1/desk/socket?ticket=".to_owned(),
        "/api/v1/desk/socket?ticket=x.y.z".to_owned(),
        format!("/api/v1/desk/socket?ticket={token}"),
        "/widget/v1/socket".to_owned(),
        format!("/widget/v1/socket?token={ticket}"),
        format!("/widget/v1/socket?token={token}x"),
    ] {
        refused(&agent, &path, 401).await;
    }
    // A visitor's token is for their own conversation, whatever the query says besides.
    let path = format!("/widget/v1/socket?token={token}&conversation_id={other_id}");
    let mut own = Socket::open(agent.base(), &path).await.expect("a socket");
    own.send(&json!({"type": "resume", "seq": 0}))
        .await
        .expect("sent");
    let created = own
        .wait_for_type(PATIENCE, "conversation.created")
        .await
        .expect("an event");
    assert_eq!(created["conversation_id"], id.to_string());
    // A frame cannot name another conversation either.
    let forged = json!({"type": "message.send", "client_id": "f", "conversation_id": other_id, "data": {"text": "forged", "conversation_id": other_id}});
    own.send(&forged).await.expect("sent");
    own.wait_for(PATIENCE, |frame| frame["client_id"] == "f")
        .await
        .expect("an answer");
    let messages = agent.messages(other_id).await.expect("messages");
    assert!(messages.iter().all(|view| view.message.text != "forged"));
}

#[tokio::test]
async fn a_plain_request_to_a_socket_is_told_to_upgrade() {
    let live = Live::get();
    let (_, token, _socket) = widget(&live).await;
    let answer = live
        .public
        .get(&format!("/widget/v1/socket?token={token}"))
        .await
        .expect("an answer");
    assert_eq!(answer.status, 426, "{}", answer.text());
    assert_eq!(
        answer.problem().expect("a problem").code,
        "upgrade_required"
    );
}

#[tokio::test]
async fn a_desk_socket_stays_in_its_own_account() {
    let live = Live::get();
    let mut desk = live.agent().await.desk_socket().await.expect("a socket");
    let room = format!("account:{}", live.other.account_id);
    desk.send(&json!({"type": "join", "room": room}))
        .await
        .expect("sent");
    let error = desk
        .wait_for_type(PATIENCE, "error")
        .await
        .expect("an error");
    assert_eq!(error["data"]["code"], "forbidden");

    let session = live
        .public
        .widget_session(&live.other.widget.inbox_key)
        .await
        .expect("a session");
    let mut stranger = live
        .public
        .widget_socket(&session.token)
        .await
        .expect("a socket");
    say(&mut stranger, "c", "a secret of the other account").await;
    let leaked = desk
        .wait_for(Duration::from_secs(2).max(SILENCE), |frame: &Value| {
            frame["conversation_id"] == session.conversation_id.to_string()
        })
        .await;
    assert!(matches!(leaked, Err(ClientError::Timeout(_))), "{leaked:?}");
}

#[tokio::test]
async fn colleagues_see_who_is_here_and_who_is_away() {
    let live = Live::get();
    let mut watching = live.admin().await.desk_socket().await.expect("a socket");
    let mut agent = live.agent().await.desk_socket().await.expect("a socket");
    agent
        .send(&json!({"type": "presence.set", "away": true}))
        .await
        .expect("sent");
    let is_away = |frame: &Value| {
        let agents = frame["data"]["agents"].as_array();
        frame["type"] == "presence.changed"
            && agents.is_some_and(|agents| {
                agents
                    .iter()
                    .any(|one| one["away"] == true && one["online"] == true)
            })
    };
    watching
        .wait_for(PATIENCE, is_away)
        .await
        .expect("the admin sees it");
    agent
        .send(&json!({"type": "presence.set", "away": false}))
        .await
        .expect("sent");
}

async fn refused(caller: &Edgedesk, path: &str, expected: u16) {
    match Socket::open(caller.base(), path).await {
        Err(ClientError::Status { status, .. }) => assert_eq!(status, expected, "{path}"),
        Err(error) => panic!("{path}: {error}"),
        Ok(_) => panic!("{path} was opened"),
    }
}
