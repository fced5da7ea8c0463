//! The live desk of an account, and its agents.

use axum::response::Response;
use edgedesk_wire::api::AgentList;
use edgedesk_wire::desk::{DeskState, SOCKET_PATH, STATE_PATH};
use edgedesk_wire::object::SocketIdentity;
use http::HeaderMap;

use crate::context::App;
use crate::conversations::{TicketQuery, check_ticket};
use crate::error::AppError;
use crate::extract::{Authed, Query, SeesMembers, Watches};
use crate::object_client::Object;
use crate::sockets::{require_upgrade, switch_protocols};

/// `GET /api/v1/desk`
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/api/v1/desk", tag = "desk", security(("access_token" = [])),
    responses((status = 200, body = DeskState), (status = 401, body = crate::openapi::Problem)),
))]
#[worker::send]
pub async fn get_desk(
    app: App,
    Authed { principal, .. }: Authed<Watches>,
) -> Result<axum::Json<DeskState>, AppError> {
    Object::desk(&app, principal.account_id)
        .get(STATE_PATH)
        .await
        .map(axum::Json)
}

/// `GET /api/v1/desk/socket?ticket=`
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/api/v1/desk/socket", tag = "desk",
    params(("ticket" = String, Query, description = "From `POST /api/v1/socket-tickets` without a conversation")),
    responses(
        (status = 101, description = "The desk's socket; frames are in API.md"),
        (status = 401, body = crate::openapi::Problem, description = "No ticket, or not a good one"),
        (status = 426, body = crate::openapi::Problem, description = "Not a WebSocket"),
    ),
))]
#[worker::send]
pub async fn open_socket(
    app: App,
    headers: HeaderMap,
    Query(query): Query<TicketQuery>,
) -> Result<Response, AppError> {
    let identity = check_ticket(&app, &headers, query.ticket.as_deref(), None).await?;
    require_upgrade(&headers)?;
    let SocketIdentity::Agent { principal, .. } = &identity else {
        return Err(AppError::internal("a ticket that is not an agent's"));
    };
    Object::desk(&app, principal.account_id)
        .upgrade(SOCKET_PATH, &identity)
        .await
        .map(switch_protocols)
}

/// `GET /api/v1/agents`
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/api/v1/agents", tag = "desk", security(("access_token" = [])),
    responses((status = 200, body = AgentList, description = "By name"), (status = 401, body = crate::openapi::Problem)),
))]
#[worker::send]
pub async fn list_agents(
    app: App,
    Authed { principal, .. }: Authed<SeesMembers>,
) -> Result<axum::Json<AgentList>, AppError> {
    let agents = app.directory()?.list_agents(principal.account_id).await?;
    Ok(axum::Json(AgentList { agents }))
}
