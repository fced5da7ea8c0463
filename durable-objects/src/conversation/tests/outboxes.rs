use edgedesk_wire::queue::{MAX_MESSAGE_BYTES, Payload};

use super::*;
use crate::testing::Mood;

#[test]
fn a_message_and_its_analysis_travel_together() {
    let world = World::new();
    world.says("a", "Hello");
    assert!(
        world.host.alarm.get().is_some(),
        "an alarm is set before the answer"
    );
    world.work();
    assert_eq!(
        world.types(),
        [
            "conversation.created",
            "message.created",
            "ticket.opened",
            "message.analyzed"
        ]
    );
    assert_eq!(world.outside.envelopes.borrow().len(), 1);
    world.check_followed();
    assert!(!world.object.has_work());
}

#[test]
fn the_ticket_is_logged_once() {
    let mut world = World::new();
    for n in 0..5 {
        world.says(&n.to_string(), "Hello");
        if n % 2 == 0 {
            world.reborn();
        }
        world.drain();
    }
    let opened = world
        .types()
        .iter()
        .filter(|kind| **kind == "ticket.opened")
        .count();
    assert_eq!(opened, 1);
    assert_eq!(world.state().ticket_number, Some(1));
}

#[test]
fn what_the_queue_or_the_desk_misses_is_caught_up_by_alarm() {
    for mood in [Mood::Unavailable, Mood::DoneButUnavailable, Mood::Refusing] {
        let world = World::new();
        world.outside.queue.set(mood);
        world.outside.desk.set(mood);
        world.says("a", "Hello");
        world.work();
        let state = world.state();
        assert!(
            state.unanalyzed.is_empty(),
            "analyses do not wait for the queue"
        );
        assert_eq!(state.ticket_number, None);
        for n in 0..5 {
            world.says(&format!("b{n}"), "Hello?");
            world.work();
            world.check_log();
        }
        world.outside.queue.set(Mood::Well);
        world.outside.desk.set(Mood::Well);
        world.drain();
        world.check_log();
        world.check_followed();
    }
}

#[test]
fn a_broken_queue_is_asked_ever_more_rarely_and_at_least_once_a_minute() {
    for (chance, least, most) in [(0.0, 0.5, 0.5), (0.999_999, 0.99, 1.0)] {
        let world = World::new();
        world.host.chance.set(chance);
        world.outside.queue.set(Mood::Unavailable);
        world.says("a", "Hello");
        world.work();
        let mut waits = Vec::new();
        for _ in 0..9 {
            let before = world.host.now.get();
            let at = world.host.alarm.take().expect("an alarm is set").millis();
            waits.push((at - before) as f64);
            world.host.now.set(at);
            let sends = world.outside.sends.get();
            block_on(world.object.alarm(&world.outside)).unwrap();
            assert_eq!(world.outside.sends.get(), sends + 1, "one try an alarm");
        }
        let whole = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0, 60.0];
        for (wait, whole) in waits.iter().zip(whole) {
            let share = wait / (whole * 1_000.0);
            assert!((least - 0.001..=most).contains(&share), "{waits:?}");
        }
    }
}

#[test]
fn while_the_queue_is_left_alone_messages_do_not_ask_it() {
    let world = World::new();
    world.outside.queue.set(Mood::Unavailable);
    world.says("a", "Hello");
    world.work();
    let reports = world.host.reports.borrow().clone();
    assert_eq!(
        reports[0].message,
        format!(
            "conversation {}: could not flush the outbox: unavailable: on command",
            conversation()
        )
    );
    assert_eq!(reports[0].account_id, Some(account()));
    let sends = world.outside.sends.get();
    for n in 0..10 {
        world.says(&n.to_string(), "Hello");
    }
    world.host.now.set(1_000_300);
    assert!(world.host.alarm.get().is_some());
    assert_eq!(world.outside.sends.get(), sends);
}

#[test]
fn an_event_too_large_for_the_queue_goes_by_reference() {
    let world = World::new();
    world.says("a", "small");
    world.says("b", &"x".repeat(100_000));
    world.says("c", "small");
    world.says("d", &"\u{1}".repeat(100_000));
    world.drain();
    let envelopes = world.outside.envelopes.borrow().clone();
    let mut references = Vec::new();
    for envelope in &envelopes {
        let json = serde_json::to_string(envelope).unwrap();
        assert!(json.len() <= MAX_MESSAGE_BYTES, "{} bytes", json.len());
        let Payload::EventsAppended(body) = &envelope.payload;
        assert_eq!(body.events.is_empty(), body.by_reference.is_some());
        references.extend(
            body.by_reference
                .map(|range| (range.first_seq, range.last_seq)),
        );
    }
    assert_eq!(references, [(3, 3), (5, 5)]);
    world.check_followed();
}

#[test]
fn a_backlog_leaves_in_envelopes_that_fit() {
    let world = World::new();
    world.outside.analyzer.set(Mood::Unavailable);
    for n in 0..1_000 {
        world.says(&n.to_string(), &"long ".repeat(50));
    }
    assert_eq!(world.state().unanalyzed.len(), 1_000);
    world.work();
    for envelope in world.outside.envelopes.borrow().iter() {
        assert!(serde_json::to_string(envelope).unwrap().len() <= MAX_MESSAGE_BYTES);
    }
    world.outside.analyzer.set(Mood::Well);
    world.drain();
    world.check_log();
    world.check_followed();
}

#[test]
fn flushing_twice_at_once_sends_once() {
    let world = World::new();
    world.says("a", "Hello");
    all((0..10).map(|_| world.object.work(&world.outside)));
    world.check_followed();
    assert_eq!(world.outside.sends.get(), 1);
    assert_eq!(world.outside.analyzing.get(), (0, 1));
}

#[test]
fn under_load_the_queue_and_the_desk_are_troubled_about_once_a_second() {
    let world = World::new();
    let begun = world.host.now.get();
    let posts = async {
        for n in 0..2_000 {
            world
                .object
                .receive(address(), customer_says(&n.to_string(), "Hello"))
                .await
                .unwrap();
            world.host.pass(10);
            crate::testing::pause().await;
        }
    };
    block_on(futures::future::join(
        posts,
        world.object.work(&world.outside),
    ));
    let secs = u64::try_from((world.host.now.get() - begun) / 1_000).unwrap();
    let (sends, notices) = (
        world.outside.sends.get(),
        world.outside.states.borrow().len() as u64,
    );
    assert!(secs >= 20, "{secs} s");
    assert!(sends <= secs + 10, "{sends} sends in {secs} s");
    assert!(notices <= secs + 10, "{notices} notices in {secs} s");
    world.drain();
    world.check_followed();
}

#[test]
fn envelopes_have_an_id_that_a_retry_keeps() {
    let world = World::new();
    world.outside.queue.set(Mood::DoneButUnavailable);
    world.says("a", "Hello");
    world.work();
    world.outside.queue.set(Mood::Well);
    world.drain();
    let ids: Vec<String> = world
        .outside
        .envelopes
        .borrow()
        .iter()
        .map(|envelope| envelope.id.clone())
        .collect();
    assert_eq!(ids[0], format!("{}:1-4", conversation()));
    assert_eq!(ids[0], ids[1]);
}

#[test]
fn an_alarm_that_goes_off_with_nothing_to_do_sets_no_other() {
    let world = World::new();
    world.says("a", "Hello");
    world.work();
    world.host.alarm.set(None);
    block_on(world.object.alarm(&world.outside)).unwrap();
    assert_eq!(world.host.alarm.get(), None);
    // Twice, and on an object that knows nothing.
    let empty = World::new();
    block_on(empty.object.alarm(&empty.outside)).unwrap();
    block_on(empty.object.alarm(&empty.outside)).unwrap();
    assert!(empty.sql.rows("SELECT name FROM sqlite_master").is_empty());
}

#[test]
fn a_message_is_not_acknowledged_without_an_alarm() {
    let world = World::new();
    world.host.alarm_fails.set(true);
    let error = world.receive(customer_says("a", "Hello")).unwrap_err();
    assert_eq!(error.status(), 503);
    world.host.alarm_fails.set(false);
    let receipt = world.says("a", "Hello");
    assert!(receipt.duplicate, "it was in the log already");
    assert!(
        world.host.alarm.get().is_some(),
        "and now it will be followed up"
    );
    world.drain();
    world.check_followed();
}
