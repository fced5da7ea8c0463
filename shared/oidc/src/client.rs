//! Speaking with a provider: its metadata and keys, the URL for the browser, and the exchange of a code.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use edgedesk_domain::time::Timestamp;
use form_urlencoded::{Serializer, byte_serialize};
use serde::Deserialize;

use crate::attempt::Attempt;
use crate::id_token::Identity;
use crate::jwks::{Algorithm, PublicKey};
use crate::jws::{Fault, Unverified};
use crate::key_sets::{KeySets, KeysError, REMEMBERED_MILLIS, Verifier};
use crate::provider::{Metadata, Provider, is_safe_url};

/// What we ask for: who it is, and their address.
const SCOPE: &str = "openid email profile";

/// Why signing in with a provider did not work. For the log: the outside is told less.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OidcError {
    /// It does not answer, or not in a way that anything could be told from.
    #[error("{what}: no answer: {reason}")]
    Unreachable {
        /// What was asked for.
        what: &'static str,
        /// Why there is none.
        reason: String,
    },
    /// It answered, with something else.
    #[error("{what}: not understood")]
    NotUnderstood {
        /// What was asked for.
        what: &'static str,
    },
    /// Its metadata are those of another issuer.
    #[error("the metadata name another issuer")]
    OtherIssuer,
    /// Its metadata point to a place where nothing of ours may go.
    #[error("the metadata point to a URL that is not https")]
    UnsafeUrl,
    /// It does not take the code.
    #[error("the code was refused with {status}")]
    CodeRefused {
        /// The status of its answer.
        status: u16,
    },
    /// Its ID token is not believed.
    #[error("the ID token is not believed: {0}")]
    Token(#[from] Fault),
}

impl OidcError {
    /// Whether it may pass by itself.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unreachable { .. })
    }
}

impl From<KeysError> for OidcError {
    fn from(error: KeysError) -> Self {
        const WHAT: &str = "keys";
        match error {
            KeysError::Unreachable(reason) => Self::Unreachable { what: WHAT, reason },
            KeysError::NotUnderstood => Self::NotUnderstood { what: WHAT },
            KeysError::Token(fault) => Self::Token(fault),
        }
    }
}

/// An answer over HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

/// Requests to providers and to Zendesk. Redirects are not followed: none of what is asked for has any.
#[allow(async_fn_in_trait, reason = "the runtime has one thread")]
pub trait Http {
    /// `GET`, with the value of an `Authorization` header or none. The error is a reason for the log.
    async fn get(&self, url: &str, authorization: Option<String>) -> Result<Answer, String>;
    /// `POST` of a form, with the value of an `Authorization` header or none.
    async fn post_form(
        &self,
        url: &str,
        form: String,
        authorization: Option<String>,
    ) -> Result<Answer, String>;
}

/// The verification of signatures.
#[allow(async_fn_in_trait, reason = "the runtime has one thread")]
pub trait Signatures {
    /// Whether `signature` is that of `key` over `text`. False also for a key or signature that is none.
    async fn is_good(
        &self,
        algorithm: Algorithm,
        key: &PublicKey,
        text: &[u8],
        signature: &[u8],
    ) -> bool;
}

/// What is remembered of providers: metadata by their id, and keys. Only a cache; a clone is the same one.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    metadata: Rc<RefCell<BTreeMap<&'static str, Known>>>,
    keys: KeySets,
}

#[derive(Debug, Clone)]
struct Known {
    metadata: Metadata,
    read_at: Timestamp,
}

/// Speaks with providers.
#[derive(Debug)]
pub struct Client<'a, H, S> {
    /// Requests.
    pub http: &'a H,
    /// Signatures.
    pub signatures: &'a S,
    /// What is remembered.
    pub memory: &'a Memory,
    /// Whether a provider may be on this very machine, without `https`.
    pub allows_loopback: bool,
}

#[derive(Deserialize)]
struct TokenAnswer {
    id_token: String,
}

impl<H: Http, S: Signatures> Client<'_, H, S> {
    /// Where the browser goes: OpenID Connect Core 1.0, section 3.1.2.1.
    pub async fn authorization_url(
        &self,
        provider: &Provider,
        attempt: &Attempt,
        redirect_uri: &str,
        now: Timestamp,
    ) -> Result<String, OidcError> {
        let endpoint = self.metadata(provider, now).await?.authorization_endpoint;
        let query = Serializer::new(String::new())
            .append_pair("response_type", "code")
            .append_pair("client_id", &provider.client_id)
            .append_pair("redirect_uri", redirect_uri)
            .append_pair("scope", SCOPE)
            .append_pair("state", attempt.state())
            .append_pair("nonce", &attempt.nonce())
            .append_pair("code_challenge", &attempt.code_challenge())
            .append_pair("code_challenge_method", "S256")
            .finish();
        let separator = if endpoint.contains('?') { '&' } else { '?' };
        Ok(format!("{endpoint}{separator}{query}"))
    }

    /// Whom the provider names for a code. `attempt` is the browser's own, and has been used up.
    pub async fn identify(
        &self,
        provider: &Provider,
        attempt: &Attempt,
        redirect_uri: &str,
        code: &str,
        now: Timestamp,
    ) -> Result<Identity, OidcError> {
        let metadata = self.metadata(provider, now).await?;
        let text = self
            .exchange(provider, &metadata, attempt, redirect_uri, code)
            .await?;
        let token = Unverified::read(&text)?;
        let verifier = Verifier {
            http: self.http,
            signatures: self.signatures,
            sets: &self.memory.keys,
            // A token comes from the provider itself.
            stays_millis: 0,
        };
        verifier.check(&metadata.jwks_uri, &token, now).await?;
        Ok(token.check(provider, &attempt.nonce(), now)?)
    }

    /// The ID token for a code: OpenID Connect Core 1.0, section 3.1.3, and RFC 7636, section 4.5.
    async fn exchange(
        &self,
        provider: &Provider,
        metadata: &Metadata,
        attempt: &Attempt,
        redirect_uri: &str,
        code: &str,
    ) -> Result<String, OidcError> {
        const WHAT: &str = "exchange of the code";
        let secret = provider.client_secret.expose();
        let mut form = Serializer::new(String::new());
        form.append_pair("grant_type", "authorization_code")
            .append_pair("code", code)
            .append_pair("redirect_uri", redirect_uri)
            .append_pair("code_verifier", &attempt.code_verifier());
        let authorization = if metadata.takes_secret_in_form() {
            form.append_pair("client_id", &provider.client_id)
                .append_pair("client_secret", secret);
            None
        } else {
            Some(basic(&provider.client_id, secret))
        };
        let answer = self
            .http
            .post_form(&metadata.token_endpoint, form.finish(), authorization)
            .await
            .map_err(|reason| OidcError::Unreachable { what: WHAT, reason })?;
        match answer.status {
            200 => {}
            status @ 500.. => return Err(broken(WHAT, status)),
            status => return Err(OidcError::CodeRefused { status }),
        }
        let tokens: TokenAnswer = serde_json::from_slice(&answer.body)
            .map_err(|_| OidcError::NotUnderstood { what: WHAT })?;
        Ok(tokens.id_token)
    }

    async fn metadata(&self, provider: &Provider, now: Timestamp) -> Result<Metadata, OidcError> {
        let remembered = self.memory.metadata.borrow().get(provider.id).cloned();
        if let Some(known) = remembered
            && (0..REMEMBERED_MILLIS).contains(&now.millis_since(known.read_at))
        {
            return Ok(known.metadata);
        }
        let metadata = self.read_metadata(provider).await?;
        let known = Known {
            metadata: metadata.clone(),
            read_at: now,
        };
        self.memory.metadata.borrow_mut().insert(provider.id, known);
        Ok(metadata)
    }

    /// OpenID Connect Discovery 1.0, sections 4.2 and 4.3.
    async fn read_metadata(&self, provider: &Provider) -> Result<Metadata, OidcError> {
        const WHAT: &str = "metadata";
        let url = provider.metadata_url();
        if !is_safe_url(&url, self.allows_loopback) {
            return Err(OidcError::UnsafeUrl);
        }
        let body = self.get(WHAT, &url).await?;
        let metadata: Metadata =
            serde_json::from_slice(&body).map_err(|_| OidcError::NotUnderstood { what: WHAT })?;
        if metadata.issuer != provider.issuer {
            return Err(OidcError::OtherIssuer);
        }
        let is_safe = |url: &&str| is_safe_url(url, self.allows_loopback);
        if metadata.urls().iter().all(is_safe) {
            Ok(metadata)
        } else {
            Err(OidcError::UnsafeUrl)
        }
    }

    async fn get(&self, what: &'static str, url: &str) -> Result<Vec<u8>, OidcError> {
        let answer = self
            .http
            .get(url, None)
            .await
            .map_err(|reason| OidcError::Unreachable { what, reason })?;
        if answer.status == 200 {
            Ok(answer.body)
        } else {
            Err(broken(what, answer.status))
        }
    }
}

fn broken(what: &'static str, status: u16) -> OidcError {
    OidcError::Unreachable {
        what,
        reason: format!("status {status}"),
    }
}

/// RFC 6749, section 2.3.1: both are encoded as in a form first.
fn basic(client_id: &str, secret: &str) -> String {
    let encode = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
    let pair = format!("{}:{}", encode(client_id), encode(secret));
    format!("Basic {}", STANDARD.encode(pair))
}

#[cfg(test)]
mod tests;
