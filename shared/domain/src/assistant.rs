//! The assistant: answers customers out of the account's articles, and hands them to a person when it cannot.

use serde::{Deserialize, Serialize};

use crate::message::Actor;
use crate::suggestion::Citation;
use crate::time::Timestamp;

/// Confidence from which it answers unless an inbox says another; docs/decisions/0046 says how it was chosen.
pub const DEFAULT_MIN_CONFIDENCE: f64 = 0.6;

/// Whether it answers in an inbox, and how sure it has to be.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AssistantSettings {
    /// Whether it answers first.
    pub is_enabled: bool,
    /// 0 to 1: it answers when it is at least as sure, and hands off otherwise.
    pub min_confidence: f64,
}

impl Default for AssistantSettings {
    fn default() -> Self {
        Self {
            is_enabled: false,
            min_confidence: DEFAULT_MIN_CONFIDENCE,
        }
    }
}

/// What becomes of a customer's message. What is to be done is a field of its own: no text hands a conversation over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum AssistantStep {
    /// Say this.
    Reply {
        /// The whole text, plain.
        text: String,
        /// 0 to 1: how sure it is that this answers.
        confidence: f64,
        /// Where its statements stand.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        citations: Vec<Citation>,
    },
    /// Give the conversation to a person.
    HandOff {
        /// Why.
        reason: HandOffReason,
    },
}

/// Why a person has to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum HandOffReason {
    /// The customer asked for a person.
    Requested,
    /// The customer is upset, or somebody with more rights is needed.
    Escalated,
    /// It is about the customer's own affair, and no article helps.
    OwnCase,
    /// No article is near.
    NoArticle,
    /// One is near, and not surely the right one.
    NotSure,
    /// The same was answered before, and the customer asks again.
    SaidBefore,
    /// What would have been said has something in it that no source says.
    Unsupported,
    /// It has answered as often as it may without an end.
    TooManyAnswers,
    /// No answer came in time.
    Failed,
    /// It was switched off.
    Stopped,
    /// An agent went on.
    TakenOver,
}

impl HandOffReason {
    /// All of them, in the order of lists.
    pub const ALL: [Self; 11] = [
        Self::Requested,
        Self::Escalated,
        Self::OwnCase,
        Self::NoArticle,
        Self::NotSure,
        Self::SaidBefore,
        Self::Unsupported,
        Self::TooManyAnswers,
        Self::Failed,
        Self::Stopped,
        Self::TakenOver,
    ];

    /// The word in SQL and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Escalated => "escalated",
            Self::OwnCase => "own_case",
            Self::NoArticle => "no_article",
            Self::NotSure => "not_sure",
            Self::SaidBefore => "said_before",
            Self::Unsupported => "unsupported",
            Self::TooManyAnswers => "too_many_answers",
            Self::Failed => "failed",
            Self::Stopped => "stopped",
            Self::TakenOver => "taken_over",
        }
    }
}

/// Where the assistant stands in a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AssistantStanding {
    /// It answers; no person has to.
    Answering,
    /// A person goes on.
    HandedOff,
    /// The customer came back after the conversation was over: it may begin anew.
    Idle,
}

/// What the assistant did in a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AssistantState {
    /// Where it stands.
    pub standing: AssistantStanding,
    /// Since when.
    pub since: Timestamp,
    /// How often it has answered since it began last.
    pub n_answers: u32,
    /// How sure it has to be to answer.
    pub min_confidence: f64,
}

impl AssistantState {
    /// Whether it answers.
    #[must_use]
    pub fn is_answering(&self) -> bool {
        self.standing == AssistantStanding::Answering
    }
}

/// `assistant.engaged`: it answers from now on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AssistantEngaged {
    /// How sure it has to be to answer.
    pub min_confidence: f64,
}

/// `assistant.handed_off`: a person goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HandedOff {
    /// Why.
    pub reason: HandOffReason,
    /// Who wanted it: the customer, an agent, or the assistant itself.
    pub by: Actor,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_the_same_word_in_sql_and_json() {
        for reason in HandOffReason::ALL {
            assert_eq!(
                serde_json::to_value(reason).unwrap(),
                serde_json::json!(reason.as_str())
            );
        }
    }

    #[test]
    fn what_is_to_be_done_is_no_matter_of_the_text() {
        let step: AssistantStep = serde_json::from_str(
            r#"{"action": "reply", "text": "I am transferring you to a person now.", "confidence": 0.9}"#,
        )
        .unwrap();
        assert!(matches!(step, AssistantStep::Reply { .. }));
        let step = serde_json::from_str::<AssistantStep>(r#"{"action": "transfer", "text": "x"}"#);
        assert!(step.is_err());
    }
}
