//! A reading and the conversation's history into one [`Analysis`].

use std::collections::BTreeMap;

use edgedesk_domain::analysis::{
    Analysis, Handling, Intent, Language, ModelRef, OwnIntent, PastMood, Polarity, Reason, Scored,
    ScoredCategory, Sentiment, SentimentLabel, Span,
};

use crate::emotions::{anger, emotions};
use crate::entities::find_entities;
use crate::familiarity::{Unfamiliar, familiarity};
use crate::phrases::{Sign, find_signs, find_statements};
use crate::risk::{Signals, assess};
use crate::trend::trend;
use crate::urgency::{Situation, priority, reason, urgency};
use crate::words::words;

/// Each head's labels with their probabilities, by the head's name.
pub type HeadScores = BTreeMap<String, Vec<Scored>>;

const SENTIMENT_HEAD: &str = "sentiment";
const EMOTION_HEAD: &str = "emotions";
const INTENT_HEAD: &str = "intent";
const ACT_HEAD: &str = "act";
const CATEGORY_HEAD: &str = "category";

/// From this probability on a category is given; each is independent of the others.
const MIN_CATEGORY_SCORE: f64 = 0.5;
/// The probability of a category that a rule gives; a head that is surer wins.
const RULE_CATEGORY_SCORE: f64 = 0.8;
/// From here up a message is not negative; the border of the five-way label.
const CONTENT_SCORE: f64 = -0.2;

/// A reading that cannot become an analysis.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AssembleError {
    /// The model has no sentiment head with the three labels.
    #[error("the model has no sentiment head with labels negative, neutral and positive")]
    NoSentiment,
}

/// A message and all that was found out about it elsewhere.
#[derive(Debug, Clone, PartialEq)]
pub struct Observed<'a> {
    /// The message.
    pub text: &'a str,
    /// What the model's heads say of it.
    pub heads: &'a HeadScores,
    /// The customer's moods before it, oldest first.
    pub history: &'a [PastMood],
    /// Its language, if it could be told.
    pub language: Option<Language>,
    /// Languages that the model which read it knows, as ISO 639-1 codes.
    pub model_languages: &'a [&'a str],
    /// The account's own intent, if one fits.
    pub own_intent: Option<OwnIntent>,
    /// What read it.
    pub model: ModelRef,
    /// What the reading took, in milliseconds.
    pub elapsed_ms: f64,
}

/// Joins what was observed into an analysis. The same observation gives the same analysis.
pub fn assemble(observed: Observed) -> Result<Analysis, AssembleError> {
    let heads = observed.heads;
    let mood = Mood::read(heads).ok_or(AssembleError::NoSentiment)?;
    let score = (mood.positive - mood.negative).clamp(-1.0, 1.0);
    let scores: Vec<f64> = observed
        .history
        .iter()
        .map(|past| past.score)
        .chain([score])
        .collect();
    let (polarity, mood_confidence) = mood.strongest();
    let felt = head(heads, EMOTION_HEAD);

    let text = observed.text;
    let words = words(text);
    let signs = find_signs(&words);
    let statements = find_statements(&words);
    let signals = Signals::read(&words, text, score, anger(felt), observed.history);
    let (escalation_risk, mut reasons) = assess(&signals);
    if reasons.is_empty() {
        reasons.push(calm_reason(polarity, mood_confidence));
    }

    let (familiar, doubts) =
        familiarity(text, observed.language.as_ref(), observed.model_languages);
    reasons.extend(doubts.into_iter().map(doubt_reason));

    let intent = intent(heads, observed.own_intent);
    let act = intent.as_ref().and_then(|intent| intent.act.as_ref());
    let situation = Situation {
        signs: &signs,
        statements: &statements,
        escalation_risk,
        act: act.map(|act| act.label.as_str()),
        content: score >= CONTENT_SCORE,
    };
    let code = observed.language.as_ref().map(|known| known.code.as_str());
    let confidence = intent
        .as_ref()
        .map_or(mood_confidence, |intent| intent.confidence)
        * familiar;

    Ok(Analysis {
        sentiment: Sentiment {
            polarity,
            label: five_way(score),
            confidence: mood_confidence,
            score,
            trend: trend(&scores),
        },
        emotions: emotions(felt),
        categories: categories(heads, &signs),
        priority: Some(priority(&situation)),
        urgency: Some(urgency(&signs, &statements)),
        entities: find_entities(text, &words, code),
        language: observed.language,
        intent,
        escalation_risk,
        confidence,
        handling: Some(Handling::of(confidence)),
        reasons,
        model: observed.model,
        elapsed_ms: observed.elapsed_ms.max(0.0),
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
    let text = format!("Reads as {word} ({confidence:.2})");
    reason(code, &text, 0.0, Vec::new())
}

fn doubt_reason(doubt: Unfamiliar) -> Reason {
    let (code, text) = match doubt {
        Unfamiliar::NoLetters => ("no_letters", "There is hardly a word to read"),
        Unfamiliar::Script => (
            "unfamiliar_script",
            "Partly in a script that the model has hardly seen",
        ),
        Unfamiliar::Language => (
            "unfamiliar_language",
            "In a language that the model has hardly seen",
        ),
    };
    reason(code, text, 0.0, Vec::new())
}

fn intent(heads: &HeadScores, own: Option<OwnIntent>) -> Option<Intent> {
    let mut scored = by_falling_score(heads, INTENT_HEAD).into_iter();
    let primary = scored.next()?;
    Some(Intent {
        primary: primary.label,
        confidence: primary.score,
        secondary: scored.take(2).collect(),
        act: by_falling_score(heads, ACT_HEAD).into_iter().next(),
        own,
    })
}

/// Categories of the head and of the rules, by falling score: a payment that failed is `billing`, whoever reads it.
fn categories(heads: &HeadScores, signs: &[(Sign, Span)]) -> Vec<ScoredCategory> {
    let mut scores: BTreeMap<String, f64> = head(heads, CATEGORY_HEAD)
        .iter()
        .map(|scored| (scored.label.clone(), scored.score))
        .collect();
    for (sign, _) in signs {
        let category = match sign {
            Sign::PaymentFailure => "billing",
            Sign::Security => "security",
            Sign::Outage => "technical",
            _ => continue,
        };
        let score = scores.entry(category.to_owned()).or_default();
        *score = score.max(RULE_CATEGORY_SCORE);
    }
    let mut found: Vec<ScoredCategory> = scores
        .into_iter()
        .filter(|(_, score)| *score >= MIN_CATEGORY_SCORE)
        .map(|(category, score)| ScoredCategory { category, score })
        .collect();
    found.sort_by(|a, b| b.score.total_cmp(&a.score));
    found
}

fn head<'a>(heads: &'a HeadScores, name: &str) -> &'a [Scored] {
    heads.get(name).map_or(&[], Vec::as_slice)
}

fn by_falling_score(heads: &HeadScores, name: &str) -> Vec<Scored> {
    let mut scored = head(heads, name).to_vec();
    scored.sort_by(|a, b| b.score.total_cmp(&a.score));
    scored
}

#[cfg(test)]
mod tests;
