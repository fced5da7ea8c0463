//! Escalation risk: independent signals, each with a weight and a reason, joined so that none can lower the risk.

use std::collections::BTreeSet;

use edgedesk_domain::analysis::Reason;

use crate::phrases::Statement;

/// What speaks for an escalation.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Signals {
    /// How negative this message is: 0 (not at all) to 1.
    pub negativity: f64,
    /// Whether the mood is getting worse.
    pub declining: bool,
    /// Negative messages among the last few before this one.
    pub n_earlier_negatives: usize,
    /// What is left of the risk before this message, 0 to 1: a threat does not vanish because the next message is "Hello?".
    pub carried: f64,
    /// What was said outright.
    pub statements: BTreeSet<Statement>,
    /// 0 to 1, from [`crate::phrases::shouting`].
    pub shouting: f64,
}

/// The share of the risk that each signal brings on its own at full strength. Set so that one very negative message stays
/// below 0.5 (it is what support is for), a second signal makes it 0.5 and more, and three or an outright threat in
/// anger pass 0.7.
const NEGATIVITY_WEIGHT: f64 = 0.42;
const DECLINING_WEIGHT: f64 = 0.15;
const EARLIER_NEGATIVE_WEIGHT: f64 = 0.1;
const MAX_EARLIER_NEGATIVES: usize = 4;
const CARRIED_WEIGHT: f64 = 0.4;
const SHOUTING_WEIGHT: f64 = 0.14;

const fn statement_weight(statement: Statement) -> f64 {
    match statement {
        Statement::LegalThreat | Statement::Chargeback => 0.4,
        Statement::AsksForManager => 0.35,
        Statement::PublicComplaint => 0.3,
        Statement::Cancels | Statement::RepeatContact | Statement::Insult => 0.22,
        Statement::LongWait => 0.15,
    }
}

const fn statement_words(statement: Statement) -> (&'static str, &'static str) {
    match statement {
        Statement::LegalThreat => ("legal_threat", "Mentions a lawyer, a court or an authority"),
        Statement::AsksForManager => ("asks_for_manager", "Asks for a manager"),
        Statement::Chargeback => ("chargeback", "Wants to dispute the payment"),
        Statement::PublicComplaint => ("public_complaint", "Mentions a public complaint"),
        Statement::Cancels => ("wants_to_leave", "Wants to cancel or leave"),
        Statement::RepeatContact => ("repeat_contact", "Has written about this before"),
        Statement::LongWait => ("long_wait", "Has been waiting for long"),
        Statement::Insult => ("insult", "Uses harsh words"),
    }
}

/// The risk, 0 to below 1, and its reasons by falling weight. The weights add up to the risk.
///
/// Signals are joined like independent chances, `1 - (1 - a)(1 - b)…`: more of any signal never lowers the risk.
#[must_use]
pub fn assess(signals: &Signals) -> (f64, Vec<Reason>) {
    let chances = chances(signals);
    // -ln(1 - chance) adds up, so each reason's share of the sum is its share of the risk.
    let total: f64 = chances
        .iter()
        .map(|(chance, ..)| -(1.0 - chance).ln())
        .sum();
    let risk = 1.0 - (-total).exp();
    let mut reasons: Vec<Reason> = chances
        .into_iter()
        .map(|(chance, code, text)| Reason {
            code: code.into(),
            text,
            weight: risk * -(1.0 - chance).ln() / total,
        })
        .collect();
    reasons.sort_by(|a, b| b.weight.total_cmp(&a.weight));
    (risk, reasons)
}

/// The signals that are there, each as chance, code and words.
fn chances(signals: &Signals) -> Vec<(f64, &'static str, String)> {
    let mut found = Vec::new();
    let negativity = unit(signals.negativity);
    found.push((
        NEGATIVITY_WEIGHT * negativity,
        "negative_message",
        format!("Reads as negative ({negativity:.2})"),
    ));
    if signals.declining {
        found.push((
            DECLINING_WEIGHT,
            "mood_declining",
            "The mood is getting worse".into(),
        ));
    }
    let n_negatives = signals.n_earlier_negatives.min(MAX_EARLIER_NEGATIVES);
    let plural = if n_negatives == 1 { "" } else { "s" };
    found.push((
        EARLIER_NEGATIVE_WEIGHT * n_negatives as f64,
        "repeated_negatives",
        format!("{n_negatives} earlier negative message{plural}"),
    ));
    let carried = unit(signals.carried);
    found.push((
        CARRIED_WEIGHT * carried,
        "earlier_risk",
        format!("The risk was {carried:.2} before this message"),
    ));
    for statement in &signals.statements {
        let (code, words) = statement_words(*statement);
        found.push((statement_weight(*statement), code, words.into()));
    }
    found.push((
        SHOUTING_WEIGHT * unit(signals.shouting),
        "shouting",
        "Written in capitals or with many marks".into(),
    ));
    found.retain(|(chance, ..)| *chance > 0.005);
    found
}

/// Clamped to 0 to 1; what is no number counts as 0.
fn unit(value: f64) -> f64 {
    if value.is_nan() {
        0.0
    } else {
        value.clamp(0.0, 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::{ProptestConfig, Strategy, any};
    use proptest::{collection, prop_assert, proptest, sample};

    const STATEMENTS: [Statement; 8] = [
        Statement::LegalThreat,
        Statement::AsksForManager,
        Statement::Chargeback,
        Statement::PublicComplaint,
        Statement::Cancels,
        Statement::RepeatContact,
        Statement::LongWait,
        Statement::Insult,
    ];

    fn signals() -> impl Strategy<Value = Signals> {
        let numbers = (0.0..=1.0, any::<bool>(), 0_usize..8, 0.0..=1.0, 0.0..=1.0);
        (
            numbers,
            collection::btree_set(sample::select(&STATEMENTS[..]), 0..8),
        )
            .prop_map(
                |((negativity, declining, n_earlier_negatives, carried, shouting), statements)| {
                    Signals {
                        negativity,
                        declining,
                        n_earlier_negatives,
                        carried,
                        statements,
                        shouting,
                    }
                },
            )
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn more_of_any_signal_never_lowers_the_risk(low in signals(), more in 0.0..1.0_f64, n in 0_usize..8) {
            let before = assess(&low).0;
            let raised = [
                Signals { negativity: low.negativity + more, ..low.clone() },
                Signals { declining: true, ..low.clone() },
                Signals { n_earlier_negatives: low.n_earlier_negatives + 1, ..low.clone() },
                Signals { carried: low.carried + more, ..low.clone() },
                Signals { shouting: low.shouting + more, ..low.clone() },
                Signals { statements: low.statements.iter().copied().chain([STATEMENTS[n]]).collect(), ..low.clone() },
            ];
            for signals in raised {
                // Signals too small to name are left out, which moves the risk by half a hundredth at most.
                prop_assert!(assess(&signals).0 >= before - 1e-12, "{signals:?}");
            }
        }

        #[test]
        fn reasons_add_up_to_the_risk(signals in signals()) {
            let (risk, reasons) = assess(&signals);
            prop_assert!((0.0..1.0).contains(&risk));
            let sum: f64 = reasons.iter().map(|reason| reason.weight).sum();
            prop_assert!((sum - risk).abs() < 1e-9, "{sum} for {risk}");
            prop_assert!(reasons.is_sorted_by(|a, b| a.weight >= b.weight));
        }
    }

    #[test]
    fn nothing_to_say_is_no_risk() {
        assert_eq!(assess(&Signals::default()), (0.0, vec![]));
    }

    #[test]
    fn numbers_out_of_range_are_clamped() {
        let wild = Signals {
            negativity: f64::NAN,
            carried: 9.0,
            shouting: -3.0,
            ..Signals::default()
        };
        assert!((assess(&wild).0 - CARRIED_WEIGHT).abs() < 1e-9);
    }
}
