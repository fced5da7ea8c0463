//! ID tokens: the checks of OpenID Connect Core 1.0, section 3.1.3.7, but for the signature, which [`crate::client`] asks for
//! before.

use edgedesk_domain::time::Timestamp;
use serde::Deserialize;

use crate::jws::{Audience, Fault, Unverified, check_times};
use crate::provider::Provider;

/// Longest subject: OpenID Connect Core 1.0, section 2.
const MAX_SUBJECT_CHARS: usize = 255;

/// Whom a provider names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The issuer.
    pub issuer: String,
    /// Whom it means; unique there, and never given to another.
    pub subject: String,
    /// The person's e-mail address, if the provider has made sure that it is theirs.
    pub verified_email: Option<String>,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    azp: Option<String>,
    exp: f64,
    iat: f64,
    nonce: Option<String>,
    tid: Option<String>,
    email: Option<String>,
    email_verified: Option<Said>,
    /// Microsoft's word for the same: the owner of the address's domain has been verified.
    xms_edov: Option<Said>,
}

/// Yes or no, as providers write it.
#[derive(Deserialize)]
#[serde(untagged)]
enum Said {
    Bool(bool),
    Text(String),
    Number(i64),
    #[allow(dead_code, reason = "anything else is no yes")]
    Other(serde_json::Value),
}

impl Said {
    fn is_yes(&self) -> bool {
        match self {
            Self::Bool(said) => *said,
            Self::Text(said) => said == "true" || said == "1",
            Self::Number(said) => *said == 1,
            Self::Other(_) => false,
        }
    }
}

impl Unverified<'_> {
    /// Whom the token names, if it is `provider`'s, for us, of `now`, and of the attempt with this nonce. Only to be called
    /// once the signature was found to be good.
    pub fn check(
        &self,
        provider: &Provider,
        nonce: &str,
        now: Timestamp,
    ) -> Result<Identity, Fault> {
        let claims: Claims = self.claims()?;
        if !provider.is_issuer(&claims.iss, claims.tid.as_deref()) {
            return Err(Fault::Issuer);
        }
        check_audience(&claims, &provider.client_id)?;
        check_times(claims.exp, claims.iat, None, now)?;
        if claims.nonce.as_deref() != Some(nonce) {
            return Err(Fault::Nonce);
        }
        if claims.sub.is_empty() || claims.sub.chars().count() > MAX_SUBJECT_CHARS {
            return Err(Fault::Malformed);
        }
        let is_verified = [&claims.email_verified, &claims.xms_edov]
            .into_iter()
            .flatten()
            .any(Said::is_yes);
        Ok(Identity {
            issuer: claims.iss,
            subject: claims.sub,
            // Letters that only look or fold like those of another's address are not taken for them.
            verified_email: claims.email.filter(|email| is_verified && email.is_ascii()),
        })
    }
}

fn check_audience(claims: &Claims, client_id: &str) -> Result<(), Fault> {
    if !claims.aud.has(client_id) {
        return Err(Fault::Audience);
    }
    match &claims.azp {
        Some(party) if party == client_id => Ok(()),
        None if claims.aud.len() == 1 => Ok(()),
        _ => Err(Fault::AuthorizedParty),
    }
}

#[cfg(test)]
mod tests;
