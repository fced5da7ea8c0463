//! Every frame that a client may send, with ids of another account in it: an error, or nothing, and nothing of the other
//! account comes.

use edgedesk_client::{ClientError, Edgedesk, Socket};
use edgedesk_domain::ids::ConversationId;
use edgedesk_integration::{Live, PATIENCE, eventually, unique};
use serde_json::{Value, json};

/// A visitor of a widget who has said something.
struct Visitor {
    conversation: ConversationId,
    token: String,
    socket: Socket,
}

impl Visitor {
    async fn of(live: &Live, inbox_key: &str, text: &str) -> Self {
        let session = live.public.widget_session(inbox_key).await;
        let session = session.expect("a session");
        let socket = live.public.widget_socket(&session.token).await;
        let mut visitor = Self {
            conversation: session.conversation_id,
            token: session.token,
            socket: socket.expect("a socket"),
        };
        visitor.say(text).await;
        visitor
    }

    async fn say(&mut self, text: &str) {
        let client_id = unique("c");
        self.socket.write(&client_id, text).await.expect("sent");
        let ack = |frame: &Value| frame["type"] == "ack" && frame["client_id"] == client_id;
        self.socket.wait_for(PATIENCE, ack).await.expect("an ack");
    }
}

/// Every type of frame, each with the other account's ids wherever a field could be looked for. `join` is last.
fn frames(other: &Live, conversation: ConversationId) -> Vec<Value> {
    let ids = json!({
        "account_id": other.stack.account_id, "conversation_id": conversation, "room": conversation,
        "inbox_id": other.stack.zendesk.inbox_id,
    });
    let with_ids = |mut frame: Value| {
        let fields = ids.as_object().expect("an object").clone();
        let object = frame.as_object_mut().expect("an object");
        for (name, value) in fields {
            object.entry(name).or_insert(value);
        }
        frame
    };
    let account = other.stack.account_id;
    [
        json!({ "type": "message.send", "client_id": unique("f"), "data": { "text": "forged", "account_id": account } }),
        json!({ "type": "resume", "seq": 0 }),
        json!({ "type": "typing.start" }),
        json!({ "type": "typing.stop" }),
        json!({ "type": "read", "seq": 1 }),
        json!({ "type": "presence.set", "away": false }),
        json!({ "type": "join", "room": format!("account:{account}") }),
        json!({ "type": "join", "room": format!("conversation:{conversation}") }),
        json!({ "type": "join", "room": conversation }),
    ]
    .map(with_ids)
    .to_vec()
}

/// Everything that came until a frame that `is_last` says yes to.
async fn until(socket: &mut Socket, is_last: impl Fn(&Value) -> bool) -> Vec<Value> {
    let mut seen = Vec::new();
    loop {
        let frame = socket.next(PATIENCE).await.expect("a frame");
        let ends = is_last(&frame);
        seen.push(frame);
        if ends {
            return seen;
        }
    }
}

#[track_caller]
fn nothing_of(other: &Live, secret: &str, conversation: ConversationId, seen: &[Value]) {
    for frame in seen {
        let text = frame.to_string();
        for foreign in [
            secret.to_owned(),
            conversation.to_string(),
            other.stack.account_id.to_string(),
        ] {
            assert!(!text.contains(&foreign), "{foreign} in {text}");
        }
    }
}

#[tokio::test]
async fn no_frame_with_another_accounts_ids_brings_anything_of_it() {
    let live = Live::get();
    let other = live.flipped();
    let secret = unique("Zanzibar");
    let mut theirs = Visitor::of(&other, &other.stack.widget.inbox_key, &secret).await;
    let mut ours = Visitor::of(&live, &live.stack.widget.inbox_key, "Hello").await;
    let agent = live.agent().await;
    let their_admin = other.admin().await;
    let their_log = their_admin.messages(theirs.conversation).await;
    let before = their_log.expect("messages").len();

    let mut desk = agent.desk_socket().await.expect("a socket");
    let mut room = agent.conversation_socket(ours.conversation).await;
    let room = room.as_mut().expect("a socket");
    let mut their_desk = their_admin.desk_socket().await.expect("a socket");
    for frame in frames(&other, theirs.conversation) {
        for socket in [&mut desk, &mut *room, &mut ours.socket] {
            socket.send(&frame).await.expect("sent");
        }
    }
    // Something happens over there, and their own desk hears of it.
    let news = format!("{secret} again");
    theirs.say(&news).await;
    let id = theirs.conversation.to_string();
    let hears = |frame: &Value| {
        frame["type"] == "conversation.updated" && frame["conversation_id"] == id.as_str()
    };
    their_desk.wait_for(PATIENCE, hears).await.expect("news");

    // An answer to a last frame: what was to come before it has come.
    let own_room = format!("account:{}", live.stack.account_id);
    let last = json!({ "type": "join", "room": own_room });
    desk.send(&last).await.expect("sent");
    let seen = until(&mut desk, |frame| frame["type"] == "joined").await;
    nothing_of(&other, &secret, theirs.conversation, &seen);
    // Four frames of conversations and a resume are for another socket, three joins for another account.
    let codes: Vec<_> = seen
        .iter()
        .filter(|frame| frame["type"] == "error")
        .map(|frame| frame["data"]["code"].as_str().unwrap_or_default())
        .collect();
    assert_eq!(codes[..5], ["unknown_type"; 5], "{codes:?}");
    assert_eq!(codes[5..], ["forbidden"; 3], "{codes:?}");

    for socket in [room, &mut ours.socket] {
        let client_id = unique("last");
        socket.write(&client_id, "The last").await.expect("sent");
        let is_ack = |frame: &Value| frame["type"] == "ack" && frame["client_id"] == client_id;
        let seen = until(socket, is_ack).await;
        nothing_of(&other, &secret, theirs.conversation, &seen);
        let n_errors = seen.iter().filter(|frame| frame["type"] == "error").count();
        assert_eq!(n_errors, 4, "presence and joins are a desk's: {seen:?}");
    }
    let after = their_admin.messages(theirs.conversation).await;
    let after = after.expect("messages");
    assert_eq!(
        after.len(),
        before + 1,
        "only their own visitor wrote there"
    );
}

async fn refused(caller: &Edgedesk, path: &str, expected: u16) {
    match Socket::open(caller.base(), path).await {
        Err(ClientError::Status { status, .. }) => assert_eq!(status, expected, "{path}"),
        Err(error) => panic!("{path}: {error}"),
        Ok(_) => panic!("{path} was opened"),
    }
}

#[tokio::test]
async fn no_ticket_or_token_opens_a_socket_of_another_account() {
    let live = Live::get();
    let other = live.flipped();
    let theirs = Visitor::of(&other, &other.stack.widget.inbox_key, "Hello").await;
    let ours = Visitor::of(&live, &live.stack.widget.inbox_key, "Hello").await;
    let agent = live.agent().await;
    // None is given for it, and one's own does not fit.
    match agent.socket_ticket(Some(theirs.conversation)).await {
        Err(ClientError::Status { status, .. }) => assert_eq!(status, 404),
        answer => panic!("{answer:?}"),
    }
    let path = |id: ConversationId| format!("/api/v1/conversations/{id}/socket");
    let of_ours = agent.socket_ticket(Some(ours.conversation)).await;
    let of_ours = of_ours.expect("a ticket");
    let of_desk = agent.socket_ticket(None).await.expect("a ticket");
    for ticket in [&of_ours, &of_desk, &ours.token, &theirs.token] {
        let path = path(theirs.conversation);
        refused(&agent, &format!("{path}?ticket={ticket}"), 401).await;
    }
    // Theirs opens their own, whoever brings it, and no other.
    let their_admin = other.admin().await;
    let of_theirs = their_admin.socket_ticket(Some(theirs.conversation)).await;
    let of_theirs = of_theirs.expect("a ticket");
    let own = path(ours.conversation);
    refused(&agent, &format!("{own}?ticket={of_theirs}"), 401).await;
    // A desk ticket has no name of an account in its path: it opens the desk of the account that it was given in.
    let mut desk = Socket::open(
        agent.base(),
        &format!(
            "/api/v1/desk/socket?ticket={of_desk}&account_id={}",
            live.other.account_id
        ),
    )
    .await
    .expect("a socket");
    let room = format!("account:{}", live.stack.account_id);
    desk.send(&json!({ "type": "join", "room": room }))
        .await
        .expect("sent");
    let joined = desk.wait_for_type(PATIENCE, "joined").await;
    assert_eq!(joined.expect("joined")["room"], room.as_str());
}

#[tokio::test]
async fn a_refused_join_is_in_the_own_accounts_audit_log_and_in_no_other() {
    let live = Live::get();
    let agent = live.agent().await;
    let me = agent.get("/api/v1/me").await.expect("an answer");
    let me: Value = me.json().expect("JSON");
    let user = me["user"]["id"].as_str().expect("an id").to_owned();
    let admin = live.admin().await;
    let entries = async |admin: &Edgedesk| {
        let path = "/api/v1/audit?action=room_join.refused&limit=1000";
        let answer = admin.get(path).await.expect("an answer");
        let list: Value = answer.expect(200).expect("entries").json().expect("JSON");
        list["entries"].as_array().expect("entries").clone()
    };
    let before = entries(&admin).await.len();
    let mut desk = agent.desk_socket().await.expect("a socket");
    let room = format!("account:{}", live.other.account_id);
    let join = json!({ "type": "join", "room": room });
    for _ in 0..3 {
        desk.send(&join).await.expect("sent");
        let error = desk.wait_for_type(PATIENCE, "error").await;
        assert_eq!(error.expect("an error")["data"]["code"], "forbidden");
    }
    let entry = eventually("the refused join is in the audit log", async || {
        let all = entries(&admin).await;
        (all.len() > before).then(|| all[0].clone())
    })
    .await;
    assert_eq!(entry["actor"], json!({ "kind": "user", "id": user }));
    assert_eq!(entry["outcome"], "refused");
    assert!(
        !entry
            .to_string()
            .contains(&live.other.account_id.to_string())
    );
    let theirs = entries(&live.other_admin().await).await;
    assert!(theirs.is_empty(), "{theirs:?}");
}
