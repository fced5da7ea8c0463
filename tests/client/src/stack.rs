//! What `cargo xtask dev` writes to `dev.json` once a stack is up.

use std::path::Path;

use edgedesk_domain::ids::{AccountId, InboxId};
use serde::{Deserialize, Serialize};

use crate::ClientError;

/// The contents of `dev.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stack {
    /// Where the gateway listens, without a slash at the end.
    pub url: String,
    /// The demo account.
    pub account_id: AccountId,
    /// Its admin.
    pub admin: Login,
    /// One of its agents.
    pub agent: Login,
    /// Its Zendesk inbox.
    pub zendesk: ZendeskInbox,
    /// Its widget.
    pub widget: WidgetInbox,
}

/// Who may log in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Login {
    /// E-mail address.
    pub email: String,
    /// Password, in the clear: it is a demo account on this machine.
    pub password: String,
}

/// Where and how to send what Zendesk would.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ZendeskInbox {
    /// The inbox.
    pub inbox_id: InboxId,
    /// The signing secret.
    pub secret: String,
    /// The whole URL.
    pub hook_url: String,
}

/// How a page embeds the widget.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WidgetInbox {
    /// `data-inbox` of the script tag.
    pub inbox_key: String,
    /// A page that embeds it.
    pub demo_url: String,
}

impl Stack {
    /// Reads a `dev.json`.
    ///
    /// # Errors
    /// When the file is missing or of another shape.
    pub fn read(path: &Path) -> Result<Self, ClientError> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| ClientError::File(path.display().to_string(), error))?;
        serde_json::from_str(&text).map_err(|error| ClientError::Json(error, text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_has_exactly_the_documented_shape() {
        let value = serde_json::json!({
            "url": "http://127.0.0.1:8787",
            "account_id": "acc_00000000000000000000000001",
            "admin": {"email": "a", "password": "b"},
            "agent": {"email": "c", "password": "d"},
            "zendesk": {"inbox_id": "inb_00000000000000000000000002", "secret": "s", "hook_url": "h"},
            "widget": {"inbox_key": "k", "demo_url": "u"}
        });
        let stack: Stack = serde_json::from_value(value.clone()).unwrap();
        assert_eq!(serde_json::to_value(stack).unwrap(), value);
    }
}
