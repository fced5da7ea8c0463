//! Tickets, read from D1.

use edgedesk_store::shards::{SeenBy, TicketKey};
use edgedesk_wire::api::{TicketList, TicketResponse};
use serde::Deserialize;

use crate::account_store::store_of;
use crate::context::App;
use crate::conversations::{read_limit, read_statuses};
use crate::error::AppError;
use crate::extract::{Authed, Path, Query, Reads};

/// `?status=&cursor=&limit=`
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
pub struct ListQuery {
    /// Status words with commas between them; absent for all.
    status: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Rows of a page, 1 to 200; 50 when absent.
    limit: Option<u32>,
}

/// `GET /api/v1/tickets`
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/api/v1/tickets", tag = "tickets", security(("access_token" = [])),
    params(ListQuery),
    responses((status = 200, body = TicketList, description = "Highest number first"), (status = 400, body = crate::openapi::Problem), (status = 401, body = crate::openapi::Problem)),
))]
#[worker::send]
pub async fn list_tickets(
    app: App,
    Authed { principal, .. }: Authed<Reads>,
    Query(query): Query<ListQuery>,
) -> Result<axum::Json<TicketList>, AppError> {
    let statuses = read_statuses(query.status.as_deref())?;
    let shards = app.shards()?;
    let page = store_of(&app, &shards, principal.account_id)
        .await?
        .list_tickets(
            &statuses,
            SeenBy::of(principal.viewer()).as_ref(),
            query.cursor.as_deref(),
            read_limit(query.limit),
        )
        .await?;
    Ok(axum::Json(TicketList {
        tickets: page.items,
        next_cursor: page.next_cursor,
    }))
}

/// `GET /api/v1/tickets/{key}`
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/api/v1/tickets/{key}", tag = "tickets", security(("access_token" = [])),
    params(("key" = String, Path, description = "The ticket's id, or its number in the account")),
    responses((status = 200, body = TicketResponse), (status = 401, body = crate::openapi::Problem), (status = 403, body = crate::openapi::Problem, description = "`other_team`"), (status = 404, body = crate::openapi::Problem)),
))]
#[worker::send]
pub async fn get_ticket(
    app: App,
    Authed { principal, .. }: Authed<Reads>,
    Path(key): Path<String>,
) -> Result<axum::Json<TicketResponse>, AppError> {
    let key: TicketKey = key.parse().map_err(|_| AppError::not_found())?;
    let shards = app.shards()?;
    let ticket = store_of(&app, &shards, principal.account_id)
        .await?
        .find_ticket(key)
        .await?
        .ok_or_else(AppError::not_found)?;
    if !principal.viewer().sees(ticket.assignee_id, ticket.team_id) {
        return Err(AppError::forbidden(
            "other_team",
            "the ticket is another team's",
        ));
    }
    Ok(axum::Json(TicketResponse { ticket }))
}
