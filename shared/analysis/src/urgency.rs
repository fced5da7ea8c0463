//! Urgency and priority: rules over what a message says outright, each with its words.

use std::collections::BTreeMap;

use edgedesk_domain::analysis::{RISK_HIGH, RISK_MEDIUM, Reason, Span, SuggestedPriority, Urgency};
use edgedesk_domain::conversation::Priority;

use crate::phrases::{Sign, Statement};

/// Places of a sign or statement that a reason marks at most: the rest says the same again.
const MAX_SPANS: usize = 8;

/// How far one sign alone presses, 0 to 1.
const fn press(sign: Sign) -> f64 {
    match sign {
        Sign::Danger => 0.9,
        Sign::Security | Sign::Outage => 0.65,
        Sign::PaymentFailure => 0.55,
        Sign::SaysUrgent => 0.5,
        Sign::BusinessImpact => 0.45,
        Sign::ManyAffected | Sign::Deadline => 0.35,
        Sign::NoHurry => 0.0,
    }
}

/// The code and the words of a sign.
const fn sign_words(sign: Sign) -> (&'static str, &'static str) {
    match sign {
        Sign::Danger => ("danger", "Somebody or something is in danger"),
        Sign::Security => ("security", "Speaks of fraud, theft or a break-in"),
        Sign::Outage => ("outage", "A service is down"),
        Sign::PaymentFailure => ("payment_failed", "A payment failed or was taken wrongly"),
        Sign::SaysUrgent => ("says_urgent", "Says that it is urgent"),
        Sign::BusinessImpact => ("business_impact", "Money or work is being lost"),
        Sign::ManyAffected => ("many_affected", "Many people are affected"),
        Sign::Deadline => ("deadline", "Something must happen by a time that is near"),
        Sign::NoHurry => ("no_hurry", "Says that there is no hurry"),
    }
}

/// Statements that press, too: somebody who threatens will not wait.
const PRESSING_STATEMENTS: [(Statement, f64, &str, &str); 3] = [
    (
        Statement::LegalThreat,
        0.35,
        "legal_threat",
        "Mentions a lawyer, a court or an authority",
    ),
    (
        Statement::Chargeback,
        0.35,
        "chargeback",
        "Wants to dispute the payment",
    ),
    (
        Statement::LongWait,
        0.2,
        "long_wait",
        "Has been waiting for long",
    ),
];

/// How pressing a message is. Rules are joined like independent chances, `1 - (1 - a)(1 - b)…`, so that a further one never
/// lowers the score; the same one twice counts once. That there is no hurry lowers nothing: it may stand beside a fire.
#[must_use]
pub fn urgency(signs: &[(Sign, Span)], statements: &[(Statement, Span)]) -> Urgency {
    let signs = by_kind(signs);
    let statements = by_kind(statements);
    let from_signs = signs
        .iter()
        .filter(|(sign, _)| **sign != Sign::NoHurry)
        .map(|(sign, spans)| {
            let (code, text) = sign_words(*sign);
            reason(code, text, press(*sign), spans.clone())
        });
    let from_statements =
        PRESSING_STATEMENTS
            .iter()
            .filter_map(|(statement, weight, code, text)| {
                let spans = statements.get(statement)?;
                Some(reason(code, text, *weight, spans.clone()))
            });
    let mut reasons: Vec<Reason> = from_signs.chain(from_statements).collect();
    reasons.sort_by(|a, b| b.weight.total_cmp(&a.weight));
    let calm: f64 = reasons.iter().map(|reason| 1.0 - reason.weight).product();
    Urgency {
        score: (1.0 - calm).clamp(0.0, 1.0),
        reasons,
    }
}

/// What the rules of priority look at.
#[derive(Debug, Clone, Copy)]
pub struct Situation<'a> {
    /// What presses, in the message.
    pub signs: &'a [(Sign, Span)],
    /// What was said outright.
    pub statements: &'a [(Statement, Span)],
    /// Of the conversation, 0 to 1.
    pub escalation_risk: f64,
    /// What the customer does by writing, if it is known.
    pub act: Option<&'a str>,
    /// The message is not negative.
    pub content: bool,
}

/// The priority of a message, by these rules, the first level that applies:
///
/// - urgent: danger, security, an outage, a failed payment; it is said to be urgent and another sign presses; risk above
///   [`RISK_HIGH`];
/// - high: any other sign that presses; a threat with the law or the bank, a manager asked for; risk from [`RISK_MEDIUM`];
/// - low: the customer says that there is no hurry, or praises;
/// - normal: all else.
#[must_use]
pub fn priority(situation: &Situation) -> SuggestedPriority {
    let mut urgent = Vec::new();
    let mut high = Vec::new();
    let mut low = Vec::new();
    let signs = by_kind(situation.signs);
    let n_pressing = signs.keys().filter(|sign| **sign != Sign::NoHurry).count();
    for (sign, spans) in &signs {
        let (code, text) = sign_words(*sign);
        let level = match sign {
            Sign::Danger | Sign::Security | Sign::Outage | Sign::PaymentFailure => &mut urgent,
            Sign::SaysUrgent if n_pressing > 1 => &mut urgent,
            Sign::SaysUrgent | Sign::BusinessImpact | Sign::ManyAffected | Sign::Deadline => {
                &mut high
            }
            Sign::NoHurry => &mut low,
        };
        level.push(reason(code, text, press(*sign), spans.clone()));
    }
    for (statement, spans) in by_kind(situation.statements) {
        let (code, text) = match statement {
            Statement::LegalThreat => {
                ("legal_threat", "Mentions a lawyer, a court or an authority")
            }
            Statement::Chargeback => ("chargeback", "Wants to dispute the payment"),
            Statement::AsksForManager => ("asks_for_manager", "Asks for a manager"),
            _ => continue,
        };
        high.push(reason(code, text, 0.35, spans));
    }
    let risk = situation.escalation_risk;
    if risk > RISK_HIGH {
        urgent.push(reason(
            "high_risk",
            "The conversation is about to escalate",
            risk,
            Vec::new(),
        ));
    } else if risk >= RISK_MEDIUM {
        high.push(reason(
            "medium_risk",
            "The conversation may escalate",
            risk,
            Vec::new(),
        ));
    }
    if situation.act == Some("compliment") && situation.content {
        low.push(reason("praise", "Praises", 0.0, Vec::new()));
    }
    let (level, mut reasons) = if !urgent.is_empty() {
        urgent.append(&mut high);
        (Priority::Urgent, urgent)
    } else if !high.is_empty() {
        (Priority::High, high)
    } else if !low.is_empty() {
        (Priority::Low, low)
    } else {
        let nothing = reason("nothing_presses", "No rule says otherwise", 0.0, Vec::new());
        (Priority::Normal, vec![nothing])
    };
    reasons.sort_by(|a, b| b.weight.total_cmp(&a.weight));
    SuggestedPriority { level, reasons }
}

/// Finds by their kind, with at most [`MAX_SPANS`] places each.
pub(crate) fn by_kind<T: Copy + Ord>(found: &[(T, Span)]) -> BTreeMap<T, Vec<Span>> {
    let mut kinds: BTreeMap<T, Vec<Span>> = BTreeMap::new();
    for (kind, span) in found {
        let spans = kinds.entry(*kind).or_default();
        if spans.len() < MAX_SPANS && !spans.contains(span) {
            spans.push(*span);
        }
    }
    kinds
}

pub(crate) fn reason(code: &str, text: &str, weight: f64, spans: Vec<Span>) -> Reason {
    Reason {
        code: code.to_owned(),
        text: text.to_owned(),
        weight,
        spans,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::ProptestConfig;
    use proptest::{collection, prop_assert, proptest, sample};

    use super::*;
    use crate::phrases::{find_signs, find_statements};
    use crate::words::words;

    fn level(text: &str) -> Priority {
        suggested(text, 0.0, None).level
    }

    fn suggested(text: &str, escalation_risk: f64, act: Option<&str>) -> SuggestedPriority {
        let words = words(text);
        priority(&Situation {
            signs: &find_signs(&words),
            statements: &find_statements(&words),
            escalation_risk,
            act,
            content: true,
        })
    }

    #[test]
    fn rules_give_levels() {
        for (text, expected) in [
            ("payment failed", Priority::Urgent),
            ("I was charged twice", Priority::Urgent),
            ("The adapter caught fire", Priority::Urgent),
            ("Our whole site is down", Priority::Urgent),
            ("Somebody hacked my account", Priority::Urgent),
            ("I need it urgently, before Friday", Priority::Urgent),
            ("This is urgent", Priority::High),
            ("I need it before Friday", Priority::High),
            ("I will call my lawyer", Priority::High),
            ("Where is my parcel?", Priority::Normal),
            ("Does it come in blue?", Priority::Normal),
            ("No hurry, but does it come in blue?", Priority::Low),
            ("Maksu epäonnistui", Priority::Urgent),
            ("Das eilt nicht", Priority::Low),
        ] {
            assert_eq!(level(text), expected, "{text}");
        }
    }

    #[test]
    fn risk_and_praise_count() {
        for (risk, expected) in [
            (0.81, Priority::Urgent),
            (RISK_HIGH, Priority::High),
            (RISK_MEDIUM, Priority::High),
            (0.49, Priority::Normal),
        ] {
            assert_eq!(suggested("hello", risk, None).level, expected, "{risk}");
        }
        let praise = suggested("Great service", 0.0, Some("compliment"));
        assert_eq!(praise.level, Priority::Low);
        assert_eq!(praise.reasons[0].code, "praise");
    }

    #[test]
    fn the_words_of_a_rule_are_marked() {
        let text = "Hi, the payment failed";
        let words = words(text);
        let urgency = urgency(&find_signs(&words), &[]);
        assert_eq!(urgency.reasons[0].spans, [Span { start: 8, end: 22 }]);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_further_rule_never_lowers_urgency_or_priority(
            signs in collection::vec(sample::select(&Sign::PRESSING[..]), 0..6),
            statements in collection::vec(sample::select(&Statement::ALL[..]), 0..4),
            more in sample::select(&Sign::PRESSING[..]),
            also in sample::select(&Statement::ALL[..]),
        ) {
            let here = Span { start: 0, end: 1 };
            let signs: Vec<_> = signs.into_iter().map(|sign| (sign, here)).collect();
            let statements: Vec<_> = statements.into_iter().map(|statement| (statement, here)).collect();
            let more_signs = [&signs[..], &[(more, here)]].concat();
            let more_statements = [&statements[..], &[(also, here)]].concat();
            let rank = |signs: &[(Sign, Span)], statements: &[(Statement, Span)]| {
                let situation = Situation { signs, statements, escalation_risk: 0.0, act: None, content: true };
                match priority(&situation).level {
                    Priority::Low => 0,
                    Priority::Normal => 1,
                    Priority::High => 2,
                    Priority::Urgent => 3,
                }
            };
            let before = urgency(&signs, &statements);
            for (signs, statements) in [(&more_signs, &statements), (&signs, &more_statements)] {
                let after = urgency(signs, statements);
                prop_assert!(after.score >= before.score);
                prop_assert!((0.0..=1.0).contains(&after.score));
            }
            prop_assert!(rank(&more_signs, &statements) >= rank(&signs, &statements));
            prop_assert!(rank(&signs, &more_statements) >= rank(&signs, &statements));
        }
    }
}
