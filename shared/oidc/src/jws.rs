//! Signed tokens: RFC 7515 in its compact form, and the claims of time of RFC 7519. Whose they are, and for whom, their readers
//! check.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use edgedesk_domain::time::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::jwks::Algorithm;

/// Longest token that is looked at, in bytes. Those of Google have 1 kB, those of Microsoft with groups some 10 kB.
pub(crate) const MAX_TOKEN_BYTES: usize = 32 * 1024;
/// How far the issuer's clock may be from ours, in seconds.
pub const LEEWAY_SECS: i64 = 60;
/// How old a token may be that comes with the answer to a question of now, in seconds.
pub const MAX_AGE_SECS: i64 = 10 * 60;

/// Why a token is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Not of the form of a signed token, or a claim is missing.
    #[error("it is malformed")]
    Malformed,
    /// Signed by no algorithm that we take, or not signed.
    #[error("its algorithm is not taken")]
    Algorithm,
    /// By no key of the issuer, even after another look.
    #[error("the issuer has no such key")]
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
    /// About nobody of the issuer.
    #[error("its subject is none of the issuer's")]
    Subject,
    /// For something else than what it is shown for.
    #[error("it is of another kind")]
    Kind,
    /// About somebody else, or about nobody with an address.
    #[error("its address is another")]
    Email,
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

/// Whom a token is for: RFC 7519, section 4.1.3.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Audience {
    /// Whether `id` is one of them.
    pub fn has(&self, id: &str) -> bool {
        match self {
            Self::One(one) => one == id,
            Self::Many(all) => all.iter().any(|one| one == id),
        }
    }

    /// How many they are.
    pub fn len(&self) -> usize {
        match self {
            Self::One(_) => 1,
            Self::Many(all) => all.len(),
        }
    }
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    /// Extensions that must be understood: RFC 7515, section 4.1.11. We understand none.
    crit: Option<serde_json::Value>,
}

impl<'a> Unverified<'a> {
    /// Takes a token apart: RFC 7515, section 5.2, for the compact form.
    ///
    /// # Errors
    /// [`Fault::Malformed`], or [`Fault::Algorithm`] for any that is not ours, `none` among them.
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

    /// The claims. Before the signature was found to be good they say only where to look for the key.
    ///
    /// # Errors
    /// [`Fault::Malformed`].
    pub fn claims<T: DeserializeOwned>(&self) -> Result<T, Fault> {
        serde_json::from_slice(&self.payload).map_err(|_| Fault::Malformed)
    }
}

/// Whether a token is of `now`: not over, neither issued nor good only later, and issued at most [`MAX_AGE_SECS`] ago. Times in
/// Unix seconds.
///
/// # Errors
/// [`Fault::Expired`], [`Fault::IssuedAt`].
pub fn check_times(
    expires_at: f64,
    issued_at: f64,
    not_before: Option<f64>,
    now: Timestamp,
) -> Result<(), Fault> {
    check_period(expires_at, issued_at, not_before, now)?;
    if now.seconds() as f64 - issued_at > (MAX_AGE_SECS + LEEWAY_SECS) as f64 {
        return Err(Fault::IssuedAt);
    }
    Ok(())
}

/// Whether a token is good at `now`: not over, and neither issued nor good only later. Times in Unix seconds.
///
/// # Errors
/// [`Fault::Expired`], [`Fault::IssuedAt`].
pub fn check_period(
    expires_at: f64,
    issued_at: f64,
    not_before: Option<f64>,
    now: Timestamp,
) -> Result<(), Fault> {
    let (seconds, leeway) = (now.seconds() as f64, LEEWAY_SECS as f64);
    if expires_at + leeway <= seconds {
        return Err(Fault::Expired);
    }
    let starts_at = not_before.map_or(issued_at, |start| start.max(issued_at));
    if starts_at - leeway > seconds {
        return Err(Fault::IssuedAt);
    }
    Ok(())
}
