//! Sessions: what one login began. Refresh tokens are its links, each good for one use; a second use says that somebody
//! copied it, and ends the session.
//!
//! A session that has ended never comes back: the statement that gives it a new refresh token looks at it again.

use std::collections::{BTreeMap, BTreeSet};

use edgedesk_domain::account::{Access, Role};
use edgedesk_domain::ids::{AccountId, SessionId, UserId};
use edgedesk_domain::networks::AllowedNetworks;
use edgedesk_domain::time::Timestamp;

use super::Directory;
use super::roles::only;
use super::settings::{ZeroTrust, networks, zero_trust};
use super::zendesk::{Vouched, vouched};
use crate::database::{Database, Row, Statement, StoreError, Value};

/// Most sessions that a list shows; of more, the oldest are left out.
const MAX_LISTED: u32 = 100;

const START: &str = "
    INSERT INTO sessions (account_id, user_id, id, created_at, last_used_at, expires_at, user_agent, network)
    VALUES (?1, ?2, ?3, ?4, ?4, ?5, ?6, ?7)";
const FORGET_EXPIRED: &str = "
    DELETE FROM sessions WHERE account_id = ?1 AND user_id = ?2 AND expires_at <= ?3";
const CONTINUE: &str = "
    UPDATE sessions SET last_used_at = ?4, expires_at = ?5, user_agent = ?6, network = ?7
    WHERE account_id = ?1 AND user_id = ?2 AND id = ?3 AND ended_at IS NULL
    RETURNING account_id, id";
// Between the use of the last token and this one the session may have been ended.
const INSERT_TOKEN: &str = "
    INSERT INTO refresh_tokens (token_hash, account_id, user_id, family_id, created_at, expires_at)
    SELECT ?4, ?1, ?2, ?3, ?5, ?6
    WHERE EXISTS (
      SELECT 1 FROM sessions WHERE account_id = ?1 AND user_id = ?2 AND id = ?3 AND ended_at IS NULL)";
// One statement decides: of two requests with the same token, one finds `used_at` null.
const USE_TOKEN: &str = "
    UPDATE refresh_tokens SET used_at = ?2
    WHERE token_hash = ?1 AND used_at IS NULL AND revoked_at IS NULL AND expires_at > ?2
    RETURNING account_id, user_id, family_id";
const FIND_TOKEN: &str = "
    SELECT account_id, user_id, family_id, used_at FROM refresh_tokens WHERE token_hash = ?1";
const FIND_OF_TOKEN: &str = "
    SELECT s.account_id, s.user_id, s.id AS family_id, s.zendesk_user_id, s.max_role, s.zendesk_checked_at, u.email,
      json_extract(a.settings, '$.allowed_networks') AS networks, json_extract(a.settings, '$.zero_trust') AS zero_trust
    FROM refresh_tokens t
      JOIN sessions s ON s.account_id = t.account_id AND s.user_id = t.user_id AND s.id = t.family_id
      JOIN accounts a ON a.id = s.account_id
      JOIN users u ON u.id = s.user_id
    WHERE t.token_hash = ?1 AND t.used_at IS NULL AND t.revoked_at IS NULL AND t.expires_at > ?2
      AND s.ended_at IS NULL";
// The role is that of now: a session ends with the membership, and changes with it.
// Asked for is a list of `[user, session]`.
const FIND: &str = "
    SELECT s.account_id, s.id, m.role, s.max_role, f.confirmed_at,
      json_extract(a.settings, '$.requires_second_factor') = 1 AS required,
      (SELECT json_group_array(tm.team_id) FROM team_members tm
       WHERE tm.account_id = s.account_id AND tm.user_id = s.user_id) AS teams,
      r.permissions AS only, json_extract(a.settings, '$.allowed_networks') AS networks,
      json_extract(a.settings, '$.zero_trust') AS zero_trust, u.email
    FROM json_each(?2) asked
      CROSS JOIN sessions s ON s.account_id = ?1 AND s.user_id = asked.value ->> 0 AND s.id = asked.value ->> 1
      JOIN memberships m ON m.account_id = s.account_id AND m.user_id = s.user_id
      JOIN accounts a ON a.id = s.account_id
      JOIN users u ON u.id = s.user_id
      LEFT JOIN roles r ON r.account_id = m.account_id AND r.id = m.role_id
      LEFT JOIN second_factors f ON f.user_id = s.user_id
    WHERE s.ended_at IS NULL AND s.expires_at > ?3";
const LIST: &str = "
    SELECT account_id, id, created_at, last_used_at, user_agent, network
    FROM sessions
    WHERE account_id = ?1 AND user_id = ?2 AND ended_at IS NULL AND expires_at > ?3
    ORDER BY last_used_at DESC, id DESC
    LIMIT ?4";
const END: &str = "
    UPDATE sessions SET ended_at = COALESCE(ended_at, ?4)
    WHERE account_id = ?1 AND user_id = ?2 AND id = ?3
    RETURNING account_id, id";
const REVOKE_TOKENS: &str = "
    UPDATE refresh_tokens SET revoked_at = ?4
    WHERE account_id = ?1 AND user_id = ?2 AND family_id = ?3 AND revoked_at IS NULL";
const END_ALL: &str = "
    UPDATE sessions SET ended_at = ?3
    WHERE account_id = ?1 AND user_id = ?2 AND ended_at IS NULL
    RETURNING account_id, id";

#[cfg(test)]
pub(crate) const STATEMENTS: [&str; 10] = [
    FORGET_EXPIRED,
    CONTINUE,
    USE_TOKEN,
    FIND_TOKEN,
    FIND_OF_TOKEN,
    FIND,
    LIST,
    END,
    REVOKE_TOKENS,
    END_ALL,
];

/// Whose session it is, and which.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SessionKey {
    /// The account it is for.
    pub account_id: AccountId,
    /// The user who logged in.
    pub user_id: UserId,
    /// Which of theirs.
    pub id: SessionId,
}

/// A login or a refresh: the token it gave, and from where it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionUse {
    /// A hash of the new refresh token, as text; the token itself is never stored.
    pub token_hash: String,
    /// Now.
    pub at: Timestamp,
    /// When the token ends, and the session with it unless it is refreshed before.
    pub expires_at: Timestamp,
    /// The browser in short.
    pub user_agent: Option<String>,
    /// The network in short.
    pub network: Option<String>,
}

/// A session as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Which.
    pub id: SessionId,
    /// When the login was.
    pub created_at: Timestamp,
    /// When its tokens were last made new.
    pub last_used_at: Timestamp,
    /// The browser in short, if it said.
    pub user_agent: Option<String>,
    /// The network it was last used from, if the platform said.
    pub network: Option<String>,
}

/// What a session may do now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The member's role.
    pub role: Role,
    /// Whether the account wants a second factor of whoever runs it and this member has none.
    pub lacks_second_factor: bool,
    /// What else decides what they may.
    pub access: Access,
    /// From where the account lets its people in.
    pub networks: AllowedNetworks,
    /// Through what the member has to come, if through anything.
    pub zero_trust: Option<ZeroTrust>,
}

/// The session of a refresh token that is good, and what has to be looked at before the token is used up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionOfToken {
    /// Which.
    pub key: SessionKey,
    /// What a Zendesk said of its user, if it vouched for them.
    pub vouched: Option<Vouched>,
    /// From where the account lets its people in.
    pub networks: AllowedNetworks,
    /// Through what the user has to come, if through anything.
    pub zero_trust: Option<ZeroTrust>,
}

/// What became of using a refresh token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefreshOutcome {
    /// It was good, and is used up now.
    Valid(SessionKey),
    /// It had been used before. Its session has been ended.
    Reused(SessionKey),
    /// Its time is over, or its session was ended before it was used.
    Expired,
    /// There is no such token.
    Unknown,
}

impl<D: Database> Directory<D> {
    /// Begins a session, and forgets those of the same user whose time is over.
    pub async fn start_session(
        &self,
        key: &SessionKey,
        first: &SessionUse,
    ) -> Result<(), StoreError> {
        let mut forget = key.owner();
        forget.push(Value::time(first.at));
        let mut start = key.parameters();
        start.extend([Value::time(first.at), Value::time(first.expires_at)]);
        start.extend(first.place());
        let statements = vec![
            Statement::new(FORGET_EXPIRED, forget),
            Statement::new(START, start),
            first.insert_token(key),
        ];
        self.database.batch(statements).await?;
        Ok(())
    }

    /// Gives a session its next refresh token. False, and nothing is given, when it has been ended meanwhile.
    pub async fn continue_session(
        &self,
        key: &SessionKey,
        next: &SessionUse,
    ) -> Result<bool, StoreError> {
        let mut parameters = key.parameters();
        parameters.extend([Value::time(next.at), Value::time(next.expires_at)]);
        parameters.extend(next.place());
        let statements = vec![Statement::new(CONTINUE, parameters), next.insert_token(key)];
        let answers = self.of(key.account_id).batch(statements).await?;
        Ok(answers.first().is_some_and(|rows| !rows.is_empty()))
    }

    /// Uses a token up, if it is good. Of any number of calls with one token, at most one is [`RefreshOutcome::Valid`].
    pub async fn use_refresh_token(
        &self,
        token_hash: &str,
        now: Timestamp,
    ) -> Result<RefreshOutcome, StoreError> {
        let parameters = [Value::text(token_hash), Value::time(now)];
        let used = self.database.query(USE_TOKEN, &parameters).await?;
        if let Some(row) = used.first() {
            return Ok(RefreshOutcome::Valid(session_key(row)?));
        }
        let found = self.database.query(FIND_TOKEN, &parameters[..1]).await?;
        let Some(row) = found.first() else {
            return Ok(RefreshOutcome::Unknown);
        };
        if row.optional_int("used_at")?.is_none() {
            return Ok(RefreshOutcome::Expired);
        }
        let key = session_key(row)?;
        self.end_session(&key, now).await?;
        Ok(RefreshOutcome::Reused(key))
    }

    /// The session of a refresh token that is good. The token stays as good as it was.
    pub async fn find_session_of_token(
        &self,
        token_hash: &str,
        now: Timestamp,
    ) -> Result<Option<SessionOfToken>, StoreError> {
        let parameters = [Value::text(token_hash), Value::time(now)];
        let rows = self.database.query(FIND_OF_TOKEN, &parameters).await?;
        let Some(row) = rows.first() else {
            return Ok(None);
        };
        Ok(Some(SessionOfToken {
            key: session_key(row)?,
            vouched: match row.optional_text("zendesk_user_id")? {
                None => None,
                Some(_) => Some(vouched(row)?),
            },
            networks: networks(row)?,
            zero_trust: zero_trust(row)?,
        }))
    }

    /// What a session may do now; nothing when it is over, or its user is no longer a member.
    pub async fn find_standing(
        &self,
        key: &SessionKey,
        now: Timestamp,
    ) -> Result<Option<Standing>, StoreError> {
        let one = BTreeSet::from([(key.user_id, key.id)]);
        let mut found = self.find_standings(key.account_id, &one, now).await?;
        Ok(found.remove(&key.id))
    }

    /// What each of `sessions` of an account may do now. Those that are over, or whose user is no longer a member, are left out.
    pub async fn find_standings(
        &self,
        account_id: AccountId,
        sessions: &BTreeSet<(UserId, SessionId)>,
        now: Timestamp,
    ) -> Result<BTreeMap<SessionId, Standing>, StoreError> {
        let parameters = [
            Value::text(account_id),
            Value::text(crate::json(sessions)),
            Value::time(now),
        ];
        let rows = self.of(account_id).query(FIND, &parameters).await?;
        rows.iter()
            .map(|row| Ok((row.parsed("id")?, standing(row)?)))
            .collect()
    }

    /// A member's sessions that are not over, last used first.
    pub async fn list_sessions(
        &self,
        account_id: AccountId,
        user_id: UserId,
        now: Timestamp,
    ) -> Result<Vec<Session>, StoreError> {
        let parameters = [
            Value::text(account_id),
            Value::text(user_id),
            Value::time(now),
            Value::Int(i64::from(MAX_LISTED)),
        ];
        let rows = self.of(account_id).query(LIST, &parameters).await?;
        rows.iter().map(session).collect()
    }

    /// Ends a session with all its tokens. Gives whether there is one; ending it again changes nothing.
    pub async fn end_session(&self, key: &SessionKey, now: Timestamp) -> Result<bool, StoreError> {
        let mut parameters = key.parameters();
        parameters.push(Value::time(now));
        let statements = vec![
            Statement::new(END, parameters.clone()),
            Statement::new(REVOKE_TOKENS, parameters),
        ];
        let answers = self.of(key.account_id).batch(statements).await?;
        Ok(answers.first().is_some_and(|rows| !rows.is_empty()))
    }

    /// Ends all sessions of a member, and gives which these were. Their refresh tokens are worth nothing without them.
    pub async fn end_all_sessions(
        &self,
        account_id: AccountId,
        user_id: UserId,
        now: Timestamp,
    ) -> Result<Vec<SessionId>, StoreError> {
        let parameters = [
            Value::text(account_id),
            Value::text(user_id),
            Value::time(now),
        ];
        let rows = self.of(account_id).query(END_ALL, &parameters).await?;
        rows.iter().map(|row| row.parsed("id")).collect()
    }
}

impl SessionKey {
    fn owner(&self) -> Vec<Value> {
        vec![Value::text(self.account_id), Value::text(self.user_id)]
    }

    pub(super) fn parameters(&self) -> Vec<Value> {
        let mut parameters = self.owner();
        parameters.push(Value::text(self.id));
        parameters
    }
}

impl SessionUse {
    pub(super) fn place(&self) -> [Value; 2] {
        [
            Value::text_or_null(self.user_agent.as_ref()),
            Value::text_or_null(self.network.as_ref()),
        ]
    }

    pub(super) fn insert_token(&self, key: &SessionKey) -> Statement {
        let mut parameters = key.parameters();
        parameters.extend([
            Value::text(&self.token_hash),
            Value::time(self.at),
            Value::time(self.expires_at),
        ]);
        Statement::new(INSERT_TOKEN, parameters)
    }
}

fn session_key(row: &Row) -> Result<SessionKey, StoreError> {
    Ok(SessionKey {
        account_id: row.parsed("account_id")?,
        user_id: row.parsed("user_id")?,
        id: row.parsed("family_id")?,
    })
}

fn standing(row: &Row) -> Result<Standing, StoreError> {
    let role: Role = row.word("role")?;
    // Of a session that a Zendesk vouched for.
    let role = match row.optional_text("max_role")? {
        None => role,
        Some(_) => role.min(row.word("max_role")?),
    };
    // Null where the setting was never made.
    let required = row.optional_int("required")? == Some(1);
    Ok(Standing {
        role,
        lacks_second_factor: required
            && role >= Role::Admin
            && row.optional_int("confirmed_at")?.is_none(),
        access: Access {
            teams: row.json("teams")?,
            only: only(row, "only")?,
        },
        networks: networks(row)?,
        zero_trust: zero_trust(row)?,
    })
}

fn session(row: &Row) -> Result<Session, StoreError> {
    Ok(Session {
        id: row.parsed("id")?,
        created_at: row.time("created_at")?,
        last_used_at: row.time("last_used_at")?,
        user_agent: row.optional_text("user_agent")?.map(str::to_owned),
        network: row.optional_text("network")?.map(str::to_owned),
    })
}

#[cfg(test)]
mod tests;
