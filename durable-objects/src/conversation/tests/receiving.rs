use edgedesk_domain::conversation::ConversationStatus::{
    self, Active, Closed, Escalated, Pending, Resolved,
};
use edgedesk_domain::event::EventData;
use edgedesk_domain::message::{Actor, MAX_TEXT_BYTES};
use edgedesk_wire::object::{AssignRequest, EventsResponse};

use super::super::Reader;
use super::super::rules::provider_status;
use super::*;
use edgedesk_domain::message::NO_TEXT;

#[test]
fn the_first_message_creates_the_conversation() {
    let world = World::new();
    let receipt = world.says("a", "Hello");
    assert_eq!((receipt.seq, receipt.duplicate), (2, false));
    assert_eq!(world.types(), ["conversation.created", "message.created"]);
    let state = world.state();
    assert_eq!(state.external_id.as_deref(), Some("5158"));
    assert_eq!(state.customer_name.as_deref(), Some("Grace"));
    assert_eq!(state.n_unread, 1);
    world.check_log();
}

#[test]
fn a_question_about_an_unknown_conversation_leaves_no_trace() {
    let world = World::new();
    let error = world.object.state(address()).unwrap_err();
    assert_eq!(
        (error.status(), error.code()),
        (404, "not_found".to_owned())
    );
    let events = world
        .object
        .events_after(address(), 0, None, Reader::Platform)
        .unwrap();
    assert_eq!(events, r#"{"events":[],"head_seq":0}"#);
    let send = world.send(Role::Agent, Direction::Outgoing, "Hi");
    assert_eq!(send.unwrap_err().status(), 404);
    assert!(
        world
            .object
            .admit(address(), &agent_socket(1, Role::Agent))
            .is_err()
    );
    assert!(world.object.admit(address(), &visitor()).is_ok());
    assert!(world.sql.rows("SELECT name FROM sqlite_master").is_empty());
    assert_eq!(world.host.alarm.get(), None);
}

#[test]
fn a_message_delivered_three_times_changes_nothing() {
    let world = World::new();
    let first = world.says("a", "Hello");
    world.drain();
    let before = world.log();
    for _ in 0..2 {
        let again = world.says("a", "Hello");
        assert!(again.duplicate);
        assert_eq!(
            (again.seq, again.id, again.message_id),
            (first.seq, first.id, first.message_id)
        );
    }
    world.drain();
    assert_eq!(world.log(), before);
}

#[test]
fn a_repeat_of_any_one_key_is_a_repeat() {
    let mut world = World::new();
    let mut request = customer_says("invocation:1", "Hello");
    request.inbound.dedup_keys.push("event:1".to_owned());
    // A key given twice in one delivery is no repeat of itself.
    request.inbound.dedup_keys.push("event:1".to_owned());
    assert!(!world.receive(request).unwrap().duplicate);
    let mut request = customer_says("invocation:2", "Hello");
    request.inbound.dedup_keys.push("event:1".to_owned());
    world.reborn();
    let receipt = world.receive(request).unwrap();
    assert_eq!((receipt.seq, receipt.duplicate), (2, true));
    // Nothing of a refused append stays, not even the keys that were new.
    assert!(!world.says("invocation:2", "Other").duplicate);
}

#[test]
fn what_is_news_of_the_customer_is_logged_once() {
    let world = World::new();
    world.says("a", "Hello");
    let mut content = message(Direction::Incoming, SenderSide::Customer, "Me again");
    content.sender.email = Some("grace@example.com".to_owned());
    content.subject = Some("Refund".to_owned());
    for key in ["b", "c"] {
        world
            .receive(request(key, InboundContent::Message(content.clone())))
            .unwrap();
    }
    let types = world.types();
    assert_eq!(
        types
            .iter()
            .filter(|kind| **kind == "customer.updated")
            .count(),
        1
    );
    let state = world.state();
    assert_eq!(state.customer_email.as_deref(), Some("grace@example.com"));
    assert_eq!(state.subject.as_deref(), Some("Refund"));
    assert_eq!(state.customer_name.as_deref(), Some("Grace"));
}

#[test]
fn a_customers_message_reopens_what_is_over() {
    for over in [Resolved, Closed] {
        let world = World::new();
        world.says("a", "Hello");
        world.set_status(over).unwrap();
        world.says("b", "It broke again");
        let log = world.log();
        let [.., message, change] = log.as_slice() else {
            panic!("the log is too short");
        };
        assert_eq!(change.data.type_name(), "conversation.status_changed");
        assert_eq!(change.causation_id, Some(message.id));
        let state = world.state();
        assert_eq!(state.status, Active);
        assert!(state.waiting_since.is_some());
    }
}

#[test]
fn notes_and_replies_of_the_provider_reopen_nothing() {
    let world = World::new();
    world.says("a", "Hello");
    world.set_status(Resolved).unwrap();
    for (key, direction) in [("b", Direction::Note), ("c", Direction::Outgoing)] {
        let content = message(direction, SenderSide::Agent, "Done");
        world
            .receive(request(key, InboundContent::Message(content)))
            .unwrap();
    }
    assert_eq!(world.state().status, Resolved);
    assert_eq!(world.state().unanalyzed.len(), 1);
}

#[test]
fn the_providers_status_words_mean_these_statuses() {
    let table: [(&str, [Option<ConversationStatus>; 5]); 10] = [
        // From:      active,        pending,        escalated,      resolved,       closed.
        (
            "new",
            [None, Some(Active), None, Some(Active), Some(Active)],
        ),
        (
            "open",
            [None, Some(Active), None, Some(Active), Some(Active)],
        ),
        (
            "OPEN",
            [None, Some(Active), None, Some(Active), Some(Active)],
        ),
        (
            "pending",
            [
                Some(Pending),
                None,
                Some(Pending),
                Some(Pending),
                Some(Pending),
            ],
        ),
        (
            "hold",
            [
                Some(Pending),
                None,
                Some(Pending),
                Some(Pending),
                Some(Pending),
            ],
        ),
        (
            "solved",
            [
                Some(Resolved),
                Some(Resolved),
                Some(Resolved),
                None,
                Some(Resolved),
            ],
        ),
        (
            "closed",
            [Some(Closed), Some(Closed), Some(Closed), Some(Closed), None],
        ),
        (
            "archived",
            [Some(Closed), Some(Closed), Some(Closed), Some(Closed), None],
        ),
        (
            "deleted",
            [Some(Closed), Some(Closed), Some(Closed), Some(Closed), None],
        ),
        ("waiting for the moon", [None; 5]),
    ];
    for (word, row) in table {
        let from = [Active, Pending, Escalated, Resolved, Closed];
        for (current, expected) in from.into_iter().zip(row) {
            assert_eq!(
                provider_status(current, word),
                expected,
                "{current:?} {word}"
            );
        }
    }
}

#[test]
fn a_ticket_change_moves_the_status_and_is_kept_even_when_it_comes_first() {
    let world = World::new();
    let receipt = world
        .receive(ticket_change("a", Some("solved"), Some(Priority::High)))
        .unwrap();
    assert_eq!((receipt.seq, receipt.message_id), (2, None));
    assert_eq!(
        world.types(),
        [
            "conversation.created",
            "ticket.updated",
            "conversation.status_changed"
        ]
    );
    let state = world.state();
    assert_eq!(
        (
            state.status,
            state.priority,
            state.external_status.as_deref()
        ),
        (Resolved, Some(Priority::High), Some("solved"))
    );
    world
        .receive(ticket_change("b", Some("open"), None))
        .unwrap();
    assert_eq!(world.state().status, Active);
    assert!(
        world
            .receive(ticket_change("b", Some("open"), None))
            .unwrap()
            .duplicate
    );
}

#[test]
fn the_ticket_that_every_message_repeats_is_news_only_where_it_differs() {
    let world = World::new();
    let with_ticket = |key: &str, side, direction, status: &str| {
        let mut content = message(direction, side, "Text");
        content.ticket = TicketChange {
            status: Some(status.to_owned()),
            priority: Some(Priority::High),
            ..TicketChange::default()
        };
        request(key, InboundContent::Message(content))
    };
    let from_customer =
        |key, status| with_ticket(key, SenderSide::Customer, Direction::Incoming, status);
    world.receive(from_customer("a", "open")).unwrap();
    world.receive(from_customer("b", "open")).unwrap();
    let updates = world
        .types()
        .iter()
        .filter(|kind| **kind == "ticket.updated")
        .count();
    assert_eq!(updates, 1);
    // Resolved here, still open there: the same old word does not reopen it.
    world.set_status(Resolved).unwrap();
    let note = with_ticket("c", SenderSide::Agent, Direction::Note, "open");
    world.receive(note).unwrap();
    assert_eq!(world.state().status, Resolved);
    // A customer's message is not closed by the delivery that brings it.
    world.receive(from_customer("d", "solved")).unwrap();
    assert_eq!(world.state().status, Active);
    assert_eq!(world.state().external_status.as_deref(), Some("solved"));
}

#[test]
fn a_known_comment_under_a_new_delivery_still_moves_the_ticket_once() {
    let world = World::new();
    let trigger = |invocation: &str, status: &str| {
        let mut content = message(Direction::Incoming, SenderSide::Customer, "Text");
        content.external_id = Some("987".to_owned());
        content.ticket.status = Some(status.to_owned());
        let mut request = request(invocation, InboundContent::Message(content));
        request
            .inbound
            .dedup_keys
            .push("zendesk:comment:987".to_owned());
        request
    };
    let first = world.receive(trigger("one", "open")).unwrap();
    // Only the status changed; the trigger's body names the latest comment again.
    let second = world.receive(trigger("two", "solved")).unwrap();
    assert_eq!((second.duplicate, second.seq), (true, first.seq));
    assert_eq!(world.state().status, Resolved);
    assert_eq!(world.state().n_messages, 1);
    // It is reopened, and then the old delivery comes once more.
    world.set_status(Active).unwrap();
    let before = world.types();
    world.receive(trigger("two", "solved")).unwrap();
    world.receive(trigger("one", "open")).unwrap();
    assert_eq!(world.types(), before);
}

#[test]
fn an_unknown_event_is_kept_as_it_came() {
    let world = World::new();
    let payload = serde_json::json!({"type": "x", "text": "a\u{0}b", "n": 1.5});
    let other = |key| {
        request(
            key,
            InboundContent::Other {
                event_type: "x".to_owned(),
                payload: payload.clone(),
            },
        )
    };
    world.receive(other("a")).unwrap();
    assert_eq!(
        world.types(),
        ["conversation.created", "provider_event.received"]
    );
    let EventData::ProviderEventReceived(kept) = &world.log()[1].data else {
        panic!("it is a provider's event");
    };
    assert_eq!(kept.payload, payload);
    assert!(world.receive(other("a")).unwrap().duplicate);
}

#[test]
fn texts_are_cleaned_replaced_or_refused_but_never_lost_silently() {
    let world = World::new();
    let kept = [
        ("a", "a\0b".to_owned(), "ab".to_owned()),
        ("b", String::new(), NO_TEXT.to_owned()),
        ("c", "\0 \n".to_owned(), NO_TEXT.to_owned()),
        ("d", "🙂🙂".to_owned(), "🙂🙂".to_owned()),
        ("e", "x".repeat(MAX_TEXT_BYTES), "x".repeat(MAX_TEXT_BYTES)),
    ];
    for (key, text, expected) in kept {
        let receipt = world.says(key, &text);
        let log = world.log();
        let EventData::MessageCreated(message) =
            &log[usize::try_from(receipt.seq).unwrap() - 1].data
        else {
            panic!("it is a message");
        };
        assert_eq!(message.text, expected, "{key}");
    }
    let long = "x".repeat(MAX_TEXT_BYTES + 1);
    let error = world.receive(customer_says("f", &long)).unwrap_err();
    assert_eq!(
        (error.status(), error.code().as_str()),
        (413, "text_too_long")
    );
    world.check_log();
}

#[test]
fn a_card_number_is_in_no_byte_of_what_is_stored() {
    let world = World::new();
    let mut delivery = customer_says("a", "Charge 4242 4242 4242 4242, or 378282246310005!");
    let InboundContent::Message(message) = &mut delivery.inbound.content else {
        panic!("it is a message");
    };
    message.subject = Some("Card 5555-5555-5555-4444".to_owned());
    message.sender.name = Some("Grace 6011111111111117".to_owned());
    // An id is one, whatever it looks like: without it a message cannot be found at its provider.
    message.external_id = Some("4000056655665556".to_owned());
    world.receive(delivery).unwrap();
    world
        .send(Role::Agent, Direction::Note, "Took 2223003122003222")
        .unwrap();
    let mut other = customer_says("b", "");
    other.inbound.content = InboundContent::Other {
        event_type: "payment".to_owned(),
        payload: serde_json::json!({
            "card": 3_566_002_020_360_505_u64,
            "all": ["6200000000000005", { "36227206271667": true }],
            "amount": 1299,
        }),
    };
    world.receive(other).unwrap();
    world.drain();

    let tables = world
        .sql
        .rows("SELECT name FROM sqlite_master WHERE type = 'table'");
    let rows = tables
        .iter()
        .flat_map(|table| world.sql.rows(&format!("SELECT * FROM {}", table[0])));
    let stored = format!("{:?}", rows.collect::<Vec<_>>());
    let digits = stored.replace(['-', ' '], "");
    assert!(digits.contains("4000056655665556"));
    for card in [
        "4242424242424242",
        "378282246310005",
        "5555555555554444",
        "6011111111111117",
        "2223003122003222",
        "3566002020360505",
        "6200000000000005",
        "36227206271667",
    ] {
        assert!(!digits.contains(card), "{card} in {stored}");
        let kept = format!("[card{}]", &card[card.len() - 4..]);
        assert!(digits.contains(&kept), "{kept} not in {stored}");
    }
    assert!(digits.contains("1299"));
    world.check_log();
}

#[test]
fn a_nul_in_a_key_or_a_name_does_no_harm() {
    let world = World::new();
    let mut strange = customer_says("a\0b", "Hello");
    let InboundContent::Message(message) = &mut strange.inbound.content else {
        panic!("it is a message");
    };
    message.sender.name = Some("Gra\0ce".to_owned());
    message.external_id = Some("\0".to_owned());
    assert!(!world.receive(strange.clone()).unwrap().duplicate);
    assert!(world.receive(strange).unwrap().duplicate);
    assert!(!world.says("a", "Other").duplicate);
    assert_eq!(world.state().customer_name.as_deref(), Some("Grace"));
}

#[test]
fn another_objects_request_is_refused() {
    let world = World::new();
    world.says("a", "Hello");
    let elsewhere = [
        Address {
            account_id: AccountId::new(Ulid::from(9)),
            ..address()
        },
        Address {
            conversation_id: ConversationId::new(Ulid::from(9)),
            ..address()
        },
    ];
    for other in elsewhere {
        let taken = block_on(world.object.receive(other, customer_says("b", "Hi")));
        assert_eq!(taken.unwrap_err().status(), 404);
        let mut request = customer_says("b", "Hi");
        (request.account_id, request.conversation_id) = (other.account_id, other.conversation_id);
        let taken = block_on(world.object.receive(other, request));
        assert_eq!(taken.unwrap_err().status(), 404);
        assert_eq!(world.object.state(other).unwrap_err().status(), 404);
        assert_eq!(
            world
                .object
                .events_after(other, 0, None, Reader::Platform)
                .unwrap_err()
                .status(),
            404
        );
    }
    assert_eq!(world.log().len(), 2);
}

#[test]
fn a_thousand_concurrent_posts_keep_one_order_and_lose_nothing() {
    let world = World::new();
    let posts = (0..1_000).map(|n| {
        let request = customer_says(&format!("key {n}"), &format!("text {n}"));
        world.object.receive(address(), request)
    });
    let receipts = all(posts);
    let log = world.log();
    assert_eq!(log.len(), 1_001);
    for (n, receipt) in receipts.into_iter().enumerate() {
        let receipt = receipt.unwrap();
        let event = &log[usize::try_from(receipt.seq).unwrap() - 1];
        assert_eq!(event.id, receipt.id);
        let EventData::MessageCreated(message) = &event.data else {
            panic!("it is a message");
        };
        assert_eq!(message.text, format!("text {n}"));
    }
    world.check_log();
    // One alarm covers them all.
    assert_eq!(world.host.alarms_set.get(), 1);
    world.drain();
    world.check_followed();
}

#[test]
fn times_do_not_go_back_with_the_clock() {
    let mut world = World::new();
    world.says("a", "Hello");
    world.host.pass(-500_000);
    world.says("b", "Hello");
    world.reborn();
    world.says("c", "Hello");
    world.check_log();
}

#[test]
fn agents_answer_within_their_role() {
    let world = World::new();
    world.says("a", "Hello");
    let cases = [
        (Role::ReadOnly, Direction::Outgoing, "Hi", Some("forbidden")),
        (
            Role::Agent,
            Direction::Incoming,
            "Hi",
            Some("invalid_request"),
        ),
        (Role::Agent, Direction::Outgoing, " ", Some("invalid_text")),
        (Role::Agent, Direction::Outgoing, "Hi", None),
        (Role::Agent, Direction::Note, "Hm", None),
    ];
    for (role, direction, text, refused) in cases {
        let result = world.send(role, direction, text);
        let code = result.err().map(|error| error.code());
        assert_eq!(code.as_deref(), refused, "{role:?} {direction:?} {text:?}");
    }
    let state = world.state();
    assert_eq!(state.n_messages, 3);
    assert!(state.first_reply_at.is_some());
    assert_eq!(state.waiting_since, None);
}

#[test]
fn a_reply_sent_twice_with_one_client_id_is_logged_once() {
    let mut world = World::new();
    world.says("a", "Hello");
    let send = |user_id| SendRequest {
        principal: Principal {
            user_id,
            ..principal(Role::Agent)
        },
        direction: Direction::Outgoing,
        text: "Hi".to_owned(),
        attachments: Vec::new(),
        client_id: Some("1".to_owned()),
        suggestion_id: None,
    };
    let first = block_on(world.object.send(address(), send(user(1)))).unwrap();
    world.reborn();
    let again = block_on(world.object.send(address(), send(user(1)))).unwrap();
    assert_eq!(
        again,
        Receipt {
            duplicate: true,
            ..first
        }
    );
    // Another sender may use the same id.
    let other = block_on(world.object.send(address(), send(user(2)))).unwrap();
    assert!(!other.duplicate);
}

#[test]
fn a_status_moves_only_as_declared() {
    let all = [Active, Pending, Escalated, Resolved, Closed];
    for from in all {
        for to in all {
            let world = World::new();
            world.says("a", "Hello");
            if from != Active {
                world.set_status(from).unwrap();
            }
            let result = world.set_status(to);
            if from.allows(to) {
                assert_eq!(result.unwrap().status, to);
            } else {
                let error = result.unwrap_err();
                assert_eq!(
                    (error.status(), error.code().as_str()),
                    (409, "illegal_transition"),
                    "{from:?} to {to:?}"
                );
                assert_eq!(world.state().status, from);
            }
        }
    }
}

#[test]
fn assigning_to_the_same_agent_again_logs_nothing() {
    let world = World::new();
    world.says("a", "Hello");
    let assign = |assignee_id| {
        let request = AssignRequest {
            principal: principal(Role::Agent),
            assignee_id,
            assignee_teams: Vec::new(),
        };
        block_on(world.object.assign(address(), request))
            .unwrap()
            .state
            .assignee_id
    };
    assert_eq!(assign(Some(user(1))), Some(user(1)));
    assert_eq!(assign(Some(user(1))), Some(user(1)));
    assert_eq!(assign(None), None);
    assert_eq!(world.log().len(), 4);
}

#[test]
fn only_messages_can_be_read_and_only_once() {
    let world = World::new();
    world.says("a", "Hello");
    let agent = Actor::Agent {
        id: user(1),
        name: "Ada".to_owned(),
    };
    let reader = Actor::Customer {
        id: customer(),
        name: None,
    };
    let read = |reader: &Actor, seq| {
        block_on(world.object.mark_read(address(), reader.clone(), seq)).unwrap();
        world.log().len()
    };
    assert_eq!(read(&agent, 2), 3);
    assert_eq!(world.state().n_unread, 0);
    // The news that somebody read is itself an event; having seen that is not news.
    assert_eq!(read(&agent, 3), 3);
    assert_eq!(read(&agent, u64::MAX), 3);
    assert_eq!(read(&reader, 1), 4);
    assert_eq!(read(&reader, 99), 5);
    assert_eq!(world.state().customer_read_seq, 2);
    assert_eq!(read(&reader, 99), 5);
}

#[test]
fn pages_of_the_log_are_exact() {
    let world = World::new();
    for n in 0..700 {
        world.says(&n.to_string(), "Hello");
    }
    let page = |after, limit| -> EventsResponse {
        serde_json::from_str(
            &world
                .object
                .events_after(address(), after, limit, Reader::Platform)
                .unwrap(),
        )
        .unwrap()
    };
    let log = world.log();
    for (after, limit, expected) in [
        (0, Some(3), 0..3),
        (0, None, 0..500),
        (0, Some(9_999), 0..500),
        (500, None, 500..701),
        (701, None, 0..0),
        (u64::MAX, Some(1), 0..0),
        (5, Some(0), 0..0),
    ] {
        let answer = page(after, limit);
        assert_eq!(
            answer.events, log[expected],
            "after {after}, limit {limit:?}"
        );
        assert_eq!(answer.head_seq, 701);
    }
}
