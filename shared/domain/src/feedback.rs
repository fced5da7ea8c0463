//! What agents say of a decision: confirmed or corrected, one field at a time.

use serde::{Deserialize, Serialize};

use crate::analysis::Polarity;
use crate::conversation::Priority;
use crate::event::MessageAnalyzed;
use crate::ids::IntentId;

/// The label of a field that may have none of its labels: no category, none of the own intents.
pub const NO_LABEL: &str = "none";

/// Most characters of a label.
const MAX_LABEL_CHARS: usize = 64;

/// A field of an analysis that agents judge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AnalysisField {
    /// `sentiment.polarity`.
    Sentiment,
    /// `intent.primary`.
    Intent,
    /// The category with the highest score, or `none`.
    Category,
    /// `priority.level`.
    Priority,
    /// `language.code`.
    Language,
    /// `intent.own.intent_id`, or `none`.
    OwnIntent,
}

impl AnalysisField {
    /// All of them, in the order of lists.
    pub const ALL: [Self; 6] = [
        Self::Sentiment,
        Self::Intent,
        Self::Category,
        Self::Priority,
        Self::Language,
        Self::OwnIntent,
    ];

    /// The word in URLs, SQL and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sentiment => "sentiment",
            Self::Intent => "intent",
            Self::Category => "category",
            Self::Priority => "priority",
            Self::Language => "language",
            Self::OwnIntent => "own_intent",
        }
    }

    /// What a decision says of this field; `None` when it says nothing, as without a head for it.
    #[must_use]
    pub fn decided(self, decision: &MessageAnalyzed) -> Option<String> {
        let analysis = &decision.analysis;
        match self {
            Self::Sentiment => Some(polarity_word(analysis.sentiment.polarity).to_owned()),
            Self::Intent => analysis
                .intent
                .as_ref()
                .map(|intent| intent.primary.clone()),
            Self::Category => {
                let best = analysis
                    .categories
                    .iter()
                    .max_by(|a, b| a.score.total_cmp(&b.score));
                match best {
                    Some(best) => Some(best.category.clone()),
                    // A model that names intents names categories too, and here found none.
                    None => analysis.intent.as_ref().map(|_| NO_LABEL.to_owned()),
                }
            }
            Self::Priority => analysis
                .priority
                .as_ref()
                .map(|priority| priority.level.as_str().to_owned()),
            Self::Language => analysis
                .language
                .as_ref()
                .map(|language| language.code.clone()),
            Self::OwnIntent => {
                let own = analysis
                    .intent
                    .as_ref()
                    .and_then(|intent| intent.own.as_ref());
                match own {
                    Some(own) => Some(own.intent_id.to_string()),
                    None => decision
                        .inputs
                        .as_ref()
                        .and_then(|inputs| inputs.own_intents_version)
                        .map(|_| NO_LABEL.to_owned()),
                }
            }
        }
    }

    /// Checks that `value` is one that this field can have. Whether an own intent exists is not checked here.
    ///
    /// # Errors
    ///
    /// With a sentence that says what the field takes.
    pub fn check(self, value: &str) -> Result<(), InvalidValue> {
        let (takes, is_valid) = match self {
            Self::Sentiment => (
                "negative, neutral or positive",
                [Polarity::Negative, Polarity::Neutral, Polarity::Positive]
                    .into_iter()
                    .any(|polarity| polarity_word(polarity) == value),
            ),
            Self::Intent | Self::Category => (
                "1 to 64 of a to z, 0 to 9 and _",
                (1..=MAX_LABEL_CHARS).contains(&value.len())
                    && value
                        .bytes()
                        .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_')),
            ),
            Self::Priority => (
                "urgent, high, normal or low",
                Priority::from_word(value).is_some_and(|priority| priority.as_str() == value),
            ),
            Self::Language => (
                "a language code of two or three letters",
                (2..=3).contains(&value.len())
                    && value.bytes().all(|byte| byte.is_ascii_lowercase()),
            ),
            Self::OwnIntent => (
                "the id of an own intent, or none",
                value == NO_LABEL || value.parse::<IntentId>().is_ok(),
            ),
        };
        if is_valid {
            Ok(())
        } else {
            Err(InvalidValue { field: self, takes })
        }
    }
}

impl std::str::FromStr for AnalysisField {
    type Err = UnknownField;

    fn from_str(word: &str) -> Result<Self, UnknownField> {
        Self::ALL
            .into_iter()
            .find(|field| field.as_str() == word)
            .ok_or(UnknownField)
    }
}

/// A word that names no field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not one of sentiment, intent, category, priority, language, own_intent")]
pub struct UnknownField;

/// A value that the field cannot have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a value of {} is {takes}", field.as_str())]
pub struct InvalidValue {
    /// The field.
    pub field: AnalysisField,
    /// What it takes, in words.
    pub takes: &'static str,
}

/// What an agent's value makes of a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The value is what the decision says.
    Confirmed,
    /// It is another.
    Corrected,
}

impl Verdict {
    /// Compares. A decision that says nothing of a field is confirmed by `none` only.
    #[must_use]
    pub fn of(decided: Option<&str>, value: &str) -> Self {
        if decided.unwrap_or(NO_LABEL) == value {
            Self::Confirmed
        } else {
            Self::Corrected
        }
    }
}

const fn polarity_word(polarity: Polarity) -> &'static str {
    match polarity {
        Polarity::Negative => "negative",
        Polarity::Neutral => "neutral",
        Polarity::Positive => "positive",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_takes_its_own_values_only() {
        use AnalysisField::{Category, Intent, Language, OwnIntent, Priority, Sentiment};
        let long = "x".repeat(MAX_LABEL_CHARS + 1);
        let intent = "int_00000000000000000000000001";
        for (field, value, is_valid) in [
            (Sentiment, "negative", true),
            (Sentiment, "very_negative", false),
            (Sentiment, "", false),
            (Intent, "refund_request", true),
            (Intent, "Refund", false),
            (Intent, "", false),
            (Intent, &long, false),
            (Category, NO_LABEL, true),
            (Category, "billing'; --", false),
            (Priority, "urgent", true),
            (Priority, "Urgent", false),
            (Language, "fi", true),
            (Language, "FI", false),
            (Language, "f", false),
            (OwnIntent, intent, true),
            (OwnIntent, NO_LABEL, true),
            (OwnIntent, "int_1", false),
            (OwnIntent, "cnv_00000000000000000000000001", false),
        ] {
            assert_eq!(field.check(value).is_ok(), is_valid, "{field:?} {value:?}");
        }
    }

    #[test]
    fn the_words_of_the_fields_read_back() {
        for field in AnalysisField::ALL {
            assert_eq!(field.as_str().parse(), Ok(field));
            assert_eq!(serde_json::to_value(field).unwrap(), field.as_str());
        }
        assert_eq!("emotions".parse::<AnalysisField>(), Err(UnknownField));
    }

    #[test]
    fn the_same_value_confirms_and_another_corrects() {
        assert_eq!(Verdict::of(Some("a"), "a"), Verdict::Confirmed);
        assert_eq!(Verdict::of(Some("a"), "b"), Verdict::Corrected);
        assert_eq!(Verdict::of(None, "b"), Verdict::Corrected);
        assert_eq!(Verdict::of(None, NO_LABEL), Verdict::Confirmed);
    }
}
