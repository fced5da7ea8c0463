//! Which version of its own intents an account uses, as this isolate last read it, so that a message costs no query.
//!
//! A switch is seen within [`FRESH_MILLIS`]. When the database does not answer, what was read last goes on serving.

use std::cell::RefCell;
use std::collections::HashMap;

use edgedesk_domain::ids::AccountId;
use edgedesk_domain::time::Timestamp;
use edgedesk_objects::host::OutsideError;
use edgedesk_wire::inference::IntentsInUse;

use crate::account_store::store_of;
use crate::context::App;
use crate::error::AppError;

/// How long a version is used without asking: 3 s, so that a switch takes effect within five.
const FRESH_MILLIS: i64 = 3_000;
/// Most accounts that are remembered: some 100 bytes each.
const MAX_ENTRIES: usize = 4_096;

thread_local! {
    static IN_USE: RefCell<Versions> = RefCell::new(Versions::default());
}

/// The version that an account's analyses use, and which of its intents are gone; `None` when it has none.
pub async fn in_use(
    app: &App,
    account_id: AccountId,
) -> Result<Option<IntentsInUse>, OutsideError> {
    let now = app.now();
    if let Some(version) = IN_USE.with_borrow_mut(|versions| versions.look(account_id, now)) {
        return Ok(version);
    }
    let found = read_version(app, account_id)
        .await
        .map_err(|error| unavailable(&error));
    IN_USE.with_borrow_mut(|versions| versions.settle(account_id, found, now))
}

/// The head of a version, from the account's shard.
pub async fn head(
    app: &App,
    account_id: AccountId,
    version: u32,
) -> Result<Option<String>, OutsideError> {
    read_head(app, account_id, version)
        .await
        .map_err(|error| unavailable(&error))
}

/// The version in use has changed: this isolate asks again at once, the others within [`FRESH_MILLIS`].
pub fn forget(account_id: AccountId) {
    IN_USE.with_borrow_mut(|versions| versions.entries.remove(&account_id));
}

async fn read_version(app: &App, account_id: AccountId) -> Result<Option<IntentsInUse>, AppError> {
    let shards = app.shards()?;
    let store = store_of(app, &shards, account_id).await?;
    Ok(store.intents_in_use().await?)
}

async fn read_head(
    app: &App,
    account_id: AccountId,
    version: u32,
) -> Result<Option<String>, AppError> {
    let shards = app.shards()?;
    let store = store_of(app, &shards, account_id).await?;
    Ok(store.intents_head(version).await?)
}

fn unavailable(error: &AppError) -> OutsideError {
    OutsideError::Unavailable(error.internal.clone().unwrap_or_else(|| error.code.clone()))
}

/// What was read of each account, and when.
#[derive(Debug, Default)]
struct Versions {
    entries: HashMap<AccountId, Known>,
}

#[derive(Debug, Clone)]
struct Known {
    version: Option<IntentsInUse>,
    fresh_until: Timestamp,
}

impl Versions {
    /// What is known; `None` when the caller has to read it. Of many who come when it is too old one is sent to read, and
    /// the others go on with the old: a busy account is one query every few seconds.
    #[expect(
        clippy::option_option,
        reason = "to know that there is none is not to know nothing"
    )]
    fn look(&mut self, account_id: AccountId, now: Timestamp) -> Option<Option<IntentsInUse>> {
        let known = self.entries.get_mut(&account_id)?;
        if now < known.fresh_until {
            return Some(known.version.clone());
        }
        known.fresh_until = now.plus_millis(FRESH_MILLIS);
        None
    }

    /// Takes what the database said; when it did not answer, gives the last that it said.
    fn settle(
        &mut self,
        account_id: AccountId,
        found: Result<Option<IntentsInUse>, OutsideError>,
        now: Timestamp,
    ) -> Result<Option<IntentsInUse>, OutsideError> {
        match found {
            Ok(version) => {
                if self.entries.len() >= MAX_ENTRIES {
                    self.entries.clear();
                }
                let known = Known {
                    version: version.clone(),
                    fresh_until: now.plus_millis(FRESH_MILLIS),
                };
                self.entries.insert(account_id, known);
                Ok(version)
            }
            Err(error) => match self.entries.get(&account_id) {
                Some(known) => Ok(known.version.clone()),
                None => Err(error),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ulid::Ulid;

    fn account(number: u128) -> AccountId {
        AccountId::new(Ulid(number))
    }

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(1_000_000 + millis)
    }

    fn of_version(version: u32) -> IntentsInUse {
        IntentsInUse {
            version,
            retired: Vec::new(),
        }
    }

    fn outage() -> OutsideError {
        OutsideError::Unavailable("down".to_owned())
    }

    #[test]
    fn a_version_is_known_for_a_few_seconds_and_having_none_is_known_too() {
        for version in [None, Some(of_version(3))] {
            let mut versions = Versions::default();
            assert_eq!(versions.look(account(1), at(0)), None);
            let settled = versions.settle(account(1), Ok(version.clone()), at(0));
            assert_eq!(settled, Ok(version.clone()));
            assert_eq!(
                versions.look(account(1), at(FRESH_MILLIS - 1)),
                Some(version)
            );
            assert_eq!(versions.look(account(2), at(0)), None, "another account");
            assert_eq!(versions.look(account(1), at(FRESH_MILLIS)), None);
        }
    }

    #[test]
    fn one_of_many_reads_again_and_the_others_go_on_with_the_old() {
        let mut versions = Versions::default();
        assert_eq!(
            versions.settle(account(1), Ok(Some(of_version(3))), at(0)),
            Ok(Some(of_version(3)))
        );
        let later = at(FRESH_MILLIS + 5);
        assert_eq!(versions.look(account(1), later), None);
        assert_eq!(versions.look(account(1), later), Some(Some(of_version(3))));
        assert_eq!(
            versions.settle(account(1), Ok(Some(of_version(4))), later),
            Ok(Some(of_version(4)))
        );
        assert_eq!(versions.look(account(1), later), Some(Some(of_version(4))));
    }

    #[test]
    fn a_database_that_is_down_leaves_the_last_version_in_use() {
        let mut versions = Versions::default();
        assert_eq!(
            versions.settle(account(1), Err(outage()), at(0)),
            Err(outage())
        );
        assert_eq!(
            versions.settle(account(1), Ok(Some(of_version(3))), at(1)),
            Ok(Some(of_version(3)))
        );
        let later = at(3_600_000);
        assert_eq!(versions.look(account(1), later), None);
        assert_eq!(
            versions.settle(account(1), Err(outage()), later),
            Ok(Some(of_version(3)))
        );
    }

    #[test]
    fn a_flood_of_accounts_does_not_grow_it_without_end() {
        let mut versions = Versions::default();
        for number in 0..3 * MAX_ENTRIES {
            let found = versions.settle(account(number as u128), Ok(None), at(0));
            assert_eq!(found, Ok(None));
        }
        assert!(versions.entries.len() <= MAX_ENTRIES);
    }
}
