//! Requests to the `Limiter` objects, which count calls: those of an account, and those that have none yet.

use edgedesk_domain::ids::AccountId;
use edgedesk_domain::limits::NOBODY;
use edgedesk_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Namespace binding of the `Limiter` objects.
pub const BINDING: &str = "LIMITERS";

/// `POST`: [`CountRequest`] to [`CountResponse`].
pub const COUNT_PATH: &str = "/count";

/// The name of the object that counts the calls of an account's people and API keys.
#[must_use]
pub fn object_name(account_id: AccountId) -> String {
    format!("{account_id}:limits")
}

/// The name of the object that counts the calls of an account's visitors: another one, so that a flood of them does not
/// keep those who work there waiting.
#[must_use]
pub fn visitors_name(account_id: AccountId) -> String {
    format!("{account_id}:visits")
}

/// The name of the object that counts the calls without an account of a network, by its hash in hexadecimal digits: one of 256, so
/// that a flood from one network keeps few others waiting.
#[must_use]
pub fn sign_ins_name(network: &str) -> String {
    let part: String = network.chars().take(2).collect();
    format!("{NOBODY}:sign-ins-{part}")
}

/// Whether an object of this name counts calls without an account.
#[must_use]
pub fn is_sign_ins_name(name: &str) -> bool {
    name.strip_prefix(&sign_ins_name(""))
        .is_some_and(|part| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// One call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CountRequest {
    /// A hash of the network it comes from, for calls that are counted by that; at most 64 letters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caller: Option<String>,
    /// The windows that it must fit into, all of them. The first is the one that old headers tell.
    pub windows: Vec<Window>,
}

/// At most so many calls in so long a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// A word, such as `hour`.
    pub name: String,
    /// Most calls.
    pub quota: u64,
    /// Seconds from the first call on.
    pub secs: u32,
}

/// What became of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CountResponse {
    /// Whose calls they are.
    pub account_id: AccountId,
    /// The place of the window that it did not fit into, of several the one that lasts longest; absent when it may go on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused_by: Option<usize>,
    /// As they are after the call, in the order of the request.
    pub windows: Vec<WindowState>,
    /// The time of the object's clock.
    pub at: Timestamp,
}

/// A window as it is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WindowState {
    /// What was asked for.
    pub window: Window,
    /// Calls that are left in it.
    pub remaining: u64,
    /// When it ends.
    pub resets_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_objects_are_pinned() {
        let id = "acc_00000000000000000000000001".parse().unwrap();
        assert_eq!(object_name(id), "acc_00000000000000000000000001:limits");
        assert_eq!(visitors_name(id), "acc_00000000000000000000000001:visits");
        let name = sign_ins_name("3f09");
        assert_eq!(name, "acc_00000000000000000000000000:sign-ins-3f");
        assert!(is_sign_ins_name(&name));
        for other in ["", "3", "3f0", "zz", "é"] {
            assert!(!is_sign_ins_name(&format!("{}{other}", sign_ins_name(""))));
        }
        assert!(!is_sign_ins_name(&visitors_name(NOBODY)));
    }
}
