//! The storage fails at every single call, once; then the process dies at every single call.

use super::*;
use crate::testing::{Failure, Mood};

type Step = Box<dyn Fn(&World) -> Result<(), ObjectError>>;

/// Things that happen, each asked for again until it is done, as providers and clients do.
fn steps() -> Vec<Step> {
    fn receive(request: ReceiveRequest) -> Step {
        Box::new(move |world| world.receive(request.clone()).map(drop))
    }
    let work = || -> Step {
        Box::new(|world| {
            world.work();
            Ok(())
        })
    };
    let reply: Step = Box::new(|world| {
        let request = SendRequest {
            principal: principal(Role::Agent),
            direction: Direction::Outgoing,
            text: "reply".to_owned(),
            attachments: Vec::new(),
            client_id: Some("1".to_owned()),
            suggestion_id: None,
        };
        block_on(world.object.send(address(), request)).map(drop)
    });
    vec![
        receive(customer_says("a", "one")),
        work(),
        receive(customer_says("b", "two")),
        receive(customer_says("a", "one")),
        reply,
        receive(ticket_change("c", Some("solved"), None)),
        work(),
        receive(customer_says("d", "three")),
        work(),
    ]
}

/// What the log must hold at the end, whatever failed: each thing once, in order.
fn check_outcome(world: &World, context: &str) {
    world.drain();
    world.check_log();
    world.check_followed();
    let log = world.log();
    let texts: Vec<&str> = log
        .iter()
        .filter_map(|event| match &event.data {
            edgedesk_domain::event::EventData::MessageCreated(message) => {
                Some(message.text.as_str())
            }
            _ => None,
        })
        .collect();
    assert_eq!(texts, ["one", "two", "reply", "three"], "{context}");
    let count = |kind: &str| world.types().iter().filter(|other| **other == kind).count();
    for (kind, expected) in [
        ("conversation.created", 1),
        ("ticket.opened", 1),
        ("ticket.updated", 1),
        ("message.analyzed", 3),
        ("conversation.status_changed", 2),
    ] {
        assert_eq!(count(kind), expected, "{context}: {kind}");
    }
}

/// Calls to the storage when nothing fails.
fn n_calls() -> u64 {
    let world = World::new();
    world.sql.fail(None);
    for step in steps() {
        step(&world).unwrap();
    }
    world.sql.calls()
}

#[test]
fn a_storage_that_fails_at_any_call_loses_nothing_acknowledged() {
    for n in 1..=n_calls() + 1 {
        for failure in [Failure::Before(n), Failure::After(n)] {
            let world = World::new();
            world.sql.fail(Some(failure));
            for step in steps() {
                let mut tries = 0;
                while step(&world).is_err() {
                    tries += 1;
                    assert!(tries < 3, "{failure:?}: one failure costs one or two tries");
                }
                world.check_log();
            }
            check_outcome(&world, &format!("{failure:?}"));
        }
    }
}

#[test]
fn a_process_that_dies_at_any_call_loses_nothing_acknowledged() {
    for n in 1..=n_calls() + 1 {
        let mut world = World::new();
        world.sql.fail(Some(Failure::DeadFrom(n)));
        for step in steps() {
            let done = step(&world);
            if world.sql.calls() >= n {
                // The machine is back; the provider asks again for what was not acknowledged.
                world.sql.fail(None);
                world.reborn();
                if done.is_err() {
                    step(&world).unwrap();
                }
            }
            world.check_log();
        }
        check_outcome(&world, &format!("dead from call {n}"));
    }
}

#[test]
fn a_process_that_dies_between_any_two_steps_catches_up_by_alarm() {
    for mask in 0..1_u32 << steps().len() {
        let mut world = World::new();
        for (index, step) in steps().iter().enumerate() {
            step(&world).unwrap();
            if mask & (1 << index) != 0 {
                world.reborn();
            }
        }
        world.reborn();
        check_outcome(&world, &format!("deaths {mask:b}"));
    }
}

#[test]
fn everything_outside_down_costs_nothing_but_time() {
    let moods = [Mood::Unavailable, Mood::DoneButUnavailable];
    for queue in moods {
        for desk in moods {
            for analyzer in moods {
                let mut world = World::new();
                world.outside.queue.set(queue);
                world.outside.desk.set(desk);
                world.outside.analyzer.set(analyzer);
                for step in steps() {
                    step(&world).unwrap();
                    world.check_log();
                }
                world.reborn();
                world.outside.queue.set(Mood::Well);
                world.outside.desk.set(Mood::Well);
                world.outside.analyzer.set(Mood::Well);
                check_outcome(&world, &format!("{queue:?} {desk:?} {analyzer:?}"));
            }
        }
    }
}

#[test]
fn a_snapshot_only_saves_time() {
    let mut world = World::new();
    for n in 0..300 {
        world.says(&n.to_string(), "Hello");
        if n % 50 == 0 {
            world.work();
        }
    }
    world.drain();
    let snapshots = world.sql.rows("SELECT fold_version FROM snapshot");
    assert_eq!(snapshots.len(), 1);
    let state = world.state();
    world.reborn();
    assert_eq!(world.state(), state);
    // Of another version, or unreadable: as good as none.
    for spoil in [
        "UPDATE snapshot SET fold_version = 0",
        "UPDATE snapshot SET fold_version = 1, state = '{}'",
        "UPDATE snapshot SET state = 'not json'",
        "DELETE FROM snapshot",
    ] {
        world.sql.rows(spoil);
        world.reborn();
        assert_eq!(world.state(), state, "{spoil}");
        world.check_log();
    }
}

#[test]
fn a_log_with_a_hole_is_reported_and_not_papered_over() {
    let mut world = World::new();
    world.says("a", "Hello");
    world.says("b", "Hello");
    world.sql.rows("DELETE FROM events WHERE seq = 2");
    world.reborn();
    assert_eq!(world.object.state(address()).unwrap_err().status(), 503);
    assert!(world.receive(customer_says("c", "Hello")).is_err());
}
