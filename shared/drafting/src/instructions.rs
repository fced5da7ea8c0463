//! What a model is told to do: words of ours, chosen by what the analysis says of the message. Nothing that a customer wrote is in
//! them, and of the account only its own name.

use edgedesk_domain::conversation::Priority;
use edgedesk_suggest::Case;
use edgedesk_suggest::actions::{calls_for_escalation, misses_order_number};

/// Longest name of an account that is told.
const MAX_NAME_CHARS: usize = 80;

/// The instructions for a draft.
#[must_use]
pub fn instructions(case: &Case) -> String {
    let account = case.variables().account_name;
    let account = account.filter(|name| name.chars().count() <= MAX_NAME_CHARS);
    let whom = account.map_or_else(
        || "the customers of a company".to_owned(),
        |name| format!("the customers of {name}"),
    );
    let mut lines = vec![
        format!(
            "You write replies to {whom}. An agent of theirs reads your reply, changes it where it is wrong, and sends it."
        ),
        "Answer the last message of the customer. The sources are articles of the company; what was said before shows what is meant."
            .to_owned(),
        "Write 100 to 200 words, fewer where less is to be said: a greeting with the customer's name if it is known, the answer, and a \
         closing with the name of the agent if it is known. Plain sentences and no headings."
            .to_owned(),
    ];
    lines.extend(tone(case).map(str::to_owned));
    lines.extend(policy(case).map(str::to_owned));
    lines.join("\n")
}

/// How it is said: by how soon it is wanted, and by the customer's mood.
fn tone(case: &Case) -> impl Iterator<Item = &'static str> {
    let by_priority = match case.priority() {
        Priority::Urgent => {
            "It is urgent: come to the point in the first sentence, be brief, and say what happens next."
        }
        Priority::High => "It is pressing: come to the point soon.",
        Priority::Normal | Priority::Low => "Be friendly and calm.",
    };
    let by_mood = if case.is_negative() {
        Some(
            "The customer is unhappy: say once that you are sorry, without an excuse, and then help. Use no exclamation marks.",
        )
    } else if case.is_positive() {
        Some("The customer is happy: be warm.")
    } else {
        None
    };
    [Some(by_priority), by_mood].into_iter().flatten()
}

/// What may be said of what it is about.
fn policy(case: &Case) -> impl Iterator<Item = &'static str> {
    let about = |categories: &[&str]| case.is_about(categories);
    [
        (
            about(&["billing", "refunds"])
                || matches!(case.intent(), Some("refund_request" | "billing_inquiry")),
            "It is about money: promise no payment and no refund, and state no amount of the customer's own. Say how it works, and that an \
             agent checks their case.",
        ),
        (
            about(&["account", "security"]) || case.intent() == Some("account_access"),
            "It is about access: never ask for a password, a code or a card number, and tell the customer not to send one.",
        ),
        (
            case.intent() == Some("cancellation"),
            "It is about ending something: say how it is done, and do not argue.",
        ),
        (
            case.intent() == Some("technical_support"),
            "It is about a fault: give the steps one after the other, the simplest first.",
        ),
        (
            misses_order_number(case),
            "The conversation names no order number: ask for it.",
        ),
        (
            calls_for_escalation(case).is_some(),
            "The customer speaks of a lawyer, a manager or of taking a payment back: admit nothing, promise nothing, and say that somebody \
             responsible looks into it.",
        ),
    ]
    .into_iter()
    .filter_map(|(holds, says)| holds.then_some(says))
}
