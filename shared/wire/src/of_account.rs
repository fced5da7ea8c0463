//! Whose rows an answer holds: asked before anything of it is handed on.
//!
//! Two looks, both at what is about to leave, after every query and every object was already bound to the account:
//! [`OfAccount`] at the typed answer of an object, and [`names_other_account`] at the bytes of an answer or a frame.

use edgedesk_domain::ids::AccountId;
use serde::de::IgnoredAny;

use crate::audit::{Appended, ConsistencyProof, EntryList, InclusionProof, RootList};
use crate::desk::{DeliveriesResponse, DeskState, ReserveResponse};
use crate::drafts::{AskedForDraft, DraftContext, StoredDraft};
use crate::generators::{GeneratorUsage, Standing};
use crate::idempotency::{Begun, Ended, Forgotten};
use crate::knowledge::{FoundPlaces, IndexStatus, Indexed};
use crate::limits::CountResponse;
use crate::object::{
    AddedAttachment, DecisionRecord, EventsResponse, FoundAttachment, GivenFeedback, Receipt,
    StateResponse, WithdrawnFeedback,
};
use crate::privacy::{KnownNames, RequestAnswer, RequestPage, Rewritten, Scheduled};
use crate::similar::{Noted, SimilarQuestions};
use crate::suggestions::{SuggestionsResponse, VerdictResponse};

/// How an account is named in our JSON: by its field, without a space, since serde writes none. In a text that somebody
/// wrote the quotes are escaped, so that no text looks like this.
const FIELD: &str = "\"account_id\":\"";

/// An answer of an object. The gateway takes no other type, so a new one has to say here whose it is.
pub trait OfAccount {
    /// Whether every row in it is of `account_id`.
    fn is_of(&self, account_id: AccountId) -> bool;
}

impl OfAccount for StateResponse {
    fn is_of(&self, account_id: AccountId) -> bool {
        self.state.account_id == account_id
    }
}

impl OfAccount for EventsResponse {
    fn is_of(&self, account_id: AccountId) -> bool {
        let mut events = self.events.iter();
        events.all(|event| event.account_id == account_id)
    }
}

impl OfAccount for DecisionRecord {
    fn is_of(&self, account_id: AccountId) -> bool {
        self.account_id == account_id
    }
}

impl OfAccount for Standing {
    fn is_of(&self, account_id: AccountId) -> bool {
        self.account_id == account_id
    }
}

impl OfAccount for GeneratorUsage {
    fn is_of(&self, account_id: AccountId) -> bool {
        self.account_id == account_id
    }
}

impl OfAccount for EntryList {
    fn is_of(&self, account_id: AccountId) -> bool {
        let mut entries = self.entries.iter();
        entries.all(|entry| entry.account_id == account_id)
    }
}

impl OfAccount for InclusionProof {
    fn is_of(&self, account_id: AccountId) -> bool {
        self.entry.account_id == account_id
    }
}

impl OfAccount for CountResponse {
    fn is_of(&self, account_id: AccountId) -> bool {
        self.account_id == account_id
    }
}

impl OfAccount for Begun {
    fn is_of(&self, account_id: AccountId) -> bool {
        self.account_id == account_id
    }
}

impl OfAccount for Ended {
    fn is_of(&self, account_id: AccountId) -> bool {
        self.account_id == account_id
    }
}

impl OfAccount for Forgotten {
    fn is_of(&self, account_id: AccountId) -> bool {
        self.account_id == account_id
    }
}

impl OfAccount for FoundPlaces {
    fn is_of(&self, account_id: AccountId) -> bool {
        self.account_id == account_id
    }
}

impl OfAccount for IndexStatus {
    fn is_of(&self, account_id: AccountId) -> bool {
        self.account_id == account_id
    }
}

impl OfAccount for SimilarQuestions {
    fn is_of(&self, account_id: AccountId) -> bool {
        self.account_id == account_id
    }
}

impl OfAccount for AskedForDraft {
    fn is_of(&self, account_id: AccountId) -> bool {
        self.job.account_id == account_id
    }
}

impl OfAccount for DraftContext {
    fn is_of(&self, account_id: AccountId) -> bool {
        self.account_id == account_id
    }
}

impl OfAccount for RequestAnswer {
    fn is_of(&self, account_id: AccountId) -> bool {
        self.account_id == account_id
    }
}

impl OfAccount for RequestPage {
    fn is_of(&self, account_id: AccountId) -> bool {
        self.account_id == account_id
    }
}

/// Answers whose rows do not name an account: numbers and hashes, what the caller has just said, or what a desk or an
/// audit log keeps, which compares the account that it was begun under with the one it is asked for.
macro_rules! compared_by_the_object {
    ($($answer:ty),* $(,)?) => {$(
        impl OfAccount for $answer {
            fn is_of(&self, _: AccountId) -> bool {
                true
            }
        }
    )*};
}

compared_by_the_object!(
    AddedAttachment,
    Appended,
    ConsistencyProof,
    DeliveriesResponse,
    DeskState,
    FoundAttachment,
    GivenFeedback,
    IgnoredAny,
    Indexed,
    KnownNames,
    Noted,
    Receipt,
    ReserveResponse,
    Rewritten,
    RootList,
    Scheduled,
    StoredDraft,
    SuggestionsResponse,
    VerdictResponse,
    WithdrawnFeedback,
);

/// Whether JSON of ours has a field `account_id` with another account than this.
#[must_use]
pub fn names_other_account(json: &str, account_id: AccountId) -> bool {
    // Most answers name none, and then no text is made of the id.
    let mut fields = json.match_indices(FIELD).peekable();
    if fields.peek().is_none() {
        return false;
    }
    let own = account_id.to_string();
    fields.any(|(at, field)| {
        let value = json.get(at + field.len()..).unwrap_or_default();
        !value
            .strip_prefix(own.as_str())
            .is_some_and(|rest| rest.starts_with('"'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(number: u8) -> AccountId {
        let id = format!("acc_{number:026}");
        id.parse().expect("an id")
    }

    #[test]
    fn another_account_is_seen_wherever_it_stands() {
        let (own, other) = (account(1), account(2));
        for (json, expected) in [
            (String::new(), false),
            ("{}".to_owned(), false),
            (format!("{{\"account_id\":\"{own}\"}}"), false),
            (format!("{{\"account_id\":\"{other}\"}}"), true),
            (
                format!("[{{\"account_id\":\"{own}\"}},{{\"a\":{{\"account_id\":\"{other}\"}}}}]"),
                true,
            ),
            // A text that begins like the own one, and one that is cut.
            (format!("{{\"account_id\":\"{own}0\"}}"), true),
            (format!("{{\"account_id\":\"{own}"), true),
            ("{\"account_id\":\"".to_owned(), true),
            ("{\"account_id\":\"ü".to_owned(), true),
            // Other fields may name what they like; the field has one name.
            (format!("{{\"id\":\"{other}\"}}"), false),
            ("{\"account_id\":null}".to_owned(), false),
        ] {
            assert_eq!(names_other_account(&json, own), expected, "{json}");
        }
    }

    #[test]
    fn what_a_customer_writes_is_never_taken_for_a_field() {
        let text = format!("{{\"account_id\":\"{}\"}}", account(2));
        let json = serde_json::to_string(&serde_json::json!({ "text": text, "key": [text] }));
        assert!(!names_other_account(&json.expect("it is JSON"), account(1)));
    }

    #[test]
    fn the_field_is_written_as_it_is_looked_for() {
        #[derive(serde::Serialize)]
        struct Row {
            account_id: AccountId,
        }
        let row = Row {
            account_id: account(2),
        };
        let json = serde_json::to_string(&row).expect("it is JSON");
        assert!(json.contains(FIELD), "{json}");
        assert!(names_other_account(&json, account(1)));
        assert!(!names_other_account(&json, account(2)));
    }
}
