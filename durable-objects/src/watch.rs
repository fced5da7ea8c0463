//! Sockets of agents end with their session, and when what the session may do changes.
//!
//! A socket knows the session that it was opened for, and a hash of what that might do. While an object has such sockets it
//! looks every [`LOOK_MILLIS`] whether the directory still says the same, by its alarm, and whenever it wakes from
//! hibernation, since it forgot when it looked last. An object without agents' sockets sets no alarm for this and asks nobody.
//! A socket that is no more what it was opened as is closed; its client opens another one, if it may.
//!
//! When the directory does not answer, sockets stay open until the next look.

use std::cell::Cell;
use std::collections::BTreeSet;

use edgedesk_domain::ids::{AccountId, SessionId, UserId};
use edgedesk_domain::time::Timestamp;
use edgedesk_wire::object::SocketIdentity;

use crate::host::{OutsideError, Sessions};
use crate::sockets::{Closing, Connections, SocketId};

/// Milliseconds between two looks. Half of the minute within which a socket ends, so that one look that fails or comes late
/// leaves time for another.
pub const LOOK_MILLIS: i64 = 30_000;

/// When the sockets of agents are looked at. Memory only.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    next_at: Cell<Option<Timestamp>>,
    looking: Cell<bool>,
}

impl Watch {
    /// Sockets stayed open while the object slept: nobody knows when they were looked at last.
    pub(crate) fn woke(&self, now: Timestamp) {
        self.next_at.set(Some(now));
    }

    /// The first socket of an agent is opened. Who it is was asked a moment ago.
    pub(crate) fn begin(&self, now: Timestamp) {
        self.next_at.set(Some(now.plus_millis(LOOK_MILLIS)));
    }

    /// Looks as soon as it can.
    pub(crate) fn hurry(&self, now: Timestamp) {
        self.next_at.set(Some(now));
    }

    /// When to look next, as long as `connections` has an agent.
    pub(crate) fn next_at(&self, connections: &Connections) -> Option<Timestamp> {
        self.next_at.get().filter(|_| connections.has_agents())
    }

    /// Whether somebody has to look now: then they do, and call [`Self::looked`] afterwards.
    pub(crate) fn start(&self, connections: &Connections, now: Timestamp) -> bool {
        let is_due = self.next_at(connections).is_some_and(|at| at <= now);
        if !is_due || self.looking.get() {
            return false;
        }
        self.looking.set(true);
        self.next_at.set(Some(now.plus_millis(LOOK_MILLIS)));
        true
    }

    /// The look is over. Whoever was in a hurry meanwhile is served by another one.
    pub(crate) fn looked(&self) {
        self.looking.set(false);
    }
}

/// A socket as it was opened.
#[derive(Debug)]
pub(crate) struct Opened {
    socket: SocketId,
    user_id: UserId,
    session_id: SessionId,
    standing: String,
}

/// The sockets of agents.
pub(crate) fn opened(connections: &Connections) -> Vec<Opened> {
    connections
        .iter()
        .filter_map(|(socket, identity)| match identity {
            SocketIdentity::Agent {
                principal,
                session_id,
                standing,
                ..
            } => Some(Opened {
                socket,
                user_id: principal.user_id,
                session_id: *session_id,
                standing: standing.clone(),
            }),
            SocketIdentity::Customer { .. } => None,
        })
        .collect()
}

/// Those of `sockets` that are to be closed, and why.
///
/// # Errors
///
/// What the directory says.
pub(crate) async fn over(
    account_id: AccountId,
    sockets: &[Opened],
    sessions: &impl Sessions,
) -> Result<Vec<(SocketId, Closing)>, OutsideError> {
    let asked: BTreeSet<_> = sockets
        .iter()
        .map(|socket| (socket.user_id, socket.session_id))
        .collect();
    let standings = sessions.standings(account_id, &asked).await?;
    Ok(sockets
        .iter()
        .filter_map(|socket| match standings.get(&socket.session_id) {
            None => Some((socket.socket, Closing::SessionOver)),
            Some(now) if *now != socket.standing => Some((socket.socket, Closing::StandingChanged)),
            Some(_) => None,
        })
        .collect())
}
