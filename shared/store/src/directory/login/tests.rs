use std::cell::Cell;

use futures::executor::block_on;
use futures::future::join_all;

use super::*;
use crate::fixtures::{at, shards};
use crate::seed::AURORA;
use crate::testing::{Failure, Sqlite};

const RIGHT: bool = true;
const WRONG: bool = false;

fn keys(email: &str, network: Option<&str>) -> LoginKeys {
    LoginKeys {
        address: format!("address:{email}"),
        network: network.map(|network| format!("network:{network}")),
    }
}

/// Tries to log in, and gives whether a password was hashed for it.
fn attempt(
    database: &Sqlite,
    email: &str,
    network: Option<&str>,
    now: Timestamp,
    right: bool,
) -> (LoginAttempt, bool) {
    let hashed = Cell::new(false);
    let outcome =
        block_on(
            Directory::new(database).attempt_login(email, &keys(email, network), now, |_| {
                hashed.set(true);
                right
            }),
        );
    (outcome.unwrap(), hashed.get())
}

fn is_good(attempt: &LoginAttempt) -> bool {
    matches!(attempt, LoginAttempt::Good(_))
}

const ADA: &str = "ada@example.com";
const NOBODY: &str = "nobody@example.com";

/// Minutes and milliseconds after the start.
fn minute(minutes: u64, millis: u64) -> Timestamp {
    at(minutes * 60_000 + millis)
}

#[test]
fn ten_failures_lock_an_address_for_fifteen_minutes_and_cost_no_hash_then() {
    assert_eq!((MAX_FAILURES, LOCK_MILLIS), (10, 900_000));
    // The same for an address that nobody has.
    for email in [ADA, NOBODY] {
        let shards = shards();
        let database = shards.directory_for_tests();
        for n in 1..=10 {
            let (outcome, hashed) = attempt(database, email, None, minute(n, 0), WRONG);
            let LoginAttempt::Wrong { login, locks } = outcome else {
                panic!("{email} {n}: {outcome:?}")
            };
            assert_eq!(login.is_some(), email == ADA);
            assert_eq!(locks, n == 10, "{email} {n}");
            assert!(hashed, "{email} {n}");
        }
        let until = minute(25, 0);
        for now in [minute(10, 0), minute(10, 1), minute(24, 59_999)] {
            // The right password neither, and asking does not prolong it.
            let outcome = attempt(database, email, None, now, RIGHT);
            assert_eq!(outcome, (LoginAttempt::Locked { until }, false), "{email}");
        }
        let (outcome, hashed) = attempt(database, email, None, until, RIGHT);
        assert_eq!((is_good(&outcome), hashed), (email == ADA, true));
    }
}

#[test]
fn a_locked_address_locks_no_other() {
    let shards = shards();
    let database = shards.directory_for_tests();
    for _ in 0..10 {
        attempt(database, ADA, None, at(0), WRONG);
    }
    // Another one is not locked with it.
    let (outcome, _) = attempt(database, "bo@example.com", None, at(0), RIGHT);
    assert!(is_good(&outcome));
}

#[test]
fn a_right_password_forgets_the_failures_before_it() {
    let shards = shards();
    let database = shards.directory_for_tests();
    for round in 0..3 {
        for _ in 0..9 {
            let (outcome, _) = attempt(database, ADA, None, at(round), WRONG);
            assert!(matches!(outcome, LoginAttempt::Wrong { locks: false, .. }));
        }
        assert!(is_good(&attempt(database, ADA, None, at(round), RIGHT).0));
    }
    assert!(database.dump("login_failures").is_empty());
}

#[test]
fn failures_further_apart_than_fifteen_minutes_do_not_add_up() {
    let shards = shards();
    let database = shards.directory_for_tests();
    for n in 0..30 {
        let (outcome, _) = attempt(database, ADA, Some("a"), minute(15 * n, 0), WRONG);
        assert!(matches!(outcome, LoginAttempt::Wrong { locks: false, .. }));
        // And leave nothing behind.
        assert_eq!(database.dump("login_failures").len(), 2);
    }
}

#[test]
fn a_password_is_right_only_for_somebody() {
    let shards = shards();
    let database = shards.directory_for_tests();
    // However the comparison with no hash ends.
    let (outcome, hashed) = attempt(database, NOBODY, None, at(0), RIGHT);
    assert_eq!(
        (outcome, hashed),
        (
            LoginAttempt::Wrong {
                login: None,
                locks: false
            },
            true
        )
    );
    let (outcome, _) = attempt(database, ADA, None, at(0), RIGHT);
    let LoginAttempt::Good(login) = outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!(login.user_id, AURORA.user_id(0));
}

#[test]
fn a_network_that_tries_many_addresses_is_locked_and_locks_no_further_address() {
    let shards = shards();
    let database = shards.directory_for_tests();
    for n in 0..u64::from(MAX_FAILURES_OF_NETWORK) {
        let email = format!("guess{n}@example.com");
        let (outcome, _) = attempt(database, &email, Some("a"), at(n), WRONG);
        assert!(matches!(outcome, LoginAttempt::Wrong { .. }), "{n}");
    }
    let last = u64::from(MAX_FAILURES_OF_NETWORK) - 1;
    let until = at(last).plus_millis(LOCK_MILLIS);
    for n in 0..30 {
        let outcome = attempt(database, ADA, Some("a"), at(last + n), RIGHT);
        assert_eq!(outcome, (LoginAttempt::Locked { until }, false));
    }
    // From elsewhere she gets in at once, and with her the network is as locked as before.
    assert!(is_good(
        &attempt(database, ADA, Some("b"), at(last + 31), RIGHT).0
    ));
    assert!(!is_good(
        &attempt(database, ADA, Some("a"), at(last + 32), RIGHT).0
    ));
    assert!(is_good(&attempt(database, ADA, Some("a"), until, RIGHT).0));
}

#[test]
fn a_guesser_gains_nothing_for_the_network_by_logging_in_between() {
    let shards = shards();
    let database = shards.directory_for_tests();
    let mut n_tried = 0;
    for n in 0..400 {
        attempt(database, ADA, Some("a"), at(n), RIGHT);
        let email = format!("guess{n}@example.com");
        let (_, hashed) = attempt(database, &email, Some("a"), at(n), WRONG);
        n_tried += u32::from(hashed);
    }
    assert_eq!(n_tried, MAX_FAILURES_OF_NETWORK);
}

#[test]
fn attempts_at_a_locked_address_count_for_their_network() {
    let shards = shards();
    let database = shards.directory_for_tests();
    for n in 0..100 {
        attempt(database, ADA, Some("a"), at(n), WRONG);
    }
    let (outcome, _) = attempt(database, "bo@example.com", Some("a"), at(100), RIGHT);
    assert!(matches!(outcome, LoginAttempt::Locked { .. }));
}

#[test]
fn of_many_attempts_at_once_ten_are_tried() {
    /// Lets the others come as far as the count before any password is looked at.
    struct Yields<'a>(&'a Sqlite);

    impl Database for Yields<'_> {
        async fn query(
            &self,
            sql: &'static str,
            parameters: &[Value],
        ) -> Result<Vec<Row>, StoreError> {
            yield_once().await;
            self.0.query(sql, parameters).await
        }

        async fn batch(&self, statements: Vec<Statement>) -> Result<Vec<Vec<Row>>, StoreError> {
            yield_once().await;
            let answers = self.0.batch(statements).await;
            yield_once().await;
            answers
        }
    }

    async fn yield_once() {
        let mut yielded = false;
        std::future::poll_fn(|context| {
            if yielded {
                return std::task::Poll::Ready(());
            }
            yielded = true;
            context.waker().wake_by_ref();
            std::task::Poll::Pending
        })
        .await;
    }

    let shards = shards();
    let database = shards.directory_for_tests();
    let directory = Directory::new(Yields(database));
    let n_hashed = Cell::new(0);
    let keys = keys(ADA, Some("a"));
    let outcomes = block_on(join_all((0..50).map(|_| {
        directory.attempt_login(ADA, &keys, at(0), |_| {
            n_hashed.set(n_hashed.get() + 1);
            false
        })
    })));
    assert_eq!(n_hashed.get(), 10);
    let n_locking = outcomes
        .iter()
        .filter(|outcome| matches!(outcome, Ok(LoginAttempt::Wrong { locks: true, .. })))
        .count();
    assert_eq!(n_locking, 1, "one event, not fifty");
    let rows = database.dump("login_failures");
    assert!(rows[0].contains("Integer(10)"), "{rows:?}");
    assert!(rows[1].contains("Integer(50)"), "{rows:?}");
}

#[test]
fn a_database_that_fails_lets_nobody_try_more() {
    let shards = shards();
    let database = shards.directory_for_tests();
    let mut n_hashed = 0;
    // Every third call is lost on its way there, every fifth on its way back.
    database.fail_when(|n| match (n % 3, n % 5) {
        (0, _) => Some(Failure::Down),
        (_, 0) => Some(Failure::AnswerLost),
        _ => None,
    });
    for n in 0..100 {
        let directory = Directory::new(database);
        let outcome = block_on(directory.attempt_login(ADA, &keys(ADA, None), at(n), |_| {
            n_hashed += 1;
            false
        }));
        assert!(!matches!(outcome, Ok(LoginAttempt::Good(_))));
    }
    assert!(n_hashed <= 10, "{n_hashed}");
    database.recover();
    let (outcome, _) = attempt(database, ADA, None, at(100), RIGHT);
    assert!(matches!(outcome, LoginAttempt::Locked { .. }));
}
