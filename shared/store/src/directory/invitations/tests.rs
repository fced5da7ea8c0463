use edgedesk_domain::ids::MailId;
use edgedesk_domain::invitation::INVITATION_MILLIS;
use edgedesk_domain::membership::MembershipChange;
use futures::executor::block_on;
use futures::future::join_all;
use ulid::Ulid;

use super::*;
use crate::directory::outbox::MailTable;
use crate::fixtures::{at, shards};
use crate::seed::{AURORA, BOREALIS};
use crate::testing::{Failure, Sqlite};

const FAY: &str = "fay@example.com";

fn link(token: &str, now: Timestamp) -> NewLink {
    NewLink {
        token_hash: token.to_owned(),
        invited_by: AURORA.user_id(0),
        inviter_role: Role::Admin,
        sent_at: now,
        expires_at: now.plus_millis(INVITATION_MILLIS),
    }
}

fn mail(token: &str, email: &str, now: Timestamp) -> OutgoingMail {
    OutgoingMail {
        id: MailId::new(Ulid(u128::from(now.millis().unsigned_abs()))),
        recipient: email.to_owned(),
        subject: "Join".to_owned(),
        text: format!("link with {token}"),
        created_at: now,
        expires_at: now.plus_millis(INVITATION_MILLIS),
    }
}

fn id(number: u128) -> InvitationId {
    InvitationId::new(Ulid(number))
}

fn invite(
    database: &Sqlite,
    number: u128,
    email: &str,
    token: &str,
    now: Timestamp,
) -> InviteOutcome {
    let new = NewInvitation {
        id: id(number),
        account_id: AURORA.account_id,
        email: email.to_owned(),
        role: Role::Agent,
        link: link(token, now),
    };
    block_on(Directory::new(database).invite(&new, &mail(token, email, now), &MailTable)).unwrap()
}

fn find(database: &Sqlite, token: &str, now: Timestamp) -> Result<Invitation, InvitationRefusal> {
    block_on(Directory::new(database).find_invitation(token, now)).unwrap()
}

fn new_user(number: u128) -> Invitee {
    Invitee::New {
        id: UserId::new(Ulid(number)),
        name: "Fay".to_owned(),
        password_hash: Secret::new("$argon2id$fay"),
    }
}

fn accept(database: &Sqlite, token: &str, invitee: &Invitee, now: Timestamp) -> AcceptOutcome {
    let invitation = find(database, token, at(1)).expect("it was good");
    accept_as(database, &invitation, token, invitee, now)
}

fn accept_as(
    database: &Sqlite,
    invitation: &Invitation,
    token: &str,
    invitee: &Invitee,
    now: Timestamp,
) -> AcceptOutcome {
    let directory = Directory::new(database);
    block_on(directory.accept_invitation(invitation, token, invitee, now, &MailTable)).unwrap()
}

fn revoke(database: &Sqlite, account_id: AccountId, number: u128, now: Timestamp) -> bool {
    let directory = Directory::new(database);
    block_on(directory.revoke_invitation(account_id, id(number), now, &MailTable)).unwrap()
}

#[test]
fn an_invited_person_becomes_a_user_and_a_member_once() {
    let shards = shards();
    let database = shards.directory_for_tests();
    assert_eq!(
        invite(database, 1, "  Fay@Example.com ", "t1", at(0)),
        InviteOutcome::Invited
    );
    assert_eq!(database.dump("mail_outbox").len(), 1);
    let found = find(database, "t1", at(1)).unwrap();
    assert_eq!(
        (found.email.as_str(), found.user_id),
        ("Fay@Example.com", None)
    );
    assert_eq!(
        (found.account_name.as_str(), found.role),
        (AURORA.name, Role::Agent)
    );

    assert_eq!(
        accept(database, "t1", &new_user(70), at(2)),
        AcceptOutcome::Joined
    );
    let login = block_on(Directory::new(database).find_login(FAY))
        .unwrap()
        .unwrap();
    assert_eq!(
        (login.user_id, login.name.as_str()),
        (UserId::new(Ulid(70)), "Fay")
    );
    let [membership] = login.memberships.as_slice() else {
        panic!("{login:?}")
    };
    assert_eq!(
        (membership.account_id, membership.role),
        (AURORA.account_id, Role::Agent)
    );
    assert_eq!(
        database.dump("mail_outbox"),
        Vec::<String>::new(),
        "the token is nowhere any more"
    );
    assert_eq!(
        find(database, "t1", at(3)),
        Err(InvitationRefusal::Accepted(id(1)))
    );

    // Not even for somebody who has left since.
    database
        .run_script(&format!(
            "DELETE FROM memberships WHERE user_id = '{}'",
            login.user_id
        ))
        .unwrap();
    for invitee in [new_user(71), Invitee::Known(login.user_id)] {
        assert_eq!(
            accept_as(database, &found, "t1", &invitee, at(4)),
            AcceptOutcome::Overtaken
        );
    }
    let login = block_on(Directory::new(database).find_login(FAY))
        .unwrap()
        .unwrap();
    assert!(login.memberships.is_empty());
}

#[test]
fn who_is_a_user_joins_as_themselves_and_nobody_else_does() {
    let shards = shards();
    let database = shards.directory_for_tests();
    let directory = Directory::new(database);
    let email = block_on(directory.find_member(BOREALIS.account_id, BOREALIS.user_id(1)))
        .unwrap()
        .unwrap()
        .email;
    assert_eq!(
        invite(database, 1, &email, "t1", at(0)),
        InviteOutcome::Invited
    );
    let user_id = BOREALIS.user_id(1);
    assert_eq!(find(database, "t1", at(1)).unwrap().user_id, Some(user_id));
    for other in [
        Invitee::Known(AURORA.user_id(1)),
        Invitee::Known(BOREALIS.user_id(0)),
        new_user(70),
    ] {
        assert_eq!(
            accept(database, "t1", &other, at(2)),
            AcceptOutcome::Overtaken
        );
    }
    assert!(find(database, "t1", at(3)).is_ok(), "it is still theirs");
    assert_eq!(
        accept(database, "t1", &Invitee::Known(user_id), at(4)),
        AcceptOutcome::Joined
    );
    let accounts = block_on(directory.list_accounts(user_id)).unwrap();
    assert_eq!(accounts.len(), 2);
    // Of another account's password and name nothing has changed.
    assert!(
        database
            .dump("users")
            .iter()
            .all(|row| !row.contains("$argon2id$fay"))
    );
}

#[test]
fn of_many_who_accept_at_once_one_joins() {
    let shards = shards();
    let database = shards.directory_for_tests();
    invite(database, 1, FAY, "t1", at(0));
    let invitation = find(database, "t1", at(1)).unwrap();
    let directory = Directory::new(database);
    let invitees: Vec<_> = (70..90).map(new_user).collect();
    let outcomes = block_on(join_all(invitees.iter().map(|invitee| {
        directory.accept_invitation(&invitation, "t1", invitee, at(2), &MailTable)
    })));
    let n_joined = outcomes
        .iter()
        .filter(|outcome| **outcome == Ok(AcceptOutcome::Joined))
        .count();
    assert_eq!(n_joined, 1);
    let users = database.dump("users");
    assert_eq!(users.iter().filter(|row| row.contains(FAY)).count(), 1);
}

#[test]
fn an_invitation_ends_after_seven_days_and_can_be_made_again_then() {
    let shards = shards();
    let database = shards.directory_for_tests();
    assert_eq!(INVITATION_MILLIS, 604_800_000);
    invite(database, 1, FAY, "t1", at(0));
    let end = at(0).plus_millis(INVITATION_MILLIS);
    assert!(find(database, "t1", end.plus_millis(-1)).is_ok());
    assert_eq!(
        find(database, "t1", end),
        Err(InvitationRefusal::Expired(id(1)))
    );
    assert_eq!(
        accept(database, "t1", &new_user(70), end),
        AcceptOutcome::Overtaken
    );
    assert_eq!(
        invite(database, 2, FAY, "t2", end.plus_millis(-1)),
        InviteOutcome::AlreadyInvited
    );
    assert_eq!(invite(database, 3, FAY, "t3", end), InviteOutcome::Invited);
    assert_eq!(find(database, "t3", end).unwrap().id, id(3));
    let mails = database.dump("mail_outbox");
    assert_eq!(
        mails.len(),
        1,
        "a link that is over waits for nobody: {mails:?}"
    );
    assert_eq!(find(database, "t9", end), Err(InvitationRefusal::Unknown));
}

#[test]
fn an_invitation_sent_anew_ends_the_link_before() {
    let shards = shards();
    let database = shards.directory_for_tests();
    let directory = Directory::new(database);
    invite(database, 1, FAY, "t1", at(0));
    let renew = |account_id, token: &str, now| {
        let mail = mail(token, FAY, now);
        block_on(directory.renew_invitation(
            account_id,
            id(1),
            &link(token, now),
            &mail,
            &MailTable,
        ))
        .unwrap()
    };
    assert_eq!(renew(BOREALIS.account_id, "t2", at(5)), None);
    // Long after its end, too.
    let later = at(0).plus_millis(2 * INVITATION_MILLIS);
    let renewed = renew(AURORA.account_id, "t3", later).unwrap();
    assert_eq!((renewed.created_at, renewed.sent_at), (at(0), later));
    assert_eq!(find(database, "t1", later), Err(InvitationRefusal::Unknown));
    assert_eq!(find(database, "t3", later).unwrap().id, id(1));
    let mails = database.dump("mail_outbox");
    assert_eq!(mails.len(), 1, "{mails:?}");
    assert!(mails[0].contains("link with t3"), "{mails:?}");

    assert!(revoke(database, AURORA.account_id, 1, later));
    assert_eq!(renew(AURORA.account_id, "t4", later.plus_millis(1)), None);
    assert_eq!(database.dump("mail_outbox"), Vec::<String>::new());
}

#[test]
fn a_revoked_invitation_is_over_and_nobody_revokes_that_of_another_account() {
    let shards = shards();
    let database = shards.directory_for_tests();
    invite(database, 1, FAY, "t1", at(0));
    assert!(!revoke(database, BOREALIS.account_id, 1, at(1)));
    let listed = |account_id| {
        block_on(Directory::new(database).list_invitations(account_id))
            .unwrap()
            .len()
    };
    assert_eq!(
        (listed(AURORA.account_id), listed(BOREALIS.account_id)),
        (1, 0)
    );
    assert!(revoke(database, AURORA.account_id, 1, at(2)));
    assert!(revoke(database, AURORA.account_id, 1, at(3)), "once more");
    assert_eq!(
        find(database, "t1", at(4)),
        Err(InvitationRefusal::Revoked(id(1)))
    );
    assert_eq!(listed(AURORA.account_id), 0);
    assert_eq!(
        invite(database, 2, FAY, "t2", at(5)),
        InviteOutcome::Invited
    );
    assert_eq!(
        accept(database, "t2", &new_user(70), at(6)),
        AcceptOutcome::Joined
    );
    assert!(
        !revoke(database, AURORA.account_id, 2, at(7)),
        "a member is removed, not revoked"
    );
}

#[test]
fn members_and_those_who_are_invited_are_not_invited_again() {
    let shards = shards();
    let database = shards.directory_for_tests();
    let directory = Directory::new(database);
    let member = block_on(directory.find_member(AURORA.account_id, AURORA.user_id(1)))
        .unwrap()
        .unwrap();
    let shouted = member.email.to_uppercase();
    assert_eq!(
        invite(database, 1, &shouted, "t1", at(0)),
        InviteOutcome::AlreadyMember
    );
    assert_eq!(
        invite(database, 2, FAY, "t2", at(0)),
        InviteOutcome::Invited
    );
    assert_eq!(
        invite(database, 3, "FAY@example.com", "t3", at(1)),
        InviteOutcome::AlreadyInvited
    );
    assert_eq!(
        database.dump("mail_outbox").len(),
        1,
        "what was not invited gets no mail"
    );
    assert!(find(database, "t2", at(2)).is_ok());
}

#[test]
fn an_account_has_at_most_a_hundred_open_invitations() {
    let shards = shards();
    let database = shards.directory_for_tests();
    for number in 1..=100 {
        let (email, token) = (format!("f{number}@example.com"), format!("t{number}"));
        assert_eq!(
            invite(database, number, &email, &token, at(0)),
            InviteOutcome::Invited
        );
    }
    assert_eq!(
        invite(database, 101, FAY, "t", at(0)),
        InviteOutcome::TooMany
    );
    assert!(revoke(database, AURORA.account_id, 7, at(1)));
    assert_eq!(
        invite(database, 101, FAY, "t", at(2)),
        InviteOutcome::Invited
    );
}

#[test]
fn invitations_of_somebody_who_is_removed_or_lowered_are_over() {
    for (change, is_over) in [
        (MembershipChange::Removal, true),
        (MembershipChange::Role(Role::Agent), true),
        (MembershipChange::Role(Role::Admin), false),
        (MembershipChange::Role(Role::Owner), false),
    ] {
        let shards = shards();
        let database = shards.directory_for_tests();
        let (inviter, owner) = (AURORA.user_id(0), AURORA.user_id(1));
        database
            .run_script(&format!(
                "UPDATE memberships SET role = 'owner' WHERE user_id = '{owner}'"
            ))
            .unwrap();
        invite(database, 1, FAY, "t1", at(0));
        let directory = Directory::new(database);
        block_on(directory.change_membership(AURORA.account_id, owner, inviter, change, at(1)))
            .unwrap();
        assert_eq!(find(database, "t1", at(2)).is_err(), is_over, "{change:?}");
        assert_eq!(
            database.dump("mail_outbox").is_empty(),
            is_over,
            "{change:?}"
        );
        // What was decided before, and comes now, is not done.
        let outcome = invite(database, 2, "gil@example.com", "t2", at(3));
        let same_role = change == MembershipChange::Role(Role::Admin);
        assert_eq!(
            outcome == InviteOutcome::Invited,
            same_role,
            "{change:?}: {outcome:?}"
        );
    }
}

#[test]
fn a_database_that_fails_invites_and_accepts_whole_or_not_at_all() {
    for failure in [Failure::Down, Failure::AnswerLost] {
        let shards = shards();
        let database = shards.directory_for_tests();
        let directory = Directory::new(database);
        let new = NewInvitation {
            id: id(1),
            account_id: AURORA.account_id,
            email: FAY.to_owned(),
            role: Role::Agent,
            link: link("t1", at(0)),
        };
        database.fail_when(move |_| Some(failure));
        assert!(block_on(directory.invite(&new, &mail("t1", FAY, at(0)), &MailTable)).is_err());
        database.recover();
        let n_invitations = database.dump("invitations").len();
        assert_eq!(database.dump("mail_outbox").len(), n_invitations);
        if failure == Failure::Down {
            invite(database, 1, FAY, "t1", at(0));
        }
        let invitation = find(database, "t1", at(1)).unwrap();
        database.fail_when(move |_| Some(failure));
        let outcome = block_on(directory.accept_invitation(
            &invitation,
            "t1",
            &new_user(70),
            at(2),
            &MailTable,
        ));
        assert!(outcome.is_err());
        database.recover();
        let is_user = block_on(directory.find_login(FAY)).unwrap().is_some();
        assert_eq!(find(database, "t1", at(3)).is_ok(), !is_user);
    }
}
