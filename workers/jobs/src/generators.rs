//! The text generators of this deployment: who is configured, with which keys, and the books of accounts.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use edgedesk_domain::ids::{AccountId, ConversationId, IdSource as _, MessageId};
use edgedesk_drafting::generated::{Accounts, Ready, Report};
use edgedesk_generate::ApiKey;
use edgedesk_generate::chain::{Attempt, Memory, Outcome};
use edgedesk_generate::ledger::{Entry, Ledger, Spend};
use edgedesk_generate::settings::{self, Provider, SettingsError};
use edgedesk_platform::chance::SystemIds;
use edgedesk_platform::log::{Level, log};
use edgedesk_wire::generators::{
    BINDING, CallRecord, ConfiguredGenerators, GeneratorProvider, HOLD_PATH, Held, HoldRequest,
    RECORD_PATH, STANDING_PATH, Standing, object_name,
};
use serde::Serialize;
use worker::Env;

use crate::objects::Objects;
use crate::transport::{WorkerFetch, WorkerRuntime};

/// The variable with the providers.
const VARIABLE: &str = "GENERATORS";
/// How often a call is told to the books: what is not told is free again when its hold ends.
const TELLS: u32 = 3;

thread_local! {
    /// Breakers and budgets of requests live as long as the isolate.
    static MEMORY: Rc<Memory> = Rc::default();
    /// Whether the log has heard of a bad configuration: once is enough.
    static WAS_TOLD: Cell<bool> = const { Cell::new(false) };
}

/// What is known of the providers.
pub fn memory() -> Rc<Memory> {
    MEMORY.with(Rc::clone)
}

/// The providers that can be asked. One without its key is left out; a configuration that cannot be read is none.
pub fn ready(env: &Env) -> Vec<Ready> {
    let providers = configured(env).unwrap_or_default().into_iter();
    let ready = providers.filter_map(|provider| {
        let Ok(key) = key_of(env, &provider) else {
            let name = provider.name();
            tell_once(&format!("{name} has no key, so it is not asked"));
            return None;
        };
        let client = provider.client(key, WorkerFetch, WorkerRuntime);
        Some(Ready { provider, client })
    });
    ready.collect()
}

/// What accounts are told of the configuration. Never a key, nor the name of one.
pub fn described(env: &Env) -> ConfiguredGenerators {
    let Ok(providers) = configured(env) else {
        return ConfiguredGenerators {
            providers: Vec::new(),
            is_misconfigured: true,
        };
    };
    let providers = providers.into_iter().map(|provider| GeneratorProvider {
        name: provider.name().to_owned(),
        kind: provider.kind.as_str().to_owned(),
        is_ready: key_of(env, &provider).is_ok(),
        is_inside: provider.is_inside,
        model: provider.model,
    });
    ConfiguredGenerators {
        providers: providers.collect(),
        is_misconfigured: false,
    }
}

fn configured(env: &Env) -> Result<Vec<Provider>, SettingsError> {
    let text = env.var(VARIABLE).map(|text| text.to_string());
    let parsed = settings::parse(&text.unwrap_or_default());
    if let Err(error) = &parsed {
        tell_once(&format!(
            "{VARIABLE} cannot be read, so nobody is asked: {error}"
        ));
    }
    parsed
}

/// The key that a provider is asked with, if it wants one.
fn key_of(env: &Env, provider: &Provider) -> Result<Option<ApiKey>, ()> {
    let Some(name) = &provider.key_secret else {
        return Ok(None);
    };
    let key = env.secret(name).map_err(|_| ())?.to_string();
    if key.is_empty() {
        return Err(());
    }
    Ok(Some(ApiKey::new(key)))
}

impl<'a> Accounts for Objects<'a> {
    type Books = Books<'a>;

    async fn open(&self, account_id: AccountId) -> Result<Option<Self::Books>, String> {
        let name = object_name(account_id);
        let standing: Option<Standing> = self
            .get(BINDING, &name, STANDING_PATH)
            .await
            .map_err(|error| error.to_string())?;
        let standing = standing.filter(|standing| standing.account_id == account_id);
        let standing = standing.ok_or("the books are another account's")?;
        Ok(standing.settings.is_on.then(|| Books {
            objects: *self,
            account_id,
            held: RefCell::default(),
        }))
    }
}

/// The books of one account, for one job: a chain makes one call after the other, so that there is one hold at a time.
#[derive(Debug)]
pub struct Books<'a> {
    objects: Objects<'a>,
    account_id: AccountId,
    held: RefCell<Option<String>>,
}

impl Ledger for Books<'_> {
    async fn may_spend(&self, spend: &Spend) -> Result<bool, String> {
        let id = SystemIds.next_ulid().to_string();
        let request = HoldRequest {
            id: id.clone(),
            micro_dollars: spend.micro_dollars,
        };
        let name = object_name(self.account_id);
        let held: Held = self
            .objects
            .post(BINDING, &name, HOLD_PATH, &request)
            .await
            .map_err(|error| error.to_string())?;
        if held.account_id != self.account_id {
            return Err("the books are another account's".to_owned());
        }
        if held.is_held {
            self.held.replace(Some(id));
        }
        Ok(held.is_held)
    }

    async fn record(&self, entry: &Entry) {
        let Some(id) = self.held.take() else {
            return;
        };
        let call = CallRecord {
            id,
            provider: entry.provider.clone(),
            model: entry.model.clone(),
            input_tokens: entry.spent.input_tokens,
            output_tokens: entry.spent.output_tokens,
            micro_dollars: entry.spent.micro_dollars,
            is_estimate: entry.is_estimate,
        };
        let name = object_name(self.account_id);
        let mut last_error = String::new();
        for _ in 0..TELLS {
            let told: Result<Standing, _> =
                self.objects.post(BINDING, &name, RECORD_PATH, &call).await;
            match told {
                Ok(_) => return,
                Err(error) => last_error = error.to_string(),
            }
        }
        let line = NotRecorded {
            message: "a call of a text generator is not in the books",
            account_id: self.account_id,
            micro_dollars: call.micro_dollars,
            detail: last_error,
        };
        log(Level::Error, &line);
    }
}

#[derive(Serialize)]
struct NotRecorded {
    message: &'static str,
    #[serde(rename = "account.id")]
    account_id: AccountId,
    micro_dollars: u64,
    detail: String,
}

/// One line for each draft that somebody was asked for: who, what came of it, what it took. No text, no key.
pub fn log_report(report: &Report<'_>) {
    #[derive(Serialize)]
    struct Line {
        message: &'static str,
        #[serde(rename = "account.id")]
        account_id: AccountId,
        #[serde(rename = "conversation.id")]
        conversation_id: ConversationId,
        #[serde(rename = "message.id")]
        message_id: MessageId,
        attempts: Vec<Tried>,
    }
    let asked = &report.asked;
    let line = Line {
        message: "text generators were asked for a draft",
        account_id: asked.account_id,
        conversation_id: asked.conversation_id,
        message_id: asked.message_id,
        attempts: report.attempts.iter().map(Tried::of).collect(),
    };
    log(Level::Info, &line);
}

/// One try, for the log.
#[derive(Serialize)]
struct Tried {
    provider: String,
    model: String,
    outcome: String,
    duration_ms: u64,
    input_tokens: u64,
    output_tokens: u64,
    micro_dollars: u64,
    is_estimate: bool,
    n_invented: u32,
}

impl Tried {
    fn of(attempt: &Attempt) -> Self {
        Self {
            provider: attempt.provider.clone(),
            model: attempt.model.clone(),
            outcome: match attempt.outcome {
                Outcome::Answered => "answered".to_owned(),
                Outcome::Failed(fault) => format!("failed: {fault}"),
                Outcome::Rejected(flaw) => format!("rejected: {flaw}"),
                Outcome::Skipped(skip) => format!("skipped: {skip:?}"),
            },
            duration_ms: attempt.millis,
            input_tokens: attempt.spent.input_tokens,
            output_tokens: attempt.spent.output_tokens,
            micro_dollars: attempt.spent.micro_dollars,
            is_estimate: attempt.is_estimate,
            n_invented: attempt.n_invented,
        }
    }
}

fn tell_once(detail: &str) {
    #[derive(Serialize)]
    struct Line<'a> {
        message: &'static str,
        detail: &'a str,
    }
    if !WAS_TOLD.replace(true) {
        let line = Line {
            message: "the configuration of text generators is not as it should be",
            detail,
        };
        log(Level::Error, &line);
    }
}
