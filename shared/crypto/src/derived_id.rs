//! Ids that follow from what the provider calls a thread or a person.
//!
//! A hook knows the conversation's object without asking anybody, and two first deliveries of one thread cannot race to
//! create two conversations. `docs/decisions/0002-derived-conversation-ids.md` says what was weighed.

use edgedesk_domain::ids::{AccountId, ConversationId, CustomerId, InboxId};
use ulid::Ulid;

use crate::digest::sha256_128;

/// The conversation of a provider's thread. Its ULID carries no time: sort by `created_at`, never by this id.
#[must_use]
pub fn conversation_id_for(
    account_id: AccountId,
    inbox_id: InboxId,
    thread: &str,
) -> ConversationId {
    ConversationId::new(derive(
        "edgedesk/conversation/1",
        account_id,
        inbox_id,
        thread,
    ))
}

/// The customer behind a provider's person.
#[must_use]
pub fn customer_id_for(account_id: AccountId, inbox_id: InboxId, external_id: &str) -> CustomerId {
    CustomerId::new(derive(
        "edgedesk/customer/1",
        account_id,
        inbox_id,
        external_id,
    ))
}

fn derive(purpose: &str, account_id: AccountId, inbox_id: InboxId, name: &str) -> Ulid {
    Ulid::from(sha256_128(&[
        purpose.as_bytes(),
        &u128::from(account_id.ulid()).to_be_bytes(),
        &u128::from(inbox_id.ulid()).to_be_bytes(),
        name.as_bytes(),
    ]))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn account(n: u128) -> AccountId {
        AccountId::new(Ulid::from(n))
    }

    fn inbox(n: u128) -> InboxId {
        InboxId::new(Ulid::from(n))
    }

    #[test]
    fn derived_ids_never_change() {
        // The ids are addresses of stored logs: a change here loses every conversation. Recomputed with Python's
        // `hashlib` from the description in the decision record.
        assert_eq!(
            conversation_id_for(account(1), inbox(2), "5158").to_string(),
            "cnv_6ZS5N9ZQTGEPC6GG3QVS0J7145"
        );
        assert_eq!(
            customer_id_for(account(1), inbox(2), "8447388090494").to_string(),
            "cus_6QJ060VBVCXSG4E6FGXGFV1G7M"
        );
    }

    #[test]
    fn account_inbox_thread_and_purpose_each_make_a_difference() {
        let conversations = [
            conversation_id_for(account(1), inbox(1), "1"),
            conversation_id_for(account(2), inbox(1), "1"),
            conversation_id_for(account(1), inbox(2), "1"),
            conversation_id_for(account(1), inbox(1), "2"),
            conversation_id_for(account(1), inbox(1), "1\0"),
            conversation_id_for(account(1), inbox(1), ""),
        ];
        let mut seen: HashSet<Ulid> = conversations.iter().map(ConversationId::ulid).collect();
        assert_eq!(seen.len(), conversations.len());
        assert!(seen.insert(customer_id_for(account(1), inbox(1), "1").ulid()));
    }

    #[test]
    fn a_derived_id_reads_back_from_its_text() {
        for thread in 0..200 {
            let id = conversation_id_for(account(7), inbox(7), &thread.to_string());
            assert_eq!(id.to_string().parse(), Ok(id));
        }
    }
}
