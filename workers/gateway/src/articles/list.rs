//! Which articles there are, for members.

use edgedesk_domain::article::ArticleState;
use edgedesk_domain::ids::{ArticleId, CategoryId};
use edgedesk_platform::d1::D1;
use edgedesk_store::AccountStore;
use edgedesk_store::shards::ArticleFilter;
use edgedesk_wire::articles::{ArticleList, ArticleResponse, ArticleView};
use serde::Deserialize;

use crate::account_store::store_of;
use crate::context::App;
use crate::conversations::read_limit;
use crate::error::AppError;
use crate::extract::{Authed, Path, Query, SeesKnowledge};

/// Most characters that are looked for in titles.
const MAX_QUERY_CHARS: usize = 200;

/// `?state=&category_id=&language=&q=&deleted=&cursor=&limit=`
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
pub struct ArticlesQuery {
    /// Only those in this state.
    state: Option<ArticleState>,
    /// Only those under this category.
    category_id: Option<CategoryId>,
    /// Only those in this language, by its ISO 639-1 code.
    language: Option<String>,
    /// Only those with this in the title, whatever the case of the letters a to z.
    q: Option<String>,
    /// `true` for those that are deleted and can still be restored, instead of those that are not.
    deleted: Option<bool>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Rows of a page, 1 to 200; 50 when absent.
    limit: Option<u32>,
}

/// `GET /api/v1/articles`
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/api/v1/articles", tag = "knowledge", security(("access_token" = [])),
    params(ArticlesQuery),
    responses(
        (status = 200, body = ArticleList, description = "Those that changed last first"),
        (status = 400, body = crate::openapi::Problem, description = "A filter or the cursor cannot be read"),
        (status = 401, body = crate::openapi::Problem), (status = 403, body = crate::openapi::Problem),
    ),
))]
#[worker::send]
pub async fn list_articles(
    app: App,
    Authed { principal, .. }: Authed<SeesKnowledge>,
    Query(query): Query<ArticlesQuery>,
) -> Result<axum::Json<ArticleList>, AppError> {
    let title = read_title(query.q.as_deref())?;
    let filter = ArticleFilter {
        state: query.state,
        category_id: query.category_id,
        language: query.language,
        title,
        deleted: query.deleted.unwrap_or_default(),
    };
    let shards = app.shards()?;
    let page = store_of(&app, &shards, principal.account_id)
        .await?
        .list_articles(&filter, query.cursor.as_deref(), read_limit(query.limit))
        .await?;
    Ok(axum::Json(ArticleList {
        articles: page.items,
        next_cursor: page.next_cursor,
    }))
}

/// `GET /api/v1/articles/{article_id}`
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/api/v1/articles/{article_id}", tag = "knowledge", security(("access_token" = [])),
    params(("article_id" = ArticleId, Path)),
    responses(
        (status = 200, body = ArticleResponse, description = "Its last version, also of one that is deleted"),
        (status = 401, body = crate::openapi::Problem), (status = 403, body = crate::openapi::Problem), (status = 404, body = crate::openapi::Problem),
    ),
))]
#[worker::send]
pub async fn get_article(
    app: App,
    Authed { principal, .. }: Authed<SeesKnowledge>,
    Path(id): Path<ArticleId>,
) -> Result<axum::Json<ArticleResponse>, AppError> {
    let shards = app.shards()?;
    let store = store_of(&app, &shards, principal.account_id).await?;
    let article = find(store, id).await?;
    Ok(axum::Json(ArticleResponse { article }))
}

/// An article with its text, or 404.
pub(super) async fn find(
    store: AccountStore<'_, D1>,
    id: ArticleId,
) -> Result<ArticleView, AppError> {
    let found = store.find_article(id).await?;
    found.ok_or_else(AppError::not_found)
}

fn read_title(q: Option<&str>) -> Result<Option<String>, AppError> {
    let title = q.map(str::trim).filter(|title| !title.is_empty());
    if title.is_some_and(|title| title.chars().count() > MAX_QUERY_CHARS) {
        return Err(AppError::bad_request(
            "invalid_query",
            format!("q has at most {MAX_QUERY_CHARS} characters"),
        ));
    }
    Ok(title.map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_are_looked_for_by_nobody_and_a_book_neither() {
        let long = "é".repeat(200);
        for (q, expected) in [
            (None, None),
            (Some(" \t"), None),
            (Some(" Returns "), Some("Returns")),
            (Some(long.as_str()), Some(long.as_str())),
        ] {
            assert_eq!(read_title(q).unwrap().as_deref(), expected);
        }
        let error = read_title(Some(&"é".repeat(201))).unwrap_err();
        assert_eq!(
            (error.status.as_u16(), error.code.as_str()),
            (400, "invalid_query")
        );
    }
}
