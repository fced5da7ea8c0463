//! Logging in with a password, at most so many times.
//!
//! An attempt counts as a failure before the password is looked at, and is taken back when it was right. So of any number of
//! attempts at once no more are tried than the limit leaves, and a count that was written but not acknowledged locks too
//! early rather than too late. Whether the address is a user's makes no difference to any of it.
//!
//! Codes of a second factor count in the same way. Where one is asked for, a right password alone forgets nothing but itself:
//! whoever knows it could otherwise guess codes for ever, with a login after every nine.

use edgedesk_domain::time::Timestamp;

use super::{Directory, Login};
use crate::database::{Database, Row, Statement, StoreError, Value};

/// Failures of one e-mail address after which it is locked.
pub const MAX_FAILURES: u32 = 10;
/// Failures from one network after which it is locked: an office shares an address, and a guesser has many of them.
pub const MAX_FAILURES_OF_NETWORK: u32 = 100;
/// How long a lock lasts, and how long after the last one failures count: 15 minutes.
pub const LOCK_MILLIS: i64 = 15 * 60 * 1000;

const FORGET: &str = "DELETE FROM login_failures WHERE forget_at <= ?1";
// A network that is locked counts against nobody's address.
const COUNT_ADDRESS: &str = "
    INSERT INTO login_failures (key, n_failures, forget_at)
    SELECT ?1, 1, ?3
    WHERE NOT EXISTS (SELECT 1 FROM login_failures WHERE key = ?2 AND n_failures >= ?5)
    ON CONFLICT (key) DO UPDATE SET n_failures = n_failures + 1, forget_at = excluded.forget_at
      WHERE n_failures < ?4
    RETURNING n_failures";
const COUNT_NETWORK: &str = "
    INSERT INTO login_failures (key, n_failures, forget_at) VALUES (?1, 1, ?2)
    ON CONFLICT (key) DO UPDATE SET n_failures = n_failures + 1, forget_at = excluded.forget_at
      WHERE n_failures < ?3";
const FIND: &str = "
    SELECT key, n_failures, forget_at FROM login_failures WHERE key IN (?1, ?2)";
const FORGIVE_ADDRESS: &str = "DELETE FROM login_failures WHERE key = ?1";
const TAKE_BACK: &str = "
    UPDATE login_failures SET n_failures = n_failures - 1 WHERE key = ?1 AND n_failures > 0";

#[cfg(test)]
pub(crate) const STATEMENTS: [&str; 6] = [
    FORGET,
    COUNT_ADDRESS,
    COUNT_NETWORK,
    FIND,
    FORGIVE_ADDRESS,
    TAKE_BACK,
];

/// What failures are counted by. Hashes, so that nobody's address is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginKeys {
    /// For the e-mail address.
    pub address: String,
    /// For the network, when the platform says it; never equal to the other.
    pub network: Option<String>,
}

/// What became of an attempt to log in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoginAttempt {
    /// The password was right; the failures of the address are forgotten, unless a second factor is still to be shown.
    Good(Login),
    /// The password was wrong, or nobody has the address.
    Wrong {
        /// Whose address it is; never to be told outside.
        login: Option<Login>,
        /// Whether this failure has locked the address.
        locks: bool,
    },
    /// Nothing was tried.
    Locked {
        /// From when on attempts count again.
        until: Timestamp,
    },
}

/// What became of an attempt to show that one knows a code, or the password once more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeAttempt {
    /// It was right; the failures of the address are forgotten.
    Good,
    /// It was wrong.
    Wrong {
        /// Whether this failure has locked the address.
        locks: bool,
    },
    /// Nothing was tried.
    Locked {
        /// From when on attempts count again.
        until: Timestamp,
    },
}

impl<D: Database> Directory<D> {
    /// Tries to log in. `is_right` says whether the password is that of a stored hash; it is called once, without a hash when
    /// nobody has the address, and not at all while address or network is locked.
    pub async fn attempt_login(
        &self,
        email: &str,
        keys: &LoginKeys,
        now: Timestamp,
        is_right: impl FnOnce(Option<&str>) -> bool,
    ) -> Result<LoginAttempt, StoreError> {
        let n_failures = match self.count_failure(keys, now).await? {
            Ok(n_failures) => n_failures,
            Err(until) => return Ok(LoginAttempt::Locked { until }),
        };
        let login = self.find_login(email).await?;
        let hash = login.as_ref().map(|login| login.password_hash.expose());
        let is_right = is_right(hash);
        match login {
            Some(login) if is_right => {
                let forgive = if login.has_second_factor {
                    TAKE_BACK
                } else {
                    FORGIVE_ADDRESS
                };
                self.forgive(keys, forgive).await?;
                Ok(LoginAttempt::Good(login))
            }
            login => Ok(LoginAttempt::Wrong {
                login,
                locks: n_failures >= MAX_FAILURES,
            }),
        }
    }

    /// Tries a code, or a password once more. `is_right` looks at it, and uses it up if it is good for one use; it is called
    /// once, and not at all while address or network is locked.
    pub async fn attempt_code<E: From<StoreError>>(
        &self,
        keys: &LoginKeys,
        now: Timestamp,
        is_right: impl AsyncFnOnce() -> Result<bool, E>,
    ) -> Result<CodeAttempt, E> {
        let n_failures = match self.count_failure(keys, now).await? {
            Ok(n_failures) => n_failures,
            Err(until) => return Ok(CodeAttempt::Locked { until }),
        };
        if is_right().await? {
            self.forgive(keys, FORGIVE_ADDRESS).await?;
            return Ok(CodeAttempt::Good);
        }
        Ok(CodeAttempt::Wrong {
            locks: n_failures >= MAX_FAILURES,
        })
    }

    /// Counts a failure of address and network. Gives how many the address has now, or, when nothing may be tried, until when.
    async fn count_failure(
        &self,
        keys: &LoginKeys,
        now: Timestamp,
    ) -> Result<Result<u32, Timestamp>, StoreError> {
        let until = now.plus_millis(LOCK_MILLIS);
        let network = Value::text_or_null(keys.network.as_ref());
        let mut statements = vec![
            Statement::new(FORGET, vec![Value::time(now)]),
            Statement::new(
                COUNT_ADDRESS,
                vec![
                    Value::text(&keys.address),
                    network.clone(),
                    Value::time(until),
                    Value::Int(i64::from(MAX_FAILURES)),
                    Value::Int(i64::from(MAX_FAILURES_OF_NETWORK)),
                ],
            ),
            Statement::new(FIND, vec![Value::text(&keys.address), network.clone()]),
        ];
        if keys.network.is_some() {
            statements.push(Statement::new(
                COUNT_NETWORK,
                vec![
                    network,
                    Value::time(until),
                    Value::Int(i64::from(MAX_FAILURES_OF_NETWORK)),
                ],
            ));
        }
        // One transaction: what the address's statement sees of the network is what the others left.
        let answers = self.database.batch(statements).await?;
        if let Some(row) = answers.get(1).and_then(|rows| rows.first()) {
            return Ok(Ok(row.uint32("n_failures")?));
        }
        let mut end = now;
        for row in answers.get(2).into_iter().flatten() {
            if is_locked(row, keys)? {
                end = end.max(row.time("forget_at")?);
            }
        }
        Ok(Err(end))
    }

    async fn forgive(
        &self,
        keys: &LoginKeys,
        forgive_address: &'static str,
    ) -> Result<(), StoreError> {
        let mut statements = vec![Statement::new(
            forgive_address,
            vec![Value::text(&keys.address)],
        )];
        if let Some(network) = &keys.network {
            statements.push(Statement::new(TAKE_BACK, vec![Value::text(network)]));
        }
        self.database.batch(statements).await?;
        Ok(())
    }
}

fn is_locked(row: &Row, keys: &LoginKeys) -> Result<bool, StoreError> {
    let limit = if row.text("key")? == keys.address {
        MAX_FAILURES
    } else {
        MAX_FAILURES_OF_NETWORK
    };
    Ok(row.uint32("n_failures")? >= limit)
}

#[cfg(test)]
mod tests;
