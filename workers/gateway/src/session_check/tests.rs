use std::cell::Cell;

use edgedesk_domain::account::{Access, Role};
use edgedesk_domain::ids::{AccountId, SessionId, UserId};
use edgedesk_domain::zero_trust::AccessApplication;
use edgedesk_store::directory::ZeroTrust;
use futures::executor::block_on;
use http::StatusCode;
use ulid::Ulid;

use super::*;

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(1_000_000 + millis)
}

/// A session of its own for each number: the cache is the thread's.
fn key(number: u128) -> SessionKey {
    SessionKey {
        account_id: AccountId::new(Ulid::from(1)),
        user_id: UserId::new(Ulid::from(2)),
        id: SessionId::new(Ulid::from(number)),
    }
}

type Answer = Result<Option<Role>, AppError>;

/// Whether a token is let in at a time when the directory would answer so, and whether it was asked.
fn ask(key: &SessionKey, now: Timestamp, answer: Answer) -> (Result<Role, u16>, bool) {
    let asked = Cell::new(false);
    let outcome = block_on(check(key, now, async || {
        asked.set(true);
        answer.map(|role| role.map(standing))
    }));
    let outcome = outcome
        .map(|standing| standing.role)
        .map_err(|error| error.status.as_u16());
    (outcome, asked.get())
}

fn standing(role: Role) -> Standing {
    Standing {
        role,
        lacks_second_factor: false,
        access: Access::default(),
        networks: edgedesk_domain::networks::AllowedNetworks::default(),
        zero_trust: None,
    }
}

fn outage() -> Answer {
    Err(AppError::unavailable(1, "down"))
}

#[test]
fn an_ended_session_is_refused_within_five_seconds_and_not_one_request_later() {
    assert_eq!(FRESH_MILLIS, 5_000);
    let key = key(1);
    let alive = Ok(Some(Role::Agent));
    assert_eq!(ask(&key, at(0), alive), (Ok(Role::Agent), true));
    // It is ended by another isolate at once, and no question is asked until the bound.
    assert_eq!(ask(&key, at(1), Ok(None)), (Ok(Role::Agent), false));
    assert_eq!(ask(&key, at(4_999), Ok(None)), (Ok(Role::Agent), false));
    assert_eq!(ask(&key, at(5_000), Ok(None)), (Err(401), true));
    assert_eq!(ask(&key, at(5_001), Ok(None)), (Err(401), false));
}

#[test]
fn the_isolate_that_ends_a_session_refuses_it_from_the_next_request_on() {
    let key = key(2);
    assert_eq!(
        ask(&key, at(0), Ok(Some(Role::Agent))),
        (Ok(Role::Agent), true)
    );
    forget_session(&key, at(1));
    assert_eq!(ask(&key, at(1), Ok(None)), (Err(401), false));
}

#[test]
fn an_answer_from_before_the_ending_does_not_undo_it() {
    let key = key(3);
    // The question is on its way when the session is ended here.
    let outcome = block_on(check(&key, at(0), async || {
        forget_session(&key, at(0));
        Ok(Some(standing(Role::Agent)))
    }));
    assert_eq!(outcome.unwrap_err().status, StatusCode::UNAUTHORIZED);
    assert_eq!(ask(&key, at(1), Ok(None)), (Err(401), false));
}

#[test]
fn a_role_is_that_of_five_seconds_ago_at_most() {
    let key = key(4);
    assert_eq!(
        ask(&key, at(0), Ok(Some(Role::Admin))),
        (Ok(Role::Admin), true)
    );
    assert_eq!(
        ask(&key, at(5_000), Ok(Some(Role::ReadOnly))),
        (Ok(Role::ReadOnly), true)
    );
}

#[test]
fn while_the_directory_is_down_the_last_answer_serves_and_none_is_made_up() {
    let (known, unknown, ended) = (key(5), key(6), key(7));
    assert_eq!(
        ask(&known, at(0), Ok(Some(Role::Agent))),
        (Ok(Role::Agent), true)
    );
    assert_eq!(ask(&known, at(600_000), outage()), (Ok(Role::Agent), true));
    assert_eq!(ask(&unknown, at(0), outage()), (Err(503), true));
    forget_session(&ended, at(0));
    assert_eq!(ask(&ended, at(600_000), outage()), (Err(401), true));
    // Not every failure is an outage.
    let refused = Err(AppError::bad_request("x", "x"));
    assert_eq!(ask(&known, at(700_000), refused), (Err(400), true));
}

#[test]
fn a_flood_of_sessions_does_not_grow_the_memory_without_end() {
    let mut sessions = Sessions::default();
    for number in 0..3 * MAX_ENTRIES {
        let key = key(1_000 + number as u128);
        assert_eq!(
            sessions.insert(key, at(0), Some(standing(Role::Agent))),
            Some(standing(Role::Agent))
        );
    }
    assert!(sessions.entries.len() <= MAX_ENTRIES);
}

/// A ticket and a socket of before are over once the account asks for an application, or for another.
#[test]
fn a_standing_of_another_application_has_another_mark() {
    let asked = |audience: &str| {
        let application =
            AccessApplication::parse("acme.cloudflareaccess.com", &audience.repeat(32)).unwrap();
        Standing {
            zero_trust: Some(ZeroTrust {
                application,
                email: "ada@example.com".to_owned(),
            }),
            ..standing(Role::Agent)
        }
    };
    let marks = [standing(Role::Agent), asked("0a"), asked("0b")].map(|now| standing_mark(&now));
    assert_ne!(marks[0], marks[1]);
    assert_ne!(marks[1], marks[2]);
    assert_eq!(marks[1], standing_mark(&asked("0a")));
}
