//! The account's own intents: names and examples, what is learned from, trained versions, and which of them is in use.

mod in_use;
mod names;
mod rows;
mod versions;

use edgedesk_wire::ai::UserRef;

use super::Page;
use crate::database::{Row, StoreError};

pub use self::names::IntentError;
pub use self::rows::{MAX_EXAMPLE_CHARS, StoredRow, TrainingBudget, TrainingSet};
pub use self::versions::{CurrentVersion, NewVersion};

/// Most own intents of an account.
pub const MAX_INTENTS: u32 = 50;

#[cfg(test)]
pub(crate) fn reads() -> impl Iterator<Item = &'static str> {
    let parts = [
        &names::READS[..],
        &rows::READS,
        &versions::READS,
        &in_use::READS,
    ];
    parts.into_iter().flatten().copied()
}

fn user(row: &Row) -> Result<UserRef, StoreError> {
    Ok(UserRef {
        id: row.parsed("user_id")?,
        name: row.text("user_name")?.to_owned(),
    })
}

/// The number that a page goes on below.
fn below(cursor: Option<&str>) -> Result<i64, StoreError> {
    match cursor {
        None => Ok(i64::from(u32::MAX) + 1),
        Some(cursor) => cursor
            .parse::<u32>()
            .map(i64::from)
            .map_err(|_| StoreError::InvalidCursor),
    }
}

/// The first `limit` of `items`, which are one more when there is a next page.
fn page<T>(mut items: Vec<T>, limit: u32, number: impl Fn(&T) -> u32) -> Page<T> {
    let n_wanted = usize::try_from(limit).unwrap_or(usize::MAX);
    let has_more = items.len() > n_wanted;
    items.truncate(n_wanted);
    let next_cursor = items
        .last()
        .filter(|_| has_more)
        .map(|last| number(last).to_string());
    Page { items, next_cursor }
}
