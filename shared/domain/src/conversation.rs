//! A conversation: its states, and the fold of its log into what is true now.

use serde::{Deserialize, Serialize};

use crate::account::Channel;
use crate::analysis::{PastMood, RISK_ALERT, Sentiment};
use crate::assistant::{AssistantStanding, AssistantState, HandOffReason};
use crate::event::{ErasureScheduled, Event, EventData, Scrubbed};
use crate::ids::{
    AccountId, ConversationId, CustomerId, InboxId, MessageId, PrivacyRequestId, TeamId, UserId,
};
use crate::inbound::TicketChange;
use crate::message::{Actor, Direction, Message};
use crate::time::Timestamp;

/// How many moods of customer messages are kept for trend and risk: a longer memory would let an old quarrel weigh on a
/// customer who has been content for a dozen messages.
pub const MOODS_KEPT: usize = 12;

/// Characters of the last message that lists show.
pub const PREVIEW_CHARS: usize = 140;

/// Where a conversation stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ConversationStatus {
    /// Waits for an agent or is being answered.
    #[default]
    Active,
    /// Handled by the assistant, or waits for something outside.
    Pending,
    /// A person with more authority is needed.
    Escalated,
    /// Answered; a new message of the customer makes it active again.
    Resolved,
    /// Over; agents cannot change it, a new message of the customer makes it active again.
    Closed,
}

impl ConversationStatus {
    /// The word in SQL and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Pending => "pending",
            Self::Escalated => "escalated",
            Self::Resolved => "resolved",
            Self::Closed => "closed",
        }
    }

    /// The status of a word, if there is one.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [
            Self::Active,
            Self::Pending,
            Self::Escalated,
            Self::Resolved,
            Self::Closed,
        ]
        .into_iter()
        .find(|status| status.as_str() == word)
    }

    /// Whether an agent may move a conversation from here to `next`. Staying is not a move.
    #[must_use]
    pub fn allows(self, next: Self) -> bool {
        match self {
            Self::Active | Self::Pending | Self::Escalated => self != next,
            Self::Resolved => matches!(next, Self::Active | Self::Escalated | Self::Closed),
            Self::Closed => false,
        }
    }

    /// Whether somebody still has work here.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Active | Self::Pending | Self::Escalated)
    }
}

/// How soon a ticket needs a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// When there is time.
    Low,
    /// In order.
    Normal,
    /// Before the others.
    High,
    /// Now.
    Urgent,
}

impl Priority {
    /// The word in SQL and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Normal => "normal",
            Self::High => "high",
            Self::Urgent => "urgent",
        }
    }

    /// The priority of a word in any case, if there is one.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Low, Self::Normal, Self::High, Self::Urgent]
            .into_iter()
            .find(|priority| priority.as_str().eq_ignore_ascii_case(word))
    }
}

/// The last message, cut for lists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Preview {
    /// At most [`PREVIEW_CHARS`] characters.
    pub text: String,
    /// Where it went.
    pub direction: Direction,
    /// When it was taken.
    pub at: Timestamp,
}

/// What is true of a conversation after `seq` events: the fold of its log, and all that lists, the desk and the D1 rows
/// need. A larger `seq` always wins, so it may travel out of order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConversationState {
    /// The conversation.
    pub conversation_id: ConversationId,
    /// The account it belongs to.
    pub account_id: AccountId,
    /// The inbox it came in by.
    pub inbox_id: InboxId,
    /// That inbox's channel.
    pub channel: Channel,
    /// The provider's name of the thread; absent for the widget.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// Number of events folded in; the `seq` of the last one.
    pub seq: u64,
    /// Who writes in.
    pub customer_id: CustomerId,
    /// What to call them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_name: Option<String>,
    /// Their e-mail address, when known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_email: Option<String>,
    /// The subject, when the provider has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Where it stands.
    pub status: ConversationStatus,
    /// The provider's own status word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_status: Option<String>,
    /// How soon.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<Priority>,
    /// The agent it is assigned to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignee_id: Option<UserId>,
    /// The team it belongs to; absent for none, and then it is everybody's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team_id: Option<TeamId>,
    /// The per-account number of its ticket, once the desk has given one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket_number: Option<u64>,
    /// Messages and notes in the log.
    pub n_messages: u64,
    /// Messages of the customer that no agent has read.
    pub n_unread: u64,
    /// `seq` up to which agents have read.
    pub agent_read_seq: u64,
    /// `seq` up to which the customer has read.
    pub customer_read_seq: u64,
    /// The last message that is no note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_message: Option<Preview>,
    /// The mood of the last analysed customer message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sentiment: Option<Sentiment>,
    /// Its escalation risk; 0 before any analysis.
    pub escalation_risk: f64,
    /// Whether an alert stands: set by `escalation.detected`, cleared when the conversation is resolved or closed.
    pub escalation_alerted: bool,
    /// The last [`MOODS_KEPT`] customer moods, oldest first.
    #[serde(default)]
    pub moods: Vec<PastMood>,
    /// Customer messages whose analysis has neither succeeded nor been given up, oldest first.
    #[serde(default)]
    pub unanalyzed: Vec<PendingAnalysis>,
    /// What the assistant did in it; absent where it never was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assistant: Option<AssistantState>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When the customer first got an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_reply_at: Option<Timestamp>,
    /// Since when the customer waits for an answer; absent when they do not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting_since: Option<Timestamp>,
    /// When it was last resolved; absent while open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved_at: Option<Timestamp>,
    /// Time of the last event that people care about.
    pub updated_at: Timestamp,
    /// What became of requests to take personal data out of it; absent for almost all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub privacy: Option<Box<PrivacyState>>,
}

/// What became of a customer's requests to erase a conversation or to make it anonymous.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PrivacyState {
    /// The erasure that is to come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub erasure: Option<PendingErasure>,
    /// Events up to this `seq` are erased.
    #[serde(default)]
    pub erased_seq: u64,
    /// Events up to this `seq` were rewritten, whether erased or made anonymous.
    #[serde(default)]
    pub scrubbed_seq: u64,
    /// When that was last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scrubbed_at: Option<Timestamp>,
    /// Whether nobody is shown anything of it: the customer has not written since.
    #[serde(default)]
    pub is_hidden: bool,
}

/// An erasure that is to come, and can be taken back until then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PendingErasure {
    /// The request.
    pub request_id: PrivacyRequestId,
    /// When.
    pub due_at: Timestamp,
    /// Of what: all events up to this `seq`.
    pub through_seq: u64,
}

/// A customer message that still waits for its analysis.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PendingAnalysis {
    /// Its place in the log.
    pub seq: u64,
    /// Its id.
    pub message_id: MessageId,
    /// Failed attempts so far.
    pub failures: u32,
}

impl ConversationState {
    /// The state after a log's first event, which must be `conversation.created`.
    #[must_use]
    pub fn first(event: &Event) -> Option<Self> {
        let EventData::ConversationCreated(created) = &event.data else {
            return None;
        };
        Some(Self {
            conversation_id: event.conversation_id,
            account_id: event.account_id,
            inbox_id: created.inbox_id,
            channel: created.channel,
            external_id: created.external_id.clone(),
            seq: event.seq,
            customer_id: created.customer_id,
            customer_name: created.customer_name.clone(),
            customer_email: created.customer_email.clone(),
            subject: created.subject.clone(),
            status: ConversationStatus::Active,
            external_status: None,
            priority: None,
            assignee_id: None,
            team_id: created.team_id,
            ticket_number: None,
            n_messages: 0,
            n_unread: 0,
            agent_read_seq: 0,
            customer_read_seq: 0,
            last_message: None,
            sentiment: None,
            escalation_risk: 0.0,
            escalation_alerted: false,
            moods: Vec::new(),
            unanalyzed: Vec::new(),
            assistant: None,
            created_at: event.at,
            first_reply_at: None,
            waiting_since: None,
            resolved_at: None,
            updated_at: event.at,
            privacy: None,
        })
    }

    /// Folds in the next event. Does nothing unless `event.seq` is the next number: a fold never skips or repeats.
    pub fn apply(&mut self, event: &Event) {
        if event.seq != self.seq + 1 {
            return;
        }
        self.seq = event.seq;
        match &event.data {
            // Feedback and drafts are about one message; they move no conversation.
            EventData::ConversationCreated(_)
            | EventData::AnalysisCorrected(_)
            | EventData::CorrectionWithdrawn(_)
            | EventData::DraftCreated(_)
            | EventData::SuggestionDecided(_)
            | EventData::ProviderEventReceived(_) => {}
            EventData::ConversationRead(read) => self.apply_read(&read.reader, read.read_seq),
            EventData::ErasureScheduled(scheduled) => self.apply_scheduled(scheduled),
            EventData::ErasureCancelled(cancelled) => self.apply_cancelled(cancelled.request_id),
            EventData::ConversationErased(erased) => self.apply_erased(erased, event.at),
            EventData::ConversationAnonymised(scrubbed) => self.apply_scrubbed(scrubbed, event.at),
            EventData::ConversationStatusChanged(change) => {
                self.apply_status(change.current, event.at);
            }
            EventData::ConversationAssigned(assigned) => {
                self.assignee_id = assigned.current;
                self.team_id = assigned.team_id.or(self.team_id);
                self.updated_at = event.at;
            }
            EventData::ConversationTeamChanged(change) => {
                self.team_id = change.current;
                self.updated_at = event.at;
            }
            EventData::MessageCreated(message) => self.apply_message(message, event),
            EventData::MessageAnalyzed(analyzed) => {
                self.unanalyzed
                    .retain(|pending| pending.message_id != analyzed.message_id);
                let analysis = &analyzed.analysis;
                self.moods.push(PastMood {
                    seq: analyzed.message_seq,
                    score: analysis.sentiment.score,
                    risk: analysis.escalation_risk,
                });
                // Analyses of one conversation may finish out of order; moods stand in the order of their messages.
                self.moods.sort_by_key(|mood| mood.seq);
                if self
                    .moods
                    .last()
                    .is_some_and(|last| last.seq == analyzed.message_seq)
                {
                    self.sentiment = Some(analysis.sentiment.clone());
                    self.escalation_risk = analysis.escalation_risk;
                }
                let surplus = self.moods.len().saturating_sub(MOODS_KEPT);
                self.moods.drain(..surplus);
            }
            EventData::AnalysisFailed(failed) => {
                if failed.gave_up {
                    self.unanalyzed
                        .retain(|pending| pending.message_id != failed.message_id);
                } else if let Some(pending) = self
                    .unanalyzed
                    .iter_mut()
                    .find(|pending| pending.message_id == failed.message_id)
                {
                    pending.failures = failed.failures;
                }
            }
            EventData::EscalationDetected(_) => {
                self.escalation_alerted = true;
                self.updated_at = event.at;
            }
            EventData::AssistantEngaged(engaged) => {
                self.assistant = Some(AssistantState {
                    standing: AssistantStanding::Answering,
                    since: event.at,
                    n_answers: 0,
                    min_confidence: engaged.min_confidence,
                });
                self.updated_at = event.at;
            }
            EventData::AssistantHandedOff(handed) => self.apply_hand_off(handed.reason, event.at),
            EventData::TicketOpened(opened) => self.ticket_number = Some(opened.number),
            EventData::TicketUpdated(change) => {
                self.apply_ticket_change(change);
                self.updated_at = event.at;
            }
            EventData::CustomerUpdated(customer) => {
                self.customer_name = customer.name.clone().or(self.customer_name.take());
                self.customer_email = customer.email.clone().or(self.customer_email.take());
                self.subject = customer.subject.clone().or(self.subject.take());
            }
        }
    }

    /// Whether it is shown to nobody: it was erased, or is about to be, and the customer has not written since.
    #[must_use]
    pub fn is_hidden(&self) -> bool {
        self.privacy
            .as_ref()
            .is_some_and(|privacy| privacy.is_hidden)
    }

    /// `seq` up to which events are shown to nobody; 0 for almost all conversations.
    #[must_use]
    pub fn hidden_seq(&self) -> u64 {
        self.privacy.as_ref().map_or(0, |privacy| {
            let pending = privacy.erasure.as_ref();
            pending
                .map_or(0, |pending| pending.through_seq)
                .max(privacy.erased_seq)
        })
    }

    /// `seq` up to which events were rewritten; 0 for almost all conversations.
    #[must_use]
    pub fn scrubbed_seq(&self) -> u64 {
        self.privacy
            .as_ref()
            .map_or(0, |privacy| privacy.scrubbed_seq)
    }

    /// Whether a risk of `risk` should be logged as an escalation now: above the line, open, and not alerted already.
    #[must_use]
    pub fn should_alert(&self, risk: f64) -> bool {
        risk > RISK_ALERT && !self.escalation_alerted && self.status.is_open()
    }

    /// Whether the assistant has it: no person has to answer.
    #[must_use]
    pub fn is_with_assistant(&self) -> bool {
        self.status.is_open()
            && self
                .assistant
                .is_some_and(|assistant| assistant.is_answering())
    }

    fn apply_hand_off(&mut self, reason: HandOffReason, at: Timestamp) {
        if let Some(assistant) = &mut self.assistant {
            assistant.standing = AssistantStanding::HandedOff;
            assistant.since = at;
        }
        // Who is given to a person waits for one, unless it was that person who took over.
        if reason != HandOffReason::TakenOver {
            self.waiting_since.get_or_insert(at);
        }
        self.updated_at = at;
    }

    fn apply_status(&mut self, current: ConversationStatus, at: Timestamp) {
        if !self.status.is_open()
            && current.is_open()
            && let Some(assistant) = &mut self.assistant
        {
            assistant.standing = AssistantStanding::Idle;
            assistant.since = at;
        }
        self.status = current;
        if current.is_open() {
            self.resolved_at = None;
        } else {
            self.resolved_at = Some(at);
            self.waiting_since = None;
            self.escalation_alerted = false;
        }
        self.updated_at = at;
    }

    fn apply_message(&mut self, message: &Message, event: &Event) {
        self.n_messages += 1;
        self.updated_at = event.at;
        if message.direction != Direction::Note {
            self.last_message = Some(Preview {
                text: message.in_short().chars().take(PREVIEW_CHARS).collect(),
                direction: message.direction,
                at: event.at,
            });
        }
        match message.direction {
            Direction::Incoming => {
                self.n_unread += 1;
                if let Some(privacy) = &mut self.privacy {
                    privacy.is_hidden = false;
                }
                self.waiting_since.get_or_insert(event.at);
                self.unanalyzed.push(PendingAnalysis {
                    seq: event.seq,
                    message_id: message.message_id,
                    failures: 0,
                });
            }
            Direction::Outgoing if message.author != Actor::System => {
                if let (Actor::Assistant, Some(assistant)) = (&message.author, &mut self.assistant)
                {
                    assistant.n_answers += 1;
                }
                self.first_reply_at.get_or_insert(event.at);
                self.waiting_since = None;
            }
            Direction::Outgoing | Direction::Note => {}
        }
    }

    fn apply_scheduled(&mut self, scheduled: &ErasureScheduled) {
        let privacy = self.privacy.get_or_insert_default();
        privacy.is_hidden = !scheduled.written_since;
        privacy.erasure = Some(PendingErasure {
            request_id: scheduled.request_id,
            due_at: scheduled.due_at,
            through_seq: scheduled.through_seq,
        });
    }

    fn apply_erased(&mut self, erased: &Scrubbed, at: Timestamp) {
        self.apply_scrubbed(erased, at);
        let privacy = self.privacy.get_or_insert_default();
        privacy.erased_seq = privacy.erased_seq.max(erased.through_seq);
        privacy.erasure = None;
        if privacy.is_hidden {
            self.last_message = None;
        }
    }

    fn apply_cancelled(&mut self, request_id: PrivacyRequestId) {
        if let Some(privacy) = &mut self.privacy
            && privacy
                .erasure
                .as_ref()
                .is_some_and(|pending| pending.request_id == request_id)
        {
            privacy.erasure = None;
            privacy.is_hidden = false;
        }
    }

    fn apply_scrubbed(&mut self, scrubbed: &Scrubbed, at: Timestamp) {
        // A text that is gone is not analysed any more.
        self.unanalyzed
            .retain(|pending| pending.seq > scrubbed.through_seq);
        let privacy = self.privacy.get_or_insert_default();
        privacy.scrubbed_seq = privacy.scrubbed_seq.max(scrubbed.through_seq);
        privacy.scrubbed_at = Some(at);
    }

    fn apply_ticket_change(&mut self, change: &TicketChange) {
        if let Some(status) = &change.status {
            self.external_status = Some(status.clone());
        }
        self.priority = change.priority.or(self.priority);
        self.subject = change.subject.clone().or(self.subject.take());
    }

    fn apply_read(&mut self, reader: &Actor, read_seq: u64) {
        let read_seq = read_seq.min(self.seq);
        match reader {
            Actor::Customer { .. } => self.customer_read_seq = self.customer_read_seq.max(read_seq),
            Actor::Agent { .. }
            | Actor::ExternalAgent { .. }
            | Actor::Assistant
            | Actor::System => {
                self.agent_read_seq = self.agent_read_seq.max(read_seq);
                // Agents read a conversation to its end: the client sends the last `seq` it shows.
                self.n_unread = 0;
            }
        }
    }
}

#[cfg(test)]
mod tests;
