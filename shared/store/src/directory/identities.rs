//! Who users are at identity providers, and the attempts to sign in there that are under way.

use edgedesk_domain::ids::UserId;
use edgedesk_domain::time::Timestamp;

use super::{Directory, Login, login};
use crate::database::{Database, Statement, StoreError, Value};

const FORGET_ATTEMPTS: &str = "DELETE FROM oidc_attempts WHERE expires_at <= ?1";
const INSERT_ATTEMPT: &str = "
    INSERT INTO oidc_attempts (state_hash, browser_hash, provider, expires_at) VALUES (?1, ?2, ?3, ?4)";
// Used up whoever brings it: a state that turns up in another browser is good for nobody any more.
const USE_ATTEMPT: &str = "
    DELETE FROM oidc_attempts WHERE state_hash = ?1 RETURNING browser_hash, provider, expires_at";
const FIND_IDENTITY: &str = "
    SELECT u.id, u.name, u.email, u.password_hash, m.account_id, m.role, m.max_load, f.confirmed_at AS second_factor_at
    FROM identities i
      JOIN users u ON u.id = i.user_id
      LEFT JOIN memberships m ON m.user_id = u.id
      LEFT JOIN second_factors f ON f.user_id = u.id
    WHERE i.issuer = ?1 AND i.subject = ?2
    ORDER BY m.created_at, m.account_id";
const LINK: &str = "
    INSERT INTO identities (issuer, subject, user_id, linked_at) VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT DO NOTHING
    RETURNING user_id";

#[cfg(test)]
pub(crate) const STATEMENTS: [&str; 3] = [FORGET_ATTEMPTS, USE_ATTEMPT, FIND_IDENTITY];

/// What became of an attempt that somebody came back with. It is used up in any case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttemptUse {
    /// It is this browser's, and of this provider.
    Good {
        /// The provider's id in our API.
        provider: String,
    },
    /// Another browser began it.
    OtherBrowser,
    /// Its time is over.
    Expired,
    /// There is none such, or it was used before.
    Unknown,
}

impl<D: Database> Directory<D> {
    /// Keeps an attempt, and forgets those whose time is over.
    pub async fn start_attempt(
        &self,
        state_hash: &str,
        browser_hash: &str,
        provider: &str,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        let statements = vec![
            Statement::new(FORGET_ATTEMPTS, vec![Value::time(now)]),
            Statement::new(
                INSERT_ATTEMPT,
                vec![
                    Value::text(state_hash),
                    Value::text(browser_hash),
                    Value::text(provider),
                    Value::time(expires_at),
                ],
            ),
        ];
        self.database.batch(statements).await?;
        Ok(())
    }

    /// Uses an attempt up.
    pub async fn use_attempt(
        &self,
        state_hash: &str,
        browser_hash: &str,
        now: Timestamp,
    ) -> Result<AttemptUse, StoreError> {
        let rows = self
            .database
            .query(USE_ATTEMPT, &[Value::text(state_hash)])
            .await?;
        let Some(row) = rows.first() else {
            return Ok(AttemptUse::Unknown);
        };
        // Both are hashes: how long a comparison takes tells nothing of what is behind them.
        if row.text("browser_hash")? != browser_hash {
            return Ok(AttemptUse::OtherBrowser);
        }
        if row.time("expires_at")? <= now {
            return Ok(AttemptUse::Expired);
        }
        Ok(AttemptUse::Good {
            provider: row.text("provider")?.to_owned(),
        })
    }

    /// The user whom an issuer means by a subject.
    pub async fn find_identity(
        &self,
        issuer: &str,
        subject: &str,
    ) -> Result<Option<Login>, StoreError> {
        let parameters = [Value::text(issuer), Value::text(subject)];
        login(&self.database.query(FIND_IDENTITY, &parameters).await?)
    }

    /// Takes note that an issuer means a user by a subject. False when it means somebody else by it, or means the user by
    /// another subject.
    pub async fn link_identity(
        &self,
        issuer: &str,
        subject: &str,
        user_id: UserId,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let parameters = [
            Value::text(issuer),
            Value::text(subject),
            Value::text(user_id),
            Value::time(now),
        ];
        let rows = self.database.query(LINK, &parameters).await?;
        Ok(!rows.is_empty())
    }
}

#[cfg(test)]
mod tests;
