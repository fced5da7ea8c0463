//! The read model of an account, made again from its conversations' logs.

use edgedesk_domain::conversation::ConversationState;
use edgedesk_domain::ids::{AccountId, ConversationId};
use edgedesk_wire::jobs::RebuildResponse;

use super::{Chance, LOG_PAGE, LogReader, Projector, ReadError, RegistryReader, read};
use crate::database::{Database, StoreError};
use crate::projection::Projection;

/// Events collected over conversations before they are written.
const EVENTS_PER_WRITE: usize = 500;

/// Why a page could not be rebuilt. Asking for the same page again is safe.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RebuildError {
    /// There is no such account.
    #[error("there is no account {0}")]
    UnknownAccount(AccountId),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An object failed.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl<D: Database, L: LogReader, C: Chance> Projector<'_, D, L, C> {
    /// Projects one page of an account's conversations from their logs, by ticket number. The first page (`after` absent)
    /// deletes the account's rows before. Live messages may be projected meanwhile: projection is free of order.
    pub async fn rebuild(
        &self,
        registry: &impl RegistryReader,
        account_id: AccountId,
        after: Option<u64>,
        limit: u32,
    ) -> Result<RebuildResponse, RebuildError> {
        let store = self
            .account_store(account_id)
            .await?
            .ok_or(RebuildError::UnknownAccount(account_id))?;
        // Before rows are deleted: without keys there is nothing to put in their place.
        let sealer = store.sealer().await?;
        let page = registry
            .read_registry(account_id, after.unwrap_or(0), limit.clamp(1, 100))
            .await?;
        let mut conversation_ids: Vec<_> = page
            .conversations
            .iter()
            .map(|entry| entry.conversation_id)
            .collect();
        if after.is_none() {
            // A conversation that the desk has not heard of yet is in no registry; its rows must not vanish.
            for conversation_id in store.list_without_ticket().await? {
                if !conversation_ids.contains(&conversation_id) {
                    conversation_ids.push(conversation_id);
                }
            }
            store.seal_what_is_plain().await?;
            store.delete_read_model().await?;
        }

        let mut projection = Projection::default();
        let mut n_events = 0;
        let mut rebuilt = 0;
        for conversation_id in conversation_ids {
            let mut state = None::<ConversationState>;
            loop {
                let folded_seq = state.as_ref().map_or(0, |state| state.seq);
                let page = self
                    .logs
                    .read_events(account_id, conversation_id, folded_seq, LOG_PAGE)
                    .await?;
                read::check_run(&page.events, account_id, conversation_id, folded_seq + 1)?;
                if page.events.is_empty() {
                    break;
                }
                for event in &page.events {
                    match &mut state {
                        Some(state) => state.apply(event),
                        None => state = Some(first_state(event, conversation_id)?),
                    }
                }
                projection.add_events(&page.events, &sealer)?;
                n_events += page.events.len();
                if n_events >= EVENTS_PER_WRITE {
                    store.write(std::mem::take(&mut projection)).await?;
                    n_events = 0;
                }
                if state
                    .as_ref()
                    .is_some_and(|state| state.seq >= page.head_seq)
                {
                    break;
                }
            }
            if let Some(state) = state {
                projection.add_state(&state, &sealer);
                rebuilt += 1;
            }
        }
        store.write(projection).await?;
        Ok(RebuildResponse {
            rebuilt,
            next_after: page.next_after,
        })
    }
}

fn first_state(
    event: &edgedesk_domain::event::Event,
    conversation_id: ConversationId,
) -> Result<ConversationState, ReadError> {
    ConversationState::first(event).ok_or_else(|| {
        ReadError(format!(
            "conversation {conversation_id}: the log does not begin with its creation"
        ))
    })
}
