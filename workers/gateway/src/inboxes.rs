//! The inboxes of an account.

use edgedesk_domain::ids::InboxId;
use edgedesk_store::directory::ListedInbox;
use edgedesk_wire::inboxes::{InboxList, InboxTeamRequest, InboxView};
use http::StatusCode;

use crate::context::App;
use crate::error::AppError;
use crate::extract::{Authed, Json, ManagesInboxes, Path, SeesInboxes};
use crate::teams::check_team;

/// `GET /api/v1/inboxes`
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/api/v1/inboxes", tag = "admin", security(("access_token" = [])),
    responses((status = 200, body = InboxList, description = "Oldest first; without their secrets"), (status = 401, body = crate::openapi::Problem), (status = 403, body = crate::openapi::Problem)),
))]
#[worker::send]
pub async fn list_inboxes(
    app: App,
    Authed { principal, .. }: Authed<SeesInboxes>,
) -> Result<axum::Json<InboxList>, AppError> {
    let inboxes = app.directory()?.list_inboxes(principal.account_id).await?;
    Ok(axum::Json(InboxList {
        inboxes: inboxes.into_iter().map(view).collect(),
    }))
}

/// `PUT /api/v1/inboxes/{id}/team`
#[cfg_attr(feature = "openapi", utoipa::path(
    put, path = "/api/v1/inboxes/{id}/team", tag = "admin", security(("access_token" = [])),
    params(("id" = InboxId, Path)), request_body = InboxTeamRequest,
    responses(
        (status = 204, description = "New conversations of the inbox go there, within 30 s everywhere"),
        (status = 400, body = crate::openapi::Problem, description = "`unknown_team`: the account has no such team"),
        (status = 401, body = crate::openapi::Problem), (status = 403, body = crate::openapi::Problem),
        (status = 404, body = crate::openapi::Problem),
    ),
))]
#[worker::send]
pub async fn change_inbox_team(
    app: App,
    Authed { principal, .. }: Authed<ManagesInboxes>,
    Path(id): Path<InboxId>,
    Json(request): Json<InboxTeamRequest>,
) -> Result<StatusCode, AppError> {
    let account_id = principal.account_id;
    check_team(&app, account_id, request.team_id).await?;
    let known = app
        .directory()?
        .set_inbox_team(account_id, id, request.team_id)
        .await?;
    if known {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(AppError::not_found())
    }
}

fn view(inbox: ListedInbox) -> InboxView {
    InboxView {
        id: inbox.id,
        channel: inbox.channel,
        name: inbox.name,
        key: inbox.key,
        team_id: inbox.team_id,
    }
}
