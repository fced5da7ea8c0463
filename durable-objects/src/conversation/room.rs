//! The sockets of a conversation: the customer's and those of the agents who look at it.

use std::collections::BTreeSet;

use edgedesk_domain::account::Permission;
use edgedesk_domain::event::{ConversationCreated, EventData};
use edgedesk_domain::message::{Actor, Direction};
use edgedesk_domain::time::Timestamp;
use edgedesk_wire::frames::{ClientFrame, MessageDraft, ServerFrame, Typing, Viewers};
use edgedesk_wire::object::{Receipt, SocketIdentity};

use super::log::{Address, Cause, NewEvent};
use super::{Conversation, belongs, not_here, other_team, rules};
use crate::error::{ObjectError, Refusal};
use crate::host::{Host, Outgoing, Sessions, Target};
use crate::sockets::{
    AfterFrame, Closing, Connections, SocketId, account_of, actor_of, deliver_own, outgoing,
    read_frame, refused_frame, wrong_socket,
};
use crate::sql::ObjectSql;
use crate::{tickets, watch};

/// Events that a resume reads at a time.
const RESUME_PAGE: u64 = 200;

/// Who is connected and who writes. Memory only.
#[derive(Debug, Default)]
pub(super) struct Room {
    connections: Connections,
    typing: BTreeSet<SocketId>,
}

impl<S: ObjectSql, H: Host> Conversation<S, H> {
    /// Takes back the sockets that stayed open while the object slept.
    pub fn restore(&self, sockets: impl IntoIterator<Item = (SocketId, SocketIdentity)>) {
        let mut room = self.room.borrow_mut();
        for (socket, identity) in sockets {
            room.connections.add(socket, identity);
        }
        self.watch.woke(self.host.now());
    }

    /// When the sockets of agents are to be looked at.
    pub(super) fn next_look(&self) -> Option<Timestamp> {
        self.watch.next_at(&self.room.borrow().connections)
    }

    /// Closes the sockets whose session is over or may do something else now, if it is time to look.
    pub(super) async fn look(&self, sessions: &impl Sessions) {
        while self.starts_to_look() {
            let sockets = watch::opened(&self.room.borrow().connections);
            // An agent's socket is not admitted while the log is empty.
            if let Ok(Some(address)) = self.address() {
                match watch::over(address.account_id, &sockets, sessions).await {
                    Ok(over) => {
                        for (socket, closing) in over {
                            self.host.close(socket, closing);
                            self.closed(socket);
                        }
                    }
                    Err(error) => self.report("look whose sessions go on", &error),
                }
            }
            self.watch.looked();
        }
    }

    fn starts_to_look(&self) -> bool {
        let room = self.room.borrow();
        self.watch.start(&room.connections, self.host.now())
    }

    /// Whether a socket may be opened; uses up an agent's ticket.
    ///
    /// # Errors
    ///
    /// `not_found` for an identity of another account, conversation or customer, and for agents while the log is empty;
    /// `ticket_used`, `ticket_expired`; `unavailable`.
    pub fn admit(&self, address: Address, identity: &SocketIdentity) -> Result<(), ObjectError> {
        self.check_address(address)?;
        if !self
            .log
            .with(|memory| belongs(identity, address, memory.state.as_ref()))?
        {
            return Err(not_here());
        }
        self.check_sees(identity)?;
        tickets::burn(self.log.sql(), identity, self.host.now())
    }

    /// A socket that was admitted is open.
    pub fn opened(&self, address: Address, socket: SocketId, identity: SocketIdentity) {
        let is_agent = matches!(identity, SocketIdentity::Agent { .. });
        if is_agent && !self.room.borrow().connections.has_agents() {
            self.watch.begin(self.host.now());
        }
        self.room.borrow_mut().connections.add(socket, identity);
        if is_agent {
            self.send_viewers(address);
        }
    }

    /// A socket is gone.
    pub fn closed(&self, socket: SocketId) {
        let (identity, was_typing) = {
            let mut room = self.room.borrow_mut();
            (room.connections.remove(socket), room.typing.remove(&socket))
        };
        let (Some(identity), Ok(Some(address))) = (identity, self.address()) else {
            return;
        };
        if was_typing {
            self.send_typing(address, socket, actor_of(&identity), false);
        }
        if matches!(identity, SocketIdentity::Agent { .. }) {
            self.send_viewers(address);
        }
    }

    /// Answers a frame.
    pub async fn on_frame(
        &self,
        socket: SocketId,
        identity: &SocketIdentity,
        text: &str,
    ) -> AfterFrame {
        let frame = match read_frame(text) {
            Ok(frame) => frame,
            Err(unreadable) => {
                self.reply(socket, &unreadable.frame);
                return unreadable.after;
            }
        };
        let client_id = match &frame {
            ClientFrame::MessageSend { client_id, .. } => Some(client_id.clone()),
            _ => None,
        };
        if let Err(error) = self.answer(socket, identity, frame).await {
            if let Some(internal) = error.internal() {
                self.report("answer a frame", &internal);
            }
            self.reply(socket, &refused_frame(client_id, &error));
        }
        AfterFrame::Keep
    }

    async fn answer(
        &self,
        socket: SocketId,
        identity: &SocketIdentity,
        frame: ClientFrame,
    ) -> Result<(), ObjectError> {
        let address = self.address_for(identity)?;
        match frame {
            ClientFrame::MessageSend { client_id, data } => {
                let receipt = self
                    .take_message(address, identity, client_id.clone(), data)
                    .await?;
                if let Some(message_id) = receipt.message_id {
                    self.reply(
                        socket,
                        &ServerFrame::Ack {
                            client_id,
                            seq: receipt.seq,
                            id: receipt.id,
                            message_id,
                        },
                    );
                }
                // Who has sent is no longer writing.
                self.set_typing(address, socket, identity, false);
            }
            ClientFrame::Resume { seq } => self.resume(socket, identity, seq)?,
            // Those who only read leave no trace: neither what they write nor that they have seen it.
            ClientFrame::TypingStart | ClientFrame::TypingStop | ClientFrame::Read { .. }
                if !may_write(identity) => {}
            ClientFrame::TypingStart => self.set_typing(address, socket, identity, true),
            ClientFrame::TypingStop => self.set_typing(address, socket, identity, false),
            ClientFrame::Read { seq } => {
                self.mark_read(address, actor_of(identity), seq).await?;
            }
            ClientFrame::AssistantHandOff => self.hand_off_requested(address, identity).await?,
            ClientFrame::AssistantSolved => self.solved(address, identity).await?,
            ClientFrame::PresenceSet { .. } | ClientFrame::Join { .. } => {
                self.reply(socket, &wrong_socket());
            }
        }
        Ok(())
    }

    /// The conversation that a socket is bound to.
    fn address_for(&self, identity: &SocketIdentity) -> Result<Address, ObjectError> {
        let address = match identity {
            SocketIdentity::Customer {
                account_id,
                conversation_id,
                ..
            } => Address {
                account_id: *account_id,
                conversation_id: *conversation_id,
            },
            SocketIdentity::Agent { .. } => self.address()?.ok_or_else(not_here)?,
        };
        self.check_address(address)?;
        if !self
            .log
            .with(|memory| belongs(identity, address, memory.state.as_ref()))?
        {
            return Err(not_here());
        }
        self.check_sees(identity)?;
        Ok(address)
    }

    /// The one place where sockets are asked what [`Self::check_viewer`] asks requests.
    fn check_sees(&self, identity: &SocketIdentity) -> Result<(), ObjectError> {
        let SocketIdentity::Agent { principal, .. } = identity else {
            return Ok(());
        };
        self.log.with(|memory| match &memory.state {
            Some(state) if state.is_hidden() => Err(not_here()),
            Some(state) if !principal.sees(state) => Err(other_team()),
            _ => Ok(()),
        })?
    }

    /// Closes the sockets of agents whose conversation this is no more, after they were told to whom it went.
    pub(super) fn close_withdrawn(&self) {
        let gone: Vec<SocketId> = {
            let room = self.room.borrow();
            let sockets = room.connections.iter();
            sockets
                .filter(|(_, identity)| self.check_sees(identity).is_err())
                .map(|(socket, _)| socket)
                .collect()
        };
        for socket in gone {
            self.host.close(socket, Closing::Withdrawn);
            self.closed(socket);
        }
    }

    async fn take_message(
        &self,
        address: Address,
        identity: &SocketIdentity,
        client_id: String,
        draft: MessageDraft,
    ) -> Result<Receipt, ObjectError> {
        let (direction, sender) = match identity {
            SocketIdentity::Customer { customer_id, .. } => {
                if draft.note {
                    return Err(Refusal::Forbidden.because("Only agents write notes."));
                }
                (Direction::Incoming, customer_id.to_string())
            }
            SocketIdentity::Agent { principal, .. } => {
                if !may_write(identity) {
                    return Err(Refusal::Forbidden.because("The role does not allow it."));
                }
                let direction = if draft.note {
                    Direction::Note
                } else {
                    Direction::Outgoing
                };
                (direction, principal.user_id.to_string())
            }
        };
        if draft.suggestion_id.is_some() && matches!(identity, SocketIdentity::Customer { .. }) {
            return Err(Refusal::UnknownSuggestion.because("Suggestions are for agents."));
        }
        self.check_suggestion(draft.suggestion_id, direction)?;
        let plan = self.plan_message(
            direction,
            actor_of(identity),
            &sender,
            &draft.text,
            &draft.attachments,
            Some(client_id),
        )?;
        let mut plan = self.with_suggestion(plan, draft.suggestion_id, &actor_of(identity))?;
        if let SocketIdentity::Customer {
            inbox_id,
            channel,
            customer_id,
            team_id,
            ..
        } = identity
        {
            match self
                .log
                .with(|memory| memory.state.as_ref().map(|state| state.status))?
            {
                None => {
                    let created = EventData::ConversationCreated(ConversationCreated {
                        inbox_id: *inbox_id,
                        channel: *channel,
                        external_id: None,
                        customer_id: *customer_id,
                        customer_name: None,
                        customer_email: None,
                        subject: None,
                        team_id: *team_id,
                    });
                    plan.events.insert(0, NewEvent::new(created));
                    plan.main = 1;
                }
                Some(status) => {
                    plan.events
                        .extend(rules::reopening(status, actor_of(identity), plan.main));
                    plan = self.with_request_for_person(plan)?;
                }
            }
        } else if direction == Direction::Outgoing {
            let cause = Cause::Sibling(plan.main);
            plan.events
                .extend(self.taken_over(actor_of(identity), cause, false)?);
        }
        self.log_one(address, plan).await
    }

    /// Sends what came after `seq` and may be seen by this socket, then says that this was all.
    fn resume(
        &self,
        socket: SocketId,
        identity: &SocketIdentity,
        seq: u64,
    ) -> Result<(), ObjectError> {
        let sees_all = matches!(identity, SocketIdentity::Agent { .. });
        let mut after = seq.max(self.hidden_seq()?);
        loop {
            let events = self.log.page(after, RESUME_PAGE)?;
            let Some(last) = events.last() else {
                break;
            };
            after = last.event.seq;
            for logged in &events {
                if sees_all || logged.event.data.is_public() {
                    let frame = Outgoing {
                        target: Target::Socket(socket),
                        text: std::rc::Rc::clone(&logged.json),
                    };
                    deliver_own(&self.host, account_of(identity), &frame);
                }
            }
        }
        let head = self.log.with(|memory| memory.head)?;
        self.reply(socket, &ServerFrame::Resumed { seq: head });
        Ok(())
    }

    fn set_typing(
        &self,
        address: Address,
        socket: SocketId,
        identity: &SocketIdentity,
        typing: bool,
    ) {
        let changed = {
            let mut room = self.room.borrow_mut();
            if typing {
                room.typing.insert(socket)
            } else {
                room.typing.remove(&socket)
            }
        };
        if changed {
            self.send_typing(address, socket, actor_of(identity), typing);
        }
    }

    fn send_typing(&self, address: Address, socket: SocketId, actor: Actor, typing: bool) {
        self.host.deliver(&outgoing(
            Target::AllBut(socket),
            &ServerFrame::TypingChanged {
                conversation_id: address.conversation_id,
                data: Typing { actor, typing },
            },
        ));
    }

    fn send_viewers(&self, address: Address) {
        let agents = self.room.borrow().connections.agents();
        self.host.deliver(&outgoing(
            Target::Agents,
            &ServerFrame::ViewersChanged {
                conversation_id: address.conversation_id,
                data: Viewers {
                    agents: agents
                        .into_iter()
                        .map(|(id, name)| Actor::Agent { id, name })
                        .collect(),
                },
            },
        ));
    }

    fn reply(&self, socket: SocketId, frame: &ServerFrame) {
        self.host.deliver(&outgoing(Target::Socket(socket), frame));
    }
}

fn may_write(identity: &SocketIdentity) -> bool {
    match identity {
        SocketIdentity::Customer { .. } => true,
        SocketIdentity::Agent { principal, .. } => principal.may(Permission::WriteConversations),
    }
}
