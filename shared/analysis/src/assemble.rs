//! A reading and the conversation's history into one [`Analysis`].

use std::collections::BTreeMap;

use edgedesk_domain::analysis::{
    Analysis, Intent, ModelRef, PastMood, Polarity, Reason, Scored, Sentiment, SentimentLabel,
    Trend,
};

use crate::phrases::{shouting, statements};
use crate::risk::{Signals, assess};
use crate::trend::trend;

/// Each head's labels with their probabilities, by the head's name.
pub type HeadScores = BTreeMap<String, Vec<Scored>>;

const SENTIMENT_HEAD: &str = "sentiment";
const EMOTION_HEAD: &str = "emotions";
const INTENT_HEAD: &str = "intent";

/// Emotions shown, and the probability below which one is noise.
const MAX_EMOTIONS: usize = 5;
const MIN_EMOTION_SCORE: f64 = 0.1;
/// Messages before this one among which negatives count.
const NEGATIVES_WINDOW: usize = 5;
/// From here down a message counts as negative; the border of the five-way label.
const NEGATIVE_SCORE: f64 = -0.2;

/// A reading that cannot become an analysis.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AssembleError {
    /// The model has no sentiment head with the three labels.
    #[error("the model has no sentiment head with labels negative, neutral and positive")]
    NoSentiment,
}

/// Joins what the model read in `text` with the moods before it, oldest first. `elapsed_ms` is what the reading took.
pub fn assemble(
    heads: &HeadScores,
    history: &[PastMood],
    text: &str,
    model: ModelRef,
    elapsed_ms: f64,
) -> Result<Analysis, AssembleError> {
    let mood = Mood::read(heads).ok_or(AssembleError::NoSentiment)?;
    let score = (mood.positive - mood.negative).clamp(-1.0, 1.0);
    let scores: Vec<f64> = history
        .iter()
        .map(|past| past.score)
        .chain([score])
        .collect();
    let trend = trend(&scores);
    let (polarity, confidence) = mood.strongest();

    let recent = &history[history.len().saturating_sub(NEGATIVES_WINDOW)..];
    let signals = Signals {
        negativity: -score,
        declining: trend == Trend::Declining,
        n_earlier_negatives: recent
            .iter()
            .filter(|past| past.score < NEGATIVE_SCORE)
            .count(),
        // A happy message takes back what was carried over, as far as it is happy.
        carried: history
            .last()
            .map_or(0.0, |past| past.risk * (1.0 - score.max(0.0))),
        statements: statements(text),
        shouting: shouting(text),
    };
    let (escalation_risk, mut reasons) = assess(&signals);
    if reasons.is_empty() {
        reasons.push(calm_reason(polarity, confidence));
    }
    let familiar = familiarity(text);
    if familiar < 1.0 {
        reasons.push(Reason {
            code: "unfamiliar_script".into(),
            text: "Partly in a script that the model has hardly seen".into(),
            weight: 0.0,
        });
    }

    Ok(Analysis {
        sentiment: Sentiment {
            polarity,
            label: five_way(score),
            confidence,
            score,
            trend,
        },
        emotions: emotions(heads),
        intent: intent(heads),
        escalation_risk,
        confidence: confidence * familiar,
        reasons,
        model,
        elapsed_ms: elapsed_ms.max(0.0),
    })
}

/// The five-way label of a score; the borders stand at [`SentimentLabel`].
#[must_use]
pub fn five_way(score: f64) -> SentimentLabel {
    match score {
        score if score < -0.6 => SentimentLabel::VeryNegative,
        score if score < -0.2 => SentimentLabel::Negative,
        score if score <= 0.2 => SentimentLabel::Neutral,
        score if score <= 0.6 => SentimentLabel::Positive,
        _ => SentimentLabel::VeryPositive,
    }
}

struct Mood {
    negative: f64,
    neutral: f64,
    positive: f64,
}

impl Mood {
    fn read(heads: &HeadScores) -> Option<Self> {
        let scores = heads.get(SENTIMENT_HEAD)?;
        let of = |label: &str| {
            scores
                .iter()
                .find(|scored| scored.label == label)
                .map(|scored| scored.score)
        };
        Some(Self {
            negative: of("negative")?,
            neutral: of("neutral")?,
            positive: of("positive")?,
        })
    }

    /// The strongest class and its probability; of equals, the calmer one.
    fn strongest(&self) -> (Polarity, f64) {
        let mut best = (Polarity::Neutral, self.neutral);
        for (polarity, score) in [
            (Polarity::Negative, self.negative),
            (Polarity::Positive, self.positive),
        ] {
            if score > best.1 {
                best = (polarity, score);
            }
        }
        best
    }
}

fn calm_reason(polarity: Polarity, confidence: f64) -> Reason {
    let (code, word) = match polarity {
        Polarity::Negative => ("negative_message", "negative"),
        Polarity::Neutral => ("neutral_message", "neutral"),
        Polarity::Positive => ("positive_message", "positive"),
    };
    Reason {
        code: code.into(),
        text: format!("Reads as {word} ({confidence:.2})"),
        weight: 0.0,
    }
}

/// 0.5 to 1: how much of the text is in the script the model was trained on. A text without letters is half familiar.
fn familiarity(text: &str) -> f64 {
    let (mut n_letters, mut n_latin) = (0_u32, 0_u32);
    for letter in text.chars().filter(|c| c.is_alphabetic()) {
        n_letters += 1;
        // Basic Latin to Latin Extended-B, and Latin Extended Additional.
        n_latin += u32::from(matches!(letter, '\0'..='\u{24F}' | '\u{1E00}'..='\u{1EFF}'));
    }
    if n_letters == 0 {
        0.5
    } else {
        0.5 + 0.5 * f64::from(n_latin) / f64::from(n_letters)
    }
}

fn emotions(heads: &HeadScores) -> Vec<Scored> {
    let mut found = by_falling_score(heads, EMOTION_HEAD);
    found.retain(|scored| scored.score >= MIN_EMOTION_SCORE);
    found.truncate(MAX_EMOTIONS);
    found
}

fn intent(heads: &HeadScores) -> Option<Intent> {
    let mut scored = by_falling_score(heads, INTENT_HEAD).into_iter();
    let primary = scored.next()?;
    Some(Intent {
        primary: primary.label,
        confidence: primary.score,
        secondary: scored.take(2).collect(),
    })
}

fn by_falling_score(heads: &HeadScores, name: &str) -> Vec<Scored> {
    let mut scored = heads.get(name).cloned().unwrap_or_default();
    scored.sort_by(|a, b| b.score.total_cmp(&a.score));
    scored
}

#[cfg(test)]
mod tests;
