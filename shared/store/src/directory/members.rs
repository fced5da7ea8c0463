//! The members of an account: seen, given another role, removed; and the accounts of a user.
//!
//! What is decided outside is decided on what was read; each change looks again, in its own statement, at what the decision was
//! made of. Of two owners who remove each other at once, one stays.

use edgedesk_domain::account::Role;
use edgedesk_domain::ids::{AccountId, RoleId, SessionId, UserId};
use edgedesk_domain::membership::{
    MembershipChange, MembershipRefusal, Standing, check_change, needs_another_owner, takes_away,
};
use edgedesk_domain::time::Timestamp;

use super::Directory;
use super::roles::only;
use crate::database::{Database, Row, Statement, StoreError, Value};

/// Most members that a list shows.
const MAX_LISTED: u32 = 1_000;

const LIST: &str = "
    SELECT u.id, u.name, u.email, m.role, m.role_id, r.name AS role_name, m.created_at, f.confirmed_at AS second_factor_at,
      (SELECT MAX(s.last_used_at) FROM sessions s WHERE s.account_id = m.account_id AND s.user_id = m.user_id) AS last_seen_at
    FROM memberships m JOIN users u ON u.id = m.user_id
      LEFT JOIN roles r ON r.account_id = m.account_id AND r.id = m.role_id
      LEFT JOIN second_factors f ON f.user_id = m.user_id
    WHERE m.account_id = ?1
    ORDER BY u.name, u.id
    LIMIT ?2";
const FIND_ROLES: &str = "
    SELECT a.role AS actor_role, a.role_id AS actor_role_id, ar.permissions AS actor_only,
      m.role AS member_role, m.role_id AS member_role_id, mr.permissions AS member_only,
      EXISTS (SELECT 1 FROM memberships o WHERE o.account_id = ?1 AND o.role = 'owner' AND o.user_id <> ?3) AS another_owner
    FROM memberships a LEFT JOIN memberships m ON m.account_id = ?1 AND m.user_id = ?3
      LEFT JOIN roles ar ON ar.account_id = ?1 AND ar.id = a.role_id
      LEFT JOIN roles mr ON mr.account_id = ?1 AND mr.id = m.role_id
    WHERE a.account_id = ?1 AND a.user_id = ?2";
const CHANGE_ROLE: &str = "
    UPDATE memberships SET role = ?9, role_id = ?10
    WHERE account_id = ?1 AND user_id = ?2 AND role = ?3 AND role_id IS ?7
      AND EXISTS (SELECT 1 FROM memberships a WHERE a.account_id = ?1 AND a.user_id = ?4 AND a.role = ?5 AND a.role_id IS ?8)
      AND (?10 IS NULL OR EXISTS (SELECT 1 FROM roles WHERE account_id = ?1 AND id = ?10 AND permissions = ?11))
      AND (?6 = 0 OR EXISTS (SELECT 1 FROM memberships o WHERE o.account_id = ?1 AND o.role = 'owner' AND o.user_id <> ?2))
    RETURNING user_id";
const REMOVE: &str = "
    DELETE FROM memberships
    WHERE account_id = ?1 AND user_id = ?2 AND role = ?3 AND role_id IS ?7
      AND EXISTS (SELECT 1 FROM memberships a WHERE a.account_id = ?1 AND a.user_id = ?4 AND a.role = ?5 AND a.role_id IS ?8)
      AND (?6 = 0 OR EXISTS (SELECT 1 FROM memberships o WHERE o.account_id = ?1 AND o.role = 'owner' AND o.user_id <> ?2))
    RETURNING user_id";
// Everything below follows a removal in its transaction, and does nothing when that did nothing.
const LEAVE_TEAMS: &str = "
    DELETE FROM team_members
    WHERE account_id = ?1 AND user_id = ?2
      AND NOT EXISTS (SELECT 1 FROM memberships WHERE account_id = ?1 AND user_id = ?2)";
const END_SESSIONS: &str = "
    UPDATE sessions SET ended_at = ?3
    WHERE account_id = ?1 AND user_id = ?2 AND ended_at IS NULL
      AND NOT EXISTS (SELECT 1 FROM memberships WHERE account_id = ?1 AND user_id = ?2)
    RETURNING id";
// Keys end with the membership. Without this they would be good again when their maker comes back.
const REVOKE_KEYS: &str = "
    UPDATE api_keys SET revoked_at = ?3
    WHERE account_id = ?1 AND created_by = ?2 AND revoked_at IS NULL
      AND NOT EXISTS (SELECT 1 FROM memberships WHERE account_id = ?1 AND user_id = ?2)";
// Open invitations of somebody who may less now could be a way back. `?4` is the role that they have now, empty without one.
const REVOKE_INVITATIONS: &str = "
    UPDATE invitations SET revoked_at = ?3
    WHERE account_id = ?1 AND invited_by = ?2 AND accepted_at IS NULL AND revoked_at IS NULL
      AND COALESCE((SELECT role FROM memberships WHERE account_id = ?1 AND user_id = ?2), '') = ?4";
const WITHDRAW_MAIL: &str = "
    DELETE FROM mail_outbox
    WHERE account_id = ?1 AND about IN (
      SELECT id FROM invitations WHERE account_id = ?1 AND invited_by = ?2 AND revoked_at IS NOT NULL)";
const LIST_ACCOUNTS: &str = "
    SELECT a.id, a.name, m.role
    FROM memberships m JOIN accounts a ON a.id = m.account_id
    WHERE m.user_id = ?1
    ORDER BY a.name, a.id";

#[cfg(test)]
pub(crate) const STATEMENTS: [&str; 10] = [
    LIST,
    FIND_ROLES,
    CHANGE_ROLE,
    REMOVE,
    LEAVE_TEAMS,
    END_SESSIONS,
    REVOKE_KEYS,
    REVOKE_INVITATIONS,
    WITHDRAW_MAIL,
    LIST_ACCOUNTS,
];

/// A member as a list shows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedMember {
    /// The user.
    pub user_id: UserId,
    /// Their display name.
    pub name: String,
    /// Their e-mail address.
    pub email: String,
    /// Their role in the account.
    pub role: Role,
    /// Their role of the account's own and what it is called, if they have one; `role` is its base then.
    pub own_role: Option<(RoleId, String)>,
    /// When they became a member.
    pub since: Timestamp,
    /// When a session of theirs in this account was last used, if one is known.
    pub last_seen_at: Option<Timestamp>,
    /// Whether a password is not enough for them.
    pub has_second_factor: bool,
}

/// An account of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountOfUser {
    /// The account.
    pub id: AccountId,
    /// What it is called.
    pub name: String,
    /// The user's role there.
    pub role: Role,
}

/// What became of changing a membership.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MembershipOutcome {
    /// It is changed. For a removal: the sessions that ended with it.
    Done {
        /// These.
        ended: Vec<SessionId>,
    },
    /// The account has no such member.
    NoMember,
    /// A rule forbids it.
    Refused(MembershipRefusal),
    /// Somebody else changed what the decision was made of; it may be tried again.
    Overtaken,
}

impl<D: Database> Directory<D> {
    /// The members of an account, by name.
    pub async fn list_members(
        &self,
        account_id: AccountId,
    ) -> Result<Vec<ListedMember>, StoreError> {
        let parameters = [Value::text(account_id), Value::Int(i64::from(MAX_LISTED))];
        let rows = self.database.query(LIST, &parameters).await?;
        rows.iter().map(listed_member).collect()
    }

    /// The accounts of a user, by name.
    pub async fn list_accounts(&self, user_id: UserId) -> Result<Vec<AccountOfUser>, StoreError> {
        let rows = self
            .database
            .query(LIST_ACCOUNTS, &[Value::text(user_id)])
            .await?;
        rows.iter()
            .map(|row| {
                Ok(AccountOfUser {
                    id: row.parsed("id")?,
                    name: row.text("name")?.to_owned(),
                    role: row.word("role")?,
                })
            })
            .collect()
    }

    /// Changes the membership of `member_id`, as `actor_id`, who must be a member too. A removal takes the member out of their
    /// teams, ends their sessions and revokes their API keys; a removal and a lesser role revoke the invitations that they made.
    pub async fn change_membership(
        &self,
        account_id: AccountId,
        actor_id: UserId,
        member_id: UserId,
        change: MembershipChange,
        now: Timestamp,
    ) -> Result<MembershipOutcome, StoreError> {
        let parameters = [
            Value::text(account_id),
            Value::text(actor_id),
            Value::text(member_id),
        ];
        let rows = self.database.query(FIND_ROLES, &parameters).await?;
        let Some(row) = rows.first() else {
            // Who asks was removed a moment ago.
            return Ok(MembershipOutcome::Overtaken);
        };
        if row.optional_text("member_role")?.is_none() {
            return Ok(MembershipOutcome::NoMember);
        }
        let actor = Standing {
            user_id: actor_id,
            role: row.word("actor_role")?,
            only: only(row, "actor_only")?,
        };
        let member = Standing {
            user_id: member_id,
            role: row.word("member_role")?,
            only: only(row, "member_only")?,
        };
        let role_ids = ["member_role_id", "actor_role_id"]
            .map(|column| Ok(Value::text_or_null(row.optional_text(column)?)));
        let role_ids = role_ids
            .into_iter()
            .collect::<Result<Vec<_>, StoreError>>()?;
        let another_owner = row.int("another_owner")? != 0;
        if let Err(refusal) = check_change(actor, member, change, another_owner) {
            return Ok(MembershipOutcome::Refused(refusal));
        }
        let statements = statements(account_id, actor, member, role_ids, change, now);
        let answers = self.database.batch(statements).await?;
        if answers.first().is_none_or(Vec::is_empty) {
            return Ok(MembershipOutcome::Overtaken);
        }
        let ended = match change {
            MembershipChange::Role(_) | MembershipChange::OwnRole(_) => &[],
            MembershipChange::Removal => answers.get(1).map(Vec::as_slice).unwrap_or_default(),
        };
        let ended = ended
            .iter()
            .map(|row| row.parsed("id"))
            .collect::<Result<_, _>>()?;
        Ok(MembershipOutcome::Done { ended })
    }
}

/// The change, and what follows from it: one transaction.
fn statements(
    account_id: AccountId,
    actor: Standing,
    member: Standing,
    role_ids: Vec<Value>,
    change: MembershipChange,
    now: Timestamp,
) -> Vec<Statement> {
    let whose = || vec![Value::text(account_id), Value::text(member.user_id)];
    let mut decided_on = whose();
    decided_on.extend([
        Value::text(crate::word(member.role)),
        Value::text(actor.user_id),
        Value::text(crate::word(actor.role)),
        Value::Int(i64::from(needs_another_owner(actor, member, change))),
    ]);
    decided_on.extend(role_ids);
    let at_now = || {
        let mut parameters = whose();
        parameters.push(Value::time(now));
        parameters
    };
    let mut revoke_invitations = at_now();
    revoke_invitations.push(match change {
        MembershipChange::Role(role) => Value::text(crate::word(role)),
        MembershipChange::OwnRole(own) => Value::text(crate::word(own.permissions.base())),
        MembershipChange::Removal => Value::text(""),
    });
    let mut statements = match change {
        MembershipChange::Role(role) => {
            decided_on.extend([Value::text(crate::word(role)), Value::Null, Value::Null]);
            vec![Statement::new(CHANGE_ROLE, decided_on)]
        }
        MembershipChange::OwnRole(own) => {
            decided_on.extend([
                Value::text(crate::word(own.permissions.base())),
                Value::text(own.id),
                Value::text(crate::json(&own.permissions)),
            ]);
            vec![Statement::new(CHANGE_ROLE, decided_on)]
        }
        MembershipChange::Removal => vec![
            Statement::new(REMOVE, decided_on),
            Statement::new(END_SESSIONS, at_now()),
            Statement::new(LEAVE_TEAMS, whose()),
            Statement::new(REVOKE_KEYS, at_now()),
        ],
    };
    if takes_away(member, change) {
        statements.push(Statement::new(REVOKE_INVITATIONS, revoke_invitations));
        statements.push(Statement::new(WITHDRAW_MAIL, whose()));
    }
    statements
}

fn listed_member(row: &Row) -> Result<ListedMember, StoreError> {
    Ok(ListedMember {
        user_id: row.parsed("id")?,
        name: row.text("name")?.to_owned(),
        email: row.text("email")?.to_owned(),
        role: row.word("role")?,
        own_role: match row.optional_parsed("role_id")? {
            None => None,
            Some(id) => Some((
                id,
                row.optional_text("role_name")?
                    .unwrap_or_default()
                    .to_owned(),
            )),
        },
        since: row.time("created_at")?,
        last_seen_at: row
            .optional_int("last_seen_at")?
            .map(Timestamp::from_millis),
        has_second_factor: row.optional_int("second_factor_at")?.is_some(),
    })
}

#[cfg(test)]
mod tests;
