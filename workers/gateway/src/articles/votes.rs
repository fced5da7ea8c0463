//! What visitors see of articles, and whether they found one helpful. Called from other people's pages, as the rest of the widget's API.
//!
//! What is no published article of the visitor's account is 404, whatever else it is.

use axum::response::Response;
use edgedesk_domain::ids::ArticleId;
use edgedesk_store::shards::{IndexContent, ToIndex};
use edgedesk_wire::articles::{PublishedArticle, PublishedArticleResponse, VoteRequest};
use http::{HeaderMap, StatusCode};

use crate::account_store::{store_of, store_to_change};
use crate::context::App;
use crate::error::AppError;
use crate::extract::{Json, Path};
use crate::widget::{admit_visitor, preflight, readable, visitor_of, visitor_token};

/// `OPTIONS /widget/v1/articles/{article_id}`
#[cfg_attr(feature = "openapi", utoipa::path(
    options, path = "/widget/v1/articles/{article_id}", tag = "widget",
    params(("article_id" = ArticleId, Path)),
    responses((status = 204, description = "The browser may go on and ask")),
))]
pub async fn preflight_article(headers: HeaderMap) -> Response {
    preflight(&headers, "GET", "authorization")
}

/// `GET /widget/v1/articles/{article_id}`
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/widget/v1/articles/{article_id}", tag = "widget",
    params(("article_id" = ArticleId, Path), ("authorization" = String, Header, description = "`Bearer` and the session's token")),
    responses(
        (status = 200, body = PublishedArticleResponse, description = "The version that is published"),
        (status = 401, body = crate::openapi::Problem, description = "No token, or not a good one"),
        (status = 403, body = crate::openapi::Problem, description = "The page's origin is not on the inbox's list"),
        (status = 404, body = crate::openapi::Problem, description = "It is not published, or there is none"),
        (status = 429, body = crate::openapi::Problem, description = "`rate_limited`: try again after `Retry-After`"),
    ),
))]
#[worker::send]
pub async fn show_article(app: App, headers: HeaderMap, Path(id): Path<ArticleId>) -> Response {
    let shown = async {
        let claims = visitor_of(&app, visitor_token(&headers)?)?;
        admit_visitor(&app, &headers, &claims).await?;
        let shards = app.shards()?;
        let store = store_of(&app, &shards, claims.account_id).await?;
        let article = published(store.read_to_index(id).await?)?;
        Ok(axum::Json(PublishedArticleResponse { article }))
    };
    readable(&headers, shown.await)
}

/// `OPTIONS /widget/v1/articles/{article_id}/vote`
#[cfg_attr(feature = "openapi", utoipa::path(
    options, path = "/widget/v1/articles/{article_id}/vote", tag = "widget",
    params(("article_id" = ArticleId, Path)),
    responses((status = 204, description = "The browser may go on and ask")),
))]
pub async fn preflight_vote(headers: HeaderMap) -> Response {
    preflight(&headers, "PUT, DELETE", "authorization, content-type")
}

/// `PUT /widget/v1/articles/{article_id}/vote`
#[cfg_attr(feature = "openapi", utoipa::path(
    put, path = "/widget/v1/articles/{article_id}/vote", tag = "widget",
    params(("article_id" = ArticleId, Path), ("authorization" = String, Header, description = "`Bearer` and the session's token")),
    request_body = VoteRequest,
    responses(
        (status = 204, description = "It counts, in the place of what the visitor said before"),
        (status = 400, body = crate::openapi::Problem), (status = 401, body = crate::openapi::Problem, description = "No token, or not a good one"),
        (status = 403, body = crate::openapi::Problem, description = "The page's origin is not on the inbox's list"),
        (status = 404, body = crate::openapi::Problem, description = "It is not published, or there is none"),
        (status = 429, body = crate::openapi::Problem, description = "`rate_limited`: try again after `Retry-After`"),
        (status = 503, body = crate::openapi::Problem, description = "`account_moving`, `unavailable`"),
    ),
))]
#[worker::send]
pub async fn vote_on_article(
    app: App,
    headers: HeaderMap,
    Path(id): Path<ArticleId>,
    Json(request): Json<VoteRequest>,
) -> Response {
    let voted = async {
        let claims = visitor_of(&app, visitor_token(&headers)?)?;
        admit_visitor(&app, &headers, &claims).await?;
        let shards = app.shards()?;
        let store = store_to_change(&app, &shards, claims.account_id).await?;
        let is_published = store
            .vote_on_article(id, claims.sub, request.is_helpful, app.now())
            .await?;
        if is_published {
            Ok(StatusCode::NO_CONTENT)
        } else {
            Err(AppError::not_found())
        }
    };
    readable(&headers, voted.await)
}

/// `DELETE /widget/v1/articles/{article_id}/vote`
#[cfg_attr(feature = "openapi", utoipa::path(
    delete, path = "/widget/v1/articles/{article_id}/vote", tag = "widget",
    params(("article_id" = ArticleId, Path), ("authorization" = String, Header, description = "`Bearer` and the session's token")),
    responses(
        (status = 204, description = "The visitor has no vote on it, whether or not they had one"),
        (status = 401, body = crate::openapi::Problem, description = "No token, or not a good one"),
        (status = 403, body = crate::openapi::Problem, description = "The page's origin is not on the inbox's list"),
        (status = 429, body = crate::openapi::Problem, description = "`rate_limited`: try again after `Retry-After`"),
        (status = 503, body = crate::openapi::Problem, description = "`account_moving`, `unavailable`"),
    ),
))]
#[worker::send]
pub async fn withdraw_vote(app: App, headers: HeaderMap, Path(id): Path<ArticleId>) -> Response {
    let withdrawn = async {
        let claims = visitor_of(&app, visitor_token(&headers)?)?;
        admit_visitor(&app, &headers, &claims).await?;
        let shards = app.shards()?;
        let store = store_to_change(&app, &shards, claims.account_id).await?;
        store.withdraw_vote(id, claims.sub).await?;
        Ok(StatusCode::NO_CONTENT)
    };
    readable(&headers, withdrawn.await)
}

/// What everybody sees of an article is what search knows of it.
fn published(found: Option<ToIndex>) -> Result<PublishedArticle, AppError> {
    let content = found.and_then(|found| found.content);
    let IndexContent {
        title,
        language,
        body,
        ..
    } = content.ok_or_else(AppError::not_found)?;
    Ok(PublishedArticle {
        title,
        body,
        language,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_published_is_not_there() {
        let content = IndexContent {
            version: 2,
            title: "Returns".to_owned(),
            language: "en".to_owned(),
            category_id: None,
            body: "# How".to_owned(),
        };
        let with = |content| {
            Some(ToIndex {
                revision: 3,
                content,
            })
        };
        let shown = published(with(Some(content))).unwrap();
        assert_eq!(
            serde_json::to_value(shown).unwrap(),
            serde_json::json!({ "title": "Returns", "body": "# How", "language": "en" })
        );
        assert_eq!(published(with(None)), Err(AppError::not_found()));
        assert_eq!(published(None), Err(AppError::not_found()));
    }
}
