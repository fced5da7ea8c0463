use edgedesk_domain::ids::SessionId;
use futures::executor::block_on;
use futures::future::join_all;
use ulid::Ulid;

use super::*;
use crate::fixtures::{at, first_use, keys, shards};
use crate::seed::{AURORA, BOREALIS};
use crate::testing::Sqlite;

fn link_of(account_id: AccountId, subdomain: &str, linked_at: Timestamp) -> ZendeskLink {
    ZendeskLink {
        account_id,
        subdomain: subdomain.to_owned(),
        app_id: 9,
        installation_id: u64::MAX,
        email: "ops@acme.example".to_owned(),
        api_token: Secret::new("an-api-token"),
        linked_at,
    }
}

fn link(database: &Sqlite, link: &ZendeskLink) -> Option<Vec<SessionKey>> {
    let directory = Directory::new(database);
    block_on(directory.link_zendesk(link, AURORA.user_id(0), &keys())).unwrap()
}

fn vouched_by(max_role: Role) -> Vouched {
    Vouched {
        zendesk_user_id: 35436,
        max_role,
        checked_at: at(5),
    }
}

/// Begins a session of a user, with a refresh token that is called by its number.
fn start(database: &Sqlite, user_id: UserId, number: u128, max_role: Role) -> Option<SessionKey> {
    let key = SessionKey {
        account_id: AURORA.account_id,
        user_id,
        id: SessionId::new(Ulid(number)),
    };
    let directory = Directory::new(database);
    let first = first_use(number);
    let started = directory.start_vouched_session(&key, &first, vouched_by(max_role));
    block_on(started).unwrap().then_some(key)
}

fn standing_of(database: &Sqlite, key: &SessionKey) -> Option<Role> {
    let directory = Directory::new(database);
    let standing = block_on(directory.find_standing(key, at(9))).unwrap();
    standing.map(|standing| standing.role)
}

#[test]
fn one_account_is_linked_to_a_zendesk_and_another_takes_it_only_afterwards() {
    let shards = shards();
    let database = shards.directory_for_tests();
    let directory = Directory::new(database);
    let ours = link_of(AURORA.account_id, "acme", at(1));
    assert_eq!(link(database, &ours), Some(vec![]));
    let found = block_on(directory.find_zendesk_link_of("acme", shards.keys()));
    assert_eq!(found, Ok(Some(ours.clone())));
    let found = block_on(directory.find_zendesk_link(AURORA.account_id, shards.keys()));
    assert_eq!(found, Ok(Some(ours.clone())));
    let theirs = link_of(BOREALIS.account_id, "acme", at(2));
    assert_eq!(link(database, &theirs), None);
    assert_eq!(
        block_on(directory.find_zendesk_link_of("acme", shards.keys())),
        Ok(Some(ours))
    );
    let moved = link_of(AURORA.account_id, "acme-2", at(3));
    assert_eq!(link(database, &moved), Some(vec![]));
    assert_eq!(
        block_on(directory.find_zendesk_link_of("acme", shards.keys())),
        Ok(None)
    );
    assert_eq!(link(database, &theirs), Some(vec![]));
}

#[test]
fn the_api_token_is_in_no_row_in_clear_and_opens_for_its_account_alone() {
    let shards = shards();
    let database = shards.directory_for_tests();
    link(database, &link_of(AURORA.account_id, "acme", at(1)));
    let rows = database.dump("zendesk_links").join("\n");
    assert!(
        !rows.contains("an-api-token") && rows.contains("sealed:"),
        "{rows}"
    );
    let steal = format!(
        "UPDATE zendesk_links SET account_id = '{}'",
        BOREALIS.account_id
    );
    database.run_script(&steal).unwrap();
    let directory = Directory::new(database);
    let stolen = block_on(directory.find_zendesk_link_of("acme", shards.keys()));
    assert!(stolen.is_err(), "{stolen:?}");
}

#[test]
fn of_many_who_bring_one_token_one_gets_in() {
    let shards = shards();
    let directory = Directory::new(shards.directory_for_tests());
    let tries = (0..5).map(|_| directory.use_zendesk_token("hash", at(100), at(1)));
    let used = block_on(join_all(tries));
    assert_eq!(used.iter().filter(|used| **used == Ok(true)).count(), 1);
    let again = |now| block_on(directory.use_zendesk_token("hash", at(100), now)).unwrap();
    assert!(!again(at(99)));
    // Forgotten when nobody would believe it any more.
    assert!(again(at(100)));
}

/// Whatever the member may be otherwise, and raised later: the session is no more than Zendesk allows.
#[test]
fn a_session_that_zendesk_vouched_for_is_no_more_than_zendesk_allows() {
    let shards = shards();
    let database = shards.directory_for_tests();
    link(database, &link_of(AURORA.account_id, "acme", at(1)));
    let (admin, agent) = (AURORA.user_id(0), AURORA.user_id(1));
    let session = start(database, admin, 1, Role::Manager).unwrap();
    assert_eq!(standing_of(database, &session), Some(Role::Manager));
    let session = start(database, agent, 2, Role::Manager).unwrap();
    assert_eq!(standing_of(database, &session), Some(Role::Agent));
    let raised = format!("UPDATE memberships SET role = 'owner' WHERE user_id = '{agent}'");
    database.run_script(&raised).unwrap();
    assert_eq!(standing_of(database, &session), Some(Role::Manager));

    let directory = Directory::new(database);
    block_on(directory.note_vouched(&session, Role::Agent, at(7))).unwrap();
    assert_eq!(standing_of(database, &session), Some(Role::Agent));
    let found = block_on(directory.find_session_of_token("token 2", at(8)))
        .unwrap()
        .unwrap();
    assert_eq!(found.key, session);
    let expected = Vouched {
        checked_at: at(7),
        ..vouched_by(Role::Agent)
    };
    assert_eq!(found.vouched, Some(expected));
    assert_eq!(
        block_on(directory.find_vouched(&session)),
        Ok(Some(expected))
    );
}

#[test]
fn a_session_of_a_password_is_none_that_zendesk_vouched_for() {
    let shards = shards();
    let database = shards.directory_for_tests();
    let directory = Directory::new(database);
    let key = SessionKey {
        account_id: AURORA.account_id,
        user_id: AURORA.user_id(0),
        id: SessionId::new(Ulid(1)),
    };
    let first = SessionUse {
        token_hash: "plain".to_owned(),
        at: at(5),
        expires_at: at(1_000_000),
        user_agent: None,
        network: None,
    };
    block_on(directory.start_session(&key, &first)).unwrap();
    assert_eq!(block_on(directory.find_vouched(&key)), Ok(None));
    let of_token = block_on(directory.find_session_of_token("plain", at(6)));
    assert_eq!(of_token.unwrap().map(|found| found.vouched), Some(None));
    assert_eq!(standing_of(database, &key), Some(Role::Admin));
    // Nor does it become one.
    block_on(directory.note_vouched(&key, Role::ReadOnly, at(7))).unwrap();
    assert_eq!(standing_of(database, &key), Some(Role::Admin));
}

#[test]
fn without_a_link_no_session_begins_and_those_there_are_end_with_it() {
    let shards = shards();
    let database = shards.directory_for_tests();
    let directory = Directory::new(database);
    let agent = AURORA.user_id(1);
    assert_eq!(start(database, agent, 1, Role::Agent), None);
    let of_token = directory.find_session_of_token("token 1", at(6));
    assert_eq!(block_on(of_token), Ok(None));
    link(database, &link_of(AURORA.account_id, "acme", at(1)));
    let session = start(database, agent, 2, Role::Agent).unwrap();
    // Another link, or the same with another token, begins anew.
    let ended = link(database, &link_of(AURORA.account_id, "acme", at(6)));
    assert_eq!(ended, Some(vec![session]));
    assert_eq!(standing_of(database, &session), None);
    let session = start(database, agent, 3, Role::Agent).unwrap();
    let ended = block_on(directory.unlink_zendesk(BOREALIS.account_id, at(8)));
    assert_eq!(ended, Ok(vec![]));
    let ended = block_on(directory.unlink_zendesk(AURORA.account_id, at(8)));
    assert_eq!(ended, Ok(vec![session]));
    assert_eq!(standing_of(database, &session), None);
    assert_eq!(
        block_on(directory.find_zendesk_link_of("acme", shards.keys())),
        Ok(None)
    );
}
