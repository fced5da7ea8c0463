//! Who comes through an application of Cloudflare Access: the assertion that it adds to a request, and the checks of it.
//!
//! RS256 by a key of the team, issued by the team's origin for one application, about a person with an address. Access makes sure of
//! the address and of whatever the application's policies ask of the person and their device; an assertion lasts as long as
//! the application's sessions. That of a service token has a `common_name` and no `email`: it is nobody's.

use edgedesk_domain::time::Timestamp;
use edgedesk_domain::zero_trust::AccessApplication;
use serde::Deserialize;

use crate::client::{Http, Signatures};
use crate::jwks::Algorithm;
use crate::jws::{Audience, Fault, Unverified, check_period};
use crate::key_sets::{KeySets, KeysError, Verifier};

/// The header that Access puts the assertion into.
pub const ASSERTION_HEADER: &str = "cf-access-jwt-assertion";
/// Where the keys of a team are.
const KEYS_PATH: &str = "/cdn-cgi/access/certs";
/// What an assertion for an application says that it is. That of a team's own session is another.
const KIND: &str = "app";
/// How long keys are not asked for again when a token names one that is not among them: a minute, so that forged tokens are not
/// answered with as many questions to Cloudflare.
const KEYS_STAY_MILLIS: i64 = 60 * 1000;

/// Why a request did not come through an application. For the log: the outside is told less.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AccessError {
    /// It brings no assertion.
    #[error("no assertion")]
    Missing,
    /// Its assertion is not believed.
    #[error("the assertion is not believed: {0}")]
    Assertion(#[from] Fault),
    /// The team's keys are not to be had, so nothing is known of the assertion.
    #[error("{0}")]
    Keys(KeysError),
}

impl From<KeysError> for AccessError {
    fn from(error: KeysError) -> Self {
        match error {
            KeysError::Token(fault) => Self::Assertion(fault),
            KeysError::Unreachable(_) | KeysError::NotUnderstood => Self::Keys(error),
        }
    }
}

/// Looks at assertions.
#[derive(Debug)]
pub struct Access<'a, H, S> {
    /// Requests.
    pub http: &'a H,
    /// Signatures.
    pub signatures: &'a S,
    /// What is remembered.
    pub keys: &'a KeySets,
    /// Where every team's keys are, in the place of its own domain: for tests on one's own machine.
    pub base: Option<&'a str>,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: Audience,
    #[serde(rename = "type")]
    kind: Option<String>,
    email: Option<String>,
    exp: f64,
    iat: f64,
    nbf: Option<f64>,
}

impl<H: Http, S: Signatures> Access<'_, H, S> {
    /// Checks that an assertion is by `application`, of `now`, and about the person with this address.
    ///
    /// # Errors
    /// [`AccessError`].
    pub async fn check(
        &self,
        application: &AccessApplication,
        assertion: Option<&str>,
        email: &str,
        now: Timestamp,
    ) -> Result<(), AccessError> {
        let token = Unverified::read(assertion.ok_or(AccessError::Missing)?)?;
        // Access signs with no other, and no other is tried with its keys.
        if token.algorithm != Algorithm::Rs256 {
            return Err(Fault::Algorithm.into());
        }
        let issuer = application.issuer();
        let verifier = Verifier {
            http: self.http,
            signatures: self.signatures,
            sets: self.keys,
            stays_millis: KEYS_STAY_MILLIS,
        };
        let url = format!("{}{KEYS_PATH}", self.base.unwrap_or(&issuer));
        verifier.check(&url, &token, now).await?;
        Ok(check(&token.claims()?, application, email, now)?)
    }
}

fn check(
    claims: &Claims,
    application: &AccessApplication,
    email: &str,
    now: Timestamp,
) -> Result<(), Fault> {
    if claims.iss != application.issuer() {
        return Err(Fault::Issuer);
    }
    if !claims.aud.has(application.audience()) {
        return Err(Fault::Audience);
    }
    if claims.kind.as_deref() != Some(KIND) {
        return Err(Fault::Kind);
    }
    check_period(claims.exp, claims.iat, claims.nbf, now)?;
    // Letters of ASCII alone are folded: those that only look alike are another address.
    let named = claims.email.as_deref().unwrap_or_default();
    if named.is_empty() || !named.eq_ignore_ascii_case(email) {
        return Err(Fault::Email);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
