//! The runtime as the objects' logic sees it.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use edgedesk_domain::account::Channel;
use edgedesk_domain::event::EventData;
use edgedesk_domain::ids::{AccountId, ConversationId, IdSource};
use edgedesk_domain::time::{Clock, Timestamp};
use edgedesk_metrics::catalogue::SECURITY_EVENTS;
use edgedesk_objects::host::{Host, HostError, Outgoing, Report, SecurityEvent, Target};
use edgedesk_objects::metrics::{SOCKETS_MILLIS, count_event};
use edgedesk_objects::sockets::{AfterFrame, Attachment, Closing, SocketId};
use edgedesk_platform::chance::SystemIds;
use edgedesk_platform::log::{Level, log};
use edgedesk_platform::time::SystemClock;
use edgedesk_wire::frames::{PING, PONG};
use edgedesk_wire::object::SocketIdentity;
use serde::Serialize;
use worker::worker_sys::WebSocketRequestResponsePair;
use worker::{Env, ScheduledTime, State, WebSocket, WebSocketPair};

use super::timer::Timer;
use crate::audit::recording::record;
use crate::audit::security::{measured_of_object, record_of_object};
use crate::context::App;
use crate::metrics;

/// Codes that say how a connection ended and may not be sent (RFC 6455, section 7.4.1).
const RESERVED_CLOSE_CODES: [u16; 3] = [1005, 1006, 1015];

/// Close code where a reserved one would have to be repeated.
const CLOSE_NORMAL: u16 = 1000;

/// After how long the metrics are told of sockets again, whenever something wakes their object.
const TELL_SOCKETS_MILLIS: i64 = SOCKETS_MILLIS / 3;

/// An object's clock, ids, sockets and alarm.
pub(super) struct ObjectHost {
    state: Rc<State>,
    env: Env,
    sockets: RefCell<Vec<OpenSocket>>,
    answers_pings: Cell<bool>,
    /// How many sockets the metrics were told of, and when.
    told_sockets: Cell<Option<(u32, Timestamp)>>,
}

struct OpenSocket {
    id: SocketId,
    is_agent: bool,
    socket: WebSocket,
}

impl ObjectHost {
    /// The host of an object that just woke, with the sockets that stayed open.
    pub(super) fn new(state: Rc<State>, env: Env) -> Self {
        let sockets = state
            .get_websockets()
            .into_iter()
            .filter_map(|socket| {
                let (id, identity) = attached(&socket)?;
                Some(OpenSocket {
                    id,
                    is_agent: matches!(identity, SocketIdentity::Agent { .. }),
                    socket,
                })
            })
            .collect();
        Self {
            state,
            env,
            sockets: RefCell::new(sockets),
            answers_pings: Cell::new(false),
            told_sockets: Cell::new(None),
        }
    }

    /// Tells the metrics how many sockets there are, when that has changed or was told a while ago, and lets what was counted be handed
    /// over. Nobody waits for it.
    pub(super) fn report_metrics(&self) {
        let now = self.now();
        let n = u32::try_from(self.sockets.borrow().len()).unwrap_or(u32::MAX);
        let is_due = match self.told_sockets.get() {
            None => n > 0,
            Some((told, at)) => told != n || (n > 0 && now.millis_since(at) >= TELL_SOCKETS_MILLIS),
        };
        if is_due {
            self.told_sockets.set(Some((n, now)));
            let object = self.state.id().to_string();
            metrics::gather(|registry| registry.tell_sockets(object, n, now));
        }
        if let Some(flush) = metrics::flush_soon(&self.env, now) {
            self.state.wait_until(flush);
        }
    }

    /// Who is behind the open sockets.
    pub(super) fn identities(&self) -> Vec<(SocketId, SocketIdentity)> {
        let sockets = self.sockets.borrow();
        sockets
            .iter()
            .filter_map(|open| attached(&open.socket))
            .collect()
    }

    /// Opens a socket that hibernates; answers with its name and the client's end.
    pub(super) fn open(&self, identity: &SocketIdentity) -> worker::Result<(SocketId, WebSocket)> {
        let pair = WebSocketPair::new()?;
        let id = SocketId::generate(self);
        let is_agent = matches!(identity, SocketIdentity::Agent { .. });
        let attachment = serde_json::to_string(&Attachment {
            socket: id.to_string(),
            identity: identity.clone(),
        })?;
        let name = id.to_string();
        let kind = if is_agent { "agent" } else { "customer" };
        self.state
            .accept_websocket_with_tags(&pair.server, &[kind, &name]);
        // As a text: what serde makes of an enum in JavaScript's own types does not always read back.
        pair.server.serialize_attachment(attachment)?;
        if !self.answers_pings.replace(true) {
            self.state
                .set_websocket_auto_response(&WebSocketRequestResponsePair::new(PING, PONG)?);
        }
        self.sockets.borrow_mut().push(OpenSocket {
            id,
            is_agent,
            socket: pair.server,
        });
        Ok((id, pair.client))
    }

    /// Forgets a socket that is gone.
    pub(super) fn forget(&self, id: SocketId) {
        self.sockets.borrow_mut().retain(|open| open.id != id);
    }
}

/// The name and identity in a socket's attachment; `None` for a socket that is not ours.
pub(super) fn attached(socket: &WebSocket) -> Option<(SocketId, SocketIdentity)> {
    let text: String = socket.deserialize_attachment().ok()??;
    let attachment: Attachment = serde_json::from_str(&text).ok()?;
    Some((attachment.socket.parse().ok()?, attachment.identity))
}

/// Does with a socket what a frame deserves.
pub(super) fn after_frame(socket: &WebSocket, after: AfterFrame) {
    if let AfterFrame::Close(code) = after {
        // It may be closed already.
        let _ = socket.close(Some(code), Some(""));
    }
}

/// Answers a close with the same code, unless that one may not be sent.
pub(super) fn answer_close(socket: &WebSocket, code: usize, reason: &str) {
    let code = u16::try_from(code)
        .ok()
        .filter(|code| !RESERVED_CLOSE_CODES.contains(code))
        .unwrap_or(CLOSE_NORMAL);
    // The runtime may have answered it by itself.
    let _ = socket.close(Some(code), Some(reason));
}

/// A report as a log line.
#[derive(Serialize)]
struct ReportLine<'a> {
    message: &'a str,
    #[serde(rename = "account.id", skip_serializing_if = "Option::is_none")]
    account_id: Option<AccountId>,
    #[serde(rename = "conversation.id", skip_serializing_if = "Option::is_none")]
    conversation_id: Option<ConversationId>,
}

impl Clock for ObjectHost {
    fn now(&self) -> Timestamp {
        SystemClock.now()
    }
}

impl IdSource for ObjectHost {
    fn next_ulid(&self) -> ulid::Ulid {
        SystemIds.next_ulid()
    }
}

impl Host for ObjectHost {
    fn chance(&self) -> f64 {
        js_sys::Math::random()
    }

    fn deliver(&self, outgoing: &Outgoing) {
        for open in self.sockets.borrow().iter() {
            let is_meant = match outgoing.target {
                Target::All => true,
                Target::Agents => open.is_agent,
                Target::Socket(id) => open.id == id,
                Target::AllBut(id) => open.id != id,
            };
            if is_meant {
                // A socket that is gone says so in its close event; its client resumes.
                let _ = open.socket.send_with_str(&outgoing.text);
            }
        }
    }

    fn close(&self, socket: SocketId, closing: Closing) {
        for open in self
            .sockets
            .borrow()
            .iter()
            .filter(|open| open.id == socket)
        {
            // It may be closed already.
            let _ = open
                .socket
                .close(Some(closing.code()), Some(closing.reason()));
        }
        self.forget(socket);
    }

    async fn arm_alarm(&self, at: Timestamp) -> Result<(), HostError> {
        let date = js_sys::Date::new(&js_sys::Number::from(at.millis() as f64));
        self.state
            .storage()
            .set_alarm(ScheduledTime::new(date))
            .await
            .map_err(|error| HostError(error.to_string()))
    }

    async fn sleep(&self, millis: u64) {
        Timer::start(millis).await;
    }

    fn report(&self, report: &Report) {
        log(
            Level::Warn,
            &ReportLine {
                message: &report.message,
                account_id: report.account_id,
                conversation_id: report.conversation_id,
            },
        );
    }

    fn security_event(&self, account_id: AccountId, event: &SecurityEvent) {
        let entry = record_of_object(event);
        metrics::gather(|registry| {
            registry.count(&SECURITY_EVENTS, &measured_of_object(event));
        });
        // A foreign frame is a fault of ours; a refused join is somebody else's doing.
        let level = match event {
            SecurityEvent::ForeignFrame { .. } => Level::Error,
            SecurityEvent::RoomJoinRefused { .. } => Level::Warn,
        };
        log(
            level,
            &ReportLine {
                message: &format!("account {account_id}: {}", entry.action),
                account_id: Some(account_id),
                conversation_id: None,
            },
        );
        let app = App::of_object(self.env.clone());
        self.state.wait_until(record(app, account_id, entry));
    }

    fn logged(&self, channel: Channel, event: &EventData) {
        metrics::gather(|registry| count_event(registry, channel, event));
    }
}
