//! The second step of a login: from a right password to a challenge, and from a challenge and a code to a session.

use edgedesk_crypto::refresh_token::{refresh_token_hash, refresh_token_text};
use edgedesk_domain::ids::AccountId;
use edgedesk_platform::chance::random_bytes;
use edgedesk_store::directory::{Challenge, Login, Vouched};
use edgedesk_wire::api::TokenResponse;
use edgedesk_wire::second_factor::{ChallengeRequest, ChallengeResponse};
use http::HeaderMap;

use super::{counted, missing, use_code, use_recovery_code};
use crate::auth::{begin_vouched_session, end_log_in, membership_of};
use crate::browser::Browser;
use crate::context::App;
use crate::entrance::check_newcomer;
use crate::error::AppError;
use crate::extract::Json;

/// How long a challenge lasts: 5 minutes, time enough to find the phone.
const CHALLENGE_MILLIS: i64 = 5 * 60 * 1000;

/// The action of a right password that is not enough.
const PASSWORD_ACCEPTED: &str = "login.password_accepted";
/// The action of a login with a recovery code.
const RECOVERY_CODE_USED: &str = "login.recovery_code_used";

/// What a user with a second factor gets for the password, or for the word of a Zendesk about them in one account. It is a random
/// text like a refresh token, and kept like one.
pub async fn challenge(
    app: &App,
    login: &Login,
    vouched: Option<(AccountId, Vouched)>,
) -> Result<ChallengeResponse, AppError> {
    app.note_account(match vouched {
        Some((account_id, _)) => account_id,
        None => membership_of(login)?.account_id,
    });
    app.note_user(login.user_id);
    app.note_action(PASSWORD_ACCEPTED);
    let challenge = refresh_token_text(random_bytes());
    let hash = refresh_token_hash(&challenge)
        .ok_or_else(|| AppError::internal("a fresh challenge without a hash"))?;
    let now = app.now();
    let expires_at = now.plus_millis(CHALLENGE_MILLIS);
    app.directory()?
        .start_challenge(&hash, login.user_id, vouched, now, expires_at)
        .await?;
    Ok(ChallengeResponse {
        challenge,
        expires_at,
    })
}

/// `POST /api/v1/auth/second-factor`
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/api/v1/auth/second-factor", tag = "auth",
    request_body = ChallengeRequest,
    responses(
        (status = 200, body = TokenResponse),
        (status = 401, body = crate::openapi::Problem, description = "`invalid_challenge`: unknown, used or over, log in again; `invalid_code`: wrong or used, the challenge is still good"),
        (status = 422, body = crate::openapi::Problem, description = "Neither a code nor a recovery code"),
        (status = 429, body = crate::openapi::Problem, description = "`too_many_attempts`: codes count as passwords do; see `Retry-After`"),
    ),
))]
#[worker::send]
pub async fn show_code(
    app: App,
    headers: HeaderMap,
    browser: Browser,
    Json(request): Json<ChallengeRequest>,
) -> Result<(HeaderMap, axum::Json<TokenResponse>), AppError> {
    app.config().token_key()?;
    let hash = refresh_token_hash(&request.challenge).ok_or_else(wrong_challenge)?;
    if request.code.is_none() && request.recovery_code.is_none() {
        return Err(missing("send a `code` or a `recovery_code`"));
    }
    let directory = app.directory()?;
    let Some(found) = directory.find_challenge(&hash, app.now()).await? else {
        return Err(wrong_challenge());
    };
    let Challenge { login, vouched } = found;
    app.note_account(match vouched {
        Some((account_id, _)) => account_id,
        None => membership_of(&login)?.account_id,
    });
    app.note_user(login.user_id);
    let is_right = async || match (&request.code, &request.recovery_code) {
        (Some(code), _) => use_code(&app, login.user_id, code).await,
        (None, Some(code)) => use_recovery_code(&app, login.user_id, code).await,
        (None, None) => Ok(false),
    };
    counted(&app, &headers, &login.email, wrong_code(), is_right).await?;
    // After the code: a wrong one leaves the challenge as it is, for the next try.
    if !directory.use_challenge(&hash, app.now()).await? {
        return Err(wrong_challenge());
    }
    if request.code.is_none() {
        app.note_action(RECOVERY_CODE_USED);
    }
    let tokens = match vouched {
        None => end_log_in(&app, &headers, &login).await?,
        Some((account_id, vouched)) => {
            check_newcomer(&app, &headers, account_id, &login.email).await?;
            begin_vouched_session(&app, &headers, account_id, login.user_id, vouched).await?
        }
    };
    let (cookie, tokens) = browser.begin(&app, tokens).await?;
    Ok((cookie, axum::Json(tokens)))
}

fn wrong_challenge() -> AppError {
    AppError::unauthorized(
        "invalid_challenge",
        "the challenge is unknown, used or over; log in again",
    )
}

fn wrong_code() -> AppError {
    AppError::unauthorized("invalid_code", "the code is wrong or was used before")
}
