use edgedesk_domain::zero_trust::AccessApplication;
use futures::executor::block_on;
use futures::future::join_all;
use ulid::Ulid;

use super::*;
use crate::fixtures::{at, shards};
use crate::seed::{AURORA, BOREALIS};
use crate::testing::{Failure, Sqlite};

fn key(number: u128) -> SessionKey {
    SessionKey {
        account_id: AURORA.account_id,
        user_id: AURORA.user_id(1),
        id: SessionId::new(Ulid(number)),
    }
}

fn from(hash: &str, now: Timestamp) -> SessionUse {
    SessionUse {
        token_hash: hash.to_owned(),
        at: now,
        expires_at: now.plus_millis(1_000),
        user_agent: Some("Firefox on Linux".to_owned()),
        network: None,
    }
}

fn listed(directory: Directory<&Sqlite>, key: &SessionKey, now: Timestamp) -> Vec<SessionId> {
    let sessions = block_on(directory.list_sessions(key.account_id, key.user_id, now)).unwrap();
    sessions.into_iter().map(|session| session.id).collect()
}

fn role(directory: Directory<&Sqlite>, key: &SessionKey, now: Timestamp) -> Option<Role> {
    block_on(directory.find_standing(key, now))
        .unwrap()
        .map(|standing| standing.role)
}

#[test]
fn a_refresh_token_is_good_once_and_a_second_use_ends_its_session() {
    let shards = shards();
    let directory = Directory::new(shards.directory_for_tests());
    block_on(directory.start_session(&key(1), &from("a1", at(0)))).unwrap();
    block_on(directory.start_session(&key(2), &from("b1", at(0)))).unwrap();
    let take =
        |hash: &str, now: Timestamp| block_on(directory.use_refresh_token(hash, now)).unwrap();
    let go_on = |number: u128, hash: &str, now: Timestamp| {
        block_on(directory.continue_session(&key(number), &from(hash, now))).unwrap()
    };

    assert_eq!(take("a1", at(10)), RefreshOutcome::Valid(key(1)));
    assert!(go_on(1, "a2", at(10)));
    assert_eq!(take("a1", at(11)), RefreshOutcome::Reused(key(1)));
    assert_eq!(take("a2", at(12)), RefreshOutcome::Expired);
    assert_eq!(role(directory, &key(1), at(12)), None);
    assert!(!go_on(1, "a3", at(12)), "it does not come back");
    assert_eq!(take("a3", at(12)), RefreshOutcome::Unknown);

    assert_eq!(take("b1", at(1_000)), RefreshOutcome::Expired);
    assert_eq!(take("b1", at(999)), RefreshOutcome::Valid(key(2)));
    assert_eq!(take("c1", at(1)), RefreshOutcome::Unknown);
}

#[test]
fn of_many_who_use_one_token_at_once_one_goes_on_and_then_nobody() {
    let shards = shards();
    let directory = Directory::new(shards.directory_for_tests());
    block_on(directory.start_session(&key(1), &from("a1", at(0)))).unwrap();
    let outcomes = block_on(join_all(
        (0..20).map(|_| directory.use_refresh_token("a1", at(1))),
    ));
    let n_valid = outcomes
        .iter()
        .filter(|outcome| **outcome == Ok(RefreshOutcome::Valid(key(1))))
        .count();
    assert_eq!(n_valid, 1);
    assert!(!block_on(directory.continue_session(&key(1), &from("a2", at(1)))).unwrap());
}

#[test]
fn a_session_that_is_ended_while_it_is_refreshed_gets_no_token() {
    let shards = shards();
    let directory = Directory::new(shards.directory_for_tests());
    block_on(directory.start_session(&key(1), &from("a1", at(0)))).unwrap();
    block_on(directory.use_refresh_token("a1", at(1))).unwrap();
    assert_eq!(block_on(directory.end_session(&key(1), at(2))), Ok(true));
    assert_eq!(
        block_on(directory.continue_session(&key(1), &from("a2", at(3)))),
        Ok(false)
    );
    assert_eq!(
        block_on(directory.use_refresh_token("a2", at(4))),
        Ok(RefreshOutcome::Unknown)
    );
}

#[test]
fn a_member_sees_where_they_are_logged_in_and_ends_one_or_all() {
    let shards = shards();
    let directory = Directory::new(shards.directory_for_tests());
    for (number, hash) in [(1, "a"), (2, "b"), (3, "c")] {
        let now = at(u64::try_from(number).unwrap());
        block_on(directory.start_session(&key(number), &from(hash, now))).unwrap();
    }
    let mut next = from("a2", at(5));
    next.user_agent = Some("Safari on iPhone".to_owned());
    next.network = Some("203.0.113.0".to_owned());
    assert!(block_on(directory.continue_session(&key(1), &next)).unwrap());

    let all =
        block_on(directory.list_sessions(AURORA.account_id, AURORA.user_id(1), at(6))).unwrap();
    assert_eq!(
        all[0],
        Session {
            id: key(1).id,
            created_at: at(1),
            last_used_at: at(5),
            user_agent: Some("Safari on iPhone".to_owned()),
            network: Some("203.0.113.0".to_owned()),
        }
    );
    assert_eq!(
        listed(directory, &key(1), at(6)),
        [key(1).id, key(3).id, key(2).id]
    );

    assert_eq!(block_on(directory.end_session(&key(3), at(6))), Ok(true));
    assert_eq!(block_on(directory.end_session(&key(3), at(7))), Ok(true));
    assert_eq!(block_on(directory.end_session(&key(9), at(7))), Ok(false));
    assert_eq!(listed(directory, &key(1), at(7)), [key(1).id, key(2).id]);
    assert_eq!(role(directory, &key(2), at(7)), Some(Role::Agent));

    let ended =
        block_on(directory.end_all_sessions(AURORA.account_id, AURORA.user_id(1), at(8))).unwrap();
    assert_eq!(ended, [key(1).id, key(2).id]);
    assert!(listed(directory, &key(1), at(8)).is_empty());
    for number in [1, 2, 3] {
        assert_eq!(role(directory, &key(number), at(8)), None, "{number}");
        let next = from("d", at(8));
        assert_eq!(
            block_on(directory.continue_session(&key(number), &next)),
            Ok(false)
        );
    }
}

#[test]
fn nobody_sees_or_ends_the_session_of_somebody_else() {
    let shards = shards();
    let directory = Directory::new(shards.directory_for_tests());
    block_on(directory.start_session(&key(1), &from("a1", at(0)))).unwrap();
    let strangers = [
        (AURORA.account_id, AURORA.user_id(0)),
        (BOREALIS.account_id, AURORA.user_id(1)),
        (BOREALIS.account_id, BOREALIS.user_id(0)),
    ];
    for (account_id, user_id) in strangers {
        let theirs = SessionKey {
            account_id,
            user_id,
            id: key(1).id,
        };
        assert!(listed(directory, &theirs, at(1)).is_empty());
        assert_eq!(role(directory, &theirs, at(1)), None);
        assert_eq!(block_on(directory.end_session(&theirs, at(1))), Ok(false));
        assert_eq!(
            block_on(directory.end_all_sessions(account_id, user_id, at(1))),
            Ok(Vec::new())
        );
        let next = from("x", at(1));
        assert_eq!(
            block_on(directory.continue_session(&theirs, &next)),
            Ok(false)
        );
    }
    assert_eq!(role(directory, &key(1), at(1)), Some(Role::Agent));
    assert_eq!(
        block_on(directory.use_refresh_token("a1", at(1))),
        Ok(RefreshOutcome::Valid(key(1)))
    );
}

#[test]
fn a_session_has_the_role_of_now_and_ends_with_the_membership_and_with_its_time() {
    let shards = shards();
    let database = shards.directory_for_tests();
    let directory = Directory::new(database);
    block_on(directory.start_session(&key(1), &from("a1", at(0)))).unwrap();
    assert_eq!(role(directory, &key(1), at(999)), Some(Role::Agent));
    assert_eq!(role(directory, &key(1), at(1_000)), None);
    database
        .run_script("UPDATE memberships SET role = 'read_only' WHERE role = 'agent'")
        .unwrap();
    assert_eq!(role(directory, &key(1), at(1)), Some(Role::ReadOnly));
    database.run_script("DELETE FROM memberships").unwrap();
    assert_eq!(role(directory, &key(1), at(1)), None);
}

#[test]
fn a_new_session_forgets_those_whose_time_is_over() {
    let shards = shards();
    let database = shards.directory_for_tests();
    let directory = Directory::new(database);
    block_on(directory.start_session(&key(1), &from("a", at(0)))).unwrap();
    block_on(directory.start_session(&key(2), &from("b", at(500)))).unwrap();
    block_on(directory.start_session(&key(3), &from("c", at(1_000)))).unwrap();
    assert_eq!(database.dump("sessions").len(), 2);
    assert_eq!(
        listed(directory, &key(1), at(1_000)),
        [key(3).id, key(2).id]
    );
}

#[test]
fn a_session_and_its_token_are_written_together_or_not_at_all() {
    let shards = shards();
    let database = shards.directory_for_tests();
    let directory = Directory::new(database);
    database.fail_when(|_| Some(Failure::Down));
    assert!(block_on(directory.start_session(&key(1), &from("a1", at(0)))).is_err());
    database.recover();
    assert!(database.dump("sessions").is_empty() && database.dump("refresh_tokens").is_empty());
    // A hash that is taken is refused, and no session is left behind.
    block_on(directory.start_session(&key(1), &from("a1", at(0)))).unwrap();
    assert!(block_on(directory.start_session(&key(2), &from("a1", at(0)))).is_err());
    assert_eq!(database.dump("sessions").len(), 1);
    // An ending whose answer was lost has taken place.
    database.fail_when(|_| Some(Failure::AnswerLost));
    assert!(block_on(directory.end_session(&key(1), at(1))).is_err());
    database.recover();
    assert_eq!(role(directory, &key(1), at(1)), None);
    assert_eq!(
        block_on(directory.use_refresh_token("a1", at(1))),
        Ok(RefreshOutcome::Expired)
    );
}

#[test]
fn logins_from_before_there_were_sessions_go_on() {
    let database = Sqlite::directory();
    let (account, user) = (AURORA.account_id, AURORA.user_id(1));
    database
        .run_script(&format!(
            "DROP TABLE sessions;
             INSERT INTO refresh_tokens (token_hash, account_id, user_id, family_id, created_at, expires_at, used_at, revoked_at)
             VALUES ('a1', '{account}', '{user}', '00000000000000000000000001', 1, 900, 5, NULL),
                    ('a2', '{account}', '{user}', '00000000000000000000000001', 5, 905, NULL, NULL),
                    ('b1', '{account}', '{user}', '00000000000000000000000002', 1, 900, NULL, 7);"
        ))
        .unwrap();
    database
        .run_script(include_str!(
            "../../../../../migrations/directory/0003_sessions.sql"
        ))
        .unwrap();
    let directory = Directory::new(&database);
    let now = Timestamp::from_millis(10);
    let all = block_on(directory.list_sessions(account, user, now)).unwrap();
    assert_eq!(all.len(), 1, "the other was revoked: {all:?}");
    assert_eq!(
        (all[0].id, all[0].created_at, all[0].last_used_at),
        (
            key(1).id,
            Timestamp::from_millis(1),
            Timestamp::from_millis(5)
        )
    );
    assert_eq!(
        block_on(directory.use_refresh_token("a2", now)),
        Ok(RefreshOutcome::Valid(key(1)))
    );
}

/// What is asked of a session is asked before its token is used up, too.
#[test]
fn a_session_and_its_token_know_how_the_account_lets_their_user_in() {
    let shards = shards();
    let directory = Directory::new(shards.directory_for_tests());
    let key = key(1);
    block_on(directory.start_session(&key, &from("t1", at(0)))).unwrap();
    let standing = || {
        let found = block_on(directory.find_standing(&key, at(1))).unwrap();
        found.expect("it goes on")
    };
    let of_token = |now| block_on(directory.find_session_of_token("t1", now)).unwrap();
    assert_eq!(standing().zero_trust, None);
    let expected = SessionOfToken {
        key,
        vouched: None,
        networks: AllowedNetworks::default(),
        zero_trust: None,
    };
    assert_eq!(of_token(at(1)), Some(expected));

    let application =
        AccessApplication::parse("acme.cloudflareaccess.com", &"0a".repeat(32)).unwrap();
    let office = AllowedNetworks::parse(["203.0.113.0/24"]).unwrap();
    block_on(directory.set_zero_trust(key.account_id, Some(&application))).unwrap();
    block_on(directory.set_networks(key.account_id, &office)).unwrap();
    let member = block_on(directory.find_member(key.account_id, key.user_id)).unwrap();
    let expected = ZeroTrust {
        application,
        email: member.unwrap().email,
    };
    assert_eq!(standing().zero_trust, Some(expected.clone()));
    let found = of_token(at(1)).unwrap();
    assert_eq!((found.networks, found.zero_trust), (office, Some(expected)));

    // A token that is over, used or none is nobody's.
    assert_eq!(of_token(at(1_000_000)), None);
    block_on(directory.use_refresh_token("t1", at(2))).unwrap();
    assert_eq!(of_token(at(3)), None);
    let unknown = directory.find_session_of_token("t2", at(1));
    assert_eq!(block_on(unknown), Ok(None));
}

#[test]
fn of_many_sessions_those_that_go_on_are_told_with_what_they_may_do() {
    let shards = shards();
    let directory = Directory::new(shards.directory_for_tests());
    let mut asked = BTreeSet::new();
    for number in 1..=300 {
        let key = key(number);
        let hash = format!("t{number}");
        block_on(directory.start_session(&key, &from(&hash, at(0)))).unwrap();
        asked.insert((key.user_id, key.id));
    }
    block_on(directory.end_session(&key(7), at(1))).unwrap();
    // One that there never was, one that is another user's, and one of another account.
    asked.insert((key(1).user_id, SessionId::new(Ulid(999))));
    asked.remove(&(key(8).user_id, key(8).id));
    asked.insert((AURORA.user_id(2), key(8).id));
    let theirs = SessionKey {
        account_id: BOREALIS.account_id,
        user_id: BOREALIS.user_id(1),
        id: SessionId::new(Ulid(301)),
    };
    block_on(directory.start_session(&theirs, &from("theirs", at(0)))).unwrap();
    asked.insert((theirs.user_id, theirs.id));

    let find = |now| block_on(directory.find_standings(AURORA.account_id, &asked, now)).unwrap();
    let found = find(at(2));
    let expected: BTreeSet<_> = (1..=300)
        .filter(|number| ![7, 8].contains(number))
        .map(|number| key(number).id)
        .collect();
    assert_eq!(found.keys().copied().collect::<BTreeSet<_>>(), expected);
    let one = block_on(directory.find_standing(&key(1), at(2))).unwrap();
    assert_eq!(found.get(&key(1).id), one.as_ref());
    assert!(find(at(1_000)).is_empty(), "their time is over");
    let nobody = BTreeSet::new();
    let none = block_on(directory.find_standings(AURORA.account_id, &nobody, at(2))).unwrap();
    assert!(none.is_empty());
}
