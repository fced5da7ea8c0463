//! What admins see of deliveries and parked messages, and rebuilding the read model.

use edgedesk_domain::ids::AccountId;
use edgedesk_domain::time::Timestamp;
use edgedesk_store::Parked;
use edgedesk_wire::desk::{DELIVERIES_PATH, DeliveriesResponse};
use edgedesk_wire::jobs;
use serde::{Deserialize, Serialize};

use crate::account_store::store_of;
use crate::context::App;
use crate::conversations::read_limit;
use crate::error::AppError;
use crate::extract::{Authed, Inspects, Manages, Path, Query};
use crate::inbox_cache;
use crate::object_client::Object;
use crate::service_client;

/// `?cursor=`
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
pub struct CursorQuery {
    /// `next_cursor` of the answer before; absent to begin.
    cursor: Option<String>,
    /// Rows of a page, 1 to 200; 50 when absent. A rebuild takes at most 100, and 20 when absent.
    limit: Option<u32>,
}

/// A page was rebuilt.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RebuildResponse {
    /// Conversations that were projected again.
    pub rebuilt: u64,
    /// For `?cursor=`; absent when all is done.
    pub next_cursor: Option<String>,
}

/// A digest over the account's projected rows: equal digests, equal rows.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChecksumResponse {
    /// SHA-256 over all rows in the order of their keys, as hexadecimal digits.
    pub checksum: String,
    /// Rows by table.
    pub n_rows: std::collections::BTreeMap<String, u64>,
}

/// A page of parked messages.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ParkedList {
    /// Newest first.
    pub parked: Vec<ParkedView>,
    /// For `?cursor=`; absent at the end.
    pub next_cursor: Option<String>,
}

/// A queue message that could not be handled.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ParkedView {
    /// Its id.
    pub id: String,
    /// The queue it was on.
    pub queue: String,
    /// A stable word.
    pub reason: String,
    /// More, for a person.
    pub detail: String,
    /// Attempts that were made.
    pub n_attempts: u32,
    /// When it was parked.
    pub parked_at: Timestamp,
    /// The message as it came.
    pub body: String,
}

/// What became of another attempt.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RetryResponse {
    /// Whether it has been handled now, and is no longer parked.
    pub handled: bool,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// `GET /api/v1/inboxes/{id}/deliveries`
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/api/v1/inboxes/{id}/deliveries", tag = "admin", security(("access_token" = [])),
    params(("id" = edgedesk_domain::ids::InboxId, Path)),
    responses((status = 200, body = DeliveriesResponse, description = "Newest first, at most 100"), (status = 401, body = crate::openapi::Problem), (status = 403, body = crate::openapi::Problem), (status = 404, body = crate::openapi::Problem)),
))]
#[worker::send]
pub async fn list_deliveries(
    app: App,
    Authed { principal, .. }: Authed<Inspects>,
    Path(id): Path<edgedesk_domain::ids::InboxId>,
) -> Result<axum::Json<DeliveriesResponse>, AppError> {
    inbox_cache::find_inbox(&app, id)
        .await?
        .filter(|inbox| inbox.account_id == principal.account_id)
        .ok_or_else(AppError::not_found)?;
    let mut all: DeliveriesResponse = Object::desk(&app, principal.account_id)
        .get(DELIVERIES_PATH)
        .await?;
    let id = id.to_string();
    all.deliveries.retain(|delivery| delivery.inbox_id == id);
    Ok(axum::Json(all))
}

/// `POST /api/v1/admin/rebuild?cursor=`
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/api/v1/admin/rebuild", tag = "admin", security(("access_token" = [])),
    params(CursorQuery),
    responses((status = 200, body = RebuildResponse, description = "One page; without a cursor the account's rows are deleted first"), (status = 400, body = crate::openapi::Problem), (status = 401, body = crate::openapi::Problem), (status = 403, body = crate::openapi::Problem)),
))]
#[worker::send]
pub async fn rebuild(
    app: App,
    Authed { principal, .. }: Authed<Manages>,
    Query(query): Query<CursorQuery>,
) -> Result<axum::Json<RebuildResponse>, AppError> {
    let after = query
        .cursor
        .map(|cursor| cursor.parse())
        .transpose()
        .map_err(|_| {
            AppError::bad_request(
                "invalid_cursor",
                "the cursor is not one that this list gave out",
            )
        })?;
    let page: jobs::RebuildResponse = service_client::post(
        &app,
        jobs::BINDING,
        jobs::REBUILD_PATH,
        &jobs::RebuildRequest {
            account_id: principal.account_id,
            after,
            limit: query.limit,
        },
    )
    .await?;
    Ok(axum::Json(RebuildResponse {
        rebuilt: page.rebuilt,
        next_cursor: page.next_after.map(|after| after.to_string()),
    }))
}

/// `GET /api/v1/admin/checksum`
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/api/v1/admin/checksum", tag = "admin", security(("access_token" = [])),
    responses((status = 200, body = ChecksumResponse), (status = 401, body = crate::openapi::Problem), (status = 403, body = crate::openapi::Problem)),
))]
#[worker::send]
pub async fn get_checksum(
    app: App,
    Authed { principal, .. }: Authed<Inspects>,
) -> Result<axum::Json<ChecksumResponse>, AppError> {
    let account_id: AccountId = principal.account_id;
    let answer: jobs::ChecksumResponse = service_client::get(
        &app,
        jobs::BINDING,
        &format!("{}?account_id={account_id}", jobs::CHECKSUM_PATH),
    )
    .await?;
    Ok(axum::Json(ChecksumResponse {
        checksum: answer.checksum,
        n_rows: answer.n_rows,
    }))
}

/// `GET /api/v1/admin/parked`
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/api/v1/admin/parked", tag = "admin", security(("access_token" = [])),
    params(CursorQuery),
    responses((status = 200, body = ParkedList, description = "Newest first"), (status = 401, body = crate::openapi::Problem), (status = 403, body = crate::openapi::Problem)),
))]
#[worker::send]
pub async fn list_parked(
    app: App,
    Authed { principal, .. }: Authed<Inspects>,
    Query(query): Query<CursorQuery>,
) -> Result<axum::Json<ParkedList>, AppError> {
    let shards = app.shards()?;
    let page = store_of(&app, &shards, principal.account_id)
        .await?
        .list_parked(query.cursor.as_deref(), read_limit(query.limit))
        .await?;
    Ok(axum::Json(ParkedList {
        parked: page.items.into_iter().map(ParkedView::from).collect(),
        next_cursor: page.next_cursor,
    }))
}

/// `POST /api/v1/admin/parked/{id}/retry`
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/api/v1/admin/parked/{id}/retry", tag = "admin", security(("access_token" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = RetryResponse), (status = 401, body = crate::openapi::Problem), (status = 403, body = crate::openapi::Problem), (status = 404, body = crate::openapi::Problem)),
))]
#[worker::send]
pub async fn retry_parked(
    app: App,
    Authed { principal, .. }: Authed<Manages>,
    Path(id): Path<String>,
) -> Result<axum::Json<RetryResponse>, AppError> {
    let answer: jobs::RetryParkedResponse = service_client::post(
        &app,
        jobs::BINDING,
        jobs::RETRY_PARKED_PATH,
        &jobs::RetryParkedRequest {
            account_id: principal.account_id,
            id,
        },
    )
    .await?;
    Ok(axum::Json(RetryResponse {
        handled: answer.handled,
        detail: answer.detail,
    }))
}

impl From<Parked> for ParkedView {
    fn from(parked: Parked) -> Self {
        Self {
            id: parked.id,
            queue: parked.queue,
            reason: serde_json::to_value(parked.reason)
                .ok()
                .and_then(|word| word.as_str().map(str::to_owned))
                .unwrap_or_default(),
            detail: parked.detail,
            n_attempts: parked.n_attempts,
            parked_at: parked.parked_at,
            body: parked.body,
        }
    }
}
