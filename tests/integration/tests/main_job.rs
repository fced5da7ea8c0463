//! The main job: a message comes in, is understood, and reaches an agent live.

use edgedesk_client::zendesk::Delivery;
use edgedesk_domain::conversation::Priority;
use edgedesk_domain::message::Direction;
use edgedesk_integration::{Live, PATIENCE, SILENCE, eventually, unique};
use serde_json::{Value, json};

const ANGRY: &str =
    "This is the worst service I have ever had. I am furious, I want a manager right now!";
const HAPPY: &str = "Thank you so much, you are wonderful, everything works perfectly!";

#[tokio::test]
async fn a_webhook_reaches_the_desk_live_and_d1_afterwards() {
    let live = Live::get();
    let agent = live.agent().await;
    let mut desk = agent.desk_socket().await.expect("a desk socket");

    let ticket = live.ticket();
    let body = ticket.created(&unique("evt-"), "Broken again", ANGRY);
    let answer = live.deliver(&body).await.expect(200).expect("taken");
    let receipt: Value = answer.json().expect("a receipt");
    assert_eq!(receipt["received"], true);
    assert_eq!(receipt["duplicate"], false);

    let updated = desk
        .wait_for(PATIENCE, |frame| {
            frame["type"] == "conversation.updated" && frame["data"]["external_id"] == ticket.id
        })
        .await
        .expect("the desk hears of it");
    let id = updated["conversation_id"]
        .as_str()
        .expect("an id")
        .parse()
        .expect("an id");
    let analysed = desk
        .wait_for(PATIENCE, |frame| {
            frame["conversation_id"] == updated["conversation_id"]
                && frame["data"]["sentiment"].is_object()
        })
        .await
        .expect("the desk hears of the mood");
    assert_eq!(analysed["data"]["sentiment"]["polarity"], "negative");

    let mut room = agent.conversation_socket(id).await.expect("a socket");
    room.send(&json!({"type": "resume", "seq": 0}))
        .await
        .expect("sent");
    let message = room
        .wait_for_type(PATIENCE, "message.created")
        .await
        .expect("a message");
    assert_eq!(message["data"]["text"], ANGRY);
    assert_eq!(message["data"]["direction"], "incoming");
    assert_eq!(message["seq"], receipt["seq"]);
    assert_eq!(message["data"]["message_id"], receipt["message_id"]);
    let analysis = room
        .wait_for_type(PATIENCE, "message.analyzed")
        .await
        .expect("an analysis");
    assert_eq!(analysis["data"]["message_id"], receipt["message_id"]);
    let analysis = &analysis["data"]["analysis"];
    assert_eq!(analysis["sentiment"]["polarity"], "negative");
    assert!(
        analysis["sentiment"]["score"]
            .as_f64()
            .is_some_and(|score| score < -0.2),
        "{analysis}"
    );
    assert!(!analysis["reasons"].as_array().expect("reasons").is_empty());
    assert!(
        !analysis["model"]["version"]
            .as_str()
            .expect("a version")
            .is_empty()
    );

    let state = eventually(
        "D1 has the conversation, its mood and its ticket",
        async || {
            agent
                .by_external_id(live.stack.zendesk.inbox_id, &ticket.id)
                .await
                .expect("a list")
                .filter(|state| state.sentiment.is_some() && state.ticket_number.is_some())
        },
    )
    .await;
    assert_eq!(state.conversation_id, id);
    assert_eq!(state.n_messages, 1);
    assert_eq!(state.subject.as_deref(), Some("Broken again"));
    let messages = agent.messages(id).await.expect("messages");
    assert_eq!(messages.len(), 1);
    assert!(messages[0].analysis.is_some());
    let number = state.ticket_number.expect("a number");
    let found = agent
        .get(&format!("/api/v1/tickets/{number}"))
        .await
        .expect("an answer");
    let found: Value = found
        .expect(200)
        .expect("the ticket")
        .json()
        .expect("a ticket");
    assert_eq!(found["ticket"]["conversation_id"], id.to_string());
}

#[tokio::test]
async fn widget_and_agent_talk_and_notes_stay_private() {
    let live = Live::get();
    let agent = live.agent().await;
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
    widget.write("c-1", HAPPY).await.expect("sent");
    let ack = widget.wait_for_type(PATIENCE, "ack").await.expect("an ack");
    assert_eq!(ack["client_id"], "c-1");

    let id = session.conversation_id;
    let mut room = agent.conversation_socket(id).await.expect("a socket");
    room.send(&json!({"type": "resume", "seq": 0}))
        .await
        .expect("sent");
    let message = room
        .wait_for_type(PATIENCE, "message.created")
        .await
        .expect("a message");
    assert_eq!(message["data"]["client_id"], "c-1");
    assert_eq!(message["seq"], ack["seq"]);
    let analysis = room
        .wait_for_type(PATIENCE, "message.analyzed")
        .await
        .expect("an analysis");
    assert_eq!(
        analysis["data"]["analysis"]["sentiment"]["polarity"],
        "positive"
    );

    let path = format!("/api/v1/conversations/{id}/messages");
    for (text, direction) in [("between us", "note"), ("My pleasure!", "outgoing")] {
        let body = json!({"text": text, "direction": direction, "client_id": unique("a-")});
        agent
            .post(&path, &body)
            .await
            .expect("an answer")
            .expect_success()
            .expect("taken");
    }
    let reply = widget
        .wait_for(PATIENCE, |frame| {
            frame["type"] == "message.created" && frame["data"]["client_id"] != "c-1"
        })
        .await
        .expect("a reply");
    // The note was first: had it been for the customer's eyes, it would have come first.
    assert_eq!(reply["data"]["text"], "My pleasure!");

    widget
        .send(&json!({"type": "resume", "seq": 0}))
        .await
        .expect("sent");
    let mut seen = Vec::new();
    loop {
        let frame = widget.next(PATIENCE).await.expect("a frame");
        if frame["type"] == "resumed" {
            break;
        }
        seen.push(frame);
    }
    for private in [
        "message.analyzed",
        "conversation.assigned",
        "escalation.detected",
        "ticket.opened",
    ] {
        assert!(
            seen.iter().all(|frame| frame["type"] != private),
            "{private}: {seen:?}"
        );
    }
    assert!(
        seen.iter()
            .all(|frame| frame["data"]["direction"] != "note"),
        "{seen:?}"
    );

    // A note is never analysed as the customer's.
    let messages = agent.messages(id).await.expect("messages");
    let note = messages
        .iter()
        .find(|view| view.message.direction == Direction::Note)
        .expect("the note");
    assert!(note.analysis.is_none());
}

#[tokio::test]
async fn a_private_zendesk_note_is_stored_and_not_analysed() {
    let live = Live::get();
    let (ticket, state) = live.conversation("Where is my order?").await;
    let note = ticket.comment(
        &unique("evt-"),
        "Customer is difficult, terrible history",
        true,
        false,
    );
    live.deliver(&note).await.expect(200).expect("taken");
    let agent_reply = ticket.comment(&unique("evt-"), "It is on its way.", true, true);
    live.deliver(&agent_reply).await.expect(200).expect("taken");

    let agent = live.agent().await;
    let messages = eventually(
        "all three are there and the customer's is analysed",
        async || {
            let messages = agent
                .messages(state.conversation_id)
                .await
                .expect("messages");
            (messages.len() == 3 && messages[0].analysis.is_some()).then_some(messages)
        },
    )
    .await;
    let directions: Vec<_> = messages.iter().map(|view| view.message.direction).collect();
    assert_eq!(
        directions,
        [Direction::Incoming, Direction::Note, Direction::Outgoing]
    );
    assert!(messages[1].analysis.is_none() && messages[2].analysis.is_none());
}

#[tokio::test]
async fn a_conversation_that_goes_wrong_raises_an_alert_once() {
    let live = Live::get();
    let (ticket, state) = live.conversation("Where is my order?").await;
    for text in [
        "I have been waiting for three weeks and nobody answers me. This is awful.",
        ANGRY,
        "Unacceptable! I hate this company. I will go to my lawyer and tell everyone how terrible you are!",
    ] {
        let body = ticket.comment(&unique("evt-"), text, false, true);
        live.deliver(&body).await.expect(200).expect("taken");
    }
    let agent = live.agent().await;
    let state = eventually("an alert stands", async || {
        let state = agent
            .conversation(state.conversation_id)
            .await
            .expect("a conversation");
        (state.escalation_alerted && state.unanalyzed.is_empty()).then_some(state)
    })
    .await;
    assert!(state.escalation_risk > 0.7, "{}", state.escalation_risk);

    let mut room = agent
        .conversation_socket(state.conversation_id)
        .await
        .expect("a socket");
    room.send(&json!({"type": "resume", "seq": 0}))
        .await
        .expect("sent");
    let (mut alerts, mut trend) = (0, Value::Null);
    loop {
        let frame = room.next(PATIENCE).await.expect("a frame");
        match frame["type"].as_str() {
            Some("escalation.detected") => alerts += 1,
            Some("message.analyzed") => {
                trend = frame["data"]["analysis"]["sentiment"]["trend"].clone();
            }
            Some("resumed") => break,
            _ => {}
        }
    }
    assert_eq!(alerts, 1);
    assert_eq!(trend, "declining");
}

#[tokio::test]
async fn changes_at_zendesk_are_seen_on_the_conversation() {
    let live = Live::get();
    let (ticket, state) = live.conversation("Please help").await;
    let changes = [
        ("priority_changed", "NORMAL", "URGENT"),
        ("agent_assignment_changed", "", "8447388090495"),
        ("status_changed", "OPEN", "SOLVED"),
    ];
    for (kind, previous, current) in changes {
        let body = ticket.changed(&unique("evt-"), kind, previous, current);
        live.deliver(&body).await.expect(200).expect("taken");
    }
    let agent = live.agent().await;
    let state = agent
        .conversation(state.conversation_id)
        .await
        .expect("a conversation");
    assert_eq!(state.status.as_str(), "resolved");
    assert_eq!(state.priority.map(Priority::as_str), Some("urgent"));
    assert_eq!(
        state
            .external_status
            .as_deref()
            .map(str::to_lowercase)
            .as_deref(),
        Some("solved")
    );

    // The customer writes again: it is active again.
    let again = ticket.comment(&unique("evt-"), "It is broken again", false, true);
    live.deliver(&again).await.expect(200).expect("taken");
    let state = agent
        .conversation(state.conversation_id)
        .await
        .expect("a conversation");
    assert_eq!(state.status.as_str(), "active");
}

#[tokio::test]
async fn messaging_events_and_trigger_bodies_become_messages() {
    let live = Live::get();
    let agent = live.agent().await;
    let messaging = live.ticket();
    let bodies = [
        messaging.messaging(&unique("evt-"), "end_user", "Hello from messaging"),
        messaging.messaging(&unique("evt-"), "agent", "Hello back"),
    ];
    for body in &bodies {
        live.deliver(body).await.expect(200).expect("taken");
    }
    let trigger = live.ticket();
    let body = trigger.trigger(&unique("c"), "Hello from a trigger");
    live.deliver(&body).await.expect(200).expect("taken");

    for (ticket, expected) in [
        (&messaging, vec!["Hello from messaging", "Hello back"]),
        (&trigger, vec!["Hello from a trigger"]),
    ] {
        let state = eventually("the conversation is in D1", async || {
            agent
                .by_external_id(live.stack.zendesk.inbox_id, &ticket.id)
                .await
                .expect("a list")
        })
        .await;
        let messages = agent
            .messages(state.conversation_id)
            .await
            .expect("messages");
        let texts: Vec<_> = messages
            .iter()
            .map(|view| view.message.text.as_str())
            .collect();
        assert_eq!(texts, expected);
    }
}

#[tokio::test]
async fn what_is_delivered_twice_is_there_once() {
    let live = Live::get();
    let (ticket, state) = live.conversation("First").await;
    let event_id = unique("evt-");
    let comment = ticket.comment(&event_id, "Only once", false, true);
    let delivery = Delivery::of(unique("inv-"), &comment);
    let mut receipts = Vec::new();
    // The same invocation again, as after a timeout; and the same event under another invocation.
    let again = Delivery {
        invocation_id: unique("inv-"),
        ..delivery.clone()
    };
    for delivery in [&delivery, &delivery, &again] {
        let answer = live
            .public
            .deliver(&live.stack.zendesk, delivery)
            .await
            .expect("an answer");
        receipts.push(
            answer
                .expect(200)
                .expect("taken")
                .json::<Value>()
                .expect("a receipt"),
        );
    }
    assert_eq!(receipts[0]["duplicate"], false);
    for receipt in &receipts[1..] {
        assert_eq!(receipt["duplicate"], true);
        assert_eq!(receipt["seq"], receipts[0]["seq"]);
    }
    let agent = live.agent().await;
    let messages = agent
        .messages(state.conversation_id)
        .await
        .expect("messages");
    let copies = messages
        .iter()
        .filter(|view| view.message.text == "Only once")
        .count();
    assert_eq!(copies, 1);
}

#[tokio::test]
async fn an_event_of_an_unknown_type_is_stored_and_ignored() {
    let live = Live::get();
    let (ticket, state) = live.conversation("Hello").await;
    let unknown = ticket.event(
        &unique("evt-"),
        "ticket.followers_changed",
        &json!({"added": ["1"]}),
    );
    live.deliver(&unknown).await.expect(200).expect("taken");
    let agent = live.agent().await;
    let mut room = agent
        .conversation_socket(state.conversation_id)
        .await
        .expect("a socket");
    room.send(&json!({"type": "resume", "seq": 0}))
        .await
        .expect("sent");
    let kept = room
        .wait_for_type(PATIENCE, "provider_event.received")
        .await
        .expect("the event is kept");
    assert!(kept.to_string().contains("followers_changed"), "{kept}");
    assert_eq!(
        agent
            .messages(state.conversation_id)
            .await
            .expect("messages")
            .len(),
        1
    );

    // One that is not about a ticket belongs to no conversation: admins find it among the deliveries.
    let user_event = json!({"id": unique("evt-"), "type": "zen:event-type:user.created", "subject": "zen:user:1",
        "time": "2025-01-08T10:12:07Z", "account_id": 1, "detail": {"id": "1"}, "event": {}});
    live.deliver(&user_event).await.expect(200).expect("taken");
    let path = format!("/api/v1/inboxes/{}/deliveries", live.stack.zendesk.inbox_id);
    let deliveries = live
        .admin()
        .await
        .get(&path)
        .await
        .expect("an answer")
        .expect(200)
        .expect("a list");
    assert!(
        deliveries.text().contains("user.created"),
        "{}",
        deliveries.text()
    );
}

#[tokio::test]
async fn typing_and_reading_are_seen_by_the_other_side() {
    let live = Live::get();
    let agent = live.agent().await;
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
    widget.write("c-1", "Hi").await.expect("sent");
    let ack = widget.wait_for_type(PATIENCE, "ack").await.expect("an ack");
    let mut room = agent
        .conversation_socket(session.conversation_id)
        .await
        .expect("a socket");

    widget
        .send(&json!({"type": "typing.start"}))
        .await
        .expect("sent");
    let typing = room
        .wait_for_type(PATIENCE, "typing.changed")
        .await
        .expect("typing");
    assert_eq!(typing["data"]["typing"], true);
    assert_eq!(typing["data"]["actor"]["kind"], "customer");

    room.send(&json!({"type": "read", "seq": ack["seq"]}))
        .await
        .expect("sent");
    let read = widget
        .wait_for_type(PATIENCE, "conversation.read")
        .await
        .expect("a read mark");
    assert_eq!(read["data"]["read_seq"], ack["seq"]);
    let state = agent
        .conversation(session.conversation_id)
        .await
        .expect("a conversation");
    assert_eq!(state.n_unread, 0);

    // Nobody is told of their own typing.
    room.send(&json!({"type": "typing.start"}))
        .await
        .expect("sent");
    let own = room
        .wait_for(SILENCE, |frame| {
            frame["type"] == "typing.changed" && frame["data"]["actor"]["kind"] == "agent"
        })
        .await;
    assert!(own.is_err(), "{own:?}");
}
