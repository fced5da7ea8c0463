//! Whether the assistant answers customers: in an inbox, and in the whole account.

use edgedesk_domain::assistant::{AssistantSettings, DEFAULT_MIN_CONFIDENCE};
use edgedesk_domain::ids::InboxId;
use edgedesk_wire::assistant::{AssistantView, InboxAssistantRequest, StopAssistantRequest};
use edgedesk_wire::inboxes::InboxView;

use crate::account_store::store_of;
use crate::assistant_switch;
use crate::context::App;
use crate::error::AppError;
use crate::extract::{Authed, Json, ManagesInboxes, ManagesKnowledge, Path, SeesInboxes};
use crate::fields::invalid;
use crate::inboxes::view;

/// How far figures reach back: 30 days.
const FIGURES_MILLIS: i64 = 30 * 24 * 60 * 60 * 1_000;

/// `GET /api/v1/assistant`
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/api/v1/assistant", tag = "assistant", security(("access_token" = [])),
    responses((status = 200, body = AssistantView), (status = 401, body = crate::openapi::Problem), (status = 403, body = crate::openapi::Problem)),
))]
#[worker::send]
pub async fn get_assistant(
    app: App,
    Authed { principal, .. }: Authed<SeesInboxes>,
) -> Result<axum::Json<AssistantView>, AppError> {
    let account_id = principal.account_id;
    let stopped_at = app.directory()?.find_assistant_stop(account_id).await?;
    let shards = app.shards()?;
    let store = store_of(&app, &shards, account_id).await?;
    let since = app.now().plus_millis(-FIGURES_MILLIS);
    Ok(axum::Json(AssistantView {
        stopped_at,
        figures: store.assistant_figures(since).await?,
    }))
}

/// `PUT /api/v1/assistant`
#[cfg_attr(feature = "openapi", utoipa::path(
    put, path = "/api/v1/assistant", tag = "assistant", security(("access_token" = [])),
    request_body = StopAssistantRequest,
    responses(
        (status = 200, body = AssistantView, description = "Within five seconds it says nothing more anywhere; who writes to it then is given to a person"),
        (status = 400, body = crate::openapi::Problem), (status = 401, body = crate::openapi::Problem), (status = 403, body = crate::openapi::Problem),
    ),
))]
#[worker::send]
pub async fn stop_assistant(
    app: App,
    authed: Authed<ManagesKnowledge>,
    Json(request): Json<StopAssistantRequest>,
) -> Result<axum::Json<AssistantView>, AppError> {
    let account_id = authed.principal.account_id;
    let stopped_at = app
        .directory()?
        .stop_assistant(account_id, request.is_stopped, app.now())
        .await?;
    assistant_switch::forget(account_id);
    let shards = app.shards()?;
    let store = store_of(&app, &shards, account_id).await?;
    let since = app.now().plus_millis(-FIGURES_MILLIS);
    Ok(axum::Json(AssistantView {
        stopped_at,
        figures: store.assistant_figures(since).await?,
    }))
}

/// `PUT /api/v1/inboxes/{id}/assistant`
#[cfg_attr(feature = "openapi", utoipa::path(
    put, path = "/api/v1/inboxes/{id}/assistant", tag = "assistant", security(("access_token" = [])),
    params(("id" = InboxId, Path)), request_body = InboxAssistantRequest,
    responses(
        (status = 200, body = InboxView, description = "It counts within five seconds everywhere"),
        (status = 400, body = crate::openapi::Problem), (status = 401, body = crate::openapi::Problem),
        (status = 403, body = crate::openapi::Problem),
        (status = 404, body = crate::openapi::Problem, description = "The account has no such inbox, or it is no widget's"),
        (status = 422, body = crate::openapi::Problem, description = "`invalid_value`"),
    ),
))]
#[worker::send]
pub async fn change_inbox_assistant(
    app: App,
    Authed { principal, .. }: Authed<ManagesInboxes>,
    Path(id): Path<InboxId>,
    Json(request): Json<InboxAssistantRequest>,
) -> Result<axum::Json<InboxView>, AppError> {
    let min_confidence = request.min_confidence.unwrap_or(DEFAULT_MIN_CONFIDENCE);
    if !(0.0..=1.0).contains(&min_confidence) {
        return Err(invalid(
            "the assistant cannot be like this",
            "/min_confidence",
            "is from 0 to 1",
        ));
    }
    let settings = AssistantSettings {
        is_enabled: request.is_enabled,
        min_confidence,
    };
    let changed = app
        .directory()?
        .set_inbox_assistant(principal.account_id, id, settings)
        .await?
        .ok_or_else(AppError::not_found)?;
    assistant_switch::forget(principal.account_id);
    Ok(axum::Json(view(changed)))
}
