//! Logging in and out, and single-use tickets for sockets.

use axum::response::{IntoResponse, Response};
use edgedesk_crypto::password::verify_password;
use edgedesk_crypto::refresh_token::{refresh_token_hash, refresh_token_text};
use edgedesk_crypto::token::{ACCESS_SECS, AccessClaims, SocketTicketClaims};
use edgedesk_domain::account::{Access, Principal, Role};
use edgedesk_domain::ids::{AccountId, IdSource, SessionId, UserId};
use edgedesk_platform::chance::{SystemIds, random_bytes};
use edgedesk_store::directory::{
    Login, LoginAttempt, Membership, RefreshOutcome, SessionKey, SessionUse, Vouched,
};
use edgedesk_wire::api::{
    LoginRequest, RefreshRequest, SocketTicketRequest, SocketTicketResponse, TokenResponse,
    UserSummary,
};
use edgedesk_wire::object::{STATE_PATH, StateResponse};
use edgedesk_wire::second_factor::LoginResponse;
use http::{HeaderMap, StatusCode};
use serde::Serialize;

use crate::audit::security::SecurityEvent;
use crate::browser::Browser;
use crate::context::App;
use crate::entrance::{check_entrance, check_newcomer};
use crate::error::AppError;
use crate::extract::{Attends, Authed, Json};
use crate::lockout::{locked, locking, login_keys};
use crate::object_client::Object;
use crate::second_factor::log_in::challenge;
use crate::session_check::{forget_session, standing_mark};
use crate::sessions::Place;
use crate::zendesk;

/// Milliseconds that a refresh token lives: 30 days.
pub const REFRESH_MILLIS: i64 = 30 * 24 * 60 * 60 * 1000;

/// Answer to `GET /api/v1/me`.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MeResponse {
    /// Who the token is for.
    pub user: UserSummary,
}

/// `POST /api/v1/auth/login`
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/api/v1/auth/login", tag = "auth",
    request_body = LoginRequest,
    responses(
        (status = 200, body = LoginResponse, description = "Tokens; or, for a user with a second factor, a `challenge` that is good for five minutes and one login, and no session yet"),
        (status = 401, body = crate::openapi::Problem, description = "Unknown e-mail address or wrong password; it does not say which"),
        (status = 403, body = crate::openapi::Problem, description = "`address_not_allowed`: the account is not open to the caller's address; `zero_trust_required`: it is open through its Cloudflare Access application alone; `no_account`"),
        (status = 429, body = crate::openapi::Problem, description = "`too_many_attempts`: ten failures lock an e-mail address for 15 minutes, whether or not somebody has it; see `Retry-After`"),
    ),
))]
#[worker::send]
pub async fn log_in(
    app: App,
    headers: HeaderMap,
    browser: Browser,
    Json(request): Json<LoginRequest>,
) -> Result<(HeaderMap, axum::Json<LoginResponse>), AppError> {
    // A Worker that cannot sign should not spend a hash on finding out.
    app.config().token_key()?;
    let login = check_password(
        &app,
        &headers,
        &request.email,
        &request.password,
        wrong_credentials,
    )
    .await?;
    if login.has_second_factor {
        // Before a code is asked for: it would be of no use.
        let account_id = membership_of(&login)?.account_id;
        app.note_account(account_id);
        app.note_user(login.user_id);
        check_newcomer(&app, &headers, account_id, &login.email).await?;
        let answer = LoginResponse::Challenge(challenge(&app, &login, None).await?);
        return Ok((HeaderMap::new(), axum::Json(answer)));
    }
    let tokens = end_log_in(&app, &headers, &login).await?;
    let (cookie, tokens) = browser.begin(&app, tokens).await?;
    Ok((cookie, axum::Json(LoginResponse::Tokens(tokens))))
}

/// The user with this address, whose password it is. Failures are counted and lock, and are noted for the log of an account
/// that the user is in; `wrong` is what the outside is told.
pub async fn check_password(
    app: &App,
    headers: &HeaderMap,
    email: &str,
    password: &str,
    wrong: fn() -> AppError,
) -> Result<Login, AppError> {
    let keys = login_keys(email, headers);
    let attempt = app
        .directory()?
        .attempt_login(email, &keys, app.now(), |stored| {
            // Without a stored hash it takes as long as a wrong password does.
            verify_password(password, stored)
        })
        .await?;
    match attempt {
        LoginAttempt::Good(login) => Ok(login),
        LoginAttempt::Wrong { login, locks } => {
            // Somebody tries to be this user.
            if let Some(login) = &login
                && let Some(membership) = login.memberships.first()
            {
                app.note_account(membership.account_id);
                app.note_user(login.user_id);
            }
            if !locks {
                return Err(wrong());
            }
            app.note_lock();
            Err(locking(wrong()))
        }
        LoginAttempt::Locked { until } => Err(locked(until, app.now())),
    }
}

/// Begins the session of a user who has shown all that is asked of them.
pub async fn end_log_in(
    app: &App,
    headers: &HeaderMap,
    login: &Login,
) -> Result<TokenResponse, AppError> {
    let membership = membership_of(login)?;
    let user = UserSummary {
        id: login.user_id,
        account_id: membership.account_id,
        name: login.name.clone(),
        email: login.email.clone(),
        role: membership.role,
    };
    begin_session(app, headers, user).await
}

/// The account that a login is for.
pub fn membership_of(login: &Login) -> Result<&Membership, AppError> {
    login.memberships.first().ok_or_else(|| {
        AppError::forbidden("no_account", "this user is not a member of any account")
    })
}

/// `POST /api/v1/auth/refresh`
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/api/v1/auth/refresh", tag = "auth",
    params(("x-csrf-token" = Option<String>, Header, description = "Beside a cookie, from `GET /api/v1/auth/csrf`"), ("x-session-cookie" = Option<String>, Header, description = "`session` or `persistent`: the refresh token is kept in a cookie, from here on")),
    request_body = RefreshRequest,
    responses(
        (status = 200, body = TokenResponse, description = "Both tokens are new; the old refresh token is used up"),
        (status = 401, body = crate::openapi::Problem, description = "None, or unknown, expired, of a session that has ended, or used before: then its session ends"),
        (status = 403, body = crate::openapi::Problem, description = "`cross_origin`, `invalid_csrf_token` for a cookie; `address_not_allowed`, `zero_trust_required`: the refresh token is still good"),
        (status = 503, body = crate::openapi::Problem, description = "`zendesk_unavailable`, `team_unavailable`: who has to vouch for the session does not answer; the refresh token is still good"),
    ),
))]
#[worker::send]
pub async fn refresh(
    app: App,
    headers: HeaderMap,
    browser: Browser,
    Json(request): Json<RefreshRequest>,
) -> Result<Response, AppError> {
    let in_body = request.refresh_token.as_deref();
    let token = in_body
        .or(browser.refresh_token())
        .ok_or_else(wrong_refresh_token)?;
    match new_tokens_for(&app, &headers, token).await {
        Ok(tokens) => {
            let (cookie, tokens) = browser.hand_over(tokens)?;
            Ok((cookie, axum::Json(tokens)).into_response())
        }
        // What the browser keeps is worth nothing.
        Err(error) if error.status == StatusCode::UNAUTHORIZED && in_body.is_none() => {
            Ok((browser.forget()?, error).into_response())
        }
        Err(error) => Err(error),
    }
}

async fn new_tokens_for(
    app: &App,
    headers: &HeaderMap,
    token: &str,
) -> Result<TokenResponse, AppError> {
    app.config().token_key()?;
    let hash = refresh_token_hash(token).ok_or_else(wrong_refresh_token)?;
    let directory = app.directory()?;
    // Before it is used up: elsewhere, or while Zendesk does not answer, it stays good.
    let max_role = check_token(app, headers, &hash).await?;
    let key = match directory.use_refresh_token(&hash, app.now()).await? {
        RefreshOutcome::Valid(key) => key,
        RefreshOutcome::Reused(key) => {
            forget_session(&key, app.now());
            app.note_standings(key.account_id);
            app.note_account(key.account_id);
            app.note_user(key.user_id);
            return Err(AppError {
                internal: Some(format!("refresh token reused: session {} ended", key.id)),
                security: Some(Box::new(SecurityEvent::RefreshTokenReused {
                    session_id: key.id,
                })),
                ..wrong_refresh_token()
            });
        }
        RefreshOutcome::Expired | RefreshOutcome::Unknown => return Err(wrong_refresh_token()),
    };
    // Read again: the role may have changed, the membership may have ended.
    let member = directory.find_member(key.account_id, key.user_id).await?;
    let Some(member) = member else {
        end(app, &key).await?;
        return Err(wrong_refresh_token());
    };
    let user = UserSummary {
        id: member.user_id,
        account_id: key.account_id,
        name: member.name,
        email: member.email,
        role: max_role.map_or(member.role, |most| member.role.min(most)),
    };
    let (tokens, next) = new_tokens(app, &key, user, Place::of(headers))?;
    // It may have been ended since its token was used up.
    if directory.continue_session(&key, &next).await? {
        Ok(tokens)
    } else {
        Err(wrong_refresh_token())
    }
}

/// Looks at all that a session is asked for before it is made new. Gives the most that its user may be, where a Zendesk vouched for
/// it. Of a token that is not good it says nothing: using it up does.
async fn check_token(
    app: &App,
    headers: &HeaderMap,
    token_hash: &str,
) -> Result<Option<Role>, AppError> {
    let directory = app.directory()?;
    let found = directory
        .find_session_of_token(token_hash, app.now())
        .await?;
    let Some(session) = found else {
        return Ok(None);
    };
    app.note_account(session.key.account_id);
    app.note_user(session.key.user_id);
    let zero_trust = session.zero_trust.as_ref();
    check_entrance(app, headers, &session.networks, zero_trust).await?;
    match session.vouched {
        Some(vouched) => {
            let role = zendesk::check_again(app, &session.key, vouched).await?;
            Ok(Some(role))
        }
        None => Ok(None),
    }
}

/// `POST /api/v1/auth/logout`: 204, whether or not the token was good.
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/api/v1/auth/logout", tag = "auth",
    params(("x-csrf-token" = Option<String>, Header, description = "Beside a cookie, from `GET /api/v1/auth/csrf`")),
    request_body = RefreshRequest,
    responses(
        (status = 204, description = "The token's session has ended, whether or not the token was good"),
        (status = 403, body = crate::openapi::Problem, description = "`cross_origin`, `invalid_csrf_token` for a cookie"),
    ),
))]
#[worker::send]
pub async fn log_out(
    app: App,
    browser: Browser,
    Json(request): Json<RefreshRequest>,
) -> Result<(HeaderMap, StatusCode), AppError> {
    let in_body = request.refresh_token.as_deref();
    if let Some(token) = in_body.or(browser.refresh_token())
        && let Some(key) = end_session_of(&app, token).await?
    {
        app.note_account(key.account_id);
        app.note_user(key.user_id);
    }
    let cookie = match in_body {
        Some(_) => HeaderMap::new(),
        None => browser.forget()?,
    };
    Ok((cookie, StatusCode::NO_CONTENT))
}

/// Ends the session of a refresh token, and says which that was, if the token was good.
pub async fn end_session_of(app: &App, token: &str) -> Result<Option<SessionKey>, AppError> {
    let Some(hash) = refresh_token_hash(token) else {
        return Ok(None);
    };
    let outcome = app.directory()?.use_refresh_token(&hash, app.now()).await?;
    let RefreshOutcome::Valid(key) = outcome else {
        return Ok(None);
    };
    end(app, &key).await?;
    Ok(Some(key))
}

/// `GET /api/v1/me`
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/api/v1/me", tag = "auth", security(("access_token" = [])),
    responses((status = 200, body = MeResponse), (status = 401, body = crate::openapi::Problem)),
))]
#[worker::send]
pub async fn get_me(
    app: App,
    Authed { principal, .. }: Authed<Attends>,
) -> Result<axum::Json<MeResponse>, AppError> {
    let member = app
        .directory()?
        .find_member(principal.account_id, principal.user_id)
        .await?
        .ok_or_else(|| {
            AppError::unauthorized("no_membership", "you are no longer a member of the account")
        })?;
    Ok(axum::Json(MeResponse {
        user: UserSummary {
            id: member.user_id,
            account_id: principal.account_id,
            name: member.name,
            email: member.email,
            // That of now, in this session.
            role: principal.role,
        },
    }))
}

/// `POST /api/v1/socket-tickets`
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/api/v1/socket-tickets", tag = "auth", security(("access_token" = [])),
    request_body = SocketTicketRequest,
    responses(
        (status = 200, body = SocketTicketResponse, description = "Good for one socket within a minute"),
        (status = 401, body = crate::openapi::Problem),
        (status = 403, body = crate::openapi::Problem, description = "`other_team`: the conversation is another team's"),
        (status = 404, body = crate::openapi::Problem, description = "The account has no such conversation"),
    ),
))]
#[worker::send]
pub async fn create_socket_ticket(
    app: App,
    Authed {
        principal,
        session_id,
        standing,
        ..
    }: Authed<Attends>,
    Json(request): Json<SocketTicketRequest>,
) -> Result<axum::Json<SocketTicketResponse>, AppError> {
    if let Some(conversation_id) = request.conversation_id {
        // Another account's conversation is, under this account's name, an object with an empty log: 404.
        Object::conversation(&app, &principal, conversation_id)?
            .get::<StateResponse>(STATE_PATH)
            .await?;
    }
    let (Some(session_id), Some(standing)) = (session_id, standing) else {
        return Err(AppError::internal("a person without a session"));
    };
    let claims = SocketTicketClaims {
        jti: SystemIds.next_ulid().to_string(),
        principal,
        conversation_id: request.conversation_id,
        session_id,
        standing: standing_mark(&standing),
    };
    let signed = app
        .config()
        .token_key()?
        .sign_socket_ticket(app.now(), claims)?;
    Ok(axum::Json(SocketTicketResponse {
        ticket: signed.text,
        expires_at: signed.expires_at,
    }))
}

/// Ends a session, here at once and elsewhere within seconds.
pub async fn end(app: &App, key: &SessionKey) -> Result<(), AppError> {
    app.directory()?.end_session(key, app.now()).await?;
    forget_session(key, app.now());
    app.note_standings(key.account_id);
    Ok(())
}

/// Begins a session of a member.
pub async fn begin_session(
    app: &App,
    headers: &HeaderMap,
    user: UserSummary,
) -> Result<TokenResponse, AppError> {
    app.note_account(user.account_id);
    app.note_user(user.id);
    check_newcomer(app, headers, user.account_id, &user.email).await?;
    let key = SessionKey {
        account_id: user.account_id,
        user_id: user.id,
        id: SessionId::generate(&SystemIds),
    };
    let (tokens, first) = new_tokens(app, &key, user, Place::of(headers))?;
    app.directory()?.start_session(&key, &first).await?;
    Ok(tokens)
}

/// Begins a session for which a Zendesk vouched: of this account, and with no more than its role. The caller has looked at
/// where the request comes from.
pub async fn begin_vouched_session(
    app: &App,
    headers: &HeaderMap,
    account_id: AccountId,
    user_id: UserId,
    vouched: Vouched,
) -> Result<TokenResponse, AppError> {
    let directory = app.directory()?;
    let member = directory.find_member(account_id, user_id).await?;
    let member = member.ok_or_else(zendesk::nobody)?;
    let user = UserSummary {
        id: user_id,
        account_id,
        name: member.name,
        email: member.email,
        role: member.role.min(vouched.max_role),
    };
    let key = SessionKey {
        account_id,
        user_id,
        id: SessionId::generate(&SystemIds),
    };
    let (tokens, first) = new_tokens(app, &key, user, Place::of(headers))?;
    if directory
        .start_vouched_session(&key, &first, vouched)
        .await?
    {
        Ok(tokens)
    } else {
        Err(zendesk::failed("the account is not linked any more"))
    }
}

/// Tokens for a session, and what is to be remembered of them.
fn new_tokens(
    app: &App,
    key: &SessionKey,
    user: UserSummary,
    place: Place,
) -> Result<(TokenResponse, SessionUse), AppError> {
    let now = app.now();
    app.note_account(user.account_id);
    app.note_user(user.id);
    let refresh_token = refresh_token_text(random_bytes());
    let token_hash = refresh_token_hash(&refresh_token)
        .ok_or_else(|| AppError::internal("a fresh token without a hash"))?;
    let principal = Principal {
        account_id: user.account_id,
        user_id: user.id,
        role: user.role,
        name: user.name.clone(),
        access: Access::default(),
    };
    let claims = AccessClaims::new(principal, key.id);
    let access = app.config().token_key()?.sign_access(now, claims)?;
    let tokens = TokenResponse {
        access_token: access.text,
        refresh_token: Some(refresh_token),
        expires_in: u64::try_from(ACCESS_SECS).unwrap_or_default(),
        user,
    };
    let session_use = SessionUse {
        token_hash,
        at: now,
        expires_at: now.plus_millis(REFRESH_MILLIS),
        user_agent: place.user_agent,
        network: place.network,
    };
    Ok((tokens, session_use))
}

fn wrong_credentials() -> AppError {
    AppError::unauthorized(
        "invalid_credentials",
        "the e-mail address or the password is wrong",
    )
}

pub fn wrong_refresh_token() -> AppError {
    AppError::unauthorized(
        "invalid_refresh_token",
        "the refresh token is unknown, expired or used up; log in again",
    )
}
