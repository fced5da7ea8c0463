//! A user's own second factor: enrolling an authenticator app, new recovery codes, turning it off. The second step of a login
//! is [`log_in`].
//!
//! Every code counts as a failed login before it is looked at ([`crate::lockout`]), so that nobody guesses six digits with a
//! session that they have found open.

pub mod log_in;
pub mod rule;

use edgedesk_crypto::password::verify_password;
use edgedesk_crypto::recovery_code::{N_RECOVERY_CODES, recovery_code_hash, recovery_code_text};
use edgedesk_crypto::sealed::{Keyring, Place, SealError};
use edgedesk_crypto::totp::TotpSecret;
use edgedesk_domain::account::{Principal, Role};
use edgedesk_domain::ids::{SessionId, UserId};
use edgedesk_platform::chance::random_bytes;
use edgedesk_store::directory::{CodeAttempt, SecondFactor, SessionKey};
use edgedesk_wire::second_factor::{
    BeginRequest, CodeRequest, NewSecondFactor, RecoveryCodes, SecondFactorResponse,
    SecondFactorView, TurnOffRequest,
};
use http::{HeaderMap, StatusCode};

use crate::context::App;
use crate::error::AppError;
use crate::extract::{Attends, Authed, Json};
use crate::lockout::{locked, locking, login_keys};
use crate::session_check::ask_again;

/// Where secrets are kept; also the purpose of the key that seals them.
const TABLE: &str = "second_factors";
/// The column.
const COLUMN: &str = "secret";

/// `GET /api/v1/me/second-factor`
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/api/v1/me/second-factor", tag = "auth", security(("access_token" = [])),
    responses(
        (status = 200, body = SecondFactorResponse, description = "How the caller's own stands"),
        (status = 401, body = crate::openapi::Problem),
        (status = 403, body = crate::openapi::Problem, description = "`people_only` for an API key"),
    ),
))]
#[worker::send]
pub async fn get_second_factor(
    app: App,
    Authed { principal, .. }: Authed<Attends>,
) -> Result<axum::Json<SecondFactorResponse>, AppError> {
    let directory = app.directory()?;
    let factor = directory.find_second_factor(principal.user_id).await?;
    let n_recovery_codes = directory.count_recovery_codes(principal.user_id).await?;
    let required = principal.role >= Role::Admin
        && directory
            .requires_second_factor(principal.account_id)
            .await?;
    Ok(axum::Json(SecondFactorResponse {
        second_factor: SecondFactorView {
            since: factor.and_then(|factor| factor.confirmed_at),
            n_recovery_codes,
            required,
        },
    }))
}

/// `POST /api/v1/me/second-factor`
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/api/v1/me/second-factor", tag = "auth", security(("access_token" = [])),
    request_body = BeginRequest,
    responses(
        (status = 201, body = NewSecondFactor, description = "A secret for the app, which is shown this once; it is asked for once a code has confirmed it. Asking again makes a new one"),
        (status = 401, body = crate::openapi::Problem),
        (status = 403, body = crate::openapi::Problem, description = "`invalid_code`: the password is wrong"),
        (status = 409, body = crate::openapi::Problem, description = "`second_factor_on`: turn it off first"),
        (status = 429, body = crate::openapi::Problem, description = "`too_many_attempts`"),
    ),
))]
#[worker::send]
pub async fn begin(
    app: App,
    headers: HeaderMap,
    Authed { principal, .. }: Authed<Attends>,
    Json(request): Json<BeginRequest>,
) -> Result<(StatusCode, axum::Json<NewSecondFactor>), AppError> {
    let user_id = principal.user_id;
    let directory = app.directory()?;
    // Before a hash is spent on it.
    let factor = directory.find_second_factor(user_id).await?;
    if factor.is_some_and(|factor| factor.confirmed_at.is_some()) {
        return Err(already_on());
    }
    let is_right = async || is_password(&app, &principal, &request.password).await;
    attempt(&app, &headers, &principal, is_right).await?;
    let email = email_of(&app, &principal).await?;
    let secret = TotpSecret::new(random_bytes());
    let row = user_id.to_string();
    let sealed = keyring(&app)?
        .seal(&place(&row), secret.expose(), random_bytes())
        .map_err(unsealed)?;
    if !directory
        .begin_second_factor(user_id, &sealed, app.now())
        .await?
    {
        return Err(already_on());
    }
    Ok((
        StatusCode::CREATED,
        axum::Json(NewSecondFactor {
            secret: secret.base32(),
            uri: secret.uri(&email),
        }),
    ))
}

/// `POST /api/v1/me/second-factor/confirm`
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/api/v1/me/second-factor/confirm", tag = "auth", security(("access_token" = [])),
    request_body = CodeRequest,
    responses(
        (status = 200, body = RecoveryCodes, description = "Logins ask for a code from now on. The recovery codes are shown this once"),
        (status = 401, body = crate::openapi::Problem),
        (status = 403, body = crate::openapi::Problem, description = "`invalid_code`"),
        (status = 409, body = crate::openapi::Problem, description = "`second_factor_on`, or `second_factor_not_begun`"),
        (status = 429, body = crate::openapi::Problem, description = "`too_many_attempts`"),
    ),
))]
#[worker::send]
pub async fn confirm(
    app: App,
    headers: HeaderMap,
    Authed {
        principal,
        session_id,
        ..
    }: Authed<Attends>,
    Json(request): Json<CodeRequest>,
) -> Result<axum::Json<RecoveryCodes>, AppError> {
    let user_id = principal.user_id;
    let directory = app.directory()?;
    let factor = match directory.find_second_factor(user_id).await? {
        None => {
            return Err(conflict(
                "second_factor_not_begun",
                "there is no new secret to confirm; begin first",
            ));
        }
        Some(factor) if factor.confirmed_at.is_some() => return Err(already_on()),
        Some(factor) => factor,
    };
    let secret = open_secret(&app, user_id, &factor)?;
    let (codes, hashes) = new_recovery_codes()?;
    let is_right = async || {
        let Some(step) = secret.verify(&request.code, app.now(), None) else {
            return Ok(false);
        };
        let sealed = &factor.sealed_secret;
        Ok(app
            .directory()?
            .confirm_second_factor(user_id, sealed, step, &hashes, app.now())
            .await?)
    };
    attempt(&app, &headers, &principal, is_right).await?;
    ask_again_of(&principal, session_id);
    Ok(axum::Json(codes))
}

/// `POST /api/v1/me/second-factor/recovery-codes`
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/api/v1/me/second-factor/recovery-codes", tag = "auth", security(("access_token" = [])),
    request_body = CodeRequest,
    responses(
        (status = 200, body = RecoveryCodes, description = "Shown this once; the old ones are worth nothing from now on"),
        (status = 401, body = crate::openapi::Problem),
        (status = 403, body = crate::openapi::Problem, description = "`invalid_code`"),
        (status = 409, body = crate::openapi::Problem, description = "`second_factor_off`"),
        (status = 429, body = crate::openapi::Problem, description = "`too_many_attempts`"),
    ),
))]
#[worker::send]
pub async fn renew_recovery_codes(
    app: App,
    headers: HeaderMap,
    Authed { principal, .. }: Authed<Attends>,
    Json(request): Json<CodeRequest>,
) -> Result<axum::Json<RecoveryCodes>, AppError> {
    let user_id = principal.user_id;
    check_on(&app, user_id).await?;
    let is_right = async || use_code(&app, user_id, &request.code).await;
    attempt(&app, &headers, &principal, is_right).await?;
    let (codes, hashes) = new_recovery_codes()?;
    app.directory()?
        .replace_recovery_codes(user_id, &hashes)
        .await?;
    Ok(axum::Json(codes))
}

/// `POST /api/v1/me/second-factor/turn-off`
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/api/v1/me/second-factor/turn-off", tag = "auth", security(("access_token" = [])),
    request_body = TurnOffRequest,
    responses(
        (status = 204, description = "Logins ask for the password alone, and the recovery codes are gone"),
        (status = 401, body = crate::openapi::Problem),
        (status = 403, body = crate::openapi::Problem, description = "`invalid_code`: the code or the password is wrong"),
        (status = 409, body = crate::openapi::Problem, description = "`second_factor_off`"),
        (status = 422, body = crate::openapi::Problem, description = "Neither a code nor a password"),
        (status = 429, body = crate::openapi::Problem, description = "`too_many_attempts`"),
    ),
))]
#[worker::send]
pub async fn turn_off(
    app: App,
    headers: HeaderMap,
    Authed {
        principal,
        session_id,
        ..
    }: Authed<Attends>,
    Json(request): Json<TurnOffRequest>,
) -> Result<StatusCode, AppError> {
    let user_id = principal.user_id;
    check_on(&app, user_id).await?;
    let is_right = async || match (&request.code, &request.password) {
        (Some(code), _) => use_code(&app, user_id, code).await,
        (None, Some(password)) => is_password(&app, &principal, password).await,
        (None, None) => Ok(false),
    };
    if request.code.is_none() && request.password.is_none() {
        return Err(missing("send a `code` or the `password`"));
    }
    attempt(&app, &headers, &principal, is_right).await?;
    app.directory()?.remove_second_factor(user_id).await?;
    ask_again_of(&principal, session_id);
    Ok(StatusCode::NO_CONTENT)
}

/// Whether a code of the app is right; if so it is used up.
async fn use_code(app: &App, user_id: UserId, code: &str) -> Result<bool, AppError> {
    let directory = app.directory()?;
    let Some(factor) = directory.find_second_factor(user_id).await? else {
        return Ok(false);
    };
    if factor.confirmed_at.is_none() {
        return Ok(false);
    }
    let secret = open_secret(app, user_id, &factor)?;
    match secret.verify(code, app.now(), factor.last_step) {
        Some(step) => Ok(directory.use_step(user_id, step).await?),
        None => Ok(false),
    }
}

/// Whether a recovery code is right; if so it is used up.
async fn use_recovery_code(app: &App, user_id: UserId, code: &str) -> Result<bool, AppError> {
    let Some(hash) = recovery_code_hash(code) else {
        return Ok(false);
    };
    Ok(app
        .directory()?
        .use_recovery_code(user_id, &hash, app.now())
        .await?)
}

async fn is_password(app: &App, principal: &Principal, password: &str) -> Result<bool, AppError> {
    let email = email_of(app, principal).await?;
    let login = app.directory()?.find_login(&email).await?;
    let hash = login.as_ref().map(|login| login.password_hash.expose());
    Ok(verify_password(password, hash))
}

/// Something that a user who is logged in shows once more, counted as a login.
async fn attempt(
    app: &App,
    headers: &HeaderMap,
    principal: &Principal,
    is_right: impl AsyncFnOnce() -> Result<bool, AppError>,
) -> Result<(), AppError> {
    let email = email_of(app, principal).await?;
    let wrong = AppError::forbidden("invalid_code", "the code or the password is wrong");
    counted(app, headers, &email, wrong, is_right).await
}

/// Counts an attempt for the address before it is looked at, and says `wrong` when it was.
async fn counted(
    app: &App,
    headers: &HeaderMap,
    email: &str,
    wrong: AppError,
    is_right: impl AsyncFnOnce() -> Result<bool, AppError>,
) -> Result<(), AppError> {
    let keys = login_keys(email, headers);
    let attempt = app
        .directory()?
        .attempt_code(&keys, app.now(), is_right)
        .await?;
    match attempt {
        CodeAttempt::Good => Ok(()),
        CodeAttempt::Wrong { locks: false } => Err(wrong),
        CodeAttempt::Wrong { locks: true } => {
            app.note_lock();
            Err(locking(wrong))
        }
        CodeAttempt::Locked { until } => Err(locked(until, app.now())),
    }
}

async fn check_on(app: &App, user_id: UserId) -> Result<(), AppError> {
    let factor = app.directory()?.find_second_factor(user_id).await?;
    match factor.and_then(|factor| factor.confirmed_at) {
        Some(_) => Ok(()),
        None => Err(conflict(
            "second_factor_off",
            "there is no second factor in use",
        )),
    }
}

async fn email_of(app: &App, principal: &Principal) -> Result<String, AppError> {
    let member = app
        .directory()?
        .find_member(principal.account_id, principal.user_id)
        .await?
        .ok_or_else(|| {
            AppError::unauthorized("no_membership", "you are no longer a member of the account")
        })?;
    Ok(member.email)
}

/// What the session may do has changed with the factor.
fn ask_again_of(principal: &Principal, session_id: Option<SessionId>) {
    if let Some(id) = session_id {
        ask_again(&SessionKey {
            account_id: principal.account_id,
            user_id: principal.user_id,
            id,
        });
    }
}

/// Ten codes, and what is kept of them.
fn new_recovery_codes() -> Result<(RecoveryCodes, Vec<String>), AppError> {
    let recovery_codes: Vec<String> = (0..N_RECOVERY_CODES)
        .map(|_| recovery_code_text(random_bytes()))
        .collect();
    let hashes = recovery_codes
        .iter()
        .map(|code| recovery_code_hash(code))
        .collect::<Option<_>>()
        .ok_or_else(|| AppError::internal("a fresh recovery code without a hash"))?;
    Ok((RecoveryCodes { recovery_codes }, hashes))
}

fn open_secret(app: &App, user_id: UserId, factor: &SecondFactor) -> Result<TotpSecret, AppError> {
    let row = user_id.to_string();
    let bytes = keyring(app)?
        .open(&place(&row), &factor.sealed_secret)
        .map_err(unsealed)?;
    TotpSecret::from_slice(&bytes)
        .ok_or_else(|| AppError::internal("a second factor's secret of a wrong length"))
}

fn keyring(app: &App) -> Result<Keyring, AppError> {
    app.config().keyring(TABLE)
}

fn place(row: &str) -> Place<'_> {
    Place {
        table: TABLE,
        row,
        column: COLUMN,
    }
}

fn unsealed(error: SealError) -> AppError {
    AppError::internal(format!("{TABLE}.{COLUMN}: {error}"))
}

fn already_on() -> AppError {
    conflict(
        "second_factor_on",
        "a second factor is in use; turn it off first",
    )
}

fn conflict(code: &str, detail: &str) -> AppError {
    AppError::new(StatusCode::CONFLICT, code, detail)
}

fn missing(detail: &str) -> AppError {
    AppError::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_value", detail)
}
