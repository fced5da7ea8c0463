//! A conversation as its customer gets it: made from its log, which holds all of it.
//!
//! The people who answered appear with the names that the customer saw. Who assigned, read or judged what inside the desk is
//! theirs, and left out, as are notes and the payloads of providers unless somebody has looked through them (GDPR article
//! 15(4); docs/decisions/0031-exports-and-signed-links.md).

use std::collections::BTreeMap;

use edgedesk_domain::account::Channel;
use edgedesk_domain::analysis::Analysis;
use edgedesk_domain::attachment::Attachment;
use edgedesk_domain::conversation::{ConversationState, ConversationStatus};
use edgedesk_domain::event::{DecisionInputs, Event, EventData};
use edgedesk_domain::ids::{AttachmentId, ConversationId, MessageId};
use edgedesk_domain::message::{Actor, Direction, Message};
use edgedesk_domain::time::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

/// A conversation that is read event by event.
#[derive(Debug)]
pub(crate) struct Reader {
    include_notes: bool,
    state: Option<ConversationState>,
    messages: Vec<MessageEntry>,
    places: BTreeMap<MessageId, usize>,
    history: Vec<HistoryEntry>,
    n_left_out: LeftOut,
    n_bytes: usize,
}

/// The file of a conversation.
#[derive(Debug, Serialize)]
pub(crate) struct ConversationFile {
    pub(crate) id: ConversationId,
    pub(crate) channel: Channel,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) external_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) subject: Option<String>,
    pub(crate) status: ConversationStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ticket_number: Option<u64>,
    pub(crate) customer_name: Option<String>,
    pub(crate) customer_email: Option<String>,
    pub(crate) began_at: Timestamp,
    pub(crate) messages: Vec<MessageEntry>,
    pub(crate) history: Vec<HistoryEntry>,
    pub(crate) left_out: LeftOut,
}

/// How much of a conversation is not in the archive.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub(crate) struct LeftOut {
    /// Private notes between the people who answer.
    pub(crate) notes: u64,
    /// What a provider sent that changed nothing here.
    pub(crate) provider_events: u64,
    /// Files that were too large for the archive.
    pub(crate) files: u64,
}

fn entry(attachment: Attachment) -> AttachmentEntry {
    AttachmentEntry {
        name: attachment.name,
        content_type: attachment.content_type,
        size_bytes: attachment.size_bytes,
        file: None,
        id: attachment.id,
    }
}

/// A message.
#[derive(Debug, Serialize)]
pub(crate) struct MessageEntry {
    pub(crate) at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    sent_at: Option<Timestamp>,
    pub(crate) direction: Direction,
    pub(crate) from: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    pub(crate) text: String,
    /// The files that came with it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) attachments: Vec<AttachmentEntry>,
    /// What software read in it; more than one where it was read again.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    readings: Vec<Reading>,
}

/// A file of a message.
#[derive(Debug, Serialize)]
pub(crate) struct AttachmentEntry {
    pub(crate) name: String,
    pub(crate) content_type: String,
    pub(crate) size_bytes: u64,
    /// Where it is in the archive; absent when it is not in there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) file: Option<String>,
    #[serde(skip)]
    pub(crate) id: AttachmentId,
}

/// What software read in a message.
#[derive(Debug, Serialize)]
struct Reading {
    at: Timestamp,
    analysis: Analysis,
    /// What it was made of beside the text.
    #[serde(skip_serializing_if = "Option::is_none")]
    inputs: Option<DecisionInputs>,
}

/// Something else that happened.
#[derive(Debug, Serialize)]
pub(crate) struct HistoryEntry {
    at: Timestamp,
    what: &'static str,
    #[serde(skip_serializing_if = "Value::is_null")]
    data: Value,
}

impl Reader {
    pub(crate) fn new(include_notes: bool) -> Self {
        Self {
            include_notes,
            state: None,
            messages: Vec::new(),
            places: BTreeMap::new(),
            history: Vec::new(),
            n_left_out: LeftOut::default(),
            n_bytes: 0,
        }
    }

    /// About how many bytes it holds.
    pub(crate) const fn n_bytes(&self) -> usize {
        self.n_bytes
    }

    /// Takes the next event of the log.
    pub(crate) fn take(&mut self, event: Event) {
        match &mut self.state {
            None => self.state = ConversationState::first(&event),
            Some(state) => state.apply(&event),
        }
        let (at, what) = (event.at, event.data.type_name());
        // An analysis with its reasons has about this size; other events are far below.
        self.n_bytes += 2_000;
        let data = match event.data {
            EventData::MessageCreated(message) => return self.take_message(at, message),
            EventData::MessageAnalyzed(analyzed) => {
                let place = self.places.get(&analyzed.message_id);
                if let Some(entry) = place.and_then(|place| self.messages.get_mut(*place)) {
                    entry.readings.push(Reading {
                        at,
                        analysis: analyzed.analysis,
                        inputs: analyzed.inputs,
                    });
                }
                return;
            }
            EventData::ProviderEventReceived(received) => {
                if !self.include_notes {
                    self.n_left_out.provider_events += 1;
                    return;
                }
                json!({ "event_type": received.event_type, "payload": received.payload })
            }
            EventData::ConversationCreated(created) => json!({
                "customer_name": created.customer_name,
                "customer_email": created.customer_email,
                "subject": created.subject,
            }),
            EventData::ConversationStatusChanged(changed) => {
                json!({ "previous": changed.previous, "current": changed.current })
            }
            EventData::AnalysisCorrected(corrected) => json!({
                "message_id": corrected.message_id, "field": corrected.field,
                "decided": corrected.decided, "value": corrected.value,
            }),
            EventData::CorrectionWithdrawn(withdrawn) => {
                json!({ "message_id": withdrawn.message_id, "field": withdrawn.field })
            }
            EventData::EscalationDetected(detected) => {
                json!({ "risk": detected.risk, "reasons": detected.reasons })
            }
            EventData::TicketOpened(opened) => json!({ "number": opened.number }),
            EventData::TicketUpdated(change) => json!(change),
            EventData::CustomerUpdated(updated) => json!(updated),
            EventData::DraftCreated(draft) => json!({
                "message_id": draft.message_id, "suggestions": draft.suggestions, "actions": draft.actions,
            }),
            EventData::SuggestionDecided(decided) => json!({
                "suggestion_id": decided.suggestion_id, "verdict": decided.verdict,
            }),
            EventData::AssistantHandedOff(handed) => json!({ "reason": handed.reason }),
            EventData::AnalysisFailed(failed) => json!({ "message_id": failed.message_id }),
            // Who in the desk did so is theirs.
            EventData::ConversationAssigned(_)
            | EventData::ConversationTeamChanged(_)
            | EventData::ErasureScheduled(_)
            | EventData::ErasureCancelled(_)
            | EventData::ConversationErased(_)
            | EventData::ConversationAnonymised(_)
            | EventData::ConversationRead(_)
            | EventData::AssistantEngaged(_) => Value::Null,
        };
        self.history.push(HistoryEntry { at, what, data });
    }

    fn take_message(&mut self, at: Timestamp, message: Message) {
        let is_note = message.direction == Direction::Note;
        if is_note && !self.include_notes {
            self.n_left_out.notes += 1;
            return;
        }
        self.n_bytes += message.text.len();
        let (from, name) = match message.author {
            Actor::Customer { name, .. } => ("customer", name),
            Actor::Agent { name, .. } => ("agent", Some(name)),
            Actor::ExternalAgent { name, .. } => ("agent", name),
            Actor::Assistant => ("assistant", None),
            Actor::System => ("system", None),
        };
        self.places.insert(message.message_id, self.messages.len());
        self.messages.push(MessageEntry {
            at,
            sent_at: message.sent_at,
            direction: message.direction,
            from,
            // The customer has never seen who writes notes.
            name: name.filter(|_| !is_note),
            text: message.text,
            attachments: message.attachments.into_iter().map(entry).collect(),
            readings: Vec::new(),
        });
    }

    /// The conversation; none when its log is empty. With the state that its log says.
    pub(crate) fn finish(self) -> Option<(ConversationState, ConversationFile)> {
        let state = self.state?;
        let file = ConversationFile {
            id: state.conversation_id,
            channel: state.channel,
            external_id: state.external_id.clone(),
            subject: state.subject.clone(),
            status: state.status,
            ticket_number: state.ticket_number,
            customer_name: state.customer_name.clone(),
            customer_email: state.customer_email.clone(),
            began_at: state.created_at,
            messages: self.messages,
            history: self.history,
            left_out: self.n_left_out,
        };
        Some((state, file))
    }
}
