//! Bodies of the REST API under `/api/v1/ai`, and of decisions and feedback under a conversation's messages.

use edgedesk_domain::analysis::{Analysis, ModelRef};
use edgedesk_domain::event::DecisionInputs;
use edgedesk_domain::feedback::{AnalysisField, Verdict};
use edgedesk_domain::ids::{EventId, IntentId, MessageId, UserId};
use edgedesk_domain::message::Actor;
use edgedesk_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

/// `GET /api/v1/conversations/{id}/messages/{message_id}/decision`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DecisionResponse {
    /// What was decided, and of what.
    pub decision: Decision,
    /// What agents say of it: at most one of each field, in the order of the fields.
    pub feedback: Vec<Feedback>,
}

/// An automatic decision about one message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Decision {
    /// The `message.analyzed` that holds it.
    pub id: EventId,
    /// The message.
    pub message_id: MessageId,
    /// Its `seq`.
    pub message_seq: u64,
    /// When it was made.
    pub decided_at: Timestamp,
    /// What the models say, with confidence, reasons, model and version.
    pub analysis: Analysis,
    /// What it was made of beside the message's text.
    pub inputs: DecisionInputs,
}

/// What an agent says of one field of a decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Feedback {
    /// The `analysis.corrected` that holds it.
    pub id: EventId,
    /// Which field.
    pub field: AnalysisField,
    /// What the decision says of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided: Option<String>,
    /// What the agent says.
    pub value: String,
    /// Whether the two are the same.
    pub verdict: Verdict,
    /// Who says so.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
}

/// `POST /api/v1/conversations/{id}/messages/{message_id}/feedback`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FeedbackRequest {
    /// Which field.
    pub field: AnalysisField,
    /// What it should be.
    pub value: String,
    /// The client's id for it: a repeat is answered like the first and not logged again.
    #[serde(default)]
    pub client_id: Option<String>,
}

/// The feedback that stands now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FeedbackResponse {
    /// It.
    pub feedback: Feedback,
}

/// `POST /api/v1/conversations/{id}/messages/{message_id}/decision/replay`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReplayResponse {
    /// Whether the same inputs give the same analysis now, the time it took aside.
    pub same: bool,
    /// Whether another model, or another version of it, answers now.
    pub model_changed: bool,
    /// What decided.
    pub decided_by: ModelRef,
    /// What answers now.
    pub replayed_by: ModelRef,
    /// The version of the account's own intents that was applied now; the decision's, unless that cannot be applied any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_intents_version: Option<u32>,
    /// Field by field, where the two differ.
    pub differences: Vec<Difference>,
    /// Milliseconds the analysis took now.
    pub elapsed_ms: f64,
}

/// A field of an analysis that is not what it was.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Difference {
    /// Where, as a JSON pointer into the analysis.
    pub pointer: String,
    /// What the decision says there; absent when it says nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided: Option<serde_json::Value>,
    /// What the replay says there; absent when it says nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replayed: Option<serde_json::Value>,
}

/// `GET /api/v1/ai/accuracy`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AccuracyResponse {
    /// Decisions made from then on.
    pub from: Timestamp,
    /// Decisions made before then.
    pub to: Timestamp,
    /// One of each field, in the order of the fields.
    pub fields: Vec<FieldAccuracy>,
}

/// How often agents agree with one field of the decisions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldAccuracy {
    /// The field.
    pub field: AnalysisField,
    /// Over all labels.
    #[serde(flatten)]
    pub total: Accuracy,
    /// By what was decided, most decisions first.
    pub labels: Vec<LabelAccuracy>,
    /// The most frequent corrections, at most ten.
    pub confusions: Vec<Confusion>,
}

/// Counts of decisions and of what agents say of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Accuracy {
    /// Decisions.
    pub n_decisions: u64,
    /// Those that an agent confirmed or corrected.
    pub n_reviewed: u64,
    /// Those confirmed.
    pub n_confirmed: u64,
    /// Those corrected.
    pub n_corrected: u64,
    /// Confirmed over reviewed, 0 to 1; `null` when none was reviewed.
    pub accuracy: Option<f64>,
}

/// The accuracy of the decisions for one label.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LabelAccuracy {
    /// What was decided.
    pub label: String,
    /// How often, and how often rightly.
    #[serde(flatten)]
    pub counts: Accuracy,
}

/// A kind of correction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Confusion {
    /// What was decided; absent when the decision said nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided: Option<String>,
    /// What agents say it is.
    pub value: String,
    /// How often.
    pub n: u64,
}

/// The account's own intents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct IntentList {
    /// By name; at most 50.
    pub intents: Vec<IntentSummary>,
}

/// An own intent without its examples.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct IntentSummary {
    /// Its id.
    pub id: IntentId,
    /// Its name.
    pub name: String,
    /// Example sentences.
    pub n_examples: u64,
    /// Messages that agents said to be of this intent. The next training learns from them as from examples.
    pub n_corrections: u64,
    /// When it was created.
    pub created_at: Timestamp,
    /// When its name or examples last changed.
    pub updated_at: Timestamp,
}

/// One own intent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct IntentResponse {
    /// It.
    pub intent: IntentView,
}

/// An own intent with its examples.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct IntentView {
    /// Everything but the examples.
    #[serde(flatten)]
    pub summary: IntentSummary,
    /// Sentences as a customer would write them, in the order they were given.
    pub examples: Vec<String>,
}

/// `POST /api/v1/ai/intents` and `PUT /api/v1/ai/intents/{intent_id}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct IntentRequest {
    /// 2 to 60 characters, unique in the account without regard to case.
    pub name: String,
    /// At most 200, of 1 to 500 characters; ten are needed to train.
    pub examples: Vec<String>,
}

/// A trained version of the account's own intents.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct IntentVersion {
    /// 1, 2, 3 … in the account.
    pub version: u32,
    /// Whether analyses use it now.
    pub in_use: bool,
    /// Whether it was put to use when it was trained.
    pub promoted: bool,
    /// Why, or why not.
    pub reason: VersionReason,
    /// What training learned from.
    #[serde(flatten)]
    pub rows: RowCounts,
    /// How good it is, measured on rows it had not seen.
    pub cross_validation: CrossValidation,
    /// The version that was in use when it was trained, measured on the same folds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<PreviousVersion>,
    /// What it is bound to: `features`, and a digest of all files that determine them. It is applied with these only.
    pub encoder: ModelRef,
    /// When it was trained.
    pub created_at: Timestamp,
    /// Who trained it.
    pub created_by: UserRef,
    /// Milliseconds that training took: the two below, and reading and writing.
    pub elapsed_ms: f64,
    /// Of them, the encoder's. 0 where it was not measured.
    #[serde(default)]
    pub features_ms: f64,
    /// Of them, fitting, cross-validation and comparison. 0 where it was not measured.
    #[serde(default)]
    pub fit_ms: f64,
}

/// Why a version was put to use, or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct VersionReason {
    /// `first`, `no_worse`, `encoder_changed`, `worse` or `superseded`.
    pub code: ReasonCode,
    /// One sentence with the figures.
    pub text: String,
}

/// Codes of [`VersionReason`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ReasonCode {
    /// Put to use: there was none before.
    First,
    /// Put to use: as good as the one before, or better.
    NoWorse,
    /// Put to use: the one before reads another model's features and was not applied any more.
    EncoderChanged,
    /// Kept aside: the one in use is better.
    Worse,
    /// Kept aside: another version was put to use while this one was trained.
    Superseded,
}

/// The rows of a training.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RowCounts {
    /// Rows learned from: examples and corrections.
    pub n_rows: u64,
    /// Of them, messages that agents corrected or confirmed.
    pub n_corrections: u64,
    /// Rows over what one training takes: the two below.
    pub n_left_out: u64,
    /// Of them, examples: the last of an intent first.
    #[serde(default)]
    pub examples_left_out: u64,
    /// Of them, corrections: the oldest first.
    #[serde(default)]
    pub corrections_left_out: u64,
}

/// How good a version is on rows that it had not seen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CrossValidation {
    /// The rows were split in so many parts, each predicted by a head trained on the others.
    pub folds: u32,
    /// Rows: those learned from, and the background.
    pub n: u64,
    /// Rows predicted rightly over rows, 0 to 1. A row of none is right without an intent.
    pub accuracy: f64,
    /// Mean of the F1 of the intents and of none, 0 to 1.
    pub macro_f1: f64,
    /// By intent.
    pub labels: Vec<LabelScore>,
    /// How well what belongs to none of them is left alone; absent in versions of before that was learned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub none: Option<NoneScore>,
}

/// How well texts of no own intent are told: messages that agents said to be of none, and sentences that every account is
/// given as a background.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NoneScore {
    /// Such rows.
    pub n: u64,
    /// Of the rows that got no intent, those of none. 0 to 1.
    pub precision: f64,
    /// Of the rows of none, those that got no intent. 0 to 1.
    pub recall: f64,
    /// Harmonic mean of the two.
    pub f1: f64,
}

/// How well one own intent is recognised.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LabelScore {
    /// The intent.
    pub intent_id: IntentId,
    /// Its name when the version was trained.
    pub name: String,
    /// Its rows.
    pub n: u64,
    /// Of the rows predicted to be of it, those that are. 0 to 1.
    pub precision: f64,
    /// Of its rows, those predicted to be. 0 to 1.
    pub recall: f64,
    /// Harmonic mean of the two.
    pub f1: f64,
}

/// The version that a new one was compared with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PreviousVersion {
    /// Which.
    pub version: u32,
    /// Its accuracy on the folds of the new one, 0 to 1.
    pub accuracy: f64,
}

/// A user as they were called when they acted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UserRef {
    /// The user.
    pub id: UserId,
    /// Their display name.
    pub name: String,
}

/// A page of versions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct IntentVersionList {
    /// Newest first.
    pub versions: Vec<IntentVersion>,
    /// For `?cursor=`; absent at the end.
    pub next_cursor: Option<String>,
}

/// A change of the version in use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Promotion {
    /// 1, 2, 3 … in the account.
    pub number: u32,
    /// The version in use from then on; `null` when own intents were switched off.
    pub version: Option<u32>,
    /// The one before; absent when there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_version: Option<u32>,
    /// By what.
    pub action: PromotionAction,
    /// By whom.
    pub by: UserRef,
    /// When.
    pub at: Timestamp,
}

/// What puts a version to use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum PromotionAction {
    /// It was trained and is no worse than the one before.
    Trained,
    /// Somebody chose it, or switched own intents off.
    RolledBack,
    /// Fewer than two own intents were left, so that they were switched off.
    Deleted,
}

/// A page of changes of the version in use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PromotionList {
    /// Newest first.
    pub promotions: Vec<Promotion>,
    /// For `?cursor=`; absent at the end.
    pub next_cursor: Option<String>,
}

/// `POST /api/v1/ai/intents/rollback`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RollbackRequest {
    /// The version to use from now on; `null` switches own intents off. It has to be said: an empty body switches nothing.
    #[serde(deserialize_with = "Option::deserialize")]
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub version: Option<u32>,
}

/// The version in use now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RollbackResponse {
    /// It; `null` when own intents are switched off.
    pub version: Option<u32>,
    /// The one before; absent when there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_version: Option<u32>,
    /// False when it was in use already.
    pub changed: bool,
}

/// `POST /api/v1/ai/intents/test`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct IntentTestRequest {
    /// A sentence as a customer would write it, at most 100 kB.
    pub text: String,
}

/// What a version says of a text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct IntentTestResponse {
    /// The version that was asked.
    pub version: u32,
    /// Every intent it knows, by falling score.
    pub intents: Vec<ScoredIntent>,
    /// The probability that the text is of none of them; the scores and this sum to 1.
    pub none: f64,
    /// Milliseconds it took.
    pub elapsed_ms: f64,
}

/// An own intent and its probability.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ScoredIntent {
    /// The intent.
    pub intent_id: IntentId,
    /// Its name when the version was trained.
    pub name: String,
    /// 0 to 1.
    pub score: f64,
}

/// `GET /api/v1/ai/models`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ModelsResponse {
    /// What every account uses: the manifests, with files, sizes, scores, parents, data and licences.
    pub models: Vec<serde_json::Value>,
    /// What this account taught.
    pub own_intents: OwnIntentsStatus,
}

/// Where the account's own intents stand.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OwnIntentsStatus {
    /// The version in use; absent when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u32>,
    /// Whether analyses apply it: false without one, and when it reads another model's features.
    pub applied: bool,
    /// Why training now would change something; absent when it would not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub needs_training: Option<NeedsTraining>,
    /// Own intents.
    pub n_intents: u64,
    /// Rows that a training now would learn from.
    pub n_rows: u64,
    /// The newest ten versions, newest first.
    pub versions: Vec<IntentVersion>,
}

/// Why training now would change something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NeedsTraining {
    /// `never_trained`, `rows_changed` or `encoder_changed`.
    pub code: NeedsTrainingCode,
    /// One sentence.
    pub text: String,
}

/// Codes of [`NeedsTraining`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum NeedsTrainingCode {
    /// There are intents, and no version in use.
    NeverTrained,
    /// Examples or corrections came or went since.
    RowsChanged,
    /// The version in use was trained on another model and is not applied.
    EncoderChanged,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn switching_own_intents_off_has_to_be_said() {
        let read = |json| serde_json::from_str::<RollbackRequest>(json).map(|read| read.version);
        assert_eq!(read(r#"{"version":3}"#).ok(), Some(Some(3)));
        assert_eq!(read(r#"{"version":null}"#).ok(), Some(None));
        assert!(read("{}").is_err());
        let answer = RollbackResponse {
            version: None,
            previous_version: Some(3),
            changed: true,
        };
        assert_eq!(
            serde_json::to_string(&answer).ok().as_deref(),
            Some(r#"{"version":null,"previous_version":3,"changed":true}"#)
        );
    }
}
