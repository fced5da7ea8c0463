//! What the assistant does with a message: from what was found to a step that a conversation takes.

use edgedesk_domain::assistant::{AssistantStep, HandOffReason};
use edgedesk_suggest::output::NextAction;
use edgedesk_suggest::{Case, Passage, compose};

/// The step for a case: an answer where one is sure enough, and a person otherwise.
pub(crate) fn step(case: &Case, passages: &[Passage], min_confidence: f64) -> AssistantStep {
    let draft = compose::compose(case, passages);
    if draft.action == NextAction::HandOff
        || draft.confidence < min_confidence
        || draft.citations.is_empty()
    {
        return AssistantStep::HandOff {
            reason: HandOffReason::NotSure,
        };
    }
    AssistantStep::Reply {
        text: draft.text,
        confidence: draft.confidence,
        citations: draft.citations,
    }
}
