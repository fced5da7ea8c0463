use edgedesk_audit::chain::{Summary, verify};
use edgedesk_audit::day::Day;
use edgedesk_audit::entry::{Actor, Entry, Outcome, Record, Resource};
use edgedesk_audit::merkle::{leaf_hash, verify_consistency, verify_inclusion};
use edgedesk_domain::ids::{AccountId, UserId};
use edgedesk_domain::time::Timestamp;
use edgedesk_wire::audit::{
    AppendRequest, Appended, DayRootView, EntryFilter, EntryList, EntryOrder,
};
use proptest::prelude::*;
use ulid::Ulid;

use super::Audit;
use crate::error::ObjectError;
use crate::testing::{Failure, TestHost, TestSql};

/// 2025-01-08T22:00Z.
const EVENING: i64 = 1_736_373_600_000;
const HOUR: i64 = 3_600_000;

struct World {
    sql: TestSql,
    host: TestHost,
    audit: Audit<TestSql, TestHost>,
}

impl World {
    fn new() -> Self {
        let (sql, host) = (TestSql::new(), TestHost::default());
        host.now.set(EVENING);
        Self {
            audit: Audit::new(sql.clone(), host.clone()),
            sql,
            host,
        }
    }

    fn reborn(&mut self) {
        self.audit = Audit::new(self.sql.clone(), self.host.clone());
    }

    fn append(&self, record: Record) -> Result<Appended, ObjectError> {
        self.audit.append(account(), AppendRequest { record })
    }

    /// Appends `n` records, one every `millis`.
    fn fill(&self, n: u64, millis: i64) {
        for k in 1..=n {
            self.append(record(k)).unwrap();
            self.host.pass(millis);
        }
    }

    fn list(&self, filter: &EntryFilter) -> EntryList {
        self.audit.list(account(), filter).unwrap()
    }

    fn all(&self) -> Vec<Entry> {
        self.list(&EntryFilter {
            order: EntryOrder::Oldest,
            limit: Some(1_000),
            ..EntryFilter::default()
        })
        .entries
    }

    fn roots(&self) -> Vec<DayRootView> {
        self.audit.roots(account(), None, None).unwrap().roots
    }

    /// The chain is whole, and the days' roots are those that follow from the entries.
    fn check(&self, context: &str) -> Summary {
        let summary = verify(&self.all()).unwrap_or_else(|broken| panic!("{context}: {broken}"));
        let days: Vec<_> = self
            .roots()
            .iter()
            .rev()
            .map(|root| (root.day, root.n_entries, root.root))
            .collect();
        let expected: Vec<_> = summary
            .days
            .iter()
            .map(|day| (day.day, day.n_entries, day.root))
            .collect();
        assert_eq!(days, expected, "{context}");
        summary
    }
}

fn account() -> AccountId {
    AccountId::new(Ulid::from(1))
}

fn record(n: u64) -> Record {
    let actor = match n % 3 {
        0 => Actor::System,
        k => Actor::User {
            id: UserId::new(Ulid::from(u128::from(k))),
        },
    };
    Record {
        id: format!("req_{n}"),
        actor,
        action: ["message.sent", "messages.read"][usize::from(n.is_multiple_of(2))].to_owned(),
        resource: Resource {
            kind: "conversation".to_owned(),
            id: (!n.is_multiple_of(5)).then(|| format!("cnv_{}", n % 5)),
        },
        outcome: Outcome::Succeeded,
        request_id: Some(format!("req_{n}")),
        ip: Some("203.0.113.0".to_owned()),
    }
}

#[test]
fn entries_are_numbered_and_chained_across_days_and_deaths() {
    let mut world = World::new();
    assert_eq!(world.all(), []);
    assert_eq!(world.roots(), []);
    for n in 1..=60 {
        let appended = world.append(record(n)).unwrap();
        assert_eq!((appended.seq, appended.duplicate), (n, false));
        world.host.pass(HOUR / 2);
        if n % 7 == 0 {
            world.reborn();
        }
    }
    let summary = world.check("at the end");
    assert_eq!(summary.n_entries, 60);
    let sizes: Vec<u64> = summary.days.iter().map(|day| day.n_entries).collect();
    assert_eq!(sizes, [4, 48, 8]);
    let roots = world.roots();
    assert_eq!(roots[0].day.to_string(), "2025-01-10");
    assert_eq!((roots[1].first_seq, roots[1].last_seq), (5, 52));
    assert_eq!(Some((60, roots[0].head_hash)), summary.head);
}

#[test]
fn a_repeat_is_answered_like_the_first_one_and_logged_once() {
    let mut world = World::new();
    world.fill(3, 1_000);
    for _ in 0..2 {
        let again = world.append(record(2)).unwrap();
        assert_eq!((again.seq, again.duplicate), (2, true));
        assert_eq!(again.hash, world.all()[1].hash);
        world.reborn();
    }
    assert_eq!(world.append(record(4)).unwrap().seq, 4);
    assert_eq!(world.check("after repeats").n_entries, 4);
}

#[test]
fn times_never_go_back_though_the_clock_does() {
    let world = World::new();
    world.append(record(1)).unwrap();
    world.host.pass(3 * HOUR);
    world.append(record(2)).unwrap();
    world.host.pass(-10 * HOUR);
    world.append(record(3)).unwrap();
    let entries = world.all();
    assert_eq!(entries[2].at, entries[1].at);
    world.check("a clock that went back");
}

#[test]
fn another_accounts_object_is_not_there_and_keeps_nothing() {
    let world = World::new();
    world.fill(2, 1_000);
    let other = AccountId::new(Ulid::from(2));
    let request = AppendRequest { record: record(9) };
    let day = Day::of(Timestamp::from_millis(EVENING));
    let refused = [
        world.audit.append(other, request).err(),
        world.audit.list(other, &EntryFilter::default()).err(),
        world.audit.roots(other, None, None).err(),
        world.audit.prove_inclusion(other, 1).err(),
        world.audit.prove_consistency(other, day, 1, None).err(),
    ];
    for error in refused {
        assert_eq!(error.unwrap().status(), 404);
    }
    assert_eq!(world.all().len(), 2);
}

#[test]
fn a_record_with_anything_but_words_and_ids_is_refused() {
    let world = World::new();
    let with_text = Record {
        action: "said hello".to_owned(),
        ..record(1)
    };
    assert_eq!(world.append(with_text).unwrap_err().status(), 422);
    assert_eq!(world.all(), []);
}

/// Calls to the storage while ten records are appended, over midnight.
fn n_calls() -> u64 {
    let world = World::new();
    world.sql.fail(None);
    world.fill(10, HOUR / 3);
    world.sql.calls()
}

#[test]
fn a_storage_that_fails_at_any_call_logs_every_record_once_in_a_whole_chain() {
    for n in 1..=n_calls() + 1 {
        for failure in [Failure::Before(n), Failure::After(n)] {
            let mut world = World::new();
            world.sql.fail(Some(failure));
            for k in 1..=10 {
                let mut tries = 0;
                while world.append(record(k)).is_err() {
                    tries += 1;
                    assert!(tries < 2, "{failure:?}: one failure costs one try");
                }
                world.host.pass(HOUR / 3);
            }
            world.sql.fail(None);
            for _ in 0..2 {
                let ids: Vec<String> = world.all().into_iter().map(|entry| entry.id).collect();
                let expected: Vec<String> = (1..=10).map(|k| format!("req_{k}")).collect();
                assert_eq!(ids, expected, "{failure:?}");
                world.check(&format!("{failure:?}"));
                world.reborn();
            }
        }
    }
}

#[test]
fn a_process_that_dies_at_any_call_loses_nothing_acknowledged_and_goes_on() {
    for n in 1..=n_calls() + 1 {
        let mut world = World::new();
        world.sql.fail(Some(Failure::DeadFrom(n)));
        let mut acknowledged = Vec::new();
        for k in 1..=10 {
            if world.append(record(k)).is_ok() {
                acknowledged.push(format!("req_{k}"));
            } else {
                // Nobody sends it again: the gateway gave up.
                world.sql.fail(None);
                world.reborn();
            }
            world.host.pass(HOUR / 3);
        }
        world.sql.fail(None);
        let ids: Vec<String> = world.all().into_iter().map(|entry| entry.id).collect();
        assert_eq!(ids, acknowledged, "dead from call {n}");
        assert!(ids.len() >= 9, "dead from call {n}");
        world.check(&format!("dead from call {n}"));
    }
}

#[test]
fn every_entry_is_proved_to_be_in_its_days_tree() {
    let mut world = World::new();
    world.fill(45, HOUR);
    for (n, entry) in (1..).zip(world.all()) {
        if n % 9 == 0 {
            world.reborn();
        }
        let proof = world.audit.prove_inclusion(account(), n).unwrap();
        assert_eq!(proof.entry, entry);
        assert_eq!(proof.day, Day::of(entry.at));
        let root = world
            .roots()
            .into_iter()
            .find(|root| root.day == proof.day)
            .unwrap();
        assert_eq!((proof.root, proof.tree_size), (root.root, root.n_entries));
        assert!(
            verify_inclusion(
                &leaf_hash(entry.hash.as_bytes()),
                proof.leaf_index,
                proof.tree_size,
                &proof.path,
                &root.root
            ),
            "{n}"
        );
    }
    for seq in [0, 46, u64::MAX] {
        let error = world.audit.prove_inclusion(account(), seq).unwrap_err();
        assert_eq!(error.status(), 404, "{seq}");
    }
}

#[test]
fn every_root_that_a_day_ever_had_is_proved_to_be_the_beginning_of_the_last() {
    let world = World::new();
    let mut seen = Vec::new();
    for n in 1..=30 {
        world.append(record(n)).unwrap();
        world.host.pass(HOUR);
        let root = world.roots().remove(0);
        seen.push((root.day, root.n_entries, root.root));
    }
    for (day, from, from_root) in seen {
        let proof = world
            .audit
            .prove_consistency(account(), day, from, None)
            .unwrap();
        assert_eq!((proof.from, proof.from_root), (from, from_root));
        let now = world.roots().into_iter().find(|root| root.day == day);
        assert_eq!(
            now.map(|root| (root.n_entries, root.root)),
            Some((proof.to, proof.to_root))
        );
        assert!(
            verify_consistency(from, proof.to, &from_root, &proof.to_root, &proof.path),
            "{day} {from}"
        );
    }
    let day = Day::of(Timestamp::from_millis(EVENING));
    for (from, to) in [
        (0, None),
        (3, Some(2)),
        (3, None),
        (1, Some(3)),
        (1, Some(u64::MAX)),
    ] {
        let error = world.audit.prove_consistency(account(), day, from, to);
        assert_eq!(error.unwrap_err().status(), 422, "{from} {to:?}");
    }
    let empty = Day::from_number(day.number() - 1);
    let error = world.audit.prove_consistency(account(), empty, 1, None);
    assert_eq!(error.unwrap_err().status(), 404);
}

#[test]
fn days_come_in_pages() {
    let world = World::new();
    world.fill(10, 20 * HOUR);
    let whole = world.roots();
    let mut paged = Vec::new();
    let mut before = None;
    loop {
        let page = world.audit.roots(account(), before, Some(2)).unwrap();
        assert!(page.roots.len() <= 2);
        paged.extend(page.roots);
        match page.next_cursor {
            Some(cursor) => before = Some(cursor.parse().unwrap()),
            None => break,
        }
    }
    assert_eq!(paged, whole);
    assert!(whole.len() > 6);
}

#[test]
fn the_schema_never_changes_under_stored_data() {
    let world = World::new();
    world.fill(1, 1);
    let schema: Vec<String> = world
        .sql
        .rows("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name")
        .concat()
        .iter()
        .map(|sql| sql.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    assert_eq!(
        schema,
        [
            "CREATE TABLE audit ( id INTEGER PRIMARY KEY CHECK (id = 1), account_id TEXT NOT NULL )",
            "CREATE TABLE entries ( seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, at INTEGER NOT NULL, actor TEXT NOT NULL, action TEXT NOT NULL, resource_id TEXT, entry TEXT NOT NULL, day_root TEXT NOT NULL, nodes TEXT NOT NULL )",
            "CREATE INDEX entries_by_action ON entries (action)",
            "CREATE INDEX entries_by_actor ON entries (actor)",
            "CREATE INDEX entries_by_at ON entries (at)",
            "CREATE INDEX entries_by_resource ON entries (resource_id) WHERE resource_id IS NOT NULL",
        ]
    );
}

#[test]
fn no_filter_scans_or_sorts_the_log() {
    let world = World::new();
    world.fill(3, 1);
    for condition in [
        "",
        " AND actor = 'a'",
        " AND action = 'a'",
        " AND resource_id = 'a'",
    ] {
        for order in ["DESC", "ASC"] {
            let plan = world
                .sql
                .rows(&format!(
                    "EXPLAIN QUERY PLAN SELECT entry FROM entries WHERE seq >= 1 AND seq < 9{condition} ORDER BY seq {order} LIMIT 5"
                ))
                .concat()
                .join(" ");
            assert!(plan.contains("SEARCH"), "{condition}: {plan}");
            assert!(!plan.contains("TEMP B-TREE"), "{condition}: {plan}");
            assert_eq!(
                plan.contains("INDEX"),
                !condition.is_empty(),
                "{condition}: {plan}"
            );
        }
    }
}

fn filter() -> impl Strategy<Value = EntryFilter> {
    let actor = prop::option::of(prop_oneof![
        Just("system".to_owned()),
        Just(UserId::new(Ulid::from(1)).to_string()),
        Just("nobody".to_owned()),
    ]);
    let action = prop::option::of(Just("message.sent".to_owned()));
    let resource = prop::option::of((0..5_u64).prop_map(|n| format!("cnv_{n}")));
    let time =
        || prop::option::of((0..50_i64).prop_map(|n| Timestamp::from_millis(EVENING + n * HOUR)));
    let order = prop_oneof![Just(EntryOrder::Newest), Just(EntryOrder::Oldest)];
    (actor, action, resource, time(), time(), order).prop_map(
        |(actor, action, resource, from, to, order)| EntryFilter {
            actor,
            action,
            resource,
            from,
            to,
            order,
            ..EntryFilter::default()
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// The pages of any filter, put together, are what a filter by hand leaves of the log.
    #[test]
    fn pages_of_a_filter_are_the_log_filtered_by_hand(filter in filter(), limit in 1..9_u64) {
        thread_local! {
            static WORLD: World = {
                let world = World::new();
                world.fill(40, HOUR);
                world
            };
        }
        let (pages, mut expected) = WORLD.with(|world| {
            let mut pages = Vec::new();
            let mut after_seq = None;
            loop {
                let page = world.list(&EntryFilter { after_seq, limit: Some(limit), ..filter.clone() });
                let n = page.entries.len() as u64;
                pages.extend(page.entries);
                match page.next_cursor {
                    // A page that is followed by another is full.
                    Some(cursor) if n == limit => after_seq = Some(cursor.parse().unwrap()),
                    Some(_) => panic!("a page of {n} has a next one"),
                    None => break,
                }
            }
            (pages, world.all())
        });
        expected.retain(|entry| {
            let (kind, id) = entry.actor.parts();
            filter.actor.as_ref().is_none_or(|actor| *actor == id.unwrap_or_else(|| kind.to_owned()))
                && filter.action.as_ref().is_none_or(|action| *action == entry.action)
                && filter.resource.as_ref().is_none_or(|wanted| Some(wanted) == entry.resource.id.as_ref())
                && filter.from.is_none_or(|from| entry.at >= from)
                && filter.to.is_none_or(|to| entry.at < to)
        });
        if filter.order == EntryOrder::Newest {
            expected.reverse();
        }
        prop_assert_eq!(pages, expected);
    }
}
