//! How a browser keeps a session: its refresh token in a cookie that no script reads, instead of in a body.
//!
//! A client that asks for nothing gets the token in the body, as ever. A page of ours asks for the cookie with a header, which
//! no form can send and no page of another origin may. On the routes that open, renew or end a session **whoever sends the
//! cookie sends a token beside it**, which is signed for this very cookie and which only a page that reads our answers can
//! have; and the browser must say that the page is ours ([decision 24](../../../docs/decisions/0024-browser-sessions.md)).

use axum::extract::FromRequestParts;
use edgedesk_crypto::refresh_token::refresh_token_hash;
use edgedesk_crypto::token::TokenKey;
use edgedesk_domain::time::Timestamp;
use edgedesk_wire::api::{CsrfTokenResponse, TokenResponse};
use http::HeaderMap;
use http::header::ORIGIN;
use http::request::Parts;

use crate::auth::{REFRESH_MILLIS, end_session_of};
use crate::context::App;
use crate::cookie::SESSION;
use crate::error::AppError;
use crate::extract::header_text;
use crate::origin::is_own_page;

/// The header in which a page asks for the cookie: `session` until the browser is closed, `persistent` for 30 days.
const COOKIE_HEADER: &str = "x-session-cookie";
/// The header with the token against forged requests.
const CSRF_HEADER: &str = "x-csrf-token";
/// What the browser itself says of where a request comes from. No page can set it.
const FETCH_SITE_HEADER: &str = "sec-fetch-site";

/// How long a browser keeps the cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lasting {
    /// Until it is closed.
    Session,
    /// As long as the refresh token lives.
    Persistent,
}

impl Lasting {
    fn from_word(word: &str) -> Option<Self> {
        match word {
            "session" => Some(Self::Session),
            "persistent" => Some(Self::Persistent),
            _ => None,
        }
    }

    /// The letter in front of the token: a browser does not tell how long it keeps a cookie, and each refresh sets it anew.
    const fn letter(self) -> &'static str {
        match self {
            Self::Session => "s",
            Self::Persistent => "p",
        }
    }

    fn max_age_secs(self) -> Option<u32> {
        match self {
            Self::Session => None,
            Self::Persistent => u32::try_from(REFRESH_MILLIS / 1000).ok(),
        }
    }
}

/// What a session's cookie holds.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Kept {
    lasting: Lasting,
    refresh_token: String,
}

impl Kept {
    /// Of a request, if it has a cookie that can be one of ours. What cannot be is as good as none: it must not keep anybody
    /// from logging in.
    fn of(headers: &HeaderMap, is_https: bool) -> Option<Self> {
        let (letter, token) = SESSION.read(headers, is_https)?.split_once('.')?;
        let both = [Lasting::Session, Lasting::Persistent];
        let lasting = both
            .into_iter()
            .find(|lasting| lasting.letter() == letter)?;
        refresh_token_hash(token)?;
        Some(Self {
            lasting,
            refresh_token: token.to_owned(),
        })
    }
}

/// Whoever opens, renews or ends a session, after the checks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Browser {
    /// Absent for a client that takes its token in the body.
    lasting: Option<Lasting>,
    kept: Option<Kept>,
    is_https: bool,
}

impl<S: Sync> FromRequestParts<S> for Browser {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, AppError> {
        let app = App::from_request_parts(parts, state).await?;
        let key = || app.config().token_key();
        check(&parts.headers, app.own_origin(), key, app.now())
    }
}

impl Browser {
    /// The refresh token of the cookie.
    #[must_use]
    pub fn refresh_token(&self) -> Option<&str> {
        self.kept.as_ref().map(|kept| kept.refresh_token.as_str())
    }

    /// Hands over the tokens of a session that has just begun, and ends the one that the browser kept before: it could never be
    /// ended from there any more.
    pub async fn begin(
        &self,
        app: &App,
        tokens: TokenResponse,
    ) -> Result<(HeaderMap, TokenResponse), AppError> {
        if let Some(before) = self.refresh_token() {
            end_session_of(app, before).await?;
        }
        self.hand_over(tokens)
    }

    /// Hands over tokens: the refresh token in the cookie, for who has one or asks for one.
    pub fn hand_over(
        &self,
        mut tokens: TokenResponse,
    ) -> Result<(HeaderMap, TokenResponse), AppError> {
        let Some(lasting) = self.lasting else {
            return Ok((HeaderMap::new(), tokens));
        };
        let token = tokens.refresh_token.take().unwrap_or_default();
        let value = format!("{}.{token}", lasting.letter());
        let headers = SESSION.set(&value, lasting.max_age_secs(), self.is_https)?;
        Ok((headers, tokens))
    }

    /// Takes the cookie away, if there is one.
    pub fn forget(&self) -> Result<HeaderMap, AppError> {
        match self.kept {
            Some(_) => SESSION.unset(self.is_https),
            None => Ok(HeaderMap::new()),
        }
    }
}

/// `GET /api/v1/auth/csrf`
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/api/v1/auth/csrf", tag = "auth",
    responses(
        (status = 200, body = CsrfTokenResponse, description = "For the next request with the session's cookie, within five minutes; `null` without such a cookie. Whether its session goes on is not asked"),
        (status = 403, body = crate::openapi::Problem, description = "`cross_origin`"),
    ),
))]
#[worker::send]
pub async fn get_csrf_token(
    app: App,
    headers: HeaderMap,
) -> Result<axum::Json<CsrfTokenResponse>, AppError> {
    // A page of another origin could not read the answer; it does not get one either.
    if !may_read(&headers, app.own_origin()) {
        return Err(cross_origin("a token was asked for"));
    }
    let csrf_token = Kept::of(&headers, is_https(app.own_origin()))
        .map(|kept| {
            let key = app.config().token_key()?;
            Ok::<_, AppError>(key.sign_csrf(app.now(), &kept.refresh_token)?.text)
        })
        .transpose()?;
    Ok(axum::Json(CsrfTokenResponse { csrf_token }))
}

fn check(
    headers: &HeaderMap,
    own_origin: &str,
    key: impl FnOnce() -> Result<TokenKey, AppError>,
    now: Timestamp,
) -> Result<Browser, AppError> {
    let is_https = is_https(own_origin);
    let kept = Kept::of(headers, is_https);
    let asked = match headers.get(COOKIE_HEADER) {
        None => None,
        Some(value) => Some(
            value
                .to_str()
                .ok()
                .and_then(Lasting::from_word)
                .ok_or_else(unknown_lasting)?,
        ),
    };
    let lasting = asked.or(kept.as_ref().map(|kept| kept.lasting));
    if lasting.is_some() {
        let origin = header_text(headers, ORIGIN.as_str());
        let site = header_text(headers, FETCH_SITE_HEADER);
        if !is_own_page(origin, site, own_origin) {
            return Err(cross_origin("a cookie was sent or asked for"));
        }
    }
    if let Some(kept) = &kept {
        let token = header_text(headers, CSRF_HEADER).unwrap_or_default();
        key()?
            .verify_csrf(now, token, &kept.refresh_token)
            .map_err(|error| AppError {
                internal: Some(format!("CSRF token refused: {error}")),
                ..AppError::forbidden(
                    "invalid_csrf_token",
                    "send the token of `GET /api/v1/auth/csrf` as `X-CSRF-Token` beside the session's cookie",
                )
            })?;
    }
    Ok(Browser {
        lasting,
        kept,
        is_https,
    })
}

/// A browser names the origin of a page that asks for an answer of somebody else's, but not always of one that reads its own.
fn may_read(headers: &HeaderMap, own_origin: &str) -> bool {
    let origin = header_text(headers, ORIGIN.as_str());
    let site = header_text(headers, FETCH_SITE_HEADER);
    origin.is_none_or(|origin| origin.eq_ignore_ascii_case(own_origin))
        && site.is_none_or(|site| site == "same-origin" || site == "none")
}

fn is_https(own_origin: &str) -> bool {
    own_origin.starts_with("https://")
}

fn cross_origin(what: &str) -> AppError {
    AppError {
        internal: Some(format!("request from another origin refused: {what}")),
        ..AppError::forbidden(
            "cross_origin",
            "a session in a cookie is for pages of this origin",
        )
    }
}

fn unknown_lasting() -> AppError {
    AppError::bad_request(
        "invalid_header",
        "`X-Session-Cookie` is `session` or `persistent`",
    )
}

#[cfg(test)]
mod tests;
