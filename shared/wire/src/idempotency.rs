//! Requests to the `Idempotency` objects, which make a change that is asked for twice happen once.

use edgedesk_domain::ids::AccountId;
use serde::{Deserialize, Serialize};

/// Namespace binding of the `Idempotency` objects.
pub const BINDING: &str = "IDEMPOTENCY";

/// Objects of one account. A key belongs to one of them by its hash, so that a script with many keys at once does not queue
/// behind one thread; an erasure asks all of them, so they are few.
pub const N_SLICES: u8 = 4;

/// `POST`: [`BeginRequest`] to [`Begun`].
pub const BEGIN_PATH: &str = "/begin";
/// `POST`: [`EndRequest`] to [`Ended`].
pub const END_PATH: &str = "/end";
/// `POST` of nothing to [`Forgotten`]: every answer that is kept is forgotten, and no key.
pub const FORGET_PATH: &str = "/forget";

/// The name, and so the address for ever, of one of an account's objects. `slice` is below [`N_SLICES`].
#[must_use]
pub fn object_name(account_id: AccountId, slice: u8) -> String {
    format!("{account_id}:idempotency-{slice}")
}

/// The object that has a key, by the key's hash in hexadecimal digits.
#[must_use]
pub fn slice_of(key_hash: &str) -> u8 {
    let digit = key_hash
        .chars()
        .next_back()
        .and_then(|digit| digit.to_digit(16));
    digit
        .and_then(|digit| u8::try_from(digit).ok())
        .unwrap_or_default()
        % N_SLICES
}

/// A change is about to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BeginRequest {
    /// SHA-256 of the key, in hexadecimal digits: what the caller calls it is nobody's business.
    pub key_hash: String,
    /// SHA-256 of who asks for what, in hexadecimal digits. Another one under the same key is refused.
    pub fingerprint: String,
    /// Who makes the change: a name that no other attempt has. The same attempt may ask again.
    pub attempt: String,
}

/// Whether the change is to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Begun {
    /// Whose keys they are.
    pub account_id: AccountId,
    /// What to do.
    pub turn: Turn,
}

/// What whoever asks has to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Turn {
    /// Make the change, and end the attempt.
    Go,
    /// Say that another attempt is under way.
    Wait,
    /// Say that the key belongs to another request.
    Reused,
    /// Give the answer that was kept.
    Repeat {
        /// Its status.
        status: u16,
        /// Its headers and body, sealed by whoever kept it; absent when it was not kept.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        answer: Option<String>,
    },
}

/// An attempt is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndRequest {
    /// As in [`BeginRequest`].
    pub key_hash: String,
    /// As in [`BeginRequest`]: one that was given up meanwhile ends nothing.
    pub attempt: String,
    /// What became of it; absent when nothing did, and the key is free again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
}

/// What became of a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// The answer's status.
    pub status: u16,
    /// Its headers and body, sealed; absent when it is not to be kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
}

/// The end of an attempt was noted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// Whose keys they are.
    pub account_id: AccountId,
    /// Whether the attempt still had the key.
    pub was_held: bool,
}

/// Answers were forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forgotten {
    /// Whose keys they are.
    pub account_id: AccountId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_objects_are_pinned() {
        let id = "acc_00000000000000000000000001".parse().unwrap();
        assert_eq!(
            object_name(id, 3),
            "acc_00000000000000000000000001:idempotency-3"
        );
        assert_eq!(
            [slice_of("ab0"), slice_of("ab1"), slice_of("ab7")],
            [0, 1, 3]
        );
    }

    #[test]
    fn a_hash_belongs_to_every_slice_as_often_as_to_any_other() {
        let mut n_of = [0; N_SLICES as usize];
        for digit in "0123456789abcdef".chars() {
            n_of[usize::from(slice_of(&digit.to_string()))] += 1;
        }
        assert_eq!(n_of, [4; N_SLICES as usize]);
    }
}
