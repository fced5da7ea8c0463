//! API keys: found by their hash on every request, never cached, so that a revoked one is refused at once.

use edgedesk_domain::access::{Permission, Role};
use edgedesk_domain::account::{Access, Principal};
use edgedesk_domain::ids::{AccountId, ApiKeyId, UserId};
use edgedesk_domain::networks::AllowedNetworks;
use edgedesk_domain::time::Timestamp;

use super::Directory;
use super::roles::only;
use super::settings::networks;
use crate::database::{Database, Row, StoreError, Value};

/// Most keys of an account that are not revoked.
pub const MAX_API_KEYS: u32 = 100;
/// Rows of the list: every key that is not revoked, and the revoked ones that were made last.
const MAX_LISTED: u32 = 200;
/// `last_used_at` is written when it is this old: a minute.
const USE_MILLIS: i64 = 60_000;

// One statement decides: of any number of requests at once, none makes the account's hundred and first.
const INSERT: &str = "
    INSERT INTO api_keys (account_id, id, name, prefix, key_hash, scopes, created_by, created_at, expires_at)
    SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9
    WHERE (SELECT COUNT(*) FROM api_keys WHERE account_id = ?1 AND revoked_at IS NULL) < ?10
    RETURNING account_id, id";
// The role is that of now: a key never outlives or outranks the membership of who made it.
const FIND: &str = "
    SELECT k.account_id, k.id, k.name, k.scopes, k.created_by, k.last_used_at, k.expires_at, k.revoked_at, m.role,
      (SELECT json_group_array(tm.team_id) FROM team_members tm
       WHERE tm.account_id = k.account_id AND tm.user_id = k.created_by) AS teams,
      r.permissions AS only, json_extract(a.settings, '$.allowed_networks') AS networks
    FROM api_keys k LEFT JOIN memberships m ON m.account_id = k.account_id AND m.user_id = k.created_by
      LEFT JOIN accounts a ON a.id = k.account_id
      LEFT JOIN roles r ON r.account_id = m.account_id AND r.id = m.role_id
    WHERE k.key_hash = ?1";
const NOTE_USE: &str = "
    UPDATE api_keys SET last_used_at = ?3
    WHERE account_id = ?1 AND id = ?2 AND (last_used_at IS NULL OR last_used_at <= ?4)";
const LIST: &str = "
    SELECT k.account_id, k.id, k.name, k.prefix, k.scopes, k.created_by, u.name AS created_by_name, k.created_at, k.last_used_at,
      k.expires_at, k.revoked_at
    FROM api_keys k LEFT JOIN users u ON u.id = k.created_by
    WHERE k.account_id = ?1
    ORDER BY k.revoked_at IS NOT NULL, k.created_at DESC, k.id DESC
    LIMIT ?2";
const REVOKE: &str = "
    UPDATE api_keys SET revoked_at = COALESCE(revoked_at, ?3)
    WHERE account_id = ?1 AND id = ?2
    RETURNING account_id, id";

#[cfg(test)]
pub(crate) const STATEMENTS: [&str; 4] = [FIND, NOTE_USE, LIST, REVOKE];

/// A key to remember.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewApiKey {
    /// Its id.
    pub id: ApiKeyId,
    /// The account it opens.
    pub account_id: AccountId,
    /// What people call it.
    pub name: String,
    /// What may be shown of it.
    pub prefix: String,
    /// A hash of it, as text; the key itself is never stored.
    pub key_hash: String,
    /// What it may do.
    pub scopes: Vec<Permission>,
    /// The member who makes it.
    pub created_by: UserId,
    /// Now.
    pub created_at: Timestamp,
    /// When it ends, if it does.
    pub expires_at: Option<Timestamp>,
}

/// A key as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// Its id.
    pub id: ApiKeyId,
    /// What people call it.
    pub name: String,
    /// How it begins.
    pub prefix: String,
    /// What it may do.
    pub scopes: Vec<Permission>,
    /// The member who made it.
    pub created_by: UserId,
    /// Their display name; empty when the user is gone.
    pub created_by_name: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Timestamp>,
    /// When it ends, if it does.
    pub expires_at: Option<Timestamp>,
    /// When it was revoked, if it was.
    pub revoked_at: Option<Timestamp>,
}

/// A good key: who it acts for, and what it may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyHolder {
    /// The key.
    pub id: ApiKeyId,
    /// The member who made the key, in their role of now, under the key's name.
    pub principal: Principal,
    /// What the key was given.
    pub scopes: Vec<Permission>,
    /// From where the account lets its people and keys in.
    pub networks: AllowedNetworks,
}

impl KeyHolder {
    /// Whether the key was given `permission`, and its maker still has it.
    #[must_use]
    pub fn may(&self, permission: Permission) -> bool {
        self.scopes.contains(&permission) && self.principal.may(permission)
    }
}

/// Why a key is not good. For the log: callers are told only that it is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyRefusal {
    /// No key has this hash.
    #[error("API key unknown")]
    Unknown,
    /// It was revoked.
    #[error("API key {0} revoked")]
    Revoked(ApiKeyId),
    /// Its time is over.
    #[error("API key {0} expired")]
    Expired(ApiKeyId),
    /// Who made it is no longer a member of the account.
    #[error("API key {0} of a former member")]
    MakerLeft(ApiKeyId),
}

impl<D: Database> Directory<D> {
    /// Remembers a key. Gives false, and does nothing, when the account has [`MAX_API_KEYS`] that are not revoked.
    pub async fn insert_api_key(&self, key: &NewApiKey) -> Result<bool, StoreError> {
        let parameters = [
            Value::text(key.account_id),
            Value::text(key.id),
            Value::text(&key.name),
            Value::text(&key.prefix),
            Value::text(&key.key_hash),
            Value::text(crate::json(&key.scopes)),
            Value::text(key.created_by),
            Value::time(key.created_at),
            key.expires_at.map_or(Value::Null, Value::time),
            Value::Int(i64::from(MAX_API_KEYS)),
        ];
        let rows = self.of(key.account_id).query(INSERT, &parameters).await?;
        Ok(!rows.is_empty())
    }

    /// Who the key of a hash acts for at `now`, and notes that it was used. A note that fails does no harm.
    pub async fn use_api_key(
        &self,
        key_hash: &str,
        now: Timestamp,
    ) -> Result<Result<KeyHolder, KeyRefusal>, StoreError> {
        let rows = self.database.query(FIND, &[Value::text(key_hash)]).await?;
        let Some(row) = rows.first() else {
            return Ok(Err(KeyRefusal::Unknown));
        };
        let id: ApiKeyId = row.parsed("id")?;
        if row.optional_int("revoked_at")?.is_some() {
            return Ok(Err(KeyRefusal::Revoked(id)));
        }
        if optional_time(row, "expires_at")?.is_some_and(|end| end <= now) {
            return Ok(Err(KeyRefusal::Expired(id)));
        }
        if row.optional_text("role")?.is_none() {
            return Ok(Err(KeyRefusal::MakerLeft(id)));
        }
        let holder = KeyHolder {
            id,
            principal: Principal {
                account_id: row.parsed("account_id")?,
                user_id: row.parsed("created_by")?,
                role: row.word::<Role>("role")?,
                name: row.text("name")?.to_owned(),
                access: Access {
                    teams: row.json("teams")?,
                    only: only(row, "only")?,
                },
            },
            scopes: row.json("scopes")?,
            networks: networks(row)?,
        };
        let is_due = optional_time(row, "last_used_at")?
            .is_none_or(|last| now.millis_since(last) >= USE_MILLIS);
        if is_due {
            let parameters = [
                Value::text(holder.principal.account_id),
                Value::text(id),
                Value::time(now),
                Value::time(now.plus_millis(-USE_MILLIS)),
            ];
            // The request is worth more than the note.
            let _ = self.database.query(NOTE_USE, &parameters).await;
        }
        Ok(Ok(holder))
    }

    /// The account's keys: those that are not revoked first, newest first.
    pub async fn list_api_keys(&self, account_id: AccountId) -> Result<Vec<ApiKey>, StoreError> {
        let parameters = [Value::text(account_id), Value::Int(i64::from(MAX_LISTED))];
        let rows = self.of(account_id).query(LIST, &parameters).await?;
        rows.iter().map(api_key).collect()
    }

    /// Ends a key. Gives false when the account has none of that id; one that was revoked before stays as it is.
    pub async fn revoke_api_key(
        &self,
        account_id: AccountId,
        id: ApiKeyId,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let parameters = [Value::text(account_id), Value::text(id), Value::time(now)];
        let rows = self.of(account_id).query(REVOKE, &parameters).await?;
        Ok(!rows.is_empty())
    }
}

fn api_key(row: &Row) -> Result<ApiKey, StoreError> {
    Ok(ApiKey {
        id: row.parsed("id")?,
        name: row.text("name")?.to_owned(),
        prefix: row.text("prefix")?.to_owned(),
        scopes: row.json("scopes")?,
        created_by: row.parsed("created_by")?,
        created_by_name: row
            .optional_text("created_by_name")?
            .unwrap_or_default()
            .to_owned(),
        created_at: row.time("created_at")?,
        last_used_at: optional_time(row, "last_used_at")?,
        expires_at: optional_time(row, "expires_at")?,
        revoked_at: optional_time(row, "revoked_at")?,
    })
}

fn optional_time(row: &Row, column: &str) -> Result<Option<Timestamp>, StoreError> {
    Ok(row.optional_int(column)?.map(Timestamp::from_millis))
}

#[cfg(test)]
mod tests;
