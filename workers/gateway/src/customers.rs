//! The people who write in: the list, what they agreed to, and archives of what is known of them. A file for each.

mod consents;
mod exports;
mod list;

use edgedesk_domain::ids::{AccountId, CustomerId};
use edgedesk_platform::d1::D1;
use edgedesk_store::{AccountStore, Shards};

// With the descriptions that the `openapi` feature makes beside the handlers.
pub use self::consents::*;
pub use self::exports::*;
pub use self::list::*;
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

/// Refuses a customer that the account does not have. Only for those who see all customers.
async fn check_customer(store: AccountStore<'_, D1>, id: CustomerId) -> Result<(), AppError> {
    let found = store.find_customer(id, None).await?;
    found.map(|_| ()).ok_or_else(AppError::not_found)
}
