//! The demo accounts of a state folder: random credentials, made once and kept.

use std::path::Path;

use anyhow::{Context, Result, anyhow};
use edgedesk_client::Stack;
use edgedesk_client::stack::{Login, WidgetInbox, ZendeskInbox};
use edgedesk_crypto::password::hash_password;
use edgedesk_domain::account::Secret;
use edgedesk_store::Statement;
use edgedesk_store::seed::{AURORA, BOREALIS, DemoAccount, DemoIds, DemoSeed, DemoUser, demo};
use serde::{Deserialize, Serialize};

use crate::migrate;
use crate::progress::Step;
use crate::stamp::{self, Inputs};

/// Letters and digits that nobody mistakes for one another; 32 of them, so that five random bits choose one.
const ALPHABET: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz123456789";

/// The credentials of both demo accounts, as kept in `seed.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Demo {
    /// The account that demos are shown with.
    pub aurora: Credentials,
    /// A second one, which must never see a row of the first.
    pub borealis: Credentials,
}

/// What is secret about one demo account.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Credentials {
    admin: Login,
    agents: Vec<Login>,
    zendesk_secret: String,
    widget_key: String,
    widget_secret: String,
}

impl Demo {
    /// What `dev.json` says of the first account when the gateway listens at `url`.
    pub fn at(&self, url: &str) -> Result<Stack> {
        self.aurora.at(&AURORA, url)
    }

    /// The same of the second account.
    pub fn other_at(&self, url: &str) -> Result<Stack> {
        self.borealis.at(&BOREALIS, url)
    }

    fn random() -> Result<Self> {
        Ok(Self {
            aurora: Credentials::random("aurora", &["ada", "grace", "linus"])?,
            borealis: Credentials::random("borealis", &["alan"])?,
        })
    }
}

impl Credentials {
    fn random(account: &str, agents: &[&str]) -> Result<Self> {
        let login = |name: &str| -> Result<Login> {
            Ok(Login {
                email: format!("{name}@{account}.example"),
                password: random_text(12)?,
            })
        };
        Ok(Self {
            admin: login("admin")?,
            agents: agents
                .iter()
                .map(|name| login(name))
                .collect::<Result<_>>()?,
            zendesk_secret: random_text(40)?,
            widget_key: random_text(20)?,
            widget_secret: random_text(40)?,
        })
    }

    fn at(&self, ids: &DemoIds, url: &str) -> Result<Stack> {
        let inbox = ids.zendesk_inbox_id;
        Ok(Stack {
            url: url.to_owned(),
            account_id: ids.account_id,
            admin: self.admin.clone(),
            agent: self
                .agents
                .first()
                .context("a demo account has an agent")?
                .clone(),
            zendesk: ZendeskInbox {
                inbox_id: inbox,
                secret: self.zendesk_secret.clone(),
                hook_url: format!("{url}/hooks/zendesk/{inbox}"),
            },
            widget: WidgetInbox {
                inbox_key: self.widget_key.clone(),
                demo_url: format!("{url}/demo/?inbox_key={}", self.widget_key),
            },
        })
    }

    fn hashed(&self) -> Result<DemoAccount> {
        Ok(DemoAccount {
            admin: hashed_user(&self.admin)?,
            agents: self.agents.iter().map(hashed_user).collect::<Result<_>>()?,
            zendesk_secret: Secret::new(&self.zendesk_secret),
            widget_key: self.widget_key.clone(),
            widget_secret: Secret::new(&self.widget_secret),
            allowed_origins: Vec::new(),
        })
    }
}

/// The credentials of a state folder, if it has been seeded.
pub fn kept(state: &Path) -> Result<Option<Demo>> {
    let Ok(text) = std::fs::read_to_string(state.join("seed.json")) else {
        return Ok(None);
    };
    let demo = serde_json::from_str(&text).context("seed.json is not readable: delete it")?;
    Ok(Some(demo))
}

/// Makes the demo accounts unless they are there.
pub async fn apply(state: &Path) -> Result<Demo> {
    let (file, kept_file) = (state.join("seed.stamp"), state.join("seed.json"));
    let demo_accounts = match kept(state)? {
        Some(demo) => demo,
        None => Demo::random()?,
    };
    let text = serde_json::to_string_pretty(&demo_accounts)? + "\n";
    let inputs = Inputs::default().word(&text);
    let stamp = inputs.all("shared/store/src/seed.rs")?.finish();
    if stamp::is_fresh(&file, &stamp) {
        return Ok(demo_accounts);
    }
    let mut step = Step::begin("seeding the demo accounts");
    let seed = DemoSeed {
        aurora: demo_accounts.aurora.hashed()?,
        borealis: demo_accounts.borealis.hashed()?,
        created_at: edgedesk_client::api::now(),
    };
    let statements: Vec<String> = demo(&seed).iter().map(Statement::to_sql_text).collect();
    let sql = state.join("seed.sql");
    std::fs::write(&sql, statements.join("\n"))?;
    migrate::execute(&mut step, state, "DIRECTORY", &sql).await?;
    std::fs::write(kept_file, text)?;
    stamp::write(&file, &stamp)?;
    step.end("seeded");
    Ok(demo_accounts)
}

fn hashed_user(login: &Login) -> Result<DemoUser> {
    let mut salt = [0; 16];
    fill_random(&mut salt)?;
    let (name, _) = login.email.split_once('@').unwrap_or((&login.email, ""));
    let mut letters = name.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    Ok(DemoUser {
        email: login.email.clone(),
        name: first.into_iter().chain(letters).collect(),
        password_hash: Secret::new(hash_password(&login.password, salt)?),
    })
}

fn random_text(n_letters: usize) -> Result<String> {
    let mut bytes = vec![0; n_letters];
    fill_random(&mut bytes)?;
    Ok(bytes
        .iter()
        .map(|byte| char::from(ALPHABET[usize::from(byte % 32)]))
        .collect())
}

fn fill_random(bytes: &mut [u8]) -> Result<()> {
    getrandom::fill(bytes).map_err(|error| anyhow!("no random bytes: {error}"))
}
