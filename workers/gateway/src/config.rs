//! Settings of this Worker, read from its variables and secrets and checked where they are used.

use edgedesk_crypto::token::TokenKey;
use edgedesk_domain::account::Secret;
use worker::Env;

use crate::error::{AppError, RETRY_SECS};

/// Name of the setting that says which deployment this is.
const ENVIRONMENT: &str = "EDGEDESK_ENV";
/// Name of the secret that signs tokens.
const TOKEN_KEY: &str = "TOKEN_KEY";
/// What [`ENVIRONMENT`] says where customers are.
const PRODUCTION: &str = "production";
/// The start of the key that stands in the repository for everyone to read.
const DEVELOPMENT_KEY_PREFIX: &str = "development-only-";

/// The settings.
#[derive(Debug, Clone)]
pub struct Config {
    environment: String,
    token_key: Option<Secret>,
}

impl Config {
    /// Reads them. What is missing is noticed where it is needed, so that health checks answer on a half-configured
    /// deployment.
    #[must_use]
    pub fn from_env(env: &Env) -> Self {
        Self {
            environment: env
                .var(ENVIRONMENT)
                .map_or_else(|_| "development".to_owned(), |value| value.to_string()),
            token_key: env
                .secret(TOKEN_KEY)
                .ok()
                .map(|value| Secret::new(value.to_string())),
        }
    }

    /// For tests.
    #[cfg(test)]
    #[must_use]
    pub fn new(environment: &str, token_key: Option<&str>) -> Self {
        Self {
            environment: environment.to_owned(),
            token_key: token_key.map(Secret::new),
        }
    }

    /// Which deployment this is, such as `development` or `production`.
    #[must_use]
    pub fn environment(&self) -> &str {
        &self.environment
    }

    /// The key that signs tokens. In production the development key does not count: everyone could sign with it.
    pub fn token_key(&self) -> Result<TokenKey, AppError> {
        let Some(secret) = &self.token_key else {
            return Err(AppError::unavailable(
                RETRY_SECS,
                "the secret TOKEN_KEY is not set: `wrangler secret put TOKEN_KEY`",
            ));
        };
        if self.environment == PRODUCTION && secret.expose().starts_with(DEVELOPMENT_KEY_PREFIX) {
            return Err(AppError::unavailable(
                RETRY_SECS,
                "TOKEN_KEY is the development key, in production: `wrangler secret put TOKEN_KEY --env production`",
            ));
        }
        Ok(TokenKey::new(secret)?)
    }
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

    #[test]
    fn the_key_in_the_repository_is_known_as_the_development_key() {
        assert!(include_str!("../../../wrangler.toml").contains(DEVELOPMENT_KEY));
    }
}
