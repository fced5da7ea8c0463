//! Settings of this Worker, read from its variables and secrets and checked where they are used.

use edgedesk_crypto::root::{
    DEVELOPMENT, ENVIRONMENT, OLD_ROOT_KEY, PRODUCTION, ROOT_KEY, checked, keyed_hash, keyring,
};
use edgedesk_crypto::sealed::{Keyring, SealError};
use edgedesk_crypto::signed_link::LinkKey;
use edgedesk_crypto::token::TokenKey;
use edgedesk_domain::account::Secret;
use edgedesk_platform::keys::data_keys;
use edgedesk_store::{DataKeys, KnownKeys};
use worker::Env;

use crate::error::{AppError, RETRY_SECS};

/// Name of the secret that signs tokens.
const TOKEN_KEY: &str = "TOKEN_KEY";
/// Name of the setting with the calls without an account that one network has in a minute.
const SIGN_INS_PER_MINUTE: &str = "SIGN_INS_PER_MINUTE";
/// What it is unless set. Two calls renew a session, and five or six open one: a thousand consoles make some 130 a minute, and a
/// hundred people who sign in within a minute 600 more.
const DEFAULT_SIGN_INS_PER_MINUTE: u64 = 900;
/// Name of the seconds in which an erasure can be taken back.
const ERASURE_WINDOW: &str = "ERASURE_WINDOW_SECS";
/// That time, unless told otherwise: 30 days.
const DEFAULT_ERASURE_WINDOW_SECS: u64 = 30 * 24 * 3600;
/// Shortest that production takes: a day. A slip of the keyboard must not erase at once.
const MIN_ERASURE_WINDOW_SECS: u64 = 24 * 3600;

/// Name of the setting that says where every Zendesk is, on a developer's machine.
const ZENDESK_BASE: &str = "ZENDESK_BASE";
/// Name of the setting that says where the keys of every team of Cloudflare Access are, likewise.
const ACCESS_BASE: &str = "ACCESS_BASE";
/// Name of the setting that says who makes accounts.
const SIGN_UP: &str = "SIGN_UP";

/// Name of the setting that says where the virus scanner is, and of the secret that it is shown.
const SCANNER_URL: &str = "SCANNER_URL";
const SCANNER_TOKEN: &str = "SCANNER_TOKEN";

/// Name of the secret that a reader of the metrics shows.
const METRICS_TOKEN: &str = "METRICS_TOKEN";

/// What reads uploaded files before they are handed on.
#[derive(Debug, Clone)]
pub struct Scanner {
    /// Where files are posted to.
    pub url: String,
    /// What says that it is us.
    pub token: Option<Secret>,
}

/// Who may make an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignUp {
    /// Anybody.
    Open,
    /// Who owns one already.
    Owners,
    /// Nobody.
    Closed,
}

/// The settings.
#[derive(Debug, Clone)]
pub struct Config {
    environment: String,
    token_key: Option<Secret>,
    root_key: Option<Secret>,
    old_root_key: Option<Secret>,
    erasure_window: Option<String>,
    counts_calls: bool,
    sign_up: Option<String>,
    zendesk_base: Option<String>,
    access_base: Option<String>,
    sign_ins_per_minute: Option<u64>,
    scanner: Option<Scanner>,
    metrics_token: Option<Secret>,
}

/// Who may read the metrics.
#[derive(Debug, Clone, Copy)]
pub enum MetricsReader<'a> {
    /// Who shows this.
    Token(&'a Secret),
    /// Anybody, on a developer's machine.
    Anybody,
    /// Nobody.
    Nobody,
}

impl Config {
    /// Reads them. What is missing is noticed where it is needed, so that health checks answer on a half-configured
    /// deployment.
    #[must_use]
    pub fn from_env(env: &Env) -> Self {
        let secret = |name| {
            env.secret(name)
                .ok()
                .map(|value| Secret::new(value.to_string()))
        };
        Self {
            environment: env
                .var(ENVIRONMENT)
                .map_or_else(|_| "development".to_owned(), |value| value.to_string()),
            token_key: secret(TOKEN_KEY),
            root_key: secret(ROOT_KEY),
            old_root_key: secret(OLD_ROOT_KEY),
            erasure_window: env.var(ERASURE_WINDOW).ok().map(|value| value.to_string()),
            counts_calls: true,
            sign_up: env.var(SIGN_UP).ok().map(|value| value.to_string()),
            zendesk_base: env.var(ZENDESK_BASE).ok().map(|value| value.to_string()),
            access_base: env.var(ACCESS_BASE).ok().map(|value| value.to_string()),
            sign_ins_per_minute: env
                .var(SIGN_INS_PER_MINUTE)
                .ok()
                .and_then(|value| value.to_string().parse().ok()),
            scanner: env.var(SCANNER_URL).ok().map(|url| Scanner {
                url: url.to_string(),
                token: secret(SCANNER_TOKEN),
            }),
            metrics_token: secret(METRICS_TOKEN),
        }
    }

    /// For tests.
    #[cfg(test)]
    #[must_use]
    pub fn new(environment: &str, token_key: Option<&str>) -> Self {
        Self {
            environment: environment.to_owned(),
            token_key: token_key.map(Secret::new),
            root_key: None,
            old_root_key: None,
            erasure_window: None,
            counts_calls: false,
            sign_up: None,
            zendesk_base: None,
            access_base: None,
            sign_ins_per_minute: None,
            scanner: None,
            metrics_token: None,
        }
    }

    /// The same with this secret of readers of the metrics, for tests.
    #[cfg(test)]
    #[must_use]
    pub fn with_metrics_token(self, token: &str) -> Self {
        Self {
            metrics_token: Some(Secret::new(token)),
            ..self
        }
    }

    /// The same with these roots of the keys that seal, for tests.
    #[cfg(test)]
    #[must_use]
    pub fn with_root_keys(self, root_key: &str, old_root_key: Option<&str>) -> Self {
        Self {
            root_key: Some(Secret::new(root_key)),
            old_root_key: old_root_key.map(Secret::new),
            ..self
        }
    }

    /// The same with this text for the time in which an erasure can be taken back, for tests.
    #[cfg(test)]
    #[must_use]
    pub fn with_erasure_window(self, secs: &str) -> Self {
        Self {
            erasure_window: Some(secs.to_owned()),
            ..self
        }
    }

    /// Seconds in which an erasure can be taken back. What is no number, or too short for production, is nobody's wish.
    pub fn erasure_window_secs(&self) -> Result<u64, AppError> {
        let Some(text) = &self.erasure_window else {
            return Ok(DEFAULT_ERASURE_WINDOW_SECS);
        };
        let least = if self.environment == PRODUCTION {
            MIN_ERASURE_WINDOW_SECS
        } else {
            0
        };
        text.parse()
            .ok()
            .filter(|secs| *secs >= least)
            .ok_or_else(|| {
                AppError::unavailable(
                    RETRY_SECS,
                    format!("{ERASURE_WINDOW} is not a number of seconds, {least} at least"),
                )
            })
    }

    /// Who may read the metrics: whoever shows the token, where there is one.
    #[must_use]
    pub fn metrics_reader(&self) -> MetricsReader<'_> {
        match &self.metrics_token {
            // An empty secret is a slip, and no leave for everybody.
            Some(token) if token.expose().is_empty() => MetricsReader::Nobody,
            Some(token) => MetricsReader::Token(token),
            None if self.environment == DEVELOPMENT => MetricsReader::Anybody,
            None => MetricsReader::Nobody,
        }
    }

    /// Which deployment this is, such as `development` or `production`.
    #[must_use]
    pub fn environment(&self) -> &str {
        &self.environment
    }

    /// Whether this is a developer's machine, or a test's.
    #[must_use]
    pub fn is_development(&self) -> bool {
        self.environment == DEVELOPMENT
    }

    /// Whether who sends an invitation may see its link: not where mail goes to strangers.
    #[must_use]
    pub fn shows_links(&self) -> bool {
        self.is_development()
    }

    /// Who may make an account. Where nothing is set, anybody on a developer's machine, and elsewhere who owns one: a deployment
    /// does not become a public service by a setting that somebody forgot. A word that is none of the three closes it.
    #[must_use]
    pub fn sign_up(&self) -> SignUp {
        match self.sign_up.as_deref() {
            Some("open") => SignUp::Open,
            Some("owners") => SignUp::Owners,
            Some(_) => SignUp::Closed,
            None if self.environment == DEVELOPMENT => SignUp::Open,
            None => SignUp::Owners,
        }
    }

    /// Whether calls are counted: not in tests without a platform, where nothing could.
    #[must_use]
    pub const fn counts_calls(&self) -> bool {
        self.counts_calls
    }

    /// Where every Zendesk is instead of at `{subdomain}.zendesk.com`: on a developer's machine alone, since it gets API tokens.
    #[must_use]
    pub fn zendesk_base(&self) -> Option<&str> {
        let base = self.zendesk_base.as_deref();
        base.filter(|_| self.environment == DEVELOPMENT)
    }

    /// What reads uploaded files; none unless the deployment has one.
    #[must_use]
    pub const fn scanner(&self) -> Option<&Scanner> {
        self.scanner.as_ref()
    }

    /// Where the keys of every team of Cloudflare Access are instead of at its own domain: on a developer's machine alone, since they
    /// say whom to believe.
    #[must_use]
    pub fn access_base(&self) -> Option<&str> {
        let base = self.access_base.as_deref();
        base.filter(|_| self.environment == DEVELOPMENT)
    }

    /// What the limits of plans are multiplied with. On a developer's machine tests share two accounts; those that are about
    /// limits lower them in the settings of an account of their own.
    #[must_use]
    pub fn limits_scale(&self) -> u64 {
        if self.environment == DEVELOPMENT {
            1_000
        } else {
            1
        }
    }

    /// Calls without an account in a minute, of one network: what the deployment says, or enough for an office of a thousand whose
    /// consoles ask for new tokens every 15 minutes, with the sign-ins of a morning beside them.
    #[must_use]
    pub fn sign_ins_per_minute(&self) -> u64 {
        self.sign_ins_per_minute
            .unwrap_or(DEFAULT_SIGN_INS_PER_MINUTE * self.limits_scale())
    }

    /// The key that signs tokens. In production the development key does not count: everyone could sign with it.
    pub fn token_key(&self) -> Result<TokenKey, AppError> {
        let secret = self.checked(TOKEN_KEY, self.token_key.as_ref())?;
        Ok(TokenKey::new(secret)?)
    }

    /// The key that signs links, derived from the one that signs tokens.
    pub fn link_key(&self) -> Result<LinkKey, AppError> {
        let secret = self.checked(TOKEN_KEY, self.token_key.as_ref())?;
        Ok(LinkKey::derive(secret)?)
    }

    /// The keys that seal values of one purpose, such as the name of a table. In production the development key does not
    /// count: everyone could open with it.
    pub fn keyring(&self, purpose: &str) -> Result<Keyring, AppError> {
        let (root, old_root) = self.roots()?;
        keyring(root, old_root, purpose).map_err(bad_root)
    }

    /// A hash of texts that only we can compute, of one purpose.
    pub fn keyed_hash(&self, purpose: &str, parts: &[&[u8]]) -> Result<String, AppError> {
        let (root, _) = self.roots()?;
        keyed_hash(root, purpose, parts).map_err(bad_root)
    }

    /// The data keys of accounts, of which `known` are known in this isolate.
    pub fn data_keys(&self, known: KnownKeys) -> Result<DataKeys, AppError> {
        let (root, old_root) = self.roots()?;
        data_keys(root, old_root, known).map_err(bad_root)
    }

    /// The root secret and the one before it.
    fn roots(&self) -> Result<(&Secret, Option<&Secret>), AppError> {
        let root = self.checked(ROOT_KEY, self.root_key.as_ref())?;
        Ok((root, self.old_root_key.as_ref()))
    }

    fn checked<'a>(
        &self,
        name: &'static str,
        secret: Option<&'a Secret>,
    ) -> Result<&'a Secret, AppError> {
        checked(&self.environment, name, secret)
            .map_err(|error| AppError::unavailable(RETRY_SECS, error.to_string()))
    }
}

fn bad_root(error: SealError) -> AppError {
    AppError::unavailable(RETRY_SECS, format!("{ROOT_KEY} or {OLD_ROOT_KEY}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEVELOPMENT_KEY: &str = "development-only-token-key-change-me-0123456789";

    #[test]
    fn production_refuses_the_key_that_everyone_can_read() {
        let long = "k".repeat(48);
        for (environment, key, works) in [
            ("development", Some(DEVELOPMENT_KEY), true),
            ("production", Some(DEVELOPMENT_KEY), false),
            ("production", Some(long.as_str()), true),
            ("production", Some("short"), false),
            ("production", None, false),
            ("development", None, false),
        ] {
            let outcome = Config::new(environment, key).token_key();
            assert_eq!(outcome.is_ok(), works, "{environment} {key:?}");
            if let Err(error) = outcome {
                assert_eq!(error.status, http::StatusCode::SERVICE_UNAVAILABLE);
            }
        }
    }

    const DEVELOPMENT_ROOT_KEY: &str = "development-only-root-key-change-me-0123456789ab";

    #[test]
    fn the_keys_in_the_repository_are_known_as_the_development_keys() {
        for key in [DEVELOPMENT_KEY, DEVELOPMENT_ROOT_KEY] {
            assert!(include_str!("../../../wrangler.toml").contains(key));
        }
        // Jobs opens what the gateway seals.
        assert!(include_str!("../../jobs/wrangler.toml").contains(DEVELOPMENT_ROOT_KEY));
    }

    #[test]
    fn production_seals_with_no_key_that_everyone_can_read() {
        let long = "k".repeat(48);
        for (environment, key, works) in [
            ("development", DEVELOPMENT_ROOT_KEY, true),
            ("production", DEVELOPMENT_ROOT_KEY, false),
            ("production", long.as_str(), true),
            ("production", "short", false),
        ] {
            let config = Config::new(environment, None).with_root_keys(key, None);
            assert_eq!(config.keyring("test").is_ok(), works, "{environment} {key}");
        }
        let error = Config::new("development", None).keyring("test").err();
        assert_eq!(error.map(|error| error.status.as_u16()), Some(503));
    }

    #[test]
    fn what_was_sealed_under_the_old_root_opens_while_it_is_given() {
        let place = edgedesk_crypto::sealed::Place {
            table: "t",
            row: "r",
            column: "c",
        };
        let (old, new) = ("o".repeat(32), "n".repeat(32));
        let keyring = |root: &str, old: Option<&str>| {
            let config = Config::new("production", None).with_root_keys(root, old);
            config.keyring("test").unwrap()
        };
        let sealed = keyring(&old, None).seal(&place, b"x", [0; 12]).unwrap();
        assert!(keyring(&new, Some(&old)).open(&place, &sealed).is_ok());
        assert!(keyring(&new, None).open(&place, &sealed).is_err());
    }

    #[test]
    fn who_makes_accounts_is_said_and_else_as_few_as_the_place_allows() {
        for (environment, set, sign_up) in [
            ("development", None, SignUp::Open),
            ("production", None, SignUp::Owners),
            ("staging", None, SignUp::Owners),
            ("production", Some("open"), SignUp::Open),
            ("development", Some("owners"), SignUp::Owners),
            ("development", Some("closed"), SignUp::Closed),
            ("production", Some("Open "), SignUp::Closed),
            ("production", Some(""), SignUp::Closed),
        ] {
            let config = Config {
                sign_up: set.map(str::to_owned),
                ..Config::new(environment, None)
            };
            assert_eq!(config.sign_up(), sign_up, "{environment} {set:?}");
        }
    }

    #[test]
    fn an_erasure_can_be_taken_back_for_thirty_days_and_in_production_for_one_at_least() {
        for (environment, secs, expected) in [
            ("production", None, Some(2_592_000)),
            ("production", Some("86400"), Some(86_400)),
            ("production", Some("86399"), None),
            ("production", Some("0"), None),
            ("production", Some("a month"), None),
            ("production", Some("-1"), None),
            ("development", Some("3"), Some(3)),
            ("development", Some(""), None),
        ] {
            let config = Config::new(environment, None);
            let config = match secs {
                Some(secs) => config.with_erasure_window(secs),
                None => config,
            };
            let outcome = config.erasure_window_secs();
            assert_eq!(outcome.ok(), expected, "{environment} {secs:?}");
        }
    }

    #[test]
    fn others_are_asked_elsewhere_than_at_their_own_place_in_development_alone() {
        for (environment, expected) in [
            ("development", Some("http://127.0.0.1:9")),
            ("staging", None),
            ("production", None),
        ] {
            let base = Some("http://127.0.0.1:9".to_owned());
            let config = Config {
                zendesk_base: base.clone(),
                access_base: base,
                ..Config::new(environment, None)
            };
            assert_eq!(config.zendesk_base(), expected, "{environment}");
            assert_eq!(config.access_base(), expected, "{environment}");
        }
    }

    #[test]
    fn links_of_invitations_are_shown_in_development_alone() {
        for (environment, shows) in [
            ("development", true),
            ("staging", false),
            ("production", false),
        ] {
            assert_eq!(
                Config::new(environment, None).shows_links(),
                shows,
                "{environment}"
            );
        }
    }
}
