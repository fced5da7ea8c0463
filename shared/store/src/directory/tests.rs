use std::cell::Cell;

use edgedesk_domain::account::{Channel, Role, Secret};
use edgedesk_domain::ids::{IdSource, InboxId, UserId};
use futures::executor::block_on;
use ulid::Ulid;

use super::*;
use crate::fixtures::{at, shards};
use crate::seed::{AURORA, BOREALIS};
use crate::testing::{Failure, Sqlite};

#[derive(Default)]
struct Counter(Cell<u128>);

impl IdSource for Counter {
    fn next_ulid(&self) -> Ulid {
        self.0.set(self.0.get() + 1);
        Ulid(self.0.get())
    }
}

impl KeySource for Counter {
    fn next_key(&self) -> String {
        format!("key-{}", self.next_ulid())
    }
}

fn new_account(email: &str) -> NewAccount {
    NewAccount {
        name: "Cumulus Coffee".into(),
        plan: "free".into(),
        shard: 1,
        owner: NewOwner::New {
            email: email.into(),
            name: "Fay".into(),
            password_hash: Secret::new("$argon2id$fay"),
        },
    }
}

#[test]
fn an_inbox_is_found_by_id_and_by_key_with_its_accounts_shard() {
    let shards = shards();
    let directory = shards.directory();
    let found = |id| block_on(directory.find_inbox(shards.keys(), id)).unwrap();
    let by_key = |key: &str| block_on(directory.find_inbox_by_key(shards.keys(), key)).unwrap();

    let zendesk = found(AURORA.zendesk_inbox_id).expect("it is seeded");
    assert_eq!(
        (zendesk.account_id, zendesk.shard, zendesk.channel),
        (AURORA.account_id, 1, Channel::Zendesk)
    );
    assert_eq!(
        (zendesk.key.as_str(), zendesk.secret.expose()),
        ("", "zendesk-secret")
    );
    assert_eq!(zendesk.settings.timestamp_tolerance_secs, 300);
    let widget = by_key("wk_borealis").expect("it is seeded");
    assert_eq!(Some(&widget), found(BOREALIS.widget_inbox_id).as_ref());
    assert_eq!(
        (widget.account_id, widget.shard, widget.channel),
        (BOREALIS.account_id, 0, Channel::Widget)
    );
    assert_eq!(
        by_key("wk_aurora").unwrap().settings.allowed_origins,
        ["https://shop.example.com"]
    );
    for key in ["", "wk_nobody", "WK_AURORA", "' OR 1=1 --"] {
        assert_eq!(by_key(key), None, "{key:?}");
    }
    assert_eq!(found(InboxId::new(Ulid(1))), None);
}

#[test]
fn a_login_is_found_in_whatever_case_the_address_is_written() {
    let shards = shards();
    let directory = shards.directory();
    for email in ["ada@example.com", "ADA@EXAMPLE.COM", "  Ada@Example.com\n"] {
        let login = block_on(directory.find_login(email))
            .unwrap()
            .expect("she is seeded");
        assert_eq!(login.user_id, AURORA.user_id(0));
        assert_eq!(login.email, "ADA@Example.com");
        assert_eq!(login.password_hash.expose(), "$argon2id$ada");
        let [membership] = login.memberships[..] else {
            panic!("one membership")
        };
        assert_eq!(
            (membership.account_id, membership.role),
            (AURORA.account_id, Role::Admin)
        );
    }
    for email in ["", "ada@example.co", "%@example.com", "ada@example.com' --"] {
        assert_eq!(block_on(directory.find_login(email)), Ok(None), "{email:?}");
    }
    assert_eq!(email_key("ÅSA@Example.com"), "åsa@example.com");
}

#[test]
fn a_member_is_found_in_their_own_account_only() {
    let shards = shards();
    let directory = shards.directory();
    let find = |account, user| block_on(directory.find_member(account, user)).unwrap();
    let bo = find(AURORA.account_id, AURORA.user_id(1)).expect("he is seeded");
    assert_eq!(
        (bo.name.as_str(), bo.role, bo.max_load),
        ("bo", Role::Agent, 20)
    );
    assert_eq!(bo.teams, ["Support"]);
    assert_eq!(find(BOREALIS.account_id, AURORA.user_id(1)), None);
    assert_eq!(find(AURORA.account_id, UserId::new(Ulid(1))), None);

    let names = |account| {
        let agents = block_on(directory.list_agents(account)).unwrap();
        assert!(agents.iter().all(|agent| agent.teams == ["Support"]));
        agents
            .into_iter()
            .map(|agent| agent.name)
            .collect::<Vec<_>>()
    };
    assert_eq!(names(AURORA.account_id), ["ada", "bo", "cy"]);
    assert_eq!(names(BOREALIS.account_id), ["dee", "eli"]);
}

#[test]
fn who_may_only_read_is_no_agent() {
    let shards = shards();
    shards
        .directory_for_tests()
        .run_script("UPDATE memberships SET role = 'read_only' WHERE role = 'agent'")
        .unwrap();
    let agents = block_on(shards.directory().list_agents(AURORA.account_id)).unwrap();
    assert_eq!(agents.len(), 1);
    assert_eq!(agents[0].role, Role::Admin);
}

#[test]
fn a_new_account_has_ids_keys_and_an_owner_who_can_log_in() {
    let shards = shards();
    let directory = shards.directory();
    let ids = Counter::default();
    let new = new_account(" Fay@Example.com ");
    let created = directory.create_account(&new, &ids, &ids, shards.keys(), at(0));
    let created = block_on(created).unwrap();

    let account = block_on(directory.find_account(created.account_id))
        .unwrap()
        .expect("it is there");
    assert_eq!(
        (account.name.as_str(), account.plan.as_str(), account.shard),
        ("Cumulus Coffee", "free", 1)
    );
    // Whoever runs it shows a second factor.
    let settings = serde_json::json!({ "requires_second_factor": true });
    assert_eq!(account.settings, settings);
    let login = block_on(directory.find_login("fay@example.com"))
        .unwrap()
        .expect("she is there");
    assert_eq!(
        (login.user_id, login.memberships[0].role),
        (created.owner_id, Role::Owner)
    );
    assert_eq!(login.memberships[0].account_id, created.account_id);
    let [zendesk, widget] = &created.inboxes[..] else {
        panic!("two inboxes")
    };
    assert_ne!(zendesk.secret, widget.secret);
    let key = widget.key.as_deref().expect("a widget has a key");
    let found = block_on(directory.find_inbox_by_key(shards.keys(), key))
        .unwrap()
        .expect("it is there");
    assert_eq!(
        (found.id, found.secret, found.account_id),
        (widget.id, widget.secret.clone(), created.account_id)
    );
    assert_eq!(
        block_on(directory.find_inbox(shards.keys(), zendesk.id))
            .unwrap()
            .expect("it is there")
            .secret,
        zendesk.secret
    );
    // Another account's key opens nothing of it.
    let theirs = block_on(directory.find_inbox_by_key(shards.keys(), "wk_aurora"))
        .unwrap()
        .expect("it is seeded");
    assert_ne!(theirs.account_id, created.account_id);
    assert_eq!(
        block_on(directory.find_member(theirs.account_id, created.owner_id)),
        Ok(None)
    );
}

#[test]
fn an_account_is_created_whole_or_not_at_all() {
    let shards = shards();
    let directory = shards.directory();
    let database: &Sqlite = shards.directory_for_tests();
    let before: Vec<_> = ["accounts", "users", "memberships", "inboxes"]
        .map(|table| database.dump(table))
        .into();
    let ids = Counter::default();
    let create = |email: &str| {
        block_on(directory.create_account(&new_account(email), &ids, &ids, shards.keys(), at(0)))
    };
    // Somebody has the address.
    assert!(matches!(
        create("ADA@example.COM"),
        Err(StoreError::Refused(_))
    ));
    database.fail_when(|_| Some(Failure::Down));
    assert!(matches!(
        create("fay@example.com"),
        Err(StoreError::Unavailable(_))
    ));
    let after: Vec<_> = ["accounts", "users", "memberships", "inboxes"]
        .map(|table| database.dump(table))
        .into();
    assert_eq!(after, before);
}

#[test]
fn a_user_makes_more_accounts_up_to_the_limit_and_owns_each() {
    let shards = shards();
    let directory = shards.directory();
    let ids = Counter::default();
    let first = block_on(directory.create_account(
        &new_account("fay@example.com"),
        &ids,
        &ids,
        shards.keys(),
        at(0),
    ));
    let owner = first.unwrap().owner_id;
    let again = |owner| {
        let new = NewAccount {
            owner: NewOwner::Known(owner),
            ..new_account("")
        };
        block_on(directory.create_account(&new, &ids, &ids, shards.keys(), at(1)))
    };
    for _ in 1..MAX_OWNED_ACCOUNTS {
        assert_eq!(again(owner).unwrap().owner_id, owner);
    }
    let dump = || shards.directory_for_tests().dump("accounts");
    let before = dump();
    assert!(matches!(again(owner), Err(StoreError::Refused(_))));
    // Nor does somebody who is no user.
    let nobody = UserId::new(Ulid(0x77));
    assert!(matches!(again(nobody), Err(StoreError::Refused(_))));
    assert_eq!(dump(), before);
    let login = block_on(directory.find_login("fay@example.com"))
        .unwrap()
        .unwrap();
    assert_eq!(login.memberships.len(), MAX_OWNED_ACCOUNTS as usize);
    assert!(
        login
            .memberships
            .iter()
            .all(|membership| membership.role == Role::Owner)
    );
}
