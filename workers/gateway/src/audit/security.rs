//! What an administrator should see although nobody asked for it: entries of the account's own audit log, with an action
//! of their own.
//!
//! Such an entry holds ids of the account alone. Of what was withheld, and of the other account, it says nothing.

use edgedesk_audit::entry::{Actor, Outcome, Record, Resource, is_plain};
use edgedesk_domain::ids::{AccountId, SessionId};
use edgedesk_metrics::alerts::{HIGH, LOW};
use edgedesk_objects::host::SecurityEvent as ObjectEvent;

use super::recording::actor_of;
use crate::context::Trail;

/// A row of another account was withheld from an answer, or from a frame.
const FOREIGN_ROW: &str = "foreign_row.withheld";
/// A sealed value did not open: it was changed, or copied from another place.
const SEALED_VALUE: &str = "sealed_value.refused";
/// A refresh token came a second time: somebody has a copy.
const REFRESH_TOKEN_REUSED: &str = "refresh_token.reused";
/// Zendesk does not vouch for the session's user any more.
const ZENDESK_SESSION_ENDED: &str = "session.ended_by_zendesk";
/// A socket asked for another account's room.
const ROOM_JOIN_REFUSED: &str = "room_join.refused";

/// A request came from an address that the account does not let in.
const ADDRESS_REFUSED: &str = "address.refused";
/// A request did not come through the application of Cloudflare Access that the account asks for.
const ZERO_TRUST_REFUSED: &str = "zero_trust.refused";

/// A file was found to be harmful, and was not kept.
const FILE_REFUSED: &str = "infected_file.refused";

/// What a request turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecurityEvent {
    /// A row of another account was withheld from its answer.
    ForeignRow,
    /// A value that was to be read did not open.
    SealedValue,
    /// It brought a refresh token that had been used. The session has ended.
    RefreshTokenReused {
        /// Which.
        session_id: SessionId,
    },
    /// Zendesk, which had vouched for the session, does not any more. It has ended.
    ZendeskSessionEnded {
        /// Which.
        session_id: SessionId,
    },
    /// It came from an address that the account does not let in.
    AddressNotAllowed,
    /// It brought a file that the scanner says is harmful.
    InfectedFile,
    /// It did not come through the application of Cloudflare Access that the account asks for, or not as its user.
    NotThroughAccess,
}

/// The entry of a request that an error of its own made a security event, in the log of the credential's account.
#[must_use]
pub fn record_of_event(
    trail: &Trail,
    event: &SecurityEvent,
    request_id: &str,
    ip: Option<String>,
) -> Option<(AccountId, Record)> {
    // Nobody's log without a credential.
    let account_id = trail.account_id?;
    let (action, resource, actor, outcome) = match event {
        SecurityEvent::ForeignRow => {
            let route = trail.route.clone().filter(|route| is_plain(route));
            let resource = resource("route", route);
            (FOREIGN_ROW, resource, actor_of(trail), Outcome::Failed)
        }
        SecurityEvent::SealedValue => {
            let route = trail.route.clone().filter(|route| is_plain(route));
            let resource = resource("route", route);
            (SEALED_VALUE, resource, actor_of(trail), Outcome::Failed)
        }
        SecurityEvent::AddressNotAllowed => {
            let route = trail.route.clone().filter(|route| is_plain(route));
            let resource = resource("route", route);
            (ADDRESS_REFUSED, resource, actor_of(trail), Outcome::Refused)
        }
        SecurityEvent::InfectedFile => {
            let route = trail.route.clone().filter(|route| is_plain(route));
            let resource = resource("route", route);
            (FILE_REFUSED, resource, actor_of(trail), Outcome::Refused)
        }
        SecurityEvent::NotThroughAccess => {
            let route = trail.route.clone().filter(|route| is_plain(route));
            let resource = resource("route", route);
            let action = ZERO_TRUST_REFUSED;
            (action, resource, actor_of(trail), Outcome::Refused)
        }
        SecurityEvent::ZendeskSessionEnded { session_id } => (
            ZENDESK_SESSION_ENDED,
            resource("session", Some(session_id.to_string())),
            Actor::System,
            Outcome::Succeeded,
        ),
        // Whoever it was, they did not show that they are this user.
        SecurityEvent::RefreshTokenReused { session_id } => (
            REFRESH_TOKEN_REUSED,
            resource("session", Some(session_id.to_string())),
            Actor::Anonymous,
            Outcome::Refused,
        ),
    };
    let record = Record {
        // The request may leave an entry of its own, under its own id.
        id: format!("{request_id}/{action}"),
        actor,
        action: action.to_owned(),
        resource,
        outcome,
        request_id: Some(request_id.to_owned()),
        ip,
    };
    Some((account_id, record))
}

/// Its name and its severity in the metrics. High is what must never happen; the others are refusals that worked as they should.
#[must_use]
pub const fn measured(event: &SecurityEvent) -> [&'static str; 2] {
    match event {
        SecurityEvent::ForeignRow => [FOREIGN_ROW, HIGH],
        SecurityEvent::SealedValue => [SEALED_VALUE, HIGH],
        SecurityEvent::RefreshTokenReused { .. } => [REFRESH_TOKEN_REUSED, HIGH],
        SecurityEvent::ZendeskSessionEnded { .. } => [ZENDESK_SESSION_ENDED, LOW],
        SecurityEvent::AddressNotAllowed => [ADDRESS_REFUSED, LOW],
        SecurityEvent::InfectedFile => [FILE_REFUSED, LOW],
        SecurityEvent::NotThroughAccess => [ZERO_TRUST_REFUSED, LOW],
    }
}

/// The same of what an object saw.
#[must_use]
pub const fn measured_of_object(event: &ObjectEvent) -> [&'static str; 2] {
    match event {
        ObjectEvent::ForeignFrame { .. } => [FOREIGN_ROW, HIGH],
        ObjectEvent::RoomJoinRefused { .. } => [ROOM_JOIN_REFUSED, LOW],
    }
}

/// The entry of what an object saw, which is nobody's request. The same happening has the same id.
#[must_use]
pub fn record_of_object(event: &ObjectEvent) -> Record {
    let (id, action, resource, actor, outcome) = match event {
        // Of one millisecond one is enough.
        ObjectEvent::ForeignFrame { at } => (
            format!("{FOREIGN_ROW}/{}", at.millis()),
            FOREIGN_ROW,
            resource("socket", None),
            Actor::System,
            Outcome::Failed,
        ),
        ObjectEvent::RoomJoinRefused { socket, by } => (
            format!("{socket}/{ROOM_JOIN_REFUSED}"),
            ROOM_JOIN_REFUSED,
            resource("socket", Some(socket.to_string())),
            Actor::User { id: *by },
            Outcome::Refused,
        ),
    };
    Record {
        id,
        actor,
        action: action.to_owned(),
        resource,
        outcome,
        request_id: None,
        ip: None,
    }
}

fn resource(kind: &str, id: Option<String>) -> Resource {
    Resource {
        kind: kind.to_owned(),
        id,
    }
}

#[cfg(test)]
mod tests;
