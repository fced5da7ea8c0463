mod analyses;
mod assistant;
mod attachments;
mod decisions;
mod drafts;
mod failures;
mod golden;
mod metrics;
mod outboxes;
mod privacy;
mod properties;
mod receiving;
mod rooms;
mod teams;
mod watched;

use std::future::Future;

use edgedesk_domain::account::{Access, Channel, Principal, Role};
use edgedesk_domain::conversation::{ConversationState, ConversationStatus, Priority};
use edgedesk_domain::event::Event;
use edgedesk_domain::ids::{AccountId, ConversationId, CustomerId, InboxId, SessionId, UserId};
use edgedesk_domain::inbound::{
    Inbound, InboundContent, InboundMessage, Sender, SenderSide, TicketChange,
};
use edgedesk_domain::message::Direction;
use edgedesk_wire::object::{Receipt, ReceiveRequest, SendRequest, SocketIdentity};
use futures::executor::block_on;
use ulid::Ulid;

use super::{Address, Conversation};
use crate::error::ObjectError;
use crate::sockets::SocketId;
use crate::testing::{STANDING, TestHost, TestOutside, TestSql};

/// An object with everything around it.
struct World {
    sql: TestSql,
    host: TestHost,
    outside: TestOutside,
    object: Conversation<TestSql, TestHost>,
}

impl World {
    fn new() -> Self {
        let (sql, host) = (TestSql::new(), TestHost::default());
        host.now.set(1_000_000);
        Self {
            object: Conversation::new(sql.clone(), host.clone()),
            sql,
            host,
            outside: TestOutside::new(),
        }
    }

    /// Drops the object with all it remembers and wakes it anew over the same storage.
    fn reborn(&mut self) {
        self.object = Conversation::new(self.sql.clone(), self.host.clone());
    }

    fn receive(&self, request: ReceiveRequest) -> Result<Receipt, ObjectError> {
        block_on(self.object.receive(address(), request))
    }

    fn says(&self, key: &str, text: &str) -> Receipt {
        self.receive(customer_says(key, text)).unwrap()
    }

    fn send(&self, role: Role, direction: Direction, text: &str) -> Result<Receipt, ObjectError> {
        block_on(self.object.send(
            address(),
            SendRequest {
                principal: principal(role),
                direction,
                text: text.to_owned(),
                attachments: Vec::new(),
                client_id: None,
                suggestion_id: None,
            },
        ))
    }

    fn set_status(&self, status: ConversationStatus) -> Result<ConversationState, ObjectError> {
        let request = edgedesk_wire::object::StatusRequest {
            principal: principal(Role::Agent),
            status,
        };
        block_on(self.object.set_status(address(), request)).map(|answer| answer.state)
    }

    fn work(&self) {
        block_on(self.object.work(&self.outside));
    }

    /// Lets time pass until the alarm goes off, as long as one is set, and checks that one is while work is left.
    fn drain(&self) {
        for _ in 0..1_000 {
            let Some(at) = self.host.alarm.take() else {
                assert!(!self.object.has_work(), "work is left, but no alarm is set");
                return;
            };
            self.host.now.set(self.host.now.get().max(at.millis()));
            block_on(self.object.alarm(&self.outside)).unwrap();
        }
        panic!("the work never ends");
    }

    fn state(&self) -> ConversationState {
        self.object.state(address()).unwrap().state
    }

    /// The log, read past the object.
    fn log(&self) -> Vec<Event> {
        let table = "SELECT 1 FROM sqlite_master WHERE name = 'events'";
        if self.sql.rows(table).is_empty() {
            return Vec::new();
        }
        self.sql
            .rows("SELECT event FROM events ORDER BY seq")
            .iter()
            .map(|row| serde_json::from_str(&row[0]).unwrap())
            .collect()
    }

    fn types(&self) -> Vec<&'static str> {
        let log = self.log();
        log.iter().map(|event| event.data.type_name()).collect()
    }

    /// What must hold at any moment, whatever failed before.
    fn check_log(&self) {
        let log = self.log();
        let mut folded: Option<ConversationState> = None;
        for (index, event) in log.iter().enumerate() {
            assert_eq!(event.seq, index as u64 + 1, "no gap and no repeat");
            match &mut folded {
                None => folded = ConversationState::first(event),
                Some(state) => {
                    assert!(event.at >= log[index - 1].at, "times never go back");
                    state.apply(event);
                }
            }
        }
        let known = self.object.log.state().unwrap();
        assert_eq!(known, folded, "the fold is the log's");
        let (events, desk, head) = self
            .object
            .log
            .with(|memory| (memory.flushed_events, memory.flushed_desk, memory.head))
            .unwrap();
        assert_eq!(head, log.len() as u64);
        assert!(events <= head && desk <= head, "flushed <= appended");
    }

    /// What must hold once everything has caught up.
    fn check_followed(&self) {
        let log = self.log();
        let mut projected: Vec<Event> = Vec::new();
        for envelope in self.outside.envelopes.borrow().iter() {
            let edgedesk_wire::queue::Payload::EventsAppended(body) = &envelope.payload;
            projected.extend(body.events.iter().cloned());
            if let Some(range) = body.by_reference {
                let referred = log
                    .iter()
                    .filter(|event| (range.first_seq..=range.last_seq).contains(&event.seq));
                projected.extend(referred.cloned());
            }
        }
        projected.sort_by_key(|event| event.seq);
        projected.dedup();
        assert_eq!(projected, log, "the queue has the whole log");
        let state = self.state();
        let told = self.outside.states.borrow();
        assert_eq!(
            told.iter().max_by_key(|told| told.seq),
            Some(&state),
            "the desk has the last state"
        );
        assert!(state.unanalyzed.is_empty(), "every message is analysed");
    }
}

fn address() -> Address {
    Address {
        account_id: account(),
        conversation_id: conversation(),
    }
}

fn account() -> AccountId {
    AccountId::new(Ulid::from(1_001))
}

fn conversation() -> ConversationId {
    ConversationId::new(Ulid::from(1_002))
}

fn customer() -> CustomerId {
    CustomerId::new(Ulid::from(1_003))
}

fn inbox() -> InboxId {
    InboxId::new(Ulid::from(1_004))
}

fn user(n: u64) -> UserId {
    UserId::new(Ulid::from(2_000 + u128::from(n)))
}

fn principal(role: Role) -> Principal {
    Principal {
        account_id: account(),
        user_id: user(1),
        role,
        name: "Ada".to_owned(),
        access: Access::default(),
    }
}

fn request(key: &str, content: InboundContent) -> ReceiveRequest {
    ReceiveRequest {
        account_id: account(),
        conversation_id: conversation(),
        inbox_id: inbox(),
        customer_id: customer(),
        inbound: Inbound {
            channel: Channel::Zendesk,
            thread: "5158".to_owned(),
            dedup_keys: vec![key.to_owned()],
            content,
        },
        team_id: None,
    }
}

fn message(direction: Direction, side: SenderSide, text: &str) -> InboundMessage {
    InboundMessage {
        direction,
        sender: Sender {
            side,
            external_id: "8447388090494".to_owned(),
            name: Some("Grace".to_owned()),
            email: None,
        },
        text: text.to_owned(),
        external_id: None,
        sent_at: None,
        subject: None,
        ticket: TicketChange::default(),
    }
}

fn customer_says(key: &str, text: &str) -> ReceiveRequest {
    let message = message(Direction::Incoming, SenderSide::Customer, text);
    request(key, InboundContent::Message(message))
}

fn ticket_change(key: &str, status: Option<&str>, priority: Option<Priority>) -> ReceiveRequest {
    request(
        key,
        InboundContent::TicketChange(TicketChange {
            status: status.map(str::to_owned),
            priority,
            ..TicketChange::default()
        }),
    )
}

fn visitor() -> SocketIdentity {
    SocketIdentity::Customer {
        account_id: account(),
        conversation_id: conversation(),
        inbox_id: inbox(),
        channel: Channel::Widget,
        customer_id: customer(),
        team_id: None,
    }
}

fn agent_socket(n: u64, role: Role) -> SocketIdentity {
    SocketIdentity::Agent {
        principal: Principal {
            user_id: user(n),
            name: format!("Agent {n}"),
            ..principal(role)
        },
        ticket_id: format!("ticket-{n}"),
        ticket_expires: 2_000_000,
        session_id: session(n),
        standing: STANDING.to_owned(),
    }
}

/// The one session of an agent.
fn session(n: u64) -> SessionId {
    SessionId::new(Ulid::from(u128::from(n) + 700))
}

/// Runs all of them at once.
fn all<T>(futures: impl IntoIterator<Item = impl Future<Output = T>>) -> Vec<T> {
    block_on(futures::future::join_all(futures))
}

fn socket_id(n: u64) -> SocketId {
    Ulid::from(u128::from(n)).to_string().parse().unwrap()
}
