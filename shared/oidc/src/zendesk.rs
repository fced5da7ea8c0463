//! Whom a company's Zendesk names: the signed token that its frame of our app brings, and what Zendesk says of that user when
//! it is asked.
//!
//! The token is the one of apps with `signedUrls`: RS256 by the key of the app, issued by `{subdomain}.zendesk.com` for one
//! installation, about a user. It says nothing of their role, and lasts minutes; so Zendesk is asked for the user, with
//! the API token of the account's link. A token of `client.request` with claims of the page's own is another thing, of
//! another algorithm, and not taken.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use edgedesk_domain::account::{Role, Secret};
use edgedesk_domain::host::is_label;
use edgedesk_domain::ids::AccountId;
use edgedesk_domain::time::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::client::{Http, Signatures};
use crate::jwks::{Algorithm, PublicKey};
use crate::jws::{Fault, Unverified, check_times};

/// How long a key is remembered: an hour.
const REMEMBERED_MILLIS: i64 = 60 * 60 * 1000;
/// How long a key is not asked for again when a signature is not by it: a minute, so that forged tokens are not answered with
/// as many questions to Zendesk.
const KEY_STAYS_MILLIS: i64 = 60 * 1000;
/// Where Zendesk is; in front stands the subdomain.
const DOMAIN: &str = ".zendesk.com";

/// Why Zendesk vouches for nobody. For the log: the outside is told less.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ZendeskError {
    /// It does not answer, or is busy.
    #[error("{what}: no answer: {reason}")]
    Unreachable {
        /// What was asked for.
        what: &'static str,
        /// Why there is none.
        reason: String,
    },
    /// It answered, with something else.
    #[error("{what}: not understood (status {status})")]
    NotUnderstood {
        /// What was asked for.
        what: &'static str,
        /// The status of its answer.
        status: u16,
    },
    /// It does not take the API token of the link.
    #[error("{what}: the API token is refused with {status}")]
    Credentials {
        /// What was asked for.
        what: &'static str,
        /// The status of its answer.
        status: u16,
    },
    /// It has no such thing.
    #[error("{what}: there is none")]
    Missing {
        /// What was asked for.
        what: &'static str,
    },
    /// The token is not believed.
    #[error("the token is not believed: {0}")]
    Token(#[from] Fault),
    /// The user is nobody who works there.
    #[error("the user is not let in: {0}")]
    Person(#[from] PersonFault),
}

/// Why a user of a Zendesk is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PersonFault {
    /// A customer, or of a role that is not known.
    #[error("the role is neither agent nor admin")]
    Role,
    /// Suspended.
    #[error("suspended")]
    Suspended,
    /// Deleted.
    #[error("not active")]
    Inactive,
    /// Zendesk has not made sure that the address is theirs, or it is not ASCII.
    #[error("no verified address")]
    Unverified,
    /// Zendesk answered with another user than was asked for.
    #[error("another user than was asked for")]
    Other,
}

/// What ties an account to a Zendesk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Whose it is: keys are remembered for each.
    pub account_id: AccountId,
    /// The part in front of `.zendesk.com`.
    pub subdomain: String,
    /// The app, whose key signs.
    pub app_id: u64,
    /// The app's installation there, which a token is for.
    pub installation_id: u64,
    /// Whose API token it is.
    pub email: String,
    /// The API token.
    pub api_token: Secret,
}

/// A user whom a Zendesk vouches for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Their id there.
    pub user_id: u64,
    /// Their address, which Zendesk has verified.
    pub email: String,
    /// The most that they may be here.
    pub max_role: Role,
}

/// Keys of apps as they were last read. Only a cache; a clone is the same one.
#[derive(Debug, Clone, Default)]
pub struct KeyMemory(Rc<RefCell<BTreeMap<AccountId, Known>>>);

#[derive(Debug, Clone)]
struct Known {
    app_id: u64,
    key: PublicKey,
    read_at: Timestamp,
}

/// Speaks with a Zendesk.
#[derive(Debug)]
pub struct Zendesk<'a, H, S> {
    /// Requests.
    pub http: &'a H,
    /// Signatures.
    pub signatures: &'a S,
    /// What is remembered.
    pub memory: &'a KeyMemory,
    /// Where every Zendesk is, in the place of `https://{subdomain}.zendesk.com`: for tests on one's own machine.
    pub base: Option<&'a str>,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: String,
    exp: f64,
    iat: f64,
    nbf: Option<f64>,
}

#[derive(Deserialize)]
struct UserAnswer {
    user: User,
}

#[derive(Deserialize)]
struct User {
    id: u64,
    email: Option<String>,
    role: String,
    active: bool,
    suspended: bool,
    verified: bool,
}

#[derive(Deserialize)]
struct Installation {
    id: u64,
    app_id: u64,
}

/// Of which Zendesk a token says that it is, for looking the link up. Nothing of it is believed.
///
/// # Errors
/// [`Fault`], when it is no token or names no Zendesk.
pub fn subdomain_of(token: &str) -> Result<String, Fault> {
    let claims: Claims = Unverified::read(token)?.claims()?;
    let host = claims.iss.strip_prefix("https://").unwrap_or(&claims.iss);
    let subdomain = host.strip_suffix(DOMAIN).ok_or(Fault::Issuer)?;
    if is_label(subdomain) {
        Ok(subdomain.to_owned())
    } else {
        Err(Fault::Issuer)
    }
}

impl<H: Http, S: Signatures> Zendesk<'_, H, S> {
    /// The id of the user whom a token is about, if it is by the app of `link`, for its installation, and of `now`.
    ///
    /// # Errors
    /// [`ZendeskError`].
    pub async fn identify(
        &self,
        link: &Link,
        text: &str,
        now: Timestamp,
    ) -> Result<u64, ZendeskError> {
        let token = Unverified::read(text)?;
        // The key is one for RS256. There is no other, and no other is tried with it.
        if token.algorithm != Algorithm::Rs256 {
            return Err(Fault::Algorithm.into());
        }
        if !self.is_signed(link, &token, now).await? {
            return Err(Fault::Signature.into());
        }
        Ok(check(&token.claims()?, link, now)?)
    }

    /// What Zendesk says now of a user who works there.
    ///
    /// # Errors
    /// [`ZendeskError`].
    pub async fn person(&self, link: &Link, user_id: u64) -> Result<Person, ZendeskError> {
        const WHAT: &str = "user";
        let answer: UserAnswer = self
            .get(WHAT, link, &format!("/api/v2/users/{user_id}.json"))
            .await?;
        Ok(person(answer.user, user_id)?)
    }

    /// Looks whether a link works, and gives it with its app: the API token is an admin's, and the installation has an app with a
    /// key.
    ///
    /// # Errors
    /// [`ZendeskError`].
    pub async fn complete(&self, link: Link, now: Timestamp) -> Result<Link, ZendeskError> {
        let me: UserAnswer = self.get("own user", &link, "/api/v2/users/me.json").await?;
        if me.user.role != "admin" {
            return Err(PersonFault::Role.into());
        }
        let path = format!("/api/v2/apps/installations/{}.json", link.installation_id);
        let installation: Installation = self.get("installation", &link, &path).await?;
        if installation.id != link.installation_id {
            return Err(ZendeskError::Missing {
                what: "installation",
            });
        }
        let link = Link {
            app_id: installation.app_id,
            ..link
        };
        self.read_key(&link, now).await?;
        Ok(link)
    }

    /// Whether a token is signed by the app's key. An app's key may be changed: where it is not, it is read once more, and then
    /// not for a minute.
    async fn is_signed(
        &self,
        link: &Link,
        token: &Unverified<'_>,
        now: Timestamp,
    ) -> Result<bool, ZendeskError> {
        let remembered = self.memory.0.borrow().get(&link.account_id).cloned();
        let remembered = remembered.filter(|known| known.app_id == link.app_id);
        let age = |known: &Known| now.millis_since(known.read_at);
        if let Some(known) = &remembered
            && (0..REMEMBERED_MILLIS).contains(&age(known))
        {
            if self.is_good(&known.key, token).await {
                return Ok(true);
            }
            if age(known) < KEY_STAYS_MILLIS {
                return Ok(false);
            }
        }
        let key = self.read_key(link, now).await?;
        Ok(self.is_good(&key, token).await)
    }

    async fn is_good(&self, key: &PublicKey, token: &Unverified<'_>) -> bool {
        let (text, signature) = (token.signing_input, &token.signature);
        self.signatures
            .is_good(Algorithm::Rs256, key, text, signature)
            .await
    }

    async fn read_key(&self, link: &Link, now: Timestamp) -> Result<PublicKey, ZendeskError> {
        const WHAT: &str = "public key";
        let path = format!("/api/v2/apps/{}/public_key.pem", link.app_id);
        let body = self.body(WHAT, link, &path).await?;
        let der = read_pem(&body).ok_or(ZendeskError::NotUnderstood {
            what: WHAT,
            status: 200,
        })?;
        let known = Known {
            app_id: link.app_id,
            key: PublicKey::Spki { der },
            read_at: now,
        };
        let key = known.key.clone();
        self.memory.0.borrow_mut().insert(link.account_id, known);
        Ok(key)
    }

    async fn get<T: DeserializeOwned>(
        &self,
        what: &'static str,
        link: &Link,
        path: &str,
    ) -> Result<T, ZendeskError> {
        let body = self.body(what, link, path).await?;
        serde_json::from_slice(&body).map_err(|_| ZendeskError::NotUnderstood { what, status: 200 })
    }

    async fn body(
        &self,
        what: &'static str,
        link: &Link,
        path: &str,
    ) -> Result<Vec<u8>, ZendeskError> {
        // Whatever is stored: nothing but a Zendesk gets the API token.
        if !is_label(&link.subdomain) {
            return Err(ZendeskError::Missing { what });
        }
        let url = match self.base {
            None => format!("https://{}{DOMAIN}{path}", link.subdomain),
            Some(base) => format!("{base}{path}"),
        };
        let answer = self
            .http
            .get(&url, Some(authorization(link)))
            .await
            .map_err(|reason| ZendeskError::Unreachable { what, reason })?;
        match answer.status {
            200 => Ok(answer.body),
            status @ (401 | 403) => Err(ZendeskError::Credentials { what, status }),
            404 => Err(ZendeskError::Missing { what }),
            status @ (429 | 500..) => Err(ZendeskError::Unreachable {
                what,
                reason: format!("status {status}"),
            }),
            status => Err(ZendeskError::NotUnderstood { what, status }),
        }
    }
}

/// Zendesk's own form of basic authentication with an API token.
fn authorization(link: &Link) -> String {
    let pair = format!("{}/token:{}", link.email, link.api_token.expose());
    format!("Basic {}", STANDARD.encode(pair))
}

/// Whom the claims are about, if they are of this link and of now.
fn check(claims: &Claims, link: &Link, now: Timestamp) -> Result<u64, Fault> {
    let origin = format!("https://{}{DOMAIN}", link.subdomain);
    let issuer = claims.iss.strip_prefix("https://").unwrap_or(&claims.iss);
    if Some(issuer) != origin.strip_prefix("https://") {
        return Err(Fault::Issuer);
    }
    let audience = format!(
        "{origin}/api/v2/apps/installations/{}.json",
        link.installation_id
    );
    if claims.aud != audience {
        return Err(Fault::Audience);
    }
    check_times(claims.exp, claims.iat, claims.nbf, now)?;
    let user_id = claims
        .sub
        .strip_prefix(&format!("{origin}/api/v2/users/"))
        .map(|rest| rest.strip_suffix(".json").unwrap_or(rest));
    let user_id = user_id.filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
    user_id
        .and_then(|digits| digits.parse().ok())
        .ok_or(Fault::Subject)
}

fn person(user: User, asked_for: u64) -> Result<Person, PersonFault> {
    if user.id != asked_for {
        return Err(PersonFault::Other);
    }
    // An agent there is one here; whoever runs that Zendesk leads agents here, and runs nothing: whose Zendesk it is says
    // nothing of whose account it is.
    let max_role = match user.role.as_str() {
        "agent" => Role::Agent,
        "admin" => Role::Manager,
        _ => return Err(PersonFault::Role),
    };
    if user.suspended {
        return Err(PersonFault::Suspended);
    }
    if !user.active {
        return Err(PersonFault::Inactive);
    }
    // Letters that only look or fold like those of another's address are not taken for them.
    let email = user
        .email
        .filter(|email| user.verified && email.is_ascii() && !email.is_empty());
    Ok(Person {
        user_id: user.id,
        email: email.ok_or(PersonFault::Unverified)?,
        max_role,
    })
}

/// The bytes of a public key in PEM: RFC 7468, section 13.
fn read_pem(body: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(body).ok()?;
    let (_, rest) = text.split_once("-----BEGIN PUBLIC KEY-----")?;
    let (base64, _) = rest.split_once("-----END PUBLIC KEY-----")?;
    let base64: String = base64.split_ascii_whitespace().collect();
    STANDARD.decode(base64).ok().filter(|der| !der.is_empty())
}

#[cfg(test)]
mod tests;
