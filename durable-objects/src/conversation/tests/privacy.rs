//! A conversation is hidden, shown again, erased, made anonymous.

use edgedesk_domain::account::Role;
use edgedesk_domain::event::EventData;
use edgedesk_domain::ids::PrivacyRequestId;
use edgedesk_domain::time::Timestamp;
use edgedesk_wire::object::EventsResponse;
use edgedesk_wire::privacy::{CancelErasure, PrivacyKind, Rewrite, ScheduleErasure};
use edgedesk_wire::queue::Payload;

use super::super::Reader;
use super::*;
use crate::testing::Failure;

const NAME: &str = "Wilhelmina Vandersloot";
const EMAIL: &str = "wilhelmina.v@vandersloot.example";
const DAY: i64 = 24 * 3600 * 1000;

fn request_id(n: u64) -> PrivacyRequestId {
    PrivacyRequestId::new(Ulid::from(u128::from(5_000 + n)))
}

/// A message of a customer with a name and an address, in which both stand.
fn personal(key: &str, text: &str) -> ReceiveRequest {
    let mut message = message(Direction::Incoming, SenderSide::Customer, text);
    message.sender.name = Some(NAME.to_owned());
    message.sender.email = Some(EMAIL.to_owned());
    message.subject = Some(format!("A parcel for {NAME}"));
    message.external_id = Some(format!("comment-{key}"));
    request(key, InboundContent::Message(message))
}

impl World {
    /// A conversation of some length, in which the customer is everywhere.
    fn with_a_person() -> Self {
        Self::with_messages(80)
    }

    fn with_messages(n_messages: u64) -> Self {
        let world = Self::new();
        let text = format!("Where is it? I am {NAME}, {EMAIL}, call +44 7700 900123.");
        world.receive(personal("a", &text)).unwrap();
        world.drain();
        world
            .send(Role::Agent, Direction::Outgoing, "Dear wilhelmina, soon.")
            .unwrap();
        world
            .send(Role::Agent, Direction::Note, "VANDERSLOOT is a regular.")
            .unwrap();
        let payload = serde_json::json!({"who": {"mail": EMAIL}});
        world
            .receive(request(
                "other",
                InboundContent::Other {
                    event_type: "x".into(),
                    payload,
                },
            ))
            .unwrap();
        for n in 0..n_messages {
            world
                .receive(personal(&format!("m{n}"), &format!("{NAME} again")))
                .unwrap();
        }
        world.drain();
        world.check_log();
        world.check_followed();
        world.host.pass(1_000);
        world
    }

    fn schedule(&self, n: u64) -> bool {
        self.try_schedule(n).unwrap()
    }

    fn try_schedule(&self, n: u64) -> Result<bool, ObjectError> {
        let asked_at = Timestamp::from_millis(self.host.now.get());
        let schedule = ScheduleErasure {
            request_id: request_id(n),
            asked_at,
            due_at: asked_at.plus_millis(30 * DAY),
        };
        block_on(self.object.schedule_erasure(address(), schedule)).map(|done| done.is_new)
    }

    fn cancel(&self, n: u64) -> bool {
        let cancel = CancelErasure {
            request_id: request_id(n),
        };
        block_on(self.object.cancel_erasure(address(), cancel))
            .unwrap()
            .is_new
    }

    fn rewrite(&self, n: u64, kind: PrivacyKind, asked_at: i64) -> Result<(), ObjectError> {
        let names = self.object.known_names(address())?.names;
        let mut after_seq = 0;
        loop {
            let portion = Rewrite {
                request_id: request_id(n),
                kind,
                asked_at: Timestamp::from_millis(asked_at),
                names: names.clone(),
                after_seq,
            };
            match block_on(self.object.rewrite(address(), portion))?.next_after {
                Some(next) => after_seq = next,
                None => return Ok(()),
            }
        }
    }

    fn seen_by_people(&self) -> Vec<u64> {
        self.object
            .check_viewer(address(), &principal(Role::Owner))
            .unwrap();
        let text = self
            .object
            .events_after(address(), 0, None, Reader::Person)
            .unwrap();
        let answer: EventsResponse = serde_json::from_str(&text).unwrap();
        answer.events.iter().map(|event| event.seq).collect()
    }

    /// Every table, as one text in lower case.
    fn stored(&self) -> String {
        let mut all = String::new();
        for table in self
            .sql
            .rows("SELECT name FROM sqlite_master WHERE type = 'table'")
        {
            for row in self.sql.rows(&format!("SELECT * FROM {}", table[0])) {
                all.push_str(&row.join("|"));
            }
        }
        all.to_lowercase()
    }

    fn assert_nothing_of_the_person(&self) {
        let stored = self.stored();
        for word in ["wilhelmina", "vandersloot", "7700 900123", "8447388090494"] {
            // The external id of an agent is not the customer's.
            assert!(!stored.contains(word), "{word} in {stored}");
        }
    }
}

#[test]
fn a_hidden_conversation_is_nobodys_to_see_and_comes_back_whole_on_day_29() {
    let world = World::with_a_person();
    let agent = agent_socket(1, Role::Owner);
    world.object.admit(address(), &agent).unwrap();
    world.object.opened(address(), socket_id(1), agent.clone());
    let before = world.seen_by_people();
    assert!(world.schedule(1));
    assert!(!world.schedule(1), "asking again changes nothing");

    let owner = principal(Role::Owner);
    let error = world.object.check_viewer(address(), &owner).unwrap_err();
    assert_eq!(error.status(), 404);
    assert_eq!(world.host.closed.borrow().len(), 1, "an open socket ends");
    let error = world.object.admit(address(), &agent_socket(2, Role::Owner));
    assert_eq!(error.unwrap_err().status(), 404);
    world.drain();
    assert!(world.outside.states.borrow().last().unwrap().is_hidden());
    world.check_log();

    world.host.pass(29 * DAY);
    assert!(!world.cancel(2), "another request has hidden nothing");
    assert!(world.cancel(1));
    assert!(!world.cancel(1));
    let after = world.seen_by_people();
    assert_eq!(after[..before.len()], before);
    assert!(world.stored().contains("wilhelmina"), "nothing was lost");
    world.drain();
    assert!(!world.outside.states.borrow().last().unwrap().is_hidden());
    world.check_log();
}

#[test]
fn on_day_30_nothing_of_the_person_is_stored_and_the_log_has_no_gap() {
    let mut world = World::with_a_person();
    let asked_at = world.host.now.get();
    let (before, types) = (world.log(), world.types());
    world.schedule(1);
    world.host.pass(30 * DAY);
    world.outside.envelopes.borrow_mut().clear();
    world.rewrite(1, PrivacyKind::Erasure, asked_at).unwrap();
    world.rewrite(1, PrivacyKind::Erasure, asked_at).unwrap();

    world.assert_nothing_of_the_person();
    world.check_log();
    let log = world.log();
    for (old, new) in before.iter().zip(&log) {
        assert_eq!((old.id, old.seq, old.at), (new.id, new.seq, new.at));
    }
    assert_eq!(types, world.types()[..types.len()]);
    assert_eq!(world.types().last(), Some(&"conversation.erased"));
    // Whoever follows the log gets all of it again.
    world.drain();
    world.check_followed();
    let sent = serde_json::to_string(&*world.outside.envelopes.borrow()).unwrap();
    assert!(!sent.to_lowercase().contains("wilhelmina"), "{sent}");
    let state = world.state();
    assert_eq!(
        (state.customer_name, state.customer_email, state.subject),
        (None, None, None)
    );
    assert_eq!((state.last_message, state.external_id), (None, None));
    world.reborn();
    world.check_log();
    world.assert_nothing_of_the_person();
}

#[test]
fn a_replayed_delivery_brings_nothing_back() {
    let mut world = World::with_a_person();
    let asked_at = world.host.now.get();
    world.schedule(1);
    world.rewrite(1, PrivacyKind::Erasure, asked_at).unwrap();
    for _ in 0..2 {
        let receipt = world.receive(personal("a", "I am Wilhelmina")).unwrap();
        assert_eq!((receipt.duplicate, receipt.seq), (true, 2));
        world.assert_nothing_of_the_person();
        world.reborn();
    }
    let keys = world.sql.rows("SELECT key FROM seen");
    assert!(!keys.iter().any(|key| key[0] == "a" || key[0] == "other"));
    // What is new is taken as ever.
    assert!(!world.receive(personal("z", "Hello")).unwrap().duplicate);
    world.check_log();
}

#[test]
fn who_writes_within_the_window_is_answered_without_what_was_before_and_keeps_what_came_since() {
    let world = World::with_a_person();
    let asked_at = world.host.now.get();
    world.schedule(1);
    let through_seq = world.state().hidden_seq();
    world.host.pass(DAY);
    let receipt = world.receive(personal("new", "One more thing")).unwrap();
    let seen = world.seen_by_people();
    assert!(
        seen.contains(&receipt.seq) && !seen.contains(&through_seq),
        "{seen:?}"
    );
    assert_eq!(seen[0], through_seq + 1);
    // Decisions on what is hidden are hidden, too.
    let old = world.log().iter().find_map(|event| match &event.data {
        EventData::MessageCreated(message) => Some(message.message_id),
        _ => None,
    });
    let error = world.object.decision(address(), old.unwrap()).unwrap_err();
    assert_eq!(error.status(), 404);

    world.host.pass(29 * DAY);
    world.rewrite(1, PrivacyKind::Erasure, asked_at).unwrap();
    world.drain();
    world.check_log();
    assert!(world.stored().contains("one more thing"));
    let early: Vec<_> = world
        .log()
        .into_iter()
        .take(usize::try_from(through_seq).unwrap())
        .collect();
    let early = serde_json::to_string(&early).unwrap().to_lowercase();
    assert!(!early.contains("wilhelmina"));
    assert_eq!(
        world.seen_by_people(),
        (through_seq + 1..=world.state().seq).collect::<Vec<_>>()
    );
}

#[test]
fn a_message_that_comes_between_the_wish_and_its_step_counts_as_later() {
    let world = World::with_a_person();
    let asked_at = Timestamp::from_millis(world.host.now.get());
    world.host.pass(1);
    world.receive(personal("late", "Too late")).unwrap();
    let schedule = ScheduleErasure {
        request_id: request_id(1),
        asked_at,
        due_at: asked_at,
    };
    block_on(world.object.schedule_erasure(address(), schedule)).unwrap();
    assert!(!world.state().is_hidden());
    assert!(world.seen_by_people().len() >= 2);
}

#[test]
fn an_anonymous_conversation_is_shown_and_readable_and_names_nobody() {
    let mut world = World::with_a_person();
    let asked_at = world.host.now.get();
    world.outside.envelopes.borrow_mut().clear();
    world
        .rewrite(1, PrivacyKind::Anonymisation, asked_at)
        .unwrap();
    world.assert_nothing_of_the_person();
    world.check_log();
    let texts: Vec<String> = world
        .log()
        .iter()
        .filter_map(|event| match &event.data {
            EventData::MessageCreated(message) => Some(message.text.clone()),
            _ => None,
        })
        .take(3)
        .collect();
    assert_eq!(
        texts,
        [
            "Where is it? I am [name], [email], call [phone].",
            "Dear [name], soon.",
            "[name] is a regular."
        ]
    );
    let state = world.state();
    assert!(!state.is_hidden());
    assert_eq!((state.customer_name, state.customer_email), (None, None));
    assert_eq!(state.subject.as_deref(), Some("A parcel for [name]"));
    let external_id = state.external_id.unwrap();
    assert!(
        external_id.starts_with("anon_") && external_id.len() == 37,
        "{external_id}"
    );
    world.drain();
    world.check_followed();
    // Doing it again changes nothing, not even what it is called.
    let log = world.log();
    world
        .rewrite(2, PrivacyKind::Anonymisation, asked_at)
        .unwrap();
    assert_eq!(world.log()[..log.len() - 1], log[..log.len() - 1]);
    world.reborn();
    assert!(world.receive(personal("a", "replayed")).unwrap().duplicate);
    world.assert_nothing_of_the_person();
}

#[test]
fn what_was_on_its_way_to_the_queue_is_sent_again_rewritten() {
    let world = World::with_a_person();
    let asked_at = world.host.now.get();
    world.receive(personal("b", "One more")).unwrap();
    // The flush has read the log and waits for the queue while the log is rewritten.
    let rewriting = async {
        crate::testing::pause().await;
        crate::testing::pause().await;
        let portion = Rewrite {
            request_id: request_id(1),
            kind: PrivacyKind::Anonymisation,
            asked_at: Timestamp::from_millis(asked_at + DAY),
            names: world.object.known_names(address()).unwrap().names,
            after_seq: 0,
        };
        let rewritten = world.object.rewrite(address(), portion).await.unwrap();
        assert_eq!(rewritten.next_after, None);
    };
    block_on(async { futures::join!(world.object.work(&world.outside), rewriting) });
    world.drain();
    let envelopes = world.outside.envelopes.borrow();
    let mut newest = std::collections::BTreeMap::new();
    for envelope in envelopes.iter() {
        let Payload::EventsAppended(body) = &envelope.payload;
        for event in &body.events {
            let known: &mut Event = newest.entry(event.seq).or_insert_with(|| event.clone());
            if event.revision > known.revision {
                *known = event.clone();
            }
        }
    }
    let newest: Vec<_> = newest.into_values().collect();
    assert_eq!(
        newest,
        world.log(),
        "the larger revision of each is the log's"
    );
}

#[test]
fn a_storage_that_fails_at_any_call_ends_with_nothing_of_the_person_and_loses_nothing_else() {
    for kind in [PrivacyKind::Erasure, PrivacyKind::Anonymisation] {
        let calls = {
            let world = World::with_messages(2);
            world.sql.fail(None);
            world.rewrite(1, kind, world.host.now.get()).unwrap();
            world.sql.calls()
        };
        for (call, after) in (1..=calls).flat_map(|call| [(call, false), (call, true)]) {
            let mut world = World::with_messages(2);
            let (asked_at, before) = (world.host.now.get(), world.log().len());
            world.sql.fail(Some(if after {
                Failure::After(call)
            } else {
                Failure::Before(call)
            }));
            let mut tries = 0;
            while world.rewrite(1, kind, asked_at).is_err() {
                tries += 1;
                assert!(tries < 5, "call {call}");
                world.reborn();
            }
            world.sql.fail(None);
            world.assert_nothing_of_the_person();
            world.drain();
            world.check_log();
            assert_eq!(world.log().len(), before + 1, "call {call}");
            assert!(
                world.receive(personal("a", "again")).unwrap().duplicate,
                "call {call}"
            );
        }
    }
}
