//! What the specifications under `tests/` share: the stack that `cargo xtask test integration` has started, stacks of
//! one's own that may be killed, and waiting for what comes later.
#![allow(
    clippy::missing_panics_doc,
    reason = "helpers of tests panic when the test has failed"
)]

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use edgedesk_client::stack::Login;
use edgedesk_client::zendesk::{Delivery, Ticket};
use edgedesk_client::{Answer, Edgedesk, Stack, api};
use edgedesk_domain::conversation::ConversationState;
use serde_json::Value;

mod asking;
mod dice;
mod fake_access;
mod fake_generator;
mod fake_pager;
mod fake_site;
mod fake_zendesk;
mod issuer;
mod listen;
mod own;
mod scrape;

pub use asking::{code, json_of, send};
pub use dice::Dice;
pub use edgedesk_client::routes::Route;
pub use fake_access::FakeAccess;
pub use fake_generator::{FakeGenerator, GENERATOR_KEY, GENERATOR_MODEL, GeneratorDoes, Heard};
pub use fake_pager::FakePager;
pub use fake_site::FakeSite;
pub use fake_zendesk::FakeZendesk;
pub use issuer::{Issuer, Page, Word};
pub use own::OwnStack;
pub use scrape::{scrape, went_back};

/// How long anything may take that is not measured here. Two busy cores are slow.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// How long one waits to be sure that nothing comes.
pub const SILENCE: Duration = Duration::from_millis(700);

/// The stack under test.
#[derive(Debug, Clone)]
pub struct Live {
    /// The account that most tests use.
    pub stack: Stack,
    /// An account that must never see anything of the first.
    pub other: Stack,
    /// A caller without a credential.
    pub public: Edgedesk,
    folder: PathBuf,
}

impl Live {
    /// The stack that `EDGEDESK_DEV_JSON` names.
    #[must_use]
    pub fn get() -> Self {
        let file = std::env::var_os("EDGEDESK_DEV_JSON")
            .map(PathBuf::from)
            .expect("run these with `cargo xtask test integration`, which starts a stack");
        Self::of(Stack::read(&file).expect("dev.json"), &file)
    }

    /// A stack by the contents and the place of its `dev.json`.
    #[must_use]
    pub fn of(stack: Stack, file: &std::path::Path) -> Self {
        let other = Stack::read(&file.with_extension("other.json")).expect("dev.other.json");
        Self {
            public: Edgedesk::anonymous(&stack.url),
            stack,
            other,
            folder: file.parent().map(PathBuf::from).unwrap_or_default(),
        }
    }

    /// The same stack, seen from the other account.
    #[must_use]
    pub fn flipped(&self) -> Self {
        Self {
            stack: self.other.clone(),
            other: self.stack.clone(),
            ..self.clone()
        }
    }

    /// The account's agent, logged in.
    pub async fn agent(&self) -> Edgedesk {
        self.public.login(&self.stack.agent).await.expect("a login")
    }

    /// An agent of the account whom other tests do not sign in, from the `seed.json` beside `dev.json`.
    #[must_use]
    pub fn another_agent(&self) -> Login {
        let path = self.folder.join("seed.json");
        let text = std::fs::read_to_string(path).expect("seed.json");
        let seed: Value = serde_json::from_str(&text).expect("JSON");
        serde_json::from_value(seed["aurora"]["agents"][1].clone()).expect("a login")
    }

    /// The account's admin, logged in.
    pub async fn admin(&self) -> Edgedesk {
        self.public.login(&self.stack.admin).await.expect("a login")
    }

    /// The other account's admin, logged in.
    pub async fn other_admin(&self) -> Edgedesk {
        self.public.login(&self.other.admin).await.expect("a login")
    }

    /// A Zendesk ticket that nobody else uses.
    #[must_use]
    pub fn ticket(&self) -> Ticket {
        Ticket::new(unique("7"), api::now().to_string())
    }

    /// Delivers a body under an invocation of its own.
    pub async fn deliver(&self, body: &Value) -> Answer {
        self.public
            .deliver(&self.stack.zendesk, &Delivery::of(unique("inv-"), body))
            .await
            .expect("an answer")
    }

    /// A new ticket with one message of the customer, and its conversation as D1 has it.
    pub async fn conversation(&self, text: &str) -> (Ticket, ConversationState) {
        let ticket = self.ticket();
        let body = ticket.created(&unique("evt-"), "A question", text);
        self.deliver(&body).await.expect(200).expect("taken");
        let agent = self.agent().await;
        let state = eventually("the conversation is in D1", async || {
            agent
                .by_external_id(self.stack.zendesk.inbox_id, &ticket.id)
                .await
                .expect("a list")
        })
        .await;
        (ticket, state)
    }
}

/// All routes of the running stack's API, in the order of their paths.
pub async fn api_routes(public: &Edgedesk) -> Vec<Route> {
    let routes = edgedesk_client::routes::api_routes(public).await;
    routes.expect("the document lists routes")
}

/// A text that no other test of any run uses: the prefix, and digits that are no card number whatever stands before them,
/// since those are not stored. Only a prefix that ends with a digit makes a number.
#[must_use]
pub fn unique(prefix: &str) -> String {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let count = COUNTER.fetch_add(1, Ordering::Relaxed);
    let process = std::process::id() % 10_000;
    let letter = if prefix.ends_with(|last: char| last.is_ascii_digit()) {
        ""
    } else {
        "u"
    };
    format!(
        "{prefix}{letter}0{}{process:04}{count}",
        api::now().millis() % 1_000_000_000
    )
}

/// Asks again and again until there is an answer. Fails when [`PATIENCE`] ends, and says what was waited for.
pub async fn eventually<T>(what: &str, ask: impl AsyncFnMut() -> Option<T>) -> T {
    eventually_within(PATIENCE, what, ask).await
}

/// The same with a patience of its own.
pub async fn eventually_within<T>(
    patience: Duration,
    what: &str,
    mut ask: impl AsyncFnMut() -> Option<T>,
) -> T {
    let search = async {
        let mut again = tokio::time::interval(Duration::from_millis(50));
        loop {
            again.tick().await;
            if let Some(found) = ask().await {
                return found;
            }
        }
    };
    tokio::time::timeout(patience, search)
        .await
        .unwrap_or_else(|_| panic!("not within {patience:?}: {what}"))
}
