//! The desk of an account: the ticket counter, what is true of every conversation in a few bytes each, and the agents.
//!
//! State: `conversations` (the registry, with the ticket number as its row id, and the facts that counters are made of),
//! `reservations`, `agents`, `deliveries`. Invariants:
//! - A conversation has one ticket, given at its first notification; numbers are 1, 2, 3 … without a gap.
//! - Of two states of a conversation the one with the larger `seq` wins, whichever comes first.
//! - Counters and loads equal a recount of the rows; memory is a cache of that recount and dropped after any error.

mod deliveries;
mod room;
mod rows;
mod tally;

#[cfg(test)]
mod tests;

use std::cell::{Cell, RefCell};

use edgedesk_domain::ids::{AccountId, TicketId};
use edgedesk_domain::time::Timestamp;
use edgedesk_wire::desk::{
    AgentPresence, DeliveriesResponse, DeliveryNote, DeskState, ForgetDeliveries, NotifyRequest,
    NotifyResponse, RegistryResponse, ReserveRequest, ReserveResponse,
};

use crate::error::{ObjectError, Refusal};
use crate::host::{Host, Report};
use crate::sql::{ObjectSql, SqlError};
use crate::watch::Watch;
use room::Room;
use rows::{Entry, Rows};
use tally::Facts;

/// Seconds that an agent's place is held for a conversation until its log says that it was assigned. The assignment follows
/// within milliseconds; if it failed, the place is free again soon.
const RESERVATION_SECS: i64 = 60;

/// Rows of a registry page, unless told and at most.
const REGISTRY_LIMIT: u64 = 100;
const MAX_REGISTRY_LIMIT: u64 = 1_000;

/// The object of one account's desk.
#[derive(Debug)]
pub struct Desk<S, H> {
    rows: Rows<S>,
    host: H,
    room: RefCell<Room>,
    watch: Watch,
    /// The time the alarm is set to, as far as this life knows.
    armed: Cell<Option<Timestamp>>,
}

impl<S: ObjectSql, H: Host> Desk<S, H> {
    /// An object that just woke: everything it knows is in `sql` and in the sockets that are still open.
    pub fn new(sql: S, host: H) -> Self {
        Self {
            rows: Rows::new(sql),
            host,
            room: RefCell::default(),
            watch: Watch::default(),
            armed: Cell::default(),
        }
    }

    /// The runtime it was given.
    pub fn host(&self) -> &H {
        &self.host
    }

    /// Takes note of a conversation's state, gives it its ticket the first time, and tells the agents.
    ///
    /// # Errors
    ///
    /// `not_found` for a state of another account; `unavailable`.
    pub fn notify(
        &self,
        account_id: AccountId,
        request: NotifyRequest,
    ) -> Result<NotifyResponse, ObjectError> {
        let state = request.state;
        self.check_account(account_id)?;
        if state.account_id != account_id {
            return Err(not_here());
        }
        let facts = Facts::of(&state);
        let known = self.rows.entry(state.conversation_id)?;
        let before = known.as_ref().map(|entry| entry.facts);
        let (ticket, is_news) = match known {
            None => {
                let ticket_id = TicketId::generate(&self.host);
                let entry = self.rows.insert(
                    account_id,
                    state.conversation_id,
                    ticket_id,
                    state.seq,
                    facts,
                )?;
                (entry, true)
            }
            Some(entry) if state.seq > entry.seq => {
                let entry = Entry {
                    seq: state.seq,
                    facts,
                    ..entry
                };
                self.rows.update(state.conversation_id, &entry)?;
                (entry, true)
            }
            Some(entry) => (entry, false),
        };
        if is_news {
            self.rows.settle_reservation(state.conversation_id)?;
            self.send_conversation(account_id, state, before)?;
        }
        Ok(NotifyResponse {
            ticket_id: ticket.ticket_id,
            ticket_number: ticket.ticket_number,
        })
    }

    /// Holds a place of an agent for a conversation.
    ///
    /// # Errors
    ///
    /// `agent_at_max_load` when they have as many open conversations as they take, this one not counted; `unavailable`.
    pub fn reserve(
        &self,
        account_id: AccountId,
        request: &ReserveRequest,
    ) -> Result<ReserveResponse, ObjectError> {
        self.check_account(account_id)?;
        let now = self.host.now();
        let entry = self.rows.entry(request.conversation_id)?;
        let load = self.rows.load(request.agent_id, now)?;
        let counts_already = self.rows.holds(
            request.agent_id,
            request.conversation_id,
            entry.as_ref(),
            now,
        )?;
        let is_open = entry.as_ref().is_none_or(|entry| entry.facts.is_open);
        if counts_already || !is_open {
            return Ok(ReserveResponse { load });
        }
        if load >= request.max_load {
            return Err(Refusal::AgentAtMaxLoad.because(format!(
                "The agent has {load} open conversations and takes at most {}.",
                request.max_load
            )));
        }
        self.rows.reserve(
            account_id,
            request.conversation_id,
            request.agent_id,
            now,
            RESERVATION_SECS,
        )?;
        self.send_changes()?;
        Ok(ReserveResponse { load: load + 1 })
    }

    /// Counters and agents.
    ///
    /// # Errors
    ///
    /// `not_found` for another account's name; `unavailable`.
    pub fn state(&self, account_id: AccountId) -> Result<DeskState, ObjectError> {
        self.check_account(account_id)?;
        Ok(DeskState {
            counters: self.rows.counters()?,
            agents: self.presence()?,
        })
    }

    /// The conversations with a ticket number over `after`, at most `limit` (and 1,000).
    ///
    /// # Errors
    ///
    /// `not_found` for another account's name; `unavailable`.
    pub fn registry(
        &self,
        account_id: AccountId,
        after: u64,
        limit: Option<u64>,
    ) -> Result<RegistryResponse, ObjectError> {
        self.check_account(account_id)?;
        let limit = limit.unwrap_or(REGISTRY_LIMIT).clamp(1, MAX_REGISTRY_LIMIT);
        let conversations = self.rows.registry(after, limit)?;
        let is_full = conversations.len() as u64 == limit;
        Ok(RegistryResponse {
            next_after: conversations
                .last()
                .filter(|_| is_full)
                .map(|last| last.ticket_number),
            conversations,
        })
    }

    /// Keeps a delivery that belongs to no conversation. A repeat is dropped.
    ///
    /// # Errors
    ///
    /// `not_found` for another account's name; `unavailable`.
    pub fn note_delivery(
        &self,
        account_id: AccountId,
        note: DeliveryNote,
    ) -> Result<(), ObjectError> {
        self.check_account(account_id)?;
        self.rows.ensure_schema(account_id)?;
        Ok(deliveries::keep(self.rows.sql(), note)?)
    }

    /// The newest deliveries.
    ///
    /// # Errors
    ///
    /// `not_found` for another account's name; `unavailable`.
    pub fn deliveries(&self, account_id: AccountId) -> Result<DeliveriesResponse, ObjectError> {
        self.check_account(account_id)?;
        if !self.rows.exists()? {
            return Ok(DeliveriesResponse {
                deliveries: Vec::new(),
            });
        }
        Ok(deliveries::newest(self.rows.sql())?)
    }

    /// Forgets deliveries in which a customer is named.
    ///
    /// # Errors
    ///
    /// `not_found` for another account's name; `unavailable`.
    pub fn forget_deliveries(
        &self,
        account_id: AccountId,
        request: &ForgetDeliveries,
    ) -> Result<(), ObjectError> {
        self.check_account(account_id)?;
        if self.rows.exists()? {
            deliveries::forget(self.rows.sql(), &request.names)?;
        }
        Ok(())
    }

    fn check_account(&self, account_id: AccountId) -> Result<(), ObjectError> {
        match self.rows.account()? {
            Some(own) if own != account_id => Err(not_here()),
            _ => Ok(()),
        }
    }

    fn report(&self, what: &str, error: &impl std::fmt::Display) {
        let account_id = self.rows.account().ok().flatten();
        let name = account_id.map_or_else(|| "unknown".to_owned(), |id| id.to_string());
        self.host.report(&Report {
            message: format!("desk of {name}: could not {what}: {error}"),
            account_id,
            conversation_id: None,
        });
    }

    /// Agents that are online or have load, by id.
    fn presence(&self) -> Result<Vec<AgentPresence>, SqlError> {
        let online = self.room.borrow().connections.agents();
        self.rows.presence(&online, self.host.now())
    }
}

fn not_here() -> ObjectError {
    Refusal::NotFound.because("There is no such desk.")
}
