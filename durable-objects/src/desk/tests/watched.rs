//! Sockets end with their sessions.

use futures::executor::block_on;
use futures::future::join;

use super::*;
use crate::sockets::Closing;
use crate::testing::Mood;
use crate::watch::LOOK_MILLIS;

impl World {
    fn watch(&self, sessions: &TestSessions) {
        block_on(self.desk.watch(sessions)).unwrap();
    }

    fn told(&self, sessions: &TestSessions) {
        block_on(self.desk.watch_now(sessions)).unwrap();
    }

    /// Lets time pass until the alarm goes off.
    fn alarm(&self, sessions: &TestSessions) {
        let at = self.host.alarm.take().expect("an alarm is set");
        self.host.now.set(self.host.now.get().max(at.millis()));
        block_on(self.desk.alarm(sessions)).unwrap();
    }

    fn closed(&self) -> Vec<(SocketId, Closing)> {
        self.host.closed.take()
    }
}

/// A desk with the sockets of three agents.
fn world() -> (World, TestSessions) {
    let (world, sessions) = (World::new(), TestSessions::default());
    for agent in 1..=3 {
        world.open(agent, agent);
    }
    world.watch(&sessions);
    (world, sessions)
}

#[test]
fn the_socket_of_an_ended_session_is_closed_within_half_a_minute_and_the_others_stay() {
    let (world, sessions) = world();
    let opened_at = world.host.now.get();
    assert!(
        sessions.asked.borrow().is_empty(),
        "they were asked about when they came"
    );
    sessions.others.borrow_mut().insert(session(2), None);
    world.host.frames();
    world.alarm(&sessions);
    assert_eq!(world.host.now.get(), opened_at + LOOK_MILLIS);
    assert_eq!(world.closed(), [(socket_id(2), Closing::SessionOver)]);
    assert_eq!(sessions.asked.take(), [3], "one question about all of them");
    let frames = world.host.frames();
    let online = &frames.last().unwrap().1["data"]["agents"];
    assert_eq!(
        online.as_array().unwrap().len(),
        2,
        "the others see that they left: {online}"
    );
    world.alarm(&sessions);
    assert_eq!(sessions.asked.take(), [2]);
    assert_eq!(world.closed(), []);
}

#[test]
fn a_desk_that_is_told_looks_at_once() {
    let (world, sessions) = world();
    let now = world.host.now.get();
    sessions.others.borrow_mut().insert(session(1), None);
    let other = Some("another team".to_owned());
    sessions.others.borrow_mut().insert(session(3), other);
    world.told(&sessions);
    assert_eq!(
        world.closed(),
        [
            (socket_id(1), Closing::SessionOver),
            (socket_id(3), Closing::StandingChanged)
        ]
    );
    assert_eq!(world.host.now.get(), now);
}

#[test]
fn a_desk_without_sockets_asks_nobody_and_sets_no_alarm() {
    let (world, sessions) = (World::new(), TestSessions::default());
    world.told(&sessions);
    assert!(!world.desk.has_to_watch());
    assert_eq!(world.host.alarms_set.get(), 0);
    world.open(1, 1);
    assert!(world.desk.has_to_watch(), "the alarm is to be set");
    world.watch(&sessions);
    assert!(!world.desk.has_to_watch());
    world.desk.closed(socket_id(1));
    // The alarm that was set still goes off, once.
    world.alarm(&sessions);
    assert_eq!(world.host.alarm.get(), None);
    assert_eq!(sessions.asked.take(), [0; 0]);
}

#[test]
fn while_the_directory_is_down_sockets_stay_and_are_looked_at_again() {
    let (world, sessions) = world();
    sessions.others.borrow_mut().insert(session(2), None);
    sessions.mood.set(Mood::Unavailable);
    world.alarm(&sessions);
    world.told(&sessions);
    assert_eq!(world.closed(), []);
    assert_eq!(world.host.reports.take().len(), 2);
    sessions.mood.set(Mood::Well);
    let before = world.host.now.get();
    world.alarm(&sessions);
    assert_eq!(world.closed(), [(socket_id(2), Closing::SessionOver)]);
    assert!(world.host.now.get() - before <= LOOK_MILLIS);
}

#[test]
fn a_desk_that_wakes_looks_at_once_since_it_forgot_when_it_looked_last() {
    let (mut world, sessions) = world();
    sessions.others.borrow_mut().insert(session(2), None);
    world.host.pass(LOOK_MILLIS / 2);
    world.reborn();
    let sockets = (1..=3).map(|n| (socket_id(n), agent_socket(n, "any")));
    world.desk.restore(sockets);
    assert!(world.desk.has_to_watch());
    world.watch(&sessions);
    assert_eq!(world.closed(), [(socket_id(2), Closing::SessionOver)]);
    let next = world.host.alarm.get().unwrap().millis();
    assert_eq!(next, world.host.now.get() + LOOK_MILLIS);
}

#[test]
fn an_ending_that_comes_during_a_look_is_seen_by_another_one() {
    let (world, sessions) = world();
    let first = world.desk.watch_now(&sessions);
    let second = async {
        // The first has asked by now, and will hear that all go on.
        assert_eq!(*sessions.asked.borrow(), [3]);
        sessions.others.borrow_mut().insert(session(2), None);
        world.desk.watch_now(&sessions).await
    };
    let (first, second) = block_on(join(first, second));
    first.unwrap();
    second.unwrap();
    assert_eq!(sessions.asked.take(), [3, 3]);
    assert_eq!(world.closed(), [(socket_id(2), Closing::SessionOver)]);
}

#[test]
fn a_socket_that_is_opened_during_a_look_is_left_to_the_next_one() {
    let (world, sessions) = world();
    let look = world.desk.watch_now(&sessions);
    let open = async { world.open(4, 4) };
    block_on(join(look, open)).0.unwrap();
    assert_eq!(world.closed(), []);
    world.alarm(&sessions);
    assert_eq!(sessions.asked.take(), [3, 4]);
}

#[test]
fn an_alarm_that_cannot_be_set_is_an_error_and_the_look_happens_all_the_same() {
    let (world, sessions) = world();
    sessions.others.borrow_mut().insert(session(2), None);
    world.host.pass(1_000);
    world.host.alarm_fails.set(true);
    assert!(block_on(world.desk.watch_now(&sessions)).is_err());
    assert_eq!(world.closed(), [(socket_id(2), Closing::SessionOver)]);
    world.host.alarm_fails.set(false);
    assert!(world.desk.has_to_watch(), "it is set with the next request");
}
