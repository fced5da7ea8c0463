//! What becomes of a job that asks for a draft.
//!
//! In scope: what is read of whom and in which order, the rate of an account, how often is tried, and that the conversation hears of
//! the end in any case ([`drafter`]); macros with their embeddings ([`candidates`]); what open conversations ask, for a list of similar
//! tickets ([`questions`]); who writes the draft ([`writer`]), and text generators among them ([`generated`], [`instructions`]); what the
//! assistant does. Out of scope: what a draft says (`edgedesk-suggest`), how providers are asked (`edgedesk-generate`), the search
//! (`edgedesk-retrieval`), and the queue.
#![forbid(unsafe_code)]

mod assistant;
pub mod candidates;
pub mod drafter;
pub mod generated;
pub mod instructions;
pub mod questions;
#[cfg(test)]
mod tests;
pub mod writer;

use edgedesk_domain::conversation::Priority;
use edgedesk_domain::ids::{AccountId, ConversationId, MessageId};
use edgedesk_wire::drafts::{DraftContext, StoreDraft, StoredDraft};

/// The conversations of accounts.
#[expect(
    async_fn_in_trait,
    reason = "the runtime has one thread; nobody asks for `Send`"
)]
pub trait Conversations {
    /// All that a draft for a message may be made of; `None` where there is no such message any more.
    async fn context(
        &self,
        account_id: AccountId,
        conversation_id: ConversationId,
        message_id: MessageId,
    ) -> Result<Option<DraftContext>, DraftingError>;

    /// Logs a draft; safe to repeat.
    async fn store(
        &self,
        account_id: AccountId,
        conversation_id: ConversationId,
        request: &StoreDraft,
    ) -> Result<StoredDraft, DraftingError>;
}

/// How many drafts an account may have written.
#[expect(
    async_fn_in_trait,
    reason = "the runtime has one thread; nobody asks for `Send`"
)]
pub trait Rate {
    /// Counts one, or says in how many seconds to ask again.
    async fn take(&self, account_id: AccountId, priority: Priority) -> Result<Turn, DraftingError>;
}

/// Whether a draft may be written now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// It was counted.
    Now,
    /// The account has had all of its minute.
    InSeconds(u32),
}

/// Somebody did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DraftingError {
    /// It may work later.
    #[error("not available: {0}")]
    Unavailable(String),
    /// The same will never work.
    #[error("refused: {0}")]
    Refused(String),
}
