//! Whether the assistant answers in an inbox, as this isolate last read it, so that most messages cost no query.
//!
//! Who switches it off is sure of it within [`FRESH_MILLIS`]: what is older is never used, also when the directory does not answer.

use std::cell::RefCell;
use std::collections::HashMap;

use edgedesk_domain::assistant::AssistantSettings;
use edgedesk_domain::ids::{AccountId, InboxId};
use edgedesk_domain::time::Timestamp;
use edgedesk_objects::host::OutsideError;

use crate::context::App;
use crate::error::AppError;

/// How long what was read is used: 3 s, and the query takes one of the five in which a switch has to count.
const FRESH_MILLIS: i64 = 3_000;
/// Most inboxes that are remembered: some 100 bytes each.
const MAX_ENTRIES: usize = 4_096;

thread_local! {
    static KNOWN: RefCell<Known> = RefCell::new(Known::default());
}

/// How the assistant answers in an inbox.
pub async fn settings(
    app: &App,
    account_id: AccountId,
    inbox_id: InboxId,
) -> Result<AssistantSettings, OutsideError> {
    let key = (account_id, inbox_id);
    // The time before the query: what it says may be as old.
    let now = app.now();
    if let Some(known) = KNOWN.with_borrow(|known| known.look(key, now)) {
        return Ok(known);
    }
    let found = read(app, account_id, inbox_id).await.map_err(|error| {
        OutsideError::Unavailable(error.internal.unwrap_or_else(|| error.code.clone()))
    })?;
    KNOWN.with_borrow_mut(|known| known.keep(key, found, now));
    Ok(found)
}

/// A switch was moved: this isolate asks again at once, the others within [`FRESH_MILLIS`].
pub fn forget(account_id: AccountId) {
    KNOWN.with_borrow_mut(|known| known.0.retain(|(of, _), _| *of != account_id));
}

async fn read(
    app: &App,
    account_id: AccountId,
    inbox_id: InboxId,
) -> Result<AssistantSettings, AppError> {
    let directory = app.directory()?;
    Ok(directory.find_assistant(account_id, inbox_id).await?)
}

/// What was read of each inbox, and when.
#[derive(Debug, Default)]
struct Known(HashMap<(AccountId, InboxId), (AssistantSettings, Timestamp)>);

impl Known {
    fn look(&self, key: (AccountId, InboxId), now: Timestamp) -> Option<AssistantSettings> {
        let (settings, at) = self.0.get(&key)?;
        (now < at.plus_millis(FRESH_MILLIS)).then_some(*settings)
    }

    fn keep(&mut self, key: (AccountId, InboxId), settings: AssistantSettings, at: Timestamp) {
        if self.0.len() >= MAX_ENTRIES {
            self.0.clear();
        }
        self.0.insert(key, (settings, at));
    }
}

#[cfg(test)]
mod tests {
    use ulid::Ulid;

    use super::*;

    #[test]
    fn what_is_older_than_three_seconds_is_not_used() {
        let mut known = Known::default();
        let key = |number| (AccountId::new(Ulid(number)), InboxId::new(Ulid(7)));
        let at = |millis| Timestamp::from_millis(1_000_000 + millis);
        let on = AssistantSettings {
            is_enabled: true,
            ..AssistantSettings::default()
        };
        known.keep(key(1), on, at(0));
        assert_eq!(known.look(key(1), at(FRESH_MILLIS - 1)), Some(on));
        assert_eq!(known.look(key(1), at(FRESH_MILLIS)), None);
        assert_eq!(known.look(key(2), at(0)), None, "another account");
        for number in 0..3 * MAX_ENTRIES {
            known.keep(key(number as u128), on, at(0));
        }
        assert!(known.0.len() <= MAX_ENTRIES);
    }
}
