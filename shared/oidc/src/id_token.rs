//! ID tokens: reading them, and the checks of OpenID Connect Core 1.0, section 3.1.3.7, but for the signature, which
//! [`crate::client`] asks for in between.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use edgedesk_domain::time::Timestamp;
use serde::Deserialize;

use crate::jwks::Algorithm;
use crate::provider::Provider;

/// Longest token that is looked at, in bytes. Those of Google have 1 kB, those of Microsoft with groups some 10 kB.
const MAX_TOKEN_BYTES: usize = 32 * 1024;
/// How far the provider's clock may be from ours, in seconds.
pub const LEEWAY_SECS: i64 = 60;
/// How old a token may be, in seconds: it comes with the answer to a question of now.
pub const MAX_AGE_SECS: i64 = 10 * 60;
/// Longest subject: OpenID Connect Core 1.0, section 2.
const MAX_SUBJECT_CHARS: usize = 255;

/// Why a token is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Not of the form of a signed token, or a claim is missing.
    #[error("it is malformed")]
    Malformed,
    /// Signed by no algorithm that we take, or not signed.
    #[error("its algorithm is not taken")]
    Algorithm,
    /// By no key of the provider, even after another look.
    #[error("the provider has no such key")]
    UnknownKey,
    /// The signature is not that of its text.
    #[error("its signature is wrong")]
    Signature,
    /// Of another issuer.
    #[error("its issuer is another")]
    Issuer,
    /// For another client.
    #[error("its audience is another")]
    Audience,
    /// For this client among others, and asked for by another.
    #[error("its authorized party is another")]
    AuthorizedParty,
    /// Over.
    #[error("it has expired")]
    Expired,
    /// Not of now.
    #[error("it was issued at another time")]
    IssuedAt,
    /// For another attempt.
    #[error("its nonce is another")]
    Nonce,
}

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

/// A token that has been taken apart. Nothing of it is to be believed before its signature was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unverified<'a> {
    /// How it says it is signed.
    pub algorithm: Algorithm,
    /// By which key.
    pub kid: Option<String>,
    /// What is signed.
    pub signing_input: &'a [u8],
    /// The signature.
    pub signature: Vec<u8>,
    payload: Vec<u8>,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    /// Extensions that must be understood: RFC 7515, section 4.1.11. We understand none.
    crit: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: OneOrMany,
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

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
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

impl<'a> Unverified<'a> {
    /// Takes a token apart: RFC 7515, section 5.2, for the compact form.
    pub fn read(text: &'a str) -> Result<Self, Fault> {
        if text.len() > MAX_TOKEN_BYTES {
            return Err(Fault::Malformed);
        }
        let (signed, signature) = text.rsplit_once('.').ok_or(Fault::Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(Fault::Malformed)?;
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| Fault::Malformed);
        let header: Header =
            serde_json::from_slice(&decode(header)?).map_err(|_| Fault::Malformed)?;
        if header.crit.is_some() {
            return Err(Fault::Malformed);
        }
        Ok(Self {
            algorithm: Algorithm::of_name(&header.alg).ok_or(Fault::Algorithm)?,
            kid: header.kid,
            signing_input: signed.as_bytes(),
            signature: decode(signature)?,
            payload: decode(payload)?,
        })
    }

    /// Whom the token names, if it is `provider`'s, for us, of `now`, and of the attempt with this nonce. Only to be called
    /// once the signature was found to be good.
    pub fn check(
        &self,
        provider: &Provider,
        nonce: &str,
        now: Timestamp,
    ) -> Result<Identity, Fault> {
        let claims: Claims = serde_json::from_slice(&self.payload).map_err(|_| Fault::Malformed)?;
        if !provider.is_issuer(&claims.iss, claims.tid.as_deref()) {
            return Err(Fault::Issuer);
        }
        check_audience(&claims, &provider.client_id)?;
        let seconds = now.seconds() as f64;
        let leeway = LEEWAY_SECS as f64;
        if claims.exp + leeway <= seconds {
            return Err(Fault::Expired);
        }
        let age = seconds - claims.iat;
        if age < -leeway || age > MAX_AGE_SECS as f64 + leeway {
            return Err(Fault::IssuedAt);
        }
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
    let is_for_others = match &claims.aud {
        OneOrMany::One(audience) if audience == client_id => false,
        OneOrMany::Many(all) if all.iter().any(|one| one == client_id) => all.len() > 1,
        _ => return Err(Fault::Audience),
    };
    match &claims.azp {
        Some(party) if party == client_id => Ok(()),
        None if !is_for_others => Ok(()),
        _ => Err(Fault::AuthorizedParty),
    }
}

#[cfg(test)]
mod tests;
