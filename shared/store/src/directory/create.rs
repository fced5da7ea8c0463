//! A new account: its owner, its first inboxes and their keys, in one transaction.

use edgedesk_domain::account::{Channel, InboxSettings, Role, Secret};
use edgedesk_domain::ids::{AccountId, IdSource, InboxId, UserId};
use edgedesk_domain::time::Timestamp;

use super::{Directory, email_key};
use crate::database::{Database, Statement, StoreError, Value};

const INSERT_ACCOUNT: &str = "
    INSERT INTO accounts (id, name, plan, shard, settings, created_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
const INSERT_USER: &str = "
    INSERT INTO users (id, email, email_key, name, password_hash, created_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
const INSERT_MEMBERSHIP: &str = "
    INSERT INTO memberships (account_id, user_id, role, max_load, created_at)
    VALUES (?1, ?2, ?3, ?4, ?5)";
const INSERT_INBOX: &str = "
    INSERT INTO inboxes (id, account_id, channel, name, key, secret, settings, created_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";

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
    /// The shard that will hold its rows. It never changes.
    pub shard: u32,
    /// The owner's e-mail address; not yet that of a user.
    pub owner_email: String,
    /// The owner's display name.
    pub owner_name: String,
    /// The PHC text of the owner's password hash.
    pub owner_password_hash: Secret,
}

/// A new account's ids and keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreatedAccount {
    /// The account.
    pub account_id: AccountId,
    /// Its owner.
    pub owner_id: UserId,
    /// One inbox per channel.
    pub inboxes: Vec<CreatedInbox>,
}

/// A new inbox with its credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreatedInbox {
    /// The inbox.
    pub id: InboxId,
    /// Its channel.
    pub channel: Channel,
    /// The public key of a widget inbox.
    pub key: Option<String>,
    /// The secret that signs what arrives.
    pub secret: Secret,
}

impl<D: Database> Directory<D> {
    /// Creates an account with its owner, a Zendesk inbox and a widget inbox. Refused when the e-mail address belongs to
    /// a user already: whoever has it must be invited, not overwritten.
    pub async fn create_account(
        &self,
        new: &NewAccount,
        ids: &impl IdSource,
        keys: &impl KeySource,
        now: Timestamp,
    ) -> Result<CreatedAccount, StoreError> {
        let account_id = AccountId::generate(ids);
        let owner_id = UserId::generate(ids);
        let inboxes = [
            (Channel::Zendesk, None),
            (Channel::Widget, Some(keys.next_key())),
        ]
        .map(|(channel, key)| CreatedInbox {
            id: InboxId::generate(ids),
            channel,
            key,
            secret: Secret::new(keys.next_key()),
        });

        let mut statements = vec![
            Statement::new(
                INSERT_ACCOUNT,
                vec![
                    Value::text(account_id),
                    Value::text(&new.name),
                    Value::text(&new.plan),
                    Value::Int(i64::from(new.shard)),
                    Value::text(NEW_SETTINGS),
                    Value::time(now),
                ],
            ),
            Statement::new(
                INSERT_USER,
                vec![
                    Value::text(owner_id),
                    Value::text(new.owner_email.trim()),
                    Value::Text(email_key(&new.owner_email)),
                    Value::text(&new.owner_name),
                    Value::text(new.owner_password_hash.expose()),
                    Value::time(now),
                ],
            ),
            Statement::new(
                INSERT_MEMBERSHIP,
                vec![
                    Value::text(account_id),
                    Value::text(owner_id),
                    Value::text(crate::word(Role::Owner)),
                    Value::Int(10),
                    Value::time(now),
                ],
            ),
        ];
        let settings = crate::json(&InboxSettings::default());
        for inbox in &inboxes {
            statements.push(Statement::new(
                INSERT_INBOX,
                vec![
                    Value::text(inbox.id),
                    Value::text(account_id),
                    Value::text(inbox.channel.as_str()),
                    Value::text(match inbox.channel {
                        Channel::Zendesk => "Zendesk",
                        Channel::Widget => "Website",
                    }),
                    Value::text_or_null(inbox.key.as_ref()),
                    Value::text(inbox.secret.expose()),
                    Value::text(&settings),
                    Value::time(now),
                ],
            ));
        }
        self.database.batch(statements).await?;
        Ok(CreatedAccount {
            account_id,
            owner_id,
            inboxes: inboxes.into(),
        })
    }
}
