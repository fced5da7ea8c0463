use edgedesk_wire::frames::MAX_FRAME_BYTES;
use serde_json::{Value, json};

use super::*;
use crate::host::{SecurityEvent, Target};
use crate::sockets::{AfterFrame, CLOSE_TOO_BIG};

const CUSTOMER: u64 = 1;
const ADA: u64 = 2;

impl World {
    fn open(&self, n: u64, identity: &SocketIdentity) {
        self.object.admit(address(), identity).unwrap();
        self.object
            .opened(address(), socket_id(n), identity.clone());
    }

    /// Sends a frame and returns all that was delivered for it.
    fn frame(&self, n: u64, identity: &SocketIdentity, frame: &Value) -> Vec<(Target, Value)> {
        self.host.frames();
        block_on(
            self.object
                .on_frame(socket_id(n), identity, &frame.to_string()),
        );
        self.host.frames()
    }
}

fn send(client_id: &str, text: &str) -> Value {
    json!({"type": "message.send", "client_id": client_id, "data": {"text": text}})
}

fn to(n: u64) -> Target {
    Target::Socket(socket_id(n))
}

#[test]
fn a_visitors_first_message_creates_the_conversation_and_is_acked_after_the_log() {
    let world = World::new();
    world.open(CUSTOMER, &visitor());
    let frames = world.frame(CUSTOMER, &visitor(), &send("1", "Hello"));
    let log = world.log();
    let expected = [
        (Target::All, serde_json::to_value(&log[0]).unwrap()),
        (Target::All, serde_json::to_value(&log[1]).unwrap()),
        (
            to(CUSTOMER),
            json!({"type": "ack", "client_id": "1", "seq": 2, "id": log[1].id, "message_id": log[1].data_message()}),
        ),
    ];
    assert_eq!(frames, expected);
    assert_eq!(world.state().external_id, None);
    assert_eq!(world.state().channel, Channel::Widget);

    // The ack got lost: the same frame is acked again, and nothing else happens.
    let again = world.frame(CUSTOMER, &visitor(), &send("1", "Hello"));
    assert_eq!(again, expected[2..]);
    assert_eq!(world.log(), log);
}

#[test]
fn a_visitors_message_reopens_what_is_over() {
    let world = World::new();
    world.frame(CUSTOMER, &visitor(), &send("1", "Hello"));
    world.set_status(ConversationStatus::Resolved).unwrap();
    world.frame(CUSTOMER, &visitor(), &send("2", "Hello?"));
    assert_eq!(world.state().status, ConversationStatus::Active);
}

#[test]
fn every_bad_frame_gets_its_code_and_loses_nothing() {
    let world = World::new();
    world.frame(CUSTOMER, &visitor(), &send("1", "Hello"));
    let before = world.log();
    let long_id = "x".repeat(129);
    let long_text = "x".repeat(100_001);
    let note =
        json!({"type": "message.send", "client_id": "2", "data": {"text": "a", "note": true}});
    let table: Vec<(SocketIdentity, String, &str, Option<&str>)> = vec![
        (visitor(), "not json".to_owned(), "bad_frame", None),
        (visitor(), "[1]".to_owned(), "bad_frame", None),
        (visitor(), "{}".to_owned(), "bad_frame", None),
        (visitor(), r#"{"type": 7}"#.to_owned(), "bad_frame", None),
        (
            visitor(),
            r#"{"type": "read", "seq": -1}"#.to_owned(),
            "bad_frame",
            None,
        ),
        (
            visitor(),
            r#"{"type": "message.send", "client_id": "9"}"#.to_owned(),
            "bad_frame",
            Some("9"),
        ),
        (
            visitor(),
            r#"{"type": "message.delete"}"#.to_owned(),
            "unknown_type",
            None,
        ),
        (
            visitor(),
            json!({"type": "presence.set", "away": true}).to_string(),
            "unknown_type",
            None,
        ),
        (
            visitor(),
            send("", "a").to_string(),
            "invalid_client_id",
            Some(""),
        ),
        (
            visitor(),
            send(&long_id, "a").to_string(),
            "invalid_client_id",
            Some(&long_id),
        ),
        (
            visitor(),
            send("a\0", "a").to_string(),
            "invalid_client_id",
            Some("a\0"),
        ),
        (
            visitor(),
            send("2", "").to_string(),
            "invalid_text",
            Some("2"),
        ),
        (
            visitor(),
            send("2", &long_text).to_string(),
            "invalid_text",
            Some("2"),
        ),
        (visitor(), note.to_string(), "forbidden", Some("2")),
        (
            agent_socket(1, Role::ReadOnly),
            send("2", "a").to_string(),
            "forbidden",
            Some("2"),
        ),
    ];
    for (identity, text, code, client_id) in table {
        world.host.frames();
        let after = block_on(world.object.on_frame(socket_id(1), &identity, &text));
        assert_eq!(after, AfterFrame::Keep);
        let frames = world.host.frames();
        let [(target, frame)] = frames.as_slice() else {
            panic!("one answer to {text}: {frames:?}");
        };
        assert_eq!(*target, to(1));
        assert_eq!(frame["type"], "error", "{text}");
        assert_eq!(frame["data"]["code"], code, "{text}");
        assert_eq!(frame["client_id"].as_str(), client_id, "{text}");
    }
    assert_eq!(world.log(), before);
}

#[test]
fn an_oversize_frame_is_refused_and_its_socket_closed() {
    let world = World::new();
    let text = "x".repeat(MAX_FRAME_BYTES + 1);
    let after = block_on(world.object.on_frame(socket_id(1), &visitor(), &text));
    assert_eq!(after, AfterFrame::Close(CLOSE_TOO_BIG));
    assert_eq!(world.host.frames()[0].1["data"]["code"], "frame_too_large");
}

#[test]
fn a_socket_is_bound_to_its_account_conversation_and_customer() {
    let world = World::new();
    world.frame(CUSTOMER, &visitor(), &send("1", "Hello"));
    let other = || Ulid::from(9);
    let SocketIdentity::Customer {
        account_id,
        conversation_id,
        inbox_id,
        channel,
        customer_id,
        ..
    } = visitor()
    else {
        panic!("a visitor is a customer");
    };
    let strangers = [
        SocketIdentity::Customer {
            account_id: AccountId::new(other()),
            conversation_id,
            inbox_id,
            channel,
            customer_id,
            team_id: None,
        },
        SocketIdentity::Customer {
            account_id,
            conversation_id: ConversationId::new(other()),
            inbox_id,
            channel,
            customer_id,
            team_id: None,
        },
        SocketIdentity::Customer {
            account_id,
            conversation_id,
            inbox_id,
            channel,
            customer_id: CustomerId::new(other()),
            team_id: None,
        },
        SocketIdentity::Agent {
            principal: Principal {
                account_id: AccountId::new(other()),
                ..principal(Role::Owner)
            },
            ticket_id: "t".to_owned(),
            ticket_expires: 2_000_000,
            session_id: session(1),
            standing: STANDING.to_owned(),
        },
    ];
    for stranger in strangers {
        let refused = world.object.admit(address(), &stranger).unwrap_err();
        assert_eq!(refused.status(), 404, "{stranger:?}");
        for frame in [send("2", "Hi"), json!({"type": "resume", "seq": 0})] {
            let frames = world.frame(7, &stranger, &frame);
            assert_eq!(frames.len(), 1, "no event leaks: {frames:?}");
            assert_eq!(frames[0].1["data"]["code"], "forbidden");
        }
    }
    assert_eq!(world.log().len(), 2);
}

#[test]
fn an_agents_ticket_opens_one_socket() {
    let mut world = World::new();
    world.says("a", "Hello");
    let agent = agent_socket(1, Role::Agent);
    world.object.admit(address(), &agent).unwrap();
    world.reborn();
    let replay = world.object.admit(address(), &agent).unwrap_err();
    assert_eq!(
        (replay.status(), replay.code().as_str()),
        (401, "ticket_used")
    );
    world
        .object
        .admit(address(), &agent_socket(2, Role::Agent))
        .unwrap();
    world.host.now.set(2_000_001_000);
    let late = world
        .object
        .admit(address(), &agent_socket(3, Role::Agent))
        .unwrap_err();
    assert_eq!(
        (late.status(), late.code().as_str()),
        (401, "ticket_expired")
    );
}

#[test]
fn a_resume_misses_nothing_and_shows_customers_only_what_is_public() {
    let mut world = World::new();
    world.frame(CUSTOMER, &visitor(), &send("1", "Hello"));
    world.send(Role::Agent, Direction::Note, "Careful").unwrap();
    world.drain();
    world.send(Role::Agent, Direction::Outgoing, "Hi").unwrap();
    world.reborn();
    for n in 0..500 {
        world.frame(CUSTOMER, &visitor(), &send(&format!("m{n}"), "More"));
    }
    let log = world.log();
    let agent = agent_socket(1, Role::Agent);
    for (identity, sees_all) in [(visitor(), false), (agent, true)] {
        for from in [0, 1, 4, 400, log.len() as u64, u64::MAX] {
            let frames = world.frame(3, &identity, &json!({"type": "resume", "seq": from}));
            let mut expected: Vec<(Target, Value)> = log
                .iter()
                .filter(|event| event.seq > from && (sees_all || event.data.is_public()))
                .map(|event| (to(3), serde_json::to_value(event).unwrap()))
                .collect();
            expected.push((to(3), json!({"type": "resumed", "seq": log.len()})));
            assert_eq!(frames, expected, "from {from}");
        }
    }
}

#[test]
fn a_resume_of_an_empty_log_says_so() {
    let world = World::new();
    let frames = world.frame(CUSTOMER, &visitor(), &json!({"type": "resume", "seq": 5}));
    assert_eq!(
        frames,
        [(to(CUSTOMER), json!({"type": "resumed", "seq": 0}))]
    );
}

#[test]
fn private_events_go_to_agents_only() {
    let world = World::new();
    world.says("a", "Hello");
    world.host.frames();
    world.send(Role::Agent, Direction::Note, "Careful").unwrap();
    world.send(Role::Agent, Direction::Outgoing, "Hi").unwrap();
    world.drain();
    for (target, frame) in world.host.frames() {
        let event: Event = serde_json::from_value(frame).unwrap();
        let expected = if event.data.is_public() {
            Target::All
        } else {
            Target::Agents
        };
        assert_eq!(target, expected, "{}", event.data.type_name());
    }
}

#[test]
fn typing_is_told_to_the_others_once_and_ends_with_the_message_or_the_socket() {
    let world = World::new();
    world.frame(CUSTOMER, &visitor(), &send("1", "Hello"));
    world.open(CUSTOMER, &visitor());
    let typing = |frames: &[(Target, Value)]| -> Vec<(Target, bool)> {
        frames
            .iter()
            .filter(|(_, frame)| frame["type"] == "typing.changed")
            .map(|(target, frame)| (*target, frame["data"]["typing"].as_bool().unwrap()))
            .collect()
    };
    let others = Target::AllBut(socket_id(CUSTOMER));
    let start = json!({"type": "typing.start"});
    let before = world.log().len();
    assert_eq!(
        typing(&world.frame(CUSTOMER, &visitor(), &start)),
        [(others, true)]
    );
    assert_eq!(typing(&world.frame(CUSTOMER, &visitor(), &start)), []);
    assert_eq!(world.log().len(), before, "typing is not logged");
    assert_eq!(
        typing(&world.frame(CUSTOMER, &visitor(), &send("2", "Hi"))),
        [(others, false)]
    );
    world.frame(CUSTOMER, &visitor(), &start);
    world.object.closed(socket_id(CUSTOMER));
    assert_eq!(typing(&world.host.frames()), [(others, false)]);
    // Those who only read are not seen typing.
    let reader = agent_socket(1, Role::ReadOnly);
    assert_eq!(world.frame(ADA, &reader, &start), []);
}

#[test]
fn agents_see_who_else_looks_until_the_socket_closes() {
    let mut world = World::new();
    world.says("a", "Hello");
    world.host.frames();
    let viewers = |world: &World| -> Vec<Vec<String>> {
        world
            .host
            .frames()
            .iter()
            .map(|(target, frame)| {
                assert_eq!(*target, Target::Agents);
                assert_eq!(frame["type"], "viewers.changed");
                let agents = frame["data"]["agents"].as_array().unwrap();
                agents
                    .iter()
                    .map(|agent| agent["name"].as_str().unwrap().to_owned())
                    .collect()
            })
            .collect()
    };
    let (ada, bob) = (agent_socket(1, Role::Agent), agent_socket(2, Role::Agent));
    world.open(10, &ada);
    assert_eq!(viewers(&world), [["Agent 1"]]);
    world.open(11, &bob);
    assert_eq!(viewers(&world), [["Agent 1", "Agent 2"]]);
    world.open(CUSTOMER, &visitor());
    assert!(viewers(&world).is_empty(), "customers look unseen");
    // The object sleeps and wakes; the sockets stay open.
    world.reborn();
    world
        .object
        .restore([(socket_id(10), ada), (socket_id(11), bob)]);
    world.object.closed(socket_id(10));
    assert_eq!(viewers(&world), [["Agent 2"]]);
    world.object.closed(socket_id(10));
    assert!(viewers(&world).is_empty());
}

#[test]
fn reading_is_logged_for_those_who_may_write() {
    let world = World::new();
    world.frame(CUSTOMER, &visitor(), &send("1", "Hello"));
    let read = json!({"type": "read", "seq": 2});
    assert_eq!(
        world.frame(ADA, &agent_socket(1, Role::ReadOnly), &read),
        []
    );
    assert_eq!(world.state().n_unread, 1);
    let frames = world.frame(ADA, &agent_socket(1, Role::Agent), &read);
    assert_eq!(frames[0].1["type"], "conversation.read");
    assert_eq!(world.state().n_unread, 0);
}

#[test]
fn a_message_that_could_not_be_logged_says_so_and_may_be_sent_again() {
    let world = World::new();
    world.frame(CUSTOMER, &visitor(), &send("1", "Hello"));
    // Calls of a frame to a warm object: the insert, and on failure the reading of the log.
    for failure in [
        crate::testing::Failure::Before(1),
        crate::testing::Failure::After(1),
    ] {
        world.sql.fail(Some(failure));
        let client_id = format!("{failure:?}");
        let frames = world.frame(CUSTOMER, &visitor(), &send(&client_id, "Again"));
        let (_, error) = frames.last().unwrap();
        assert_eq!(error["data"]["code"], "unavailable", "{frames:?}");
        assert_eq!(error["client_id"], client_id.as_str());
        world.sql.fail(None);
        let frames = world.frame(CUSTOMER, &visitor(), &send(&client_id, "Again"));
        assert_eq!(frames.last().unwrap().1["type"], "ack");
        let broadcast = frames
            .iter()
            .filter(|(target, _)| *target == Target::All)
            .count();
        assert_eq!(
            broadcast, 1,
            "the others get it once, though late: {frames:?}"
        );
    }
    assert_eq!(world.state().n_messages, 3);
    world.check_log();
}

trait MessageOf {
    fn data_message(&self) -> String;
}

impl MessageOf for Event {
    fn data_message(&self) -> String {
        match &self.data {
            edgedesk_domain::event::EventData::MessageCreated(message) => {
                message.message_id.to_string()
            }
            other => panic!("{} is no message", other.type_name()),
        }
    }
}

#[test]
fn an_event_of_another_account_is_sent_to_no_socket_and_told_to_the_administrators() {
    let mut world = World::new();
    world.says("1", "Hello");
    world.says("2", "secret");
    let other = AccountId::new(Ulid::from(99));
    // What a mixed-up storage would hold: the second message is another account's.
    let own = address().account_id;
    let last = world.log().last().unwrap().seq;
    world.sql.rows(&format!(
        "UPDATE events SET event = replace(event, '{own}', '{other}') WHERE seq = {last}"
    ));
    world.reborn();
    world.open(ADA, &agent_socket(2, Role::Agent));
    let frames = world.frame(
        ADA,
        &agent_socket(2, Role::Agent),
        &json!({"type": "resume", "seq": 0}),
    );
    assert!(frames.len() > 1, "the others come: {frames:?}");
    let text = format!("{frames:?}");
    assert!(
        !text.contains("secret") && !text.contains(&other.to_string()),
        "{text}"
    );
    assert_eq!(frames.last().unwrap().1["type"], "resumed");
    let told = world.host.security_events.take();
    assert!(
        matches!(told[..], [(account_id, SecurityEvent::ForeignFrame { .. })] if account_id == own),
        "{told:?}"
    );
}
