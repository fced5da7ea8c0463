//! One conversation: its log, its sockets, and what follows from each event.
//!
//! Five things follow the log, each with a cursor of its own:
//!
//! | cursor | kept in | moved by |
//! | --- | --- | --- |
//! | `broadcast`: sockets | memory (clients resume) | the request that logged, before it answers |
//! | `flushed_events`: the `events` queue | storage | [`Conversation::work`] |
//! | `flushed_desk`: the account's desk | storage, lazily | [`Conversation::work`] |
//! | `state.unanalyzed`: analyses | the log itself | [`Conversation::work`] |
//! | `asked_draft`: the queue of drafts | storage | [`Conversation::work`] |
//!
//! Besides, [`Conversation::work`] deletes files that no message has (`attachments.rs`) and looks whether the sessions behind agents' sockets go on (`watch.rs`).
//!
//! Invariants:
//! - What is acknowledged is in the log, and an alarm is set, in the same commit, while anything has yet to follow.
//! - Each cursor is at most the log's head. Every step may be run again without harm.
//! - A broken queue, desk or model costs no message and delays none: requests never wait for `work`.
//! - At most one flush and one analysis run at a time; whoever runs looks again before it stops, so nothing is left behind.
//!   State is read anew after every `await`, and no borrow is held across one.

mod alarm;
mod analysis;
mod assistant;
mod attachments;
mod drafts;
mod feedback;
mod log;
mod outbox;
mod privacy;
mod room;
mod rules;
mod scrub;

#[cfg(test)]
mod tests;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use edgedesk_domain::access::team_of_assigned;
use edgedesk_domain::account::{Permission, Principal};
use edgedesk_domain::conversation::ConversationState;
use edgedesk_domain::event::{Assigned, ConversationRead, EventData, TeamChanged};
use edgedesk_domain::ids::{AttachmentId, MessageId};
use edgedesk_domain::message::{Actor, Direction, Message};
use edgedesk_domain::time::Timestamp;
use edgedesk_wire::object::{
    AssignRequest, Receipt, ReceiveRequest, SendRequest, SocketIdentity, StateResponse,
    StatusRequest, TeamRequest,
};

use crate::error::{ObjectError, Refusal};
use crate::host::{Host, Outgoing, Report, Target};
use crate::sockets::deliver_own;
use crate::sql::{ObjectSql, SqlError};
use crate::watch::Watch;
use analysis::AnalysisLane;
use attachments::AttachmentLane;
use drafts::DraftLane;
use log::{Appended, Cause, Log, NewEvent};
use outbox::Backoff;
use room::Room;

pub use log::Address;
pub use outbox::Outside;

/// Most events of one `GET /events` answer, and how many it has unless told.
const MAX_EVENTS_LIMIT: u64 = 500;

/// Who reads a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// Somebody, who is not shown what is erased or about to be.
    Person,
    /// The projector, which needs every event.
    Platform,
}

/// The object of one conversation.
#[derive(Debug)]
pub struct Conversation<S, H> {
    log: Log<S>,
    host: H,
    room: RefCell<Room>,
    /// `seq` up to which sockets have been sent the log; absent before the first look in this life.
    broadcast: Cell<Option<u64>>,
    /// The time the alarm is set to, as far as this life knows.
    armed: Cell<Option<Timestamp>>,
    flushing: Cell<bool>,
    queue_backoff: Cell<Backoff>,
    desk_backoff: Cell<Backoff>,
    analysis: AnalysisLane,
    attachments: AttachmentLane,
    drafts: DraftLane,
    watch: Watch,
}

impl<S: ObjectSql, H: Host> Conversation<S, H> {
    /// An object that just woke: everything it knows is in `sql` and in the sockets that are still open.
    pub fn new(sql: S, host: H) -> Self {
        Self {
            log: Log::new(sql),
            host,
            room: RefCell::default(),
            broadcast: Cell::new(None),
            armed: Cell::new(None),
            flushing: Cell::new(false),
            queue_backoff: Cell::default(),
            desk_backoff: Cell::default(),
            analysis: AnalysisLane::default(),
            attachments: AttachmentLane::default(),
            drafts: DraftLane::default(),
            watch: Watch::default(),
        }
    }

    /// The runtime it was given.
    pub fn host(&self) -> &H {
        &self.host
    }

    /// Whether `principal` may look at this conversation. Every request that somebody is behind comes through here first,
    /// whatever it asks; what has no principal is a channel's, a visitor's or the platform's own.
    ///
    /// # Errors
    ///
    /// `not_found` for another account, `other_team`; `unavailable`.
    pub fn check_viewer(&self, address: Address, principal: &Principal) -> Result<(), ObjectError> {
        if principal.account_id != address.account_id {
            return Err(not_here());
        }
        match self.log.state()? {
            Some(state) if state.is_hidden() => Err(not_here()),
            Some(state) if !principal.sees(&state) => Err(other_team()),
            _ => Ok(()),
        }
    }

    /// Takes a channel's delivery.
    ///
    /// # Errors
    ///
    /// `not_found` for another object's request, `text_too_long`, `payload_too_large`; `unavailable` when it may or may not
    /// have been taken.
    pub async fn receive(
        &self,
        address: Address,
        request: ReceiveRequest,
    ) -> Result<Receipt, ObjectError> {
        let addressed = Address {
            account_id: request.account_id,
            conversation_id: request.conversation_id,
        };
        if addressed != address {
            return Err(not_here());
        }
        self.check_address(address)?;
        let ticket = rules::ticket_beside(&request.inbound);
        let plan = self
            .log
            .with(|memory| rules::plan_receive(memory.state.as_ref(), request, &self.host))??;
        let receipt = self.log_one(address, plan).await?;
        if receipt.duplicate
            && let Some(ticket) = ticket
            && self.log.first_seen(&ticket.delivery_keys)?.is_none()
        {
            let plan = self.log.with(|memory| {
                let state = memory.state.as_ref()?;
                rules::plan_ticket_beside(state, ticket)
            })?;
            if let Some(plan) = plan {
                self.log_one(address, plan).await?;
            }
        }
        Ok(receipt)
    }

    /// Takes an agent's reply or note.
    ///
    /// # Errors
    ///
    /// `not_found`, `forbidden`, `invalid_text`, `text_too_long`, `invalid_client_id`, `invalid_request`, `unknown_suggestion`;
    /// `unavailable`.
    pub async fn send(
        &self,
        address: Address,
        request: SendRequest,
    ) -> Result<Receipt, ObjectError> {
        self.check_principal(address, &request.principal, Permission::WriteConversations)?;
        if request.direction == Direction::Incoming {
            return Err(Refusal::InvalidRequest
                .because("The direction of an agent's message is outgoing or note."));
        }
        self.check_suggestion(request.suggestion_id, request.direction)?;
        let sender = request.principal.user_id.to_string();
        let plan = self.plan_message(
            request.direction,
            agent(&request.principal),
            &sender,
            &request.text,
            &request.attachments,
            request.client_id,
        )?;
        let by = agent(&request.principal);
        let mut plan = self.with_suggestion(plan, request.suggestion_id, &by)?;
        if request.direction == Direction::Outgoing {
            let cause = Cause::Sibling(plan.main);
            plan.events.extend(self.taken_over(by, cause, false)?);
        }
        self.log_one(address, plan).await
    }

    /// Changes the status.
    ///
    /// # Errors
    ///
    /// `not_found`, `forbidden`, `illegal_transition`; `unavailable`.
    pub async fn set_status(
        &self,
        address: Address,
        request: StatusRequest,
    ) -> Result<StateResponse, ObjectError> {
        let state =
            self.check_principal(address, &request.principal, Permission::WriteConversations)?;
        if !state.status.allows(request.status) {
            return Err(Refusal::IllegalTransition.because(format!(
                "A conversation that is {} cannot become {}.",
                state.status.as_str(),
                request.status.as_str()
            )));
        }
        let by = agent(&request.principal);
        let mut events = vec![rules::status_event(
            state.status,
            request.status,
            by.clone(),
        )];
        if request.status.is_open() {
            events.extend(self.taken_over(by, Cause::Sibling(0), true)?);
        }
        self.append(address, events).await?;
        self.state(address)
    }

    /// Changes the assignee. Assigning whom it is assigned to already changes nothing.
    ///
    /// # Errors
    ///
    /// `not_found`, `forbidden`; `unavailable`.
    pub async fn assign(
        &self,
        address: Address,
        request: AssignRequest,
    ) -> Result<StateResponse, ObjectError> {
        let state =
            self.check_principal(address, &request.principal, Permission::AssignConversations)?;
        if state.assignee_id != request.assignee_id {
            let event = NewEvent::new(EventData::ConversationAssigned(Assigned {
                previous: state.assignee_id,
                current: request.assignee_id,
                by: agent(&request.principal),
                team_id: team_of_assigned(state.team_id, &request.assignee_teams)
                    .filter(|team_id| state.team_id != Some(*team_id)),
            }));
            let mut events = vec![event];
            if request.assignee_id.is_some() {
                let by = agent(&request.principal);
                events.extend(self.taken_over(by, Cause::Sibling(0), false)?);
            }
            self.append(address, events).await?;
        }
        self.state(address)
    }

    /// Gives the conversation to a team, or to none. Giving it where it is changes nothing.
    ///
    /// # Errors
    ///
    /// `not_found`, `forbidden`; `unavailable`.
    pub async fn give_to_team(
        &self,
        address: Address,
        request: TeamRequest,
    ) -> Result<StateResponse, ObjectError> {
        let state =
            self.check_principal(address, &request.principal, Permission::AssignConversations)?;
        if state.team_id != request.team_id {
            let event = NewEvent::new(EventData::ConversationTeamChanged(TeamChanged {
                previous: state.team_id,
                current: request.team_id,
                by: agent(&request.principal),
            }));
            self.append(address, vec![event]).await?;
        }
        self.state(address)
    }

    /// Notes that `reader` has seen the log up to `seq`. Only messages count: what was read before, or nothing to read,
    /// logs nothing, so that reading the news that somebody read is not news.
    ///
    /// # Errors
    ///
    /// `unavailable`.
    pub async fn mark_read(
        &self,
        address: Address,
        reader: Actor,
        seq: u64,
    ) -> Result<(), ObjectError> {
        let read_seq = self.log.with(|memory| {
            let state = memory.state.as_ref()?;
            let before = match reader {
                Actor::Customer { .. } => state.customer_read_seq,
                Actor::Agent { .. }
                | Actor::ExternalAgent { .. }
                | Actor::Assistant
                | Actor::System => state.agent_read_seq,
            };
            Some(seq.min(memory.last_message_seq)).filter(|seq| *seq > before)
        })?;
        if let Some(read_seq) = read_seq {
            let event = NewEvent::new(EventData::ConversationRead(ConversationRead {
                reader,
                read_seq,
            }));
            self.append(address, vec![event]).await?;
        }
        Ok(())
    }

    /// What is true now.
    ///
    /// # Errors
    ///
    /// `not_found` while the log is empty; `unavailable`.
    pub fn state(&self, address: Address) -> Result<StateResponse, ObjectError> {
        let state = self.existing(address)?;
        Ok(StateResponse { state })
    }

    /// An [`EventsResponse`](edgedesk_wire::object::EventsResponse) as JSON: at most `limit` (and 500) events after
    /// `after_seq`, exactly as stored. Empty for an empty log.
    ///
    /// # Errors
    ///
    /// `not_found` for another object's name; `unavailable`.
    pub fn events_after(
        &self,
        address: Address,
        after_seq: u64,
        limit: Option<u64>,
        reader: Reader,
    ) -> Result<String, ObjectError> {
        self.check_address(address)?;
        let after_seq = match reader {
            Reader::Person => after_seq.max(self.hidden_seq()?),
            Reader::Platform => after_seq,
        };
        let limit = limit.unwrap_or(MAX_EVENTS_LIMIT).min(MAX_EVENTS_LIMIT);
        let events = self.log.page_json(after_seq, limit)?;
        let head = self.log.with(|memory| memory.head)?;
        Ok(format!(
            r#"{{"events":[{}],"head_seq":{head}}}"#,
            events.join(",")
        ))
    }

    /// `seq` up to which nobody is shown anything; 0 for almost all conversations.
    fn hidden_seq(&self) -> Result<u64, SqlError> {
        self.log.with(|memory| {
            let state = memory.state.as_ref();
            state.map_or(0, ConversationState::hidden_seq)
        })
    }

    /// What is true of the conversation at `address`, which must be this one and exist.
    fn existing(&self, address: Address) -> Result<ConversationState, ObjectError> {
        self.check_address(address)?;
        self.log.state()?.ok_or_else(not_here)
    }

    /// The name that a request was addressed to must be the one the log was begun under. An empty log has none yet.
    fn check_address(&self, address: Address) -> Result<(), ObjectError> {
        match self.address()? {
            Some(own) if own != address => Err(not_here()),
            _ => Ok(()),
        }
    }

    /// Whose log this is; `None` while it is empty.
    fn address(&self) -> Result<Option<Address>, SqlError> {
        self.log.with(|memory| {
            memory.state.as_ref().map(|state| Address {
                account_id: state.account_id,
                conversation_id: state.conversation_id,
            })
        })
    }

    fn check_principal(
        &self,
        address: Address,
        principal: &Principal,
        permission: Permission,
    ) -> Result<ConversationState, ObjectError> {
        if principal.account_id != address.account_id {
            return Err(not_here());
        }
        let state = self.existing(address)?;
        if principal.may(permission) {
            Ok(state)
        } else {
            Err(Refusal::Forbidden.because("The role does not allow it."))
        }
    }

    /// The one event of a message written here, by somebody whose id is `sender`.
    fn plan_message(
        &self,
        direction: Direction,
        author: Actor,
        sender: &str,
        text: &str,
        attachments: &[AttachmentId],
        client_id: Option<String>,
    ) -> Result<rules::Plan, ObjectError> {
        let text = if attachments.is_empty() {
            rules::written_text(text)?
        } else {
            rules::text_beside_files(text)?
        };
        if let Some(client_id) = &client_id {
            rules::check_client_id(client_id)?;
        }
        let mut keys: Vec<String> = client_id
            .iter()
            .map(|client_id| format!("client:{sender}:{client_id}"))
            .collect();
        let mut files = Vec::new();
        if !attachments.is_empty() {
            // A repeat is known by its own id, and its files are sent. An empty log has seen nothing.
            let is_begun = self.log.with(|memory| memory.head > 0)?;
            let is_repeat = is_begun && !keys.is_empty() && self.log.first_seen(&keys)?.is_some();
            if !is_repeat {
                files = self.attachments_to_send(sender, attachments)?;
                keys.extend(attachments.iter().map(|id| attachments::key_of(*id)));
            }
        }
        let message_id = MessageId::generate(&self.host);
        let event = NewEvent::new(EventData::MessageCreated(Message {
            message_id,
            direction,
            author,
            text,
            attachments: files,
            citations: Vec::new(),
            client_id,
            external_id: None,
            sent_at: None,
        }))
        .once_per(keys);
        Ok(rules::Plan {
            events: vec![event],
            main: 0,
            message_id: Some(message_id),
        })
    }

    /// Logs a plan and says where its main event is, or where it was when it came before.
    async fn log_one(&self, address: Address, plan: rules::Plan) -> Result<Receipt, ObjectError> {
        let main = plan.main;
        match self.append(address, plan.events).await? {
            Appended::Logged(logged) => {
                // The plan's main event is one of those logged.
                let event = &logged.get(main).ok_or_else(lost)?.event;
                Ok(Receipt {
                    seq: event.seq,
                    id: event.id,
                    message_id: plan.message_id,
                    duplicate: false,
                })
            }
            Appended::Duplicate(seq) => {
                let logged = self.log.event(seq)?.ok_or_else(lost)?;
                Ok(Receipt {
                    seq,
                    id: logged.event.id,
                    message_id: match &logged.event.data {
                        EventData::MessageCreated(message) => Some(message.message_id),
                        _ => None,
                    },
                    duplicate: true,
                })
            }
        }
    }

    /// Logs events, sets the alarm in the same commit, and sends them to the sockets.
    async fn append(
        &self,
        address: Address,
        events: Vec<NewEvent>,
    ) -> Result<Appended, ObjectError> {
        self.start_broadcast()?;
        let appended = self
            .log
            .append(address, self.host.now(), &self.host, events);
        // No other await comes between the append and this one's first poll: the two are committed together. What seemed
        // to fail may be in the log all the same, so it too is followed by an alarm.
        let armed = self.ensure_alarm().await;
        let appended = appended?;
        self.count(&appended)?;
        armed?;
        self.send_log_to_sockets()?;
        Ok(appended)
    }

    /// Tells the host of what was logged. An append that seemed to fail and did not is in no metric: those are figures, not books.
    fn count(&self, appended: &Appended) -> Result<(), SqlError> {
        let Appended::Logged(events) = appended else {
            return Ok(());
        };
        let of_state = |memory: &log::Memory| memory.state.as_ref().map(|state| state.channel);
        if let Some(channel) = self.log.with(of_state)? {
            for logged in events {
                self.host.logged(channel, &logged.event.data);
            }
        }
        Ok(())
    }

    /// Before the first append of this life: sockets have, or will resume, what is in the log already.
    fn start_broadcast(&self) -> Result<(), SqlError> {
        if self.broadcast.get().is_none() {
            self.broadcast
                .set(Some(self.log.with(|memory| memory.head)?));
        }
        Ok(())
    }

    /// Sends what the sockets have not been sent, also when the append of it seemed to fail at first.
    fn send_log_to_sockets(&self) -> Result<(), SqlError> {
        let Some(mut sent) = self.broadcast.get() else {
            return Ok(());
        };
        loop {
            let events = self.log.page(sent, 100)?;
            if events.is_empty() {
                return Ok(());
            }
            for logged in events {
                sent = logged.event.seq;
                let frame = Outgoing {
                    target: if logged.event.data.is_public() {
                        Target::All
                    } else {
                        Target::Agents
                    },
                    text: Rc::clone(&logged.json),
                };
                if let Some(Address { account_id, .. }) = self.address()? {
                    deliver_own(&self.host, account_id, &frame);
                }
                if let EventData::ConversationAssigned(_)
                | EventData::ConversationTeamChanged(_)
                | EventData::ErasureScheduled(_) = &logged.event.data
                {
                    self.close_withdrawn();
                }
            }
            self.broadcast.set(Some(sent));
        }
    }
}

impl<S: ObjectSql, H: Host> Conversation<S, H> {
    fn report(&self, what: &str, error: &impl std::fmt::Display) {
        let address = self.address().ok().flatten();
        let name = address.map_or_else(
            || "unknown".to_owned(),
            |address| address.conversation_id.to_string(),
        );
        self.host.report(&Report {
            message: format!("conversation {name}: could not {what}: {error}"),
            account_id: address.map(|address| address.account_id),
            conversation_id: address.map(|address| address.conversation_id),
        });
    }
}

fn agent(principal: &Principal) -> Actor {
    Actor::Agent {
        id: principal.user_id,
        name: principal.name.clone(),
    }
}

/// Whether an identity belongs to this conversation: its account, and for a visitor the conversation and the customer.
fn belongs(identity: &SocketIdentity, address: Address, state: Option<&ConversationState>) -> bool {
    match identity {
        SocketIdentity::Customer {
            account_id,
            conversation_id,
            customer_id,
            ..
        } => {
            *account_id == address.account_id
                && *conversation_id == address.conversation_id
                && state.is_none_or(|state| state.customer_id == *customer_id)
        }
        SocketIdentity::Agent { principal, .. } => {
            principal.account_id == address.account_id && state.is_some()
        }
    }
}

fn other_team() -> ObjectError {
    Refusal::OtherTeam.because("The conversation is another team's.")
}

fn not_here() -> ObjectError {
    Refusal::NotFound.because("There is no such conversation.")
}

fn lost() -> ObjectError {
    SqlError::Unreadable("an event that was logged is not there".to_owned()).into()
}
