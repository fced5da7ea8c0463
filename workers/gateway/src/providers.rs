//! Signing in with an identity provider.
//!
//! What decides is [`edgedesk_oidc`]'s; here are the routes, the cookie that binds an attempt to its browser, and whose
//! session it becomes. A provider names a person, no more: who nobody has invited is nobody here, and a second factor is
//! still asked for.

use edgedesk_oidc::attempt::Attempt;
use edgedesk_oidc::client::{Client, Memory, OidcError};
use edgedesk_oidc::id_token::Identity;
use edgedesk_oidc::provider::Provider;
use edgedesk_platform::chance::random_bytes;
use edgedesk_store::directory::{AttemptUse, Login};
use edgedesk_wire::providers::{
    FinishRequest, ProviderList, ProviderView, StartRequest, StartResponse,
};
use edgedesk_wire::second_factor::LoginResponse;
use http::HeaderMap;
use http::header::SET_COOKIE;

pub mod fetch;
mod settings;
pub mod web_crypto;

use self::fetch::Fetched;
use self::web_crypto::WebCrypto;
use crate::auth::{end_log_in, membership_of};
use crate::browser::Browser;
use crate::config::SignUp;
use crate::context::App;
use crate::cookie::SIGN_IN;
use crate::error::{AppError, RETRY_SECS};
use crate::extract::Json;
use crate::second_factor::log_in::challenge;

/// How long somebody may take at the provider: 10 minutes.
const ATTEMPT_MILLIS: i64 = 10 * 60 * 1000;
/// How long a browser keeps the cookie of an attempt: as long as that lasts.
const ATTEMPT_SECS: u32 = 10 * 60;
/// Longest code that is handed on. Those of Google have some 70 characters, those of Microsoft 1,500.
const MAX_CODE_BYTES: usize = 4096;
/// The page that a provider sends the browser back to.
const REDIRECT_PATH: &str = "/console/";

/// The action of the first login with a provider.
const IDENTITY_LINKED: &str = "identity.linked";
/// The action of a login with a provider that is not enough.
const PROVIDER_ACCEPTED: &str = "login.provider_accepted";

thread_local! {
    /// The isolate's memory, shared by its requests.
    static MEMORY: Memory = Memory::default();
}

/// `GET /api/v1/auth/providers`
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/api/v1/auth/providers", tag = "auth",
    responses((status = 200, body = ProviderList, description = "The ways in beside a password: identity providers that are configured, and whether anybody may sign up")),
))]
#[worker::send]
pub async fn list_providers(app: App) -> Result<axum::Json<ProviderList>, AppError> {
    let providers = settings::providers_of(app.env());
    let view = |provider: Provider| ProviderView {
        id: provider.id.to_owned(),
        name: provider.name,
    };
    Ok(axum::Json(ProviderList {
        providers: providers.into_iter().map(view).collect(),
        sign_up: app.config().sign_up() == SignUp::Open,
    }))
}

/// `POST /api/v1/auth/providers/start`
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/api/v1/auth/providers/start", tag = "auth",
    request_body = StartRequest,
    responses(
        (status = 200, body = StartResponse, description = "Where the browser goes; the cookie that comes with it must come back with the finish, within ten minutes"),
        (status = 404, body = crate::openapi::Problem, description = "No such provider is configured"),
        (status = 503, body = crate::openapi::Problem, description = "`provider_unavailable`: the provider does not answer"),
    ),
))]
#[worker::send]
pub async fn start(
    app: App,
    Json(request): Json<StartRequest>,
) -> Result<(HeaderMap, axum::Json<StartResponse>), AppError> {
    let provider = settings::providers_of(app.env())
        .into_iter()
        .find(|provider| provider.id == request.provider)
        .ok_or_else(AppError::not_found)?;
    let attempt = Attempt::new(random_bytes(), random_bytes());
    let now = app.now();
    let url = client(&app, &MEMORY.with(Memory::clone))
        .authorization_url(&provider, &attempt, &redirect_uri(&app), now)
        .await
        .map_err(|error| refusal(&provider, &error))?;
    let expires_at = now.plus_millis(ATTEMPT_MILLIS);
    app.directory()?
        .start_attempt(
            &attempt.state_hash(),
            &attempt.browser_hash(),
            provider.id,
            now,
            expires_at,
        )
        .await?;
    let cookie = SIGN_IN.set(attempt.browser_secret(), Some(ATTEMPT_SECS), is_https(&app))?;
    Ok((cookie, axum::Json(StartResponse { url })))
}

/// `POST /api/v1/auth/providers/finish`
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/api/v1/auth/providers/finish", tag = "auth",
    request_body = FinishRequest,
    responses(
        (status = 200, body = LoginResponse, description = "As from a login with a password: tokens, or a `challenge` for a user with a second factor"),
        (status = 401, body = crate::openapi::Problem, description = "`provider_login_failed`: the attempt is over, used, or another browser's, or the provider's word is not believed; start again"),
        (status = 403, body = crate::openapi::Problem, description = "`no_account`: the provider names nobody who is a member of an account"),
        (status = 503, body = crate::openapi::Problem, description = "`provider_unavailable`: the provider does not answer"),
    ),
))]
#[worker::send]
pub async fn finish(
    app: App,
    headers: HeaderMap,
    browser: Browser,
    Json(request): Json<FinishRequest>,
) -> Result<(HeaderMap, axum::Json<LoginResponse>), AppError> {
    app.config().token_key()?;
    let secret = SIGN_IN
        .read(&headers, is_https(&app))
        .ok_or_else(|| failed("no cookie"))?;
    let attempt = Attempt::resume(&request.state, secret)
        .ok_or_else(|| failed("a state or a cookie that is none of ours"))?;
    let provider = use_up(&app, &attempt).await?;
    if request.code.is_empty() || request.code.len() > MAX_CODE_BYTES {
        return Err(failed("no code, or one that is too long"));
    }
    let identity = client(&app, &MEMORY.with(Memory::clone))
        .identify(
            &provider,
            &attempt,
            &redirect_uri(&app),
            &request.code,
            app.now(),
        )
        .await
        .map_err(|error| refusal(&provider, &error))?;
    let (login, is_new) = user_of(&app, &provider, &identity).await?;
    let mut cookies = SIGN_IN.unset(is_https(&app))?;
    let answer = if login.has_second_factor {
        let answer = LoginResponse::Challenge(challenge(&app, &login, None).await?);
        app.note_action(PROVIDER_ACCEPTED);
        answer
    } else {
        let tokens = end_log_in(&app, &headers, &login).await?;
        let (kept, tokens) = browser.begin(&app, tokens).await?;
        if let Some(cookie) = kept.get(SET_COOKIE) {
            cookies.append(SET_COOKIE, cookie.clone());
        }
        LoginResponse::Tokens(tokens)
    };
    if is_new {
        app.note_action(IDENTITY_LINKED);
    }
    Ok((cookies, axum::Json(answer)))
}

/// Uses an attempt up, and gives the provider that it was begun with.
async fn use_up(app: &App, attempt: &Attempt) -> Result<Provider, AppError> {
    let (state, browser) = (attempt.state_hash(), attempt.browser_hash());
    let outcome = app
        .directory()?
        .use_attempt(&state, &browser, app.now())
        .await?;
    let id = match outcome {
        AttemptUse::Good { provider } => provider,
        AttemptUse::OtherBrowser => return Err(failed("the state is another browser's")),
        AttemptUse::Expired => return Err(failed("the attempt is over")),
        AttemptUse::Unknown => return Err(failed("the state is unknown or was used")),
    };
    settings::providers_of(app.env())
        .into_iter()
        .find(|provider| provider.id == id)
        .ok_or_else(|| failed("the provider is not configured any more"))
}

/// The user whom a provider names, and whether this is the first time that it does.
async fn user_of(
    app: &App,
    provider: &Provider,
    identity: &Identity,
) -> Result<(Login, bool), AppError> {
    let directory = app.directory()?;
    let find = async || {
        directory
            .find_identity(&identity.issuer, &identity.subject)
            .await
    };
    if let Some(login) = find().await? {
        membership_of(&login)?;
        return Ok((login, false));
    }
    let Some(email) = &identity.verified_email else {
        return Err(nobody(provider, "no verified address"));
    };
    let Some(login) = directory.find_login(email).await? else {
        return Err(nobody(provider, "no user has the address"));
    };
    membership_of(&login)?;
    app.note_user(login.user_id);
    let (issuer, subject) = (&identity.issuer, &identity.subject);
    if directory
        .link_identity(issuer, subject, login.user_id, app.now())
        .await?
    {
        return Ok((login, true));
    }
    // Two requests of the same person in one moment; or the provider has given an address to somebody else.
    match find().await? {
        Some(found) if found.user_id == login.user_id => Ok((found, false)),
        _ => Err(nobody(provider, "the user has another identity there")),
    }
}

fn client<'a>(app: &App, memory: &'a Memory) -> Client<'a, Fetched, WebCrypto> {
    Client {
        http: &Fetched,
        signatures: &WebCrypto,
        memory,
        allows_loopback: app.config().shows_links(),
    }
}

fn redirect_uri(app: &App) -> String {
    format!("{}{REDIRECT_PATH}", app.own_origin())
}

fn is_https(app: &App) -> bool {
    app.own_origin().starts_with("https://")
}

/// 401: the outside is not told which check failed; the log is.
fn failed(reason: impl std::fmt::Display) -> AppError {
    AppError {
        internal: Some(format!("login with a provider refused: {reason}")),
        ..AppError::unauthorized(
            "provider_login_failed",
            "signing in with the provider did not work; start again",
        )
    }
}

fn refusal(provider: &Provider, error: &OidcError) -> AppError {
    if error.is_transient() {
        return AppError {
            code: "provider_unavailable".to_owned(),
            detail: Some("the identity provider does not answer; try again".to_owned()),
            ..AppError::unavailable(RETRY_SECS, format!("{}: {error}", provider.id))
        };
    }
    failed(format!("{}: {error}", provider.id))
}

/// 403, in the same words for an address that nobody has and one that is not verified.
fn nobody(provider: &Provider, reason: &str) -> AppError {
    AppError {
        internal: Some(format!(
            "login with a provider refused: {}: {reason}",
            provider.id
        )),
        ..AppError::forbidden(
            "no_account",
            "the provider names nobody who is a member of an account; ask for an invitation",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use edgedesk_oidc::jws::Fault;

    #[test]
    fn the_outside_is_not_told_which_check_failed_and_the_log_is() {
        let provider = settings::providers(|name| Some(format!("{name}-value")))
            .into_iter()
            .next()
            .unwrap();
        let mut outside = Vec::new();
        for error in [
            OidcError::Token(Fault::Expired),
            OidcError::Token(Fault::Signature),
            OidcError::Token(Fault::Nonce),
            OidcError::CodeRefused { status: 400 },
            OidcError::OtherIssuer,
        ] {
            let refused = refusal(&provider, &error);
            assert!(refused.internal.unwrap().contains(&error.to_string()));
            outside.push((refused.status, refused.code, refused.detail));
        }
        outside.dedup();
        assert_eq!(outside.len(), 1);
        let unreachable = OidcError::Unreachable {
            what: "keys",
            reason: "status 502".to_owned(),
        };
        let refused = refusal(&provider, &unreachable);
        assert_eq!(refused.status.as_u16(), 503);
        assert_eq!(refused.code, "provider_unavailable");
    }
}
