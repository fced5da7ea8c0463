//! The sockets of a desk: agents with their inbox open. All are in one room, their account's.

use std::collections::BTreeSet;

use edgedesk_domain::conversation::ConversationState;
use edgedesk_domain::ids::{AccountId, TeamId, UserId};
use edgedesk_wire::desk::{AgentPresence, Counters};
use edgedesk_wire::frames::{ClientFrame, Presence, ServerFrame};
use edgedesk_wire::object::SocketIdentity;

use super::tally::Facts;
use super::{Desk, not_here};
use crate::error::{ObjectError, Refusal};
use crate::host::{Host, Outgoing, SecurityEvent, Sessions, Target};
use crate::sockets::{
    AfterFrame, Connections, SocketId, account_of, deliver_own, outgoing, read_frame,
    refused_frame, wrong_socket,
};
use crate::sql::{ObjectSql, SqlError};
use crate::{tickets, watch};

/// Who is connected, and what they were told last. Memory only.
#[derive(Debug, Default)]
pub(super) struct Room {
    pub(super) connections: Connections,
    counters: Option<Counters>,
    agents: Option<Vec<AgentPresence>>,
    /// Sockets that asked for another account's room.
    refused_joins: BTreeSet<SocketId>,
}

impl<S: ObjectSql, H: Host> Desk<S, H> {
    /// Takes back the sockets that stayed open while the object slept.
    pub fn restore(&self, sockets: impl IntoIterator<Item = (SocketId, SocketIdentity)>) {
        let mut room = self.room.borrow_mut();
        for (socket, identity) in sockets {
            room.connections.add(socket, identity);
        }
        self.watch.woke(self.host.now());
    }

    /// Whether [`Self::watch`] has anything to do.
    pub fn has_to_watch(&self) -> bool {
        let next = self.watch.next_at(&self.room.borrow().connections);
        next.is_some_and(|at| at <= self.host.now() || self.armed.get().is_none())
    }

    /// Closes the sockets whose session is over or may do something else now, if it is time to look, and sets the alarm to when
    /// it will be. Call after every request, without making the caller wait.
    ///
    /// # Errors
    ///
    /// `unavailable` when the alarm could not be set.
    pub async fn watch(&self, sessions: &impl Sessions) -> Result<(), ObjectError> {
        while self.starts_to_look() {
            // Before the look, so that one that fails is followed by another.
            let armed = self.arm().await;
            self.look(sessions).await;
            self.watch.looked();
            armed?;
        }
        self.arm().await
    }

    /// The same, at once: a session has ended, or may do something else now.
    ///
    /// # Errors
    ///
    /// `unavailable` when the alarm could not be set.
    pub async fn watch_now(&self, sessions: &impl Sessions) -> Result<(), ObjectError> {
        self.watch.hurry(self.host.now());
        self.watch(sessions).await
    }

    /// The alarm went off.
    ///
    /// # Errors
    ///
    /// `unavailable` when the alarm could not be set; the runtime then retries by itself.
    pub async fn alarm(&self, sessions: &impl Sessions) -> Result<(), ObjectError> {
        self.armed.set(None);
        self.watch(sessions).await
    }

    fn starts_to_look(&self) -> bool {
        let room = self.room.borrow();
        self.watch.start(&room.connections, self.host.now())
    }

    async fn look(&self, sessions: &impl Sessions) {
        let sockets = watch::opened(&self.room.borrow().connections);
        // An empty desk has no sockets.
        let Ok(Some(account_id)) = self.rows.account() else {
            return;
        };
        match watch::over(account_id, &sockets, sessions).await {
            Ok(over) => {
                for (socket, closing) in over {
                    self.host.close(socket, closing);
                    self.closed(socket);
                }
            }
            Err(error) => self.report("look whose sessions go on", &error),
        }
    }

    async fn arm(&self) -> Result<(), ObjectError> {
        let next = self.watch.next_at(&self.room.borrow().connections);
        let Some(at) = next.filter(|at| self.armed.get() != Some(*at)) else {
            return Ok(());
        };
        self.armed.set(Some(at));
        if let Err(error) = self.host.arm_alarm(at).await {
            self.armed.set(None);
            return Err(error.into());
        }
        Ok(())
    }

    /// Whether a socket may be opened; uses up the agent's ticket.
    ///
    /// # Errors
    ///
    /// `not_found` for another account, `forbidden` for a visitor, `ticket_used`, `ticket_expired`; `unavailable`.
    pub fn admit(
        &self,
        account_id: AccountId,
        identity: &SocketIdentity,
    ) -> Result<(), ObjectError> {
        self.check_account(account_id)?;
        if account_of(identity) != account_id {
            return Err(not_here());
        }
        if matches!(identity, SocketIdentity::Customer { .. }) {
            return Err(Refusal::Forbidden.because("The desk is for agents."));
        }
        self.rows.ensure_schema(account_id)?;
        tickets::burn(self.rows.sql(), identity, self.host.now())
    }

    /// A socket that was admitted is open: it is told what is true, the others that the agent came.
    ///
    /// # Errors
    ///
    /// `unavailable`.
    pub fn opened(
        &self,
        account_id: AccountId,
        socket: SocketId,
        identity: SocketIdentity,
    ) -> Result<(), ObjectError> {
        if let SocketIdentity::Agent { principal, .. } = &identity {
            self.rows
                .set_agent(account_id, principal.user_id, &principal.name, None)?;
        }
        // The others first; the new one then gets everything once.
        let counters = self.rows.counters()?;
        if !self.room.borrow().connections.has_agents() {
            self.watch.begin(self.host.now());
        }
        self.room.borrow_mut().connections.add(socket, identity);
        let agents = self.presence()?;
        let is_news = {
            let mut room = self.room.borrow_mut();
            room.counters = Some(counters.clone());
            let is_news = room.agents.as_ref() != Some(&agents);
            room.agents = Some(agents.clone());
            is_news
        };
        self.send(
            Target::Socket(socket),
            &ServerFrame::CountersChanged { data: counters },
        );
        let target = if is_news {
            Target::All
        } else {
            Target::Socket(socket)
        };
        self.send(
            target,
            &ServerFrame::PresenceChanged {
                data: Presence { agents },
            },
        );
        Ok(())
    }

    /// A socket is gone.
    pub fn closed(&self, socket: SocketId) {
        {
            let mut room = self.room.borrow_mut();
            room.connections.remove(socket);
            room.refused_joins.remove(&socket);
        }
        if let Err(error) = self.send_changes() {
            self.report("tell that an agent left", &error);
        }
    }

    /// Answers a frame.
    pub fn on_frame(&self, socket: SocketId, identity: &SocketIdentity, text: &str) -> AfterFrame {
        let frame = match read_frame(text) {
            Ok(frame) => frame,
            Err(unreadable) => {
                self.send(Target::Socket(socket), &unreadable.frame);
                return unreadable.after;
            }
        };
        if let Err(error) = self.answer(socket, identity, frame) {
            if let Some(internal) = error.internal() {
                self.report("answer a frame", &internal);
            }
            self.send(Target::Socket(socket), &refused_frame(None, &error));
        }
        AfterFrame::Keep
    }

    fn answer(
        &self,
        socket: SocketId,
        identity: &SocketIdentity,
        frame: ClientFrame,
    ) -> Result<(), ObjectError> {
        let account_id = account_of(identity);
        self.check_account(account_id)?;
        match frame {
            ClientFrame::PresenceSet { away } => {
                if let SocketIdentity::Agent { principal, .. } = identity {
                    self.rows.set_agent(
                        account_id,
                        principal.user_id,
                        &principal.name,
                        Some(away),
                    )?;
                    self.send_changes()?;
                }
            }
            ClientFrame::Join { room } => {
                if room != format!("account:{account_id}") {
                    self.note_refused_join(account_id, socket, identity, &room);
                    return Err(Refusal::Forbidden.because("The room is another account's."));
                }
                self.send(Target::Socket(socket), &ServerFrame::Joined { room });
            }
            ClientFrame::MessageSend { .. }
            | ClientFrame::Resume { .. }
            | ClientFrame::TypingStart
            | ClientFrame::TypingStop
            | ClientFrame::Read { .. }
            | ClientFrame::AssistantHandOff
            | ClientFrame::AssistantSolved => self.send(Target::Socket(socket), &wrong_socket()),
        }
        Ok(())
    }

    /// Tells the agents that may see it that a conversation changed, and what changed with it; and those that could see it as
    /// it was `before`, and cannot any more, that it is gone.
    pub(super) fn send_conversation(
        &self,
        account_id: AccountId,
        state: ConversationState,
        before: Option<Facts>,
    ) -> Result<(), SqlError> {
        if self.room.borrow().connections.is_empty() {
            return Ok(());
        }
        let (seeing, saw) = {
            let room = self.room.borrow();
            let (seeing, blind): (Vec<_>, Vec<_>) =
                room.connections.iter().partition(|(_, identity)| {
                    !state.is_hidden() && sees(identity, state.assignee_id, state.team_id)
                });
            let blind = blind.into_iter().filter(|(_, identity)| {
                before.is_some_and(|facts| sees(identity, facts.assignee_id, facts.team_id))
            });
            let all = seeing.len() == room.connections.len();
            let ids = |(socket, _)| Target::Socket(socket);
            let seeing = if all {
                vec![Target::All]
            } else {
                seeing.into_iter().map(ids).collect()
            };
            (seeing, blind.map(ids).collect::<Vec<_>>())
        };
        let conversation_id = state.conversation_id;
        let frame = ServerFrame::ConversationUpdated {
            conversation_id,
            seq: state.seq,
            data: Box::new(state),
        };
        let frame = outgoing(Target::All, &frame);
        for target in seeing {
            let frame = Outgoing {
                target,
                ..frame.clone()
            };
            deliver_own(&self.host, account_id, &frame);
        }
        for target in saw {
            self.send(
                target,
                &ServerFrame::ConversationWithdrawn { conversation_id },
            );
        }
        self.send_changes()
    }

    /// Sends counters and presence if they are not what was sent last.
    pub(super) fn send_changes(&self) -> Result<(), SqlError> {
        if self.room.borrow().connections.is_empty() {
            return Ok(());
        }
        let (counters, agents) = (self.rows.counters()?, self.presence()?);
        let (counters, agents) = {
            let mut room = self.room.borrow_mut();
            (
                news(&mut room.counters, counters),
                news(&mut room.agents, agents),
            )
        };
        if let Some(counters) = counters {
            self.send(
                Target::All,
                &ServerFrame::CountersChanged { data: counters },
            );
        }
        if let Some(agents) = agents {
            self.send(
                Target::All,
                &ServerFrame::PresenceChanged {
                    data: Presence { agents },
                },
            );
        }
        Ok(())
    }

    /// Once for each socket, and only when it named an account: anything else is a slip.
    fn note_refused_join(
        &self,
        account_id: AccountId,
        socket: SocketId,
        identity: &SocketIdentity,
        room: &str,
    ) {
        let names_account = room
            .strip_prefix("account:")
            .is_some_and(|id| id.parse::<AccountId>().is_ok());
        if let SocketIdentity::Agent { principal, .. } = identity
            && names_account
            && self.room.borrow_mut().refused_joins.insert(socket)
        {
            let by = principal.user_id;
            let event = SecurityEvent::RoomJoinRefused { socket, by };
            self.host.security_event(account_id, &event);
        }
    }

    fn send(&self, target: Target, frame: &ServerFrame) {
        self.host.deliver(&outgoing(target, frame));
    }
}

/// The one place where desk sockets are asked what a conversation's object asks of requests.
fn sees(identity: &SocketIdentity, assignee_id: Option<UserId>, team_id: Option<TeamId>) -> bool {
    match identity {
        // The desk admits none.
        SocketIdentity::Customer { .. } => false,
        SocketIdentity::Agent { principal, .. } => principal.viewer().sees(assignee_id, team_id),
    }
}

/// `value` if it is not what `last` holds, which it then does.
fn news<T: Clone + PartialEq>(last: &mut Option<T>, value: T) -> Option<T> {
    if last.as_ref() == Some(&value) {
        return None;
    }
    *last = Some(value.clone());
    Some(value)
}
