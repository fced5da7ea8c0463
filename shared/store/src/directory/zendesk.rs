//! Accounts and the Zendesk that vouches for their agents, and the sessions that it vouched for.
//!
//! Such a session is of one account, and may be no more than Zendesk's role allows. Both are kept with it, and asked for by
//! whatever looks at a session.

use edgedesk_domain::account::{Role, Secret};
use edgedesk_domain::ids::{AccountId, UserId};
use edgedesk_domain::time::Timestamp;

use super::{Directory, SessionKey, SessionUse};
use crate::database::{Database, Row, Statement, StoreError, Value};
use crate::keys::{DataKeys, Vault, ZENDESK_TOKEN};

const FIND_LINK: &str = "
    SELECT account_id, subdomain, app_id, installation_id, email, api_token, linked_at
    FROM zendesk_links WHERE account_id = ?1";
const FIND_LINK_OF: &str = "
    SELECT account_id, subdomain, app_id, installation_id, email, api_token, linked_at
    FROM zendesk_links WHERE subdomain = ?1";
const LINK: &str = "
    INSERT INTO zendesk_links (account_id, subdomain, app_id, installation_id, email, api_token, linked_by, linked_at)
    SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8
    WHERE NOT EXISTS (SELECT 1 FROM zendesk_links WHERE subdomain = ?2 AND account_id <> ?1)
    ON CONFLICT (account_id) DO UPDATE SET subdomain = excluded.subdomain, app_id = excluded.app_id,
      installation_id = excluded.installation_id, email = excluded.email, api_token = excluded.api_token,
      linked_by = excluded.linked_by, linked_at = excluded.linked_at
    RETURNING account_id";
const UNLINK: &str = "DELETE FROM zendesk_links WHERE account_id = ?1 RETURNING account_id";
const END_SESSIONS: &str = "
    UPDATE sessions SET ended_at = ?2
    WHERE account_id = ?1 AND zendesk_user_id IS NOT NULL AND ended_at IS NULL
    RETURNING account_id, user_id, id";
// Of the former link there may be some as well: a new token or another Zendesk begins anew.
const END_FORMER_SESSIONS: &str = "
    UPDATE sessions SET ended_at = ?2
    WHERE account_id = ?1 AND zendesk_user_id IS NOT NULL AND ended_at IS NULL
      AND EXISTS (SELECT 1 FROM zendesk_links WHERE account_id = ?1 AND linked_at = ?2)
    RETURNING account_id, user_id, id";
const FORGET_TOKENS: &str = "DELETE FROM zendesk_tokens WHERE expires_at <= ?1";
const USE_TOKEN: &str = "
    INSERT INTO zendesk_tokens (token_hash, expires_at) VALUES (?1, ?2)
    ON CONFLICT DO NOTHING
    RETURNING token_hash";
// Only while the link is there: it may have been taken away since Zendesk was asked.
const START: &str = "
    INSERT INTO sessions (account_id, user_id, id, created_at, last_used_at, expires_at, user_agent, network,
      zendesk_user_id, max_role, zendesk_checked_at)
    SELECT ?1, ?2, ?3, ?4, ?4, ?5, ?6, ?7, ?8, ?9, ?10
    WHERE EXISTS (SELECT 1 FROM zendesk_links WHERE account_id = ?1)
    RETURNING account_id";
const FIND_OF_SESSION: &str = "
    SELECT account_id, zendesk_user_id, max_role, zendesk_checked_at
    FROM sessions
    WHERE account_id = ?1 AND user_id = ?2 AND id = ?3 AND zendesk_user_id IS NOT NULL";
const NOTE_CHECK: &str = "
    UPDATE sessions SET max_role = ?4, zendesk_checked_at = ?5
    WHERE account_id = ?1 AND user_id = ?2 AND id = ?3 AND zendesk_user_id IS NOT NULL
    RETURNING account_id";

#[cfg(test)]
pub(crate) const STATEMENTS: [&str; 7] = [
    FIND_LINK,
    FIND_LINK_OF,
    UNLINK,
    END_SESSIONS,
    FORGET_TOKENS,
    FIND_OF_SESSION,
    NOTE_CHECK,
];

/// An account's link to a Zendesk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZendeskLink {
    /// The account.
    pub account_id: AccountId,
    /// The part in front of `.zendesk.com`.
    pub subdomain: String,
    /// The app.
    pub app_id: u64,
    /// Its installation.
    pub installation_id: u64,
    /// Whose API token it is.
    pub email: String,
    /// The API token.
    pub api_token: Secret,
    /// Since when.
    pub linked_at: Timestamp,
}

/// What a Zendesk said of the user whom it vouched for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Vouched {
    /// Their id there.
    pub zendesk_user_id: u64,
    /// The most that they may be here.
    pub max_role: Role,
    /// When it said so.
    pub checked_at: Timestamp,
}

impl<D: Database> Directory<D> {
    /// The link of an account.
    pub async fn find_zendesk_link(
        &self,
        account_id: AccountId,
        keys: &DataKeys,
    ) -> Result<Option<ZendeskLink>, StoreError> {
        let account = [Value::text(account_id)];
        let rows = self.of(account_id).query(FIND_LINK, &account).await?;
        self.opened_link(keys, rows.first()).await
    }

    /// The link of a Zendesk.
    pub async fn find_zendesk_link_of(
        &self,
        subdomain: &str,
        keys: &DataKeys,
    ) -> Result<Option<ZendeskLink>, StoreError> {
        let rows = self
            .database
            .query(FIND_LINK_OF, &[Value::text(subdomain)])
            .await?;
        self.opened_link(keys, rows.first()).await
    }

    async fn opened_link(
        &self,
        keys: &DataKeys,
        row: Option<&Row>,
    ) -> Result<Option<ZendeskLink>, StoreError> {
        let Some(row) = row else {
            return Ok(None);
        };
        let vault = Vault::new(keys, &self.database, row.parsed("account_id")?);
        let api_token = vault.open(&ZENDESK_TOKEN, row).await?;
        link(row, Secret::new(api_token)).map(Some)
    }

    /// Links an account, in the place of what it was linked to, and ends the sessions of before: gives these. Nothing, and
    /// nothing changes, when the Zendesk is another account's.
    pub async fn link_zendesk(
        &self,
        link: &ZendeskLink,
        by: UserId,
        keys: &DataKeys,
    ) -> Result<Option<Vec<SessionKey>>, StoreError> {
        let vault = Vault::new(keys, &self.database, link.account_id);
        let api_token = vault
            .sealer()
            .await?
            .seal(&ZENDESK_TOKEN, "", link.api_token.expose())?;
        let account = Value::text(link.account_id);
        let now = Value::time(link.linked_at);
        let statements = vec![
            Statement::new(
                LINK,
                vec![
                    account.clone(),
                    Value::text(&link.subdomain),
                    Value::text(link.app_id),
                    Value::text(link.installation_id),
                    Value::text(&link.email),
                    Value::Text(api_token),
                    Value::text(by),
                    now.clone(),
                ],
            ),
            Statement::new(END_FORMER_SESSIONS, vec![account, now]),
        ];
        let answers = self.of(link.account_id).batch(statements).await?;
        if answers.first().is_none_or(Vec::is_empty) {
            return Ok(None);
        }
        sessions(answers.get(1)).map(Some)
    }

    /// Takes the link of an account away and ends the sessions that it vouched for: gives these.
    pub async fn unlink_zendesk(
        &self,
        account_id: AccountId,
        now: Timestamp,
    ) -> Result<Vec<SessionKey>, StoreError> {
        let account = Value::text(account_id);
        let statements = vec![
            Statement::new(UNLINK, vec![account.clone()]),
            Statement::new(END_SESSIONS, vec![account, Value::time(now)]),
        ];
        let answers = self.of(account_id).batch(statements).await?;
        sessions(answers.get(1))
    }

    /// Uses a token up. False when it was used before. `expires_at` is when nobody would believe it any more.
    pub async fn use_zendesk_token(
        &self,
        token_hash: &str,
        expires_at: Timestamp,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let statements = vec![
            Statement::new(FORGET_TOKENS, vec![Value::time(now)]),
            Statement::new(
                USE_TOKEN,
                vec![Value::text(token_hash), Value::time(expires_at)],
            ),
        ];
        let answers = self.database.batch(statements).await?;
        Ok(answers.get(1).is_some_and(|rows| !rows.is_empty()))
    }

    /// Begins a session that a Zendesk vouched for. False, and there is none, when the account is not linked any more.
    pub async fn start_vouched_session(
        &self,
        key: &SessionKey,
        first: &SessionUse,
        vouched: Vouched,
    ) -> Result<bool, StoreError> {
        let mut start = key.parameters();
        start.extend([Value::time(first.at), Value::time(first.expires_at)]);
        start.extend(first.place());
        start.extend(vouched.values());
        let statements = vec![Statement::new(START, start), first.insert_token(key)];
        let answers = self.of(key.account_id).batch(statements).await?;
        Ok(answers.first().is_some_and(|rows| !rows.is_empty()))
    }

    /// What a Zendesk said of a session's user, if it vouched for them.
    pub async fn find_vouched(&self, key: &SessionKey) -> Result<Option<Vouched>, StoreError> {
        let rows = self
            .of(key.account_id)
            .query(FIND_OF_SESSION, &key.parameters())
            .await?;
        rows.first().map(vouched).transpose()
    }

    /// Keeps what a Zendesk has said once more.
    pub async fn note_vouched(
        &self,
        key: &SessionKey,
        max_role: Role,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut parameters = key.parameters();
        parameters.extend([Value::text(crate::word(max_role)), Value::time(now)]);
        self.of(key.account_id)
            .query(NOTE_CHECK, &parameters)
            .await?;
        Ok(())
    }
}

impl Vouched {
    /// The three columns.
    pub(super) fn values(self) -> [Value; 3] {
        [
            Value::text(self.zendesk_user_id),
            Value::text(crate::word(self.max_role)),
            Value::time(self.checked_at),
        ]
    }
}

/// From the three columns, where a Zendesk vouched.
pub(super) fn vouched(row: &Row) -> Result<Vouched, StoreError> {
    Ok(Vouched {
        zendesk_user_id: row.parsed("zendesk_user_id")?,
        max_role: row.word("max_role")?,
        checked_at: row.time("zendesk_checked_at")?,
    })
}

fn link(row: &Row, api_token: Secret) -> Result<ZendeskLink, StoreError> {
    Ok(ZendeskLink {
        account_id: row.parsed("account_id")?,
        subdomain: row.text("subdomain")?.to_owned(),
        app_id: row.parsed("app_id")?,
        installation_id: row.parsed("installation_id")?,
        email: row.text("email")?.to_owned(),
        api_token,
        linked_at: row.time("linked_at")?,
    })
}

fn session(row: &Row) -> Result<SessionKey, StoreError> {
    Ok(SessionKey {
        account_id: row.parsed("account_id")?,
        user_id: row.parsed("user_id")?,
        id: row.parsed("id")?,
    })
}

fn sessions(rows: Option<&Vec<Row>>) -> Result<Vec<SessionKey>, StoreError> {
    rows.into_iter().flatten().map(session).collect()
}

#[cfg(test)]
mod tests;
