//! What an event says once personal data was taken out of it: pure functions.

use edgedesk_domain::analysis::Reason;
use edgedesk_domain::event::EventData;
use edgedesk_domain::message::{Actor, Message};
use edgedesk_masking::{Names, mask, mask_names};
use serde_json::Value;

/// What a provider's id begins with that stands for another one.
const PSEUDONYM: &str = "anon_";

/// An event of which nothing is left that somebody wrote or is called; `None` when it held nothing of the kind.
pub(super) fn erased(data: &EventData) -> Option<EventData> {
    changed(data, String::clear, |_| None)
}

/// An event whose texts are masked, with `pseudonym` in the place of each id of a provider's; `None` when that changes nothing.
pub(super) fn anonymised(
    data: &EventData,
    names: &Names,
    pseudonym: impl Fn(&str) -> String,
) -> Option<EventData> {
    changed(
        data,
        |text| *text = masked(text, names),
        |id| {
            Some(if id.starts_with(PSEUDONYM) {
                id.to_owned()
            } else {
                format!("{PSEUDONYM}{}", pseudonym(id))
            })
        },
    )
}

/// What looks like an address or a number first: a name may be a part of it.
fn masked(text: &str, names: &Names) -> String {
    mask_names(&mask(text), names).into_owned()
}

fn changed(
    data: &EventData,
    text: impl Fn(&mut String),
    external_id: impl Fn(&str) -> Option<String>,
) -> Option<EventData> {
    let mut new = data.clone();
    match &mut new {
        EventData::ConversationCreated(created) => {
            created.customer_name = None;
            created.customer_email = None;
            label(&mut created.subject, &text);
            created.external_id = created.external_id.as_deref().and_then(&external_id);
        }
        EventData::CustomerUpdated(updated) => {
            updated.name = None;
            updated.email = None;
            label(&mut updated.subject, &text);
        }
        EventData::TicketUpdated(change) => label(&mut change.subject, &text),
        EventData::MessageCreated(message) => change_message(message, &text, &external_id),
        EventData::ConversationStatusChanged(change) => nameless(&mut change.by),
        EventData::ConversationRead(read) => nameless(&mut read.reader),
        EventData::AssistantHandedOff(handed) => nameless(&mut handed.by),
        EventData::MessageAnalyzed(analyzed) => {
            let analysis = &mut analyzed.analysis;
            analysis.entities.clear();
            // Places in a text that is another now.
            unplaced(&mut analysis.reasons);
            if let Some(priority) = &mut analysis.priority {
                unplaced(&mut priority.reasons);
            }
            if let Some(urgency) = &mut analysis.urgency {
                unplaced(&mut urgency.reasons);
            }
        }
        EventData::EscalationDetected(detected) => unplaced(&mut detected.reasons),
        // Written for the customer: it may say their name or what they wrote, and nobody sends it any more.
        EventData::DraftCreated(draft) => {
            for suggestion in &mut draft.suggestions {
                suggestion.title.clear();
                suggestion.text.clear();
                suggestion.reason.clear();
                suggestion.citations.clear();
            }
            draft.actions.clear();
            unplaced(&mut draft.reasons);
        }
        // Its shape is the provider's: nothing of it can be told apart.
        EventData::ProviderEventReceived(received) => received.payload = Value::Null,
        // Ids of ours, labels of models and agents.
        EventData::ConversationAssigned(_)
        | EventData::ConversationTeamChanged(_)
        | EventData::ErasureScheduled(_)
        | EventData::ErasureCancelled(_)
        | EventData::ConversationErased(_)
        | EventData::ConversationAnonymised(_)
        | EventData::AnalysisFailed(_)
        | EventData::AnalysisCorrected(_)
        | EventData::CorrectionWithdrawn(_)
        | EventData::SuggestionDecided(_)
        | EventData::AssistantEngaged(_)
        | EventData::TicketOpened(_) => {}
    }
    (new != *data).then_some(new)
}

fn change_message(
    message: &mut Message,
    text: &impl Fn(&mut String),
    external_id: &impl Fn(&str) -> Option<String>,
) {
    text(&mut message.text);
    // What is in a file cannot be masked, nor its name told apart from what it is about.
    message.attachments.clear();
    // Chosen by what the customer asked.
    message.citations.clear();
    message.external_id = message.external_id.as_deref().and_then(external_id);
    // Chosen by the sender's own program, which may put anything there.
    if matches!(message.author, Actor::Customer { .. }) {
        message.client_id = None;
    }
    nameless(&mut message.author);
}

/// A customer without their name. Agents keep theirs: it is not the customer's data.
fn nameless(actor: &mut Actor) {
    if let Actor::Customer { name, .. } = actor {
        *name = None;
    }
}

/// A short text; one that is empty then is none.
fn label(label: &mut Option<String>, text: &impl Fn(&mut String)) {
    if let Some(value) = label {
        text(value);
    }
    *label = label.take().filter(|value| !value.is_empty());
}

fn unplaced(reasons: &mut [Reason]) {
    for reason in reasons {
        reason.spans.clear();
    }
}
