//! What the assistant offers an agent for a customer's message: at most three answers, each with where it is from and why.

use serde::{Deserialize, Serialize};

use crate::ids::{ArticleId, MacroId, SuggestionId};

/// Most suggestions for one message.
pub const MAX_SUGGESTIONS: usize = 3;

/// An answer that an agent may send, change or turn down.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Suggestion {
    /// Which.
    pub id: SuggestionId,
    /// Where it is from.
    #[serde(rename = "type")]
    pub source: SuggestionSource,
    /// What to call it in a list: the macro's title, or what a draft is about.
    pub title: String,
    /// The whole answer, ready to be sent; plain text.
    pub text: String,
    /// 0 to 1: how likely an agent would send it.
    pub confidence: f64,
    /// Why it is offered, one sentence for the agent.
    pub reason: String,
    /// The macro or template it was made of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub macro_id: Option<MacroId>,
    /// Where its statements stand; empty when it is a macro's own words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub citations: Vec<Citation>,
}

/// Where a suggestion is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum SuggestionSource {
    /// The account's own words for a case, as they are.
    Macro,
    /// The account's own words with variables, filled.
    Template,
    /// Written for this message, by a model or out of articles.
    Draft,
}

impl SuggestionSource {
    /// All of them, in the order of lists.
    pub const ALL: [Self; 3] = [Self::Macro, Self::Template, Self::Draft];

    /// The word in SQL and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Macro => "macro",
            Self::Template => "template",
            Self::Draft => "draft",
        }
    }
}

/// Where a statement of a draft stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Citation {
    /// The article.
    pub article_id: ArticleId,
    /// Its title, when it was cited.
    pub title: String,
    /// Its version then.
    pub version: u32,
    /// Where the place begins in the Markdown of that version, in bytes.
    pub start: usize,
    /// Where it ends, exclusive, in bytes.
    pub end: usize,
    /// What it says there, as plain text.
    pub quote: String,
}

/// Something an agent could do now, beside answering.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RecommendedAction {
    /// What, by a stable word such as `start_refund`.
    pub action: ActionWord,
    /// Why, one sentence for the agent.
    pub reason: String,
    /// 0 to 1: how sure.
    pub confidence: f64,
}

/// Actions that are recommended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ActionWord {
    /// Give money back, or look whether it is due.
    StartRefund,
    /// Cancel an order or a subscription.
    CancelOrder,
    /// Change an order or its address.
    ChangeOrder,
    /// Look where a parcel is.
    TrackShipment,
    /// Help somebody into their account.
    RestoreAccess,
    /// Look at an invoice or a payment.
    CheckBilling,
    /// Hand it to somebody with more rights.
    Escalate,
    /// Ask for what is missing, such as the order's number.
    AskForDetails,
    /// Report a fault to whoever mends it.
    ReportFault,
    /// Say thanks: nothing is to be done.
    Acknowledge,
}

/// What an agent did with a suggestion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum SuggestionVerdict {
    /// Sent as it was.
    Accepted,
    /// Sent after changes.
    Edited,
    /// Turned down.
    Rejected,
}

impl SuggestionVerdict {
    /// All of them, in the order of lists.
    pub const ALL: [Self; 3] = [Self::Accepted, Self::Edited, Self::Rejected];

    /// The word in SQL and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Edited => "edited",
            Self::Rejected => "rejected",
        }
    }
}
