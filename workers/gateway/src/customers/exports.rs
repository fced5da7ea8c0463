//! Archives of what is known of a customer: asked for here, written by the jobs Worker, fetched by a link.

use edgedesk_domain::files::FileKey;
use edgedesk_domain::ids::{CustomerId, ExportId};
use edgedesk_platform::chance::SystemIds;
use edgedesk_platform::queue::send_json;
use edgedesk_wire::customers::{ExportList, ExportRequest, ExportResponse, ExportState, FileLink};
use edgedesk_wire::queue::{EXPORTS_BINDING, ExportRequested};
use http::StatusCode;

use super::check_customer;
use crate::account_store::{store_of, store_to_change};
use crate::context::App;
use crate::error::{AppError, RETRY_SECS};
use crate::extract::{Authed, Json, ManagesPrivacy, Path, SeesPrivacy};
use crate::files::link_to;

/// `GET /api/v1/customers/{customer_id}/exports`
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/api/v1/customers/{customer_id}/exports", tag = "customers", security(("access_token" = [])),
    params(("customer_id" = CustomerId, Path)),
    responses((status = 200, body = ExportList), (status = 401, body = crate::openapi::Problem), (status = 403, body = crate::openapi::Problem), (status = 404, body = crate::openapi::Problem)),
))]
#[worker::send]
pub async fn list_exports(
    app: App,
    Authed { principal, .. }: Authed<SeesPrivacy>,
    Path(id): Path<CustomerId>,
) -> Result<axum::Json<ExportList>, AppError> {
    let shards = app.shards()?;
    let store = store_of(&app, &shards, principal.account_id).await?;
    check_customer(store, id).await?;
    let exports = store.list_exports(id, app.now()).await?;
    Ok(axum::Json(ExportList { exports }))
}

/// `POST /api/v1/customers/{customer_id}/exports`
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/api/v1/customers/{customer_id}/exports", tag = "customers", security(("access_token" = [])),
    params(("customer_id" = CustomerId, Path)), request_body = ExportRequest,
    responses(
        (status = 202, body = ExportResponse, description = "It is written soon; one of the same kind that is under way is given again"),
        (status = 400, body = crate::openapi::Problem), (status = 401, body = crate::openapi::Problem),
        (status = 403, body = crate::openapi::Problem), (status = 404, body = crate::openapi::Problem),
        (status = 503, body = crate::openapi::Problem, description = "`account_moving`, `unavailable`"),
    ),
))]
#[worker::send]
pub async fn request_export(
    app: App,
    Authed { principal, .. }: Authed<ManagesPrivacy>,
    Path(customer_id): Path<CustomerId>,
    Json(request): Json<ExportRequest>,
) -> Result<(StatusCode, axum::Json<ExportResponse>), AppError> {
    let shards = app.shards()?;
    let account_id = principal.account_id;
    let store = store_to_change(&app, &shards, account_id).await?;
    let export = store
        .request_export(
            customer_id,
            ExportId::generate(&SystemIds),
            request.include_notes,
            &principal,
            app.now(),
        )
        .await?
        .ok_or_else(AppError::not_found)?;
    // Also when it was there: the message of the first time may have been lost. Two of them write one archive.
    send(
        &app,
        &ExportRequested {
            account_id,
            customer_id,
            export_id: export.id,
        },
    )
    .await?;
    Ok((StatusCode::ACCEPTED, axum::Json(ExportResponse { export })))
}

/// `POST /api/v1/customers/{customer_id}/exports/{export_id}/link`
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/api/v1/customers/{customer_id}/exports/{export_id}/link", tag = "customers", security(("access_token" = [])),
    params(("customer_id" = CustomerId, Path), ("export_id" = ExportId, Path)),
    responses(
        (status = 201, body = FileLink, description = "Opens the archive for ten minutes, for whoever has it"),
        (status = 401, body = crate::openapi::Problem), (status = 403, body = crate::openapi::Problem), (status = 404, body = crate::openapi::Problem),
        (status = 409, body = crate::openapi::Problem, description = "`export_not_ready`"),
    ),
))]
#[worker::send]
pub async fn make_export_link(
    app: App,
    Authed { principal, .. }: Authed<ManagesPrivacy>,
    Path((customer_id, export_id)): Path<(CustomerId, ExportId)>,
) -> Result<(StatusCode, axum::Json<FileLink>), AppError> {
    let shards = app.shards()?;
    let store = store_of(&app, &shards, principal.account_id).await?;
    let export = store
        .find_export(customer_id, export_id, app.now())
        .await?
        .ok_or_else(AppError::not_found)?;
    if export.state != ExportState::Ready {
        return Err(AppError::new(
            StatusCode::CONFLICT,
            "export_not_ready",
            "there is no archive: it is not written yet, failed, or was deleted",
        ));
    }
    let file = FileKey::export(principal.account_id, customer_id, export_id);
    Ok((StatusCode::CREATED, axum::Json(link_to(&app, &file)?)))
}

async fn send(app: &App, message: &ExportRequested) -> Result<(), AppError> {
    send_json(app.env(), EXPORTS_BINDING, message, None)
        .await
        .map_err(|error| AppError::unavailable(RETRY_SECS, format!("{EXPORTS_BINDING}: {error}")))
}
