//! What the assistant does with a message, as a step that its conversation takes.

use edgedesk_domain::assistant::{AssistantStep, HandOffReason};
use edgedesk_suggest::assistant::answer;
use edgedesk_suggest::{Case, Passage};

/// The step for a case: an answer where one is sure enough, and a person otherwise.
pub(crate) fn step(case: &Case, passages: &[Passage], min_confidence: f64) -> AssistantStep {
    let answer = answer(case, passages, min_confidence);
    match answer.hand_off {
        Some(reason) => AssistantStep::HandOff { reason },
        None if answer.text.is_empty() => AssistantStep::HandOff {
            reason: HandOffReason::NoArticle,
        },
        None => AssistantStep::Reply {
            text: answer.text,
            confidence: answer.confidence,
            citations: answer.citations,
        },
    }
}
