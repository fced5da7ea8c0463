use futures::executor::block_on;
use futures::future::join_all;
use ulid::Ulid;

use super::*;
use crate::directory::{KeyRefusal, NewApiKey};
use crate::fixtures::{at, shards, start_session};
use crate::seed::{AURORA, BOREALIS, DemoIds};
use crate::testing::{Failure, Sqlite};

const REMOVAL: MembershipChange = MembershipChange::Removal;

const fn to(role: Role) -> MembershipChange {
    MembershipChange::Role(role)
}

fn change(
    database: &Sqlite,
    actor: UserId,
    member: UserId,
    change: MembershipChange,
) -> MembershipOutcome {
    let account_id = AURORA.account_id;
    block_on(Directory::new(database).change_membership(account_id, actor, member, change, at(9)))
        .unwrap()
}

fn done() -> MembershipOutcome {
    MembershipOutcome::Done { ended: Vec::new() }
}

/// Makes a member of the account what nobody may make them: the seed has no owner.
fn set_role(database: &Sqlite, user_id: UserId, role: Role) {
    database
        .run_script(&format!(
            "UPDATE memberships SET role = '{}' WHERE user_id = '{user_id}'",
            crate::word(role)
        ))
        .unwrap();
}

fn role_of(database: &Sqlite, ids: &DemoIds, user_id: UserId) -> Option<Role> {
    let member = block_on(Directory::new(database).find_member(ids.account_id, user_id)).unwrap();
    member.map(|member| member.role)
}

#[test]
fn members_are_listed_by_name_with_when_they_were_last_here() {
    let shards = shards();
    let database = shards.directory_for_tests();
    start_session(database, &AURORA, AURORA.user_id(1), 1);
    let members = block_on(Directory::new(database).list_members(AURORA.account_id)).unwrap();
    let names: Vec<_> = members.iter().map(|member| member.name.as_str()).collect();
    assert!(names.is_sorted() && names.len() >= 2, "{names:?}");
    for member in &members {
        let is_here = member.user_id == AURORA.user_id(1);
        assert_eq!(member.last_seen_at, is_here.then_some(at(5)), "{member:?}");
        assert!(member.email.contains('@'));
    }
    let strangers = block_on(Directory::new(database).list_members(BOREALIS.account_id)).unwrap();
    assert!(strangers.iter().all(|other| !members.contains(other)));
}

#[test]
fn a_role_is_changed_and_counts_for_sessions_that_are_open() {
    let shards = shards();
    let database = shards.directory_for_tests();
    let (admin, agent) = (AURORA.user_id(0), AURORA.user_id(1));
    let session = start_session(database, &AURORA, agent, 1);
    for role in [Role::Manager, Role::ReadOnly, Role::Admin, Role::Agent] {
        assert_eq!(change(database, admin, agent, to(role)), done());
        let now = block_on(Directory::new(database).find_standing(&session, at(9)));
        assert_eq!(now.map(|now| now.map(|now| now.role)), Ok(Some(role)));
    }
    let above = MembershipOutcome::Refused(MembershipRefusal::RoleAboveOwn);
    assert_eq!(change(database, admin, agent, to(Role::Owner)), above);
    let nobody = UserId::new(Ulid(999_999));
    assert_eq!(
        change(database, admin, nobody, to(Role::Agent)),
        MembershipOutcome::NoMember
    );
}

#[test]
fn another_accounts_members_are_none_of_ours() {
    let shards = shards();
    let database = shards.directory_for_tests();
    let (admin, stranger) = (AURORA.user_id(0), BOREALIS.user_id(1));
    for change_ in [REMOVAL, to(Role::Manager)] {
        let outcome = change(database, admin, stranger, change_);
        assert_eq!(outcome, MembershipOutcome::NoMember);
        // Nor does a stranger change anything here.
        let outcome = change(database, BOREALIS.user_id(0), AURORA.user_id(1), change_);
        assert_eq!(outcome, MembershipOutcome::Overtaken);
    }
    assert_eq!(role_of(database, &BOREALIS, stranger), Some(Role::Agent));
    assert_eq!(
        role_of(database, &AURORA, AURORA.user_id(1)),
        Some(Role::Agent)
    );
}

#[test]
fn a_member_who_is_removed_leaves_no_way_in_behind() {
    let shards = shards();
    let database = shards.directory_for_tests();
    let directory = Directory::new(database);
    let (admin, agent) = (AURORA.user_id(0), AURORA.user_id(1));
    let sessions = [1, 2].map(|number| start_session(database, &AURORA, agent, number));
    let mine = start_session(database, &AURORA, admin, 3);
    let key = NewApiKey {
        id: edgedesk_domain::ids::ApiKeyId::new(Ulid(1)),
        account_id: AURORA.account_id,
        name: "Export".into(),
        prefix: "sk_live_0".into(),
        key_hash: "hash".into(),
        scopes: Vec::new(),
        created_by: agent,
        created_at: at(1),
        expires_at: None,
    };
    assert_eq!(block_on(directory.insert_api_key(&key)), Ok(true));
    let teams = |database: &Sqlite| {
        let rows = database.dump("team_members");
        rows.iter()
            .filter(|row| row.contains(&agent.to_string()))
            .count()
    };
    assert_eq!(teams(database), 1);

    let MembershipOutcome::Done { mut ended } = change(database, admin, agent, REMOVAL) else {
        panic!("it is allowed")
    };
    ended.sort();
    assert_eq!(ended, sessions.map(|key| key.id));
    assert_eq!(role_of(database, &AURORA, agent), None);
    assert_eq!(teams(database), 0);
    for key in sessions {
        assert_eq!(block_on(directory.find_standing(&key, at(9))), Ok(None));
    }
    assert_eq!(
        block_on(directory.find_standing(&mine, at(9))).map(|now| now.map(|now| now.role)),
        Ok(Some(Role::Admin))
    );
    assert!(
        block_on(directory.list_agents(AURORA.account_id))
            .unwrap()
            .iter()
            .all(|one| one.id != agent)
    );

    // And when they come back, what they had does not.
    database
        .run_script(&format!(
            "INSERT INTO memberships (account_id, user_id, role, created_at) VALUES ('{}', '{agent}', 'agent', 1)",
            AURORA.account_id
        ))
        .unwrap();
    let refusal = block_on(directory.use_api_key("hash", at(10))).unwrap();
    assert_eq!(refusal, Err(KeyRefusal::Revoked(key.id)));
    for key in sessions {
        assert_eq!(block_on(directory.find_standing(&key, at(10))), Ok(None));
    }
}

#[test]
fn the_last_owner_stays_and_so_does_the_last_admin_of_an_account_without_one() {
    let shards = shards();
    let database = shards.directory_for_tests();
    let (first, second) = (AURORA.user_id(0), AURORA.user_id(1));
    let last = MembershipOutcome::Refused(MembershipRefusal::LastOwner);
    assert_eq!(
        change(database, first, first, REMOVAL),
        last,
        "an admin, and no owner"
    );
    set_role(database, first, Role::Owner);
    for change_ in [REMOVAL, to(Role::Admin)] {
        assert_eq!(change(database, first, first, change_), last);
    }
    assert_eq!(change(database, first, second, to(Role::Owner)), done());
    assert_eq!(change(database, first, first, to(Role::Admin)), done());
    assert_eq!(change(database, second, second, REMOVAL), last);
    let above = MembershipOutcome::Refused(MembershipRefusal::MemberAbove);
    assert_eq!(change(database, first, second, REMOVAL), above);
    assert_eq!(role_of(database, &AURORA, second), Some(Role::Owner));
}

#[test]
fn of_owners_who_remove_each_other_at_once_one_stays() {
    /// Lets the others read before anything is written.
    struct Yields<'a>(&'a Sqlite);

    impl Database for Yields<'_> {
        async fn query(
            &self,
            sql: &'static str,
            parameters: &[Value],
        ) -> Result<Vec<Row>, StoreError> {
            let answer = self.0.query(sql, parameters).await;
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
            answer
        }

        async fn batch(&self, statements: Vec<Statement>) -> Result<Vec<Vec<Row>>, StoreError> {
            self.0.batch(statements).await
        }
    }

    for change_ in [REMOVAL, to(Role::Agent)] {
        let shards = shards();
        let database = shards.directory_for_tests();
        let owners = [AURORA.user_id(0), AURORA.user_id(1)];
        for owner in owners {
            set_role(database, owner, Role::Owner);
        }
        let directory = Directory::new(Yields(database));
        let both = [(owners[0], owners[1]), (owners[1], owners[0])].map(|(actor, member)| {
            directory.change_membership(AURORA.account_id, actor, member, change_, at(9))
        });
        let outcomes = block_on(join_all(both));
        assert_eq!(outcomes, [Ok(done()), Ok(MembershipOutcome::Overtaken)]);
        assert_eq!(role_of(database, &AURORA, owners[0]), Some(Role::Owner));
    }
}

#[test]
fn a_database_that_fails_removes_whole_or_not_at_all() {
    for failure in [Failure::Down, Failure::AnswerLost] {
        for n in 1..=2 {
            let shards = shards();
            let database = shards.directory_for_tests();
            let agent = AURORA.user_id(1);
            let session = start_session(database, &AURORA, agent, 1);
            database.fail_when(move |call| (call == n).then_some(failure));
            let directory = Directory::new(database);
            let outcome = block_on(directory.change_membership(
                AURORA.account_id,
                AURORA.user_id(0),
                agent,
                REMOVAL,
                at(9),
            ));
            assert!(outcome.is_err());
            database.recover();
            let is_member = role_of(database, &AURORA, agent).is_some();
            let rows = database.dump("sessions");
            let standing = "SELECT account_id, ended_at FROM sessions";
            let stored = block_on(database.query(standing, &[])).unwrap();
            let is_ended = stored[0].optional_int("ended_at").unwrap().is_some();
            assert_eq!(is_member, !is_ended, "{rows:?}");
            let goes_on = block_on(directory.find_standing(&session, at(9))).unwrap();
            assert_eq!(goes_on.is_some(), is_member);
        }
    }
}

#[test]
fn a_user_sees_the_accounts_they_are_a_member_of_and_no_other() {
    let shards = shards();
    let database = shards.directory_for_tests();
    let directory = Directory::new(database);
    let user = AURORA.user_id(1);
    let names = || {
        let accounts = block_on(directory.list_accounts(user)).unwrap();
        accounts
            .into_iter()
            .map(|one| (one.name, one.role))
            .collect::<Vec<_>>()
    };
    assert_eq!(names(), [(AURORA.name.to_owned(), Role::Agent)]);
    database
        .run_script(&format!(
            "INSERT INTO memberships (account_id, user_id, role, created_at) VALUES ('{}', '{user}', 'read_only', 1)",
            BOREALIS.account_id
        ))
        .unwrap();
    assert_eq!(
        names(),
        [
            (AURORA.name.to_owned(), Role::Agent),
            (BOREALIS.name.to_owned(), Role::ReadOnly)
        ]
    );
}
