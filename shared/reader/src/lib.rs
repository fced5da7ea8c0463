//! A text to its [`Analysis`]: the encoder with its heads, the language models and the rules of `edgedesk-analysis`, put
//! together once for the inference Worker and for the commands that measure the same natively.
//!
//! In scope: which model is asked for what. Out of scope: where the models' bytes come from, and clocks.
#![forbid(unsafe_code)]

use edgedesk_analysis::assemble::{AssembleError, HeadScores, Observed, assemble};
use edgedesk_analysis::validate::{InvalidAnalysis, validate};
use edgedesk_domain::analysis::{Analysis, Language, ModelRef, PastMood, Scored};
use edgedesk_encoder::{Model, ModelError, Reading};
use edgedesk_language::{HashedMood, Identifier, MoodScores};

/// The head that [`HashedMood`] stands in for, or speaks with.
const SENTIMENT_HEAD: &str = "sentiment";
/// Names of the hashed models as in the manifest: an analysis carries that of the one that had a say in its sentiment.
const MULTILINGUAL_ID: &str = "edgedesk-mood-multilingual";
const ENGLISH_ID: &str = "edgedesk-mood-english";
/// What the encoder was trained on.
const ENCODER_LANGUAGE: &str = "en";
/// The power that the encoder's probabilities are raised to where it does not know the language: it still reads emoji, names and
/// borrowed words. On `umsab/val` without English, both halves gain: 0.537 without it, 0.548 with it (macro-F1).
const FOREIGN_SHARE: f64 = 0.25;
/// A guess of the language below this leaves a text to the encoder.
const MIN_FOREIGN_CONFIDENCE: f32 = 0.5;

/// A text that could not be analysed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ReadError {
    /// The encoder failed.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// What it said is no analysis.
    #[error(transparent)]
    Assemble(#[from] AssembleError),
    /// The analysis breaks its own rules.
    #[error(transparent)]
    Invalid(#[from] InvalidAnalysis),
}

/// The models. Only the first is needed; without another, what it would have said is left out.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a> {
    /// The encoder with its heads.
    pub model: &'a Model,
    /// Tells languages apart.
    pub language: Option<&'a Identifier>,
    /// Reads moods in languages that the encoder does not know.
    pub multilingual: Option<&'a HashedMood>,
    /// Reads moods by the words said, in English, beside the encoder.
    pub english: Option<&'a HashedMood>,
}

/// What was read out of a text.
#[derive(Debug, Clone, PartialEq)]
pub struct Read {
    /// What models and rules say.
    pub analysis: Analysis,
    /// What the encoder said: features for heads that are not its own, and what an embedder goes on from.
    pub reading: Reading,
}

impl Reader<'_> {
    /// Reads a text after the moods of earlier messages, oldest first. `now_ms` is a clock in milliseconds.
    pub fn read(
        &self,
        text: &str,
        history: &[PastMood],
        now_ms: impl Fn() -> f64,
    ) -> Result<Read, ReadError> {
        let started = now_ms();
        let reading = self.model.run(text)?;
        let mut heads: HeadScores = reading
            .heads
            .iter()
            .map(|(name, scores)| (name.clone(), scores.iter().cloned().map(scored).collect()))
            .collect();
        let guess = self
            .language
            .and_then(|identifier| identifier.identify(text));
        let is_foreign = guess.as_ref().is_some_and(|guess| {
            guess.confidence >= MIN_FOREIGN_CONFIDENCE && guess.code != ENCODER_LANGUAGE
        });
        let (mood_model, mood_id) = if is_foreign {
            (self.multilingual, MULTILINGUAL_ID)
        } else {
            (self.english, ENGLISH_ID)
        };
        let mut decided_by = self.model.id().to_owned();
        if let Some(mood) = mood_model.and_then(|model| model.read(text)) {
            let sentiment = heads.entry(SENTIMENT_HEAD.to_owned()).or_default();
            let share = if is_foreign { FOREIGN_SHARE } else { 1.0 };
            *sentiment = product(sentiment, share, &mood);
            decided_by = format!("{decided_by}+{mood_id}");
        }
        let analysis = assemble(Observed {
            text,
            heads: &heads,
            history,
            language: guess.as_ref().map(|guess| Language {
                code: guess.code.to_owned(),
                confidence: f64::from(guess.confidence),
            }),
            model_languages: &[ENCODER_LANGUAGE],
            own_intent: None,
            model: ModelRef {
                id: decided_by,
                version: self.model.version().to_owned(),
            },
            elapsed_ms: now_ms() - started,
        })?;
        validate(&analysis)?;
        Ok(Read { analysis, reading })
    }
}

/// A product of experts (Hinton 1999, doi:10.1049/cp:19991075): the two probabilities of each class multiplied, the encoder's
/// raised to its `share` (0: no say, 1: a whole one), then made to sum to 1. For English their temperatures were fitted together by
/// `models/train/english.py`.
fn product(encoder: &[Scored], share: f64, hashed: &MoodScores) -> Vec<Scored> {
    let mut both: Vec<Scored> = by_label(hashed)
        .into_iter()
        .map(|(label, other)| {
            let own = encoder.iter().find(|scored| scored.label == label);
            Scored {
                score: own.map_or(0.0, |scored| scored.score).powf(share) * f64::from(other),
                label,
            }
        })
        .collect();
    let total: f64 = both.iter().map(|scored| scored.score).sum();
    // Nothing to divide by only if each of the two is certain of what the other rules out.
    if total <= f64::MIN_POSITIVE {
        return encoder.to_vec();
    }
    for scored in &mut both {
        scored.score /= total;
    }
    both
}

fn by_label(mood: &MoodScores) -> [(String, f32); 3] {
    [
        ("negative", mood.negative),
        ("neutral", mood.neutral),
        ("positive", mood.positive),
    ]
    .map(|(label, score)| (label.to_owned(), score))
}

fn scored((label, score): (String, f32)) -> Scored {
    Scored {
        label,
        score: f64::from(score),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoder(scores: [f64; 3]) -> Vec<Scored> {
        ["negative", "neutral", "positive"]
            .into_iter()
            .zip(scores)
            .map(|(label, score)| Scored {
                label: label.into(),
                score,
            })
            .collect()
    }

    fn check(own: [f64; 3], share: f64, hashed: [f32; 3], expected: [f64; 3]) {
        let [negative, neutral, positive] = hashed;
        let hashed = MoodScores {
            negative,
            neutral,
            positive,
        };
        for (found, wanted) in product(&encoder(own), share, &hashed).iter().zip(expected) {
            assert!(
                (found.score - wanted).abs() < 1e-6,
                "{found:?} for {wanted}"
            );
        }
    }

    #[test]
    fn two_opinions_are_multiplied() {
        // 0.5 * 0.2, 0.25 * 0.6, 0.25 * 0.2, divided by their sum 0.3.
        check(
            [0.5, 0.25, 0.25],
            1.0,
            [0.2, 0.6, 0.2],
            [1.0 / 3.0, 0.5, 1.0 / 6.0],
        );
        let third = 1.0_f32 / 3.0;
        check([0.7, 0.2, 0.1], 1.0, [third; 3], [0.7, 0.2, 0.1]);
    }

    #[test]
    fn an_opinion_counts_by_its_share() {
        // sqrt(0.64) : sqrt(0.32) : sqrt(0.04) = 0.8 : 0.5657 : 0.2, times 0.25, 0.25, 0.5.
        let (a, b, c) = (0.2, 0.25 * 0.32_f64.sqrt(), 0.1);
        let total = a + b + c;
        check(
            [0.64, 0.32, 0.04],
            0.5,
            [0.25, 0.25, 0.5],
            [a / total, b / total, c / total],
        );
        check([0.9, 0.1, 0.0], 0.0, [0.2, 0.5, 0.3], [0.2, 0.5, 0.3]);
    }

    #[test]
    fn opinions_that_rule_each_other_out_leave_the_encoders() {
        check([1.0, 0.0, 0.0], 1.0, [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]);
    }
}
