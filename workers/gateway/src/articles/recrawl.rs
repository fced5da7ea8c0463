//! The page that an article is from, read again because somebody asks.

use edgedesk_domain::ids::ArticleId;
use edgedesk_wire::articles::{ArticleResponse, RecrawlRequest};
use edgedesk_wire::jobs::{self, READ_SOURCE_PATH, ReadSourceRequest, ReadSourceResponse};
use http::StatusCode;

use super::list::find;
use crate::account_store::store_to_change;
use crate::context::App;
use crate::error::AppError;
use crate::extract::{Authed, Json, ManagesKnowledge, Path};
use crate::service_client;

/// `POST /api/v1/articles/{article_id}/recrawl`
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/api/v1/articles/{article_id}/recrawl", tag = "knowledge", security(("access_token" = [])),
    params(("article_id" = ArticleId, Path)), request_body = RecrawlRequest,
    responses(
        (status = 200, body = ArticleResponse, description = "The article as it is then; `source_page` says what came of it, also that the page could not be read"),
        (status = 400, body = crate::openapi::Problem), (status = 401, body = crate::openapi::Problem), (status = 403, body = crate::openapi::Problem),
        (status = 404, body = crate::openapi::Problem, description = "There is none, or it is deleted"),
        (status = 422, body = crate::openapi::Problem, description = "`no_source`: it was not imported from an address"),
        (status = 503, body = crate::openapi::Problem, description = "`account_moving`, `unavailable`"),
    ),
))]
#[worker::send]
pub async fn recrawl_article(
    app: App,
    Authed { principal, .. }: Authed<ManagesKnowledge>,
    Path(article_id): Path<ArticleId>,
    Json(request): Json<RecrawlRequest>,
) -> Result<axum::Json<ArticleResponse>, AppError> {
    let account_id = principal.account_id;
    let shards = app.shards()?;
    let store = store_to_change(&app, &shards, account_id).await?;
    let before = find(store, article_id).await?;
    if before.summary.deleted_at.is_some() {
        return Err(AppError::not_found());
    }
    let asked = ReadSourceRequest {
        account_id,
        article_id,
        overwrite: request.overwrite,
    };
    let ReadSourceResponse { outcome } =
        service_client::post(&app, jobs::BINDING, READ_SOURCE_PATH, &asked).await?;
    if outcome.is_none() {
        return Err(AppError::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "no_source",
            "the article was not imported from an address",
        ));
    }
    let article = find(store, article_id).await?;
    Ok(axum::Json(ArticleResponse { article }))
}
