//! Refresh tokens: each good for one use; a second use says that somebody copied it, and ends the whole family.

use edgedesk_domain::ids::{AccountId, UserId};
use edgedesk_domain::time::Timestamp;

use super::Directory;
use crate::database::{Database, StoreError, Value};

const INSERT: &str = "
    INSERT INTO refresh_tokens (token_hash, account_id, user_id, family_id, created_at, expires_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
// One statement decides: of two requests with the same token, one finds `used_at` null.
const USE: &str = "
    UPDATE refresh_tokens SET used_at = ?2
    WHERE token_hash = ?1 AND used_at IS NULL AND revoked_at IS NULL AND expires_at > ?2
    RETURNING account_id, user_id, family_id";
const FIND: &str = "
    SELECT account_id, family_id, used_at FROM refresh_tokens WHERE token_hash = ?1";
const REVOKE_FAMILY: &str = "
    UPDATE refresh_tokens SET revoked_at = ?3
    WHERE account_id = ?1 AND family_id = ?2 AND revoked_at IS NULL";

#[cfg(test)]
pub(crate) const STATEMENTS: [&str; 3] = [USE, FIND, REVOKE_FAMILY];

/// A refresh token to remember.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRefreshToken {
    /// A hash of the token, as text; the token itself is never stored.
    pub token_hash: String,
    /// The family: one per login, handed on at each refresh.
    pub family_id: String,
    /// The account the token is for.
    pub account_id: AccountId,
    /// The user it is for.
    pub user_id: UserId,
    /// Now.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// What became of using a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefreshOutcome {
    /// It was good, and is used up now.
    Valid {
        /// The account it is for.
        account_id: AccountId,
        /// The user it is for.
        user_id: UserId,
        /// Its family, for the next token.
        family_id: String,
    },
    /// It had been used before. Its family has been revoked.
    Reused {
        /// The family.
        family_id: String,
    },
    /// Its time is over, or its family was revoked before it was used.
    Expired,
    /// There is no such token.
    Unknown,
}

impl<D: Database> Directory<D> {
    /// Remembers a token.
    pub async fn insert_refresh_token(&self, token: &NewRefreshToken) -> Result<(), StoreError> {
        let parameters = [
            Value::text(&token.token_hash),
            Value::text(token.account_id),
            Value::text(token.user_id),
            Value::text(&token.family_id),
            Value::time(token.created_at),
            Value::time(token.expires_at),
        ];
        self.database.query(INSERT, &parameters).await?;
        Ok(())
    }

    /// Uses a token up, if it is good. Of any number of calls with one token, at most one is [`RefreshOutcome::Valid`].
    pub async fn use_refresh_token(
        &self,
        token_hash: &str,
        now: Timestamp,
    ) -> Result<RefreshOutcome, StoreError> {
        let parameters = [Value::text(token_hash), Value::time(now)];
        let used = self.database.query(USE, &parameters).await?;
        if let Some(row) = used.first() {
            return Ok(RefreshOutcome::Valid {
                account_id: row.parsed("account_id")?,
                user_id: row.parsed("user_id")?,
                family_id: row.text("family_id")?.to_owned(),
            });
        }
        let found = self.database.query(FIND, &parameters[..1]).await?;
        let Some(row) = found.first() else {
            return Ok(RefreshOutcome::Unknown);
        };
        if row.optional_int("used_at")?.is_none() {
            return Ok(RefreshOutcome::Expired);
        }
        let family_id = row.text("family_id")?.to_owned();
        self.revoke_family(row.parsed("account_id")?, &family_id, now)
            .await?;
        Ok(RefreshOutcome::Reused { family_id })
    }

    /// Ends all tokens of a login.
    pub async fn revoke_family(
        &self,
        account_id: AccountId,
        family_id: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let parameters = [
            Value::text(account_id),
            Value::text(family_id),
            Value::time(now),
        ];
        self.database.query(REVOKE_FAMILY, &parameters).await?;
        Ok(())
    }
}
