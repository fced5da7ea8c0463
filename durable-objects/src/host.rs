//! What an object needs of the runtime around it, and whom it talks to.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use edgedesk_domain::account::Channel;
use edgedesk_domain::assistant::AssistantSettings;
use edgedesk_domain::event::EventData;
use edgedesk_domain::ids::{AccountId, ConversationId, IdSource, InboxId, SessionId, UserId};
use edgedesk_domain::time::{Clock, Timestamp};
use edgedesk_wire::desk::{NotifyRequest, NotifyResponse};
use edgedesk_wire::drafts::DraftJob;
use edgedesk_wire::inference::{AnalyzeAnswer, AnalyzeRequest, IntentsInUse};
use edgedesk_wire::queue::Envelope;

use crate::sockets::{Closing, SocketId};

/// The runtime of one object: its clock, ids, chance, sockets and alarm.
#[expect(async_fn_in_trait, reason = "objects are single-threaded")]
pub trait Host: Clock + IdSource {
    /// A random number from 0 to below 1.
    fn chance(&self) -> f64;

    /// Sends a frame. A socket that is gone is skipped: its client resumes.
    fn deliver(&self, outgoing: &Outgoing);

    /// Closes a socket and says why. One that is gone is skipped.
    fn close(&self, socket: SocketId, closing: Closing);

    /// Sets the object's one alarm, replacing the time it was set to before. The first poll issues the write, so that it is
    /// committed together with what was written just before.
    async fn arm_alarm(&self, at: Timestamp) -> Result<(), HostError>;

    /// Waits. Forgotten when the object is evicted: only for things the alarm would otherwise do later.
    async fn sleep(&self, millis: u64);

    /// Something of ours failed and will be tried again.
    fn report(&self, report: &Report);

    /// Something that belongs into the account's audit log. Nobody waits for it.
    fn security_event(&self, account_id: AccountId, event: &SecurityEvent);

    /// An event was logged, in a conversation of this channel: told once of each, for the metrics.
    fn logged(&self, channel: Channel, event: &EventData);
}

/// A line for the log. Holds no words of customers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// What failed and why, readable alone.
    pub message: String,
    /// Whose object it is, when that is known.
    pub account_id: Option<AccountId>,
    /// Which conversation's, when it is one's.
    pub conversation_id: Option<ConversationId>,
}

/// What an administrator of the account should see. Holds nothing of another account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecurityEvent {
    /// A frame named another account, and was sent to nobody.
    ForeignFrame {
        /// When.
        at: Timestamp,
    },
    /// A socket asked for another account's room.
    RoomJoinRefused {
        /// Which; told once for each.
        socket: SocketId,
        /// Whose it is.
        by: UserId,
    },
}

/// The runtime refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the runtime failed: {0}")]
pub struct HostError(pub String);

/// A frame on its way to sockets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// To whom.
    pub target: Target,
    /// The frame, one JSON object: serialised once for all.
    pub text: Rc<str>,
}

/// Sockets of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// One.
    Socket(SocketId),
    /// Every one.
    All,
    /// Every agent's.
    Agents,
    /// Every one but this.
    AllBut(SocketId),
}

/// Takes what leaves the outbox. Returns once it is safe there.
#[expect(async_fn_in_trait, reason = "objects are single-threaded")]
pub trait EventSink {
    /// Takes all of them or fails; a repeat is harmless.
    async fn send(&self, batch: Vec<Envelope>) -> Result<(), OutsideError>;
}

/// The desk of the account, seen from a conversation.
#[expect(async_fn_in_trait, reason = "objects are single-threaded")]
pub trait DeskClient {
    /// Tells it what is true now; a repeat or an older state is harmless.
    async fn notify(&self, request: NotifyRequest) -> Result<NotifyResponse, OutsideError>;
}

/// Says how a customer's message sounds.
#[expect(async_fn_in_trait, reason = "objects are single-threaded")]
pub trait Analyzer {
    /// Analyses one message. The implementation limits the time.
    async fn analyze(&self, request: AnalyzeRequest) -> Result<AnalyzeAnswer, OutsideError>;
}

/// Knows what an account taught.
#[expect(async_fn_in_trait, reason = "objects are single-threaded")]
pub trait OwnIntents {
    /// The version of the account's own intents that is in use and which of its intents are gone, as of a few seconds ago;
    /// `None` when there is none.
    async fn in_use(&self, account_id: AccountId) -> Result<Option<IntentsInUse>, OutsideError>;

    /// The head of a version, as training wrote it; `None` when there is no such version.
    async fn head(
        &self,
        account_id: AccountId,
        version: u32,
    ) -> Result<Option<String>, OutsideError>;
}

/// Knows which sessions go on.
#[expect(async_fn_in_trait, reason = "objects are single-threaded")]
pub trait Sessions {
    /// Of each of `sessions` that goes on, a hash of what it may do now. Those that are over are left out.
    async fn standings(
        &self,
        account_id: AccountId,
        sessions: &BTreeSet<(UserId, SessionId)>,
    ) -> Result<BTreeMap<SessionId, String>, OutsideError>;
}

/// Knows whether the assistant may answer.
#[expect(async_fn_in_trait, reason = "objects are single-threaded")]
pub trait AssistantSwitch {
    /// How the assistant answers in an inbox, as of four seconds ago at most; disabled also where the whole account's is stopped.
    /// Who cannot tell fails: what is switched off must not go on.
    async fn assistant(
        &self,
        account_id: AccountId,
        inbox_id: InboxId,
    ) -> Result<AssistantSettings, OutsideError>;
}

/// Writes drafts, by and by.
#[expect(async_fn_in_trait, reason = "objects are single-threaded")]
pub trait Drafts {
    /// Asks for one. Returns once it is sure to be tried; a repeat is harmless.
    async fn ask(&self, job: &DraftJob) -> Result<(), OutsideError>;
}

/// Keeps the files of messages.
#[expect(async_fn_in_trait, reason = "objects are single-threaded")]
pub trait Files {
    /// Deletes files by their whole names, at most 100; those that are not there are fine.
    async fn delete(&self, names: &[String]) -> Result<(), OutsideError>;
}

/// Somebody outside did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OutsideError {
    /// Not reached, too slow, or broken: the same may work later.
    #[error("unavailable: {0}")]
    Unavailable(String),
    /// Refused (a 4xx): the same will hardly work later.
    #[error("refused: {0}")]
    Refused(String),
}
