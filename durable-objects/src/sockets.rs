//! Sockets: who is connected, how frames are read and written.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::str::FromStr;

use edgedesk_domain::ids::{AccountId, IdSource, UserId};
use edgedesk_domain::message::Actor;
use edgedesk_wire::frames::{ClientFrame, FrameError, MAX_FRAME_BYTES, ServerFrame};
use edgedesk_wire::object::SocketIdentity;
use edgedesk_wire::of_account::names_other_account;
use serde::{Deserialize, Serialize};
use ulid::Ulid;

use crate::error::ObjectError;
use crate::host::{Host, Outgoing, SecurityEvent, Target};

/// Close code for a frame over the limit (RFC 6455, section 7.4.1).
pub const CLOSE_TOO_BIG: u16 = 1009;

/// Why an agent's socket is closed from this side, though it did nothing wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closing {
    /// The conversation is no more theirs to see.
    Withdrawn,
    /// Their session is over, or they are no member any more.
    SessionOver,
    /// Their role, their teams, or from where the account lets people in has changed: another socket has the rights of now.
    StandingChanged,
}

impl Closing {
    /// The close code: one of RFC 6455, section 7.4.1, or of those that it leaves to applications.
    #[must_use]
    pub const fn code(self) -> u16 {
        match self {
            Self::Withdrawn => 1008,
            Self::SessionOver => 4001,
            Self::StandingChanged => 4002,
        }
    }

    /// The close reason.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Withdrawn => "other_team",
            Self::SessionOver => "session_over",
            Self::StandingChanged => "rights_changed",
        }
    }
}

/// A socket's name while it is open. Kept in its attachment, so it survives hibernation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SocketId(Ulid);

impl SocketId {
    /// A fresh one.
    pub fn generate(ids: &impl IdSource) -> Self {
        Self(ids.next_ulid())
    }
}

impl std::fmt::Display for SocketId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for SocketId {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Ulid::from_string(text).map(Self).map_err(|_| ())
    }
}

/// What a socket's attachment holds: under 1 kB of the 16 KiB it may have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// The socket's name.
    pub socket: String,
    /// Who is behind it.
    pub identity: SocketIdentity,
}

/// What is to become of a socket after a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterFrame {
    /// It stays open.
    Keep,
    /// It is closed with this code.
    Close(u16),
}

/// The open sockets, by name. Memory only: rebuilt from the attachments when the object wakes.
#[derive(Debug, Default)]
pub(crate) struct Connections(BTreeMap<SocketId, SocketIdentity>);

impl Connections {
    pub(crate) fn add(&mut self, socket: SocketId, identity: SocketIdentity) {
        self.0.insert(socket, identity);
    }

    pub(crate) fn remove(&mut self, socket: SocketId) -> Option<SocketIdentity> {
        self.0.remove(&socket)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (SocketId, &SocketIdentity)> {
        self.0.iter().map(|(socket, identity)| (*socket, identity))
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn has_agents(&self) -> bool {
        let mut identities = self.0.values();
        identities.any(|identity| matches!(identity, SocketIdentity::Agent { .. }))
    }

    /// The agents that are connected, each once, by id.
    pub(crate) fn agents(&self) -> BTreeMap<UserId, String> {
        self.0
            .values()
            .filter_map(|identity| match identity {
                SocketIdentity::Agent { principal, .. } => {
                    Some((principal.user_id, principal.name.clone()))
                }
                SocketIdentity::Customer { .. } => None,
            })
            .collect()
    }
}

/// The account in an identity.
#[must_use]
pub fn account_of(identity: &SocketIdentity) -> AccountId {
    match identity {
        SocketIdentity::Customer { account_id, .. } => *account_id,
        SocketIdentity::Agent { principal, .. } => principal.account_id,
    }
}

/// Who acts on a socket.
#[must_use]
pub fn actor_of(identity: &SocketIdentity) -> Actor {
    match identity {
        SocketIdentity::Customer { customer_id, .. } => Actor::Customer {
            id: *customer_id,
            name: None,
        },
        SocketIdentity::Agent { principal, .. } => Actor::Agent {
            id: principal.user_id,
            name: principal.name.clone(),
        },
    }
}

/// A frame that could not be read.
#[derive(Debug)]
pub(crate) struct Unreadable {
    pub(crate) frame: ServerFrame,
    pub(crate) after: AfterFrame,
}

/// Reads a client's frame.
pub(crate) fn read_frame(text: &str) -> Result<ClientFrame, Unreadable> {
    if text.len() > MAX_FRAME_BYTES {
        return Err(Unreadable {
            frame: error_frame(
                None,
                "frame_too_large",
                format!("A frame has at most {MAX_FRAME_BYTES} bytes."),
            ),
            after: AfterFrame::Close(CLOSE_TOO_BIG),
        });
    }
    serde_json::from_str(text).map_err(|error| Unreadable {
        frame: explain(text, &error),
        after: AfterFrame::Keep,
    })
}

/// Says what is wrong with a frame that serde refused, and for which message.
fn explain(text: &str, error: &serde_json::Error) -> ServerFrame {
    #[derive(Deserialize)]
    struct Head {
        #[serde(rename = "type")]
        kind: Option<String>,
        client_id: Option<String>,
    }
    let Ok(head) = serde_json::from_str::<Head>(text) else {
        let detail = if error.is_data() {
            "A frame is one JSON object with a type.".to_owned()
        } else {
            format!(
                "The frame is no JSON at line {} column {}.",
                error.line(),
                error.column()
            )
        };
        return error_frame(None, "bad_frame", detail);
    };
    match head.kind {
        None => error_frame(head.client_id, "bad_frame", "The frame has no type."),
        Some(kind) if KNOWN_TYPES.contains(&kind.as_str()) => error_frame(
            head.client_id,
            "bad_frame",
            format!("The frame does not have the fields of a {kind}."),
        ),
        Some(_) => error_frame(head.client_id, "unknown_type", "No such type of frame."),
    }
}

/// The `type` of every [`ClientFrame`].
const KNOWN_TYPES: [&str; 7] = [
    "message.send",
    "resume",
    "typing.start",
    "typing.stop",
    "read",
    "presence.set",
    "join",
];

/// The answer to a frame of the right form on the wrong socket.
pub(crate) fn wrong_socket() -> ServerFrame {
    error_frame(
        None,
        "unknown_type",
        "This socket does not take that type of frame.",
    )
}

/// The answer to a binary frame.
#[must_use]
pub fn not_text() -> ServerFrame {
    error_frame(None, "bad_frame", "A frame is a text.")
}

/// An `error` frame.
pub(crate) fn error_frame(
    client_id: Option<String>,
    code: &str,
    detail: impl Into<String>,
) -> ServerFrame {
    ServerFrame::Error {
        client_id,
        data: FrameError {
            code: code.to_owned(),
            detail: detail.into(),
        },
    }
}

/// An `error` frame that says what the object's error says, in the words of frames.
pub(crate) fn refused_frame(client_id: Option<String>, error: &ObjectError) -> ServerFrame {
    let code = match error.code().as_str() {
        "text_too_long" => "invalid_text".to_owned(),
        // A socket is bound to its conversation: what is not found there is not the client's to ask for.
        "not_found" => "forbidden".to_owned(),
        code => code.to_owned(),
    };
    error_frame(client_id, &code, error.detail())
}

/// Sends a frame with rows to sockets of an account. One that names another account goes to nobody: it would be a fault of
/// ours, and is told to the account's administrators.
pub(crate) fn deliver_own(host: &impl Host, account_id: AccountId, frame: &Outgoing) {
    if names_other_account(&frame.text, account_id) {
        let event = SecurityEvent::ForeignFrame { at: host.now() };
        host.security_event(account_id, &event);
    } else {
        host.deliver(frame);
    }
}

/// A frame for some sockets.
pub(crate) fn outgoing(target: Target, frame: &ServerFrame) -> Outgoing {
    let text = serde_json::to_string(frame)
        .expect("a frame has text keys and finite numbers, so it is always JSON");
    Outgoing {
        target,
        text: Rc::from(text),
    }
}
