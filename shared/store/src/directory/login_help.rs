//! What whoever runs an account does about how its members log in: the reset of a second factor that was lost, and the end of a
//! lock.
//!
//! A login opens every account of its user, so all of them are looked at: [`check_login_change`]. What was decided on is
//! compared once more by the statement that does it.

use std::collections::BTreeMap;

use edgedesk_domain::account::Role;
use edgedesk_domain::ids::{AccountId, UserId};
use edgedesk_domain::membership::{AccountOfMember, LoginRefusal, Standing, check_login_change};
use edgedesk_domain::time::Timestamp;
use edgedesk_domain::zero_trust::AccessApplication;

use super::login::MAX_FAILURES;
use super::roles::only;
use super::settings::{application, networks};
use super::{Directory, SessionKey};
use crate::database::{Database, Row, Statement, StoreError, Value};

/// How often the lock of an address is taken away before it has to run out: an administrator who guesses a colleague's password
/// has forty tries in a quarter of an hour rather than any number.
pub const MAX_UNLOCKS: u32 = 3;

const FIND_ACCOUNTS: &str = "
    SELECT u.email, m.account_id, m.role AS member_role, m.role_id AS member_role_id, mr.permissions AS member_only,
      a.role AS actor_role, a.role_id AS actor_role_id, ar.permissions AS actor_only,
      json_extract(c.settings, '$.requires_second_factor') = 1 AS required,
      json_extract(c.settings, '$.allowed_networks') AS networks, json_extract(c.settings, '$.zero_trust') AS zero_trust,
      (SELECT confirmed_at FROM second_factors WHERE user_id = ?1) AS actor_factor_at,
      (SELECT confirmed_at FROM second_factors WHERE user_id = ?2) AS member_factor_at
    FROM memberships m JOIN users u ON u.id = m.user_id JOIN accounts c ON c.id = m.account_id
      LEFT JOIN memberships a ON a.account_id = m.account_id AND a.user_id = ?1
      LEFT JOIN roles mr ON mr.account_id = m.account_id AND mr.id = m.role_id
      LEFT JOIN roles ar ON ar.account_id = a.account_id AND ar.id = a.role_id
    WHERE m.user_id = ?2
    ORDER BY m.account_id";
// `?3` is what was decided on: accounts and roles, in the order of the accounts.
const RESET: &str = "
    DELETE FROM second_factors
    WHERE user_id = ?2 AND confirmed_at IS NOT NULL AND ?3 = (
      SELECT json_group_array(json_array(c.account_id, c.role, c.role_id, c.actor_role, c.actor_role_id)) FROM (
        SELECT m.account_id, m.role, m.role_id, a.role AS actor_role, a.role_id AS actor_role_id
        FROM memberships m LEFT JOIN memberships a ON a.account_id = m.account_id AND a.user_id = ?1
        WHERE m.user_id = ?2
        ORDER BY m.account_id) c)
    RETURNING user_id";
const REMOVE_CODES: &str = "
    DELETE FROM recovery_codes
    WHERE user_id = ?1 AND NOT EXISTS (SELECT 1 FROM second_factors WHERE user_id = ?1)";
const END_SESSIONS: &str = "
    UPDATE sessions SET ended_at = ?2
    WHERE user_id = ?1 AND ended_at IS NULL
      AND account_id IN (SELECT account_id FROM memberships WHERE user_id = ?1)
      AND NOT EXISTS (SELECT 1 FROM second_factors WHERE user_id = ?1)
    RETURNING account_id, id";
const UNLOCK: &str = "
    UPDATE login_failures SET n_failures = 0, n_unlocks = n_unlocks + 1
    WHERE key = ?4 AND n_failures >= ?5 AND n_unlocks < ?6 AND ?3 = (
      SELECT json_group_array(json_array(c.account_id, c.role, c.role_id, c.actor_role, c.actor_role_id)) FROM (
        SELECT m.account_id, m.role, m.role_id, a.role AS actor_role, a.role_id AS actor_role_id
        FROM memberships m LEFT JOIN memberships a ON a.account_id = m.account_id AND a.user_id = ?1
        WHERE m.user_id = ?2
        ORDER BY m.account_id) c)
    RETURNING n_unlocks";
const FIND_LOCK: &str = "
    SELECT n_unlocks FROM login_failures WHERE key = ?1 AND n_failures >= ?2 AND forget_at > ?3";
const LIST_LOCKS: &str = "
    SELECT key, forget_at FROM login_failures
    WHERE key IN (SELECT c.value FROM json_each(?1) c) AND n_failures >= ?2 AND forget_at > ?3";

#[cfg(test)]
pub(crate) const STATEMENTS: [&str; 7] = [
    FIND_ACCOUNTS,
    RESET,
    REMOVE_CODES,
    END_SESSIONS,
    UNLOCK,
    FIND_LOCK,
    LIST_LOCKS,
];

/// Who would change how somebody else logs in, and in which account they ask for it.
#[derive(Debug, Clone, Copy)]
pub struct Helper<'a> {
    /// The account that they act in.
    pub account_id: AccountId,
    /// They.
    pub user_id: UserId,
    /// The address that they come from: other accounts may not let them in from there.
    pub address: Option<&'a str>,
    /// The application of Cloudflare Access that they have come through, where the account that they act in asks for one: others may
    /// ask for another.
    pub application: Option<&'a AccessApplication>,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HelpOutcome<T> {
    /// It is done.
    Done {
        /// What came of it.
        what: T,
        /// The other accounts of the member, which it concerns too.
        others: Vec<AccountId>,
    },
    /// There was nothing to do.
    Nothing,
    /// The lock has been taken away as often as it may be; it has to run out.
    TooOften,
    /// A rule forbids it.
    Refused(LoginRefusal),
    /// Somebody else changed what the decision was made of; it may be tried again.
    Overtaken,
}

/// A decision, and what it was made of.
struct Decision {
    email: String,
    has_second_factor: bool,
    seen: String,
    others: Vec<AccountId>,
}

impl<D: Database> Directory<D> {
    /// Removes a member's second factor with its recovery codes, and ends their sessions in all of their accounts: gives these.
    /// Logins ask for the password alone then, until they turn on another.
    pub async fn reset_second_factor(
        &self,
        helper: Helper<'_>,
        member_id: UserId,
        now: Timestamp,
    ) -> Result<HelpOutcome<Vec<SessionKey>>, StoreError> {
        let decision = match self.decide(helper, member_id).await? {
            Ok(decision) => decision,
            Err(refusal) => return Ok(HelpOutcome::Refused(refusal)),
        };
        if !decision.has_second_factor {
            return Ok(HelpOutcome::Nothing);
        }
        let member = Value::text(member_id);
        let statements = vec![
            Statement::new(RESET, decision.parameters(helper, member_id)),
            Statement::new(REMOVE_CODES, vec![member.clone()]),
            Statement::new(END_SESSIONS, vec![member, Value::time(now)]),
        ];
        let answers = self.database.batch(statements).await?;
        if answers.first().is_none_or(Vec::is_empty) {
            return Ok(HelpOutcome::Overtaken);
        }
        let ended = answers.get(2).into_iter().flatten().map(|row| {
            Ok(SessionKey {
                account_id: row.parsed("account_id")?,
                user_id: member_id,
                id: row.parsed("id")?,
            })
        });
        Ok(HelpOutcome::Done {
            what: ended.collect::<Result<_, StoreError>>()?,
            others: decision.others,
        })
    }

    /// Takes the lock of a member's address away, at most [`MAX_UNLOCKS`] times before it has run out once. `key_of` gives what
    /// failures of an address are counted by. A network that is locked stays so: it is nobody's in particular.
    pub async fn unlock_member(
        &self,
        helper: Helper<'_>,
        member_id: UserId,
        key_of: impl FnOnce(&str) -> String,
        now: Timestamp,
    ) -> Result<HelpOutcome<()>, StoreError> {
        let decision = match self.decide(helper, member_id).await? {
            Ok(decision) => decision,
            Err(refusal) => return Ok(HelpOutcome::Refused(refusal)),
        };
        let key = Value::Text(key_of(&decision.email));
        let limit = Value::Int(i64::from(MAX_FAILURES));
        let lock = [key.clone(), limit.clone(), Value::time(now)];
        let found = self.database.query(FIND_LOCK, &lock).await?;
        match found.first() {
            None => return Ok(HelpOutcome::Nothing),
            Some(row) if row.uint32("n_unlocks")? >= MAX_UNLOCKS => {
                return Ok(HelpOutcome::TooOften);
            }
            Some(_) => {}
        }
        let mut parameters = decision.parameters(helper, member_id);
        parameters.extend([key, limit, Value::Int(i64::from(MAX_UNLOCKS))]);
        let rows = self.database.query(UNLOCK, &parameters).await?;
        if rows.is_empty() {
            return Ok(HelpOutcome::Overtaken);
        }
        Ok(HelpOutcome::Done {
            what: (),
            others: decision.others,
        })
    }

    /// Until when addresses are locked, by what their failures are counted by. Those that are not locked are not in it.
    pub async fn list_locks(
        &self,
        keys: &[String],
        now: Timestamp,
    ) -> Result<BTreeMap<String, Timestamp>, StoreError> {
        let parameters = [
            Value::Text(crate::json(&keys)),
            Value::Int(i64::from(MAX_FAILURES)),
            Value::time(now),
        ];
        let rows = self.database.query(LIST_LOCKS, &parameters).await?;
        rows.iter()
            .map(|row| Ok((row.text("key")?.to_owned(), row.time("forget_at")?)))
            .collect()
    }

    async fn decide(
        &self,
        helper: Helper<'_>,
        member_id: UserId,
    ) -> Result<Result<Decision, LoginRefusal>, StoreError> {
        let parameters = [Value::text(helper.user_id), Value::text(member_id)];
        let rows = self.database.query(FIND_ACCOUNTS, &parameters).await?;
        let accounts = rows
            .iter()
            .map(|row| account(row, helper, member_id))
            .collect::<Result<Vec<_>, _>>()?;
        if let Err(refusal) = check_login_change(helper.user_id, member_id, &accounts) {
            return Ok(Err(refusal));
        }
        let Some(row) = rows.first() else {
            return Ok(Err(LoginRefusal::NoMember));
        };
        let (mut seen, mut others) = (Vec::new(), Vec::new());
        for row in &rows {
            seen.push((
                row.text("account_id")?,
                row.text("member_role")?,
                row.optional_text("member_role_id")?,
                row.optional_text("actor_role")?,
                row.optional_text("actor_role_id")?,
            ));
            others.push(row.parsed("account_id")?);
        }
        others.retain(|account_id| *account_id != helper.account_id);
        Ok(Ok(Decision {
            email: row.text("email")?.to_owned(),
            has_second_factor: row.optional_int("member_factor_at")?.is_some(),
            seen: crate::json(&seen),
            others,
        }))
    }
}

impl Decision {
    /// The first three of the statements that do it.
    fn parameters(&self, helper: Helper<'_>, member_id: UserId) -> Vec<Value> {
        vec![
            Value::text(helper.user_id),
            Value::text(member_id),
            Value::text(&self.seen),
        ]
    }
}

fn account(
    row: &Row,
    helper: Helper<'_>,
    member_id: UserId,
) -> Result<AccountOfMember, StoreError> {
    let is_here = row.parsed::<AccountId>("account_id")? == helper.account_id;
    let required = row.optional_int("required")? == Some(1);
    let lacks_second_factor = required && row.optional_int("actor_factor_at")?.is_none();
    let asked_for = application(row)?;
    let has_come_through = asked_for.is_none() || asked_for.as_ref() == helper.application;
    let is_let_in = networks(row)?.allow(helper.address) && has_come_through;
    let actor = match row.optional_text("actor_role")? {
        // Where they act, both have been asked for before.
        Some(_) if is_here || (is_let_in && !lacks_second_factor) => Some(Standing {
            user_id: helper.user_id,
            role: row.word::<Role>("actor_role")?,
            only: only(row, "actor_only")?,
        }),
        _ => None,
    };
    Ok(AccountOfMember {
        is_here,
        member: Standing {
            user_id: member_id,
            role: row.word("member_role")?,
            only: only(row, "member_only")?,
        },
        actor,
    })
}

#[cfg(test)]
mod tests;
