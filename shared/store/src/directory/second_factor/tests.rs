use edgedesk_domain::account::{Access, Role};
use edgedesk_domain::ids::SessionId;
use futures::executor::block_on;
use futures::future::join_all;
use ulid::Ulid;

use super::*;
use crate::directory::{
    CodeAttempt, LoginAttempt, LoginKeys, MAX_FAILURES, SessionKey, SessionUse, Standing,
};
use crate::fixtures::{at, shards};
use crate::seed::{AURORA, BOREALIS};
use crate::testing::{Failure, Sqlite};

const ADA: &str = "ada@example.com";

fn ada() -> UserId {
    AURORA.user_id(0)
}

fn bo() -> UserId {
    AURORA.user_id(1)
}

fn codes() -> Vec<String> {
    (0..10).map(|n| format!("hash {n}")).collect()
}

/// Puts a second factor to use, with a code of step 10.
fn enrol(directory: Directory<&Sqlite>, user_id: UserId) {
    assert!(block_on(directory.begin_second_factor(user_id, "sealed", at(0))).unwrap());
    let hashes = codes();
    let confirmed = directory.confirm_second_factor(user_id, "sealed", 10, &hashes, at(1));
    assert!(block_on(confirmed).unwrap());
}

fn n_codes(directory: Directory<&Sqlite>, user_id: UserId) -> u32 {
    block_on(directory.count_recovery_codes(user_id)).unwrap()
}

#[test]
fn a_second_factor_is_asked_for_once_a_code_has_confirmed_it() {
    let shards = shards();
    let directory = Directory::new(shards.directory_for_tests());
    let asked = || {
        let login = block_on(directory.find_login(ADA)).unwrap().unwrap();
        login.has_second_factor
    };
    assert_eq!(block_on(directory.find_second_factor(ada())), Ok(None));
    assert!(block_on(directory.begin_second_factor(ada(), "first", at(0))).unwrap());
    assert!(block_on(directory.begin_second_factor(ada(), "sealed", at(1))).unwrap());
    assert!(!asked());
    let confirm = |secret: &'static str, hashes: &[String]| {
        block_on(directory.confirm_second_factor(ada(), secret, 10, hashes, at(2))).unwrap()
    };
    // The code was one of a secret that has been replaced.
    assert!(!confirm("first", &codes()));
    assert!(!asked());
    assert_eq!(n_codes(directory, ada()), 0);
    assert!(confirm("sealed", &codes()));
    assert!(asked());
    assert_eq!(n_codes(directory, ada()), 10);
    // Once more, with codes that nobody is shown.
    assert!(!confirm("sealed", &["late".to_owned()]));
    assert_eq!(n_codes(directory, ada()), 10);
    let expected = SecondFactor {
        sealed_secret: "sealed".to_owned(),
        confirmed_at: Some(at(2)),
        last_step: Some(10),
    };
    assert_eq!(
        block_on(directory.find_second_factor(ada())),
        Ok(Some(expected))
    );
    // One in use is not replaced by beginning anew.
    assert!(!block_on(directory.begin_second_factor(ada(), "other", at(3))).unwrap());
    assert!(confirm_is_kept(directory));
}

fn confirm_is_kept(directory: Directory<&Sqlite>) -> bool {
    let factor = block_on(directory.find_second_factor(ada())).unwrap();
    factor.is_some_and(|factor| factor.sealed_secret == "sealed")
}

#[test]
fn of_many_who_use_one_code_at_once_one_gets_in() {
    let shards = shards();
    let directory = Directory::new(shards.directory_for_tests());
    enrol(directory, ada());
    for (step, expected) in [(9, 0), (10, 0), (11, 1), (11, 0), (10, 0), (13, 1)] {
        let tries = (0..5).map(|_| directory.use_step(ada(), step));
        let used = block_on(join_all(tries));
        let n_used = used.iter().filter(|used| **used == Ok(true)).count();
        assert_eq!(n_used, expected, "{step}");
    }
    // Of a user without one, and of one that is only begun, no code is taken.
    assert_eq!(block_on(directory.use_step(bo(), 99)), Ok(false));
    block_on(directory.begin_second_factor(bo(), "sealed", at(0))).unwrap();
    assert_eq!(block_on(directory.use_step(bo(), 99)), Ok(false));
}

#[test]
fn a_recovery_code_is_good_once_and_for_its_user_only() {
    let shards = shards();
    let directory = Directory::new(shards.directory_for_tests());
    enrol(directory, ada());
    let take = |user_id, hash| block_on(directory.use_recovery_code(user_id, hash, at(5))).unwrap();
    assert!(!take(bo(), "hash 3"));
    assert!(!take(ada(), "hash 10"));
    assert!(take(ada(), "hash 3"));
    assert!(!take(ada(), "hash 3"));
    assert_eq!(n_codes(directory, ada()), 9);

    block_on(directory.replace_recovery_codes(ada(), &["new".to_owned()])).unwrap();
    assert!(!take(ada(), "hash 4"));
    assert!(take(ada(), "new"));
    // Without a second factor there is nothing to recover.
    block_on(directory.replace_recovery_codes(bo(), &codes())).unwrap();
    assert_eq!(n_codes(directory, bo()), 0);
}

#[test]
fn what_is_turned_off_leaves_nothing() {
    let shards = shards();
    let database = shards.directory_for_tests();
    let directory = Directory::new(database);
    enrol(directory, ada());
    enrol(directory, bo());
    assert_eq!(block_on(directory.remove_second_factor(ada())), Ok(true));
    assert_eq!(block_on(directory.remove_second_factor(ada())), Ok(false));
    assert_eq!(database.dump("second_factors").len(), 1);
    assert_eq!(database.dump("recovery_codes").len(), 10);
    assert_eq!(n_codes(directory, bo()), 10);
}

#[test]
fn a_confirmation_that_fails_anywhere_leaves_a_factor_with_its_codes_or_none() {
    for call in 1..=2 {
        for failure in [Failure::Down, Failure::AnswerLost] {
            let shards = shards();
            let database = shards.directory_for_tests();
            let directory = Directory::new(database);
            block_on(directory.begin_second_factor(ada(), "sealed", at(0))).unwrap();
            database.fail_when(move |n| (n == call).then_some(failure));
            let hashes = codes();
            let confirmed = directory.confirm_second_factor(ada(), "sealed", 10, &hashes, at(1));
            let _ = block_on(confirmed);
            database.recover();
            let factor = block_on(directory.find_second_factor(ada()))
                .unwrap()
                .unwrap();
            let n_expected = if factor.confirmed_at.is_some() { 10 } else { 0 };
            assert_eq!(n_codes(directory, ada()), n_expected, "{call} {failure:?}");
        }
    }
}

#[test]
fn a_challenge_is_good_once_and_while_its_time_lasts() {
    let shards = shards();
    let database = shards.directory_for_tests();
    let directory = Directory::new(database);
    let start = |hash, now| {
        block_on(directory.start_challenge(hash, ada(), None, at(now), at(now + 100))).unwrap();
    };
    let find = |hash, now| block_on(directory.find_challenge(hash, at(now))).unwrap();
    start("a", 0);
    assert_eq!(find("b", 1), None);
    assert_eq!(find("a", 100), None);
    let Challenge { login, vouched } = find("a", 99).unwrap();
    assert_eq!(vouched, None);
    assert_eq!(
        (login.user_id, login.email.as_str()),
        (ada(), "ADA@Example.com")
    );
    assert_eq!(login.memberships.len(), 1);
    let tries = (0..5).map(|_| directory.use_challenge("a", at(99)));
    let used = block_on(join_all(tries));
    assert_eq!(used.iter().filter(|used| **used == Ok(true)).count(), 1);
    assert_eq!(find("a", 99), None);

    start("c", 200);
    assert_eq!(block_on(directory.use_challenge("c", at(300))), Ok(false));
    // Whose time is over is forgotten by the next.
    start("d", 300);
    assert_eq!(database.dump("login_challenges").len(), 1);
}

#[test]
fn a_password_alone_does_not_forget_the_failures_of_codes() {
    let shards = shards();
    let database = shards.directory_for_tests();
    let directory = Directory::new(database);
    enrol(directory, ada());
    let keys = LoginKeys {
        address: "address:ada".to_owned(),
        network: None,
    };
    let password = || block_on(directory.attempt_login(ADA, &keys, at(0), |_| true)).unwrap();
    let code = |is_right: bool| {
        let attempt = directory.attempt_code(&keys, at(0), async || Ok::<_, StoreError>(is_right));
        block_on(attempt).unwrap()
    };
    for n in 1..=MAX_FAILURES {
        // As often as one likes: it takes only itself back.
        for _ in 0..3 {
            assert!(matches!(password(), LoginAttempt::Good(_)), "{n}");
        }
        let locks = n == MAX_FAILURES;
        assert_eq!(code(false), CodeAttempt::Wrong { locks }, "{n}");
    }
    assert!(matches!(password(), LoginAttempt::Locked { .. }));
    // The right one neither, and it is not looked at: it stays unused.
    assert!(matches!(code(true), CodeAttempt::Locked { .. }));
}

#[test]
fn a_right_code_forgets_the_failures_before_it() {
    let shards = shards();
    let database = shards.directory_for_tests();
    let directory = Directory::new(database);
    let keys = LoginKeys {
        address: "address:ada".to_owned(),
        network: Some("network:a".to_owned()),
    };
    for is_right in [false, false, true] {
        let attempt = directory.attempt_code(&keys, at(0), async || Ok::<_, StoreError>(is_right));
        block_on(attempt).unwrap();
    }
    // Of the network only its own is taken back.
    assert_eq!(database.dump("login_failures").len(), 1);
    assert!(database.dump("login_failures")[0].contains("Integer(2)"));
}

#[test]
fn an_attempt_that_cannot_be_looked_at_counts() {
    let shards = shards();
    let directory = Directory::new(shards.directory_for_tests());
    let keys = LoginKeys {
        address: "address:ada".to_owned(),
        network: None,
    };
    for _ in 0..MAX_FAILURES {
        let down = async || Err(StoreError::Unavailable("on command".to_owned()));
        assert!(block_on(directory.attempt_code(&keys, at(0), down)).is_err());
    }
    let attempt = directory.attempt_code(&keys, at(0), async || Ok::<_, StoreError>(true));
    let attempt = block_on(attempt).unwrap();
    assert!(matches!(attempt, CodeAttempt::Locked { .. }));
}

#[test]
fn whoever_runs_an_account_that_wants_it_lacks_a_second_factor_until_it_is_confirmed() {
    let shards = shards();
    let database = shards.directory_for_tests();
    let directory = Directory::new(database);
    let standing = |user_id| {
        let key = SessionKey {
            account_id: AURORA.account_id,
            user_id,
            id: SessionId::new(Ulid(7)),
        };
        block_on(directory.find_standing(&key, at(1))).unwrap()
    };
    for user_id in [ada(), bo()] {
        let key = SessionKey {
            account_id: AURORA.account_id,
            user_id,
            id: SessionId::new(Ulid(7)),
        };
        let first = SessionUse {
            token_hash: user_id.to_string(),
            at: at(0),
            expires_at: at(1_000),
            user_agent: None,
            network: None,
        };
        block_on(directory.start_session(&key, &first)).unwrap();
    }
    let of = |role, lacks_second_factor| {
        Some(Standing {
            role,
            lacks_second_factor,
            access: Access {
                teams: vec![AURORA.team_id],
                only: None,
            },
            networks: edgedesk_domain::networks::AllowedNetworks::default(),
            zero_trust: None,
        })
    };
    // The demo account does not want one.
    assert_eq!(standing(ada()), of(Role::Admin, false));
    for settings in ["false", "null", "\"yes\"", "0"] {
        want(database, settings);
        let key = block_on(directory.requires_second_factor(AURORA.account_id));
        assert_ne!(key, Ok(true), "{settings}");
    }
    want(database, "true");
    assert_eq!(
        block_on(directory.requires_second_factor(AURORA.account_id)),
        Ok(true)
    );
    assert_eq!(
        block_on(directory.requires_second_factor(BOREALIS.account_id)),
        Ok(false)
    );
    assert_eq!(standing(ada()), of(Role::Admin, true));
    // Agents are not asked for one.
    assert_eq!(standing(bo()), of(Role::Agent, false));
    block_on(directory.begin_second_factor(ada(), "sealed", at(0))).unwrap();
    assert_eq!(standing(ada()), of(Role::Admin, true));
    let hashes = codes();
    let confirmed = directory.confirm_second_factor(ada(), "sealed", 10, &hashes, at(1));
    assert!(block_on(confirmed).unwrap());
    assert_eq!(standing(ada()), of(Role::Admin, false));
}

fn want(database: &Sqlite, value: &str) {
    let sql = format!(
        "UPDATE accounts SET settings = '{{\"requires_second_factor\":{value}}}' WHERE id = '{}'",
        AURORA.account_id
    );
    database.run_script(&sql).unwrap();
}
