use edgedesk_domain::ids::AccountId;
use edgedesk_wire::generators::{
    CallRecord, GeneratorSettings, HoldRequest, MAX_BUDGET_MICRO_DOLLARS, Standing,
};
use proptest::prelude::*;
use ulid::Ulid;

use super::{HOLD_MILLIS, Ledger, first_month};
use crate::error::ObjectError;
use crate::testing::{Failure, TestHost, TestSql};

/// 2026-01-02T12:00:00Z.
const NOON: i64 = 1_767_355_200_000;
const DAY: i64 = 86_400_000;

struct World {
    sql: TestSql,
    host: TestHost,
    ledger: Ledger<TestSql, TestHost>,
}

impl World {
    fn new(budget: u64) -> Self {
        let (sql, host) = (TestSql::new(), TestHost::default());
        host.now.set(NOON);
        let ledger = Ledger::new(AccountId::new(Ulid(1)), sql.clone(), host.clone());
        let settings = GeneratorSettings {
            is_on: true,
            monthly_budget_micro_dollars: budget,
        };
        ledger.decide(&settings).unwrap();
        Self { sql, host, ledger }
    }

    fn hold(&self, id: &str, micro_dollars: u64) -> bool {
        let request = HoldRequest {
            id: id.into(),
            micro_dollars,
        };
        self.ledger.hold(&request).unwrap().is_held
    }

    fn record(&self, id: &str, micro_dollars: u64) -> Result<Standing, ObjectError> {
        self.ledger.record(&call(id, micro_dollars))
    }

    fn sums(&self) -> (u64, u64) {
        let standing = self.ledger.standing().unwrap();
        (standing.spent_micro_dollars, standing.held_micro_dollars)
    }
}

fn call(id: &str, micro_dollars: u64) -> CallRecord {
    CallRecord {
        id: id.into(),
        provider: "first".into(),
        model: "model-1".into(),
        input_tokens: 100,
        output_tokens: 10,
        micro_dollars,
        is_estimate: id.starts_with('e'),
    }
}

#[test]
fn an_account_that_decided_nothing_has_nobody_asked() {
    let (sql, host) = (TestSql::new(), TestHost::default());
    let ledger = Ledger::new(AccountId::new(Ulid(1)), sql, host);
    assert_eq!(
        ledger.standing().unwrap().settings,
        GeneratorSettings::default()
    );
    for micro_dollars in [0, 1] {
        let request = HoldRequest {
            id: "a".into(),
            micro_dollars,
        };
        assert!(!ledger.hold(&request).unwrap().is_held);
    }
    assert!(ledger.usage().unwrap().usage.is_empty());
}

#[test]
fn calls_at_the_same_time_do_not_spend_the_same() {
    let world = World::new(100);
    assert!(world.hold("a", 60));
    assert!(!world.hold("b", 60));
    assert!(world.hold("c", 40));
    assert_eq!(world.sums(), (0, 100));
    // One came to less than it might have: the rest is free again.
    world.record("a", 10).unwrap();
    assert_eq!(world.sums(), (10, 40));
    assert!(world.hold("b", 50));
    assert!(!world.hold("d", 1));
    assert!(world.hold("free", 0), "what costs nothing is always there");
}

#[test]
fn the_hold_of_a_crashed_job_ends_and_its_call_counts_all_the_same_when_it_is_told_late() {
    let world = World::new(100);
    assert!(world.hold("a", 100));
    world.host.pass(HOLD_MILLIS - 1);
    assert!(!world.hold("b", 1));
    world.host.pass(1);
    assert!(world.hold("b", 1));
    assert_eq!(world.sums(), (0, 1));
    world.record("a", 70).unwrap();
    assert_eq!(world.sums(), (70, 1));
}

#[test]
fn a_call_is_counted_once() {
    let world = World::new(100);
    assert!(world.hold("a", 50));
    for _ in 0..3 {
        world.record("a", 30).unwrap();
    }
    assert_eq!(world.sums(), (30, 0));
    let usage = world.ledger.usage().unwrap();
    assert_eq!(usage.usage[0].n_requests, 1);
    // Also when nobody knows whether it was: whatever fails, telling it again makes it right.
    for failing in 1..=3 {
        for failure in [Failure::Before(failing), Failure::After(failing)] {
            let world = World::new(100);
            assert!(world.hold("a", 50));
            world.sql.fail(Some(failure));
            let first = world.record("a", 30);
            world.sql.fail(None);
            assert!(first.is_err(), "{failure:?}");
            world.record("a", 30).unwrap();
            assert_eq!(world.sums(), (30, 0), "{failure:?}");
        }
    }
}

#[test]
fn a_month_begins_with_the_whole_budget_and_the_last_one_is_still_told() {
    let world = World::new(100);
    world.record("a", 90).unwrap();
    assert!(!world.hold("b", 11));
    world.host.pass(30 * DAY);
    assert_eq!(world.ledger.standing().unwrap().month, "2026-02");
    assert!(world.hold("b", 100));
    world.record("e", 5).unwrap();
    let usage = world.ledger.usage().unwrap();
    let rows: Vec<_> = usage
        .usage
        .iter()
        .map(|row| (row.month.as_str(), row.micro_dollars, row.n_estimates))
        .collect();
    assert_eq!(rows, [("2026-02", 5, 1), ("2026-01", 90, 0)]);
    assert_eq!(
        (usage.spent_micro_dollars, usage.held_micro_dollars),
        (5, 100)
    );
    assert_eq!(usage.left_micro_dollars, 0);
    // Calls of more than a day ago are known by their sum alone.
    assert_eq!(world.sql.rows("SELECT id FROM calls"), [["e"]]);
    world.host.pass(350 * DAY);
    let usage = world.ledger.usage().unwrap();
    assert_eq!(usage.usage.len(), 1, "January is a year ago: {usage:?}");
}

#[test]
fn the_first_of_twelve_months() {
    for (month, first) in [
        ("2026-11", "2025-12"),
        ("2026-12", "2026-01"),
        ("2026-01", "2025-02"),
    ] {
        assert_eq!(first_month(month), first);
    }
}

#[test]
fn switched_off_nothing_is_held_and_what_is_under_way_counts() {
    let world = World::new(100);
    assert!(world.hold("a", 50));
    let off = GeneratorSettings {
        is_on: false,
        monthly_budget_micro_dollars: 100,
    };
    world.ledger.decide(&off).unwrap();
    assert!(!world.hold("b", 0));
    world.record("a", 20).unwrap();
    assert_eq!(world.sums(), (20, 0));
}

#[test]
fn what_no_caller_of_ours_sends_is_refused() {
    let world = World::new(100);
    let too_much = GeneratorSettings {
        is_on: true,
        monthly_budget_micro_dollars: MAX_BUDGET_MICRO_DOLLARS + 1,
    };
    assert_eq!(world.ledger.decide(&too_much).unwrap_err().status(), 422);
    let long = "x".repeat(201);
    for id in ["", "a\nb", long.as_str()] {
        let request = HoldRequest {
            id: id.into(),
            micro_dollars: 1,
        };
        assert_eq!(world.ledger.hold(&request).unwrap_err().status(), 422);
        assert_eq!(world.record(id, 1).unwrap_err().status(), 422);
    }
    assert_eq!(world.record("a", u64::MAX).unwrap_err().status(), 422);
    assert_eq!(world.sums(), (0, 0));
}

proptest! {
    /// Whatever happens in whatever order, no more is spent than the budget, as long as calls cost what was held at most.
    #[test]
    fn the_budget_holds(steps in prop::collection::vec((0_u64..40, 0_u64..=100, 0_i64..400_000), 1..40)) {
        let world = World::new(100);
        let mut under_way: Vec<(String, u64, i64)> = Vec::new();
        for (index, (amount, share, millis)) in steps.into_iter().enumerate() {
            let id = format!("c{index}");
            if world.hold(&id, amount) {
                under_way.push((id, amount, world.host.now.get()));
            }
            let (spent, held) = world.sums();
            prop_assert!(spent + held <= 100);
            world.host.pass(millis);
            // One that was not recorded in time has crashed.
            let now = world.host.now.get();
            under_way.retain(|(_, _, at)| now - at < HOLD_MILLIS);
            if share > 50 && let Some((id, amount, _)) = under_way.pop() {
                world.record(&id, amount * share / 100).unwrap();
            }
        }
    }
}
