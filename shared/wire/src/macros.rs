//! Bodies of `/api/v1/macros`.

use edgedesk_domain::account::Channel;
use edgedesk_domain::ids::{ConversationId, MacroId};
use edgedesk_domain::macros::{Macro, MacroKind};
use edgedesk_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

/// `POST /api/v1/macros` and `PUT /api/v1/macros/{macro_id}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MacroBody {
    /// Whether it has variables.
    pub kind: MacroKind,
    /// 1 to 120 characters, not taken by another one of the same language.
    pub title: String,
    /// 1 to 8,000 characters, plain text. A template's variables are `{{customer.name}}`, `{{agent.name}}`, `{{account.name}}`,
    /// `{{ticket.number}}`, `{{order.number}}`; another one is refused (422, `unknown_variable`).
    pub text: String,
    /// ISO 639-1; absent where it fits any language.
    #[serde(default)]
    pub language: Option<String>,
    /// Channels it is for; all if empty.
    #[serde(default)]
    pub channels: Vec<Channel>,
    /// Intents it answers, by the model's names or ids of own intents; at most 20.
    #[serde(default)]
    pub intents: Vec<String>,
    /// Categories it is for; at most 20.
    #[serde(default)]
    pub categories: Vec<String>,
}

/// A macro.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MacroView {
    /// What it says and what it is for.
    #[serde(flatten)]
    pub content: Macro,
    /// When it was first stored.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// One macro.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MacroResponse {
    /// It.
    #[serde(rename = "macro")]
    pub content: MacroView,
}

/// The macros of an account.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MacroList {
    /// By title; at most 500.
    pub macros: Vec<MacroView>,
}

/// `POST /api/v1/macros/{macro_id}/fill`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FillRequest {
    /// The conversation it is for.
    pub conversation_id: ConversationId,
}

/// A macro, ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FilledMacro {
    /// Which.
    pub macro_id: MacroId,
    /// Its text; where a variable is missing the request is refused instead (422, `missing_variable`).
    pub text: String,
}
