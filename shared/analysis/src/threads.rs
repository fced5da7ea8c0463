//! Labelled threads: reading them, playing them through the formula, and scoring it. For the fit and its tests.

use std::collections::HashMap;

use edgedesk_domain::analysis::PastMood;

use crate::risk::{N_SIGNALS, Signals, Weights, assess_with};
use crate::words::words;

/// A customer's messages of one conversation, with what a model read in them, and whether it escalated.
#[derive(Debug, Clone, PartialEq)]
pub struct Thread {
    /// Its name in the table.
    pub id: String,
    /// Whether a person had to step in.
    pub escalated: bool,
    /// Text, sentiment score (-1 to 1) and anger (0 to 1) of each message.
    pub messages: Vec<(String, f64, f64)>,
}

impl Thread {
    /// Joins a thread's texts with the table of readings: a line per message, `thread`, `message`, `score`, `anger`. `None` when
    /// a message has no reading.
    #[must_use]
    pub fn new(id: &str, escalated: bool, texts: &[String], moods: &str) -> Option<Self> {
        let rows: HashMap<(&str, &str), (f64, f64)> = moods
            .lines()
            .filter_map(|line| {
                let mut columns = line.split('\t');
                let key = (columns.next()?, columns.next()?);
                let score = columns.next()?.parse().ok()?;
                Some((key, (score, columns.next()?.parse().ok()?)))
            })
            .collect();
        let messages = texts
            .iter()
            .enumerate()
            .map(|(n, text)| {
                let number = n.to_string();
                let (score, anger) = rows.get(&(id, number.as_str()))?;
                Some((text.clone(), *score, *anger))
            })
            .collect::<Option<_>>()?;
        Some(Self {
            id: id.to_owned(),
            escalated,
            messages,
        })
    }

    /// A third of all threads, by a hash of the name (FNV-1a): never fitted on.
    #[must_use]
    pub fn is_held_out(&self) -> bool {
        let hash = self
            .id
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
            });
        // The low bits of this hash are weak for texts as alike as these.
        (hash >> 32) % 3 == 0
    }

    /// The risk after each message and the signals of the last.
    #[must_use]
    pub fn play(&self, weights: &Weights) -> (Vec<f64>, [f64; N_SIGNALS]) {
        let mut history: Vec<PastMood> = Vec::new();
        let mut values = [0.0; N_SIGNALS];
        for (seq, (text, score, anger)) in (1..).zip(&self.messages) {
            let signals = Signals::read(&words(text), text, *score, *anger, &history);
            values = signals.values();
            let risk = assess_with(weights, &signals).0;
            history.push(PastMood {
                seq,
                score: *score,
                risk,
            });
        }
        (history.iter().map(|past| past.risk).collect(), values)
    }
}

/// How good risks are as probabilities of what happened.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RiskScores {
    /// The chance that an escalated thread has more risk than a calm one.
    pub auc: f64,
    /// Mean squared distance of risk and outcome.
    pub brier: f64,
    /// Expected calibration error over five bins of equal width.
    pub calibration_error: f64,
}

/// Scores risks (0 to 1) against what happened. 0.5 as the AUC when all threads ended alike.
#[must_use]
pub fn score(risks: &[(f64, bool)]) -> RiskScores {
    const N_BINS: usize = 5;
    let n = risks.len().max(1) as f64;
    let outcome = |escalated: bool| f64::from(u8::from(escalated));
    let (mut pairs, mut wins) = (0.0, 0.0);
    for (risk, _) in risks.iter().filter(|(_, escalated)| *escalated) {
        for (calm, _) in risks.iter().filter(|(_, escalated)| !escalated) {
            pairs += 1.0;
            wins += match risk.total_cmp(calm) {
                std::cmp::Ordering::Greater => 1.0,
                std::cmp::Ordering::Equal => 0.5,
                std::cmp::Ordering::Less => 0.0,
            };
        }
    }
    let brier = risks
        .iter()
        .map(|(risk, escalated)| (risk - outcome(*escalated)).powi(2))
        .sum::<f64>()
        / n;
    let calibration_error = (0..N_BINS)
        .map(|bin| {
            let low = bin as f64 / N_BINS as f64;
            let high = (bin + 1) as f64 / N_BINS as f64;
            let inside = risks
                .iter()
                .filter(|(risk, _)| *risk >= low && (*risk < high || bin + 1 == N_BINS));
            inside
                .map(|(risk, escalated)| risk - outcome(*escalated))
                .sum::<f64>()
                .abs()
                / n
        })
        .sum();
    RiskScores {
        auc: if pairs > 0.0 { wins / pairs } else { 0.5 },
        brier,
        calibration_error,
    }
}
