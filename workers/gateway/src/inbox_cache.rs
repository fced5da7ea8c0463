//! Inboxes and shard numbers as this isolate last read them from the directory, so that a hook costs no query.
//!
//! A change in the directory is seen within [`FRESH_MILLIS`]. When the directory does not answer, what was read within
//! [`STALE_MILLIS`] goes on serving: a message is worth more than a setting of the last minutes.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use edgedesk_domain::account::Inbox;
use edgedesk_domain::ids::{AccountId, InboxId};
use edgedesk_domain::limits::RateLimits;
use edgedesk_domain::time::Timestamp;
use edgedesk_store::directory::Account;
use http::StatusCode;

use crate::context::App;
use crate::error::AppError;

/// How long an entry is used without asking: 30 s.
const FRESH_MILLIS: i64 = 30_000;
/// How long an entry is used when the directory does not answer: an hour.
const STALE_MILLIS: i64 = 3_600_000;
/// Seconds after which a change is tried again that came while an account moves.
const MOVE_RETRY_SECS: u32 = 60;
/// Most entries of a kind. An inbox takes about 500 bytes: half a megabyte of the isolate's 128.
const MAX_ENTRIES: usize = 1024;

thread_local! {
    static INBOXES: RefCell<Cache<InboxId, Arc<Inbox>>> = RefCell::new(Cache::new());
    static INBOXES_BY_KEY: RefCell<Cache<String, Arc<Inbox>>> = RefCell::new(Cache::new());
    static ACCOUNTS: RefCell<Cache<AccountId, KnownAccount>> = RefCell::new(Cache::new());
}

/// What is remembered of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct KnownAccount {
    shard: u32,
    limits: RateLimits,
    is_moving: bool,
}

/// The inbox of an id.
pub async fn find_inbox(app: &App, inbox_id: InboxId) -> Result<Option<Arc<Inbox>>, AppError> {
    let now = app.now();
    if let Some(inbox) = INBOXES.with_borrow(|cache| cache.fresh(&inbox_id, now)) {
        return Ok(Some(inbox));
    }
    let found = async {
        let keys = app.data_keys()?;
        Ok(app.directory()?.find_inbox(&keys, inbox_id).await?)
    };
    let found = found.await;
    INBOXES.with_borrow_mut(|cache| {
        cache.settle(inbox_id, found.map(|inbox| inbox.map(Arc::new)), now)
    })
}

/// The widget inbox of a public key.
pub async fn find_inbox_by_key(app: &App, key: &str) -> Result<Option<Arc<Inbox>>, AppError> {
    let now = app.now();
    let key = key.to_owned();
    if let Some(inbox) = INBOXES_BY_KEY.with_borrow(|cache| cache.fresh(&key, now)) {
        return Ok(Some(inbox));
    }
    let found = async {
        let keys = app.data_keys()?;
        Ok(app.directory()?.find_inbox_by_key(&keys, &key).await?)
    };
    let found = found.await;
    INBOXES_BY_KEY
        .with_borrow_mut(|cache| cache.settle(key, found.map(|inbox| inbox.map(Arc::new)), now))
}

/// It has just been changed: this isolate asks again.
pub fn forget_inbox(inbox_id: InboxId, key: Option<&str>) {
    INBOXES.with_borrow_mut(|cache| cache.entries.remove(&inbox_id));
    if let Some(key) = key {
        INBOXES_BY_KEY.with_borrow_mut(|cache| cache.entries.remove(key));
    }
}

/// The shard of an account. An account without one is gone: its tokens are worth nothing any more.
pub async fn find_shard(app: &App, account_id: AccountId) -> Result<u32, AppError> {
    let account = find_account(app, account_id).await?;
    account
        .map(|account| account.shard)
        .ok_or_else(|| AppError::unauthorized("unknown_account", "the account is gone"))
}

/// As [`find_shard`], for a change of rows that are nowhere else. While an account moves to another shard these would be
/// left behind, so they are refused for that minute; what follows from logs goes on.
pub async fn find_shard_to_change(app: &App, account_id: AccountId) -> Result<u32, AppError> {
    match find_account(app, account_id).await? {
        Some(account) if account.is_moving => Err(AppError {
            code: "account_moving".to_owned(),
            detail: Some("the account's data is being moved; try again in a minute".to_owned()),
            ..AppError::unavailable(MOVE_RETRY_SECS, "a change while the account moves")
        }),
        _ => find_shard(app, account_id).await,
    }
}

/// How many calls an account may make; none when it is gone.
pub async fn find_limits(app: &App, account_id: AccountId) -> Result<Option<RateLimits>, AppError> {
    let account = find_account(app, account_id).await?;
    Ok(account.map(|account| account.limits))
}

async fn find_account(app: &App, account_id: AccountId) -> Result<Option<KnownAccount>, AppError> {
    let now = app.now();
    if let Some(known) = ACCOUNTS.with_borrow(|cache| cache.fresh(&account_id, now)) {
        return Ok(Some(known));
    }
    let found = match app.directory() {
        Ok(directory) => directory.find_account(account_id).await.map_err(Into::into),
        Err(error) => Err(error),
    };
    let known = |account: Account| KnownAccount {
        shard: account.shard,
        is_moving: account.settings.get("moving_to").is_some(),
        limits: RateLimits::of(
            &account.plan,
            &account.settings,
            app.config().limits_scale(),
        ),
    };
    ACCOUNTS
        .with_borrow_mut(|cache| cache.settle(account_id, found.map(|found| found.map(known)), now))
}

struct Cache<K, V> {
    entries: HashMap<K, (Timestamp, V)>,
}

impl<K: Hash + Eq, V: Clone> Cache<K, V> {
    fn new() -> Self {
        Self {
            entries: HashMap::new(),
        }
    }

    fn fresh(&self, key: &K, now: Timestamp) -> Option<V> {
        self.within(key, now, FRESH_MILLIS)
    }

    fn within(&self, key: &K, now: Timestamp, millis: i64) -> Option<V> {
        let (read_at, value) = self.entries.get(key)?;
        (now.millis_since(*read_at) < millis).then(|| value.clone())
    }

    /// Takes what the directory said; when it did not answer, gives the last it said.
    fn settle(
        &mut self,
        key: K,
        found: Result<Option<V>, AppError>,
        now: Timestamp,
    ) -> Result<Option<V>, AppError> {
        match found {
            Ok(Some(value)) => {
                if self.entries.len() >= MAX_ENTRIES {
                    self.entries
                        .retain(|_, (read_at, _)| now.millis_since(*read_at) < FRESH_MILLIS);
                    if self.entries.len() >= MAX_ENTRIES {
                        self.entries.clear();
                    }
                }
                self.entries.insert(key, (now, value.clone()));
                Ok(Some(value))
            }
            // What is not there is not remembered: an inbox that was just created works at once.
            Ok(None) => {
                self.entries.remove(&key);
                Ok(None)
            }
            Err(error) => match self.within(&key, now, STALE_MILLIS) {
                Some(value) if is_outage(&error) => Ok(Some(value)),
                _ => Err(error),
            },
        }
    }
}

/// Whether the directory did not answer, or not with what can be read.
pub fn is_outage(error: &AppError) -> bool {
    matches!(
        error.status,
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::INTERNAL_SERVER_ERROR
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(1_000_000 + millis)
    }

    fn outage() -> AppError {
        AppError::unavailable(1, "down")
    }

    #[test]
    fn an_entry_is_fresh_for_half_a_minute_and_serves_for_an_hour_of_outage() {
        let mut cache = Cache::new();
        assert_eq!(cache.settle(1, Ok(Some("a")), at(0)), Ok(Some("a")));
        assert_eq!(cache.fresh(&1, at(FRESH_MILLIS - 1)), Some("a"));
        assert_eq!(cache.fresh(&1, at(FRESH_MILLIS)), None);
        assert_eq!(
            cache.settle(1, Err(outage()), at(STALE_MILLIS - 1)),
            Ok(Some("a"))
        );
        assert_eq!(
            cache.settle(1, Err(outage()), at(STALE_MILLIS)),
            Err(outage())
        );
        assert_eq!(cache.settle(2, Err(outage()), at(0)), Err(outage()));
    }

    #[test]
    fn what_is_gone_from_the_directory_is_gone_here() {
        let mut cache = Cache::new();
        assert_eq!(cache.settle(1, Ok(Some("a")), at(0)), Ok(Some("a")));
        assert_eq!(cache.settle(1, Ok(None), at(FRESH_MILLIS)), Ok(None));
        assert_eq!(
            cache.settle(1, Err(outage()), at(FRESH_MILLIS + 1)),
            Err(outage())
        );
    }

    #[test]
    fn a_flood_of_keys_does_not_grow_the_cache_without_end() {
        let mut cache = Cache::new();
        for key in 0..3 * MAX_ENTRIES {
            assert_eq!(cache.settle(key, Ok(Some(key)), at(0)), Ok(Some(key)));
        }
        assert!(cache.entries.len() <= MAX_ENTRIES);
    }
}
