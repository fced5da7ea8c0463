//! Sockets of agents end with their sessions.

use super::*;
use crate::sockets::Closing;
use crate::testing::Mood;
use crate::watch::LOOK_MILLIS;

const ADA: u64 = 2;
const BO: u64 = 3;

impl World {
    fn opens(&self, n: u64) {
        let identity = agent_socket(n, Role::Agent);
        self.object.admit(address(), &identity).unwrap();
        self.object.opened(address(), socket_id(n), identity);
    }

    fn ends(&self, n: u64) {
        let mut others = self.outside.sessions.others.borrow_mut();
        others.insert(session(n), None);
    }

    /// Lets time pass until the alarm goes off.
    fn alarm(&self) {
        let at = self.host.alarm.take().expect("an alarm is set");
        self.host.now.set(self.host.now.get().max(at.millis()));
        block_on(self.object.alarm(&self.outside)).unwrap();
    }

    fn asked(&self) -> Vec<usize> {
        self.outside.sessions.asked.take()
    }
}

/// A conversation of which all has followed, with two agents who look at it.
fn watched() -> World {
    let world = World::new();
    world.says("a", "Hello");
    world.drain();
    world.opens(ADA);
    world.opens(BO);
    assert!(world.object.has_work(), "the alarm is to be set");
    world.work();
    assert!(!world.object.has_work());
    world
}

#[test]
fn the_socket_of_an_ended_session_is_closed_within_half_a_minute_and_the_others_stay() {
    let world = watched();
    let opened_at = world.host.now.get();
    world.ends(ADA);
    world.alarm();
    assert_eq!(world.host.now.get(), opened_at + LOOK_MILLIS);
    assert_eq!(
        world.host.closed.take(),
        [(socket_id(ADA), Closing::SessionOver)]
    );
    assert_eq!(world.asked(), [2], "one question about both");
    let other = Some("another role".to_owned());
    let mut others = world.outside.sessions.others.borrow_mut();
    others.insert(session(BO), other);
    drop(others);
    world.alarm();
    assert_eq!(
        world.host.closed.take(),
        [(socket_id(BO), Closing::StandingChanged)]
    );
    // Nobody looks at it any more: it sleeps.
    world.drain();
    assert_eq!(world.asked(), [1]);
}

#[test]
fn messages_do_not_put_the_look_off() {
    let world = watched();
    let due = world.host.now.get() + LOOK_MILLIS;
    world.ends(ADA);
    for n in 0..200 {
        world.says(&format!("b{n}"), "Are you there?");
        world.work();
        world.host.pass(200);
        if !world.host.closed.borrow().is_empty() {
            break;
        }
        let alarm = world.host.alarm.get().unwrap().millis();
        assert!(alarm <= due, "{alarm} {due}");
    }
    assert_eq!(
        world.host.closed.take(),
        [(socket_id(ADA), Closing::SessionOver)]
    );
    assert!(world.host.now.get() <= due + 1_000);
}

#[test]
fn an_object_that_wakes_looks_at_once_since_it_forgot_when_it_looked_last() {
    let mut world = watched();
    world.ends(ADA);
    world.host.pass(LOOK_MILLIS / 2);
    world.reborn();
    let sockets = [ADA, BO].map(|n| (socket_id(n), agent_socket(n, Role::Agent)));
    world.object.restore(sockets);
    assert!(world.object.has_work());
    world.work();
    assert_eq!(
        world.host.closed.take(),
        [(socket_id(ADA), Closing::SessionOver)]
    );
    let next = world.host.alarm.get().unwrap().millis();
    assert_eq!(next, world.host.now.get() + LOOK_MILLIS);
}

#[test]
fn while_the_directory_is_down_sockets_stay_and_are_looked_at_again() {
    let world = watched();
    world.ends(ADA);
    world.outside.sessions.mood.set(Mood::Unavailable);
    world.alarm();
    assert_eq!(world.host.closed.take(), []);
    assert_eq!(world.host.reports.take().len(), 1);
    world.outside.sessions.mood.set(Mood::Well);
    world.alarm();
    assert_eq!(
        world.host.closed.take(),
        [(socket_id(ADA), Closing::SessionOver)]
    );
}

#[test]
fn for_a_customer_alone_nobody_is_asked_and_no_alarm_is_set() {
    let world = World::new();
    world.says("a", "Hello");
    world.drain();
    let set = world.host.alarms_set.get();
    let identity = visitor();
    world.object.admit(address(), &identity).unwrap();
    world.object.opened(address(), socket_id(1), identity);
    assert!(!world.object.has_work());
    world.work();
    assert_eq!(world.host.alarms_set.get(), set);
    assert_eq!(world.asked(), [0; 0]);
}
