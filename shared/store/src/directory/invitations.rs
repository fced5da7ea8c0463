//! Invitations: made, sent anew, revoked, and accepted once.
//!
//! An invitation is open until it is accepted or revoked, and good while it is open and its seven days last. Accepting is one
//! transaction whose every statement looks whether it is still good: of any number at once, one finds it so.

use edgedesk_domain::account::{Role, Secret};
use edgedesk_domain::ids::{AccountId, InvitationId, UserId};
use edgedesk_domain::time::Timestamp;

use super::outbox::{Outbox, OutgoingMail};
use super::{Directory, email_key};
use crate::database::{Database, Row, Statement, StoreError, Value};

/// Most open invitations of an account.
pub const MAX_INVITATIONS: u32 = 100;
/// How long an invitation that is over is remembered, so that a log can say why it is refused: 30 days.
const KEEP_MILLIS: i64 = 30 * 24 * 60 * 60 * 1000;
/// Most open conversations that a new member takes at once, as `memberships` has it by default.
const MAX_LOAD: i64 = 10;

const FORGET: &str = "DELETE FROM invitations WHERE account_id = ?1 AND expires_at <= ?2";
// One that nobody accepted in time stands in no other's way.
const REVOKE_EXPIRED: &str = "
    UPDATE invitations SET revoked_at = ?3
    WHERE account_id = ?1 AND email_key = ?2 AND accepted_at IS NULL AND revoked_at IS NULL AND expires_at <= ?3";
// The inviter is looked at again: who was removed or lowered a moment ago invites nobody.
const INSERT: &str = "
    INSERT INTO invitations (account_id, id, email, email_key, role, token_hash, invited_by, created_at, sent_at, expires_at)
    SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8, ?9
    WHERE EXISTS (SELECT 1 FROM memberships WHERE account_id = ?1 AND user_id = ?7 AND role = ?10)
      AND NOT EXISTS (
        SELECT 1 FROM users u JOIN memberships m ON m.user_id = u.id AND m.account_id = ?1 WHERE u.email_key = ?4)
      AND (SELECT COUNT(*) FROM invitations WHERE account_id = ?1 AND accepted_at IS NULL AND revoked_at IS NULL) < ?11
    ON CONFLICT DO NOTHING
    RETURNING id";
const WHY_NOT: &str = "
    SELECT
      EXISTS (SELECT 1 FROM memberships WHERE account_id = ?1 AND user_id = ?3 AND role = ?4) AS may,
      EXISTS (SELECT 1 FROM users u JOIN memberships m ON m.user_id = u.id AND m.account_id = ?1 WHERE u.email_key = ?2) AS is_member,
      EXISTS (
        SELECT 1 FROM invitations
        WHERE account_id = ?1 AND email_key = ?2 AND accepted_at IS NULL AND revoked_at IS NULL) AS is_invited";
const LIST: &str = "
    SELECT i.id, i.email, i.role, i.invited_by, u.name AS inviter_name, i.created_at, i.sent_at, i.expires_at
    FROM invitations i LEFT JOIN users u ON u.id = i.invited_by
    WHERE i.account_id = ?1 AND i.accepted_at IS NULL AND i.revoked_at IS NULL
    ORDER BY i.created_at DESC, i.id DESC
    LIMIT ?2";
const FIND_OPEN: &str = "
    SELECT id, email, role FROM invitations
    WHERE account_id = ?1 AND id = ?2 AND accepted_at IS NULL AND revoked_at IS NULL";
const RENEW: &str = "
    UPDATE invitations SET token_hash = ?3, invited_by = ?4, sent_at = ?5, expires_at = ?6
    WHERE account_id = ?1 AND id = ?2 AND accepted_at IS NULL AND revoked_at IS NULL
      AND EXISTS (SELECT 1 FROM memberships WHERE account_id = ?1 AND user_id = ?4 AND role = ?7)
    RETURNING id, email, role, invited_by, created_at, sent_at, expires_at";
const REVOKE: &str = "
    UPDATE invitations SET revoked_at = COALESCE(revoked_at, ?3)
    WHERE account_id = ?1 AND id = ?2 AND accepted_at IS NULL
    RETURNING id";
const FIND: &str = "
    SELECT i.account_id, i.id, i.email, i.role, i.expires_at, i.accepted_at, i.revoked_at, a.name AS account_name, u.id AS user_id
    FROM invitations i JOIN accounts a ON a.id = i.account_id LEFT JOIN users u ON u.email_key = i.email_key
    WHERE i.token_hash = ?1";
const INSERT_USER: &str = "
    INSERT INTO users (id, email, email_key, name, password_hash, created_at)
    SELECT ?3, i.email, i.email_key, ?4, ?5, ?2
    FROM invitations i
    WHERE i.token_hash = ?1 AND i.accepted_at IS NULL AND i.revoked_at IS NULL AND i.expires_at > ?2
      AND NOT EXISTS (SELECT 1 FROM users u WHERE u.email_key = i.email_key)";
// Whoever the address belongs to, and nobody else.
const JOIN: &str = "
    INSERT INTO memberships (account_id, user_id, role, max_load, created_at)
    SELECT i.account_id, u.id, i.role, ?4, ?2
    FROM invitations i JOIN users u ON u.email_key = i.email_key
    WHERE i.token_hash = ?1 AND u.id = ?3 AND i.accepted_at IS NULL AND i.revoked_at IS NULL AND i.expires_at > ?2
    ON CONFLICT (account_id, user_id) DO NOTHING";
const USE: &str = "
    UPDATE invitations SET accepted_at = ?2, accepted_by = ?3
    WHERE token_hash = ?1 AND accepted_at IS NULL AND revoked_at IS NULL AND expires_at > ?2
      AND EXISTS (SELECT 1 FROM memberships m WHERE m.account_id = invitations.account_id AND m.user_id = ?3)
      AND EXISTS (SELECT 1 FROM users u WHERE u.id = ?3 AND u.email_key = invitations.email_key)
    RETURNING id";

#[cfg(test)]
pub(crate) const STATEMENTS: [&str; 11] = [
    FORGET,
    REVOKE_EXPIRED,
    WHY_NOT,
    LIST,
    FIND_OPEN,
    RENEW,
    REVOKE,
    FIND,
    INSERT_USER,
    JOIN,
    USE,
];

/// An invitation to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewInvitation {
    /// Its id.
    pub id: InvitationId,
    /// The account it lets in to.
    pub account_id: AccountId,
    /// Whom it is for.
    pub email: String,
    /// What they will be.
    pub role: Role,
    /// Its link.
    pub link: NewLink,
}

/// A link to an invitation: the first, or one that ends the one before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewLink {
    /// A hash of its token, as text; the token itself is in the mail alone.
    pub token_hash: String,
    /// Who sends it.
    pub invited_by: UserId,
    /// Their role as the decision knew it.
    pub inviter_role: Role,
    /// Now.
    pub sent_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// An invitation that was neither accepted nor revoked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenInvitation {
    /// Its id.
    pub id: InvitationId,
    /// Whom it is for.
    pub email: String,
    /// What they will be.
    pub role: Role,
    /// Who sent the last link.
    pub invited_by: UserId,
    /// Their display name; empty when the user is gone.
    pub inviter_name: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When the last link was sent.
    pub sent_at: Timestamp,
    /// When that ends, or ended.
    pub expires_at: Timestamp,
}

/// What became of inviting somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InviteOutcome {
    /// The invitation is there, and its mail is on its way.
    Invited,
    /// Who has the address is a member.
    AlreadyMember,
    /// The address has an open invitation.
    AlreadyInvited,
    /// The account has [`MAX_INVITATIONS`] that are open.
    TooMany,
    /// The inviter is not what the decision knew them as.
    Overtaken,
}

/// A good invitation, as whoever holds its token may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// The account it lets in to.
    pub account_id: AccountId,
    /// Its id.
    pub id: InvitationId,
    /// What the account is called.
    pub account_name: String,
    /// Whom it is for.
    pub email: String,
    /// What they will be.
    pub role: Role,
    /// When it ends.
    pub expires_at: Timestamp,
    /// Who has the address, if somebody does.
    pub user_id: Option<UserId>,
}

/// Why an invitation is not good. For the log: callers are told only that it is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvitationRefusal {
    /// No invitation has this token, or not any more.
    #[error("invitation unknown")]
    Unknown,
    /// It was revoked.
    #[error("invitation {0} revoked")]
    Revoked(InvitationId),
    /// It was accepted before.
    #[error("invitation {0} accepted before")]
    Accepted(InvitationId),
    /// Its time is over.
    #[error("invitation {0} expired")]
    Expired(InvitationId),
}

/// Who accepts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Invitee {
    /// Somebody who is no user yet.
    New {
        /// The id they get.
        id: UserId,
        /// Their display name.
        name: String,
        /// The PHC text of their password's hash.
        password_hash: Secret,
    },
    /// The user who has the address, and has shown that they are.
    Known(UserId),
}

/// What became of accepting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AcceptOutcome {
    /// They are a member now.
    Joined,
    /// It is not good any more, or the address has become another user's: nothing was done.
    Overtaken,
}

impl<D: Database> Directory<D> {
    /// Makes an invitation, and gives its mail to `outbox` in the same transaction.
    pub async fn invite(
        &self,
        new: &NewInvitation,
        mail: &OutgoingMail,
        outbox: &impl Outbox,
    ) -> Result<InviteOutcome, StoreError> {
        let (account, now) = (Value::text(new.account_id), new.link.sent_at);
        let key = Value::text(email_key(&new.email));
        let inviter_role = Value::text(crate::word(new.link.inviter_role));
        let forget = vec![account.clone(), Value::time(now.plus_millis(-KEEP_MILLIS))];
        let insert = vec![
            account.clone(),
            Value::text(new.id),
            Value::text(new.email.trim()),
            key.clone(),
            Value::text(crate::word(new.role)),
            Value::text(&new.link.token_hash),
            Value::text(new.link.invited_by),
            Value::time(now),
            Value::time(new.link.expires_at),
            inviter_role.clone(),
            Value::Int(i64::from(MAX_INVITATIONS)),
        ];
        let why_not = vec![
            account.clone(),
            key.clone(),
            Value::text(new.link.invited_by),
            inviter_role,
        ];
        let statements = vec![
            Statement::new(FORGET, forget),
            Statement::new(REVOKE_EXPIRED, vec![account, key, Value::time(now)]),
            Statement::new(WHY_NOT, why_not),
            Statement::new(INSERT, insert),
            outbox.put(new.account_id, &new.id.to_string(), mail),
            outbox.forget(new.account_id, now),
        ];
        let answers = self.database.batch(statements).await?;
        if answers.get(3).is_some_and(|rows| !rows.is_empty()) {
            return Ok(InviteOutcome::Invited);
        }
        let why_not = answers.get(2).and_then(|rows| rows.first());
        let says = |column| why_not.map_or(Ok(false), |row| row.int(column).map(|n| n != 0));
        Ok(if !says("may")? {
            InviteOutcome::Overtaken
        } else if says("is_member")? {
            InviteOutcome::AlreadyMember
        } else if says("is_invited")? {
            InviteOutcome::AlreadyInvited
        } else {
            InviteOutcome::TooMany
        })
    }

    /// The account's open invitations, those whose time is over too: newest first.
    pub async fn list_invitations(
        &self,
        account_id: AccountId,
    ) -> Result<Vec<OpenInvitation>, StoreError> {
        let parameters = [
            Value::text(account_id),
            Value::Int(i64::from(MAX_INVITATIONS)),
        ];
        let rows = self.database.query(LIST, &parameters).await?;
        rows.iter().map(open_invitation).collect()
    }

    /// Whom an open invitation is for, and as what.
    pub async fn find_open_invitation(
        &self,
        account_id: AccountId,
        id: InvitationId,
    ) -> Result<Option<(String, Role)>, StoreError> {
        let parameters = [Value::text(account_id), Value::text(id)];
        let rows = self.database.query(FIND_OPEN, &parameters).await?;
        let Some(row) = rows.first() else {
            return Ok(None);
        };
        Ok(Some((row.text("email")?.to_owned(), row.word("role")?)))
    }

    /// Gives an open invitation a new link and a new week, and sends it. The link before is worth nothing from then on. Gives
    /// nothing, and does nothing, when it is not open, or the sender is not what the decision knew them as.
    pub async fn renew_invitation(
        &self,
        account_id: AccountId,
        id: InvitationId,
        link: &NewLink,
        mail: &OutgoingMail,
        outbox: &impl Outbox,
    ) -> Result<Option<OpenInvitation>, StoreError> {
        let renew = vec![
            Value::text(account_id),
            Value::text(id),
            Value::text(&link.token_hash),
            Value::text(link.invited_by),
            Value::time(link.sent_at),
            Value::time(link.expires_at),
            Value::text(crate::word(link.inviter_role)),
        ];
        let statements = vec![
            outbox.withdraw(account_id, &id.to_string()),
            Statement::new(RENEW, renew),
            outbox.put(account_id, &id.to_string(), mail),
        ];
        let answers = self.database.batch(statements).await?;
        let renewed = answers.get(1).and_then(|rows| rows.first());
        let Some(row) = renewed else {
            return Ok(None);
        };
        Ok(Some(OpenInvitation {
            id,
            email: row.text("email")?.to_owned(),
            role: row.word("role")?,
            invited_by: link.invited_by,
            inviter_name: String::new(),
            created_at: row.time("created_at")?,
            sent_at: link.sent_at,
            expires_at: link.expires_at,
        }))
    }

    /// Ends an invitation. Gives false when the account has none of that id, or it was accepted; one that was revoked before
    /// stays as it is.
    pub async fn revoke_invitation(
        &self,
        account_id: AccountId,
        id: InvitationId,
        now: Timestamp,
        outbox: &impl Outbox,
    ) -> Result<bool, StoreError> {
        let parameters = vec![Value::text(account_id), Value::text(id), Value::time(now)];
        let statements = vec![
            Statement::new(REVOKE, parameters),
            outbox.withdraw(account_id, &id.to_string()),
        ];
        let answers = self.database.batch(statements).await?;
        Ok(answers.first().is_some_and(|rows| !rows.is_empty()))
    }

    /// The invitation of a token's hash, if it is good at `now`.
    pub async fn find_invitation(
        &self,
        token_hash: &str,
        now: Timestamp,
    ) -> Result<Result<Invitation, InvitationRefusal>, StoreError> {
        let rows = self
            .database
            .query(FIND, &[Value::text(token_hash)])
            .await?;
        let Some(row) = rows.first() else {
            return Ok(Err(InvitationRefusal::Unknown));
        };
        let id = row.parsed("id")?;
        if row.optional_int("accepted_at")?.is_some() {
            return Ok(Err(InvitationRefusal::Accepted(id)));
        }
        if row.optional_int("revoked_at")?.is_some() {
            return Ok(Err(InvitationRefusal::Revoked(id)));
        }
        let expires_at = row.time("expires_at")?;
        if expires_at <= now {
            return Ok(Err(InvitationRefusal::Expired(id)));
        }
        Ok(Ok(Invitation {
            account_id: row.parsed("account_id")?,
            id,
            account_name: row.text("account_name")?.to_owned(),
            email: row.text("email")?.to_owned(),
            role: row.word("role")?,
            expires_at,
            user_id: row.optional_parsed("user_id")?,
        }))
    }

    /// Uses an invitation up, and makes who accepts a member. Whoever has become a member by another way keeps their role.
    pub async fn accept_invitation(
        &self,
        invitation: &Invitation,
        token_hash: &str,
        invitee: &Invitee,
        now: Timestamp,
        outbox: &impl Outbox,
    ) -> Result<AcceptOutcome, StoreError> {
        let user_id = match invitee {
            Invitee::New { id, .. } | Invitee::Known(id) => *id,
        };
        let parameters = || {
            vec![
                Value::text(token_hash),
                Value::time(now),
                Value::text(user_id),
            ]
        };
        let mut statements = Vec::new();
        if let Invitee::New {
            name,
            password_hash,
            ..
        } = invitee
        {
            let mut insert = parameters();
            insert.extend([Value::text(name), Value::text(password_hash.expose())]);
            statements.push(Statement::new(INSERT_USER, insert));
        }
        let mut join = parameters();
        join.push(Value::Int(MAX_LOAD));
        let at = statements.len() + 1;
        statements.push(Statement::new(JOIN, join));
        statements.push(Statement::new(USE, parameters()));
        statements.push(outbox.withdraw(invitation.account_id, &invitation.id.to_string()));
        let answers = self.database.batch(statements).await?;
        Ok(if answers.get(at).is_some_and(|rows| !rows.is_empty()) {
            AcceptOutcome::Joined
        } else {
            AcceptOutcome::Overtaken
        })
    }
}

fn open_invitation(row: &Row) -> Result<OpenInvitation, StoreError> {
    Ok(OpenInvitation {
        id: row.parsed("id")?,
        email: row.text("email")?.to_owned(),
        role: row.word("role")?,
        invited_by: row.parsed("invited_by")?,
        inviter_name: row
            .optional_text("inviter_name")?
            .unwrap_or_default()
            .to_owned(),
        created_at: row.time("created_at")?,
        sent_at: row.time("sent_at")?,
        expires_at: row.time("expires_at")?,
    })
}

#[cfg(test)]
mod tests;
