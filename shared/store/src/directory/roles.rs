//! The roles that an account defines. Whoever has one has its base in their membership, and what they may is looked up with
//! their session or key: a change counts for everybody who has the role, without touching a session.

use edgedesk_domain::account::PermissionSet;
use edgedesk_domain::ids::{AccountId, RoleId};
use edgedesk_domain::membership::OwnRole;
use edgedesk_domain::time::Timestamp;

use super::Directory;
use crate::database::{Database, Row, Statement, StoreError, Value};

/// Most roles of an account beside the built-in ones.
pub const MAX_ROLES: u32 = 50;

const LIST: &str = "
    SELECT r.account_id, r.id, r.name, r.permissions,
      (SELECT COUNT(*) FROM memberships m WHERE m.account_id = r.account_id AND m.role_id = r.id) AS n_members
    FROM roles r
    WHERE r.account_id = ?1
    ORDER BY r.name, r.id";
const INSERT: &str = "
    INSERT INTO roles (account_id, id, name, permissions, base, created_at)
    SELECT ?1, ?2, ?3, ?4, ?5, ?6 WHERE (SELECT COUNT(*) FROM roles WHERE account_id = ?1) < ?7
    ON CONFLICT DO NOTHING
    RETURNING account_id, id";
// Decided on the permissions that it had.
const CHANGE: &str = "
    UPDATE OR IGNORE roles SET name = ?3, permissions = ?4, base = ?5
    WHERE account_id = ?1 AND id = ?2 AND permissions = ?6
    RETURNING account_id, id";
// What follows does nothing when the change did nothing: it looks at what the role is now.
const CHANGE_BASES: &str = "
    UPDATE memberships SET role = ?4
    WHERE account_id = ?1 AND role_id = ?2
      AND EXISTS (SELECT 1 FROM roles WHERE account_id = ?1 AND id = ?2 AND permissions = ?3)";
// Open invitations of somebody who may less now could be a way back.
const REVOKE_INVITATIONS: &str = "
    UPDATE invitations SET revoked_at = ?4
    WHERE account_id = ?1 AND accepted_at IS NULL AND revoked_at IS NULL
      AND invited_by IN (SELECT user_id FROM memberships WHERE account_id = ?1 AND role_id = ?2)
      AND EXISTS (SELECT 1 FROM roles WHERE account_id = ?1 AND id = ?2 AND permissions = ?3)";
const WITHDRAW_MAIL: &str = "
    DELETE FROM mail_outbox
    WHERE account_id = ?1 AND about IN (
      SELECT id FROM invitations WHERE account_id = ?1 AND revoked_at IS NOT NULL
        AND invited_by IN (SELECT user_id FROM memberships WHERE account_id = ?1 AND role_id = ?2))";
// One statement decides: nobody is left with a role that is gone.
const DELETE: &str = "
    DELETE FROM roles
    WHERE account_id = ?1 AND id = ?2 AND permissions = ?3
      AND NOT EXISTS (SELECT 1 FROM memberships WHERE account_id = ?1 AND role_id = ?2)
    RETURNING account_id, id";

#[cfg(test)]
pub(crate) const STATEMENTS: [&str; 6] = [
    LIST,
    CHANGE,
    CHANGE_BASES,
    REVOKE_INVITATIONS,
    WITHDRAW_MAIL,
    DELETE,
];

/// A role that an account defined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedRole {
    /// Its id.
    pub id: RoleId,
    /// What it is called; no other role of the account's own is called the same.
    pub name: String,
    /// What it may.
    pub permissions: PermissionSet,
    /// How many members have it.
    pub n_members: u32,
}

/// What became of making, changing or deleting a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoleOutcome {
    /// It is as asked.
    Done,
    /// Another role has the name.
    NameTaken,
    /// The account has [`MAX_ROLES`].
    TooMany,
    /// Members have it.
    InUse,
    /// Somebody else changed what the decision was made of; it may be tried again.
    Overtaken,
}

impl<D: Database> Directory<D> {
    /// The roles that an account defined, by name.
    pub async fn list_roles(&self, account_id: AccountId) -> Result<Vec<ListedRole>, StoreError> {
        let rows = self
            .of(account_id)
            .query(LIST, &[Value::text(account_id)])
            .await?;
        rows.iter().map(listed_role).collect()
    }

    /// Defines a role.
    pub async fn create_role(
        &self,
        account_id: AccountId,
        role: OwnRole,
        name: &str,
        now: Timestamp,
    ) -> Result<RoleOutcome, StoreError> {
        let mut parameters = key(account_id, role.id);
        parameters.push(Value::text(name));
        parameters.extend(stored(role.permissions));
        parameters.extend([Value::time(now), Value::Int(i64::from(MAX_ROLES))]);
        let rows = self.of(account_id).query(INSERT, &parameters).await?;
        if !rows.is_empty() {
            return Ok(RoleOutcome::Done);
        }
        let roles = self.list_roles(account_id).await?;
        Ok(if roles.iter().any(|role| role.name == name) {
            RoleOutcome::NameTaken
        } else {
            RoleOutcome::TooMany
        })
    }

    /// Changes a role, whose permissions were `before` when it was decided: for everybody who has it. If it may less, the
    /// invitations that they made are revoked.
    pub async fn change_role(
        &self,
        account_id: AccountId,
        role: OwnRole,
        name: &str,
        before: PermissionSet,
        now: Timestamp,
    ) -> Result<RoleOutcome, StoreError> {
        let [permissions, base] = stored(role.permissions);
        let mut change = key(account_id, role.id);
        change.extend([
            Value::text(name),
            permissions.clone(),
            base.clone(),
            stored(before)[0].clone(),
        ]);
        let following = |last: Value| {
            let mut parameters = key(account_id, role.id);
            parameters.extend([permissions.clone(), last]);
            parameters
        };
        let mut statements = vec![
            Statement::new(CHANGE, change),
            Statement::new(CHANGE_BASES, following(base)),
        ];
        if !before.is_within(role.permissions) {
            statements.push(Statement::new(
                REVOKE_INVITATIONS,
                following(Value::time(now)),
            ));
            statements.push(Statement::new(WITHDRAW_MAIL, key(account_id, role.id)));
        }
        let answers = self.of(account_id).batch(statements).await?;
        if answers.first().is_some_and(|rows| !rows.is_empty()) {
            return Ok(RoleOutcome::Done);
        }
        let roles = self.list_roles(account_id).await?;
        let is_taken = |other: &ListedRole| other.id != role.id && other.name == name;
        Ok(if roles.iter().any(is_taken) {
            RoleOutcome::NameTaken
        } else {
            RoleOutcome::Overtaken
        })
    }

    /// Deletes a role that nobody has, whose permissions were `before` when it was decided.
    pub async fn delete_role(
        &self,
        account_id: AccountId,
        role_id: RoleId,
        before: PermissionSet,
    ) -> Result<RoleOutcome, StoreError> {
        let mut parameters = key(account_id, role_id);
        parameters.push(stored(before)[0].clone());
        let rows = self.of(account_id).query(DELETE, &parameters).await?;
        if !rows.is_empty() {
            return Ok(RoleOutcome::Done);
        }
        let roles = self.list_roles(account_id).await?;
        let has_members = |role: &ListedRole| role.id == role_id && role.n_members > 0;
        Ok(if roles.iter().any(has_members) {
            RoleOutcome::InUse
        } else {
            RoleOutcome::Overtaken
        })
    }
}

fn key(account_id: AccountId, role_id: RoleId) -> Vec<Value> {
    vec![Value::text(account_id), Value::text(role_id)]
}

/// Permissions and base, as they are stored.
fn stored(permissions: PermissionSet) -> [Value; 2] {
    [
        Value::text(crate::json(&permissions)),
        Value::text(crate::word(permissions.base())),
    ]
}

fn listed_role(row: &Row) -> Result<ListedRole, StoreError> {
    Ok(ListedRole {
        id: row.parsed("id")?,
        name: row.text("name")?.to_owned(),
        permissions: row.json("permissions")?,
        n_members: row.uint32("n_members")?,
    })
}

/// A column with the permissions of a role of the account's own, null where the role is a built-in one.
pub(super) fn only(row: &Row, column: &str) -> Result<Option<PermissionSet>, StoreError> {
    match row.optional_text(column)? {
        None => Ok(None),
        Some(_) => row.json(column).map(Some),
    }
}

#[cfg(test)]
mod tests;
