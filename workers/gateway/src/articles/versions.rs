//! What an article said before.

use edgedesk_domain::ids::ArticleId;
use edgedesk_wire::articles::{ArticleVersionList, ArticleVersionResponse};

use crate::account_store::store_of;
use crate::context::App;
use crate::error::AppError;
use crate::extract::{Authed, Path, SeesKnowledge};

/// `GET /api/v1/articles/{article_id}/versions`
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/api/v1/articles/{article_id}/versions", tag = "knowledge", security(("access_token" = [])),
    params(("article_id" = ArticleId, Path)),
    responses(
        (status = 200, body = ArticleVersionList, description = "Without their texts, the last one first"),
        (status = 401, body = crate::openapi::Problem), (status = 403, body = crate::openapi::Problem), (status = 404, body = crate::openapi::Problem),
    ),
))]
#[worker::send]
pub async fn list_article_versions(
    app: App,
    Authed { principal, .. }: Authed<SeesKnowledge>,
    Path(id): Path<ArticleId>,
) -> Result<axum::Json<ArticleVersionList>, AppError> {
    let shards = app.shards()?;
    let store = store_of(&app, &shards, principal.account_id).await?;
    let versions = store.list_article_versions(id).await?;
    // An article has one version at least.
    if versions.is_empty() {
        return Err(AppError::not_found());
    }
    Ok(axum::Json(ArticleVersionList { versions }))
}

/// `GET /api/v1/articles/{article_id}/versions/{version}`
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/api/v1/articles/{article_id}/versions/{version}", tag = "knowledge", security(("access_token" = [])),
    params(("article_id" = ArticleId, Path), ("version" = u32, Path, description = "From 1")),
    responses(
        (status = 200, body = ArticleVersionResponse, description = "With its text"),
        (status = 401, body = crate::openapi::Problem), (status = 403, body = crate::openapi::Problem), (status = 404, body = crate::openapi::Problem),
    ),
))]
#[worker::send]
pub async fn get_article_version(
    app: App,
    Authed { principal, .. }: Authed<SeesKnowledge>,
    Path((id, number)): Path<(ArticleId, u32)>,
) -> Result<axum::Json<ArticleVersionResponse>, AppError> {
    let shards = app.shards()?;
    let store = store_of(&app, &shards, principal.account_id).await?;
    let version = store.find_article_version(id, number).await?;
    let version = version.ok_or_else(AppError::not_found)?;
    Ok(axum::Json(ArticleVersionResponse { version }))
}
