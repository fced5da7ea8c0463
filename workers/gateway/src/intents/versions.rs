//! Trained versions, and which of them is in use.

use edgedesk_wire::ai::{IntentVersionList, PromotionList, RollbackRequest, RollbackResponse};
use edgedesk_wire::inference::{self, MODELS_PATH};
use http::StatusCode;
use serde::Deserialize;

use crate::account_store::{store_of, store_to_change};
use crate::context::App;
use crate::conversations::read_limit;
use crate::error::AppError;
use crate::extract::{Authed, Json, Query, SeesIntents, Teaches};
use crate::{own_intents, service_client};

/// `?cursor=&limit=`
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
pub struct PageQuery {
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Rows of a page, 1 to 200; 50 when absent.
    limit: Option<u32>,
}

/// `GET /api/v1/ai/intents/versions?cursor=&limit=`
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/api/v1/ai/intents/versions", tag = "ai", security(("access_token" = [])),
    params(PageQuery),
    responses(
        (status = 200, body = IntentVersionList, description = "Newest first"), (status = 400, body = crate::openapi::Problem),
        (status = 401, body = crate::openapi::Problem),
    ),
))]
#[worker::send]
pub async fn list_versions(
    app: App,
    Authed { principal, .. }: Authed<SeesIntents>,
    Query(query): Query<PageQuery>,
) -> Result<axum::Json<IntentVersionList>, AppError> {
    let shards = app.shards()?;
    let store = store_of(&app, &shards, principal.account_id).await?;
    let page = store
        .list_intents_versions(query.cursor.as_deref(), read_limit(query.limit))
        .await?;
    Ok(axum::Json(IntentVersionList {
        versions: page.items,
        next_cursor: page.next_cursor,
    }))
}

/// `GET /api/v1/ai/intents/promotions?cursor=&limit=`
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/api/v1/ai/intents/promotions", tag = "ai", security(("access_token" = [])),
    params(PageQuery),
    responses(
        (status = 200, body = PromotionList, description = "What was in use when, and who decided so; newest first"),
        (status = 400, body = crate::openapi::Problem), (status = 401, body = crate::openapi::Problem),
    ),
))]
#[worker::send]
pub async fn list_promotions(
    app: App,
    Authed { principal, .. }: Authed<SeesIntents>,
    Query(query): Query<PageQuery>,
) -> Result<axum::Json<PromotionList>, AppError> {
    let shards = app.shards()?;
    let store = store_of(&app, &shards, principal.account_id).await?;
    let page = store
        .list_promotions(query.cursor.as_deref(), read_limit(query.limit))
        .await?;
    Ok(axum::Json(PromotionList {
        promotions: page.items,
        next_cursor: page.next_cursor,
    }))
}

/// `POST /api/v1/ai/intents/rollback`
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/api/v1/ai/intents/rollback", tag = "ai", security(("access_token" = [])),
    request_body = RollbackRequest,
    responses(
        (status = 200, body = RollbackResponse, description = "In use now; `null` is none"), (status = 400, body = crate::openapi::Problem),
        (status = 401, body = crate::openapi::Problem), (status = 403, body = crate::openapi::Problem),
        (status = 404, body = crate::openapi::Problem, description = "No such version"),
        (status = 409, body = crate::openapi::Problem, description = "`encoder_changed`"),
    ),
))]
#[worker::send]
pub async fn roll_back(
    app: App,
    Authed { principal, .. }: Authed<Teaches>,
    Json(RollbackRequest { version }): Json<RollbackRequest>,
) -> Result<axum::Json<RollbackResponse>, AppError> {
    let shards = app.shards()?;
    let store = store_to_change(&app, &shards, principal.account_id).await?;
    if let Some(version) = version {
        let encoder = store
            .intents_encoder(version)
            .await?
            .ok_or_else(AppError::not_found)?;
        // When the model does not answer, going back is more urgent than this check.
        let now: Result<inference::ModelsResponse, AppError> =
            service_client::get(&app, inference::BINDING, MODELS_PATH).await;
        if now.is_ok_and(|now| now.encoder != encoder) {
            return Err(AppError::new(
                StatusCode::CONFLICT,
                "encoder_changed",
                format!("version {version} reads the features of another encoder: train again"),
            ));
        }
    }
    let answer = store
        .roll_back_intents(version, &principal, app.now())
        .await?
        .ok_or_else(AppError::not_found)?;
    own_intents::forget(principal.account_id);
    Ok(axum::Json(answer))
}
