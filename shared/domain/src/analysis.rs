//! What the models and rules say of one message. Assembled by `edgedesk-analysis`; stored in `message.analyzed`.

use serde::{Deserialize, Serialize};

/// Risk from which a conversation deserves a look.
pub const RISK_MEDIUM: f64 = 0.5;
/// Risk above which `escalation.detected` is logged, once per conversation until it is resolved.
pub const RISK_ALERT: f64 = 0.7;
/// Risk above which somebody should act now.
pub const RISK_HIGH: f64 = 0.8;

/// The whole analysis of one customer message.
///
/// Fields of heads that the loaded model does not have are absent, never guessed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Analysis {
    /// The mood of the message and where the conversation is going.
    pub sentiment: Sentiment,
    /// Emotions by falling score; empty without an emotion head.
    #[serde(default)]
    pub emotions: Vec<Scored>,
    /// What the customer wants; absent without an intent head.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intent: Option<Intent>,
    /// 0 to 1: how likely this conversation goes wrong without a person stepping in.
    pub escalation_risk: f64,
    /// 0 to 1: how sure the analysis is as a whole.
    pub confidence: f64,
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
    /// Its probability, 0 to 1.
    pub confidence: f64,
    /// The next two.
    pub secondary: Vec<Scored>,
}

/// One reason of a decision.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Reason {
    /// A stable code, such as `negative_message` or `asks_for_manager`.
    pub code: String,
    /// One short sentence for a person.
    pub text: String,
    /// What it added to the risk, 0 to 1.
    pub weight: f64,
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
