//! Each payload of Zendesk's reference, and the template for triggers, against the value it means.

use proptest::prelude::*;
use serde_json::json;

use super::*;

/// Zendesk's own sample of `ticket.created`, with the fields that matter here.
const CREATED: &str = include_str!("samples/ticket_created.json");
const COMMENT_ADDED: &str = include_str!("samples/ticket_comment_added.json");
const MESSAGE_ADDED: &str = include_str!("samples/messaging_message_added.json");
/// The template that admins get, with its placeholders filled.
const TRIGGER: &str = include_str!("samples/trigger_ticket_updated.json");

const OURS: Option<&str> = Some("999");

fn read(body: &Value) -> Delivery {
    parse(body.to_string().as_bytes(), OURS).unwrap()
}

fn sample(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// The inbound half of a delivery about a ticket.
fn inbound(body: &Value) -> Inbound {
    match read(body) {
        Delivery::Ticket { inbound, .. } => *inbound,
        other @ Delivery::Unthreaded { .. } => panic!("not about a ticket: {other:?}"),
    }
}

fn check(body: &Value, expected: &Value) {
    let Delivery::Ticket {
        inbound,
        requester_id,
    } = read(body)
    else {
        panic!("not about a ticket: {body}");
    };
    let actual = json!({ "requester_id": requester_id, "inbound": inbound });
    assert_eq!(
        &actual,
        expected,
        "\n{}",
        serde_json::to_string_pretty(&actual).unwrap()
    );
}

#[test]
fn a_new_ticket_is_its_requesters_first_message() {
    check(
        &sample(CREATED),
        &json!({
            "requester_id": "8447388090494",
            "inbound": {
                "channel": "zendesk",
                "thread": "5158",
                "dedup_keys": ["zendesk:event:cbe4028c-7239-495d-b020-f22348516046"],
                "content": {
                    "kind": "message",
                    "direction": "incoming",
                    "sender": { "side": "customer", "external_id": "8447388090494", "name": null, "email": null },
                    "text": "Cannot log in to the mobile app",
                    "external_id": null,
                    "sent_at": "2025-01-08T10:12:07.672Z",
                    "subject": "Cannot login to mobile app",
                    "ticket": { "status": "open", "priority": "high", "assignee_external_id": "8447388090494" },
                },
            },
        }),
    );
}

#[test]
fn a_private_new_ticket_is_a_note_of_its_submitter() {
    let mut body = sample(CREATED);
    body["detail"]["is_public"] = json!(false);
    body["detail"]["submitter_id"] = json!("77");
    let InboundContent::Message(message) = inbound(&body).content else {
        panic!("not a message");
    };
    assert_eq!(message.direction, Direction::Note);
    assert_eq!(
        (message.sender.side, message.sender.external_id.as_str()),
        (SenderSide::Agent, "77")
    );
}

#[test]
fn a_new_ticket_without_a_description_is_a_change() {
    let mut body = sample(CREATED);
    body["detail"]["description"] = json!(null);
    assert_eq!(
        inbound(&body).content,
        InboundContent::TicketChange(TicketChange {
            status: Some("open".into()),
            priority: Some(Priority::High),
            assignee_external_id: Some("8447388090494".into()),
            subject: Some("Cannot login to mobile app".into()),
        })
    );
}

#[test]
fn a_public_comment_of_staff_is_a_reply() {
    check(
        &sample(COMMENT_ADDED),
        &json!({
            "requester_id": "8447388090494",
            "inbound": {
                "channel": "zendesk",
                "thread": "5158",
                "dedup_keys": [
                    "zendesk:event:0a1b2c3d-0000-4000-8000-000000000001",
                    "zendesk:comment:9876543210",
                ],
                "content": {
                    "kind": "message",
                    "direction": "outgoing",
                    "sender": { "side": "agent", "external_id": "8447388090495", "name": "Support Agent", "email": null },
                    "text": "We are investigating…",
                    "external_id": "9876543210",
                    "sent_at": "2025-01-08T10:20:00.000Z",
                    "subject": "Cannot login to mobile app",
                    "ticket": { "status": "pending", "priority": "high" },
                },
            },
        }),
    );
}

#[test]
fn who_wrote_a_comment_and_for_whom_decides_its_direction() {
    use Direction::{Incoming, Note, Outgoing};
    use SenderSide::{Agent, Customer};
    let requester = "8447388090494";
    for (is_staff, is_public, author_id, side, direction) in [
        (json!(false), json!(true), requester, Customer, Incoming),
        (json!(true), json!(true), "1", Agent, Outgoing),
        (json!(true), json!(false), "1", Agent, Note),
        (json!(false), json!(false), requester, Customer, Note),
        // Without `is_staff`, the requester is the customer and everybody else is not.
        (json!(null), json!(true), requester, Customer, Incoming),
        (json!(null), json!(true), "1", Agent, Outgoing),
        (json!(false), json!(null), requester, Customer, Incoming),
    ] {
        let mut body = sample(COMMENT_ADDED);
        body["event"]["comment"]["is_public"] = is_public.clone();
        body["event"]["comment"]["author"]["is_staff"] = is_staff.clone();
        body["event"]["comment"]["author"]["id"] = json!(author_id);
        let InboundContent::Message(message) = inbound(&body).content else {
            panic!("not a message: {is_staff} {is_public}");
        };
        assert_eq!(
            (message.sender.side, message.direction),
            (side, direction),
            "{is_staff} {is_public} {author_id}"
        );
    }
}

#[test]
fn a_comment_of_attachments_only_is_kept_as_it_came() {
    let mut body = sample(COMMENT_ADDED);
    body["event"]["comment"]["body"] = json!(" \u{a0}\n");
    let inbound = inbound(&body);
    assert_eq!(
        inbound.content,
        InboundContent::Other {
            event_type: "zen:event-type:ticket.comment_added".into(),
            payload: body,
        }
    );
    assert_eq!(inbound.dedup_keys.len(), 2);
}

#[test]
fn changes_of_a_ticket_are_changes() {
    let change = |name: &str, current: Value| {
        let mut body = sample(CREATED);
        body["type"] = json!(format!("zen:event-type:ticket.{name}"));
        body["event"] = json!({ "current": current, "previous": null });
        match inbound(&body).content {
            InboundContent::TicketChange(change) => Some(change),
            InboundContent::Other { .. } => None,
            InboundContent::Message(message) => panic!("a message: {message:?}"),
        }
    };
    let none = TicketChange::default();
    for (name, current, expected) in [
        (
            "status_changed",
            json!("SOLVED"),
            Some(TicketChange {
                status: Some("solved".into()),
                ..none.clone()
            }),
        ),
        (
            "priority_changed",
            json!("URGENT"),
            Some(TicketChange {
                priority: Some(Priority::Urgent),
                ..none.clone()
            }),
        ),
        // A priority that is taken away is no change that we can say.
        ("priority_changed", json!(null), None),
        (
            "agent_assignment_changed",
            json!("8447388090495"),
            Some(TicketChange {
                assignee_external_id: Some("8447388090495".into()),
                ..none.clone()
            }),
        ),
        (
            "agent_assignment_changed",
            json!(null),
            Some(TicketChange {
                assignee_external_id: Some(String::new()),
                ..none.clone()
            }),
        ),
        (
            "subject_changed",
            json!("Still cannot login"),
            Some(TicketChange {
                subject: Some("Still cannot login".into()),
                ..none.clone()
            }),
        ),
        ("tags_changed", json!(["vip"]), None),
    ] {
        assert_eq!(change(name, current.clone()), expected, "{name} {current}");
    }
}

#[test]
fn a_bots_message_is_the_systems() {
    check(
        &sample(MESSAGE_ADDED),
        &json!({
            "requester_id": null,
            "inbound": {
                "channel": "zendesk",
                "thread": "141",
                "dedup_keys": [
                    "zendesk:event:01JQMQH83YNAKWSWJ8B1QH2NSC",
                    "zendesk:message:67ab5f55155becd183e284cb",
                ],
                "content": {
                    "kind": "message",
                    "direction": "outgoing",
                    "sender": { "side": "system", "external_id": "zd:answerBot", "name": "Answer Bot", "email": null },
                    "text": "Hi there. How can I help you today?",
                    "external_id": "67ab5f55155becd183e284cb",
                    "sent_at": "2025-02-11T14:32:05.254Z",
                    "subject": null,
                    "ticket": {},
                },
            },
        }),
    );
}

#[test]
fn only_an_end_user_is_the_customer_of_a_messaging_ticket() {
    use Direction::{Incoming, Outgoing};
    use SenderSide::{Agent, Customer, System};
    for (kind, side, direction, requester) in [
        (json!("end_user"), Customer, Incoming, Some("55")),
        (json!("agent"), Agent, Outgoing, None),
        (json!("trigger"), System, Outgoing, None),
        (json!("system"), System, Outgoing, None),
        (json!("hologram"), System, Outgoing, None),
        (json!(null), System, Outgoing, None),
    ] {
        let mut body = sample(MESSAGE_ADDED);
        body["event"]["actor"] = json!({ "id": "55", "name": "Dana", "type": kind });
        let Delivery::Ticket {
            inbound,
            requester_id,
        } = read(&body)
        else {
            panic!("not about a ticket");
        };
        let InboundContent::Message(message) = inbound.content else {
            panic!("not a message: {kind}");
        };
        assert_eq!(
            (
                message.sender.side,
                message.direction,
                requester_id.as_deref()
            ),
            (side, direction, requester),
            "{kind}"
        );
    }
}

#[test]
fn a_triggers_comment_is_of_whoever_ran_it() {
    check(
        &sample(TRIGGER),
        &json!({
            "requester_id": "8447388090494",
            "inbound": {
                "channel": "zendesk",
                "thread": "5158",
                "dedup_keys": ["zendesk:comment:9876543211"],
                "content": {
                    "kind": "message",
                    "direction": "incoming",
                    "sender": { "side": "customer", "external_id": "8447388090494", "name": null, "email": "dana@example.com" },
                    "text": "It still does not work.",
                    "external_id": "9876543211",
                    "sent_at": null,
                    "subject": "Cannot login to mobile app",
                    "ticket": { "status": "open", "priority": "high", "assignee_external_id": "8447388090495" },
                },
            },
        }),
    );
    let mut body = sample(TRIGGER);
    body["current_user_id"] = json!("8447388090495");
    let InboundContent::Message(message) = inbound(&body).content else {
        panic!("not a message");
    };
    assert_eq!(
        (message.sender.side, message.direction, message.sender.email),
        (SenderSide::Agent, Direction::Outgoing, None)
    );
}

#[test]
fn a_trigger_without_a_comment_is_a_change() {
    for comment in [
        json!(null),
        json!({ "id": "", "body": "" }),
        json!({ "id": "7", "body": "  " }),
        json!({ "id": "{{ticket.latest_public_comment.id}}", "body": "{{ticket.latest_public_comment}}" }),
    ] {
        let mut body = sample(TRIGGER);
        body["comment"] = comment.clone();
        body["ticket"]["priority"] = json!("-");
        body["ticket"]["assignee_id"] = json!("");
        let inbound = inbound(&body);
        assert_eq!(
            inbound.content,
            InboundContent::TicketChange(TicketChange {
                status: Some("open".into()),
                priority: None,
                assignee_external_id: None,
                subject: Some("Cannot login to mobile app".into()),
            }),
            "{comment}"
        );
        // The gateway names it by its invocation: the comment that was not taken must not make it a repeat.
        assert_eq!(inbound.dedup_keys, [""; 0], "{comment}");
    }
}

#[test]
fn what_our_own_user_did_is_kept_but_is_no_message() {
    let mut comment = sample(COMMENT_ADDED);
    comment["event"]["comment"]["author"]["id"] = json!("999");
    let mut chat = sample(MESSAGE_ADDED);
    chat["event"]["actor"] = json!({ "id": "999", "type": "agent" });
    let mut created = sample(CREATED);
    created["detail"]["actor_id"] = json!("999");
    let mut status = created.clone();
    status["type"] = json!("zen:event-type:ticket.status_changed");
    status["event"] = json!({ "current": "SOLVED", "previous": "OPEN" });
    let mut trigger = sample(TRIGGER);
    trigger["current_user_id"] = json!("999");
    for body in [comment, chat, created, status, trigger] {
        let content = inbound(&body).content;
        assert!(
            matches!(content, InboundContent::Other { .. }),
            "{content:?}"
        );
    }
}

#[test]
fn an_event_that_is_unknown_goes_to_its_ticket_when_it_has_one() {
    let mut body = sample(CREATED);
    body["type"] = json!("zen:event-type:ticket.teleported");
    assert_eq!(
        inbound(&body),
        Inbound {
            channel: Channel::Zendesk,
            thread: "5158".into(),
            dedup_keys: vec!["zendesk:event:cbe4028c-7239-495d-b020-f22348516046".into()],
            content: InboundContent::Other {
                event_type: "zen:event-type:ticket.teleported".into(),
                payload: body.clone(),
            },
        }
    );
    for (event_type, subject) in [
        ("zen:event-type:user.created", "zen:user:5158"),
        ("zen:event-type:article.published", "zen:article:1"),
        ("something else", ""),
        ("", ""),
    ] {
        body["type"] = json!(event_type);
        body["subject"] = json!(subject);
        assert_eq!(
            read(&body),
            Delivery::Unthreaded {
                event_type: event_type.into(),
                dedup_keys: vec!["zendesk:event:cbe4028c-7239-495d-b020-f22348516046".into()],
            },
            "{event_type}"
        );
    }
}

#[test]
fn ids_may_come_as_numbers() {
    let mut body = sample(COMMENT_ADDED);
    body["detail"]["id"] = json!(5158);
    body["event"]["comment"]["id"] = json!(9_876_543_210_u64);
    let inbound = inbound(&body);
    assert_eq!(inbound.thread, "5158");
    assert_eq!(inbound.dedup_keys[1], "zendesk:comment:9876543210");
}

#[test]
fn what_is_not_json_is_refused_with_its_position() {
    for (body, line, column) in [
        ("", 1, 0),
        ("{", 1, 1),
        ("{\"a\":1,}", 1, 8),
        ("{\n  \"a\": \"b\n\"}", 3, 0),
        ("{\"ticket\":{\"title\":\"say \"hi\"\"}}", 1, 26),
        ("nonsense", 1, 2),
    ] {
        let error = parse(body.as_bytes(), None).unwrap_err();
        let ParseError::Syntax {
            line: actual_line,
            column: actual_column,
            detail,
        } = &error
        else {
            panic!("{body:?}: {error}");
        };
        assert_eq!((*actual_line, *actual_column), (line, column), "{body:?}");
        assert!(!detail.contains("line"), "{detail}");
    }
    assert!(matches!(
        parse(b"{\"a\":\"\xff\"}", None),
        Err(ParseError::Syntax { .. })
    ));
}

#[test]
fn what_names_no_ticket_or_a_strange_one_is_refused() {
    let mut nameless = sample(CREATED);
    nameless["detail"]["id"] = json!(null);
    nameless["subject"] = json!(null);
    let mut strange = sample(CREATED);
    strange["detail"]["id"] = json!("51\u{0}58");
    let mut long = sample(CREATED);
    long["detail"]["id"] = json!("5".repeat(MAX_ID_CHARS + 1));
    let mut trigger = sample(TRIGGER);
    trigger["ticket"]["id"] = json!("{{ticket.id}}");
    for (body, pointer) in [
        (nameless, "/detail/id"),
        (strange, "/detail/id"),
        (long, "/detail/id"),
        (trigger, "/ticket/id"),
        (json!([]), ""),
        (json!("text"), ""),
    ] {
        let error = parse(body.to_string().as_bytes(), None).unwrap_err();
        assert!(
            matches!(&error, ParseError::Shape { pointer: actual, .. } if *actual == pointer),
            "{error}"
        );
    }
}

#[test]
fn the_subject_names_the_ticket_when_the_detail_does_not() {
    let mut body = sample(CREATED);
    body["detail"]["id"] = json!(null);
    assert_eq!(inbound(&body).thread, "5158");
}

/// Any JSON, a few levels deep.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,20}".prop_map(Value::from),
        Just(json!("\u{0}")),
        Just(json!("zen:event-type:ticket.comment_added")),
    ];
    leaf.prop_recursive(3, 24, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map(
                prop_oneof![
                    Just("id".to_owned()),
                    Just("detail".to_owned()),
                    Just("event".to_owned()),
                    "[a-z]{1,6}"
                ],
                inner,
                0..4
            )
            .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Every place in a JSON value, as pointers.
fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    if let Value::Object(map) = value {
        for (key, inner) in map {
            pointers(inner, &format!("{at}/{key}"), found);
        }
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..512)) {
        let _ = parse(&bytes, OURS);
    }

    #[test]
    fn no_cut_or_flipped_byte_makes_it_panic(cut in 0..2000_usize, index in 0..2000_usize, byte in any::<u8>()) {
        for text in [CREATED, COMMENT_ADDED, MESSAGE_ADDED, TRIGGER] {
            let mut bytes = text.as_bytes().to_vec();
            let index = index % bytes.len();
            bytes[index] = byte;
            bytes.truncate(cut);
            let _ = parse(&bytes, OURS);
        }
    }

    #[test]
    fn no_changed_part_makes_it_panic_or_lets_a_note_through(place in any::<prop::sample::Index>(), part in any_json()) {
        for text in [CREATED, COMMENT_ADDED, MESSAGE_ADDED, TRIGGER] {
            let mut body = sample(text);
            let mut places = Vec::new();
            pointers(&body, "", &mut places);
            if let Some(slot) = body.pointer_mut(place.get::<String>(&places)) {
                *slot = part.clone();
            }
            let is_private = body["event"]["comment"]["is_public"] == json!(false);
            if let Ok(Delivery::Ticket { inbound, .. }) = parse(body.to_string().as_bytes(), OURS) {
                prop_assert!(!inbound.thread.is_empty());
                if let InboundContent::Message(message) = inbound.content {
                    prop_assert!(!message.text.trim().is_empty());
                    prop_assert!(!is_private || message.direction == Direction::Note);
                }
            }
        }
    }
}

#[test]
fn what_a_customer_writes_is_theirs_even_if_it_looks_like_a_placeholder() {
    let mut created = sample(CREATED);
    created["detail"]["description"] = json!("{{order.total}}");
    let mut comment = sample(COMMENT_ADDED);
    comment["event"]["comment"]["body"] = json!("{{ticket.id}}");
    for (payload, expected) in [(created, "{{order.total}}"), (comment, "{{ticket.id}}")] {
        let Delivery::Ticket { inbound, .. } = read(&payload) else {
            panic!("not about a ticket: {payload}");
        };
        let InboundContent::Message(message) = inbound.content else {
            panic!("not a message: {payload}");
        };
        assert_eq!(message.text, expected);
    }
}

#[test]
fn what_is_nested_too_deeply_is_refused_before_anything_is_kept() {
    let nested = |levels: usize| {
        let mut inner = json!(1);
        for _ in 0..levels {
            inner = json!([inner]);
        }
        let mut body = sample(CREATED);
        body["type"] = json!("zen:event-type:ticket.custom_field_changed");
        // The body itself is a level.
        body["event"] = inner;
        parse(body.to_string().as_bytes(), OURS)
    };
    assert!(nested(MAX_LEVELS - 1).is_ok());
    for levels in [MAX_LEVELS, 120] {
        assert!(
            matches!(nested(levels), Err(ParseError::Shape { .. })),
            "{levels}"
        );
    }
}

#[test]
fn the_author_of_a_private_first_note_is_an_id() {
    let mut body = sample(CREATED);
    body["detail"]["is_public"] = json!(false);
    body["detail"]["submitter_id"] = json!("8".repeat(MAX_ID_CHARS + 1));
    let refused = parse(body.to_string().as_bytes(), OURS).unwrap_err();
    assert!(
        matches!(refused, ParseError::Shape { pointer, .. } if pointer == "/detail/submitter_id")
    );
}
