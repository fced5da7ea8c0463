//! The assistant: it has a conversation until it hands it to a person, and there is always a way to one.
//!
//! It is engaged when a draft is asked for, so after the message was analysed: with the model down it never is, and people answer as
//! they would without it. What it says is decided where drafts are written; whether that is said is decided here, at the last moment,
//! by the switch. A customer who asks for a person gets one in the append that holds their message.

mod notices;

use edgedesk_analysis::person::asks_for_person;
use edgedesk_domain::account::Channel;
use edgedesk_domain::assistant::{
    AssistantEngaged, AssistantStanding, AssistantStep, HandOffReason, HandedOff,
};
use edgedesk_domain::conversation::{ConversationState, ConversationStatus};
use edgedesk_domain::event::EventData;
use edgedesk_domain::ids::MessageId;
use edgedesk_domain::message::{Actor, Direction, Message};
use edgedesk_domain::time::Timestamp;
use edgedesk_wire::frames::{ServerFrame, Typing};
use edgedesk_wire::object::SocketIdentity;

use super::log::{Address, Cause, NewEvent};
use super::outbox::Outside;
use super::{Conversation, rules};
use crate::error::{ObjectError, Refusal};
use crate::host::{Host, HostError, Target};
use crate::sockets::{actor_of, outgoing};
use crate::sql::{ObjectSql, SqlError};

/// Milliseconds after which a customer's message that the assistant has not answered goes to a person. An answer takes a second; a
/// part that is down is not waited for.
const ANSWER_LIMIT_MILLIS: i64 = 20_000;
/// Answers after which somebody who still asks is given to a person.
const MAX_ANSWERS: u32 = 10;

impl<S: ObjectSql, H: Host> Conversation<S, H> {
    /// Gives the conversation to the assistant, if it answers in the inbox and no person has it. `seq` is the message's that is to be
    /// answered.
    pub(super) async fn engage_assistant(
        &self,
        outside: &impl Outside,
        seq: u64,
    ) -> Result<(), ObjectError> {
        let Some(state) = self.log.state()?.filter(may_engage) else {
            return Ok(());
        };
        let settings = outside
            .assistant(state.account_id, state.inbox_id)
            .await
            .map_err(|error| HostError(error.to_string()))?;
        // Somebody may have taken it meanwhile.
        let Some(state) = self.log.state()?.filter(may_engage) else {
            return Ok(());
        };
        if !settings.is_enabled {
            return Ok(());
        }
        let mut events = vec![NewEvent::new(EventData::AssistantEngaged(
            AssistantEngaged {
                min_confidence: settings.min_confidence,
            },
        ))];
        let asked_by = self
            .log
            .event(seq)?
            .and_then(|logged| who_asks_for_person(&logged.event.data));
        if let Some(customer) = asked_by {
            let reason = HandOffReason::Requested;
            events.extend(self.hand_off(&state, reason, customer, Cause::Sibling(0))?);
        } else {
            let pending = ConversationStatus::Pending;
            let event = rules::status_event(state.status, pending, Actor::Assistant);
            events.push(event.caused_by(Cause::Sibling(0)));
        }
        self.append_own(events).await
    }

    /// The events by which a person goes on, and the customer hears of it.
    fn hand_off(
        &self,
        state: &ConversationState,
        reason: HandOffReason,
        by: Actor,
        cause: Cause,
    ) -> Result<Vec<NewEvent>, SqlError> {
        let mut events = vec![
            NewEvent::new(EventData::AssistantHandedOff(HandedOff {
                reason,
                by: by.clone(),
            }))
            .caused_by(cause),
        ];
        if state.status == ConversationStatus::Pending {
            let active = ConversationStatus::Active;
            events.push(rules::status_event(state.status, active, by).caused_by(cause));
        }
        // Whoever is answered by an agent sees so.
        if reason != HandOffReason::TakenOver {
            let language = self.last_language(state)?;
            let notice = notices::of(language.as_deref());
            let text = if reason == HandOffReason::Requested {
                notice.requested
            } else {
                notice.passed_on
            };
            let message = self.written(Actor::System, text.to_owned());
            events.push(NewEvent::new(EventData::MessageCreated(message)).caused_by(cause));
        }
        Ok(events)
    }

    /// What follows when a customer has written `plan`'s message: they are given to a person if they ask for one.
    pub(super) fn with_request_for_person(
        &self,
        mut plan: rules::Plan,
    ) -> Result<rules::Plan, ObjectError> {
        let Some(state) = self.with_assistant()? else {
            return Ok(plan);
        };
        let main = plan.events.get(plan.main);
        let asks = main.and_then(|event| who_asks_for_person(&event.data));
        if let Some(customer) = asks {
            let cause = Cause::Sibling(plan.main);
            plan.events
                .extend(self.hand_off(&state, HandOffReason::Requested, customer, cause)?);
        }
        Ok(plan)
    }

    /// What follows when an agent answers, takes or moves a conversation that the assistant has. `moves_on` is whether its status
    /// is left to them.
    pub(super) fn taken_over(
        &self,
        by: Actor,
        cause: Cause,
        moves_on: bool,
    ) -> Result<Vec<NewEvent>, SqlError> {
        let Some(state) = self.with_assistant()? else {
            return Ok(Vec::new());
        };
        let mut events = self.hand_off(&state, HandOffReason::TakenOver, by, cause)?;
        if moves_on {
            events.truncate(1);
        }
        Ok(events)
    }

    /// What follows when the customer's message turned out to need somebody with more rights.
    pub(super) fn escalated(&self) -> Result<Vec<NewEvent>, SqlError> {
        let Some(state) = self.with_assistant()? else {
            return Ok(Vec::new());
        };
        let reason = HandOffReason::Escalated;
        self.hand_off(&state, reason, Actor::Assistant, Cause::Sibling(0))
    }

    /// What the assistant does, after what was decided when the draft was written and what has come since. Nothing where a person has
    /// it by now, or the customer has written again.
    pub(super) async fn next_step(
        &self,
        outside: &impl Outside,
        seq: u64,
        step: AssistantStep,
    ) -> Result<Vec<NewEvent>, ObjectError> {
        let Some(state) = self.with_assistant_at(seq)? else {
            return Ok(Vec::new());
        };
        let settings = outside
            .assistant(state.account_id, state.inbox_id)
            .await
            .map_err(|error| HostError(error.to_string()))?;
        let Some(state) = self.with_assistant_at(seq)? else {
            return Ok(Vec::new());
        };
        let n_answers = state.assistant.map_or(0, |assistant| assistant.n_answers);
        let cause = Cause::Sibling(0);
        let reason = match step {
            _ if !settings.is_enabled => HandOffReason::Stopped,
            AssistantStep::HandOff { reason } => reason,
            AssistantStep::Reply { .. } if n_answers >= MAX_ANSWERS => {
                HandOffReason::TooManyAnswers
            }
            AssistantStep::Reply {
                text, citations, ..
            } => {
                let message = Message {
                    citations,
                    ..self.written(Actor::Assistant, rules::written_text(&text)?)
                };
                let event = NewEvent::new(EventData::MessageCreated(message));
                return Ok(vec![event.caused_by(cause)]);
            }
        };
        Ok(self.hand_off(&state, reason, Actor::Assistant, cause)?)
    }

    /// What is true, if the assistant has the conversation.
    fn with_assistant(&self) -> Result<Option<ConversationState>, SqlError> {
        let state = self.log.state()?;
        Ok(state.filter(ConversationState::is_with_assistant))
    }

    /// What is true, if the assistant has the conversation and the message at `seq` is still to be answered.
    fn with_assistant_at(&self, seq: u64) -> Result<Option<ConversationState>, SqlError> {
        let Some(state) = self.with_assistant()? else {
            return Ok(None);
        };
        let is_wanted = self.wanted(&state, seq)?.is_some();
        Ok(is_wanted.then_some(state))
    }

    /// Gives the conversation to a person where the assistant has not answered in time.
    pub(super) async fn hand_off_overdue(&self) {
        let is_due =
            |state: &ConversationState| answer_due(state).is_some_and(|due| due <= self.host.now());
        let events = self.log.state().and_then(|state| {
            let Some(state) = state.filter(is_due) else {
                return Ok(Vec::new());
            };
            self.hand_off(&state, HandOffReason::Failed, Actor::Assistant, Cause::None)
        });
        let appended = match events {
            Ok(events) if events.is_empty() => return,
            Ok(events) => self.append_own(events).await,
            Err(error) => Err(error.into()),
        };
        match appended {
            Ok(()) => self.show_typing(false),
            Err(error) => self.report("give a conversation to a person", &error),
        }
    }

    /// Answers a customer who wants a person. Who has one already is told nothing again.
    pub(super) async fn hand_off_requested(
        &self,
        address: Address,
        identity: &SocketIdentity,
    ) -> Result<(), ObjectError> {
        check_customer(identity)?;
        let Some(state) = self.with_assistant()? else {
            return Ok(());
        };
        let (reason, customer) = (HandOffReason::Requested, actor_of(identity));
        let events = self.hand_off(&state, reason, customer, Cause::None)?;
        self.append(address, events).await?;
        self.show_typing(false);
        Ok(())
    }

    /// The customer says that the assistant's answer was what they wanted.
    pub(super) async fn solved(
        &self,
        address: Address,
        identity: &SocketIdentity,
    ) -> Result<(), ObjectError> {
        check_customer(identity)?;
        let state = self.log.state()?.filter(|state| {
            state.is_with_assistant()
                && state
                    .assistant
                    .is_some_and(|assistant| assistant.n_answers > 0)
        });
        if let Some(state) = state {
            let resolved = ConversationStatus::Resolved;
            let event = rules::status_event(state.status, resolved, actor_of(identity));
            self.append(address, vec![event]).await?;
        }
        Ok(())
    }

    /// Tells the sockets that the assistant writes, or does not any more.
    pub(super) fn show_typing(&self, typing: bool) {
        if let Ok(Some(Address {
            conversation_id, ..
        })) = self.address()
        {
            let actor = Actor::Assistant;
            let frame = ServerFrame::TypingChanged {
                conversation_id,
                data: Typing { actor, typing },
            };
            self.host.deliver(&outgoing(Target::All, &frame));
        }
    }

    /// A message to the customer.
    fn written(&self, author: Actor, text: String) -> Message {
        Message {
            message_id: MessageId::generate(&self.host),
            direction: Direction::Outgoing,
            author,
            text,
            attachments: Vec::new(),
            citations: Vec::new(),
            client_id: None,
            external_id: None,
            sent_at: None,
        }
    }

    /// The language that the customer wrote last, as far as a model has said.
    fn last_language(&self, state: &ConversationState) -> Result<Option<String>, SqlError> {
        let after = state.hidden_seq();
        let analyses = self.log.of_types(after, &["message.analyzed"])?;
        Ok(analyses.iter().rev().find_map(|event| match &event.data {
            EventData::MessageAnalyzed(analyzed) => {
                let language = analyzed.analysis.language.as_ref()?;
                Some(language.code.clone())
            }
            _ => None,
        }))
    }
}

/// Who wrote a message that asks for a person.
fn who_asks_for_person(data: &EventData) -> Option<Actor> {
    match data {
        EventData::MessageCreated(message) if asks_for_person(&message.text) => {
            Some(message.author.clone())
        }
        _ => None,
    }
}

/// Until when the assistant has to answer; `None` where nothing waits for it.
pub(super) fn answer_due(state: &ConversationState) -> Option<Timestamp> {
    let asked = state
        .last_message
        .as_ref()
        .filter(|last| last.direction == Direction::Incoming && state.is_with_assistant())?;
    Some(asked.at.plus_millis(ANSWER_LIMIT_MILLIS))
}

/// Whether the assistant may begin: the widget's, nobody's yet, and no reason to leave it to a person.
fn may_engage(state: &ConversationState) -> bool {
    let is_free = match state.assistant {
        None => state.first_reply_at.is_none(),
        Some(assistant) => assistant.standing == AssistantStanding::Idle,
    };
    is_free
        && state.channel == Channel::Widget
        && state.status == ConversationStatus::Active
        && state.assignee_id.is_none()
        && !state.escalation_alerted
}

fn check_customer(identity: &SocketIdentity) -> Result<(), ObjectError> {
    match identity {
        SocketIdentity::Customer { .. } => Ok(()),
        SocketIdentity::Agent { .. } => {
            Err(Refusal::Forbidden.because("Only customers talk to the assistant."))
        }
    }
}
