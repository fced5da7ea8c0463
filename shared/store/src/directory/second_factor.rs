//! Second factors, their recovery codes, and the challenges of logins that still lack one.
//!
//! Everything that is good for one use is used up by one statement, which says whether it was the one: of two requests with
//! the same code, one gets in.

use edgedesk_domain::ids::{AccountId, UserId};
use edgedesk_domain::time::Timestamp;

use super::zendesk::{Vouched, vouched};
use super::{Directory, Login, login};
use crate::database::{Database, Row, Statement, StoreError, Value};

const FIND: &str = "
    SELECT secret, confirmed_at, last_step FROM second_factors WHERE user_id = ?1";
const COUNT_CODES: &str = "
    SELECT COUNT(*) AS n FROM recovery_codes WHERE user_id = ?1 AND used_at IS NULL";
const IS_REQUIRED: &str = "
    SELECT json_extract(settings, '$.requires_second_factor') = 1 AS required FROM accounts WHERE id = ?1";
// One that is in use is not replaced: it has to be turned off first, which takes a code or the password.
const BEGIN: &str = "
    INSERT INTO second_factors (user_id, secret, begun_at) VALUES (?1, ?2, ?3)
    ON CONFLICT (user_id) DO UPDATE SET secret = excluded.secret, begun_at = excluded.begun_at
      WHERE confirmed_at IS NULL
    RETURNING user_id";
// The secret is the one that the code was checked against: another one may have been begun meanwhile.
const CONFIRM: &str = "
    UPDATE second_factors SET confirmed_at = ?3, last_step = ?4
    WHERE user_id = ?1 AND secret = ?2 AND confirmed_at IS NULL
    RETURNING user_id";
const USE_STEP: &str = "
    UPDATE second_factors SET last_step = ?2
    WHERE user_id = ?1 AND confirmed_at IS NOT NULL AND last_step < ?2
    RETURNING user_id";
const USE_CODE: &str = "
    UPDATE recovery_codes SET used_at = ?3
    WHERE user_id = ?1 AND code_hash = ?2 AND used_at IS NULL
    RETURNING user_id";
const REMOVE: &str = "DELETE FROM second_factors WHERE user_id = ?1 RETURNING confirmed_at";
const REMOVE_CODES: &str = "DELETE FROM recovery_codes WHERE user_id = ?1";
const INSERT_CODES: &str = "
    INSERT INTO recovery_codes (user_id, code_hash)
    SELECT ?1, value FROM json_each(?2)
    WHERE EXISTS (SELECT 1 FROM second_factors WHERE user_id = ?1 AND confirmed_at IS NOT NULL)";
// There are none before: they go with the factor. Of two confirmations in one moment the first gives the codes.
const INSERT_FIRST_CODES: &str = "
    INSERT INTO recovery_codes (user_id, code_hash)
    SELECT ?1, value FROM json_each(?2)
    WHERE EXISTS (SELECT 1 FROM second_factors WHERE user_id = ?1 AND secret = ?3 AND confirmed_at IS NOT NULL)
      AND NOT EXISTS (SELECT 1 FROM recovery_codes WHERE user_id = ?1)";
const FORGET_CHALLENGES: &str = "DELETE FROM login_challenges WHERE expires_at <= ?1";
const INSERT_CHALLENGE: &str = "
    INSERT INTO login_challenges (challenge_hash, user_id, expires_at, account_id, zendesk_user_id, max_role, zendesk_checked_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
const FIND_CHALLENGE: &str = "
    SELECT u.id, u.name, u.email, u.password_hash, m.account_id, m.role, m.max_load, f.confirmed_at AS second_factor_at,
      l.account_id AS vouched_in, l.zendesk_user_id, l.max_role, l.zendesk_checked_at
    FROM login_challenges l
      JOIN users u ON u.id = l.user_id
      LEFT JOIN memberships m ON m.user_id = u.id
      LEFT JOIN second_factors f ON f.user_id = u.id
    WHERE l.challenge_hash = ?1 AND l.expires_at > ?2
    ORDER BY m.created_at, m.account_id";
const USE_CHALLENGE: &str = "
    DELETE FROM login_challenges WHERE challenge_hash = ?1 AND expires_at > ?2 RETURNING user_id";

#[cfg(test)]
pub(crate) const STATEMENTS: [&str; 12] = [
    FIND,
    COUNT_CODES,
    IS_REQUIRED,
    BEGIN,
    CONFIRM,
    USE_STEP,
    USE_CODE,
    REMOVE,
    REMOVE_CODES,
    FORGET_CHALLENGES,
    FIND_CHALLENGE,
    USE_CHALLENGE,
];

/// A user's second factor, begun or in use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecondFactor {
    /// What the app knows, sealed.
    pub sealed_secret: String,
    /// Since when it is asked for; nothing while it is only begun.
    pub confirmed_at: Option<Timestamp>,
    /// The step of the last code that was taken.
    pub last_step: Option<i64>,
}

/// A login that still lacks a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    /// Whose.
    pub login: Login,
    /// The account that it is for, and who vouched for them, where it was a Zendesk and not the password.
    pub vouched: Option<(AccountId, Vouched)>,
}

impl<D: Database> Directory<D> {
    /// A user's second factor.
    pub async fn find_second_factor(
        &self,
        user_id: UserId,
    ) -> Result<Option<SecondFactor>, StoreError> {
        let rows = self.database.query(FIND, &[Value::text(user_id)]).await?;
        rows.first().map(second_factor).transpose()
    }

    /// How many recovery codes a user has left.
    pub async fn count_recovery_codes(&self, user_id: UserId) -> Result<u32, StoreError> {
        let user = [Value::text(user_id)];
        let rows = self.database.query(COUNT_CODES, &user).await?;
        rows.first().map_or(Ok(0), |row| row.uint32("n"))
    }

    /// Whether an account wants a second factor of whoever runs it.
    pub async fn requires_second_factor(&self, account_id: AccountId) -> Result<bool, StoreError> {
        let account = [Value::text(account_id)];
        let rows = self.database.query(IS_REQUIRED, &account).await?;
        let Some(row) = rows.first() else {
            return Ok(false);
        };
        Ok(row.optional_int("required")? == Some(1))
    }

    /// Keeps a new secret, in the place of one that was begun and not confirmed. False when one is in use.
    pub async fn begin_second_factor(
        &self,
        user_id: UserId,
        sealed_secret: &str,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let parameters = [
            Value::text(user_id),
            Value::text(sealed_secret),
            Value::time(now),
        ];
        let rows = self.database.query(BEGIN, &parameters).await?;
        Ok(!rows.is_empty())
    }

    /// Puts a secret to use, and `code_hashes` beside it. `step` is that of the code which showed that the app knows it. False,
    /// and nothing changes, when it is not the secret that was begun last, or is in use already.
    pub async fn confirm_second_factor(
        &self,
        user_id: UserId,
        sealed_secret: &str,
        step: i64,
        code_hashes: &[String],
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let (user, secret) = (Value::text(user_id), Value::text(sealed_secret));
        let hashes = Value::Text(crate::json(&code_hashes));
        let statements = vec![
            Statement::new(
                CONFIRM,
                vec![
                    user.clone(),
                    secret.clone(),
                    Value::time(now),
                    Value::int(step)?,
                ],
            ),
            Statement::new(INSERT_FIRST_CODES, vec![user, hashes, secret]),
        ];
        let answers = self.database.batch(statements).await?;
        Ok(answers.first().is_some_and(|rows| !rows.is_empty()))
    }

    /// Uses a code's step up. False when a code of that step or a later one has been taken before.
    pub async fn use_step(&self, user_id: UserId, step: i64) -> Result<bool, StoreError> {
        let parameters = [Value::text(user_id), Value::int(step)?];
        let rows = self.database.query(USE_STEP, &parameters).await?;
        Ok(!rows.is_empty())
    }

    /// Uses a recovery code up. False when there is none such that is unused.
    pub async fn use_recovery_code(
        &self,
        user_id: UserId,
        code_hash: &str,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let parameters = [
            Value::text(user_id),
            Value::text(code_hash),
            Value::time(now),
        ];
        let rows = self.database.query(USE_CODE, &parameters).await?;
        Ok(!rows.is_empty())
    }

    /// Gives a user new recovery codes; the old ones are worth nothing from then on. Without a second factor in use there are
    /// none.
    pub async fn replace_recovery_codes(
        &self,
        user_id: UserId,
        code_hashes: &[String],
    ) -> Result<(), StoreError> {
        let user = Value::text(user_id);
        let hashes = Value::Text(crate::json(&code_hashes));
        let statements = vec![
            Statement::new(REMOVE_CODES, vec![user.clone()]),
            Statement::new(INSERT_CODES, vec![user, hashes]),
        ];
        self.database.batch(statements).await?;
        Ok(())
    }

    /// Removes a second factor and its recovery codes. False when there was none in use.
    pub async fn remove_second_factor(&self, user_id: UserId) -> Result<bool, StoreError> {
        let user = Value::text(user_id);
        let statements = vec![
            Statement::new(REMOVE, vec![user.clone()]),
            Statement::new(REMOVE_CODES, vec![user]),
        ];
        let answers = self.database.batch(statements).await?;
        let Some(row) = answers.first().and_then(|rows| rows.first()) else {
            return Ok(false);
        };
        Ok(row.optional_int("confirmed_at")?.is_some())
    }

    /// Keeps a challenge for a user who has shown their password, or for whom a Zendesk has vouched, and forgets those whose time
    /// is over.
    pub async fn start_challenge(
        &self,
        challenge_hash: &str,
        user_id: UserId,
        vouched: Option<(AccountId, Vouched)>,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        let mut parameters = vec![
            Value::text(challenge_hash),
            Value::text(user_id),
            Value::time(expires_at),
        ];
        match vouched {
            None => parameters.extend([Value::Null, Value::Null, Value::Null, Value::Null]),
            Some((account_id, vouched)) => {
                parameters.push(Value::text(account_id));
                parameters.extend(vouched.values());
            }
        }
        let statements = vec![
            Statement::new(FORGET_CHALLENGES, vec![Value::time(now)]),
            Statement::new(INSERT_CHALLENGE, parameters),
        ];
        self.database.batch(statements).await?;
        Ok(())
    }

    /// Whose challenge it is, while its time lasts.
    pub async fn find_challenge(
        &self,
        challenge_hash: &str,
        now: Timestamp,
    ) -> Result<Option<Challenge>, StoreError> {
        let parameters = [Value::text(challenge_hash), Value::time(now)];
        let rows = self.database.query(FIND_CHALLENGE, &parameters).await?;
        let (Some(row), Some(login)) = (rows.first(), login(&rows)?) else {
            return Ok(None);
        };
        let vouched = match row.optional_parsed("vouched_in")? {
            None => None,
            Some(account_id) => Some((account_id, vouched(row)?)),
        };
        Ok(Some(Challenge { login, vouched }))
    }

    /// Uses a challenge up. False when it was used before, or its time is over.
    pub async fn use_challenge(
        &self,
        challenge_hash: &str,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let parameters = [Value::text(challenge_hash), Value::time(now)];
        let rows = self.database.query(USE_CHALLENGE, &parameters).await?;
        Ok(!rows.is_empty())
    }
}

fn second_factor(row: &Row) -> Result<SecondFactor, StoreError> {
    Ok(SecondFactor {
        sealed_secret: row.text("secret")?.to_owned(),
        confirmed_at: row
            .optional_int("confirmed_at")?
            .map(Timestamp::from_millis),
        last_step: row.optional_int("last_step")?,
    })
}

#[cfg(test)]
mod tests;
