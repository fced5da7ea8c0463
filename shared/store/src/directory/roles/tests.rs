use edgedesk_domain::account::{Permission, Role};
use edgedesk_domain::ids::{ApiKeyId, SessionId, UserId};
use edgedesk_domain::membership::{MembershipChange, MembershipRefusal};
use futures::executor::block_on;
use ulid::Ulid;

use super::*;
use crate::directory::{MembershipOutcome, NewApiKey, SessionKey, SessionUse};
use crate::fixtures::{at, shards};
use crate::seed::{AURORA, BOREALIS};
use crate::testing::Sqlite;

fn set(permissions: &[Permission]) -> PermissionSet {
    permissions.iter().copied().collect()
}

fn own_role(number: u128, permissions: &[Permission]) -> OwnRole {
    OwnRole {
        id: RoleId::new(Ulid(number)),
        permissions: set(permissions),
    }
}

fn create(database: &Sqlite, role: OwnRole, name: &str) -> RoleOutcome {
    let directory = Directory::new(database);
    block_on(directory.create_role(AURORA.account_id, role, name, at(1))).unwrap()
}

fn change(database: &Sqlite, role: OwnRole, name: &str, before: &[Permission]) -> RoleOutcome {
    let directory = Directory::new(database);
    let before = set(before);
    block_on(directory.change_role(AURORA.account_id, role, name, before, at(9))).unwrap()
}

fn give(database: &Sqlite, user: UserId, change: MembershipChange) -> MembershipOutcome {
    let directory = Directory::new(database);
    let (account, admin) = (AURORA.account_id, AURORA.user_id(0));
    block_on(directory.change_membership(account, admin, user, change, at(5))).unwrap()
}

fn done() -> MembershipOutcome {
    MembershipOutcome::Done { ended: Vec::new() }
}

const READS: Permission = Permission::ReadConversations;
const AUDITS: Permission = Permission::ReadAudit;

/// What a session and a key of a member may, as they are looked up.
fn standing(database: &Sqlite, user: UserId) -> (PermissionSet, PermissionSet) {
    let directory = Directory::new(database);
    let key = SessionKey {
        account_id: AURORA.account_id,
        user_id: user,
        id: SessionId::new(Ulid(1)),
    };
    let found = block_on(directory.find_standing(&key, at(6)))
        .unwrap()
        .unwrap();
    let of_session = edgedesk_domain::account::rights(found.role, found.access.only);
    let holder = block_on(directory.use_api_key("hash", at(6)))
        .unwrap()
        .unwrap();
    (of_session, holder.principal.rights())
}

#[test]
fn a_role_counts_for_sessions_and_keys_of_whoever_has_it_as_it_is_now() {
    let shards = shards();
    let database = shards.directory_for_tests();
    let directory = Directory::new(database);
    let user = AURORA.user_id(1);
    let key = SessionKey {
        account_id: AURORA.account_id,
        user_id: user,
        id: SessionId::new(Ulid(1)),
    };
    let first = SessionUse {
        token_hash: "token".to_owned(),
        at: at(2),
        expires_at: at(1_000_000),
        user_agent: None,
        network: None,
    };
    block_on(directory.start_session(&key, &first)).unwrap();
    let new = NewApiKey {
        id: ApiKeyId::new(Ulid(1)),
        account_id: AURORA.account_id,
        name: "Key".to_owned(),
        prefix: "sk".to_owned(),
        key_hash: "hash".to_owned(),
        scopes: vec![READS],
        created_by: user,
        created_at: at(2),
        expires_at: None,
    };
    assert!(block_on(directory.insert_api_key(&new)).unwrap());

    assert_eq!(
        create(database, own_role(1, &[READS, AUDITS]), "Auditor"),
        RoleOutcome::Done
    );
    let given = MembershipChange::OwnRole(own_role(1, &[READS, AUDITS]));
    assert_eq!(give(database, user, given), done());
    let both = set(&[READS, AUDITS]);
    assert_eq!(standing(database, user), (both, both));
    let member = block_on(directory.find_member(AURORA.account_id, user))
        .unwrap()
        .unwrap();
    assert_eq!((member.role, member.rights), (Role::Admin, both));
    // Nobody is assigned who does not write.
    let agents = block_on(directory.list_agents(AURORA.account_id)).unwrap();
    assert!(agents.iter().all(|agent| agent.id != user));
    let members = block_on(directory.list_members(AURORA.account_id)).unwrap();
    let listed = members
        .iter()
        .find(|member| member.user_id == user)
        .unwrap();
    assert_eq!(listed.own_role.as_ref().unwrap().1, "Auditor");

    // The role changes under them.
    let outcome = change(database, own_role(1, &[READS]), "Reader", &[READS, AUDITS]);
    assert_eq!(outcome, RoleOutcome::Done);
    let less = set(&[READS]);
    assert_eq!(standing(database, user), (less, less));
    let member = block_on(directory.find_member(AURORA.account_id, user))
        .unwrap()
        .unwrap();
    assert_eq!(member.role, Role::ReadOnly);

    // It goes only when nobody has it.
    let delete =
        || block_on(directory.delete_role(AURORA.account_id, RoleId::new(Ulid(1)), less)).unwrap();
    assert_eq!(delete(), RoleOutcome::InUse);
    assert_eq!(
        give(database, user, MembershipChange::Role(Role::Agent)),
        done()
    );
    let agent = PermissionSet::of_role(Role::Agent);
    assert_eq!(standing(database, user), (agent, agent));
    assert_eq!(delete(), RoleOutcome::Done);
    assert_eq!(delete(), RoleOutcome::Overtaken);
}

#[test]
fn a_role_that_changed_meanwhile_is_neither_given_nor_changed_nor_deleted() {
    let shards = shards();
    let database = shards.directory_for_tests();
    assert_eq!(
        create(database, own_role(1, &[READS]), "Reader"),
        RoleOutcome::Done
    );
    // As somebody saw it who looked before it was made less.
    let stale = own_role(1, &[READS, AUDITS]);
    let given = give(
        database,
        AURORA.user_id(1),
        MembershipChange::OwnRole(stale),
    );
    assert_eq!(given, MembershipOutcome::Overtaken);
    let outcome = change(database, stale, "Reader", &[READS, AUDITS]);
    assert_eq!(outcome, RoleOutcome::Overtaken);
    let directory = Directory::new(database);
    let deleted = directory.delete_role(AURORA.account_id, stale.id, stale.permissions);
    assert_eq!(block_on(deleted).unwrap(), RoleOutcome::Overtaken);
    // Another account has no such role.
    let other = BOREALIS.account_id;
    assert_eq!(block_on(directory.list_roles(other)).unwrap(), []);
    let foreign = directory.delete_role(other, stale.id, set(&[READS]));
    assert_eq!(block_on(foreign).unwrap(), RoleOutcome::Overtaken);
    assert_eq!(
        block_on(directory.list_roles(AURORA.account_id))
            .unwrap()
            .len(),
        1
    );
}

#[test]
fn an_owner_keeps_owning_when_roles_of_the_accounts_own_are_given() {
    let shards = shards();
    let database = shards.directory_for_tests();
    create(database, own_role(1, &[READS]), "Reader");
    let sql = format!(
        "UPDATE memberships SET role = 'owner' WHERE user_id = '{}'",
        AURORA.user_id(0)
    );
    database.run_script(&sql).unwrap();
    let given = MembershipChange::OwnRole(own_role(1, &[READS]));
    assert_eq!(
        give(database, AURORA.user_id(0), given),
        MembershipOutcome::Refused(MembershipRefusal::LastOwner)
    );
}

#[test]
fn two_roles_have_two_names_and_an_account_has_at_most_fifty() {
    let shards = shards();
    let database = shards.directory_for_tests();
    for number in 0..u128::from(MAX_ROLES) {
        let name = format!("Role {number}");
        assert_eq!(
            create(database, own_role(number, &[READS]), &name),
            RoleOutcome::Done
        );
    }
    let more = own_role(99, &[READS]);
    assert_eq!(create(database, more, "Role 1"), RoleOutcome::NameTaken);
    assert_eq!(create(database, more, "More"), RoleOutcome::TooMany);
    let renamed = change(database, own_role(2, &[READS]), "Role 1", &[READS]);
    assert_eq!(renamed, RoleOutcome::NameTaken);
}
