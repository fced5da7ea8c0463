//! Writing articles, and who may see them.

use edgedesk_domain::account::Permission;
use edgedesk_domain::article::ArticleState;
use edgedesk_domain::ids::{AccountId, ArticleId};
use edgedesk_platform::chance::SystemIds;
use edgedesk_platform::d1::D1;
use edgedesk_store::AccountStore;
use edgedesk_store::shards::ArticleError;
use edgedesk_wire::articles::{ArticleChange, ArticleResponse, ArticleStateChange, NewArticle};
use http::StatusCode;

use super::checks::{DEFAULT_LANGUAGE, checked_texts};
use super::indexing::{ask_if_pending, ask_to_index};
use super::list::find;
use crate::account_store::store_to_change;
use crate::context::App;
use crate::error::AppError;
use crate::extract::{Authed, Json, ManagesKnowledge, Path, WritesKnowledge};
use crate::manners::conditional::{IfMatch, precondition_failed};

/// `POST /api/v1/articles`
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/api/v1/articles", tag = "knowledge", security(("access_token" = [])),
    request_body = NewArticle,
    responses(
        (status = 201, body = ArticleResponse, description = "A draft takes `knowledge:write`; another state takes `knowledge:manage` as well"),
        (status = 400, body = crate::openapi::Problem), (status = 401, body = crate::openapi::Problem), (status = 403, body = crate::openapi::Problem),
        (status = 422, body = crate::openapi::Problem, description = "`invalid_value`, `unknown_category`, `unknown_original`"),
        (status = 503, body = crate::openapi::Problem, description = "`account_moving`, `unavailable`"),
    ),
))]
#[worker::send]
pub async fn create_article(
    app: App,
    caller: Authed<WritesKnowledge>,
    Json(request): Json<NewArticle>,
) -> Result<(StatusCode, axum::Json<ArticleResponse>), AppError> {
    if request.state.unwrap_or(ArticleState::Draft) != ArticleState::Draft {
        caller.check_also(Permission::ManageKnowledge)?;
    }
    let language = request.language.as_deref().unwrap_or(DEFAULT_LANGUAGE);
    let texts = checked_texts(&request.title, &request.body, language)?;
    let new = NewArticle {
        title: texts.title,
        body: texts.body,
        ..request
    };
    let account_id = caller.principal.account_id;
    let shards = app.shards()?;
    let store = store_to_change(&app, &shards, account_id).await?;
    let id = ArticleId::generate(&SystemIds);
    store
        .add_article(id, &new, &texts.language, &caller.principal, app.now())
        .await
        .map_err(not_stored)?;
    app.note_resource(&id);
    let answer = changed(&app, store, account_id, id).await?;
    Ok((StatusCode::CREATED, answer))
}

/// `PUT /api/v1/articles/{article_id}`
#[cfg_attr(feature = "openapi", utoipa::path(
    put, path = "/api/v1/articles/{article_id}", tag = "knowledge", security(("access_token" = [])),
    params(("article_id" = ArticleId, Path)), request_body = ArticleChange,
    responses(
        (status = 200, body = ArticleResponse, description = "Everybody sees the new version once it is published; its category changes at once"),
        (status = 400, body = crate::openapi::Problem), (status = 401, body = crate::openapi::Problem), (status = 403, body = crate::openapi::Problem),
        (status = 404, body = crate::openapi::Problem, description = "There is none, or it is deleted"),
        (status = 409, body = crate::openapi::Problem, description = "`version_conflict`: somebody stored another version meanwhile"),
        (status = 412, body = crate::openapi::Problem, description = "`precondition_failed`: it is not what `If-Match` names any more"),
        (status = 422, body = crate::openapi::Problem, description = "`invalid_value`, `unknown_category`"),
        (status = 503, body = crate::openapi::Problem, description = "`account_moving`, `unavailable`"),
    ),
))]
#[worker::send]
pub async fn change_article(
    app: App,
    Authed { principal, .. }: Authed<WritesKnowledge>,
    Path(id): Path<ArticleId>,
    if_match: IfMatch,
    Json(request): Json<ArticleChange>,
) -> Result<axum::Json<ArticleResponse>, AppError> {
    let texts = checked_texts(&request.title, &request.body, &request.language)?;
    let change = ArticleChange {
        title: texts.title,
        body: texts.body,
        language: texts.language,
        ..request
    };
    let shards = app.shards()?;
    let store = store_to_change(&app, &shards, principal.account_id).await?;
    let revision = bound_revision(store, id, &if_match).await?;
    store
        .change_article_at(id, revision, &change, &principal, app.now())
        .await
        .map_err(not_stored)?;
    changed(&app, store, principal.account_id, id).await
}

/// `PUT /api/v1/articles/{article_id}/state`
#[cfg_attr(feature = "openapi", utoipa::path(
    put, path = "/api/v1/articles/{article_id}/state", tag = "knowledge", security(("access_token" = [])),
    params(("article_id" = ArticleId, Path)), request_body = ArticleStateChange,
    responses(
        (status = 200, body = ArticleResponse, description = "`published` publishes the last version, also of what is published already"),
        (status = 400, body = crate::openapi::Problem), (status = 401, body = crate::openapi::Problem), (status = 403, body = crate::openapi::Problem),
        (status = 404, body = crate::openapi::Problem, description = "There is none, or it is deleted"),
        (status = 412, body = crate::openapi::Problem, description = "`precondition_failed`: it is not what `If-Match` names any more"),
        (status = 503, body = crate::openapi::Problem, description = "`account_moving`, `unavailable`"),
    ),
))]
#[worker::send]
pub async fn change_article_state(
    app: App,
    Authed { principal, .. }: Authed<ManagesKnowledge>,
    Path(id): Path<ArticleId>,
    if_match: IfMatch,
    Json(ArticleStateChange { state }): Json<ArticleStateChange>,
) -> Result<axum::Json<ArticleResponse>, AppError> {
    let shards = app.shards()?;
    let store = store_to_change(&app, &shards, principal.account_id).await?;
    let revision = bound_revision(store, id, &if_match).await?;
    let is_set = store.set_article_state_at(id, revision, state, app.now());
    if !is_set.await? {
        return Err(not_there(revision));
    }
    changed(&app, store, principal.account_id, id).await
}

/// `DELETE /api/v1/articles/{article_id}`
#[cfg_attr(feature = "openapi", utoipa::path(
    delete, path = "/api/v1/articles/{article_id}", tag = "knowledge", security(("access_token" = [])),
    params(("article_id" = ArticleId, Path)),
    responses(
        (status = 204, description = "Nobody is shown it any more; it can be restored for 30 days"),
        (status = 401, body = crate::openapi::Problem), (status = 403, body = crate::openapi::Problem),
        (status = 404, body = crate::openapi::Problem, description = "There is none, or it is deleted already"),
        (status = 412, body = crate::openapi::Problem, description = "`precondition_failed`: it is not what `If-Match` names any more"),
        (status = 503, body = crate::openapi::Problem, description = "`account_moving`, `unavailable`"),
    ),
))]
#[worker::send]
pub async fn delete_article(
    app: App,
    Authed { principal, .. }: Authed<ManagesKnowledge>,
    Path(id): Path<ArticleId>,
    if_match: IfMatch,
) -> Result<StatusCode, AppError> {
    let shards = app.shards()?;
    let store = store_to_change(&app, &shards, principal.account_id).await?;
    let revision = bound_revision(store, id, &if_match).await?;
    if !store.delete_article_at(id, revision, app.now()).await? {
        return Err(not_there(revision));
    }
    ask_to_index(&app, principal.account_id, &[id]).await;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /api/v1/articles/{article_id}/restore`
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/api/v1/articles/{article_id}/restore", tag = "knowledge", security(("access_token" = [])),
    params(("article_id" = ArticleId, Path)),
    responses(
        (status = 200, body = ArticleResponse, description = "In the state that it was in"),
        (status = 401, body = crate::openapi::Problem), (status = 403, body = crate::openapi::Problem),
        (status = 404, body = crate::openapi::Problem, description = "There is none, or it is not deleted"),
        (status = 503, body = crate::openapi::Problem, description = "`account_moving`, `unavailable`"),
    ),
))]
#[worker::send]
pub async fn restore_article(
    app: App,
    Authed { principal, .. }: Authed<ManagesKnowledge>,
    Path(id): Path<ArticleId>,
) -> Result<axum::Json<ArticleResponse>, AppError> {
    let shards = app.shards()?;
    let store = store_to_change(&app, &shards, principal.account_id).await?;
    if !store.restore_article(id, app.now()).await? {
        return Err(AppError::not_found());
    }
    changed(&app, store, principal.account_id, id).await
}

/// The revision that a change is bound to: that of the article which the caller has seen, where `If-Match` says that they have. Whatever
/// comes between this look and the change is another revision, so nothing is written over that nobody looked at.
async fn bound_revision(
    store: AccountStore<'_, D1>,
    id: ArticleId,
    if_match: &IfMatch,
) -> Result<Option<u64>, AppError> {
    if !if_match.is_there() {
        return Ok(None);
    }
    let found = store.find_article_and_revision(id).await?;
    let (article, revision) = found.ok_or_else(AppError::not_found)?;
    if_match.check(&ArticleResponse { article })?;
    Ok(Some(revision))
}

/// Why a row was not changed: it was there when it was bound to its revision.
fn not_there(revision: Option<u64>) -> AppError {
    revision.map_or_else(AppError::not_found, |_| precondition_failed())
}

/// An article after a change, of which search hears.
async fn changed(
    app: &App,
    store: AccountStore<'_, D1>,
    account_id: AccountId,
    id: ArticleId,
) -> Result<axum::Json<ArticleResponse>, AppError> {
    let article = find(store, id).await?;
    ask_if_pending(app, account_id, &article.summary).await;
    Ok(axum::Json(ArticleResponse { article }))
}

fn not_stored(error: ArticleError) -> AppError {
    let unknown = |code, pointer, detail: &str| {
        AppError::new(StatusCode::UNPROCESSABLE_ENTITY, code, error.to_string())
            .with_field(pointer, detail)
    };
    match error {
        ArticleError::NotFound => AppError::not_found(),
        ArticleError::VersionConflict => AppError::new(
            StatusCode::CONFLICT,
            "version_conflict",
            "somebody stored another version meanwhile: look at it first",
        )
        .with_field("/version", "is not the last one any more"),
        ArticleError::Overtaken => precondition_failed(),
        ArticleError::UnknownCategory => unknown(
            "unknown_category",
            "/category_id",
            "is no category of this account",
        ),
        ArticleError::UnknownOriginal => unknown(
            "unknown_original",
            "/translation_of",
            "is no article of this account",
        ),
        ArticleError::Store(error) => error.into(),
    }
}

#[cfg(test)]
mod tests {
    use edgedesk_store::StoreError;

    use super::*;

    #[test]
    fn each_reason_why_an_article_is_not_stored_has_its_own_answer() {
        for (error, expected) in [
            (ArticleError::NotFound, (404, "not_found", None)),
            (
                ArticleError::VersionConflict,
                (409, "version_conflict", Some("/version")),
            ),
            (ArticleError::Overtaken, (412, "precondition_failed", None)),
            (
                ArticleError::UnknownCategory,
                (422, "unknown_category", Some("/category_id")),
            ),
            (
                ArticleError::UnknownOriginal,
                (422, "unknown_original", Some("/translation_of")),
            ),
            (
                ArticleError::Store(StoreError::ForeignRow),
                (500, "internal", None),
            ),
        ] {
            let error = not_stored(error);
            let pointer = error.errors.first().map(|field| field.pointer.as_str());
            assert_eq!(
                (error.status.as_u16(), error.code.as_str(), pointer),
                expected
            );
        }
    }
}
