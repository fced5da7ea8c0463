use futures::executor::block_on;
use ulid::Ulid;

use super::*;
use crate::fixtures::{at, shards};
use crate::seed::{AURORA, BOREALIS};
use crate::testing::Sqlite;

fn team_id(number: u128) -> TeamId {
    TeamId::new(Ulid(number))
}

fn create(database: &Sqlite, number: u128, name: &str, members: &[UserId]) -> TeamOutcome {
    let directory = Directory::new(database);
    block_on(directory.create_team(AURORA.account_id, team_id(number), name, members)).unwrap()
}

/// Names of teams with the ids of who is in them.
fn teams(database: &Sqlite, account_id: AccountId) -> Vec<(String, Vec<UserId>)> {
    let teams = block_on(Directory::new(database).list_teams(account_id)).unwrap();
    teams
        .into_iter()
        .map(|team| {
            let members = team.members.iter().map(|member| member.id).collect();
            (team.name, members)
        })
        .collect()
}

#[test]
fn a_team_has_the_members_it_was_given_and_their_sessions_and_keys_know_it() {
    let shards = shards();
    let database = shards.directory_for_tests();
    let [a, b] = [AURORA.user_id(1), AURORA.user_id(2)];
    assert_eq!(create(database, 1, "Billing", &[a]), TeamOutcome::Done);
    let directory = Directory::new(database);
    let of = |user| {
        let member = block_on(directory.find_member(AURORA.account_id, user));
        member.unwrap().unwrap()
    };
    assert_eq!(of(a).teams, ["Billing", "Support"]);
    assert_eq!(of(a).team_ids, [team_id(1), AURORA.team_id]);
    let members = [b];
    let change = directory.change_team(AURORA.account_id, team_id(1), "Invoices", &members);
    assert_eq!(block_on(change).unwrap(), TeamOutcome::Done);
    assert_eq!(
        teams(database, AURORA.account_id)[0],
        ("Invoices".to_owned(), vec![b])
    );
    assert_eq!(of(a).team_ids, [AURORA.team_id]);
    assert!(block_on(directory.delete_team(AURORA.account_id, team_id(1))).unwrap());
    assert!(!block_on(directory.delete_team(AURORA.account_id, team_id(1))).unwrap());
    assert_eq!(of(b).team_ids, [AURORA.team_id]);
}

#[test]
fn the_teams_of_a_session_are_those_of_now() {
    use crate::directory::{SessionKey, SessionUse};
    let shards = shards();
    let database = shards.directory_for_tests();
    let directory = Directory::new(database);
    let key = SessionKey {
        account_id: AURORA.account_id,
        user_id: AURORA.user_id(1),
        id: edgedesk_domain::ids::SessionId::new(Ulid(1)),
    };
    let first = SessionUse {
        token_hash: "token".to_owned(),
        at: at(5),
        expires_at: at(1_000_000),
        user_agent: None,
        network: None,
    };
    block_on(directory.start_session(&key, &first)).unwrap();
    let now = || {
        let standing = block_on(directory.find_standing(&key, at(6))).unwrap();
        standing.unwrap().access.teams
    };
    assert_eq!(now(), [AURORA.team_id]);
    block_on(directory.delete_team(AURORA.account_id, AURORA.team_id)).unwrap();
    assert_eq!(now(), []);
}

#[test]
fn two_teams_have_two_names_and_only_members_are_in_them() {
    let shards = shards();
    let database = shards.directory_for_tests();
    let stranger = BOREALIS.user_id(1);
    assert_eq!(create(database, 1, "Support", &[]), TeamOutcome::NameTaken);
    assert_eq!(
        create(database, 1, "Billing", &[AURORA.user_id(1), stranger]),
        TeamOutcome::NoMember
    );
    assert_eq!(teams(database, AURORA.account_id).len(), 1);
    assert_eq!(create(database, 1, "Billing", &[]), TeamOutcome::Done);
    let directory = Directory::new(database);
    let change =
        |account, team, name| block_on(directory.change_team(account, team, name, &[])).unwrap();
    let own = AURORA.account_id;
    assert_eq!(change(own, team_id(1), "Support"), TeamOutcome::NameTaken);
    // Another account's team is none.
    let other = BOREALIS.account_id;
    assert_eq!(change(other, team_id(1), "Billing"), TeamOutcome::NoTeam);
    assert!(!block_on(directory.delete_team(other, team_id(1))).unwrap());
    assert!(!block_on(directory.has_team(other, team_id(1))).unwrap());
    assert!(block_on(directory.has_team(own, team_id(1))).unwrap());
    assert_eq!(teams(database, own).len(), 2);
}

#[test]
fn an_account_has_at_most_fifty_teams() {
    let shards = shards();
    let database = shards.directory_for_tests();
    // The seed has made one.
    for number in 1..u128::from(MAX_TEAMS) {
        let name = format!("Team {number}");
        assert_eq!(create(database, number, &name, &[]), TeamOutcome::Done);
    }
    assert_eq!(create(database, 99, "More", &[]), TeamOutcome::TooMany);
    assert_eq!(
        teams(database, AURORA.account_id).len(),
        usize::try_from(MAX_TEAMS).unwrap()
    );
}
