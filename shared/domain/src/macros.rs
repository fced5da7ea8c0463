//! Answers that an account has written once for a case: macros, and templates with variables.

use serde::{Deserialize, Serialize};

use crate::account::Channel;
use crate::ids::MacroId;

/// Longest title of a macro, in characters.
pub const MAX_MACRO_TITLE_CHARS: usize = 120;
/// Longest text of a macro, in characters.
pub const MAX_MACRO_CHARS: usize = 8_000;
/// Most intents, and most categories, that one macro names.
pub const MAX_MACRO_LABELS: usize = 20;

/// An answer for a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Macro {
    /// Which.
    pub id: MacroId,
    /// Whether it has variables.
    pub kind: MacroKind,
    /// What agents call it.
    pub title: String,
    /// The answer, plain text. A template has variables such as `{{customer.name}}`.
    pub text: String,
    /// ISO 639-1, such as `en`; absent where it fits any language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Channels it is for; empty for all.
    #[serde(default)]
    pub channels: Vec<Channel>,
    /// Intents it answers, by the model's names or ids of own intents; empty where its text alone says what it is for.
    #[serde(default)]
    pub intents: Vec<String>,
    /// Categories it is for, such as `billing`.
    #[serde(default)]
    pub categories: Vec<String>,
    /// What became of it when it was offered.
    #[serde(default)]
    pub outcomes: SuggestionOutcomes,
}

/// Kinds of [`Macro`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum MacroKind {
    /// Sent as it is.
    Macro,
    /// Its variables are filled first.
    Template,
}

impl MacroKind {
    /// The word in SQL and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Macro => "macro",
            Self::Template => "template",
        }
    }

    /// The kind of a word, if there is one.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "macro" => Some(Self::Macro),
            "template" => Some(Self::Template),
            _ => None,
        }
    }
}

/// How often something was offered and then sent, changed, or turned down.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SuggestionOutcomes {
    /// Sent as it was.
    pub n_accepted: u32,
    /// Sent after changes.
    pub n_edited: u32,
    /// Turned down.
    pub n_rejected: u32,
}
