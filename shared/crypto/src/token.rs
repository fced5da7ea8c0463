//! Signed tokens: JWT with HS256, one audience per purpose.
//!
//! The algorithm is fixed by a type, so a header cannot choose another; `alg: none` does not parse into a valid token.
//! A token of one purpose is refused for every other one, since each has an audience of its own. A restart changes no
//! key, so tokens live until they end.

use chrono::{DateTime, Utc};
use edgedesk_domain::account::{Access, Channel, Principal, Role, Secret};
use edgedesk_domain::ids::{AccountId, ConversationId, CustomerId, InboxId, SessionId, UserId};
use edgedesk_domain::time::Timestamp;
use jwt_compact::alg::{Hs256, Hs256Key};
use jwt_compact::{AlgorithmExt, Claims, Header, TimeOptions, Token, UntrustedToken};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::digest::sha256_hex;

/// `iss` of every token.
const ISSUER: &str = "edgedesk";

/// Shortest signing key in bytes: as long as the hash, RFC 7518, section 3.2.
pub const MIN_KEY_BYTES: usize = 32;

/// Seconds that an access token lives at most: it ends earlier with its session.
pub const ACCESS_SECS: i64 = 15 * 60;
/// Seconds that a socket ticket lives: long enough to open a socket on a bad network.
pub const SOCKET_TICKET_SECS: i64 = 60;
/// Seconds that a visitor's token lives: a chat can be taken up again within 30 days.
pub const VISITOR_SECS: i64 = 30 * 24 * 60 * 60;

/// Seconds that a token against forged requests lives: it is asked for right before it is shown.
pub const CSRF_SECS: i64 = 5 * 60;

/// Longest token text that is looked at. Ours are below 1 kB.
const MAX_TOKEN_BYTES: usize = 4096;

/// Why a token is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// No token, not signed by us, or for another purpose.
    #[error("the token is not valid")]
    Invalid,
    /// It was valid once.
    #[error("the token has expired")]
    Expired,
    /// The signing key is shorter than [`MIN_KEY_BYTES`].
    #[error("the signing key is too short")]
    Key,
}

/// Claims of one purpose.
trait Purpose: Serialize + DeserializeOwned {
    /// The audience.
    const AUDIENCE: &'static str;
}

/// Who logged in. For `Authorization: Bearer`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessClaims {
    /// The user.
    pub sub: UserId,
    /// The account the login is for.
    pub account_id: AccountId,
    /// The session it belongs to, and ends with.
    pub sid: SessionId,
    /// The role in it when the token was made.
    pub role: Role,
    /// The display name.
    pub name: String,
}

impl Purpose for AccessClaims {
    const AUDIENCE: &'static str = "edgedesk/access";
}

impl From<AccessClaims> for Principal {
    fn from(claims: AccessClaims) -> Self {
        Self {
            account_id: claims.account_id,
            user_id: claims.sub,
            role: claims.role,
            name: claims.name,
            // Neither is in the token: both are looked up with its session.
            access: Access::default(),
        }
    }
}

impl AccessClaims {
    /// For `principal`, as long as the session of `sid` lasts.
    #[must_use]
    pub fn new(principal: Principal, sid: SessionId) -> Self {
        Self {
            sub: principal.user_id,
            account_id: principal.account_id,
            sid,
            role: principal.role,
            name: principal.name,
        }
    }
}

/// A ticket for one socket. For `?ticket=`; the object that opens the socket remembers `jti` until the ticket ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SocketTicketClaims {
    /// Unique.
    pub jti: String,
    /// Who opens the socket.
    pub principal: Principal,
    /// The conversation whose socket it opens; absent for the desk's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation_id: Option<ConversationId>,
    /// The session that it was made in, and that the socket ends with.
    pub session_id: SessionId,
    /// A hash of what the session may do. The ticket opens nothing once that is another one.
    pub standing: String,
}

impl Purpose for SocketTicketClaims {
    const AUDIENCE: &'static str = "edgedesk/socket";
}

/// A visitor of the widget. For `?token=`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VisitorClaims {
    /// The visitor.
    pub sub: CustomerId,
    /// The account of the inbox.
    pub account_id: AccountId,
    /// The inbox.
    pub inbox_id: InboxId,
    /// That inbox's channel.
    pub channel: Channel,
    /// The visitor's conversation.
    pub conversation_id: ConversationId,
    /// The origin of the page it was made for, when a browser said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
}

impl Purpose for VisitorClaims {
    const AUDIENCE: &'static str = "edgedesk/visitor";
}

/// Says that whoever shows it could read an answer of ours in the browser that keeps a refresh token in its cookie. For the
/// header beside that cookie.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CsrfClaims {
    /// A hash of that refresh token: not the one that is stored, since scripts see this one.
    pub bound: String,
}

impl Purpose for CsrfClaims {
    const AUDIENCE: &'static str = "edgedesk/csrf";
}

impl CsrfClaims {
    /// For a browser that keeps this refresh token.
    #[must_use]
    pub fn of(refresh_token: &str) -> Self {
        Self {
            bound: sha256_hex(format!("csrf:{refresh_token}").as_bytes()),
        }
    }
}

/// A token and when it ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// The token.
    pub text: String,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// A token's claims and when it ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified<T> {
    /// What it says.
    pub claims: T,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// Signs and verifies tokens.
pub struct TokenKey(Hs256Key);

impl TokenKey {
    /// From the text of the `TOKEN_KEY` setting.
    pub fn new(secret: &Secret) -> Result<Self, TokenError> {
        if secret.expose().len() < MIN_KEY_BYTES {
            return Err(TokenError::Key);
        }
        Ok(Self(Hs256Key::new(secret.expose())))
    }

    /// An access token.
    pub fn sign_access(&self, now: Timestamp, claims: AccessClaims) -> Result<Signed, TokenError> {
        self.sign(now, ACCESS_SECS, claims)
    }

    /// Who is behind an access token, and in which session. Whether that session goes on is for the caller to ask.
    pub fn verify_access(&self, now: Timestamp, token: &str) -> Result<AccessClaims, TokenError> {
        let verified: Verified<AccessClaims> = self.verify(now, token)?;
        Ok(verified.claims)
    }

    /// A ticket for one socket.
    pub fn sign_socket_ticket(
        &self,
        now: Timestamp,
        claims: SocketTicketClaims,
    ) -> Result<Signed, TokenError> {
        self.sign(now, SOCKET_TICKET_SECS, claims)
    }

    /// What a socket ticket allows.
    pub fn verify_socket_ticket(
        &self,
        now: Timestamp,
        ticket: &str,
    ) -> Result<Verified<SocketTicketClaims>, TokenError> {
        self.verify(now, ticket)
    }

    /// A visitor's token.
    pub fn sign_visitor(
        &self,
        now: Timestamp,
        claims: VisitorClaims,
    ) -> Result<Signed, TokenError> {
        self.sign(now, VISITOR_SECS, claims)
    }

    /// Who the visitor is.
    pub fn verify_visitor(
        &self,
        now: Timestamp,
        token: &str,
    ) -> Result<Verified<VisitorClaims>, TokenError> {
        self.verify(now, token)
    }

    /// A token that a page of ours shows beside the cookie with this refresh token.
    pub fn sign_csrf(&self, now: Timestamp, refresh_token: &str) -> Result<Signed, TokenError> {
        self.sign(now, CSRF_SECS, CsrfClaims::of(refresh_token))
    }

    /// Whether a token belongs to the cookie that it was shown with.
    pub fn verify_csrf(
        &self,
        now: Timestamp,
        token: &str,
        refresh_token: &str,
    ) -> Result<(), TokenError> {
        let verified: Verified<CsrfClaims> = self.verify(now, token)?;
        if verified.claims == CsrfClaims::of(refresh_token) {
            Ok(())
        } else {
            Err(TokenError::Invalid)
        }
    }

    fn sign<T: Purpose>(
        &self,
        now: Timestamp,
        lives_secs: i64,
        purpose: T,
    ) -> Result<Signed, TokenError> {
        // Whole seconds: the claim has no smaller unit, and `expires_at` must say what the claim says.
        let expires_at = Timestamp::from_millis((now.seconds() + lives_secs) * 1000);
        let mut claims = Claims::new(Body {
            iss: ISSUER.to_owned(),
            aud: T::AUDIENCE.to_owned(),
            purpose,
        });
        claims.issued_at = date_time(now);
        claims.expiration = date_time(expires_at);
        let text = Hs256
            .token(&Header::empty(), &claims, &self.0)
            .map_err(|_| TokenError::Invalid)?;
        Ok(Signed { text, expires_at })
    }

    fn verify<T: Purpose>(&self, now: Timestamp, text: &str) -> Result<Verified<T>, TokenError> {
        if text.len() > MAX_TOKEN_BYTES {
            return Err(TokenError::Invalid);
        }
        let untrusted = UntrustedToken::new(text).map_err(|_| TokenError::Invalid)?;
        let token: Token<Body<T>> = Hs256
            .validator(&self.0)
            .validate(&untrusted)
            .map_err(|_| TokenError::Invalid)?;
        let claims = token.claims();
        if claims.custom.iss != ISSUER || claims.custom.aud != T::AUDIENCE {
            return Err(TokenError::Invalid);
        }
        let now = date_time(now).ok_or(TokenError::Invalid)?;
        // No leeway: the same clock signs and verifies.
        let options = TimeOptions::new(chrono::Duration::zero(), || now);
        claims
            .validate_expiration(&options)
            .map_err(|_| TokenError::Expired)?;
        let (_, claims) = token.into_parts();
        let expiration = claims.expiration.ok_or(TokenError::Invalid)?;
        Ok(Verified {
            claims: claims.custom.purpose,
            expires_at: Timestamp::from_millis(expiration.timestamp_millis()),
        })
    }
}

impl std::fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenKey(****)")
    }
}

#[derive(Serialize, Deserialize)]
struct Body<T> {
    iss: String,
    aud: String,
    #[serde(flatten)]
    purpose: T,
}

fn date_time(time: Timestamp) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(time.seconds(), 0)
}

#[cfg(test)]
mod tests;
