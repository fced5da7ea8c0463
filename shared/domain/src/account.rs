//! Accounts, users and inboxes as the rest of the system sees them.

use serde::{Deserialize, Serialize};

use crate::access::Viewer;
pub use crate::access::{Permission, PermissionSet, Role};
use crate::assistant::AssistantSettings;
use crate::conversation::ConversationState;
use crate::ids::{AccountId, InboxId, TeamId, UserId};
use crate::time::Timestamp;

/// Who makes an authenticated request: taken from the credential, never from a body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Principal {
    /// The account the credential is for.
    pub account_id: AccountId,
    /// The user who logged in.
    pub user_id: UserId,
    /// The user's role in that account.
    pub role: Role,
    /// The user's display name.
    pub name: String,
    /// What else decides what they may.
    #[serde(default)]
    pub access: Access,
}

/// What decides beside the role what a member may. As of when the credential was last looked up; a socket keeps what it was
/// opened with.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Access {
    /// The account's teams they are in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub teams: Vec<TeamId>,
    /// What their role of the account's own has of what the built-in one may; absent where that is all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only: Option<PermissionSet>,
}

impl Principal {
    /// Whether they may do this at all.
    #[must_use]
    pub fn may(&self, permission: Permission) -> bool {
        self.role.may(permission)
            && self
                .access
                .only
                .is_none_or(|only| only.contains(permission))
    }

    /// All that they may.
    #[must_use]
    pub fn rights(&self) -> PermissionSet {
        rights(self.role, self.access.only)
    }

    /// Whether a conversation of their account is theirs to see.
    #[must_use]
    pub fn sees(&self, state: &ConversationState) -> bool {
        self.viewer().sees(state.assignee_id, state.team_id)
    }

    /// How they look at conversations.
    #[must_use]
    pub fn viewer(&self) -> Viewer<'_> {
        Viewer {
            user_id: self.user_id,
            role: self.role,
            teams: &self.access.teams,
        }
    }
}

/// What a member may: all that the built-in role may, or of it what a role of the account's own has.
#[must_use]
pub fn rights(role: Role, only: Option<PermissionSet>) -> PermissionSet {
    let of_role = PermissionSet::of_role(role);
    only.map_or(of_role, |only| only.and(of_role))
}

/// How messages reach an inbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// The embeddable chat.
    Widget,
    /// Zendesk webhooks.
    Zendesk,
}

impl Channel {
    /// The word in URLs, SQL and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Widget => "widget",
            Self::Zendesk => "zendesk",
        }
    }

    /// The channel of a word, if there is one.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "widget" => Some(Self::Widget),
            "zendesk" => Some(Self::Zendesk),
            _ => None,
        }
    }
}

/// An inbox with what is needed to check what arrives in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Inbox {
    /// Its id, which is part of the hook URL.
    pub id: InboxId,
    /// The account it belongs to.
    pub account_id: AccountId,
    /// The shard that holds the account's rows.
    pub shard: u32,
    /// How messages reach it.
    pub channel: Channel,
    /// What agents call it.
    pub name: String,
    /// The public key in the widget's script tag; empty for other channels.
    pub key: String,
    /// The secret that signs what the provider sends.
    pub secret: Secret,
    /// Settings that have a default.
    pub settings: InboxSettings,
}

/// Settings of an inbox; each field has a default, so stored JSON may leave any out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct InboxSettings {
    /// Seconds that a signed timestamp may differ from now, either way.
    pub timestamp_tolerance_secs: i64,
    /// Origins that may open the widget, such as `https://example.com` or `https://*.example.com`. Empty: any.
    pub allowed_origins: Vec<String>,
    /// The provider's user id under which we write back: its own events are not taken as messages.
    pub integration_user_id: Option<String>,
    /// The team that its new conversations go to; absent for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub team_id: Option<TeamId>,
    /// Whether it takes nothing new: no webhooks, no visitors. Conversations that came by it go on.
    pub is_closed: bool,
    /// When somebody set the secret that its provider signs with; absent while it is one that nobody knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_set_at: Option<Timestamp>,
    /// Whether the assistant answers first.
    pub assistant: AssistantSettings,
}

impl Default for InboxSettings {
    fn default() -> Self {
        Self {
            timestamp_tolerance_secs: 300,
            allowed_origins: Vec::new(),
            integration_user_id: None,
            team_id: None,
            is_closed: false,
            secret_set_at: None,
            assistant: AssistantSettings::default(),
        }
    }
}

/// A text that prints as stars.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Wraps a text.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself. Never log it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("****")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_printed() {
        assert_eq!(format!("{:?}", Secret::new("abc")), "****");
    }
}
