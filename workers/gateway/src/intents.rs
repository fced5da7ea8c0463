//! The account's own intents: names and examples, training, versions, the live test. A file for each.

mod names;
mod train;
mod trial;
mod versions;

use edgedesk_domain::ids::AccountId;
use edgedesk_platform::d1::D1;
use edgedesk_store::{AccountStore, Shards};

// With the descriptions that the `openapi` feature makes beside the handlers.
pub use self::names::*;
pub use self::train::*;
pub use self::trial::*;
pub use self::versions::*;
use crate::context::App;
use crate::error::AppError;
use crate::inbox_cache;

async fn store_of<'a>(
    app: &App,
    shards: &'a Shards<D1>,
    account_id: AccountId,
) -> Result<AccountStore<'a, D1>, AppError> {
    let shard = inbox_cache::find_shard(app, account_id).await?;
    Ok(shards.for_account(account_id, shard)?)
}

/// As [`store_of`], for a change.
async fn store_to_change<'a>(
    app: &App,
    shards: &'a Shards<D1>,
    account_id: AccountId,
) -> Result<AccountStore<'a, D1>, AppError> {
    let shard = inbox_cache::find_shard_to_change(app, account_id).await?;
    Ok(shards.for_account(account_id, shard)?)
}
