//! What an agent could do beside answering.

use edgedesk_analysis::phrases::{Statement, find_statements};
use edgedesk_analysis::words::words;
use edgedesk_domain::analysis::{EntityKind, RISK_MEDIUM};
use edgedesk_domain::suggestion::{ActionWord, RecommendedAction};

use crate::case::Case;

/// Actions given at most.
pub const MAX_ACTIONS: usize = 3;
/// The probability from which an intent that is not the likeliest proposes something.
const MIN_SECONDARY: f64 = 0.25;
/// The probability from which the likeliest does.
const MIN_PRIMARY: f64 = 0.35;
/// What a category says of what is to be done, compared with an intent: `refunds` is spoken of, not asked for.
const CATEGORY_SHARE: f64 = 0.6;
/// How sure it is that whoever names a lawyer or wants a manager is to be handed on.
const OUTRIGHT: f64 = 0.9;
/// How sure it is that a missing number is missed.
const MISSING_NUMBER: f64 = 0.7;

/// Intents whose answer needs the order's number.
const NEEDS_ORDER: [&str; 5] = [
    "billing_inquiry",
    "refund_request",
    "cancellation",
    "order_status",
    "shipping_inquiry",
];
/// First-person words that make an order somebody's own, in the languages of the phrases.
#[rustfmt::skip]
const OWN: [&str; 44] = [
    "my", "mine", "i've", "ive", "ordered", "bought", "paid", "charged", "mein", "meine", "meinen", "meinem", "meiner", "bestellt", "gekauft",
    "bezahlt", "mon", "ma", "mes", "commandé", "acheté", "payé", "mi", "mis", "compré", "pedí", "pagué", "mio", "mia", "miei", "mie",
    "ordinato", "comprato", "pagato", "meu", "minha", "meus", "minhas", "comprei", "paguei", "mijn", "besteld", "gekocht", "betaald",
];

/// At most [`MAX_ACTIONS`] actions, the surest first.
#[must_use]
pub fn recommended_actions(case: &Case) -> Vec<RecommendedAction> {
    let mut found: Vec<RecommendedAction> = Vec::new();
    by_intent(case, &mut found);
    by_category(case, &mut found);
    by_risk(case, &mut found);
    if misses_order_number(case) {
        let reason = "The conversation names no order or invoice number.";
        add(
            &mut found,
            ActionWord::AskForDetails,
            MISSING_NUMBER,
            reason,
        );
    }
    found.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
    found.truncate(MAX_ACTIONS);
    found
}

/// Whether the message is about an order of the customer's own whose number nobody has named.
#[must_use]
pub fn misses_order_number(case: &Case) -> bool {
    case.intent()
        .is_some_and(|intent| NEEDS_ORDER.contains(&intent))
        && case.act() != Some("compliment")
        && is_own_case(case)
        && case.order_number().is_none()
}

/// Whether the customer speaks of something of their own, rather than of how things are in general.
#[must_use]
pub fn is_own_case(case: &Case) -> bool {
    let words = words(&case.text);
    let names_amount = case.analysis.as_ref().is_some_and(|analysis| {
        let mut entities = analysis.entities.iter();
        entities.any(|entity| entity.kind == EntityKind::Amount)
    });
    words.iter().any(|word| OWN.contains(&word.text.as_str()))
        || names_amount
        || case.order_number().is_some()
}

/// Whether a person with more rights should see it, whatever it is about: who says so outright.
#[must_use]
pub fn calls_for_escalation(case: &Case) -> Option<&'static str> {
    let said = find_statements(&words(&case.text));
    said.iter().find_map(|(statement, _)| match statement {
        Statement::LegalThreat => Some("The customer speaks of a lawyer, a court or an authority."),
        Statement::AsksForManager => Some("The customer asks for a manager."),
        Statement::Chargeback => Some("The customer wants to have the payment taken back."),
        _ => None,
    })
}

fn by_intent(case: &Case, found: &mut Vec<RecommendedAction>) {
    let Some(intent) = case
        .analysis
        .as_ref()
        .and_then(|analysis| analysis.intent.as_ref())
    else {
        return;
    };
    let primary = (intent.primary.as_str(), intent.confidence, MIN_PRIMARY);
    let secondary = intent.secondary.iter();
    let secondary = secondary.map(|scored| (scored.label.as_str(), scored.score, MIN_SECONDARY));
    for (label, probability, least) in std::iter::once(primary).chain(secondary) {
        if probability < least {
            continue;
        }
        if let Some((action, reason)) = of_label(label, case) {
            add(found, action, probability, reason);
        }
    }
}

fn of_label(label: &str, case: &Case) -> Option<(ActionWord, &'static str)> {
    Some(match label {
        "refund_request" => (ActionWord::StartRefund, "The message asks for money back."),
        "cancellation" => (
            ActionWord::CancelOrder,
            "The message is about a cancellation.",
        ),
        "order_status" if speaks_of_change(case) => (
            ActionWord::ChangeOrder,
            "The message asks to change an order.",
        ),
        "order_status" => (
            ActionWord::TrackShipment,
            "The message asks about an order.",
        ),
        "shipping_inquiry" if speaks_of_change(case) => (
            ActionWord::ChangeOrder,
            "The message asks to change where or how something is delivered.",
        ),
        // How delivery works in general is answered, and nothing is looked up.
        "shipping_inquiry" if is_own_case(case) => (
            ActionWord::TrackShipment,
            "The message asks about a delivery.",
        ),
        "account_access" => (
            ActionWord::RestoreAccess,
            "The message is about getting into an account.",
        ),
        "billing_inquiry" => (
            ActionWord::CheckBilling,
            "The message is about an invoice or a payment.",
        ),
        "technical_support" => (ActionWord::ReportFault, "Something does not work."),
        "feedback" if case.is_positive() => {
            (ActionWord::Acknowledge, "The customer says something kind.")
        }
        _ => return None,
    })
}

fn by_category(case: &Case, found: &mut Vec<RecommendedAction>) {
    let Some(analysis) = &case.analysis else {
        return;
    };
    for scored in &analysis.categories {
        let (action, reason) = match scored.category.as_str() {
            "refunds" => (ActionWord::StartRefund, "The message is about refunds."),
            "billing" => (ActionWord::CheckBilling, "The message is about billing."),
            "technical" => (ActionWord::ReportFault, "The message is about a fault."),
            "security" => (
                ActionWord::Escalate,
                "The message is about security: somebody who may act should see it.",
            ),
            _ => continue,
        };
        add(found, action, CATEGORY_SHARE * scored.score, reason);
    }
}

fn by_risk(case: &Case, found: &mut Vec<RecommendedAction>) {
    if let Some(reason) = calls_for_escalation(case) {
        add(found, ActionWord::Escalate, OUTRIGHT, reason);
    }
    let risk = case
        .analysis
        .as_ref()
        .map_or(0.0, |analysis| analysis.escalation_risk);
    if risk >= RISK_MEDIUM {
        let reason = "The conversation is at risk of going wrong.";
        add(found, ActionWord::Escalate, risk, reason);
    }
}

/// Whether a message asks for something to be different, in the languages of the phrases.
fn speaks_of_change(case: &Case) -> bool {
    #[rustfmt::skip]
    const CHANGES: [&str; 18] = [
        "chang", "modif", "edit", "correct", "update", "swap", "änder", "wijzig", "korrigier", "changer", "cambi", "corrig", "alter",
        "aggiorn", "actualiz", "replace", "umtausch", "aanpass",
    ];
    let words = words(&case.text);
    words
        .iter()
        .any(|word| CHANGES.iter().any(|change| word.text.starts_with(change)))
}

/// Adds an action, or raises its confidence and gives the surer reason.
fn add(found: &mut Vec<RecommendedAction>, action: ActionWord, confidence: f64, reason: &str) {
    let confidence = confidence.clamp(0.0, 1.0);
    let known = found.iter_mut().find(|other| other.action == action);
    match known {
        Some(other) if other.confidence >= confidence => {}
        Some(other) => {
            other.confidence = confidence;
            reason.clone_into(&mut other.reason);
        }
        None => found.push(RecommendedAction {
            action,
            reason: reason.to_owned(),
            confidence,
        }),
    }
}

#[cfg(test)]
mod tests;
