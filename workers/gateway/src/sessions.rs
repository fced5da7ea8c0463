//! Where somebody is logged in: seeing it, and ending it.

use edgedesk_audit::ip::truncate_ip;
use edgedesk_domain::ids::SessionId;
use edgedesk_store::directory::{Session, SessionKey};
use edgedesk_wire::sessions::{SessionList, SessionView};
use http::header::USER_AGENT;
use http::{HeaderMap, StatusCode};

use crate::context::App;
use crate::entry::ADDRESS_HEADER;
use crate::error::AppError;
use crate::extract::{Attends, Authed, Path, header_text};
use crate::session_check::forget_session;

mod user_agent;

use self::user_agent::short_user_agent;

/// Where a login or a refresh comes from, as much of it as is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The browser in short.
    pub user_agent: Option<String>,
    /// The network.
    pub network: Option<String>,
}

impl Place {
    /// From a request's headers.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Self {
        Self {
            user_agent: header_text(headers, USER_AGENT.as_str()).map(short_user_agent),
            network: header_text(headers, ADDRESS_HEADER).and_then(truncate_ip),
        }
    }
}

/// `GET /api/v1/me/sessions`
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/api/v1/me/sessions", tag = "auth", security(("access_token" = [])),
    responses(
        (status = 200, body = SessionList, description = "Those of the caller in this account, last used first"),
        (status = 401, body = crate::openapi::Problem),
        (status = 403, body = crate::openapi::Problem, description = "`people_only` for an API key"),
    ),
))]
#[worker::send]
pub async fn list_sessions(
    app: App,
    Authed {
        principal,
        session_id,
        ..
    }: Authed<Attends>,
) -> Result<axum::Json<SessionList>, AppError> {
    let sessions = app
        .directory()?
        .list_sessions(principal.account_id, principal.user_id, app.now())
        .await?;
    Ok(axum::Json(SessionList {
        sessions: sessions
            .into_iter()
            .map(|session| view(session, session_id))
            .collect(),
    }))
}

/// `DELETE /api/v1/me/sessions/{session_id}`
#[cfg_attr(feature = "openapi", utoipa::path(
    delete, path = "/api/v1/me/sessions/{session_id}", tag = "auth", security(("access_token" = [])),
    params(("session_id" = SessionId, Path)),
    responses(
        (status = 204, description = "Its refresh token is worth nothing, its access token is refused within 5 s; the same when it was ended before"),
        (status = 401, body = crate::openapi::Problem), (status = 403, body = crate::openapi::Problem),
        (status = 404, body = crate::openapi::Problem, description = "The caller has no such session in this account"),
    ),
))]
#[worker::send]
pub async fn end_session(
    app: App,
    Authed { principal, .. }: Authed<Attends>,
    Path(id): Path<SessionId>,
) -> Result<StatusCode, AppError> {
    let key = SessionKey {
        account_id: principal.account_id,
        user_id: principal.user_id,
        id,
    };
    if !app.directory()?.end_session(&key, app.now()).await? {
        return Err(AppError::not_found());
    }
    forget_session(&key, app.now());
    app.note_standings(key.account_id);
    Ok(StatusCode::NO_CONTENT)
}

/// `DELETE /api/v1/me/sessions`
#[cfg_attr(feature = "openapi", utoipa::path(
    delete, path = "/api/v1/me/sessions", tag = "auth", security(("access_token" = [])),
    responses(
        (status = 204, description = "All of the caller's sessions in this account have ended, that of this request too"),
        (status = 401, body = crate::openapi::Problem), (status = 403, body = crate::openapi::Problem),
    ),
))]
#[worker::send]
pub async fn end_all_sessions(
    app: App,
    Authed { principal, .. }: Authed<Attends>,
) -> Result<StatusCode, AppError> {
    let (account_id, user_id) = (principal.account_id, principal.user_id);
    let ended = app
        .directory()?
        .end_all_sessions(account_id, user_id, app.now())
        .await?;
    for id in ended {
        let key = SessionKey {
            account_id,
            user_id,
            id,
        };
        forget_session(&key, app.now());
    }
    app.note_standings(account_id);
    Ok(StatusCode::NO_CONTENT)
}

fn view(session: Session, current: Option<SessionId>) -> SessionView {
    SessionView {
        id: session.id,
        created_at: session.created_at,
        last_used_at: session.last_used_at,
        user_agent: session.user_agent,
        network: session.network,
        current: current == Some(session.id),
    }
}
