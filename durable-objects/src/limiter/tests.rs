use edgedesk_domain::ids::AccountId;
use edgedesk_domain::time::Timestamp;
use edgedesk_wire::limits::{CountRequest, CountResponse, Window};
use proptest::prelude::*;
use ulid::Ulid;

use super::{BLOCK, Limiter, MAX_CALLERS};
use crate::error::ObjectError;
use crate::testing::{Failure, TestHost, TestSql};

const NOON: i64 = 1_767_355_200_000;

struct World {
    sql: TestSql,
    host: TestHost,
    limiter: Limiter<TestSql, TestHost>,
}

impl World {
    fn new() -> Self {
        let (sql, host) = (TestSql::new(), TestHost::default());
        host.now.set(NOON);
        Self {
            limiter: Limiter::new(sql.clone(), host.clone()),
            sql,
            host,
        }
    }

    fn reborn(&mut self) {
        self.limiter = Limiter::new(self.sql.clone(), self.host.clone());
    }

    fn call(&self, windows: &[Window]) -> CountResponse {
        self.try_call(None, windows).expect("it counts")
    }

    fn try_call(
        &self,
        caller: Option<&str>,
        windows: &[Window],
    ) -> Result<CountResponse, ObjectError> {
        let request = CountRequest {
            caller: caller.map(str::to_owned),
            windows: windows.to_vec(),
        };
        self.limiter.count(AccountId::new(Ulid::from(1)), request)
    }
}

fn window(name: &str, quota: u64, secs: u32) -> Window {
    Window {
        name: name.to_owned(),
        quota,
        secs,
    }
}

fn standard() -> [Window; 2] {
    [window("hour", 1_000, 3_600), window("burst", 20, 1)]
}

#[test]
fn the_thousand_and_first_call_of_an_hour_is_refused_until_the_hour_is_over() {
    let world = World::new();
    for call in 1..=1_000 {
        let answer = world.call(&standard());
        assert_eq!(answer.refused_by, None, "call {call}");
        assert_eq!(answer.windows[0].remaining, 1_000 - call);
        // Ten a second: the burst is never the reason.
        world.host.pass(100);
    }
    let refused = world.call(&standard());
    assert_eq!(refused.refused_by, Some(0));
    assert_eq!(refused.windows[0].remaining, 0);
    let end = Timestamp::from_millis(NOON + 3_600_000);
    assert_eq!(refused.windows[0].resets_at, end);

    world.host.now.set(end.millis() - 1);
    assert_eq!(world.call(&standard()).refused_by, Some(0));
    world.host.now.set(end.millis());
    let answer = world.call(&standard());
    assert_eq!(
        (answer.refused_by, answer.windows[0].remaining),
        (None, 999)
    );
}

#[test]
fn the_twenty_first_call_of_a_second_is_refused_and_costs_nothing_of_the_hour() {
    let world = World::new();
    for _ in 0..20 {
        assert_eq!(world.call(&standard()).refused_by, None);
    }
    for _ in 0..50 {
        let refused = world.call(&standard());
        assert_eq!(refused.refused_by, Some(1));
        assert_eq!(refused.windows[0].remaining, 980);
    }
    world.host.pass(1_000);
    let answer = world.call(&standard());
    assert_eq!(
        (answer.refused_by, answer.windows[0].remaining),
        (None, 979)
    );
}

#[test]
fn of_two_full_windows_the_one_that_lasts_longer_is_told() {
    let world = World::new();
    let windows = [window("burst", 1, 1), window("hour", 1, 3_600)];
    assert_eq!(world.call(&windows).refused_by, None);
    assert_eq!(world.call(&windows).refused_by, Some(1));
}

#[test]
fn a_restart_gives_nobody_a_call_more_and_takes_less_than_a_block() {
    let mut world = World::new();
    let hour = [window("hour", 1_000, 3_600)];
    let mut allowed = 0;
    loop {
        if allowed % 333 == 300 {
            world.reborn();
        }
        if world.call(&hour).refused_by.is_some() {
            break;
        }
        allowed += 1;
    }
    assert!(allowed <= 1_000, "{allowed}");
    assert!(allowed > 1_000 - 4 * BLOCK, "{allowed}");
    world.reborn();
    assert_eq!(world.call(&hour).refused_by, Some(0));
}

#[test]
fn most_calls_write_nothing() {
    let world = World::new();
    let _ = world.call(&standard());
    world.sql.fail(None);
    for _ in 0..999 {
        world.host.pass(100);
        let _ = world.call(&standard());
    }
    assert!(world.sql.calls() < 999 / BLOCK + 2, "{}", world.sql.calls());
}

#[test]
fn another_quota_counts_from_the_next_call_on() {
    let world = World::new();
    for _ in 0..5 {
        assert_eq!(world.call(&[window("hour", 5, 3_600)]).refused_by, None);
    }
    assert_eq!(world.call(&[window("hour", 5, 3_600)]).refused_by, Some(0));
    let answer = world.call(&[window("hour", 10, 3_600)]);
    assert_eq!((answer.refused_by, answer.windows[0].remaining), (None, 4));
}

#[test]
fn each_network_has_a_minute_of_its_own_and_leaves_no_row() {
    let world = World::new();
    let minute = [window("minute", 100, 60)];
    for _ in 0..100 {
        let answer = world.try_call(Some("a"), &minute).expect("it counts");
        assert_eq!(answer.refused_by, None);
    }
    let refused = world.try_call(Some("a"), &minute).expect("it counts");
    assert_eq!(refused.refused_by, Some(0));
    let other = world.try_call(Some("b"), &minute).expect("it counts");
    assert_eq!(other.refused_by, None);
    assert_eq!(world.sql.calls(), 0);
}

#[test]
fn a_flood_of_networks_does_not_grow_the_memory_without_end() {
    let world = World::new();
    let minute = [window("minute", 1, 60)];
    for network in 0..2 * MAX_CALLERS + 5 {
        let network = network.to_string();
        assert!(world.try_call(Some(&network), &minute).is_ok());
    }
    assert!(world.limiter.memory.borrow().callers.len() <= MAX_CALLERS);
}

#[test]
fn after_a_failure_what_is_stored_counts() {
    for failure in [Failure::Before(3), Failure::After(3)] {
        let world = World::new();
        world.sql.fail(Some(failure));
        let hour = [window("hour", 3, 3_600)];
        // The third statement is the write.
        assert!(world.try_call(None, &hour).is_err(), "{failure:?}");
        world.sql.fail(None);
        let mut allowed = 0;
        while world.call(&hour).refused_by.is_none() {
            allowed += 1;
        }
        assert!(allowed <= 3, "{failure:?}: {allowed}");
    }
}

#[test]
fn what_is_no_call_is_refused() {
    let world = World::new();
    assert!(world.try_call(None, &[]).is_err());
    let many: Vec<Window> = (0..9).map(|n| window(&n.to_string(), 1, 1)).collect();
    assert!(world.try_call(None, &many).is_err());
    let long = "x".repeat(65);
    assert!(world.try_call(Some(&long), &standard()).is_err());
}

proptest! {
    #[test]
    fn no_window_takes_more_than_its_quota(steps in proptest::collection::vec((0_i64..5_000, any::<bool>()), 1..200)) {
        let mut world = World::new();
        let windows = [window("long", 30, 100), window("short", 5, 2)];
        let mut allowed: Vec<i64> = Vec::new();
        let mut began = None;
        for (pause, is_restarted) in steps {
            world.host.pass(pause);
            if is_restarted && pause > 2_000 {
                world.reborn();
            }
            let now = world.host.now.get();
            if world.call(&windows).refused_by.is_none() {
                if began.is_none_or(|began| now - began >= 100_000) {
                    began = Some(now);
                    allowed.clear();
                }
                allowed.push(now);
                prop_assert!(allowed.len() <= 30);
            }
        }
    }
}
