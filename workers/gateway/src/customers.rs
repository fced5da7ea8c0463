//! The people who write in: the list, what they agreed to, and archives of what is known of them. A file for each.

mod consents;
mod exports;
mod list;

use edgedesk_domain::ids::CustomerId;
use edgedesk_platform::d1::D1;
use edgedesk_store::AccountStore;

// With the descriptions that the `openapi` feature makes beside the handlers.
pub use self::consents::*;
pub use self::exports::*;
pub use self::list::*;
use crate::error::AppError;

/// Refuses a customer that the account does not have. Only for those who see all customers.
async fn check_customer(store: AccountStore<'_, D1>, id: CustomerId) -> Result<(), AppError> {
    let found = store.find_customer(id, None).await?;
    found.map(|_| ()).ok_or_else(AppError::not_found)
}
