//! A new account: its owner, its first inboxes and their keys, in one transaction.

use edgedesk_domain::account::{Channel, InboxSettings, Role, Secret};
use edgedesk_domain::ids::{AccountId, IdSource, InboxId, UserId};
use edgedesk_domain::time::Timestamp;

use super::inboxes::{NewInbox, insert_inbox};
use super::{Directory, email_key};
use crate::database::{Database, Statement, StoreError, Value};
use crate::keys::DataKeys;

const INSERT_ACCOUNT: &str = "
    INSERT INTO accounts (id, name, plan, shard, settings, created_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
const INSERT_USER: &str = "
    INSERT INTO users (id, email, email_key, name, password_hash, created_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
// For nobody, and for a user who owns as many as one may, it is null: the column takes none, and the transaction is refused.
const INSERT_MEMBERSHIP: &str = "
    INSERT INTO memberships (account_id, user_id, role, max_load, created_at)
    VALUES (
      ?1,
      (SELECT id FROM users WHERE id = ?2
         AND (SELECT COUNT(*) FROM memberships WHERE user_id = ?2 AND role = ?3) < ?6),
      ?3, ?4, ?5)";

/// Most accounts that one user owns.
pub const MAX_OWNED_ACCOUNTS: u32 = 20;

/// What a new account's settings are: whoever runs it shows a second factor.
const NEW_SETTINGS: &str = r#"{"requires_second_factor":true}"#;

/// Where keys and secrets come from: the platform's random source, or a counter in tests.
pub trait KeySource {
    /// A text of at least 128 random bits that needs no escaping in a URL or in HTML.
    fn next_key(&self) -> String;
}

/// What a new account starts from.
#[derive(Debug, Clone)]
pub struct NewAccount {
    /// What it is called.
    pub name: String,
    /// Its plan.
    pub plan: String,
    /// The shard that will hold its rows.
    pub shard: u32,
    /// Who owns it.
    pub owner: NewOwner,
}

/// Who owns a new account.
#[derive(Debug, Clone)]
pub enum NewOwner {
    /// Somebody who is no user yet.
    New {
        /// Their e-mail address; not yet that of a user.
        email: String,
        /// Their display name.
        name: String,
        /// The PHC text of their password's hash.
        password_hash: Secret,
    },
    /// A user.
    Known(UserId),
}

/// A new account's ids and keys.
#[derive(Debug, Clone, PartialEq)]
pub struct CreatedAccount {
    /// The account.
    pub account_id: AccountId,
    /// Its owner.
    pub owner_id: UserId,
    /// One inbox per channel.
    pub inboxes: Vec<NewInbox>,
}

impl<D: Database> Directory<D> {
    /// Creates an account with its owner, a Zendesk inbox and a widget inbox. Refused when the e-mail address of a new owner
    /// belongs to a user already, who must log in and not be overwritten; and when a known one owns
    /// [`MAX_OWNED_ACCOUNTS`], or is no user any more.
    pub async fn create_account(
        &self,
        new: &NewAccount,
        ids: &impl IdSource,
        keys: &impl KeySource,
        data_keys: &DataKeys,
        now: Timestamp,
    ) -> Result<CreatedAccount, StoreError> {
        let account_id = AccountId::generate(ids);
        let inboxes =
            [(Channel::Zendesk, "Zendesk"), (Channel::Widget, "Website")].map(|(channel, name)| {
                NewInbox {
                    id: InboxId::generate(ids),
                    channel,
                    name: name.to_owned(),
                    key: (channel == Channel::Widget).then(|| keys.next_key()),
                    secret: Secret::new(keys.next_key()),
                    settings: InboxSettings::default(),
                }
            });
        let mut statements = vec![Statement::new(
            INSERT_ACCOUNT,
            vec![
                Value::text(account_id),
                Value::text(&new.name),
                Value::text(&new.plan),
                Value::Int(i64::from(new.shard)),
                Value::text(NEW_SETTINGS),
                Value::time(now),
            ],
        )];
        let owner_id = match &new.owner {
            NewOwner::Known(user_id) => *user_id,
            NewOwner::New {
                email,
                name,
                password_hash,
            } => {
                let user_id = UserId::generate(ids);
                let user = vec![
                    Value::text(user_id),
                    Value::text(email.trim()),
                    Value::Text(email_key(email)),
                    Value::text(name),
                    Value::text(password_hash.expose()),
                    Value::time(now),
                ];
                statements.push(Statement::new(INSERT_USER, user));
                user_id
            }
        };
        let membership = vec![
            Value::text(account_id),
            Value::text(owner_id),
            Value::text(crate::word(Role::Owner)),
            Value::Int(10),
            Value::time(now),
            Value::Int(i64::from(MAX_OWNED_ACCOUNTS)),
        ];
        statements.push(Statement::new(INSERT_MEMBERSHIP, membership));
        let (data_key, sealer) = data_keys.first_key(account_id)?;
        statements.push(data_key);
        for inbox in &inboxes {
            statements.push(insert_inbox(account_id, inbox, &sealer, now)?);
        }
        self.database.batch(statements).await?;
        Ok(CreatedAccount {
            account_id,
            owner_id,
            inboxes: inboxes.into(),
        })
    }
}
