//! Escalation risk: signals joined by a logistic formula whose weights are fitted on labelled threads, none of them negative.
//!
//! `risk = 1 / (1 + e^-(base + w_1 x_1 + … + w_n x_n))`, each `x` from 0 to 1. Why this formula, and how its weights came about
//! and what they score, is `docs/decisions/0010-escalation-risk.md`; `examples/fit_risk.rs` makes them again.

use std::collections::BTreeMap;

use edgedesk_domain::analysis::{PastMood, Reason, Span, Trend};

use crate::phrases::{Statement, find_statements, shouting};
use crate::trend::trend;
use crate::urgency::by_kind;
use crate::words::Word;

/// What speaks for an escalation.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Signals {
    /// How negative this message is: 0 (not at all) to 1.
    pub negativity: f64,
    /// How angry or frustrated it is, 0 to 1, from [`crate::emotions::anger`].
    pub anger: f64,
    /// Whether the mood is getting worse.
    pub declining: bool,
    /// Negative messages among the last few before this one.
    pub n_earlier_negatives: usize,
    /// What is left of the risk before this message, 0 to 1: a threat does not vanish because the next message is "Hello?".
    pub carried: f64,
    /// What was said outright, and where.
    pub statements: BTreeMap<Statement, Vec<Span>>,
    /// 0 to 1, from [`crate::phrases::shouting`].
    pub shouting: f64,
}

/// Messages before this one among which negatives count.
const NEGATIVES_WINDOW: usize = 5;
/// Further negatives than these say nothing new.
const MAX_EARLIER_NEGATIVES: usize = 4;
/// From here down a message counts as negative; the border of the five-way label.
const NEGATIVE_SCORE: f64 = -0.2;

impl Signals {
    /// The signals of a message: its words, its text, its sentiment score (-1 to 1), its anger (0 to 1), and the moods before
    /// it, oldest first.
    #[must_use]
    pub fn read(words: &[Word], text: &str, score: f64, anger: f64, history: &[PastMood]) -> Self {
        let scores: Vec<f64> = history
            .iter()
            .map(|past| past.score)
            .chain([score])
            .collect();
        let recent = &history[history.len().saturating_sub(NEGATIVES_WINDOW)..];
        Self {
            negativity: -score,
            anger,
            declining: trend(&scores) == Trend::Declining,
            n_earlier_negatives: recent
                .iter()
                .filter(|past| past.score < NEGATIVE_SCORE)
                .count(),
            // A happy message takes back what was carried over, as far as it is happy.
            carried: history
                .last()
                .map_or(0.0, |past| past.risk * (1.0 - score.max(0.0))),
            statements: by_kind(&find_statements(words)),
            shouting: shouting(text),
        }
    }

    /// The signals as numbers from 0 to 1, in the order of [`Weights`].
    #[must_use]
    pub fn values(&self) -> [f64; N_SIGNALS] {
        let said = |statement| f64::from(u8::from(self.statements.contains_key(&statement)));
        let n_negatives = self.n_earlier_negatives.min(MAX_EARLIER_NEGATIVES);
        let [
            legal,
            manager,
            chargeback,
            public,
            cancels,
            repeat,
            wait,
            insult,
        ] = Statement::ALL.map(said);
        [
            unit(self.negativity),
            unit(self.anger),
            f64::from(u8::from(self.declining)),
            n_negatives as f64 / MAX_EARLIER_NEGATIVES as f64,
            unit(self.carried),
            unit(self.shouting),
            legal,
            manager,
            chargeback,
            public,
            cancels,
            repeat,
            wait,
            insult,
        ]
    }
}

/// Signals that the formula weighs.
pub const N_SIGNALS: usize = 14;

/// The formula's numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Weights {
    /// The log-odds of a message with no signal at all.
    pub base: f64,
    /// What each signal at full strength adds to the log-odds, in the order of [`Signals::values`]; never negative, so that
    /// more of any signal never lowers the risk.
    pub signals: [f64; N_SIGNALS],
}

/// What was thought before anything was fitted, and what the fit is held to where the threads say little: one very negative
/// message stays below 0.5 (it is what support is for), an outright threat in anger passes 0.7.
pub const PRIOR: Weights = Weights {
    base: -3.2,
    signals: [
        2.6, 1.0, 0.8, 2.0, 2.0, 0.8, 2.2, 2.0, 2.2, 1.6, 1.0, 1.3, 0.8, 1.2,
    ],
};

/// The weights in use, as `examples/fit_risk.rs` printed them.
pub const WEIGHTS: Weights = Weights {
    base: -3.50,
    signals: [
        3.59, 1.44, 0.96, 2.47, 2.42, 0.81, 2.73, 2.64, 2.31, 2.13, 1.43, 1.26, 0.80, 1.57,
    ],
};

/// The risk, 0 to 1, and its reasons by falling weight. The weights of the reasons add up to what the signals raise the risk by
/// over that of a message without any.
#[must_use]
pub fn assess(signals: &Signals) -> (f64, Vec<Reason>) {
    assess_with(&WEIGHTS, signals)
}

/// As [`assess`], with other weights.
#[must_use]
pub fn assess_with(weights: &Weights, signals: &Signals) -> (f64, Vec<Reason>) {
    let shares: Vec<f64> = signals
        .values()
        .iter()
        .zip(weights.signals)
        .map(|(value, weight)| value * weight)
        .collect();
    let total: f64 = shares.iter().sum();
    let risk = logistic(weights.base + total);
    let raised = risk - logistic(weights.base);
    let mut reasons: Vec<Reason> = shares
        .into_iter()
        .enumerate()
        .filter(|(_, share)| *share > 0.0)
        .map(|(number, share)| {
            let (code, text, spans) = words_of(number, signals);
            Reason {
                code: code.to_owned(),
                text,
                weight: (raised * share / total).clamp(0.0, 1.0),
                spans,
            }
        })
        .collect();
    reasons.sort_by(|a, b| b.weight.total_cmp(&a.weight));
    (risk, reasons)
}

/// The code, the words and the places of the signal with this number.
fn words_of(number: usize, signals: &Signals) -> (&'static str, String, Vec<Span>) {
    let whole = |code, text: String| (code, text, Vec::new());
    match number {
        0 => whole(
            "negative_message",
            format!("Reads as negative ({:.2})", unit(signals.negativity)),
        ),
        1 => whole(
            "anger",
            format!("Reads as angry or frustrated ({:.2})", unit(signals.anger)),
        ),
        2 => whole("mood_declining", "The mood is getting worse".into()),
        3 => {
            let n = signals.n_earlier_negatives.min(MAX_EARLIER_NEGATIVES);
            let plural = if n == 1 { "" } else { "s" };
            whole(
                "repeated_negatives",
                format!("{n} earlier negative message{plural}"),
            )
        }
        4 => whole(
            "earlier_risk",
            format!(
                "The risk was {:.2} before this message",
                unit(signals.carried)
            ),
        ),
        5 => whole("shouting", "Written in capitals or with many marks".into()),
        _ => {
            let statement = number.checked_sub(N_SIGNALS - Statement::ALL.len());
            let Some(statement) = statement.and_then(|at| Statement::ALL.get(at)) else {
                return whole("other", "Another signal".into());
            };
            let (code, text) = statement_words(*statement);
            let spans = signals.statements.get(statement).cloned();
            (code, text.to_owned(), spans.unwrap_or_default())
        }
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

/// The probability of log-odds.
#[must_use]
pub fn logistic(log_odds: f64) -> f64 {
    1.0 / (1.0 + (-log_odds).exp())
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

    fn signals() -> impl Strategy<Value = Signals> {
        let numbers = (
            0.0..=1.0,
            0.0..=1.0,
            any::<bool>(),
            0_usize..8,
            0.0..=1.0,
            0.0..=1.0,
        );
        (
            numbers,
            collection::btree_set(sample::select(&Statement::ALL[..]), 0..8),
        )
            .prop_map(
                |((negativity, anger, declining, n_earlier_negatives, carried, shouting), said)| {
                    Signals {
                        negativity,
                        anger,
                        declining,
                        n_earlier_negatives,
                        carried,
                        statements: said
                            .into_iter()
                            .map(|statement| (statement, vec![]))
                            .collect(),
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
            let mut said = low.statements.clone();
            said.insert(Statement::ALL[n], vec![]);
            let raised = [
                Signals { negativity: low.negativity + more, ..low.clone() },
                Signals { anger: low.anger + more, ..low.clone() },
                Signals { declining: true, ..low.clone() },
                Signals { n_earlier_negatives: low.n_earlier_negatives + 1, ..low.clone() },
                Signals { carried: low.carried + more, ..low.clone() },
                Signals { shouting: low.shouting + more, ..low.clone() },
                Signals { statements: said, ..low.clone() },
            ];
            for signals in raised {
                prop_assert!(assess(&signals).0 >= before - 1e-12, "{signals:?}");
            }
        }

        #[test]
        fn reasons_add_up_to_what_the_signals_raise(signals in signals()) {
            let (risk, reasons) = assess(&signals);
            prop_assert!((0.0..=1.0).contains(&risk));
            let sum: f64 = reasons.iter().map(|reason| reason.weight).sum();
            let calm = assess(&Signals::default()).0;
            prop_assert!((sum - (risk - calm)).abs() < 1e-9, "{sum} for {risk}");
            prop_assert!(reasons.is_sorted_by(|a, b| a.weight >= b.weight));
        }
    }

    #[test]
    fn no_weight_is_negative() {
        for weight in WEIGHTS.signals {
            assert!(weight >= 0.0, "{weight}");
        }
    }

    #[test]
    fn nothing_to_say_is_hardly_a_risk() {
        let (risk, reasons) = assess(&Signals::default());
        assert!(risk < 0.1 && reasons.is_empty(), "{risk} {reasons:?}");
    }

    #[test]
    fn numbers_out_of_range_are_clamped() {
        let wild = Signals {
            negativity: f64::NAN,
            carried: 9.0,
            shouting: -3.0,
            ..Signals::default()
        };
        let sane = Signals {
            carried: 1.0,
            ..Signals::default()
        };
        assert!((assess(&wild).0 - assess(&sane).0).abs() < 1e-12);
    }
}
