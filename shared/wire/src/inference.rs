//! Requests to the inference Worker.

use edgedesk_domain::analysis::{Analysis, ModelRef, PastMood};
use edgedesk_domain::ids::{AccountId, ConversationId, IntentId, MessageId};
use serde::{Deserialize, Serialize};

use crate::ai::{CrossValidation, PreviousVersion, ScoredIntent, VersionReason};

/// Name of the service binding to the inference Worker.
pub const BINDING: &str = "INFERENCE";
/// `POST`: [`AnalyzeRequest`] to [`AnalyzeAnswer`].
pub const ANALYZE_PATH: &str = "/analyze";
/// `POST`: [`AnalyzeBatchRequest`] to [`AnalyzeBatchResponse`].
pub const ANALYZE_BATCH_PATH: &str = "/analyze/batch";
/// `GET`: [`Readiness`], with 503 where there is no model. Loads what is not loaded yet.
pub const READY_PATH: &str = "/health/ready";
/// `POST`: [`TrainIntentsRequest`] to [`TrainIntentsResponse`].
pub const TRAIN_INTENTS_PATH: &str = "/intents/train";
/// `POST`: [`TestIntentsRequest`] to [`TestIntentsAnswer`].
pub const TEST_INTENTS_PATH: &str = "/intents/test";
/// `GET`: [`ModelsResponse`].
pub const MODELS_PATH: &str = "/models";

/// `POST`: [`EmbedRequest`] to [`EmbedResponse`].
pub const EMBED_PATH: &str = "/embed";
/// Most texts of one request for embeddings: half a second of them.
pub const MAX_EMBED_TEXTS: usize = 32;

/// Most sentences that one training takes: six seconds at ten milliseconds each. Fifty intents of ten sentences fit, and
/// ten messages that are of none.
pub const MAX_TRAINING_ROWS: usize = 600;

/// Most bytes of sentences that one training takes. The time of a sentence goes with its tokens, which are four bytes of
/// English: 12,000 tokens are three seconds at a quarter of a millisecond. Bytes rather than characters, since a letter of
/// three bytes is mostly a token of its own.
pub const MAX_TRAINING_BYTES: usize = 48_000;

/// Most texts of a batch. Of common length (30 tokens, some eight milliseconds) they are two seconds; were every one as long as
/// [`MAX_BATCH_TEXT_BYTES`] allows, eight windows of 128 tokens each, a minute: a batch is ours to cut.
pub const MAX_BATCH_ITEMS: usize = 256;
/// Longest text of a batch. A longer one fails alone.
pub const MAX_BATCH_TEXT_BYTES: usize = 16 * 1024;

/// One customer message to analyse, with the moods of the earlier ones.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AnalyzeRequest {
    /// The account, for logs.
    pub account_id: AccountId,
    /// The conversation, for logs.
    pub conversation_id: ConversationId,
    /// The message.
    pub message_id: MessageId,
    /// Its `seq`.
    pub message_seq: u64,
    /// Its text, at most 100 kB.
    pub text: String,
    /// Moods of earlier customer messages of this conversation, oldest first, at most
    /// [`MOODS_KEPT`](edgedesk_domain::conversation::MOODS_KEPT).
    pub history: Vec<PastMood>,
    /// The account's own intents, when it has a version in use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_intents: Option<OwnIntentsRef>,
}

/// What an [`AnalyzeRequest`] is answered with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly every answer is an analysis"
)]
pub enum AnalyzeAnswer {
    /// The analysis.
    Analyzed(AnalyzeResponse),
    /// Nothing was done: ask again with the head.
    HeadNeeded(HeadNeeded),
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AnalyzeResponse {
    /// What the models and rules say.
    pub analysis: Analysis,
    /// The version of the account's own intents that was applied; absent when none was asked for, or when it reads another
    /// model's features.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_intents_version: Option<u32>,
}

/// Texts to analyse at once, for evaluation and for catching up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AnalyzeBatchRequest {
    /// At most [`MAX_BATCH_ITEMS`].
    pub items: Vec<BatchItem>,
    /// Whether each answer also carries the encoder's features.
    #[serde(default)]
    pub features: bool,
    /// Whether each answer also carries the text's embedding.
    #[serde(default)]
    pub embeddings: bool,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BatchItem {
    /// Its text, at most [`MAX_BATCH_TEXT_BYTES`].
    pub text: String,
    /// Moods of earlier messages, oldest first.
    #[serde(default)]
    pub history: Vec<PastMood>,
}

/// As many outcomes as texts, in their order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AnalyzeBatchResponse {
    /// The outcomes.
    pub items: Vec<BatchOutcome>,
}

/// What became of one text of a batch. One that failed spoils no other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum BatchOutcome {
    /// It was read.
    Analyzed {
        /// What the models and rules say.
        analysis: Box<Analysis>,
        /// The encoder's features, if asked for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        features: Option<Vec<f32>>,
        /// The embedding, of length 1, if asked for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        embedding: Option<Vec<f32>>,
    },
    /// It was not.
    Failed {
        /// `too_large` or `internal`.
        error: String,
    },
}

/// Texts whose meaning is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmbedRequest {
    /// At most [`MAX_EMBED_TEXTS`], each of at most [`MAX_BATCH_TEXT_BYTES`]. Of a long one the beginning is read.
    pub texts: Vec<String>,
}

/// Their embeddings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmbedResponse {
    /// What made them: rows of different models are not to be compared.
    pub model: ModelRef,
    /// For each text its row of 8-bit values (`edgedesk-search`) in Base64; absent for one that says nothing.
    pub rows: Vec<Option<String>>,
}

/// Whether texts can be analysed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Readiness {
    /// `ok`; `degraded` without a file that an analysis can do without; `failed` without the model.
    pub status: String,
    /// The files that are missing or damaged.
    pub broken: Vec<BrokenFile>,
}

/// A model file that could not be loaded. It is tried again by later requests, after a wait that grows to half a minute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BrokenFile {
    /// Its name.
    pub file: String,
    /// What is wrong.
    pub reason: String,
    /// Whether nothing can be analysed without it.
    pub required: bool,
}

/// Which version of an account's own intents to apply. The inference Worker remembers the heads that it was given lately;
/// it reads no database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnIntentsRef {
    /// The version.
    pub version: u32,
    /// The head of that version, as training wrote it. Sent once the Worker has asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<String>,
    /// Intents that the version knows and the account has deleted: they are not named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub retired: Vec<IntentId>,
}

/// The version of its own intents that an account uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IntentsInUse {
    /// The version.
    pub version: u32,
    /// See [`OwnIntentsRef::retired`]; ascending.
    pub retired: Vec<IntentId>,
}

/// The Worker does not have the head of this version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeadNeeded {
    /// The version.
    pub head_needed: u32,
}

/// An own intent as a head knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IntentLabel {
    /// Its id.
    pub intent_id: IntentId,
    /// Its name.
    pub name: String,
}

/// Rows to learn an account's own intents from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrainIntentsRequest {
    /// The account, for logs.
    pub account_id: AccountId,
    /// The intents, two or more.
    pub intents: Vec<IntentLabel>,
    /// At most [`MAX_TRAINING_ROWS`] of [`MAX_TRAINING_BYTES`] in all, ten or more of each intent, no two the same.
    pub rows: Vec<TrainingRow>,
    /// The version in use, to be compared with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current: Option<CurrentIntents>,
}

/// One sentence and what it means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrainingRow {
    /// The place of its intent among the request's; absent when agents said that it is of none of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intent: Option<usize>,
    /// The sentence.
    pub text: String,
    /// Whether the version in use has learned from it.
    #[serde(default)]
    pub in_current: bool,
}

/// The version in use while another is trained.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CurrentIntents {
    /// The version.
    pub version: u32,
    /// The model whose features it reads.
    pub encoder: ModelRef,
}

/// A trained head and how good it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrainIntentsResponse {
    /// The head: JSON, opaque to all but the inference Worker.
    pub head: String,
    /// The model whose features it reads.
    pub encoder: ModelRef,
    /// How good it is on rows that it had not seen.
    pub cross_validation: CrossValidation,
    /// How good the version in use is on the same folds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<PreviousVersion>,
    /// Whether it should be put to use.
    pub promote: bool,
    /// Why, or why not.
    pub reason: VersionReason,
    /// Milliseconds it took: the two below, and reading and writing.
    pub elapsed_ms: f64,
    /// Of them, the encoder's: the features of the rows, and of the background where this isolate has not kept them.
    pub features_ms: f64,
    /// Of them, fitting, cross-validation and comparison.
    pub fit_ms: f64,
}

/// A text to try a version on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestIntentsRequest {
    /// The account.
    pub account_id: AccountId,
    /// The version.
    pub own_intents: OwnIntentsRef,
    /// The text, at most 100 kB.
    pub text: String,
}

/// What a [`TestIntentsRequest`] is answered with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum TestIntentsAnswer {
    /// What the version says.
    Scored(TestIntentsResponse),
    /// Nothing was done: ask again with the head.
    HeadNeeded(HeadNeeded),
}

/// What a version says of a text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TestIntentsResponse {
    /// Every intent it knows, by falling score. Empty when it reads another model's features.
    pub intents: Vec<ScoredIntent>,
    /// The probability that the text is of none of them.
    pub none: f64,
    /// Milliseconds it took.
    pub elapsed_ms: f64,
}

/// The models of the inference Worker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelsResponse {
    /// What heads are bound to: the features, named by a digest of all that determines them.
    pub encoder: ModelRef,
    /// The manifests, whole.
    pub manifests: Vec<serde_json::Value>,
}
