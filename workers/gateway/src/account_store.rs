//! The rows of one account, in the shard that it is in.

use edgedesk_domain::ids::AccountId;
use edgedesk_platform::d1::D1;
use edgedesk_store::{AccountStore, Shards};

use crate::context::App;
use crate::error::AppError;
use crate::inbox_cache;

/// To read them.
pub async fn store_of<'a>(
    app: &App,
    shards: &'a Shards<D1>,
    account_id: AccountId,
) -> Result<AccountStore<'a, D1>, AppError> {
    let shard = inbox_cache::find_shard(app, account_id).await?;
    Ok(shards.for_account(account_id, shard)?)
}

/// To change what is nowhere but in them: 503 `account_moving` while the account moves to another shard.
pub async fn store_to_change<'a>(
    app: &App,
    shards: &'a Shards<D1>,
    account_id: AccountId,
) -> Result<AccountStore<'a, D1>, AppError> {
    let shard = inbox_cache::find_shard_to_change(app, account_id).await?;
    Ok(shards.for_account(account_id, shard)?)
}
