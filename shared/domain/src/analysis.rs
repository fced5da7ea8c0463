//! What the models and rules say of one message. Assembled by `edgedesk-analysis`; stored in `message.analyzed`.

use serde::{Deserialize, Serialize};

use crate::conversation::Priority;
use crate::ids::IntentId;

/// Risk from which a conversation deserves a look.
pub const RISK_MEDIUM: f64 = 0.5;
/// Risk above which `escalation.detected` is logged, once per conversation until it is resolved.
pub const RISK_ALERT: f64 = 0.7;
/// Risk above which somebody should act now.
pub const RISK_HIGH: f64 = 0.8;
/// Confidence above which, not at which, an analysis may assign a conversation without a person's word.
pub const AUTO_ASSIGN_ABOVE: f64 = 0.85;
/// Confidence below which a person looks at the message before anything is done with the analysis.
pub const PERSON_BELOW: f64 = 0.5;

/// The whole analysis of one customer message.
///
/// Fields of heads that the loaded model does not have are absent, never guessed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Analysis {
    /// The mood of the message and where the conversation is going.
    pub sentiment: Sentiment,
    /// Emotions that a support team acts on, such as `frustration` or `gratitude`, by falling score; empty without an
    /// emotion head.
    #[serde(default)]
    pub emotions: Vec<Scored>,
    /// What the customer wants; absent without an intent head.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intent: Option<Intent>,
    /// What the message is about, by falling score; may be several, or none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<ScoredCategory>,
    /// How soon an agent should see it, by rules.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<SuggestedPriority>,
    /// How pressing the message itself is, by rules.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub urgency: Option<Urgency>,
    /// The language of the message; absent when it cannot be told, as for a number alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<Language>,
    /// What the message names, in the order of the text; no two overlap.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub entities: Vec<Entity>,
    /// 0 to 1: how likely this conversation goes wrong without a person stepping in.
    pub escalation_risk: f64,
    /// 0 to 1: how sure the analysis is as a whole.
    pub confidence: f64,
    /// What may be done with the analysis without a person, by its confidence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handling: Option<Handling>,
    /// Why, in falling order of weight. Never empty.
    pub reasons: Vec<Reason>,
    /// What decided.
    pub model: ModelRef,
    /// Milliseconds the analysis took, tokenising to reasons.
    pub elapsed_ms: f64,
}

/// Three classes, a score and a direction.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Sentiment {
    /// The most likely class.
    pub polarity: Polarity,
    /// Five-way label derived from the score.
    pub label: SentimentLabel,
    /// Probability of `polarity`, 1/3 to 1.
    pub confidence: f64,
    /// Probability of positive less probability of negative, -1 to 1.
    pub score: f64,
    /// Over the customer's messages of this conversation, this one included.
    pub trend: Trend,
}

/// The sign of a mood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Polarity {
    /// Unhappy.
    Negative,
    /// Neither.
    Neutral,
    /// Happy.
    Positive,
}

/// A mood in five steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum SentimentLabel {
    /// Score below -0.6.
    VeryNegative,
    /// Score -0.6 to below -0.2.
    Negative,
    /// Score -0.2 to 0.2.
    Neutral,
    /// Score above 0.2 to 0.6.
    Positive,
    /// Score above 0.6.
    VeryPositive,
}

/// Where a conversation is going.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Trend {
    /// Getting better.
    Improving,
    /// Staying, or too short to tell.
    Stable,
    /// Getting worse.
    Declining,
}

/// A label and its probability.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Scored {
    /// The label.
    pub label: String,
    /// 0 to 1.
    pub score: f64,
}

/// What the customer wants.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Intent {
    /// The most likely intent.
    pub primary: String,
    /// Its probability, 0 to 1. The probabilities of all intents, the unnamed ones included, sum to 1.
    pub confidence: f64,
    /// The next two.
    pub secondary: Vec<Scored>,
    /// What the customer does by writing: `question`, `complaint`, `request`, `compliment` or `statement`. Absent without
    /// an act head.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub act: Option<Scored>,
    /// The account's own intent, if it has trained any and one fits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own: Option<OwnIntent>,
}

/// An intent that the account taught with examples of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OwnIntent {
    /// Which.
    pub intent_id: IntentId,
    /// Its name when the analysis was made.
    pub name: String,
    /// Its probability among the account's intents, 0 to 1.
    pub confidence: f64,
    /// The version of the account's trained head.
    pub version: u32,
}

/// A category and its probability, which is independent of the others'.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ScoredCategory {
    /// Such as `billing` or `shipping`.
    pub category: String,
    /// 0 to 1.
    pub score: f64,
}

/// A priority that the rules suggest, and which rules.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SuggestedPriority {
    /// The level.
    pub level: Priority,
    /// The rules that led to it, the strongest first. Never empty.
    pub reasons: Vec<Reason>,
}

/// How pressing a message is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Urgency {
    /// 0 (any time) to 1 (now); a further rule that applies never lowers it.
    pub score: f64,
    /// The rules that applied, by falling weight; empty when none did.
    pub reasons: Vec<Reason>,
}

/// A language and how sure it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Language {
    /// ISO 639-1, such as `en`; `und` for a language that is none of the known ones.
    pub code: String,
    /// 0 to 1.
    pub confidence: f64,
}

/// Something that a message names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Entity {
    /// What it is.
    pub kind: EntityKind,
    /// As written.
    pub text: String,
    /// Where it begins, in Unicode scalar values (Rust `char`s; not bytes, not UTF-16 units) from the start of the message.
    pub start: usize,
    /// Where it ends, exclusive, counted likewise.
    pub end: usize,
    /// A form for machines where there is one: `EUR 49.90`, `2026-11-21`, `+358401234567`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

/// Kinds of [`Entity`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum EntityKind {
    /// Of an order, an invoice, a ticket or a parcel.
    OrderNumber,
    /// Money, with its currency.
    Amount,
    /// A day, absolute or relative, such as `21.11.2026` or `yesterday`.
    Date,
    /// An e-mail address.
    Email,
    /// A telephone number.
    Phone,
    /// A product.
    Product,
    /// A web address.
    Url,
}

/// What may be done with an analysis without a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Handling {
    /// Confidence above [`AUTO_ASSIGN_ABOVE`]: rules may act on it.
    Automatic,
    /// In between: shown as a suggestion.
    Suggested,
    /// Confidence below [`PERSON_BELOW`]: a person decides.
    Person,
}

impl Handling {
    /// What `confidence` (0 to 1) allows. Exactly [`AUTO_ASSIGN_ABOVE`] is not above it; what is no number is for a person.
    #[must_use]
    pub fn of(confidence: f64) -> Self {
        if confidence > AUTO_ASSIGN_ABOVE {
            Self::Automatic
        } else if confidence >= PERSON_BELOW {
            Self::Suggested
        } else {
            Self::Person
        }
    }
}

/// One reason of a decision.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Reason {
    /// A stable code, such as `negative_message` or `asks_for_manager`.
    pub code: String,
    /// One short sentence for a person.
    pub text: String,
    /// What it added to the risk, or to the urgency where it is a reason of that, 0 to 1.
    pub weight: f64,
    /// The parts of the message that it speaks of, in the order of the text; empty when it speaks of the whole or of others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub spans: Vec<Span>,
}

/// A part of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Span {
    /// Where it begins, in Unicode scalar values (Rust `char`s; not bytes, not UTF-16 units) from the start of the message.
    pub start: usize,
    /// Where it ends, exclusive, counted likewise.
    pub end: usize,
}

/// Which model decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ModelRef {
    /// The name in `models/manifest.json`.
    pub id: String,
    /// The version there.
    pub version: String,
}

impl ModelRef {
    /// Both in one text, by which rows of one model are told from those of another.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{}@{}", self.id, self.version)
    }
}

/// An earlier customer message's mood: the history that trend and risk need.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PastMood {
    /// The message's place in the log.
    pub seq: u64,
    /// Its sentiment score, -1 to 1.
    pub score: f64,
    /// Its escalation risk, 0 to 1.
    pub risk: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn confidence_decides_at_its_borders_who_acts() {
        for (confidence, handling) in [
            (1.0, Handling::Automatic),
            (0.850_000_1, Handling::Automatic),
            (0.85, Handling::Suggested),
            (0.5, Handling::Suggested),
            (0.499_999_9, Handling::Person),
            (0.0, Handling::Person),
            (f64::NAN, Handling::Person),
        ] {
            assert_eq!(Handling::of(confidence), handling, "{confidence}");
        }
    }

    #[test]
    fn an_analysis_stored_before_the_later_fields_still_parses() {
        let stored = r#"{"sentiment":{"polarity":"negative","label":"negative","confidence":0.9,"score":-0.5,"trend":"stable"},
            "escalation_risk":0.25,"confidence":0.9,"reasons":[{"code":"a","text":"b","weight":0.25}],
            "model":{"id":"encoder","version":"1"},"elapsed_ms":1.5}"#;
        let analysis: Analysis = serde_json::from_str(stored).expect("an old analysis");
        assert_eq!((analysis.priority, analysis.handling), (None, None));
        assert!(analysis.entities.is_empty() && analysis.reasons[0].spans.is_empty());
    }
}
