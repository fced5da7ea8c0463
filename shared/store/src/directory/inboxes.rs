//! The inboxes of an account, without their secrets.

use edgedesk_domain::account::{Channel, InboxSettings, Secret};
use edgedesk_domain::assistant::AssistantSettings;
use edgedesk_domain::ids::{AccountId, InboxId, TeamId};
use edgedesk_domain::time::Timestamp;

use super::Directory;
use crate::database::{Database, Row, Statement, StoreError, Value};
use crate::keys::{DataKeys, INBOX_SECRET, Sealer, Vault};

/// Most inboxes of an account.
pub const MAX_INBOXES: u32 = 50;

const LIST: &str = "
    SELECT account_id, id, channel, name, key, settings FROM inboxes WHERE account_id = ?1 ORDER BY id";
const FIND: &str = "
    SELECT account_id, id, channel, name, key, settings FROM inboxes WHERE account_id = ?1 AND id = ?2";
const INSERT: &str = "
    INSERT INTO inboxes (id, account_id, channel, name, key, secret, settings, created_at)
    SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8
    WHERE (SELECT COUNT(*) FROM inboxes WHERE account_id = ?2) < ?9
    RETURNING account_id, id";
const CHANGE: &str = "
    UPDATE inboxes SET
      name = ?3,
      settings = json_set(settings, '$.allowed_origins', json(?4), '$.is_closed', json(?5))
    WHERE account_id = ?1 AND id = ?2
    RETURNING account_id, id, channel, name, key, settings";
const SET_SECRET: &str = "
    UPDATE inboxes SET secret = ?3, settings = json_set(settings, '$.secret_set_at', ?4)
    WHERE account_id = ?1 AND id = ?2 AND channel = 'zendesk'
    RETURNING account_id, id, channel, name, key, settings";
const SET_TEAM: &str = "
    UPDATE inboxes SET settings = iif(?3 IS NULL, json_remove(settings, '$.team_id'), json_set(settings, '$.team_id', ?3))
    WHERE account_id = ?1 AND id = ?2
    RETURNING account_id, id";
const SET_ASSISTANT: &str = "
    UPDATE inboxes SET settings = json_set(settings, '$.assistant', json(?3))
    WHERE account_id = ?1 AND id = ?2 AND channel = 'widget'
    RETURNING account_id, id, channel, name, key, settings";

#[cfg(test)]
pub(crate) const STATEMENTS: [&str; 7] = [
    LIST,
    FIND,
    INSERT,
    CHANGE,
    SET_SECRET,
    SET_TEAM,
    SET_ASSISTANT,
];

/// A new inbox with its credentials.
#[derive(Debug, Clone, PartialEq)]
pub struct NewInbox {
    /// The inbox.
    pub id: InboxId,
    /// Its channel.
    pub channel: Channel,
    /// What agents call it.
    pub name: String,
    /// The public key of a widget inbox.
    pub key: Option<String>,
    /// The secret that signs what arrives.
    pub secret: Secret,
    /// Its settings.
    pub settings: InboxSettings,
}

/// An inbox as a list shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct ListedInbox {
    /// Its id.
    pub id: InboxId,
    /// How messages reach it.
    pub channel: Channel,
    /// What agents call it.
    pub name: String,
    /// The public key of a widget.
    pub key: Option<String>,
    /// Its settings.
    pub settings: InboxSettings,
}

/// What of an inbox is changed at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboxChange {
    /// What agents call it from then on.
    pub name: String,
    /// The origins that may open its widget; empty for any.
    pub allowed_origins: Vec<String>,
    /// Whether it takes nothing new any more.
    pub is_closed: bool,
}

/// The statement that puts a new inbox into the directory. It answers with a row, or with none when the account has
/// [`MAX_INBOXES`].
pub(super) fn insert_inbox(
    account_id: AccountId,
    new: &NewInbox,
    sealer: &Sealer,
    now: Timestamp,
) -> Result<Statement, StoreError> {
    let secret = sealer.seal(&INBOX_SECRET, &new.id.to_string(), new.secret.expose())?;
    Ok(Statement::new(
        INSERT,
        vec![
            Value::text(new.id),
            Value::text(account_id),
            Value::text(new.channel.as_str()),
            Value::text(&new.name),
            Value::text_or_null(new.key.as_ref()),
            Value::Text(secret),
            Value::text(crate::json(&new.settings)),
            Value::time(now),
            Value::Int(i64::from(MAX_INBOXES)),
        ],
    ))
}

impl<D: Database> Directory<D> {
    /// The inboxes of an account, oldest first.
    pub async fn list_inboxes(
        &self,
        account_id: AccountId,
    ) -> Result<Vec<ListedInbox>, StoreError> {
        let rows = self
            .of(account_id)
            .query(LIST, &[Value::text(account_id)])
            .await?;
        rows.iter().map(listed_inbox).collect()
    }

    /// One inbox of an account.
    pub async fn find_listed_inbox(
        &self,
        account_id: AccountId,
        inbox_id: InboxId,
    ) -> Result<Option<ListedInbox>, StoreError> {
        let parameters = [Value::text(account_id), Value::text(inbox_id)];
        let rows = self.of(account_id).query(FIND, &parameters).await?;
        rows.first().map(listed_inbox).transpose()
    }

    /// Puts a new inbox into an account. False, and nothing is done, when it has [`MAX_INBOXES`].
    pub async fn create_inbox(
        &self,
        account_id: AccountId,
        new: &NewInbox,
        keys: &DataKeys,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let sealer = Vault::new(keys, &self.database, account_id)
            .sealer()
            .await?;
        let statement = insert_inbox(account_id, new, &sealer, now)?;
        let rows = self
            .of(account_id)
            .query(statement.sql, &statement.parameters)
            .await?;
        Ok(!rows.is_empty())
    }

    /// Changes an inbox. Nothing when the account has none of that id.
    pub async fn change_inbox(
        &self,
        account_id: AccountId,
        inbox_id: InboxId,
        change: &InboxChange,
    ) -> Result<Option<ListedInbox>, StoreError> {
        let parameters = [
            Value::text(account_id),
            Value::text(inbox_id),
            Value::text(&change.name),
            Value::text(crate::json(&change.allowed_origins)),
            Value::text(crate::json(&change.is_closed)),
        ];
        let rows = self.of(account_id).query(CHANGE, &parameters).await?;
        rows.first().map(listed_inbox).transpose()
    }

    /// Sets the secret that a provider signs with. Nothing when the account has no such inbox, or it is a widget's, which
    /// nobody signs for.
    pub async fn set_inbox_secret(
        &self,
        account_id: AccountId,
        inbox_id: InboxId,
        secret: &Secret,
        keys: &DataKeys,
        now: Timestamp,
    ) -> Result<Option<ListedInbox>, StoreError> {
        let sealer = Vault::new(keys, &self.database, account_id)
            .sealer()
            .await?;
        let stored = sealer.seal(&INBOX_SECRET, &inbox_id.to_string(), secret.expose())?;
        let parameters = [
            Value::text(account_id),
            Value::text(inbox_id),
            Value::Text(stored),
            Value::text(now),
        ];
        let rows = self.of(account_id).query(SET_SECRET, &parameters).await?;
        rows.first().map(listed_inbox).transpose()
    }

    /// Says how the assistant answers in an inbox. Nothing when the account has no such inbox, or it is no widget's, where nobody
    /// could answer.
    pub async fn set_inbox_assistant(
        &self,
        account_id: AccountId,
        inbox_id: InboxId,
        assistant: AssistantSettings,
    ) -> Result<Option<ListedInbox>, StoreError> {
        let parameters = [
            Value::text(account_id),
            Value::text(inbox_id),
            Value::text(crate::json(&assistant)),
        ];
        let rows = self
            .of(account_id)
            .query(SET_ASSISTANT, &parameters)
            .await?;
        rows.first().map(listed_inbox).transpose()
    }

    /// Says which team new conversations of an inbox go to. Gives whether the account has the inbox.
    pub async fn set_inbox_team(
        &self,
        account_id: AccountId,
        inbox_id: InboxId,
        team_id: Option<TeamId>,
    ) -> Result<bool, StoreError> {
        let parameters = [
            Value::text(account_id),
            Value::text(inbox_id),
            Value::text_or_null(team_id),
        ];
        let rows = self.of(account_id).query(SET_TEAM, &parameters).await?;
        Ok(!rows.is_empty())
    }
}

fn listed_inbox(row: &Row) -> Result<ListedInbox, StoreError> {
    Ok(ListedInbox {
        id: row.parsed("id")?,
        channel: row.word("channel")?,
        name: row.text("name")?.to_owned(),
        key: row.optional_text("key")?.map(str::to_owned),
        settings: row.json("settings")?,
    })
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;
    use ulid::Ulid;

    use super::*;
    use crate::fixtures::{at, shards};
    use crate::seed::{AURORA, BOREALIS};

    #[test]
    fn an_inbox_sends_its_conversations_to_the_team_it_was_given() {
        let shards = shards();
        let directory = shards.directory();
        let inbox = AURORA.zendesk_inbox_id;
        let set = |account_id, team_id| {
            block_on(directory.set_inbox_team(account_id, inbox, team_id)).unwrap()
        };
        let now = || {
            let found = block_on(directory.find_inbox(shards.keys(), inbox))
                .unwrap()
                .unwrap();
            let list = block_on(directory.list_inboxes(AURORA.account_id)).unwrap();
            let listed = list.iter().find(|listed| listed.id == inbox).unwrap();
            assert_eq!(listed.settings, found.settings);
            found.settings
        };
        let before = now();
        assert!(set(AURORA.account_id, Some(AURORA.team_id)));
        assert_eq!(now().team_id, Some(AURORA.team_id));
        // Another account has no such inbox.
        assert!(!set(BOREALIS.account_id, None));
        assert_eq!(now().team_id, Some(AURORA.team_id));
        assert!(set(AURORA.account_id, None));
        assert_eq!(now(), before);
    }

    fn widget(number: u128) -> NewInbox {
        NewInbox {
            id: InboxId::new(Ulid(number)),
            channel: Channel::Widget,
            name: "Shop".to_owned(),
            key: Some(format!("wk_{number}")),
            secret: Secret::new("s"),
            settings: InboxSettings::default(),
        }
    }

    #[test]
    fn a_new_inbox_is_in_its_account_alone_and_there_is_an_end_to_them() {
        let shards = shards();
        let directory = shards.directory();
        let list = |account_id| block_on(directory.list_inboxes(account_id)).unwrap();
        let (before, theirs) = (list(AURORA.account_id).len(), list(BOREALIS.account_id));
        let mut made = 0;
        while block_on(directory.create_inbox(
            AURORA.account_id,
            &widget(1_000 + made),
            shards.keys(),
            at(0),
        ))
        .unwrap()
        {
            made += 1;
        }
        assert_eq!(before + made as usize, MAX_INBOXES as usize);
        assert_eq!(list(AURORA.account_id).len(), MAX_INBOXES as usize);
        assert_eq!(list(BOREALIS.account_id), theirs);
        let found = block_on(directory.find_inbox_by_key(shards.keys(), "wk_1000"))
            .unwrap()
            .unwrap();
        assert_eq!(
            (found.account_id, found.name.as_str()),
            (AURORA.account_id, "Shop")
        );
    }

    #[test]
    fn a_change_leaves_the_other_settings_and_other_accounts_as_they_are() {
        let shards = shards();
        let directory = shards.directory();
        let inbox = AURORA.zendesk_inbox_id;
        block_on(directory.set_inbox_team(AURORA.account_id, inbox, Some(AURORA.team_id))).unwrap();
        let change = InboxChange {
            name: "Help".to_owned(),
            allowed_origins: vec!["https://a.example".to_owned()],
            is_closed: true,
        };
        let changed =
            |account_id| block_on(directory.change_inbox(account_id, inbox, &change)).unwrap();
        assert_eq!(changed(BOREALIS.account_id), None);
        let after = changed(AURORA.account_id).expect("it is there");
        assert_eq!(after.settings.team_id, Some(AURORA.team_id));
        assert_eq!(after.settings.allowed_origins, change.allowed_origins);
        assert!(after.settings.is_closed);
        let found = block_on(directory.find_inbox(shards.keys(), inbox))
            .unwrap()
            .unwrap();
        assert_eq!(
            (found.name.as_str(), &found.settings),
            ("Help", &after.settings)
        );
    }

    #[test]
    fn a_signing_secret_is_set_where_a_provider_signs() {
        let shards = shards();
        let directory = shards.directory();
        let secret = Secret::new("from-the-provider");
        let set = |account_id, inbox| {
            block_on(directory.set_inbox_secret(account_id, inbox, &secret, shards.keys(), at(5)))
                .unwrap()
        };
        assert_eq!(set(BOREALIS.account_id, AURORA.zendesk_inbox_id), None);
        assert_eq!(set(AURORA.account_id, AURORA.widget_inbox_id), None);
        let listed = set(AURORA.account_id, AURORA.zendesk_inbox_id).expect("it is there");
        assert_eq!(listed.settings.secret_set_at, Some(at(5)));
        let found = block_on(directory.find_inbox(shards.keys(), AURORA.zendesk_inbox_id))
            .unwrap()
            .unwrap();
        assert_eq!(found.secret, secret);
    }
}
