//! The providers of a deployment, as its configuration has them: JSON, in the order in which they are asked.
//!
//! Read strictly: a field that is not known, a key that is written out or a price that is missing is a mistake, and better found than
//! paid for. Keys are secrets of the runtime, and only their names stand here.

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::anthropic::{self, Anthropic};
use crate::breaker::BreakerSettings;
use crate::chain::{AnyGenerator, Link};
use crate::ledger::Price;
use crate::openai::{self, OpenAi, Structured, TokenLimit};
use crate::transport::{HttpStream, Limits, Runtime};
use crate::workers_ai::{RestSettings, WorkersAiRest};
use crate::{ApiKey, TextGenerator};

/// Most providers of a deployment.
pub const MAX_PROVIDERS: usize = 8;
/// What the generator is called that is always there; no provider may be called so.
pub const EMBEDDED: &str = "embedded";
/// Longest time that any limit allows, in milliseconds.
const MAX_MILLIS: u64 = 120_000;
/// Most letters of a name.
const MAX_NAME_CHARS: usize = 40;

/// One provider.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provider {
    /// How logs, books and pages call it, once in a deployment; its kind's word where it has none.
    #[serde(default)]
    name: Option<String>,
    /// What it speaks.
    pub kind: Kind,
    /// Without the path that the kind adds: `https://api.openai.com/v1`, `https://api.anthropic.com`,
    /// `https://api.cloudflare.com/client/v4`.
    pub base_url: String,
    /// Which model.
    pub model: String,
    /// The name of the secret that holds its key. Only a server of one's own may have none.
    #[serde(default)]
    pub key_secret: Option<String>,
    /// The id of Cloudflare's account, for Workers AI.
    #[serde(default)]
    pub cloudflare_account: Option<String>,
    /// How long is waited for the first byte, in milliseconds.
    #[serde(default)]
    first_byte_millis: Option<u64>,
    /// How long for the next piece.
    #[serde(default)]
    between_millis: Option<u64>,
    /// How long for all of it.
    #[serde(default)]
    whole_millis: Option<u64>,
    /// Requests a minute, in each isolate of the Worker.
    #[serde(default = "default_requests_per_minute")]
    pub requests_per_minute: u32,
    /// What it costs. Only a server of one's own may have none.
    #[serde(default)]
    price: Option<StrictPrice>,
    /// Whether it is a server of one's own, so that it is sent names and addresses as they are.
    #[serde(default)]
    pub is_inside: bool,
    /// For `openai`: whether it only knows the old name of the limit.
    #[serde(default)]
    max_tokens: bool,
    /// For `openai`: how it is told of a schema.
    #[serde(default)]
    structured: StructuredWord,
}

/// What a provider speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// OpenAI's chat completions.
    #[serde(rename = "openai")]
    OpenAi,
    /// Anthropic's messages.
    Anthropic,
    /// The REST endpoint of Workers AI.
    WorkersAi,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct StrictPrice {
    input_micro_dollars: u64,
    output_micro_dollars: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StructuredWord {
    #[default]
    JsonSchema,
    JsonObject,
    None,
}

/// What is wrong with the configuration. Says no values of it: one might be a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// No JSON, or not of this shape.
    #[error("line {line}, column {column}: not the JSON that is expected ({kind})")]
    Malformed {
        /// Where.
        line: usize,
        /// Where in it.
        column: usize,
        /// What of it.
        kind: &'static str,
    },
    /// There are more than [`MAX_PROVIDERS`].
    #[error("more than {MAX_PROVIDERS} providers")]
    TooMany,
    /// One of them cannot be so.
    #[error("provider {number}: {problem}")]
    Provider {
        /// Which, from 1.
        number: usize,
        /// What is wrong.
        problem: &'static str,
    },
}

const fn default_requests_per_minute() -> u32 {
    50
}

/// Reads the providers of a deployment. An empty text is none.
pub fn parse(text: &str) -> Result<Vec<Provider>, SettingsError> {
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    let providers: Vec<Provider> =
        serde_json::from_str(text).map_err(|error| SettingsError::Malformed {
            line: error.line(),
            column: error.column(),
            kind: match error.classify() {
                serde_json::error::Category::Data => {
                    "a field is missing, unknown or of another type"
                }
                serde_json::error::Category::Eof => "it ends too early",
                _ => "no JSON",
            },
        })?;
    if providers.len() > MAX_PROVIDERS {
        return Err(SettingsError::TooMany);
    }
    let mut names = BTreeSet::new();
    for (index, provider) in providers.iter().enumerate() {
        let problem = provider.problem().or_else(|| {
            let is_new = names.insert(provider.name());
            (!is_new).then_some("its name is another one's, too")
        });
        if let Some(problem) = problem {
            let number = index + 1;
            return Err(SettingsError::Provider { number, problem });
        }
    }
    Ok(providers)
}

impl Kind {
    /// The word in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::Anthropic => "anthropic",
            Self::WorkersAi => "workers_ai",
        }
    }
}

impl Provider {
    /// How logs, books and pages call it.
    #[must_use]
    pub fn name(&self) -> &str {
        self.name.as_deref().unwrap_or(self.kind.as_str())
    }

    /// What it costs; nothing where it is one's own and the configuration says nothing.
    #[must_use]
    pub fn price(&self) -> Price {
        self.price.map_or_else(Price::default, |price| Price {
            input_micro_dollars: price.input_micro_dollars,
            output_micro_dollars: price.output_micro_dollars,
        })
    }

    /// The client that asks it, by this key.
    #[must_use]
    pub fn client<H, R>(&self, key: Option<ApiKey>, http: H, runtime: R) -> Box<dyn AnyGenerator>
    where
        H: HttpStream + 'static,
        R: Runtime + 'static,
    {
        let (provider, base_url, model) = (
            self.name().to_owned(),
            self.base_url.clone(),
            self.model.clone(),
        );
        let limits = self.limits();
        match self.kind {
            Kind::OpenAi => boxed(OpenAi {
                settings: openai::Settings {
                    provider,
                    base_url,
                    api_key: key,
                    model,
                    token_limit: if self.max_tokens {
                        TokenLimit::MaxTokens
                    } else {
                        TokenLimit::MaxCompletionTokens
                    },
                    structured: match self.structured {
                        StructuredWord::JsonSchema => Structured::JsonSchema,
                        StructuredWord::JsonObject => Structured::JsonObject,
                        StructuredWord::None => Structured::None,
                    },
                    limits,
                },
                http,
                runtime,
            }),
            Kind::Anthropic => boxed(Anthropic {
                settings: anthropic::Settings {
                    provider,
                    base_url,
                    api_key: key.unwrap_or_else(no_key),
                    model,
                    limits,
                },
                http,
                runtime,
            }),
            Kind::WorkersAi => boxed(WorkersAiRest {
                provider,
                model,
                limits,
                rest: RestSettings {
                    base_url,
                    account: self.cloudflare_account.clone().unwrap_or_default(),
                    api_token: key.unwrap_or_else(no_key),
                },
                http,
                runtime,
            }),
        }
    }

    /// Its place in a chain.
    #[must_use]
    pub fn link<'a>(&self, generator: &'a dyn AnyGenerator) -> Link<'a> {
        Link {
            generator,
            timeout_millis: self.limits().whole_millis,
            breaker: BreakerSettings::default(),
            requests_per_minute: self.requests_per_minute,
            price: self.price(),
            is_outside: !self.is_inside,
        }
    }

    fn limits(&self) -> Limits {
        let usual = Limits::default();
        Limits {
            first_byte_millis: self.first_byte_millis.unwrap_or(usual.first_byte_millis),
            between_millis: self.between_millis.unwrap_or(usual.between_millis),
            whole_millis: self.whole_millis.unwrap_or(usual.whole_millis),
            ..usual
        }
    }

    fn problem(&self) -> Option<&'static str> {
        let is_word = |text: &str| {
            !text.is_empty()
                && text.chars().count() <= MAX_NAME_CHARS
                && text
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c))
        };
        let is_model = |text: &str| {
            (1..=100).contains(&text.len())
                && text
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || "_-.:/@".contains(c))
        };
        let limits = self.limits();
        let millis = [
            limits.first_byte_millis,
            limits.between_millis,
            limits.whole_millis,
        ];
        let of_openai = self.max_tokens || self.structured != StructuredWord::JsonSchema;
        [
            (
                !is_word(self.name()),
                "its name has other characters than letters, digits, - _ and .",
            ),
            (
                self.name() == EMBEDDED,
                "its name is the embedded composer's",
            ),
            (!is_model(&self.model), "its model is no name of one"),
            (
                !is_base_url(&self.base_url, self.is_inside),
                "its base_url is no https address without a query",
            ),
            (
                self.key_secret
                    .as_deref()
                    .is_some_and(|name| !is_word(name)),
                "its key_secret is no name of a secret",
            ),
            (
                self.key_secret.is_none() && !(self.is_inside && self.kind == Kind::OpenAi),
                "its key_secret is missing",
            ),
            (
                (self.kind == Kind::WorkersAi) != self.cloudflare_account.is_some(),
                "cloudflare_account goes with workers_ai, and only with it",
            ),
            (
                self.cloudflare_account
                    .as_deref()
                    .is_some_and(|id| !is_word(id)),
                "its cloudflare_account is no id",
            ),
            (
                self.kind != Kind::OpenAi && of_openai,
                "max_tokens and structured are of openai alone",
            ),
            (
                self.price.is_none() && !self.is_inside,
                "its price is missing",
            ),
            (
                millis
                    .iter()
                    .any(|millis| !(1..=MAX_MILLIS).contains(millis)),
                "a limit is none of 1 to 120,000 milliseconds",
            ),
            (
                self.requests_per_minute == 0,
                "its requests_per_minute are none",
            ),
        ]
        .into_iter()
        .find_map(|(is_wrong, problem)| is_wrong.then_some(problem))
    }
}

fn boxed(generator: impl TextGenerator + 'static) -> Box<dyn AnyGenerator> {
    Box::new(generator)
}

/// Never sent to anybody who asks for one: who has none is left out before.
fn no_key() -> ApiKey {
    ApiKey::new("")
}

/// Whether a key may be sent there: over TLS, or within this machine, or within a network of one's own.
fn is_base_url(url: &str, is_inside: bool) -> bool {
    let is_clean =
        url.bytes().all(|byte| byte.is_ascii_graphic()) && !url.contains(['?', '#', '@', '\\']);
    let Some((scheme, rest)) = url.split_once("://") else {
        return false;
    };
    let authority = rest.split('/').next().unwrap_or_default();
    let host = match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    let is_here = matches!(host, "127.0.0.1" | "localhost" | "::1");
    is_clean
        && !host.is_empty()
        && (scheme == "https" || scheme == "http" && (is_here || is_inside))
}

#[cfg(test)]
mod tests;
