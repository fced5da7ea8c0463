//! The demo accounts of a developer's machine, as statements for the directory.
//!
//! Running them again changes nothing but what the seed itself says: credentials always match the seed last run.

use edgedesk_domain::account::{Channel, InboxSettings, Role, Secret};
use edgedesk_domain::ids::{AccountId, InboxId, TeamId, UserId};
use edgedesk_domain::time::Timestamp;
use ulid::Ulid;

use crate::database::{Statement, Value};
use crate::directory::email_key;

const UPSERT_ACCOUNT: &str = "
    INSERT INTO accounts (id, name, plan, shard, settings, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
    ON CONFLICT (id) DO UPDATE SET name = excluded.name, plan = excluded.plan";
const UPSERT_USER: &str = "
    INSERT INTO users (id, email, email_key, name, password_hash, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
    ON CONFLICT (id) DO UPDATE SET email = excluded.email, email_key = excluded.email_key, name = excluded.name,
      password_hash = excluded.password_hash";
const INSERT_MEMBERSHIP: &str = "
    INSERT INTO memberships (account_id, user_id, role, max_load, created_at) VALUES (?1, ?2, ?3, ?4, ?5)
    ON CONFLICT (account_id, user_id) DO NOTHING";
const INSERT_TEAM: &str = "
    INSERT INTO teams (account_id, id, name) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
const INSERT_TEAM_MEMBER: &str = "
    INSERT INTO team_members (account_id, user_id, team_id) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
const UPSERT_INBOX: &str = "
    INSERT INTO inboxes (id, account_id, channel, name, key, secret, settings, created_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
    ON CONFLICT (id) DO UPDATE SET key = excluded.key, secret = excluded.secret, settings = excluded.settings";

/// Ids of a demo account: the same on every machine, so that tests and scripts may name them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DemoIds {
    /// The account.
    pub account_id: AccountId,
    /// Its shard.
    pub shard: u32,
    /// Its name.
    pub name: &'static str,
    /// Its only team.
    pub team_id: TeamId,
    /// The Zendesk inbox.
    pub zendesk_inbox_id: InboxId,
    /// The widget inbox.
    pub widget_inbox_id: InboxId,
    first_user: u128,
}

/// The account that demos are shown with, on shard 1.
pub const AURORA: DemoIds = demo_ids(1, 1, "Aurora Outfitters");
/// A second account on shard 0, which must never see a row of the first.
pub const BOREALIS: DemoIds = demo_ids(2, 0, "Borealis Books");

/// Everything the seed does not make up itself.
#[derive(Debug, Clone)]
pub struct DemoSeed {
    /// For [`AURORA`].
    pub aurora: DemoAccount,
    /// For [`BOREALIS`].
    pub borealis: DemoAccount,
    /// Now.
    pub created_at: Timestamp,
}

/// One demo account.
#[derive(Debug, Clone)]
pub struct DemoAccount {
    /// An administrator.
    pub admin: DemoUser,
    /// Agents; the first users after the administrator by id.
    pub agents: Vec<DemoUser>,
    /// The secret that signs Zendesk webhooks.
    pub zendesk_secret: Secret,
    /// The public key of the widget; unique over accounts.
    pub widget_key: String,
    /// The secret behind the widget's visitor tokens.
    pub widget_secret: Secret,
    /// Origins that may open the widget. Empty: any.
    pub allowed_origins: Vec<String>,
}

/// A user of a demo account.
#[derive(Debug, Clone)]
pub struct DemoUser {
    /// Their e-mail address.
    pub email: String,
    /// Their display name.
    pub name: String,
    /// The PHC text of their password's hash.
    pub password_hash: Secret,
}

/// 2026-01-01, the time part of the demo's ids: they sort before all that a running system makes.
const DEMO_MILLIS: i64 = 1_767_225_600_000;

impl DemoIds {
    /// The id of the `index`th user: 0 is the administrator, 1 the first agent.
    #[must_use]
    pub const fn user_id(&self, index: u64) -> UserId {
        UserId::new(Ulid(self.first_user + index as u128))
    }
}

/// The statements that make the demo accounts, for the directory, in order.
#[must_use]
pub fn demo(seed: &DemoSeed) -> Vec<Statement> {
    let mut statements = Vec::new();
    for (ids, account) in [(&AURORA, &seed.aurora), (&BOREALIS, &seed.borealis)] {
        push_account(&mut statements, ids, account, seed.created_at);
    }
    statements
}

fn push_account(
    statements: &mut Vec<Statement>,
    ids: &DemoIds,
    account: &DemoAccount,
    created_at: Timestamp,
) {
    let account_id = Value::text(ids.account_id);
    let created_at = Value::time(created_at);
    statements.push(Statement::new(
        UPSERT_ACCOUNT,
        vec![
            account_id.clone(),
            Value::text(ids.name),
            Value::text("demo"),
            Value::Int(i64::from(ids.shard)),
            Value::text("{}"),
            created_at.clone(),
        ],
    ));
    statements.push(Statement::new(
        INSERT_TEAM,
        vec![
            account_id.clone(),
            Value::text(ids.team_id),
            Value::text("Support"),
        ],
    ));
    let users = std::iter::once((&account.admin, Role::Admin))
        .chain(account.agents.iter().map(|agent| (agent, Role::Agent)));
    for (index, (user, role)) in (0..).zip(users) {
        let user_id = Value::text(ids.user_id(index));
        statements.push(Statement::new(
            UPSERT_USER,
            vec![
                user_id.clone(),
                Value::text(user.email.trim()),
                Value::Text(email_key(&user.email)),
                Value::text(&user.name),
                Value::text(user.password_hash.expose()),
                created_at.clone(),
            ],
        ));
        statements.push(Statement::new(
            INSERT_MEMBERSHIP,
            vec![
                account_id.clone(),
                user_id.clone(),
                Value::Text(crate::word(role)),
                // An administrator steps in where it burns; an agent's share is bounded.
                Value::Int(if role == Role::Admin { 100 } else { 20 }),
                created_at.clone(),
            ],
        ));
        statements.push(Statement::new(
            INSERT_TEAM_MEMBER,
            vec![account_id.clone(), user_id, Value::text(ids.team_id)],
        ));
    }
    let inboxes = [
        (
            ids.zendesk_inbox_id,
            Channel::Zendesk,
            "Zendesk",
            None,
            &account.zendesk_secret,
        ),
        (
            ids.widget_inbox_id,
            Channel::Widget,
            ids.name,
            Some(&account.widget_key),
            &account.widget_secret,
        ),
    ];
    for (inbox_id, channel, name, key, secret) in inboxes {
        let settings = crate::json(&InboxSettings {
            allowed_origins: account.allowed_origins.clone(),
            // Who simulates a provider knows it.
            secret_set_at: (channel == Channel::Zendesk)
                .then_some(Timestamp::from_millis(DEMO_MILLIS)),
            ..InboxSettings::default()
        });
        statements.push(Statement::new(
            UPSERT_INBOX,
            vec![
                Value::text(inbox_id),
                account_id.clone(),
                Value::text(channel.as_str()),
                Value::text(name),
                Value::text_or_null(key),
                Value::text(secret.expose()),
                Value::text(&settings),
                created_at.clone(),
            ],
        ));
    }
}

const fn demo_ids(number: u128, shard: u32, name: &'static str) -> DemoIds {
    let base = ((DEMO_MILLIS as u128) << 80) | (number << 32);
    DemoIds {
        account_id: AccountId::new(Ulid(base)),
        shard,
        name,
        team_id: TeamId::new(Ulid(base + 1)),
        zendesk_inbox_id: InboxId::new(Ulid(base + 2)),
        widget_inbox_id: InboxId::new(Ulid(base + 3)),
        first_user: base + 0x100,
    }
}

impl Statement {
    /// The statement with its values written as literals, for tools that take only text, such as
    /// `wrangler d1 execute --file`. Running it does what binding the values does. Ends with a semicolon.
    #[must_use]
    pub fn to_sql_text(&self) -> String {
        let mut text = String::with_capacity(self.sql.len() + 64);
        let mut rest = self.sql;
        while let Some(mark) = rest.find('?') {
            let (before, after) = rest.split_at(mark);
            let n_digits = after[1..].bytes().take_while(u8::is_ascii_digit).count();
            text.push_str(before);
            let value = after[1..=n_digits]
                .parse::<usize>()
                .ok()
                .and_then(|number| self.parameters.get(number.checked_sub(1)?));
            // Our SQL numbers its parameters and has no question mark elsewhere; one without a value is null, as in SQLite.
            text.push_str(&literal(value.unwrap_or(&Value::Null)));
            rest = &after[1 + n_digits..];
        }
        text.push_str(rest);
        text.push(';');
        text
    }
}

fn literal(value: &Value) -> String {
    match value {
        Value::Null => "NULL".into(),
        Value::Int(number) => number.to_string(),
        // `{:?}` writes the shortest digits that read back as the same number, always with a point or an exponent.
        Value::Real(number) => format!("{number:?}"),
        // A NUL would end the text; SQLite can only name it.
        Value::Text(text) => format!(
            "'{}'",
            text.replace('\'', "''").replace('\0', "' || char(0) || '")
        ),
    }
}

#[cfg(test)]
mod tests;
