//! The headings that articles stand under.

use edgedesk_domain::ids::CategoryId;
use edgedesk_platform::chance::SystemIds;
use edgedesk_platform::d1::D1;
use edgedesk_store::AccountStore;
use edgedesk_store::shards::CategoryError;
use edgedesk_wire::articles::{CategoryBody, CategoryList, CategoryView};
use http::StatusCode;

use super::checks::MAX_CATEGORY_CHARS;
use super::indexing::ask_for_pending;
use crate::account_store::{store_of, store_to_change};
use crate::context::App;
use crate::error::AppError;
use crate::extract::{Authed, Json, ManagesKnowledge, Path, SeesKnowledge};
use crate::fields::{checked_name, invalid};

/// `GET /api/v1/article-categories`
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/api/v1/article-categories", tag = "knowledge", security(("access_token" = [])),
    responses((status = 200, body = CategoryList, description = "By name"), (status = 401, body = crate::openapi::Problem), (status = 403, body = crate::openapi::Problem)),
))]
#[worker::send]
pub async fn list_article_categories(
    app: App,
    Authed { principal, .. }: Authed<SeesKnowledge>,
) -> Result<axum::Json<CategoryList>, AppError> {
    let shards = app.shards()?;
    let store = store_of(&app, &shards, principal.account_id).await?;
    let categories = store.list_categories().await?;
    Ok(axum::Json(CategoryList { categories }))
}

/// `POST /api/v1/article-categories`
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/api/v1/article-categories", tag = "knowledge", security(("access_token" = [])),
    request_body = CategoryBody,
    responses(
        (status = 201, body = CategoryView), (status = 400, body = crate::openapi::Problem),
        (status = 401, body = crate::openapi::Problem), (status = 403, body = crate::openapi::Problem),
        (status = 409, body = crate::openapi::Problem, description = "`name_taken`, `too_many_categories`"),
        (status = 422, body = crate::openapi::Problem, description = "`invalid_value`"),
        (status = 503, body = crate::openapi::Problem, description = "`account_moving`, `unavailable`"),
    ),
))]
#[worker::send]
pub async fn create_article_category(
    app: App,
    Authed { principal, .. }: Authed<ManagesKnowledge>,
    Json(request): Json<CategoryBody>,
) -> Result<(StatusCode, axum::Json<CategoryView>), AppError> {
    let name = category_name(&request.name)?;
    let shards = app.shards()?;
    let store = store_to_change(&app, &shards, principal.account_id).await?;
    let id = CategoryId::generate(&SystemIds);
    store
        .add_category(id, name, app.now())
        .await
        .map_err(not_stored)?;
    app.note_resource(&id);
    let category = find(store, id).await?;
    Ok((StatusCode::CREATED, axum::Json(category)))
}

/// `PUT /api/v1/article-categories/{category_id}`
#[cfg_attr(feature = "openapi", utoipa::path(
    put, path = "/api/v1/article-categories/{category_id}", tag = "knowledge", security(("access_token" = [])),
    params(("category_id" = CategoryId, Path)), request_body = CategoryBody,
    responses(
        (status = 200, body = CategoryView), (status = 400, body = crate::openapi::Problem),
        (status = 401, body = crate::openapi::Problem), (status = 403, body = crate::openapi::Problem),
        (status = 404, body = crate::openapi::Problem),
        (status = 409, body = crate::openapi::Problem, description = "`name_taken`"),
        (status = 422, body = crate::openapi::Problem, description = "`invalid_value`"),
        (status = 503, body = crate::openapi::Problem, description = "`account_moving`, `unavailable`"),
    ),
))]
#[worker::send]
pub async fn rename_article_category(
    app: App,
    Authed { principal, .. }: Authed<ManagesKnowledge>,
    Path(id): Path<CategoryId>,
    Json(request): Json<CategoryBody>,
) -> Result<axum::Json<CategoryView>, AppError> {
    let name = category_name(&request.name)?;
    let shards = app.shards()?;
    let store = store_to_change(&app, &shards, principal.account_id).await?;
    store.rename_category(id, name).await.map_err(not_stored)?;
    Ok(axum::Json(find(store, id).await?))
}

/// `DELETE /api/v1/article-categories/{category_id}`
#[cfg_attr(feature = "openapi", utoipa::path(
    delete, path = "/api/v1/article-categories/{category_id}", tag = "knowledge", security(("access_token" = [])),
    params(("category_id" = CategoryId, Path)),
    responses(
        (status = 204, description = "Its articles stay, under none"),
        (status = 401, body = crate::openapi::Problem), (status = 403, body = crate::openapi::Problem), (status = 404, body = crate::openapi::Problem),
        (status = 503, body = crate::openapi::Problem, description = "`account_moving`, `unavailable`"),
    ),
))]
#[worker::send]
pub async fn delete_article_category(
    app: App,
    Authed { principal, .. }: Authed<ManagesKnowledge>,
    Path(id): Path<CategoryId>,
) -> Result<StatusCode, AppError> {
    let shards = app.shards()?;
    let store = store_to_change(&app, &shards, principal.account_id).await?;
    if !store.delete_category(id).await? {
        return Err(AppError::not_found());
    }
    // Those that are published stand under none in the index, too.
    ask_for_pending(&app, principal.account_id).await;
    Ok(StatusCode::NO_CONTENT)
}

async fn find(store: AccountStore<'_, D1>, id: CategoryId) -> Result<CategoryView, AppError> {
    let categories = store.list_categories().await?;
    let found = categories.into_iter().find(|category| category.id == id);
    found.ok_or_else(AppError::not_found)
}

fn category_name(name: &str) -> Result<&str, AppError> {
    checked_name(name, MAX_CATEGORY_CHARS)
        .map_err(|detail| invalid("the category cannot be like this", "/name", &detail))
}

fn not_stored(error: CategoryError) -> AppError {
    let conflict = |code| AppError::new(StatusCode::CONFLICT, code, error.to_string());
    match error {
        CategoryError::NotFound => AppError::not_found(),
        CategoryError::NameTaken => {
            conflict("name_taken").with_field("/name", "is another category's")
        }
        CategoryError::TooMany => conflict("too_many_categories"),
        CategoryError::Store(error) => error.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_category_has_a_name_of_its_own() {
        assert_eq!(category_name(" Billing ").unwrap(), "Billing");
        assert!(category_name(&"é".repeat(80)).is_ok());
        for name in ["", " ", "a\nb", &"é".repeat(81)] {
            let error = category_name(name).unwrap_err();
            assert_eq!(
                (error.code.as_str(), error.errors[0].pointer.as_str()),
                ("invalid_value", "/name")
            );
        }
        for (error, expected) in [
            (CategoryError::NotFound, (404, "not_found")),
            (CategoryError::NameTaken, (409, "name_taken")),
            (CategoryError::TooMany, (409, "too_many_categories")),
        ] {
            let error = not_stored(error);
            assert_eq!((error.status.as_u16(), error.code.as_str()), expected);
        }
    }
}
