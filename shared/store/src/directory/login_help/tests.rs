use edgedesk_domain::networks::AllowedNetworks;
use edgedesk_domain::zero_trust::AccessApplication;
use futures::executor::block_on;
use ulid::Ulid;

use super::*;
use crate::directory::{LoginAttempt, LoginKeys};
use crate::fixtures::{at, shards, start_session};
use crate::seed::{AURORA, BOREALIS, DemoIds};
use crate::testing::{Failure, Sqlite};

/// The administrator, and an agent.
fn ada() -> UserId {
    AURORA.user_id(0)
}

fn bo() -> UserId {
    AURORA.user_id(1)
}

fn helper() -> Helper<'static> {
    Helper {
        account_id: AURORA.account_id,
        user_id: ada(),
        address: Some("203.0.113.7"),
        application: None,
    }
}

fn enrol(database: &Sqlite, user_id: UserId) {
    let directory = Directory::new(database);
    assert!(block_on(directory.begin_second_factor(user_id, "sealed", at(0))).unwrap());
    let hashes = ["one".to_owned(), "two".to_owned()];
    let confirmed = directory.confirm_second_factor(user_id, "sealed", 10, &hashes, at(1));
    assert!(block_on(confirmed).unwrap());
}

fn has_second_factor(database: &Sqlite, user_id: UserId) -> bool {
    let directory = Directory::new(database);
    let factor = block_on(directory.find_second_factor(user_id)).unwrap();
    let n_codes = block_on(directory.count_recovery_codes(user_id)).unwrap();
    assert_eq!(n_codes > 0, factor.is_some());
    factor.is_some()
}

fn join(database: &Sqlite, ids: &DemoIds, user_id: UserId, role: &str) {
    let account_id = ids.account_id;
    database
        .run_script(&format!(
            "INSERT INTO memberships (account_id, user_id, role, created_at) VALUES ('{account_id}', '{user_id}', '{role}', 9)"
        ))
        .unwrap();
}

fn reset(database: &Sqlite, member_id: UserId) -> HelpOutcome<Vec<SessionKey>> {
    let directory = Directory::new(database);
    let outcome = directory.reset_second_factor(helper(), member_id, at(9));
    block_on(outcome).unwrap()
}

#[test]
fn a_reset_takes_the_second_factor_and_its_codes_and_ends_every_session_of_the_member() {
    let shards = shards();
    let database = shards.directory_for_tests();
    let directory = Directory::new(database);
    assert_eq!(reset(database, bo()), HelpOutcome::Nothing);
    enrol(database, bo());
    enrol(database, ada());
    let sessions = [1, 2].map(|number| start_session(database, &AURORA, bo(), number));
    let of_another = start_session(database, &AURORA, AURORA.user_id(2), 3);
    let HelpOutcome::Done { mut what, others } = reset(database, bo()) else {
        panic!("refused");
    };
    what.sort_by_key(|key| key.id);
    assert_eq!(what, sessions);
    assert_eq!(others, []);
    assert!(!has_second_factor(database, bo()));
    assert!(has_second_factor(database, ada()));
    for session in sessions {
        assert_eq!(block_on(directory.find_standing(&session, at(9))), Ok(None));
    }
    assert!(
        block_on(directory.find_standing(&of_another, at(9)))
            .unwrap()
            .is_some()
    );
    let login = block_on(directory.find_login("bo@example.com")).unwrap();
    assert!(!login.unwrap().has_second_factor);
}

/// Nothing of a login in another account is changed from here.
#[test]
fn an_administrator_of_one_account_resets_nobody_who_is_in_another_as_well() {
    let shards = shards();
    let database = shards.directory_for_tests();
    enrol(database, bo());
    join(database, &BOREALIS, bo(), "read_only");
    let session = start_session(database, &BOREALIS, bo(), 1);
    let refused = HelpOutcome::Refused(LoginRefusal::OtherAccount);
    assert_eq!(reset(database, bo()), refused);
    // A member there who runs nothing is none who may.
    join(database, &BOREALIS, ada(), "manager");
    assert_eq!(reset(database, bo()), refused);
    let owns = format!(
        "UPDATE memberships SET role = 'admin' WHERE account_id = '{}' AND user_id = '{}'",
        BOREALIS.account_id,
        ada()
    );
    database.run_script(&owns).unwrap();
    // Nor is one whom it would not let in like this.
    let directory = Directory::new(database);
    let office = AllowedNetworks::parse(["198.51.100.0/24"]).unwrap();
    block_on(directory.set_networks(BOREALIS.account_id, &office)).unwrap();
    assert_eq!(reset(database, bo()), refused);
    block_on(directory.set_networks(BOREALIS.account_id, &AllowedNetworks::default())).unwrap();
    let application =
        AccessApplication::parse("acme.cloudflareaccess.com", &"0a".repeat(32)).unwrap();
    block_on(directory.set_zero_trust(BOREALIS.account_id, Some(&application))).unwrap();
    assert_eq!(reset(database, bo()), refused);
    block_on(directory.set_zero_trust(BOREALIS.account_id, None)).unwrap();
    let wants = |word| {
        let id = BOREALIS.account_id;
        database
            .run_script(&format!(
                "UPDATE accounts SET settings = json_set(settings, '$.requires_second_factor', json('{word}')) WHERE id = '{id}'"
            ))
            .unwrap();
    };
    wants("true");
    assert_eq!(reset(database, bo()), refused);
    wants("false");
    assert!(has_second_factor(database, bo()));

    // Who runs both may, and sessions end in both.
    let done = HelpOutcome::Done {
        what: vec![session],
        others: vec![BOREALIS.account_id],
    };
    assert_eq!(reset(database, bo()), done);
}

/// What has been shown to one account counts in another that asks for the same, and for nothing else.
#[test]
fn who_has_come_through_the_application_that_both_accounts_ask_for_may() {
    let shards = shards();
    let database = shards.directory_for_tests();
    let directory = Directory::new(database);
    enrol(database, bo());
    join(database, &BOREALIS, bo(), "read_only");
    join(database, &BOREALIS, ada(), "admin");
    let of = |audience: &str| {
        AccessApplication::parse("acme.cloudflareaccess.com", &audience.repeat(32)).unwrap()
    };
    let (asked_for, other) = (of("0a"), of("0b"));
    block_on(directory.set_zero_trust(BOREALIS.account_id, Some(&asked_for))).unwrap();
    let reset = |application| {
        let helper = Helper {
            application,
            ..helper()
        };
        block_on(directory.reset_second_factor(helper, bo(), at(9))).unwrap()
    };
    let refused = HelpOutcome::Refused(LoginRefusal::OtherAccount);
    assert_eq!(reset(Some(&other)), refused);
    assert!(matches!(reset(Some(&asked_for)), HelpOutcome::Done { .. }));
}

#[test]
fn nobody_resets_their_own_somebody_above_or_a_stranger() {
    let shards = shards();
    let database = shards.directory_for_tests();
    for user_id in [ada(), bo(), BOREALIS.user_id(1)] {
        enrol(database, user_id);
    }
    let refused = |refusal| HelpOutcome::Refused(refusal);
    assert_eq!(reset(database, ada()), refused(LoginRefusal::Own));
    let stranger = reset(database, BOREALIS.user_id(1));
    assert_eq!(stranger, refused(LoginRefusal::NoMember));
    let nobody = reset(database, UserId::new(Ulid(999_999)));
    assert_eq!(nobody, refused(LoginRefusal::NoMember));
    let owns = format!(
        "UPDATE memberships SET role = 'owner' WHERE user_id = '{}'",
        bo()
    );
    database.run_script(&owns).unwrap();
    assert_eq!(reset(database, bo()), refused(LoginRefusal::MemberAbove));
    for user_id in [ada(), bo(), BOREALIS.user_id(1)] {
        assert!(has_second_factor(database, user_id));
    }
}

/// Between the decision and the deed the member joins another account, or who asks is lowered: nothing happens.
#[test]
fn what_was_decided_on_is_compared_when_it_is_done() {
    let shards = shards();
    let database = shards.directory_for_tests();
    let directory = Directory::new(database);
    enrol(database, bo());
    start_session(database, &AURORA, bo(), 1);
    let Ok(Ok(decision)) = block_on(directory.decide(helper(), bo())) else {
        panic!("refused");
    };
    join(database, &BOREALIS, bo(), "agent");
    let parameters = decision.parameters(helper(), bo());
    assert_eq!(block_on((&database).query(RESET, &parameters)), Ok(vec![]));
    assert!(has_second_factor(database, bo()));
    let lowered = format!(
        "UPDATE memberships SET role = 'manager' WHERE user_id = '{}'",
        ada()
    );
    let leaves = format!(
        "DELETE FROM memberships WHERE account_id = '{}' AND user_id = '{}'",
        BOREALIS.account_id,
        bo()
    );
    database.run_script(&format!("{leaves};{lowered}")).unwrap();
    assert_eq!(block_on((&database).query(RESET, &parameters)), Ok(vec![]));
    assert!(has_second_factor(database, bo()));
}

/// Whatever call fails, written or not: either all of it is done, or nothing.
#[test]
fn a_database_that_fails_leaves_no_half_of_a_reset() {
    for failure in [Failure::Down, Failure::AnswerLost] {
        for call in 1..=2 {
            let shards = shards();
            let database = shards.directory_for_tests();
            enrol(database, bo());
            let session = start_session(database, &AURORA, bo(), 1);
            database.fail_when(move |n| (n == call).then_some(failure));
            let directory = Directory::new(database);
            let outcome = directory.reset_second_factor(helper(), bo(), at(9));
            assert!(block_on(outcome).is_err(), "{call} {failure:?}");
            database.recover();
            let goes_on = block_on(Directory::new(database).find_standing(&session, at(9)));
            let goes_on = goes_on.unwrap().is_some();
            assert_eq!(has_second_factor(database, bo()), goes_on);
            assert_eq!(goes_on, call == 1 || failure == Failure::Down);
        }
    }
}

fn keys() -> LoginKeys {
    LoginKeys {
        address: "key of bo@example.com".to_owned(),
        network: None,
    }
}

/// Fails ten times: gives whether the address is locked then.
fn guess(database: &Sqlite) -> bool {
    let (directory, keys) = (Directory::new(database), keys());
    let mut attempt = LoginAttempt::Locked { until: at(0) };
    for _ in 0..=MAX_FAILURES {
        let tried = directory.attempt_login("bo@example.com", &keys, at(9), |_| false);
        attempt = block_on(tried).unwrap();
    }
    matches!(attempt, LoginAttempt::Locked { .. })
}

fn unlock(database: &Sqlite, helper: Helper<'_>, member_id: UserId) -> HelpOutcome<()> {
    let key_of = |email: &str| format!("key of {}", email.to_lowercase());
    let directory = Directory::new(database);
    let outcome = directory.unlock_member(helper, member_id, key_of, at(9));
    block_on(outcome).unwrap()
}

#[test]
fn a_lock_is_seen_and_taken_away_and_not_for_ever() {
    let shards = shards();
    let database = shards.directory_for_tests();
    let directory = Directory::new(database);
    let key = keys().address;
    let locks = || block_on(directory.list_locks(std::slice::from_ref(&key), at(9))).unwrap();
    let done = HelpOutcome::Done {
        what: (),
        others: Vec::new(),
    };
    assert!(locks().is_empty());
    assert_eq!(unlock(database, helper(), bo()), HelpOutcome::Nothing);
    for _ in 0..MAX_UNLOCKS {
        assert!(guess(database));
        assert!(locks()[&key] > at(9));
        assert_eq!(unlock(database, helper(), bo()), done);
        assert!(locks().is_empty());
    }
    assert!(guess(database));
    assert_eq!(unlock(database, helper(), bo()), HelpOutcome::TooOften);
    let later = at(9).plus_millis(crate::directory::LOCK_MILLIS);
    let keys = keys();
    let run_out = directory.attempt_login("bo@example.com", &keys, later, |_| false);
    assert!(matches!(
        block_on(run_out),
        Ok(LoginAttempt::Wrong { locks: false, .. })
    ));
}

#[test]
fn a_lock_is_taken_away_by_whoever_could_reset_the_second_factor_only() {
    let shards = shards();
    let database = shards.directory_for_tests();
    assert!(guess(database));
    let refused = |refusal| HelpOutcome::Refused(refusal);
    let own = Helper {
        user_id: bo(),
        ..helper()
    };
    assert_eq!(unlock(database, own, bo()), refused(LoginRefusal::Own));
    let stranger = Helper {
        account_id: BOREALIS.account_id,
        user_id: BOREALIS.user_id(0),
        address: None,
        application: None,
    };
    let answer = unlock(database, stranger, bo());
    assert_eq!(answer, refused(LoginRefusal::NoMember));
    join(database, &BOREALIS, bo(), "agent");
    let answer = unlock(database, helper(), bo());
    assert_eq!(answer, refused(LoginRefusal::OtherAccount));
    let answer = unlock(database, stranger, bo());
    assert_eq!(answer, refused(LoginRefusal::OtherAccount));
    assert!(guess(database), "it is locked as before");
}
