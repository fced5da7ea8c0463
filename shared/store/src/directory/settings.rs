//! What an account has settled for all of its people.

use edgedesk_domain::ids::AccountId;
use edgedesk_domain::networks::AllowedNetworks;

use super::Directory;
use crate::database::{Database, Row, StoreError, Value};

const FIND_NETWORKS: &str = "
    SELECT id AS account_id, json_extract(settings, '$.allowed_networks') AS networks FROM accounts WHERE id = ?1";
const SET_NETWORKS: &str = "
    UPDATE accounts SET settings = json_set(settings, '$.allowed_networks', json(?2)) WHERE id = ?1
    RETURNING id AS account_id";

#[cfg(test)]
pub(crate) const STATEMENTS: [&str; 2] = [FIND_NETWORKS, SET_NETWORKS];

impl<D: Database> Directory<D> {
    /// From where an account lets its people in.
    pub async fn find_networks(
        &self,
        account_id: AccountId,
    ) -> Result<AllowedNetworks, StoreError> {
        let parameters = [Value::text(account_id)];
        let rows = self
            .of(account_id)
            .query(FIND_NETWORKS, &parameters)
            .await?;
        rows.first()
            .map_or_else(|| Ok(AllowedNetworks::default()), networks)
    }

    /// Says from where an account lets its people in.
    pub async fn set_networks(
        &self,
        account_id: AccountId,
        networks: &AllowedNetworks,
    ) -> Result<(), StoreError> {
        let parameters = [Value::text(account_id), Value::text(crate::json(networks))];
        self.of(account_id).query(SET_NETWORKS, &parameters).await?;
        Ok(())
    }
}

/// The column `networks`: null where the setting was never made.
pub(super) fn networks(row: &Row) -> Result<AllowedNetworks, StoreError> {
    match row.optional_text("networks")? {
        None => Ok(AllowedNetworks::default()),
        Some(_) => row.json("networks"),
    }
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;

    use super::*;
    use crate::fixtures::shards;
    use crate::seed::{AURORA, BOREALIS};

    #[test]
    fn an_account_lets_everybody_in_until_it_says_from_where() {
        let shards = shards();
        let directory = shards.directory();
        let of = |account_id| block_on(directory.find_networks(account_id)).unwrap();
        assert!(of(AURORA.account_id).is_open());
        let office = AllowedNetworks::parse(["203.0.113.0/24", "2001:db8::/32"]).unwrap();
        block_on(directory.set_networks(AURORA.account_id, &office)).unwrap();
        assert_eq!(of(AURORA.account_id), office);
        assert!(of(BOREALIS.account_id).is_open());
        // Other settings stay.
        let account = block_on(directory.find_account(AURORA.account_id))
            .unwrap()
            .unwrap();
        assert_eq!(account.settings["allowed_networks"][0], "203.0.113.0/24");
        block_on(directory.set_networks(AURORA.account_id, &AllowedNetworks::default())).unwrap();
        assert!(of(AURORA.account_id).is_open());
    }
}
