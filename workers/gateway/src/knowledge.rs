//! Searching the articles of an account, and how its index stands.

use edgedesk_domain::ids::AccountId;
use edgedesk_retrieval::search::{MAX_QUERY_CHARS, Search, search};
use edgedesk_retrieval::{Embedder, KnowledgeIndex, RetrievalError};
use edgedesk_wire::articles::{ArticleHits, ArticleIndex, ArticleSearch, FillingIndex};
use edgedesk_wire::inference::{self, EmbedRequest, EmbedResponse};
use edgedesk_wire::knowledge::{
    FindPlaces, FoundPlaces, INDEX_PATH, IndexArticle, IndexStatus, Indexed, SEARCH_PATH,
    STATUS_PATH,
};
use http::StatusCode;

use crate::account_store::{store_of, store_to_change};
use crate::articles::indexing::ask_for_pending;
use crate::context::App;
use crate::error::{AppError, RETRY_SECS};
use crate::extract::{Authed, Json, ManagesKnowledge, SeesKnowledge};
use crate::fields::invalid;
use crate::object_client::Object;
use crate::service_client;

/// Articles of a search, unless told and at most.
const DEFAULT_LIMIT: u32 = 5;
const MAX_LIMIT: u32 = 20;

const QUERY: &str = "the query cannot be this";

/// The model and the objects of this deployment.
#[derive(Clone, Copy)]
pub struct Retrieval<'a>(pub &'a App);

impl Embedder for Retrieval<'_> {
    async fn embed(&self, texts: Vec<String>) -> Result<EmbedResponse, RetrievalError> {
        let request = EmbedRequest { texts };
        service_client::post(self.0, inference::BINDING, inference::EMBED_PATH, &request)
            .await
            .map_err(failed)
    }
}

impl KnowledgeIndex for Retrieval<'_> {
    async fn index(
        &self,
        account_id: AccountId,
        request: &IndexArticle,
    ) -> Result<Indexed, RetrievalError> {
        Object::knowledge(self.0, account_id)
            .post_idempotent(INDEX_PATH, request)
            .await
            .map_err(failed)
    }

    async fn find(
        &self,
        account_id: AccountId,
        request: &FindPlaces,
    ) -> Result<FoundPlaces, RetrievalError> {
        Object::knowledge(self.0, account_id)
            .post_idempotent(SEARCH_PATH, request)
            .await
            .map_err(failed)
    }
}

/// `POST /api/v1/articles/search`
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/api/v1/articles/search", tag = "knowledge", security(("access_token" = [])),
    request_body = ArticleSearch,
    responses(
        (status = 200, body = ArticleHits, description = "By words and by meaning, in published articles; the best place of each"),
        (status = 400, body = crate::openapi::Problem), (status = 401, body = crate::openapi::Problem), (status = 403, body = crate::openapi::Problem),
        (status = 422, body = crate::openapi::Problem, description = "`invalid_value`: a query without words or of more than 10,000 characters, a limit that is not 1 to 20"),
    ),
))]
#[worker::send]
pub async fn search_articles(
    app: App,
    Authed { principal, .. }: Authed<SeesKnowledge>,
    Json(request): Json<ArticleSearch>,
) -> Result<axum::Json<ArticleHits>, AppError> {
    if request.query.trim().is_empty() {
        return Err(invalid(QUERY, "/query", "says something"));
    }
    if request.query.chars().count() > MAX_QUERY_CHARS {
        return Err(invalid(QUERY, "/query", "has at most 10,000 characters"));
    }
    let limit = request.limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        return Err(invalid("the limit cannot be this", "/limit", "is 1 to 20"));
    }
    let what = Search {
        query: request.query,
        language: request.language,
        category_id: request.category_id,
        limit: limit as usize,
        n_places: 1,
    };
    let account_id = principal.account_id;
    let retrieval = Retrieval(&app);
    let found = search(&retrieval, &retrieval, account_id, what)
        .await
        .map_err(unavailable)?;
    let shards = app.shards()?;
    let store = store_of(&app, &shards, account_id).await?;
    let counts = store.count_index().await?;
    if found.is_model_old {
        store.ask_to_index_all().await?;
        ask_for_pending(&app, account_id).await;
    }
    Ok(axum::Json(ArticleHits {
        hits: found.places,
        n_pending: counts.n_pending,
        words_only: found.words_only,
    }))
}

/// `GET /api/v1/articles/index`
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/api/v1/articles/index", tag = "knowledge", security(("access_token" = [])),
    responses((status = 200, body = ArticleIndex), (status = 401, body = crate::openapi::Problem), (status = 403, body = crate::openapi::Problem)),
))]
#[worker::send]
pub async fn get_index(
    app: App,
    Authed { principal, .. }: Authed<SeesKnowledge>,
) -> Result<axum::Json<ArticleIndex>, AppError> {
    Ok(axum::Json(index_of(&app, principal.account_id).await?))
}

/// `POST /api/v1/articles/index/rebuild`
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/api/v1/articles/index/rebuild", tag = "knowledge", security(("access_token" = [])),
    responses(
        (status = 202, body = ArticleIndex, description = "All published articles are indexed anew; meanwhile the index answers as it is"),
        (status = 401, body = crate::openapi::Problem), (status = 403, body = crate::openapi::Problem),
        (status = 503, body = crate::openapi::Problem, description = "`account_moving`, `unavailable`"),
    ),
))]
#[worker::send]
pub async fn rebuild_index(
    app: App,
    Authed { principal, .. }: Authed<ManagesKnowledge>,
) -> Result<(StatusCode, axum::Json<ArticleIndex>), AppError> {
    let account_id = principal.account_id;
    let shards = app.shards()?;
    let store = store_to_change(&app, &shards, account_id).await?;
    store.ask_to_index_all().await?;
    ask_for_pending(&app, account_id).await;
    let index = index_of(&app, account_id).await?;
    Ok((StatusCode::ACCEPTED, axum::Json(index)))
}

async fn index_of(app: &App, account_id: AccountId) -> Result<ArticleIndex, AppError> {
    let status: IndexStatus = Object::knowledge(app, account_id).get(STATUS_PATH).await?;
    let shards = app.shards()?;
    let store = store_of(app, &shards, account_id).await?;
    let counts = store.count_index().await?;
    Ok(ArticleIndex {
        n_published: counts.n_published,
        n_pending: counts.n_pending.saturating_add(status.n_arriving),
        n_parts: status.n_parts,
        model: status.model,
        filling: status.newer_model.map(|model| FillingIndex {
            model,
            n_done: status.n_parts_of_newer.min(status.n_parts),
            n_parts: status.n_parts,
        }),
        memory_bytes: status.memory_bytes,
    })
}

fn failed(error: AppError) -> RetrievalError {
    let is_ours = error.status.is_client_error();
    let why = error.internal.unwrap_or(error.code);
    if is_ours {
        RetrievalError::Refused(why)
    } else {
        RetrievalError::Unavailable(why)
    }
}

fn unavailable(error: RetrievalError) -> AppError {
    match error {
        RetrievalError::Unavailable(why) => AppError::unavailable(RETRY_SECS, why),
        RetrievalError::Refused(why) => AppError::internal(why),
    }
}
