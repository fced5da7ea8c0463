//! Repositories of the directory: accounts, users, memberships, inboxes, sessions and API keys.
//!
//! The directory is where an account becomes known, from an inbox, a key, a login or a token; what is asked for afterwards
//! names the account.

mod api_keys;
mod assistant;
mod create;
mod data_keys;
mod identities;
mod inboxes;
mod invitations;
mod login;
mod login_help;
mod members;
mod outbox;
mod over;
mod roles;
mod second_factor;
mod sessions;
mod settings;
mod teams;
mod zendesk;

use edgedesk_crypto::field::is_sealed;
use edgedesk_domain::account::{Channel, Inbox, Permission, PermissionSet, Role, Secret, rights};
use edgedesk_domain::ids::{AccountId, InboxId, TeamId, UserId};
use edgedesk_wire::api::AgentView;

pub use self::api_keys::{ApiKey, KeyHolder, KeyRefusal, MAX_API_KEYS, NewApiKey};
pub use self::create::{CreatedAccount, KeySource, MAX_OWNED_ACCOUNTS, NewAccount, NewOwner};
pub use self::data_keys::SealedUnder;
pub use self::identities::AttemptUse;
pub use self::inboxes::{InboxChange, ListedInbox, MAX_INBOXES, NewInbox};
pub use self::invitations::{
    AcceptOutcome, Invitation, InvitationRefusal, InviteOutcome, Invitee, MAX_INVITATIONS,
    NewInvitation, NewLink, OpenInvitation,
};
pub use self::login::{
    CodeAttempt, LOCK_MILLIS, LoginAttempt, LoginKeys, MAX_FAILURES, MAX_FAILURES_OF_NETWORK,
};
pub use self::login_help::{HelpOutcome, Helper, MAX_UNLOCKS};
pub use self::members::{AccountOfUser, ListedMember, MembershipOutcome};
pub use self::outbox::{MailTable, Outbox, OutgoingMail};
pub use self::roles::{ListedRole, MAX_ROLES, RoleOutcome};
pub use self::second_factor::{Challenge, SecondFactor};
pub use self::sessions::{
    RefreshOutcome, Session, SessionKey, SessionOfToken, SessionUse, Standing,
};
pub use self::settings::{Entrance, ZeroTrust};
pub use self::teams::{MAX_TEAMS, Team, TeamMember, TeamOutcome};
pub use self::zendesk::{Vouched, ZendeskLink};
use crate::database::{Database, Row, StoreError, Value};
use crate::keys::{DataKeys, INBOX_SECRET, Vault};
use crate::scoped::Scoped;

const FIND_INBOX: &str = "
    SELECT i.id, i.account_id, i.channel, i.name, i.key, i.secret, i.settings, a.shard
    FROM inboxes i JOIN accounts a ON a.id = i.account_id
    WHERE i.id = ?1";
const FIND_INBOX_BY_KEY: &str = "
    SELECT i.id, i.account_id, i.channel, i.name, i.key, i.secret, i.settings, a.shard
    FROM inboxes i JOIN accounts a ON a.id = i.account_id
    WHERE i.key = ?1";
// The old value is compared: a secret that was set meanwhile stays.
const SEAL_SECRET: &str = "UPDATE inboxes SET secret = ?3 WHERE id = ?1 AND secret = ?2";
const FIND_ACCOUNT: &str = "SELECT id, name, plan, shard, settings FROM accounts WHERE id = ?1";
const FIND_LOGIN: &str = "
    SELECT u.id, u.name, u.email, u.password_hash, m.account_id, m.role, m.max_load, f.confirmed_at AS second_factor_at
    FROM users u
      LEFT JOIN memberships m ON m.user_id = u.id
      LEFT JOIN second_factors f ON f.user_id = u.id
    WHERE u.email_key = ?1
    ORDER BY m.created_at, m.account_id";
const FIND_MEMBER: &str = "
    SELECT m.account_id, u.id, u.name, u.email, m.role, m.max_load, r.permissions AS only
    FROM memberships m JOIN users u ON u.id = m.user_id
      LEFT JOIN roles r ON r.account_id = m.account_id AND r.id = m.role_id
    WHERE m.account_id = ?1 AND m.user_id = ?2";
const FIND_TEAMS_OF_MEMBER: &str = "
    SELECT tm.account_id, tm.user_id, t.id, t.name
    FROM team_members tm JOIN teams t ON t.account_id = tm.account_id AND t.id = tm.team_id
    WHERE tm.account_id = ?1 AND tm.user_id = ?2
    ORDER BY t.name";
const LIST_MEMBERS: &str = "
    SELECT m.account_id, u.id, u.name, u.email, m.role, m.max_load, r.permissions AS only
    FROM memberships m JOIN users u ON u.id = m.user_id
      LEFT JOIN roles r ON r.account_id = m.account_id AND r.id = m.role_id
    WHERE m.account_id = ?1
    ORDER BY u.name, u.id";
const LIST_TEAMS_OF_MEMBERS: &str = "
    SELECT tm.account_id, tm.user_id, t.name
    FROM team_members tm JOIN teams t ON t.account_id = tm.account_id AND t.id = tm.team_id
    WHERE tm.account_id = ?1
    ORDER BY t.name";
const PARK_UNCLAIMED: &str = "
    INSERT INTO unclaimed_messages (id, queue, reason, detail, body, n_attempts, parked_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
    ON CONFLICT (id) DO NOTHING";

/// The constant SQL of every read, for the test that no query scans a table.
#[cfg(test)]
pub(crate) const READS: [&str; 8] = [
    FIND_INBOX,
    FIND_INBOX_BY_KEY,
    FIND_ACCOUNT,
    FIND_LOGIN,
    FIND_MEMBER,
    FIND_TEAMS_OF_MEMBER,
    LIST_MEMBERS,
    LIST_TEAMS_OF_MEMBERS,
];

/// The constant SQL of API keys, for the same test.
#[cfg(test)]
pub(crate) use self::api_keys::STATEMENTS as API_KEY_STATEMENTS;

/// The constant SQL of logins, for the same test.
#[cfg(test)]
pub(crate) use self::login::STATEMENTS as LOGIN_STATEMENTS;

/// The constant SQL of what is done about others' logins, for the same test.
#[cfg(test)]
pub(crate) use self::login_help::STATEMENTS as LOGIN_HELP_STATEMENTS;

/// The constant SQL of Zendesk and whom it vouches for, for the same test.
#[cfg(test)]
pub(crate) use self::zendesk::STATEMENTS as ZENDESK_STATEMENTS;

/// The constant SQL of identities, for the same test.
#[cfg(test)]
pub(crate) use self::identities::STATEMENTS as IDENTITY_STATEMENTS;

/// The constant SQL that deletes what is over, for the same test.
#[cfg(test)]
pub(crate) use self::over::STATEMENTS as OVER_STATEMENTS;

/// The constant SQL of second factors, for the same test.
#[cfg(test)]
pub(crate) use self::second_factor::STATEMENTS as SECOND_FACTOR_STATEMENTS;

/// The constant SQL of members, invitations and their mail, for the same test.
#[cfg(test)]
pub(crate) use self::{
    invitations::STATEMENTS as INVITATION_STATEMENTS, members::STATEMENTS as MEMBER_STATEMENTS,
    outbox::STATEMENTS as OUTBOX_STATEMENTS,
};

/// The constant SQL of data keys, for the same test.
#[cfg(test)]
pub(crate) use self::data_keys::STATEMENTS as DATA_KEY_STATEMENTS;

/// The constant SQL of settings, for the same test.
#[cfg(test)]
pub(crate) use self::settings::STATEMENTS as SETTINGS_STATEMENTS;

/// The constant SQL of the assistant's switch, for the same test.
#[cfg(test)]
pub(crate) use self::assistant::STATEMENTS as ASSISTANT_STATEMENTS;

/// The constant SQL of roles, for the same test.
#[cfg(test)]
pub(crate) use self::roles::STATEMENTS as ROLE_STATEMENTS;

/// The constant SQL of teams and inboxes, for the same test.
#[cfg(test)]
pub(crate) use self::{
    inboxes::STATEMENTS as INBOX_STATEMENTS, teams::STATEMENTS as TEAM_STATEMENTS,
};

/// The constant SQL of sessions, for the same test.
#[cfg(test)]
pub(crate) use self::sessions::STATEMENTS as SESSION_STATEMENTS;

/// The directory database.
#[derive(Debug, Clone, Copy)]
pub struct Directory<D> {
    database: D,
}

/// An account as the directory knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The account.
    pub id: AccountId,
    /// What it is called.
    pub name: String,
    /// Its plan, such as `free`.
    pub plan: String,
    /// The shard that holds its rows.
    pub shard: u32,
    /// Its settings, a JSON object.
    pub settings: serde_json::Value,
}

/// A user with what a login needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// The user.
    pub user_id: UserId,
    /// Their display name.
    pub name: String,
    /// Their e-mail address as they wrote it.
    pub email: String,
    /// The PHC text of their password's hash.
    pub password_hash: Secret,
    /// Whether a password is not enough for them.
    pub has_second_factor: bool,
    /// The accounts they are a member of, first joined first. May be empty.
    pub memberships: Vec<Membership>,
}

/// What a user may do in an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Membership {
    /// The account.
    pub account_id: AccountId,
    /// The user's role there.
    pub role: Role,
    /// Most open conversations they take at once.
    pub max_load: u32,
}

/// A user as a member of one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The user.
    pub user_id: UserId,
    /// Their display name.
    pub name: String,
    /// Their e-mail address.
    pub email: String,
    /// Their role in the account.
    pub role: Role,
    /// All that they may there.
    pub rights: PermissionSet,
    /// Most open conversations they take at once.
    pub max_load: u32,
    /// Names of the account's teams they are in.
    pub teams: Vec<String>,
    /// The ids of these teams, in the same order.
    pub team_ids: Vec<TeamId>,
}

impl<D: Database> Directory<D> {
    /// The repositories of a directory database.
    #[must_use]
    pub const fn new(database: D) -> Self {
        Self { database }
    }

    /// The inbox of an id, with its account's shard.
    pub async fn find_inbox(
        &self,
        keys: &DataKeys,
        inbox_id: InboxId,
    ) -> Result<Option<Inbox>, StoreError> {
        let rows = self
            .database
            .query(FIND_INBOX, &[Value::text(inbox_id)])
            .await?;
        self.opened_inbox(keys, &rows).await
    }

    /// The widget inbox of a public key. No inbox has an empty key.
    pub async fn find_inbox_by_key(
        &self,
        keys: &DataKeys,
        key: &str,
    ) -> Result<Option<Inbox>, StoreError> {
        if key.is_empty() {
            return Ok(None);
        }
        let rows = self
            .database
            .query(FIND_INBOX_BY_KEY, &[Value::text(key)])
            .await?;
        self.opened_inbox(keys, &rows).await
    }

    /// An inbox with its secret. One that is still in clear is sealed then.
    async fn opened_inbox(
        &self,
        keys: &DataKeys,
        rows: &[Row],
    ) -> Result<Option<Inbox>, StoreError> {
        let Some(row) = rows.first() else {
            return Ok(None);
        };
        let account_id = row.parsed("account_id")?;
        let vault = Vault::new(keys, &self.database, account_id);
        let secret = vault.open(&INBOX_SECRET, row).await?;
        if !is_sealed(row.text("secret")?) {
            // If it does not come to it the inbox serves all the same, and the next one to read it tries again.
            let _ = self.seal_secret(vault, row.text("id")?, &secret).await;
        }
        inbox(row, secret).map(Some)
    }

    async fn seal_secret(
        &self,
        vault: Vault<'_, D>,
        id: &str,
        secret: &str,
    ) -> Result<(), StoreError> {
        let sealed = vault.sealer().await?.seal(&INBOX_SECRET, id, secret)?;
        let parameters = [Value::text(id), Value::text(secret), Value::Text(sealed)];
        self.database.query(SEAL_SECRET, &parameters).await?;
        Ok(())
    }

    /// The account of an id.
    pub async fn find_account(&self, account_id: AccountId) -> Result<Option<Account>, StoreError> {
        let rows = self
            .database
            .query(FIND_ACCOUNT, &[Value::text(account_id)])
            .await?;
        let Some(row) = rows.first() else {
            return Ok(None);
        };
        Ok(Some(Account {
            id: row.parsed("id")?,
            name: row.text("name")?.to_owned(),
            plan: row.text("plan")?.to_owned(),
            shard: row.uint32("shard")?,
            settings: row.json("settings")?,
        }))
    }

    /// The user of an e-mail address, in whatever case it is written.
    pub async fn find_login(&self, email: &str) -> Result<Option<Login>, StoreError> {
        let rows = self
            .database
            .query(FIND_LOGIN, &[Value::Text(email_key(email))])
            .await?;
        login(&rows)
    }

    /// A member of an account.
    pub async fn find_member(
        &self,
        account_id: AccountId,
        user_id: UserId,
    ) -> Result<Option<Member>, StoreError> {
        let parameters = [Value::text(account_id), Value::text(user_id)];
        let account = self.of(account_id);
        let rows = account.query(FIND_MEMBER, &parameters).await?;
        let Some(row) = rows.first() else {
            return Ok(None);
        };
        let team_rows = account.query(FIND_TEAMS_OF_MEMBER, &parameters).await?;
        let mut member = member(row)?;
        for row in &team_rows {
            member.teams.push(row.text("name")?.to_owned());
            member.team_ids.push(row.parsed("id")?);
        }
        Ok(Some(member))
    }

    /// The members of an account who may be assigned, by name.
    pub async fn list_agents(&self, account_id: AccountId) -> Result<Vec<AgentView>, StoreError> {
        let (account, parameters) = (self.of(account_id), [Value::text(account_id)]);
        let rows = account.query(LIST_MEMBERS, &parameters).await?;
        let team_rows = account.query(LIST_TEAMS_OF_MEMBERS, &parameters).await?;
        let mut teams_of = std::collections::BTreeMap::<UserId, Vec<String>>::new();
        for row in &team_rows {
            let names = teams_of.entry(row.parsed("user_id")?).or_default();
            names.push(row.text("name")?.to_owned());
        }
        let mut agents = Vec::with_capacity(rows.len());
        for row in &rows {
            let member = member(row)?;
            if member.rights.contains(Permission::WriteConversations) {
                agents.push(AgentView {
                    id: member.user_id,
                    name: member.name,
                    role: member.role,
                    max_load: member.max_load,
                    teams: teams_of.remove(&member.user_id).unwrap_or_default(),
                });
            }
        }
        Ok(agents)
    }

    /// The rows of one account: any other's fails the answer.
    const fn of(&self, account_id: AccountId) -> Scoped<'_, D> {
        Scoped::new(account_id, &self.database)
    }

    /// Keeps a queue message that names no account of ours, until an operator looks at it.
    pub async fn park_unclaimed(&self, parked: &crate::Parked) -> Result<(), StoreError> {
        self.database
            .query(PARK_UNCLAIMED, &parked.parameters(parked.kept_body())?)
            .await?;
        Ok(())
    }
}

/// The form of an e-mail address under which it is unique and looked up.
#[must_use]
pub fn email_key(email: &str) -> String {
    email.trim().to_lowercase()
}

/// A user from one row per membership.
fn login(rows: &[Row]) -> Result<Option<Login>, StoreError> {
    let Some(row) = rows.first() else {
        return Ok(None);
    };
    let mut memberships = Vec::new();
    for row in rows {
        // A user without a membership comes as one row with nulls.
        if let Some(account_id) = row.optional_parsed("account_id")? {
            memberships.push(Membership {
                account_id,
                role: row.word("role")?,
                max_load: row.uint32("max_load")?,
            });
        }
    }
    Ok(Some(Login {
        user_id: row.parsed("id")?,
        name: row.text("name")?.to_owned(),
        email: row.text("email")?.to_owned(),
        password_hash: Secret::new(row.text("password_hash")?),
        has_second_factor: row.optional_int("second_factor_at")?.is_some(),
        memberships,
    }))
}

fn inbox(row: &Row, secret: String) -> Result<Inbox, StoreError> {
    Ok(Inbox {
        id: row.parsed("id")?,
        account_id: row.parsed("account_id")?,
        shard: row.uint32("shard")?,
        channel: row.word::<Channel>("channel")?,
        name: row.text("name")?.to_owned(),
        key: row.optional_text("key")?.unwrap_or_default().to_owned(),
        secret: Secret::new(secret),
        settings: row.json("settings")?,
    })
}

fn member(row: &Row) -> Result<Member, StoreError> {
    let role = row.word("role")?;
    Ok(Member {
        rights: rights(role, roles::only(row, "only")?),
        user_id: row.parsed("id")?,
        name: row.text("name")?.to_owned(),
        email: row.text("email")?.to_owned(),
        role,
        max_load: row.uint32("max_load")?,
        teams: Vec::new(),
        team_ids: Vec::new(),
    })
}

#[cfg(test)]
mod tests;
