//! Whether an account's assistant answers at all.

use edgedesk_domain::assistant::AssistantSettings;
use edgedesk_domain::ids::{AccountId, InboxId};
use edgedesk_domain::time::Timestamp;

use super::Directory;
use crate::database::{Database, Row, StoreError, Value};

const FIND: &str = "
    SELECT i.account_id, json_extract(i.settings, '$.assistant') AS assistant,
      json_extract(a.settings, '$.assistant_stopped_at') AS stopped_at
    FROM inboxes i JOIN accounts a ON a.id = i.account_id WHERE i.account_id = ?1 AND i.id = ?2";
const FIND_STOP: &str = "
    SELECT id AS account_id, json_extract(settings, '$.assistant_stopped_at') AS stopped_at FROM accounts WHERE id = ?1";
// Who stops it again changes nothing: since when stays.
const STOP: &str = "
    UPDATE accounts SET settings = json_set(settings, '$.assistant_stopped_at',
      coalesce(json_extract(settings, '$.assistant_stopped_at'), ?2))
    WHERE id = ?1
    RETURNING id AS account_id, json_extract(settings, '$.assistant_stopped_at') AS stopped_at";
const GO_ON: &str = "
    UPDATE accounts SET settings = json_remove(settings, '$.assistant_stopped_at') WHERE id = ?1
    RETURNING id AS account_id, NULL AS stopped_at";

#[cfg(test)]
pub(crate) const STATEMENTS: [&str; 4] = [FIND, FIND_STOP, STOP, GO_ON];

impl<D: Database> Directory<D> {
    /// How the assistant answers in an inbox now: not at all where it is stopped in the whole account, or the account has no such
    /// inbox.
    pub async fn find_assistant(
        &self,
        account_id: AccountId,
        inbox_id: InboxId,
    ) -> Result<AssistantSettings, StoreError> {
        let parameters = [Value::text(account_id), Value::text(inbox_id)];
        let rows = self.of(account_id).query(FIND, &parameters).await?;
        let Some(row) = rows.first() else {
            return Ok(AssistantSettings::default());
        };
        let settings: Option<AssistantSettings> = row
            .optional_text("assistant")?
            .map(|_| row.json("assistant"))
            .transpose()?;
        let mut settings = settings.unwrap_or_default();
        settings.is_enabled &= row.optional_int("stopped_at")?.is_none();
        Ok(settings)
    }

    /// Since when all of an account's assistant is stopped; `None` while it is not.
    pub async fn find_assistant_stop(
        &self,
        account_id: AccountId,
    ) -> Result<Option<Timestamp>, StoreError> {
        let rows = self
            .of(account_id)
            .query(FIND_STOP, &[Value::text(account_id)])
            .await?;
        stopped_at(&rows)
    }

    /// Stops all of an account's assistant, or lets it go on. Gives since when it is stopped.
    pub async fn stop_assistant(
        &self,
        account_id: AccountId,
        is_stopped: bool,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, StoreError> {
        let account = Value::text(account_id);
        let database = self.of(account_id);
        let rows = if is_stopped {
            database.query(STOP, &[account, Value::time(now)]).await?
        } else {
            database.query(GO_ON, &[account]).await?
        };
        stopped_at(&rows)
    }
}

fn stopped_at(rows: &[Row]) -> Result<Option<Timestamp>, StoreError> {
    let Some(row) = rows.first() else {
        return Ok(None);
    };
    Ok(row.optional_int("stopped_at")?.map(Timestamp::from_millis))
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;

    use crate::fixtures::{at, shards};
    use crate::seed::{AURORA, BOREALIS};
    use edgedesk_domain::assistant::AssistantSettings;

    #[test]
    fn it_answers_where_the_inbox_says_so_until_the_account_stops_it() {
        let shards = shards();
        let directory = shards.directory();
        let inbox = AURORA.widget_inbox_id;
        let find = |account_id| block_on(directory.find_assistant(account_id, inbox)).unwrap();
        assert!(
            !find(AURORA.account_id).is_enabled,
            "off unless somebody says so"
        );
        let settings = AssistantSettings {
            is_enabled: true,
            min_confidence: 0.8,
        };
        let set = |account_id, inbox| {
            block_on(directory.set_inbox_assistant(account_id, inbox, settings)).unwrap()
        };
        assert_eq!(set(BOREALIS.account_id, inbox), None, "another account's");
        assert_eq!(set(AURORA.account_id, AURORA.zendesk_inbox_id), None);
        let listed = set(AURORA.account_id, inbox).unwrap();
        assert_eq!(listed.settings.assistant, settings);
        assert_eq!(find(AURORA.account_id), settings);
        assert!(!find(BOREALIS.account_id).is_enabled);

        let stop = |is_stopped, millis| {
            let stopped = directory.stop_assistant(AURORA.account_id, is_stopped, at(millis));
            block_on(stopped).unwrap()
        };
        assert_eq!(stop(true, 5), Some(at(5)));
        assert_eq!(stop(true, 9), Some(at(5)), "since when stays");
        assert!(!find(AURORA.account_id).is_enabled);
        let found = |account_id| block_on(directory.find_assistant_stop(account_id)).unwrap();
        assert_eq!(found(AURORA.account_id), Some(at(5)));
        assert_eq!(found(BOREALIS.account_id), None);
        assert_eq!(stop(false, 10), None);
        assert_eq!(
            find(AURORA.account_id),
            settings,
            "what an inbox says is kept"
        );
    }
}
