use edgedesk_metrics::catalogue::{
    HTTP_REQUEST_DURATION, HTTP_REQUESTS, PROJECTION_LAG, RATE_LIMITS_HIT, SECURITY_EVENTS,
};
use edgedesk_metrics::registry::{Registry, Sockets};
use edgedesk_metrics::wire::{AlertState, Evaluated, ToldRequest};

use super::*;
use crate::testing::{Failure, TestHost, TestSql};

const MINUTE: i64 = 60_000;

struct World {
    sql: TestSql,
    host: TestHost,
    metrics: Metrics<TestSql, TestHost>,
    sequence: u64,
}

impl World {
    fn new() -> Self {
        let (sql, host) = (TestSql::new(), TestHost::default());
        host.now.set(1_767_355_200_000);
        let metrics = Metrics::new(sql.clone(), host.clone());
        Self {
            sql,
            host,
            metrics,
            sequence: 0,
        }
    }

    /// Another object over the same storage.
    fn restart(&mut self) {
        self.metrics = Metrics::new(self.sql.clone(), self.host.clone());
    }

    /// A piece of one isolate, with what is gathered.
    fn piece(&mut self, gather: impl FnOnce(&mut Registry)) -> Piece {
        let mut registry = Registry::default();
        gather(&mut registry);
        self.sequence += 1;
        piece("one", self.sequence, registry.added())
    }

    fn add(&mut self, gather: impl FnOnce(&mut Registry)) {
        let piece = self.piece(gather);
        self.metrics.add(&piece).unwrap();
    }

    /// Answers of a status in the minute that passes, and what the rules say at its end.
    fn minute(&mut self, n: u64, status: &str) -> Evaluated {
        self.host.pass(MINUTE);
        self.add(|registry| registry.add(&HTTP_REQUESTS, &["GET", "/a", status], n));
        self.metrics.evaluate().unwrap()
    }

    fn line(&self, series: &str) -> Option<f64> {
        let text = self.metrics.text().unwrap();
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix(&format!("{series} ")))?;
        Some(line.parse().unwrap())
    }
}

fn piece(isolate: &str, sequence: u64, added: Vec<Sample>) -> Piece {
    Piece {
        isolate: isolate.into(),
        sequence,
        added,
        set: Vec::new(),
        sockets: Vec::new(),
    }
}

fn names(alerts: &[edgedesk_metrics::wire::OpenAlert]) -> Vec<&str> {
    alerts.iter().map(|alert| alert.name.as_str()).collect()
}

#[test]
fn pieces_of_many_isolates_add_up_and_a_repeat_counts_once() {
    let mut world = World::new();
    let first = world.piece(|registry| registry.add(&RATE_LIMITS_HIT, &[], 3));
    let second = world.piece(|registry| registry.add(&RATE_LIMITS_HIT, &[], 4));
    let other = piece("two", 1, first.added.clone());
    for piece in [&first, &first, &other, &second, &second, &first, &other] {
        world.metrics.add(piece).unwrap();
    }
    assert_eq!(world.line("rate_limits_hit_total"), Some(10.0));
}

#[test]
fn a_histogram_adds_up_by_its_buckets() {
    let mut world = World::new();
    let labels = ["GET", "/a", "200"];
    for secs in [0.001, 0.3, 0.4] {
        world.add(|registry| registry.observe(&HTTP_REQUEST_DURATION, &labels, secs));
    }
    let labels = r#"method="GET",route="/a",status_code="200""#;
    for (series, expected) in [
        (format!("_bucket{{{labels},le=\"0.2\"}}"), 1.0),
        (format!("_bucket{{{labels},le=\"0.5\"}}"), 3.0),
        (format!("_count{{{labels}}}"), 3.0),
    ] {
        let found = world.line(&format!("http_request_duration_seconds{series}"));
        assert_eq!(found, Some(expected), "{series}");
    }
}

#[test]
fn counters_go_on_after_a_restart_and_a_storage_that_fails_at_any_call_doubles_and_loses_nothing() {
    for n in 1..40 {
        for failure in [Failure::Before(n), Failure::After(n)] {
            let mut world = World::new();
            world.add(|registry| registry.add(&RATE_LIMITS_HIT, &[], 5));
            world.restart();
            let piece = world.piece(|registry| registry.add(&RATE_LIMITS_HIT, &[], 2));
            world.sql.fail(Some(failure));
            let outcome = world.metrics.add(&piece);
            world.sql.fail(None);
            if outcome.is_err() {
                world.restart();
                world.metrics.add(&piece).unwrap();
            }
            assert_eq!(
                world.line("rate_limits_hit_total"),
                Some(7.0),
                "{failure:?}"
            );
        }
    }
}

#[test]
fn what_no_isolate_sends_is_refused() {
    let world = World::new();
    let sample = |value| Sample {
        name: "rate_limits_hit_total".into(),
        labels: Vec::new(),
        part: String::new(),
        value,
    };
    for piece in [
        piece("", 1, vec![sample(1.0)]),
        piece(&"x".repeat(65), 1, vec![sample(1.0)]),
        piece("one", 1, vec![sample(-1.0)]),
        piece("one", 1, vec![sample(f64::NAN)]),
        piece("one", 1, vec![sample(1.0); 20_000]),
    ] {
        assert!(world.metrics.add(&piece).is_err());
    }
    assert_eq!(world.line("rate_limits_hit_total"), Some(0.0));
}

#[test]
fn the_last_word_of_a_gauge_counts_until_it_is_old() {
    let mut world = World::new();
    for value in [3.0, 1.5] {
        let mut piece = world.piece(|_| {});
        piece.set = vec![Sample {
            name: PROJECTION_LAG.name.into(),
            labels: Vec::new(),
            part: String::new(),
            value,
        }];
        world.metrics.add(&piece).unwrap();
    }
    assert_eq!(world.line("projection_lag_seconds"), Some(1.5));
    world.host.pass(GAUGE_MILLIS + 1);
    world.metrics.evaluate().unwrap();
    assert_eq!(world.line("projection_lag_seconds"), None);
}

#[test]
fn sockets_count_as_their_objects_say_and_not_for_long_after_they_fell_silent() {
    let mut world = World::new();
    let tell = |world: &mut World, object: &str, n: u32, later: i64| {
        let mut piece = world.piece(|_| {});
        piece.sockets = vec![Sockets {
            object: object.into(),
            n,
            at_millis: world.host.now().millis() + later,
        }];
        world.metrics.add(&piece).unwrap();
    };
    let active = "websocket_connections_active";
    assert_eq!(world.line(active), Some(0.0));
    tell(&mut world, "a", 2, 0);
    tell(&mut world, "b", 1, 0);
    tell(&mut world, "a", 3, 0);
    // A word that comes late says nothing any more.
    tell(&mut world, "a", 9, -1);
    assert_eq!(world.line(active), Some(4.0));
    tell(&mut world, "b", 0, 0);
    assert_eq!(world.line(active), Some(3.0));
    world.host.pass(SOCKETS_MILLIS);
    assert_eq!(world.line(active), Some(0.0), "its object is gone");
    tell(&mut world, "a", 3, 0);
    assert_eq!(world.line(active), Some(3.0), "it was only silent");
}

#[test]
fn an_injected_fault_alerts_once_and_closes_once() {
    let mut world = World::new();
    for _ in 0..10 {
        let calm = world.minute(100, "200");
        assert!(calm.opened.is_empty() && calm.untold.is_empty());
    }
    let broken = world.minute(100, "500");
    assert_eq!(names(&broken.opened), ["error_rate"]);
    let since = world.host.now();
    for _ in 0..4 {
        let still = world.minute(100, "500");
        assert!(still.opened.is_empty() && still.closed.is_empty());
        world.restart();
    }
    let alerts = world.metrics.alerts().unwrap().alerts;
    assert_eq!(names(&alerts), ["error_rate"]);
    assert_eq!(alerts[0].since, since);
    assert!((alerts[0].threshold - 0.05).abs() < f64::EPSILON);
    assert!(alerts[0].value > 0.05);
    // It closes when the last bad minute is out of the window.
    let closed: Vec<usize> = (0..10)
        .map(|_| world.minute(100, "200"))
        .map(|evaluated| evaluated.closed.len())
        .collect();
    assert_eq!(closed, [0, 0, 0, 0, 1, 0, 0, 0, 0, 0]);
    assert!(world.metrics.alerts().unwrap().alerts.is_empty());
}

#[test]
fn whoever_is_to_be_told_hears_of_every_change_until_they_took_it() {
    let mut world = World::new();
    world.minute(100, "200");
    let state = |evaluated: &Evaluated| -> Vec<(u64, AlertState)> {
        let notices = evaluated.untold.iter();
        notices.map(|notice| (notice.id, notice.state)).collect()
    };
    let opened = world.minute(100, "500");
    assert_eq!(state(&opened), [(1, AlertState::Opened)]);
    // Nobody took it: it is told again.
    let again = world.minute(0, "200");
    assert_eq!(state(&again), [(1, AlertState::Opened)]);
    for _ in 0..2 {
        let told = ToldRequest {
            id: 1,
            state: AlertState::Opened,
        };
        world.metrics.told(told).unwrap();
    }
    let taken = world.minute(0, "200");
    assert_eq!(state(&taken), []);
    let mut last = taken;
    for _ in 0..6 {
        last = world.minute(100, "200");
    }
    assert_eq!(state(&last), [(1, AlertState::Closed)]);
    assert!(last.untold[0].closed_at.is_some());
    let told = ToldRequest {
        id: 1,
        state: AlertState::Closed,
    };
    world.metrics.told(told).unwrap();
    assert_eq!(state(&world.minute(100, "200")), []);
    // Another fault is another alert.
    for _ in 0..5 {
        last = world.minute(100, "500");
    }
    assert_eq!(state(&last), [(2, AlertState::Opened)]);
}

#[test]
fn one_incident_is_enough() {
    let mut world = World::new();
    world.minute(1, "200");
    let labels = ["foreign_row.withheld", edgedesk_metrics::alerts::HIGH];
    world.add(|registry| registry.count(&SECURITY_EVENTS, &labels));
    assert_eq!(names(&world.minute(1, "200").opened), ["security_incident"]);
}

#[test]
fn a_storage_that_fails_at_any_call_opens_an_alert_once_all_the_same() {
    for n in 1..40 {
        for failure in [Failure::Before(n), Failure::After(n)] {
            let mut world = World::new();
            world.minute(100, "200");
            world.host.pass(MINUTE);
            world.add(|registry| registry.add(&HTTP_REQUESTS, &["GET", "/a", "500"], 50));
            world.sql.fail(Some(failure));
            let first = world.metrics.evaluate();
            world.sql.fail(None);
            world.restart();
            world.host.pass(1_000);
            let second = world.metrics.evaluate().unwrap();
            assert_eq!(
                names(&world.metrics.alerts().unwrap().alerts),
                ["error_rate"]
            );
            assert_eq!(second.untold.len(), 1, "{failure:?}");
            assert!(first.is_err() || second.opened.is_empty());
        }
    }
}
