use futures::executor::block_on;
use ulid::Ulid;

use super::*;
use crate::fixtures::{at, shards};
use crate::seed::{AURORA, BOREALIS, DemoIds};
use crate::shards::Shards;
use crate::testing::{Failure, Sqlite};

const MINUTE: u64 = 60_000;

fn new_key(of: &DemoIds, number: u128) -> NewApiKey {
    NewApiKey {
        id: ApiKeyId::new(Ulid::from(number)),
        account_id: of.account_id,
        name: format!("Key {number}"),
        prefix: format!("sk_live_{number:08}"),
        key_hash: format!("hash-{number}"),
        scopes: vec![
            Permission::ReadConversations,
            Permission::ManageIntegrations,
        ],
        created_by: of.user_id(0),
        created_at: at(0),
        expires_at: None,
    }
}

/// The demo accounts with one key of Aurora's admin.
fn with_key(change: impl FnOnce(&mut NewApiKey)) -> Shards<Sqlite> {
    let shards = shards();
    let mut key = new_key(&AURORA, 1);
    change(&mut key);
    assert!(block_on(shards.directory().insert_api_key(&key)).unwrap());
    shards
}

fn used(shards: &Shards<Sqlite>, hash: &str, now: u64) -> Result<KeyHolder, KeyRefusal> {
    block_on(shards.directory().use_api_key(hash, at(now))).unwrap()
}

fn last_used(shards: &Shards<Sqlite>) -> Option<Timestamp> {
    block_on(shards.directory().list_api_keys(AURORA.account_id)).unwrap()[0].last_used_at
}

fn id() -> ApiKeyId {
    ApiKeyId::new(Ulid::from(1))
}

#[test]
fn a_key_acts_for_who_made_it_in_its_account_under_its_own_name() {
    let holder = used(&with_key(|_| ()), "hash-1", 1).unwrap();
    assert_eq!(holder.id, id());
    assert_eq!(
        holder.principal,
        Principal {
            account_id: AURORA.account_id,
            user_id: AURORA.user_id(0),
            role: Role::Admin,
            name: "Key 1".into(),
            access: Access {
                teams: vec![AURORA.team_id],
                only: None,
            },
        }
    );
}

#[test]
fn a_key_may_what_it_was_given_and_its_maker_still_may() {
    let shards = with_key(|_| ());
    let may = |permission| used(&shards, "hash-1", 1).unwrap().may(permission);
    for permission in Permission::ALL {
        let given = [
            Permission::ReadConversations,
            Permission::ManageIntegrations,
        ];
        assert_eq!(
            may(*permission),
            given.contains(permission),
            "{permission:?}"
        );
    }
    let directory = shards.directory_for_tests();
    directory
        .run_script("UPDATE memberships SET role = 'agent'")
        .unwrap();
    assert!(may(Permission::ReadConversations));
    assert!(!may(Permission::ManageIntegrations));
}

#[test]
fn an_unknown_key_is_refused() {
    for hash in ["hash-2", "", "HASH-1", "' OR 1=1 --"] {
        assert_eq!(used(&with_key(|_| ()), hash, 1), Err(KeyRefusal::Unknown));
    }
}

#[test]
fn a_revoked_key_is_refused_from_the_next_request_on() {
    let shards = with_key(|_| ());
    assert!(used(&shards, "hash-1", 1).is_ok());
    let revoke = |now| {
        block_on(
            shards
                .directory()
                .revoke_api_key(AURORA.account_id, id(), now),
        )
    };
    assert_eq!(revoke(at(2)), Ok(true));
    assert_eq!(used(&shards, "hash-1", 2), Err(KeyRefusal::Revoked(id())));
    // Again is the same: when it ended stays.
    assert_eq!(revoke(at(3)), Ok(true));
    let listed = block_on(shards.directory().list_api_keys(AURORA.account_id)).unwrap();
    assert_eq!(listed[0].revoked_at, Some(at(2)));
}

#[test]
fn an_expired_key_is_refused() {
    let shards = with_key(|key| key.expires_at = Some(at(1000)));
    assert!(used(&shards, "hash-1", 999).is_ok());
    assert_eq!(
        used(&shards, "hash-1", 1000),
        Err(KeyRefusal::Expired(id()))
    );
}

#[test]
fn the_key_of_a_former_member_is_refused() {
    let shards = with_key(|_| ());
    let directory = shards.directory_for_tests();
    directory
        .run_script("DELETE FROM memberships WHERE role = 'admin'")
        .unwrap();
    assert_eq!(used(&shards, "hash-1", 1), Err(KeyRefusal::MakerLeft(id())));
}

#[test]
fn another_account_neither_sees_nor_revokes_a_key() {
    let shards = with_key(|_| ());
    let directory = shards.directory();
    assert!(block_on(directory.insert_api_key(&new_key(&BOREALIS, 2))).unwrap());
    let listed = block_on(directory.list_api_keys(BOREALIS.account_id)).unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].name, "Key 2");
    let revoke = directory.revoke_api_key(BOREALIS.account_id, id(), at(1));
    assert_eq!(block_on(revoke), Ok(false));
    assert!(used(&shards, "hash-1", 2).is_ok());
    let theirs = used(&shards, "hash-2", 2).unwrap();
    assert_eq!(theirs.principal.account_id, BOREALIS.account_id);
}

#[test]
fn a_use_is_noted_at_most_once_a_minute() {
    let shards = with_key(|_| ());
    assert_eq!(last_used(&shards), None);
    for (now, noted) in [
        (5, 5),
        (6, 5),
        (MINUTE + 4, 5),
        (MINUTE + 5, MINUTE + 5),
        (MINUTE + 6, MINUTE + 5),
    ] {
        used(&shards, "hash-1", now).unwrap();
        assert_eq!(last_used(&shards), Some(at(noted)), "{now}");
    }
}

#[test]
fn a_key_works_though_its_use_cannot_be_noted_and_not_without_the_directory() {
    let shards = with_key(|_| ());
    let database = shards.directory_for_tests();
    database.fail_when(|call| (call == 2).then_some(Failure::Down));
    assert!(used(&shards, "hash-1", 1).is_ok());
    database.fail_when(|_| Some(Failure::Down));
    let outcome = block_on(shards.directory().use_api_key("hash-1", at(2)));
    assert!(matches!(outcome, Err(StoreError::Unavailable(_))));
}

#[test]
fn the_list_shows_keys_in_use_first_and_never_a_hash() {
    let shards = with_key(|_| ());
    let directory = shards.directory();
    for number in [2, 3] {
        let mut key = new_key(&AURORA, number);
        key.created_at = at(u64::try_from(number).unwrap());
        assert!(block_on(directory.insert_api_key(&key)).unwrap());
    }
    let revoke = directory.revoke_api_key(AURORA.account_id, ApiKeyId::new(Ulid::from(3)), at(4));
    assert_eq!(block_on(revoke), Ok(true));
    let listed = block_on(directory.list_api_keys(AURORA.account_id)).unwrap();
    let names: Vec<_> = listed.iter().map(|key| key.name.as_str()).collect();
    assert_eq!(names, ["Key 2", "Key 1", "Key 3"]);
    assert_eq!(listed[0].created_by_name, "ada");
    assert_eq!(listed[0].scopes, new_key(&AURORA, 2).scopes);
    assert!(!format!("{listed:?}").contains("hash-"));
}

#[test]
fn an_account_has_at_most_a_hundred_keys_that_are_not_revoked() {
    let shards = shards();
    let directory = shards.directory();
    for number in 1..=u128::from(MAX_API_KEYS) {
        assert!(block_on(directory.insert_api_key(&new_key(&AURORA, number))).unwrap());
    }
    let one_more = new_key(&AURORA, 1000);
    assert_eq!(block_on(directory.insert_api_key(&one_more)), Ok(false));
    assert_eq!(
        block_on(directory.insert_api_key(&new_key(&BOREALIS, 1001))),
        Ok(true)
    );
    block_on(directory.revoke_api_key(AURORA.account_id, id(), at(1))).unwrap();
    assert_eq!(block_on(directory.insert_api_key(&one_more)), Ok(true));
}
