//! Bodies of `/api/v1/articles/gaps`: questions that no article answers.

use edgedesk_domain::article::ArticleState;
use edgedesk_domain::ids::{ArticleId, ConversationId, GapId};
use edgedesk_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Most questions that one look takes, those that came last.
pub const MAX_QUESTIONS: u32 = 400;
/// Questions of a group that are shown.
pub const N_EXAMPLES: usize = 3;
/// Most groups that are listed.
pub const MAX_LISTED: u32 = 50;

/// `GET /api/v1/articles/gaps`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GapList {
    /// The largest first; at most 50.
    pub gaps: Vec<GapView>,
    /// The last look, and the one that is asked for.
    pub run: GapRun,
}

/// A group of questions that no article answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GapView {
    /// Its id.
    pub id: GapId,
    /// How many questions it had at the last look.
    pub n_questions: u32,
    /// Some of them, that in the middle first; what was erased is not there.
    pub examples: Vec<GapExample>,
    /// The conversations of all of them.
    pub conversation_ids: Vec<ConversationId>,
    /// The draft that was made of it; absent when that was deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub article: Option<GapArticle>,
    /// When it was first found.
    pub found_at: Timestamp,
    /// When it was last found.
    pub seen_at: Timestamp,
    /// When it was dismissed: it does not come back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dismissed_at: Option<Timestamp>,
}

/// A question as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GapExample {
    /// Where it was asked.
    pub conversation_id: ConversationId,
    /// Its beginning in one line, with personal data masked.
    pub text: String,
}

/// The draft of a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GapArticle {
    /// The article.
    pub id: ArticleId,
    /// Its title now.
    pub title: String,
    /// Who may see it now.
    pub state: ArticleState,
}

/// How the look for gaps stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GapRun {
    /// Whether one is asked for that has not ended.
    pub is_running: bool,
    /// When the last one was asked for; absent before the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_at: Option<Timestamp>,
    /// When the last one ended; absent before the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// What it found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<GapReport>,
    /// Why the last attempt failed; it is tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// What a look found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GapReport {
    /// Questions that were looked at: the first message of each conversation of the last 30 days, at most 400.
    pub n_questions: u32,
    /// Those of them that no article answers.
    pub n_unanswered: u32,
    /// Groups of five and more.
    pub n_gaps: u32,
    /// Of these, groups that were not known: a draft was made of each.
    pub n_new: u32,
}

/// What an article was drafted from, for whoever writes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DraftedFrom {
    /// The group.
    pub gap_id: GapId,
    /// The conversations of its questions at the last look.
    pub conversation_ids: Vec<ConversationId>,
}
