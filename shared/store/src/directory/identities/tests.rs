use futures::executor::block_on;
use futures::future::join_all;

use super::*;
use crate::fixtures::{at, shards};
use crate::seed::AURORA;
use crate::testing::Failure;

const ISSUER: &str = "https://id.example.com";
const SUBJECT: &str = "subject";

fn good() -> AttemptUse {
    AttemptUse::Good {
        provider: "google".to_owned(),
    }
}

#[test]
fn an_attempt_is_good_once_in_its_own_browser_and_in_time() {
    let shards = shards();
    let directory = Directory::new(shards.directory_for_tests());
    let start = |state| {
        block_on(directory.start_attempt(state, "browser", "google", at(0), at(10))).unwrap();
    };
    let use_up = |state, browser, now| block_on(directory.use_attempt(state, browser, at(now)));
    start("state");
    assert_eq!(use_up("other", "browser", 1), Ok(AttemptUse::Unknown));
    assert_eq!(use_up("state", "browser", 9), Ok(good()));
    assert_eq!(use_up("state", "browser", 9), Ok(AttemptUse::Unknown));
    start("late");
    assert_eq!(use_up("late", "browser", 10), Ok(AttemptUse::Expired));
    start("elsewhere");
    assert_eq!(
        use_up("elsewhere", "other", 1),
        Ok(AttemptUse::OtherBrowser)
    );
    // Whoever has seen it has spoilt it.
    assert_eq!(use_up("elsewhere", "browser", 1), Ok(AttemptUse::Unknown));
}

#[test]
fn of_many_at_once_with_one_state_one_gets_in() {
    let shards = shards();
    let directory = Directory::new(shards.directory_for_tests());
    block_on(directory.start_attempt("state", "browser", "google", at(0), at(10))).unwrap();
    let all = (0..5).map(|_| directory.use_attempt("state", "browser", at(1)));
    let uses = block_on(join_all(all));
    assert_eq!(
        uses.iter()
            .filter(|outcome| **outcome == Ok(good()))
            .count(),
        1
    );
}

#[test]
fn attempts_that_are_over_are_forgotten_with_the_next_one() {
    let shards = shards();
    let database = shards.directory_for_tests();
    let directory = Directory::new(database);
    for (state, now) in [("first", 0), ("second", 5), ("third", 10)] {
        block_on(directory.start_attempt(state, "browser", "google", at(now), at(now + 10)))
            .unwrap();
    }
    assert_eq!(database.dump("oidc_attempts").len(), 2);
}

#[test]
fn a_subject_means_one_user_and_a_user_has_one_subject_of_an_issuer() {
    let shards = shards();
    let directory = Directory::new(shards.directory_for_tests());
    let (ada, bo) = (AURORA.user_id(0), AURORA.user_id(1));
    let link = |issuer, subject, user| {
        block_on(directory.link_identity(issuer, subject, user, at(0))).unwrap()
    };
    let find = |issuer, subject| {
        let login = block_on(directory.find_identity(issuer, subject)).unwrap();
        login.map(|login| login.user_id)
    };
    assert_eq!(find(ISSUER, SUBJECT), None);
    assert!(link(ISSUER, SUBJECT, ada));
    assert!(!link(ISSUER, SUBJECT, bo));
    // The provider has given ada's address to somebody else.
    assert!(!link(ISSUER, "another", ada));
    assert_eq!(find(ISSUER, SUBJECT), Some(ada));
    assert_eq!(find(ISSUER, "another"), None);
    // The same text of another issuer is another person.
    assert_eq!(find("https://other.example.com", SUBJECT), None);
    assert!(link("https://other.example.com", SUBJECT, bo));
    let login = block_on(directory.find_identity(ISSUER, SUBJECT)).unwrap();
    let by_address = block_on(directory.find_login("ada@example.com")).unwrap();
    assert_eq!(login, by_address);
}

#[test]
fn an_attempt_whose_end_is_not_known_is_over() {
    let shards = shards();
    let database = shards.directory_for_tests();
    let directory = Directory::new(database);
    block_on(directory.start_attempt("state", "browser", "google", at(0), at(10))).unwrap();
    database.fail_when(|_| Some(Failure::AnswerLost));
    assert!(block_on(directory.use_attempt("state", "browser", at(1))).is_err());
    database.recover();
    let again = block_on(directory.use_attempt("state", "browser", at(1)));
    assert_eq!(again, Ok(AttemptUse::Unknown));
}
