//! What an account has settled for all of its people.

use edgedesk_domain::ids::{AccountId, UserId};
use edgedesk_domain::networks::AllowedNetworks;
use edgedesk_domain::zero_trust::AccessApplication;

use super::Directory;
use crate::database::{Database, Row, StoreError, Value};

const FIND_ENTRANCE: &str = "
    SELECT id AS account_id, json_extract(settings, '$.allowed_networks') AS networks,
      json_extract(settings, '$.zero_trust') AS zero_trust
    FROM accounts WHERE id = ?1";
const SET_NETWORKS: &str = "
    UPDATE accounts SET settings = json_set(settings, '$.allowed_networks', json(?2)) WHERE id = ?1
    RETURNING id AS account_id";
const SET_ZERO_TRUST: &str = "
    UPDATE accounts SET settings = json_set(settings, '$.zero_trust', json(?2)) WHERE id = ?1
    RETURNING id AS account_id";

// Whoever asks for second factors has one, at the moment when it begins to count.
const SET_SECOND_FACTOR: &str = "
    UPDATE accounts SET settings = json_set(settings, '$.requires_second_factor', json(?2))
    WHERE id = ?1
      AND (?2 = 'false' OR EXISTS (SELECT 1 FROM second_factors WHERE user_id = ?3 AND confirmed_at IS NOT NULL))
    RETURNING id AS account_id";
const LIST_LACKING: &str = "
    SELECT m.account_id, m.user_id
    FROM memberships m LEFT JOIN second_factors f ON f.user_id = m.user_id
    WHERE m.account_id = ?1 AND m.role IN ('admin', 'owner') AND f.confirmed_at IS NULL";

#[cfg(test)]
pub(crate) const STATEMENTS: [&str; 5] = [
    FIND_ENTRANCE,
    SET_NETWORKS,
    SET_ZERO_TRUST,
    SET_SECOND_FACTOR,
    LIST_LACKING,
];

/// Which ways into an account its people may take.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entrance {
    /// From where it lets them in.
    pub networks: AllowedNetworks,
    /// Through what they have to come, if through anything.
    pub application: Option<AccessApplication>,
}

/// Through what a user has to come, and as whom they must be known there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZeroTrust {
    /// The account's application.
    pub application: AccessApplication,
    /// The user's address.
    pub email: String,
}

impl<D: Database> Directory<D> {
    /// Which ways into an account its people may take.
    pub async fn find_entrance(&self, account_id: AccountId) -> Result<Entrance, StoreError> {
        let parameters = [Value::text(account_id)];
        let rows = self
            .of(account_id)
            .query(FIND_ENTRANCE, &parameters)
            .await?;
        let Some(row) = rows.first() else {
            return Ok(Entrance::default());
        };
        Ok(Entrance {
            networks: networks(row)?,
            application: application(row)?,
        })
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

    /// Says through what an account's people have to come, or that they need not any more.
    pub async fn set_zero_trust(
        &self,
        account_id: AccountId,
        application: Option<&AccessApplication>,
    ) -> Result<(), StoreError> {
        let parameters = [
            Value::text(account_id),
            Value::text(crate::json(&application)),
        ];
        self.of(account_id)
            .query(SET_ZERO_TRUST, &parameters)
            .await?;
        Ok(())
    }

    /// Says whether an account wants a second factor of whoever runs it, as the user `by`. False, and nothing changes, when it
    /// would and they have none themselves.
    pub async fn set_requires_second_factor(
        &self,
        account_id: AccountId,
        by: UserId,
        is_required: bool,
    ) -> Result<bool, StoreError> {
        let parameters = [
            Value::text(account_id),
            Value::text(is_required),
            Value::text(by),
        ];
        let rows = self
            .of(account_id)
            .query(SET_SECOND_FACTOR, &parameters)
            .await?;
        Ok(!rows.is_empty())
    }

    /// Who runs an account without a second factor.
    pub async fn list_without_second_factor(
        &self,
        account_id: AccountId,
    ) -> Result<Vec<UserId>, StoreError> {
        let parameters = [Value::text(account_id)];
        let rows = self.of(account_id).query(LIST_LACKING, &parameters).await?;
        rows.iter().map(|row| row.parsed("user_id")).collect()
    }
}

/// The column `networks`: null where the setting was never made.
pub(super) fn networks(row: &Row) -> Result<AllowedNetworks, StoreError> {
    match row.optional_text("networks")? {
        None => Ok(AllowedNetworks::default()),
        Some(_) => row.json("networks"),
    }
}

/// The column `zero_trust`: null where the setting was never made, or taken back.
pub(super) fn application(row: &Row) -> Result<Option<AccessApplication>, StoreError> {
    match row.optional_text("zero_trust")? {
        None => Ok(None),
        Some(_) => row.json("zero_trust").map(Some),
    }
}

/// The columns `zero_trust` and `email` of a user.
pub(super) fn zero_trust(row: &Row) -> Result<Option<ZeroTrust>, StoreError> {
    let Some(application) = application(row)? else {
        return Ok(None);
    };
    Ok(Some(ZeroTrust {
        application,
        email: row.text("email")?.to_owned(),
    }))
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;

    use super::*;
    use crate::fixtures::{at, shards};
    use crate::seed::{AURORA, BOREALIS};

    #[test]
    fn an_account_lets_everybody_in_until_it_says_from_where() {
        let shards = shards();
        let directory = shards.directory();
        let of = |account_id| {
            let entrance = block_on(directory.find_entrance(account_id)).unwrap();
            entrance.networks
        };
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

    #[test]
    fn an_account_asks_for_no_application_until_it_says_so_and_once_it_takes_it_back() {
        let shards = shards();
        let directory = shards.directory();
        let of = |account_id| block_on(directory.find_entrance(account_id)).unwrap();
        assert_eq!(of(AURORA.account_id), Entrance::default());
        let application =
            AccessApplication::parse("acme.cloudflareaccess.com", &"0a".repeat(32)).unwrap();
        let set = |application| {
            block_on(directory.set_zero_trust(AURORA.account_id, application)).unwrap();
        };
        let office = AllowedNetworks::parse(["203.0.113.0/24"]).unwrap();
        block_on(directory.set_networks(AURORA.account_id, &office)).unwrap();
        set(Some(&application));
        let expected = Entrance {
            networks: office.clone(),
            application: Some(application.clone()),
        };
        assert_eq!(of(AURORA.account_id), expected);
        assert_eq!(of(BOREALIS.account_id), Entrance::default());
        set(None);
        assert_eq!(of(AURORA.account_id).application, None);
        assert_eq!(of(AURORA.account_id).networks, office);
    }

    /// Whoever could write there would else say who lets people in.
    #[test]
    fn an_application_that_is_none_lets_nobody_in() {
        let shards = shards();
        let database = shards.directory_for_tests();
        for stored in [
            r#"{"team_domain":"evil.example","audience":"00"}"#,
            "{}",
            "true",
        ] {
            let id = AURORA.account_id;
            database
                .run_script(&format!(
                    "UPDATE accounts SET settings = json_set(settings, '$.zero_trust', json('{stored}')) WHERE id = '{id}'"
                ))
                .unwrap();
            let found = block_on(Directory::new(database).find_entrance(id));
            assert!(found.is_err(), "{stored}");
        }
    }

    #[test]
    fn whoever_asks_for_second_factors_has_one() {
        let shards = shards();
        let database = shards.directory_for_tests();
        let directory = Directory::new(database);
        let (account_id, admin) = (AURORA.account_id, AURORA.user_id(0));
        let set = |is_required| {
            block_on(directory.set_requires_second_factor(account_id, admin, is_required)).unwrap()
        };
        let required = |account_id| block_on(directory.requires_second_factor(account_id)).unwrap();
        let lacking = || block_on(directory.list_without_second_factor(account_id)).unwrap();
        assert!(!set(true), "has none");
        assert_eq!(lacking(), [admin]);
        assert!(block_on(directory.begin_second_factor(admin, "sealed", at(0))).unwrap());
        assert!(!set(true), "one that is only begun is none");
        assert!(!required(account_id));
        let confirmed = directory.confirm_second_factor(admin, "sealed", 1, &[], at(1));
        assert!(block_on(confirmed).unwrap());
        assert!(set(true));
        assert!(required(account_id) && !required(BOREALIS.account_id));
        assert_eq!(lacking(), []);
        // It may be taken back by whoever has lost theirs.
        block_on(directory.remove_second_factor(admin)).unwrap();
        assert!(set(false));
        assert!(!required(account_id));
    }
}
