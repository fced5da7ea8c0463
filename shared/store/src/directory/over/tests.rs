use edgedesk_domain::ids::SessionId;
use futures::executor::block_on;
use ulid::Ulid;

use super::*;
use crate::directory::{RefreshOutcome, SessionKey, SessionUse};
use crate::fixtures::{at, shards};
use crate::seed::AURORA;
use crate::testing::{Failure, Sqlite};

const TABLES: [&str; 8] = [
    "refresh_tokens",
    "sessions",
    "invitations",
    "mail_outbox",
    "login_challenges",
    "oidc_attempts",
    "login_failures",
    "zendesk_tokens",
];

/// A session of `number` whose only token ends at `end`.
fn start_session(directory: Directory<&Sqlite>, number: u32, end: Timestamp) {
    let key = SessionKey {
        account_id: AURORA.account_id,
        user_id: AURORA.user_id(1),
        id: SessionId::new(Ulid(u128::from(number))),
    };
    let first = SessionUse {
        token_hash: format!("hash {number}"),
        // Starting one forgets the user's own that are over, which is not what is looked at here.
        at: Timestamp::from_millis(0),
        expires_at: end,
        user_agent: None,
        network: None,
    };
    block_on(directory.start_session(&key, &first)).unwrap();
}

/// A row in each table that ends at `end`.
fn fill(database: &Sqlite, number: u32, end: Timestamp) {
    let directory = Directory::new(database);
    start_session(directory, number, end);
    let zero = Timestamp::from_millis(0);
    let name = format!("row {number}");
    block_on(directory.start_challenge(&name, AURORA.user_id(1), None, zero, end)).unwrap();
    block_on(directory.start_attempt(&name, "browser", "google", zero, end)).unwrap();
    let account = AURORA.account_id;
    let end = Value::time(end);
    let statements = [
        "INSERT INTO login_failures (key, n_failures, forget_at) SELECT ?1, 1, ?3 WHERE ?2 IS NOT NULL",
        "INSERT INTO zendesk_tokens (token_hash, expires_at) SELECT ?1, ?3 WHERE ?2 IS NOT NULL",
        "INSERT INTO mail_outbox (account_id, about, id, recipient, subject, body, created_at, expires_at)
         VALUES (?2, ?1, ?1, 'r', 's', 'b', 0, ?3)",
        "INSERT INTO invitations (account_id, id, email, email_key, role, token_hash, invited_by, created_at, sent_at, expires_at)
         VALUES (?2, ?1, ?1, ?1, 'agent', ?1, 'usr', 0, 0, ?3)",
    ];
    for sql in statements {
        let parameters = [Value::text(&name), Value::text(account), end.clone()];
        block_on(database.query(sql, &parameters)).unwrap();
    }
}

fn n_rows(database: &Sqlite) -> Vec<usize> {
    TABLES.map(|table| database.dump(table).len()).to_vec()
}

#[test]
fn what_is_over_goes_and_what_may_still_be_asked_for_stays() {
    let shards = shards();
    let database = shards.directory_for_tests();
    let before = n_rows(database);
    let now = at(0).plus_millis(KEEP_MILLIS);
    for (number, end) in [(1, at(0)), (2, at(1)), (3, now), (4, now.plus_millis(1))] {
        fill(database, number, end);
    }
    let directory = Directory::new(database);
    let n_deleted = block_on(directory.delete_what_is_over(now)).unwrap();
    let left: Vec<usize> = n_rows(database)
        .iter()
        .zip(&before)
        .map(|(after, before)| after - before)
        .collect();
    // Tokens, sessions and invitations are kept for 30 days; what is good for minutes goes at its end.
    assert_eq!(left, [3, 3, 3, 1, 1, 1, 1, 1]);
    assert_eq!(n_deleted, 3 + 5 * 3);
    assert_eq!(block_on(directory.delete_what_is_over(now)), Ok(0));
}

#[test]
fn a_used_token_that_comes_back_within_the_time_still_ends_its_session() {
    let shards = shards();
    let database = shards.directory_for_tests();
    let directory = Directory::new(database);
    start_session(directory, 1, at(10));
    let using = |now| block_on(directory.use_refresh_token("hash 1", now)).unwrap();
    assert!(matches!(using(at(1)), RefreshOutcome::Valid(_)));
    let later = at(10).plus_millis(KEEP_MILLIS - 1);
    block_on(directory.delete_what_is_over(later)).unwrap();
    assert!(matches!(using(later), RefreshOutcome::Reused(_)));
    let over = at(10).plus_millis(KEEP_MILLIS);
    block_on(directory.delete_what_is_over(over)).unwrap();
    assert!(matches!(using(over), RefreshOutcome::Unknown));
}

#[test]
fn more_than_one_statement_takes_goes_in_rounds() {
    let shards = shards();
    let database = shards.directory_for_tests();
    let directory = Directory::new(database);
    let n_rows = 2 * usize::try_from(MAX_ROWS).unwrap() + 1;
    let zero = Timestamp::from_millis(0);
    for number in 0..n_rows {
        let state = format!("state {number}");
        block_on(directory.start_attempt(&state, "browser", "google", zero, at(0))).unwrap();
    }
    assert_eq!(
        block_on(directory.delete_what_is_over(at(1))),
        Ok(n_rows as u64)
    );
}

#[test]
fn a_run_that_fails_is_made_good_by_the_next_one() {
    let shards = shards();
    let database = shards.directory_for_tests();
    let directory = Directory::new(database);
    fill(database, 1, at(0));
    let now = at(0).plus_millis(KEEP_MILLIS);
    for (failure, n_left) in [(Failure::Down, 8), (Failure::AnswerLost, 0)] {
        database.fail_when(move |_| Some(failure));
        assert!(block_on(directory.delete_what_is_over(now)).is_err());
        database.recover();
        if n_left == 0 {
            assert_eq!(block_on(directory.delete_what_is_over(now)), Ok(0));
        }
    }
}
