use edgedesk_domain::ids::AccountId;
use edgedesk_domain::time::Timestamp;
use edgedesk_wire::idempotency::{BeginRequest, EndRequest, Outcome, Turn};
use futures::executor::block_on;
use futures::future::join_all;
use proptest::prelude::*;
use ulid::Ulid;

use super::{HELD_MILLIS, Idempotency, KEPT_MILLIS, SWEEP_MILLIS};
use crate::error::ObjectError;
use crate::testing::{Failure, TestHost, TestSql};

/// 2026-01-02T12:00:00Z.
const NOON: i64 = 1_767_355_200_000;

struct World {
    sql: TestSql,
    host: TestHost,
    object: Idempotency<TestSql, TestHost>,
}

impl World {
    fn new() -> Self {
        let (sql, host) = (TestSql::new(), TestHost::default());
        host.now.set(NOON);
        Self {
            object: object(&sql, &host),
            sql,
            host,
        }
    }

    /// The object is evicted and wakes anew.
    fn restart(&mut self) {
        self.object = object(&self.sql, &self.host);
    }

    fn try_begin(&self, key: &str, of: &str, attempt: &str) -> Result<Turn, ObjectError> {
        let request = begin(key, of, attempt);
        block_on(self.object.begin(account(), &request)).map(|begun| begun.turn)
    }

    fn begin(&self, key: &str, of: &str, attempt: &str) -> Turn {
        self.try_begin(key, of, attempt).unwrap()
    }

    fn end(&self, key: &str, attempt: &str, answer: Option<&str>) -> bool {
        self.object
            .end(account(), &end(key, attempt, answer))
            .unwrap()
            .was_held
    }

    fn fail(&self, key: &str, attempt: &str) -> bool {
        let request = EndRequest {
            outcome: None,
            ..end(key, attempt, None)
        };
        self.object.end(account(), &request).unwrap().was_held
    }
}

fn object(sql: &TestSql, host: &TestHost) -> Idempotency<TestSql, TestHost> {
    Idempotency::new(sql.clone(), host.clone())
}

fn account() -> AccountId {
    AccountId::new(Ulid(1))
}

/// A hash that is easy to tell from others.
fn hash(name: &str) -> String {
    format!("{:0>64}", hex::encode(name))
}

fn begin(key: &str, of: &str, attempt: &str) -> BeginRequest {
    BeginRequest {
        key_hash: hash(key),
        fingerprint: hash(of),
        attempt: attempt.into(),
    }
}

fn end(key: &str, attempt: &str, answer: Option<&str>) -> EndRequest {
    EndRequest {
        key_hash: hash(key),
        attempt: attempt.into(),
        outcome: Some(Outcome {
            status: 201,
            answer: answer.map(str::to_owned),
        }),
    }
}

fn repeat(answer: Option<&str>) -> Turn {
    Turn::Repeat {
        status: 201,
        answer: answer.map(str::to_owned),
    }
}

#[test]
fn who_asks_again_is_given_the_first_answer() {
    let mut world = World::new();
    assert_eq!(world.begin("k", "x", "1"), Turn::Go);
    assert!(world.end("k", "1", Some("sealed")));
    assert_eq!(world.begin("k", "x", "2"), repeat(Some("sealed")));
    world.restart();
    assert_eq!(world.begin("k", "x", "3"), repeat(Some("sealed")));
    assert_eq!(world.begin("other", "x", "4"), Turn::Go);
}

#[test]
fn another_request_under_the_key_is_refused_while_the_first_runs_and_after_it() {
    let world = World::new();
    assert_eq!(world.begin("k", "x", "1"), Turn::Go);
    assert_eq!(world.begin("k", "y", "2"), Turn::Reused);
    world.end("k", "1", None);
    assert_eq!(world.begin("k", "y", "3"), Turn::Reused);
}

#[test]
fn of_many_at_once_one_goes_on_and_the_others_wait() {
    let world = World::new();
    let requests: Vec<_> = (0..50)
        .map(|n| begin("k", "x", &format!("attempt-{n}")))
        .collect();
    let turns = block_on(join_all(
        requests
            .iter()
            .map(|one| world.object.begin(account(), one)),
    ));
    let turns: Vec<_> = turns.into_iter().map(|begun| begun.unwrap().turn).collect();
    let n_of = |turn: &Turn| turns.iter().filter(|one| *one == turn).count();
    assert_eq!((n_of(&Turn::Go), n_of(&Turn::Wait)), (1, 49));
}

#[test]
fn what_came_to_nothing_leaves_the_key_free_also_for_another_request() {
    let world = World::new();
    assert_eq!(world.begin("k", "x", "1"), Turn::Go);
    assert!(world.fail("k", "1"));
    assert_eq!(world.begin("k", "y", "2"), Turn::Go);
}

#[test]
fn an_attempt_without_a_word_is_given_up_and_ends_nothing_later() {
    let world = World::new();
    assert_eq!(world.begin("k", "x", "1"), Turn::Go);
    world.host.pass(HELD_MILLIS - 1);
    assert_eq!(world.begin("k", "x", "2"), Turn::Wait);
    world.host.pass(1);
    assert_eq!(world.begin("k", "x", "2"), Turn::Go);
    assert!(!world.end("k", "1", Some("late")));
    assert!(!world.fail("k", "1"));
    assert_eq!(world.begin("k", "x", "3"), Turn::Wait);
    assert!(world.end("k", "2", Some("second")));
    assert_eq!(world.begin("k", "x", "3"), repeat(Some("second")));
}

#[test]
fn who_is_late_and_overtaken_by_nobody_still_ends_their_attempt() {
    let world = World::new();
    world.begin("k", "x", "1");
    world.host.pass(HELD_MILLIS + 1);
    assert!(world.end("k", "1", Some("late")));
    assert_eq!(world.begin("k", "x", "2"), repeat(Some("late")));
}

#[test]
fn the_same_attempt_may_ask_again_and_end_twice() {
    let world = World::new();
    assert_eq!(world.begin("k", "x", "1"), Turn::Go);
    assert_eq!(world.begin("k", "x", "1"), Turn::Go);
    assert!(world.end("k", "1", Some("first")));
    assert!(world.end("k", "1", Some("second")));
    assert!(
        world.fail("k", "1"),
        "what is kept is not freed by a repeat"
    );
    assert_eq!(world.begin("k", "x", "2"), repeat(Some("first")));
}

#[test]
fn a_day_later_the_key_is_free_and_an_hour_after_that_its_row_is_gone() {
    let world = World::new();
    world.begin("k", "x", "1");
    world.end("k", "1", Some("sealed"));
    world.host.pass(KEPT_MILLIS - 1);
    assert_eq!(world.begin("k", "x", "2"), repeat(Some("sealed")));
    world.host.pass(1);
    assert_eq!(world.begin("k", "y", "3"), Turn::Go);
    world.end("k", "3", None);
    world.host.pass(KEPT_MILLIS);
    block_on(world.object.alarm()).unwrap();
    assert!(world.sql.rows("SELECT 1 FROM keys").is_empty());
}

#[test]
fn the_alarm_goes_off_once_an_hour_while_there_are_keys_and_once_more() {
    let mut world = World::new();
    world.begin("k", "x", "1");
    let after = |millis: i64| Some(Timestamp::from_millis(NOON + millis));
    assert_eq!(world.host.alarm.get(), after(SWEEP_MILLIS));
    // Neither further keys nor a restart put it off.
    world.host.pass(SWEEP_MILLIS / 2);
    world.restart();
    world.begin("l", "x", "2");
    assert_eq!(world.host.alarms_set.get(), 1);
    world.host.pass(SWEEP_MILLIS / 2);
    block_on(world.object.alarm()).unwrap();
    assert_eq!(world.host.alarm.get(), after(2 * SWEEP_MILLIS));
    // Nothing is left now, and the next key sets it again.
    assert!(world.sql.rows("SELECT at FROM sweep").is_empty());
    world.begin("m", "x", "3");
    assert_eq!(world.host.alarms_set.get(), 3);
}

#[test]
fn an_alarm_that_was_lost_is_set_anew() {
    let world = World::new();
    world.begin("k", "x", "1");
    world.host.pass(2 * SWEEP_MILLIS);
    world.begin("l", "x", "2");
    assert_eq!(world.host.alarms_set.get(), 2);
}

#[test]
fn forgotten_answers_leave_their_keys_and_those_under_way_keep_none() {
    let world = World::new();
    world.begin("k", "x", "1");
    world.end("k", "1", Some("somebody"));
    world.begin("l", "x", "2");
    world.object.forget(account()).unwrap();
    world.end("l", "2", Some("somebody"));
    for key in ["k", "l"] {
        assert_eq!(world.begin(key, "x", "3"), repeat(None));
    }
    world.begin("m", "x", "4");
    world.end("m", "4", Some("somebody else"));
    assert_eq!(world.begin("m", "x", "5"), repeat(Some("somebody else")));
}

#[test]
fn nothing_is_stored_but_hashes_and_what_was_sealed() {
    let world = World::new();
    world.begin("k", "x", "req_1");
    world.end("k", "req_1", Some("sealed"));
    let rows = world
        .sql
        .rows("SELECT key_hash, fingerprint, attempt, status, answer FROM keys");
    let [key, of] = [hash("k"), hash("x")];
    assert_eq!(
        rows,
        [[key.as_str(), of.as_str(), "req_1", "201", "sealed"]]
    );
}

#[test]
fn a_storage_that_fails_at_any_call_lets_no_two_attempts_go_on() {
    let n_calls = {
        let world = World::new();
        world.sql.fail(None);
        world.begin("k", "x", "1");
        world.sql.calls()
    };
    for call in 1..=n_calls {
        for failure in [
            Failure::Before(call),
            Failure::After(call),
            Failure::DeadFrom(call),
        ] {
            let mut world = World::new();
            world.sql.fail(Some(failure));
            let first = world.try_begin("k", "x", "1");
            assert_eq!(first.unwrap_err().status(), 503, "{failure:?}");
            world.sql.fail(None);
            world.restart();
            // Whoever was told nothing makes no change; asking again decides it.
            let turns = [world.begin("k", "x", "2"), world.begin("k", "x", "3")];
            let n_go = turns.iter().filter(|turn| **turn == Turn::Go).count();
            assert!(n_go <= 1, "{failure:?}: {turns:?}");
            assert_ne!(world.begin("k", "x", "1"), repeat(None), "{failure:?}");
        }
    }
}

#[test]
fn an_alarm_that_cannot_be_set_lets_nobody_go_on() {
    let world = World::new();
    world.host.alarm_fails.set(true);
    assert_eq!(world.try_begin("k", "x", "1").unwrap_err().status(), 503);
    world.host.alarm_fails.set(false);
    assert_eq!(world.begin("k", "x", "2"), Turn::Go);
}

#[test]
fn what_no_caller_of_ours_sends_is_refused() {
    let world = World::new();
    let request = begin("k", "x", "1");
    let long = "x".repeat(65);
    for wrong in [
        BeginRequest {
            key_hash: "k".into(),
            ..request.clone()
        },
        BeginRequest {
            fingerprint: "é".repeat(32),
            ..request.clone()
        },
        BeginRequest {
            attempt: String::new(),
            ..request.clone()
        },
        BeginRequest {
            attempt: long,
            ..request
        },
    ] {
        let refused = block_on(world.object.begin(account(), &wrong)).unwrap_err();
        assert_eq!(refused.status(), 422, "{wrong:?}");
    }
    let large = "x".repeat(super::MAX_ANSWER_BYTES + 1);
    let refused = world
        .object
        .end(account(), &end("k", "1", Some(&large)))
        .unwrap_err();
    assert_eq!(refused.status(), 422);
}

proptest! {
    /// Whoever goes on is alone for as long as an attempt may take, and what has an outcome never happens again within a day.
    #[test]
    fn nothing_happens_twice(steps in prop::collection::vec((0_u8..4, 0_i64..30_000), 1..60)) {
        let mut world = World::new();
        let mut running: Vec<(String, i64)> = Vec::new();
        let mut is_done = false;
        for (index, (what, millis)) in steps.into_iter().enumerate() {
            let now = world.host.now.get();
            // One that is not heard of in time has died.
            running.retain(|(_, since)| now - since < HELD_MILLIS);
            match what {
                0 | 1 => {
                    let attempt = format!("a{index}");
                    match world.begin("k", "x", &attempt) {
                        Turn::Go => {
                            prop_assert!(running.is_empty() && !is_done);
                            running.push((attempt, now));
                        }
                        Turn::Wait => prop_assert!(!running.is_empty()),
                        Turn::Repeat { .. } => prop_assert!(is_done),
                        Turn::Reused => prop_assert!(false, "it is the same request"),
                    }
                }
                2 => {
                    if let Some((attempt, _)) = running.pop() {
                        is_done = index % 3 == 0;
                        let was_held = if is_done {
                            world.end("k", &attempt, Some("answer"))
                        } else {
                            world.fail("k", &attempt)
                        };
                        prop_assert!(was_held);
                    }
                }
                _ => world.restart(),
            }
            world.host.pass(millis);
        }
    }
}
