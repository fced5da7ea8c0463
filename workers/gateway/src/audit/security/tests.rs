use edgedesk_crypto::sealed::SealError;
use edgedesk_domain::ids::{ApiKeyId, UserId};
use edgedesk_domain::time::Timestamp;
use edgedesk_objects::sockets::SocketId;
use edgedesk_store::StoreError;
use ulid::Ulid;

use super::*;
use crate::error::AppError;

fn account() -> AccountId {
    AccountId::new(Ulid::from(1))
}

fn user() -> UserId {
    UserId::new(Ulid::from(2))
}

fn trail() -> Trail {
    Trail {
        route: Some("/api/v1/conversations/{id}".to_owned()),
        account_id: Some(account()),
        user_id: Some(user()),
        ..Trail::default()
    }
}

fn recorded(trail: &Trail, error: &AppError) -> Option<Record> {
    let event = error.security.as_ref().expect("a security event");
    let ip = Some("203.0.113.0".to_owned());
    let (account_id, record) = record_of_event(trail, event, "req_1", ip)?;
    assert_eq!(account_id, account(), "the credential's account");
    assert_eq!(record.check(), Ok(()));
    assert_eq!(record.request_id.as_deref(), Some("req_1"));
    assert_ne!(record.id, "req_1", "the request's own entry has that id");
    Some(record)
}

#[test]
fn a_foreign_row_is_an_entry_of_the_credentials_account_that_says_where_and_not_what() {
    for error in [
        AppError::foreign_row(),
        AppError::from(StoreError::ForeignRow),
    ] {
        let record = recorded(&trail(), &error).unwrap();
        assert_eq!(record.action, "foreign_row.withheld");
        assert_eq!(record.outcome, Outcome::Failed);
        assert_eq!(record.actor, Actor::User { id: user() });
        assert_eq!(record.resource.kind, "route");
        assert_eq!(record.resource.id, trail().route);
    }
    let id = ApiKeyId::new(Ulid::from(4));
    let by_key = Trail {
        api_key_id: Some(id),
        ..trail()
    };
    let record = recorded(&by_key, &AppError::foreign_row()).unwrap();
    assert_eq!(record.actor, Actor::ApiKey { id: id.to_string() });
    let nobody = Trail::default();
    assert_eq!(recorded(&nobody, &AppError::foreign_row()), None);
}

#[test]
fn a_value_that_does_not_open_is_an_entry_of_the_account_that_says_where_and_not_what() {
    let error = AppError::from(StoreError::Unopened {
        table: "messages",
        column: "data",
        error: SealError::Forged,
    });
    assert_eq!(error.status, http::StatusCode::INTERNAL_SERVER_ERROR);
    let record = recorded(&trail(), &error).unwrap();
    assert_eq!(record.action, "sealed_value.refused");
    assert_eq!(record.outcome, Outcome::Failed);
    assert_eq!(record.resource.id, trail().route);
    // A root that is not set right is nobody's attack.
    let error = AppError::from(StoreError::Wrapped(SealError::UnknownKey));
    assert_eq!(error.status, http::StatusCode::SERVICE_UNAVAILABLE);
    assert!(error.security.is_none());
}

#[test]
fn who_comes_another_way_than_the_account_allows_is_an_entry_that_says_where_they_wanted_to() {
    for (event, action) in [
        (SecurityEvent::AddressNotAllowed, "address.refused"),
        (SecurityEvent::NotThroughAccess, "zero_trust.refused"),
    ] {
        let error = AppError {
            security: Some(Box::new(event)),
            ..AppError::forbidden("code", "detail")
        };
        let record = recorded(&trail(), &error).unwrap();
        assert_eq!(record.action, action);
        assert_eq!(record.outcome, Outcome::Refused);
        assert_eq!(record.actor, Actor::User { id: user() });
        assert_eq!(record.resource.id, trail().route);
    }
}

#[test]
fn a_reused_refresh_token_is_an_entry_of_nobody_about_its_session() {
    let session_id = SessionId::new(Ulid::from(3));
    let error = AppError {
        security: Some(Box::new(SecurityEvent::RefreshTokenReused { session_id })),
        ..AppError::unauthorized("invalid_refresh_token", "used up")
    };
    let record = recorded(&trail(), &error).unwrap();
    assert_eq!(record.action, "refresh_token.reused");
    assert_eq!(
        (record.actor, record.outcome),
        (Actor::Anonymous, Outcome::Refused)
    );
    assert_eq!(record.resource.kind, "session");
    assert_eq!(record.resource.id, Some(session_id.to_string()));
}

#[test]
fn what_an_object_saw_is_an_entry_and_the_same_one_when_it_is_told_twice() {
    let socket: SocketId = Ulid::from(5).to_string().parse().unwrap();
    let join = ObjectEvent::RoomJoinRefused { socket, by: user() };
    let record = record_of_object(&join);
    assert_eq!(record.check(), Ok(()));
    assert_eq!(record.action, "room_join.refused");
    assert_eq!(
        (&record.actor, record.outcome),
        (&Actor::User { id: user() }, Outcome::Refused)
    );
    assert_eq!(record, record_of_object(&join));
    let at = Timestamp::from_millis(7);
    let frame = record_of_object(&ObjectEvent::ForeignFrame { at });
    assert_eq!(frame.check(), Ok(()));
    assert_eq!(frame.action, "foreign_row.withheld");
    assert_eq!(
        (frame.actor, frame.outcome),
        (Actor::System, Outcome::Failed)
    );
    assert_ne!(record.id, frame.id);
}

#[test]
fn no_other_error_is_a_security_event() {
    for error in [
        AppError::not_found(),
        AppError::internal("x"),
        AppError::from(StoreError::InvalidCursor),
        AppError::forbidden("missing_permission", "no"),
    ] {
        assert_eq!(error.security, None, "{error:?}");
    }
}
