//! Any order of anything that can happen or fail keeps the invariants, and what was acknowledged is there at the end.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::testing::{Failure, Mood};

#[derive(Debug, Clone)]
enum Step {
    Receive { key: u8, direction: Direction },
    Change { key: u8, status: &'static str },
    Socket { client_id: u8 },
    Reply { client_id: u8, note: bool },
    Status(ConversationStatus),
    Read { seq: u64 },
    Work,
    Alarm,
    Pass(i64),
    Die,
    Fail(Option<Failure>),
    Moods([Mood; 3]),
}

fn step() -> impl Strategy<Value = Step> {
    let direction = prop_oneof![
        4 => Just(Direction::Incoming),
        1 => Just(Direction::Outgoing),
        1 => Just(Direction::Note),
    ];
    let status = prop_oneof![
        Just(ConversationStatus::Active),
        Just(ConversationStatus::Pending),
        Just(ConversationStatus::Escalated),
        Just(ConversationStatus::Resolved),
        Just(ConversationStatus::Closed),
    ];
    let word = prop_oneof![
        Just("open"),
        Just("pending"),
        Just("solved"),
        Just("closed")
    ];
    let mood = prop_oneof![
        2 => Just(Mood::Well),
        1 => Just(Mood::Unavailable),
        1 => Just(Mood::DoneButUnavailable),
        1 => Just(Mood::Refusing),
    ];
    let failure = prop_oneof![
        Just(None),
        (1..20_u64).prop_map(|n| Some(Failure::Before(n))),
        (1..20_u64).prop_map(|n| Some(Failure::After(n))),
    ];
    prop_oneof![
        6 => (0..20_u8, direction).prop_map(|(key, direction)| Step::Receive { key, direction }),
        2 => (20..30_u8, word).prop_map(|(key, status)| Step::Change { key, status }),
        4 => (0..10_u8).prop_map(|client_id| Step::Socket { client_id }),
        2 => (0..10_u8, any::<bool>()).prop_map(|(client_id, note)| Step::Reply { client_id, note }),
        2 => status.prop_map(Step::Status),
        1 => (0..40_u64).prop_map(|seq| Step::Read { seq }),
        4 => Just(Step::Work),
        3 => Just(Step::Alarm),
        2 => (-5_000..70_000_i64).prop_map(Step::Pass),
        2 => Just(Step::Die),
        2 => failure.prop_map(Step::Fail),
        1 => [mood.clone(), mood.clone(), mood].prop_map(Step::Moods),
    ]
}

/// Does one step and says which dedup key it got acknowledged, if any.
fn take(world: &mut World, step: &Step) -> Option<String> {
    match step {
        Step::Receive { key, direction } => {
            let side = match direction {
                Direction::Incoming => SenderSide::Customer,
                Direction::Outgoing | Direction::Note => SenderSide::Agent,
            };
            let key = format!("key:{key}");
            let content = InboundContent::Message(message(*direction, side, &key));
            world.receive(request(&key, content)).is_ok().then_some(key)
        }
        Step::Change { key, status } => {
            let key = format!("key:{key}");
            let taken = world.receive(ticket_change(&key, Some(status), None));
            taken.is_ok().then_some(key)
        }
        Step::Socket { client_id } => {
            let frame = json!({
                "type": "message.send", "client_id": client_id.to_string(), "data": {"text": "Hello"},
            });
            world.host.frames();
            block_on(
                world
                    .object
                    .on_frame(socket_id(1), &visitor(), &frame.to_string()),
            );
            let acked = world
                .host
                .frames()
                .iter()
                .any(|(_, frame)| frame["type"] == "ack");
            acked.then(|| format!("client:{}:{client_id}", customer()))
        }
        Step::Reply { client_id, note } => {
            let request = SendRequest {
                principal: principal(Role::Agent),
                direction: if *note {
                    Direction::Note
                } else {
                    Direction::Outgoing
                },
                text: "Hi".to_owned(),
                attachments: Vec::new(),
                client_id: Some(client_id.to_string()),
                suggestion_id: None,
            };
            let sent = block_on(world.object.send(address(), request));
            sent.is_ok()
                .then(|| format!("client:{}:{client_id}", user(1)))
        }
        Step::Status(status) => {
            let _ = world.set_status(*status);
            None
        }
        Step::Read { seq } => {
            let reader = edgedesk_domain::message::Actor::System;
            let _ = block_on(world.object.mark_read(address(), reader, *seq));
            None
        }
        Step::Work => {
            world.work();
            None
        }
        Step::Alarm => {
            if let Some(at) = world.host.alarm.take() {
                world.host.now.set(world.host.now.get().max(at.millis()));
                if block_on(world.object.alarm(&world.outside)).is_err() {
                    // The runtime tries again.
                    world.host.alarm.set(Some(at));
                }
            }
            None
        }
        Step::Pass(millis) => {
            world.host.pass(*millis);
            None
        }
        Step::Die => {
            world.reborn();
            None
        }
        Step::Fail(failure) => {
            world.sql.fail(*failure);
            None
        }
        Step::Moods([queue, desk, analyzer]) => {
            world.outside.queue.set(*queue);
            world.outside.desk.set(*desk);
            world.outside.analyzer.set(*analyzer);
            None
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_what_was_acknowledged_is_there_once(
        steps in prop::collection::vec(step(), 1..60)
    ) {
        let mut world = World::new();
        let mut acknowledged = Vec::new();
        for step in &steps {
            acknowledged.extend(take(&mut world, step));
        }
        world.sql.fail(None);
        for mood in [&world.outside.queue, &world.outside.desk, &world.outside.analyzer] {
            mood.set(Mood::Well);
        }
        world.check_log();
        if !world.log().is_empty() {
            // Somebody looks: enough to find what a life that ended badly left behind.
            world.work();
            world.drain();
            world.check_log();
            world.check_followed();
            let seen = world.sql.rows("SELECT key FROM seen").concat();
            for key in acknowledged {
                prop_assert!(seen.contains(&key), "{key} was acknowledged and is not in the log");
            }
        }
    }

    /// Strangers write these bytes.
    #[test]
    fn any_text_as_a_frame_is_answered_and_never_panics(
        text in prop_oneof![
            any::<String>(),
            "\\{\"type\":\"(message.send|resume|read|join|typing.start|x)\",?.{0,40}\\}",
            "[\\[\\]{}\",:0-9a-z\u{0}🙂]{0,80}",
        ],
        is_agent in any::<bool>(),
    ) {
        let world = World::new();
        world.says("a", "Hello");
        let identity = if is_agent { agent_socket(1, Role::Agent) } else { visitor() };
        block_on(world.object.on_frame(socket_id(1), &identity, &text));
        world.check_log();
    }
}
