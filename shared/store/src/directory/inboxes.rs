//! The inboxes of an account, without their secrets.

use edgedesk_domain::account::{Channel, InboxSettings};
use edgedesk_domain::ids::{AccountId, InboxId, TeamId};

use super::Directory;
use crate::database::{Database, Row, StoreError, Value};

const LIST: &str = "
    SELECT account_id, id, channel, name, key, settings FROM inboxes WHERE account_id = ?1 ORDER BY id";
const SET_TEAM: &str = "
    UPDATE inboxes SET settings = iif(?3 IS NULL, json_remove(settings, '$.team_id'), json_set(settings, '$.team_id', ?3))
    WHERE account_id = ?1 AND id = ?2
    RETURNING account_id, id";

#[cfg(test)]
pub(crate) const STATEMENTS: [&str; 2] = [LIST, SET_TEAM];

/// An inbox as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedInbox {
    /// Its id.
    pub id: InboxId,
    /// How messages reach it.
    pub channel: Channel,
    /// What agents call it.
    pub name: String,
    /// The public key of a widget.
    pub key: Option<String>,
    /// The team that its new conversations go to.
    pub team_id: Option<TeamId>,
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
    let settings: InboxSettings = row.json("settings")?;
    Ok(ListedInbox {
        id: row.parsed("id")?,
        channel: row.word("channel")?,
        name: row.text("name")?.to_owned(),
        key: row.optional_text("key")?.map(str::to_owned),
        team_id: settings.team_id,
    })
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;

    use crate::fixtures::shards;
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
            let found = block_on(directory.find_inbox(inbox)).unwrap().unwrap();
            let list = block_on(directory.list_inboxes(AURORA.account_id)).unwrap();
            let listed = list.iter().find(|listed| listed.id == inbox).unwrap();
            assert_eq!(listed.team_id, found.settings.team_id);
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
}
