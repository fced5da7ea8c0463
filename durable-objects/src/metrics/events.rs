//! What the log of a conversation means for the metrics.

use edgedesk_domain::account::Channel;
use edgedesk_domain::conversation::ConversationStatus;
use edgedesk_domain::event::EventData;
use edgedesk_domain::message::{Actor, Direction, Message};
use edgedesk_metrics::catalogue::{
    AI_CLASSIFICATION_DURATION, AI_CLASSIFICATION_FAILURES, ASSISTANT_ANSWERS, ASSISTANT_HAND_OFFS,
    CONVERSATIONS_OPENED, CONVERSATIONS_RESOLVED, DRAFTS_CREATED, ESCALATIONS, MESSAGES_RECEIVED,
    MESSAGES_SENT, SUGGESTIONS_DECIDED, SUGGESTIONS_MADE,
};
use edgedesk_metrics::registry::Registry;

/// Counts an event that was just logged. Events that are read again, or rewritten, are none.
pub fn count_event(registry: &mut Registry, channel: Channel, event: &EventData) {
    let channel = channel.as_str();
    match event {
        EventData::ConversationCreated(_) => registry.count(&CONVERSATIONS_OPENED, &[channel]),
        EventData::ConversationStatusChanged(change) => {
            if change.previous.is_open() && is_resolved(change.current) {
                registry.count(&CONVERSATIONS_RESOLVED, &[channel]);
            }
        }
        EventData::MessageCreated(message) => count_message(registry, channel, message),
        EventData::MessageAnalyzed(analyzed) => {
            let secs = analyzed.analysis.elapsed_ms / 1_000.0;
            registry.observe(&AI_CLASSIFICATION_DURATION, &[], secs);
        }
        EventData::AnalysisFailed(_) => registry.count(&AI_CLASSIFICATION_FAILURES, &[]),
        EventData::EscalationDetected(_) => registry.count(&ESCALATIONS, &[channel]),
        EventData::DraftCreated(draft) => {
            registry.count(&DRAFTS_CREATED, &[]);
            for suggestion in &draft.suggestions {
                registry.count(&SUGGESTIONS_MADE, &[suggestion.source.as_str()]);
            }
        }
        EventData::SuggestionDecided(decided) => {
            // A rejection that is taken back is no decision; what was counted stays.
            if let Some(verdict) = decided.verdict {
                let labels = [decided.source.as_str(), verdict.as_str()];
                registry.count(&SUGGESTIONS_DECIDED, &labels);
            }
        }
        EventData::AssistantHandedOff(handed) => {
            registry.count(&ASSISTANT_HAND_OFFS, &[handed.reason.as_str()]);
        }
        EventData::ConversationAssigned(_)
        | EventData::ConversationTeamChanged(_)
        | EventData::ConversationRead(_)
        | EventData::ErasureScheduled(_)
        | EventData::ErasureCancelled(_)
        | EventData::ConversationErased(_)
        | EventData::ConversationAnonymised(_)
        | EventData::AnalysisCorrected(_)
        | EventData::CorrectionWithdrawn(_)
        | EventData::AssistantEngaged(_)
        | EventData::TicketOpened(_)
        | EventData::TicketUpdated(_)
        | EventData::CustomerUpdated(_)
        | EventData::ProviderEventReceived(_) => {}
    }
}

fn count_message(registry: &mut Registry, channel: &str, message: &Message) {
    let labels = [channel, author(&message.author)];
    match message.direction {
        Direction::Incoming => registry.count(&MESSAGES_RECEIVED, &labels),
        Direction::Outgoing => {
            registry.count(&MESSAGES_SENT, &labels);
            if message.author == Actor::Assistant {
                registry.count(&ASSISTANT_ANSWERS, &[]);
            }
        }
        Direction::Note => {}
    }
}

fn author(actor: &Actor) -> &'static str {
    match actor {
        Actor::Customer { .. } => "customer",
        Actor::Agent { .. } => "agent",
        Actor::ExternalAgent { .. } => "external_agent",
        Actor::Assistant => "assistant",
        Actor::System => "system",
    }
}

const fn is_resolved(status: ConversationStatus) -> bool {
    matches!(
        status,
        ConversationStatus::Resolved | ConversationStatus::Closed
    )
}
