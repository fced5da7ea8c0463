//! What is offered to agents as answers, and what they do with it.

use edgedesk_domain::ids::{ConversationId, SuggestionId};
use edgedesk_platform::queue::send_json;
use edgedesk_wire::drafts::{AskForDraft, AskedForDraft, QUEUE_BINDING, RejectSuggestion};
use edgedesk_wire::object::{ASK_FOR_DRAFT_PATH, REJECT_SUGGESTION_PATH, SUGGESTIONS_PATH};
use edgedesk_wire::suggestions::{SuggestionsResponse, VerdictResponse};
use http::StatusCode;

use crate::context::App;
use crate::error::{AppError, RETRY_SECS};
use crate::extract::{Authed, Path, Reads, Writes};
use crate::object_client::Object;

/// `GET /api/v1/conversations/{id}/suggestions`
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/api/v1/conversations/{id}/suggestions", tag = "suggestions", security(("access_token" = [])),
    params(("id" = ConversationId, Path)),
    responses(
        (status = 200, body = SuggestionsResponse, description = "What was offered last; `draft` is absent before the first"),
        (status = 401, body = crate::openapi::Problem), (status = 403, body = crate::openapi::Problem), (status = 404, body = crate::openapi::Problem),
    ),
))]
#[worker::send]
pub async fn get_suggestions(
    app: App,
    Authed { principal, .. }: Authed<Reads>,
    Path(id): Path<ConversationId>,
) -> Result<axum::Json<SuggestionsResponse>, AppError> {
    let object = Object::conversation(&app, &principal, id)?;
    Ok(axum::Json(object.get(SUGGESTIONS_PATH).await?))
}

/// `POST /api/v1/conversations/{id}/suggestions`
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/api/v1/conversations/{id}/suggestions", tag = "suggestions", security(("access_token" = [])),
    params(("id" = ConversationId, Path)),
    responses(
        (status = 202, description = "New ones for the customer's last message follow as `draft.created`"),
        (status = 401, body = crate::openapi::Problem), (status = 403, body = crate::openapi::Problem), (status = 404, body = crate::openapi::Problem),
        (status = 409, body = crate::openapi::Problem, description = "`nothing_to_answer`: the customer has written nothing"),
        (status = 503, body = crate::openapi::Problem),
    ),
))]
#[worker::send]
pub async fn ask_for_suggestions(
    app: App,
    Authed { principal, .. }: Authed<Writes>,
    Path(id): Path<ConversationId>,
) -> Result<StatusCode, AppError> {
    let object = Object::conversation(&app, &principal, id)?;
    let AskedForDraft { job } = object
        .post(ASK_FOR_DRAFT_PATH, &AskForDraft { principal })
        .await?;
    send_json(app.env(), QUEUE_BINDING, &job, None)
        .await
        .map_err(|error| AppError::unavailable(RETRY_SECS, format!("{QUEUE_BINDING}: {error}")))?;
    Ok(StatusCode::ACCEPTED)
}

/// `POST /api/v1/conversations/{id}/suggestions/{suggestion_id}/reject`
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/api/v1/conversations/{id}/suggestions/{suggestion_id}/reject", tag = "suggestions", security(("access_token" = [])),
    params(("id" = ConversationId, Path), ("suggestion_id" = SuggestionId, Path)),
    responses(
        (status = 200, body = VerdictResponse, description = "What stands now: one that was sent stays sent"),
        (status = 401, body = crate::openapi::Problem), (status = 403, body = crate::openapi::Problem), (status = 404, body = crate::openapi::Problem),
    ),
))]
#[worker::send]
pub async fn reject(
    app: App,
    Authed { principal, .. }: Authed<Writes>,
    Path((id, suggestion_id)): Path<(ConversationId, SuggestionId)>,
) -> Result<axum::Json<VerdictResponse>, AppError> {
    let object = Object::conversation(&app, &principal, id)?;
    let request = RejectSuggestion {
        principal,
        suggestion_id,
        is_rejected: true,
    };
    let stands = object
        .post_idempotent(REJECT_SUGGESTION_PATH, &request)
        .await?;
    Ok(axum::Json(stands))
}

/// `DELETE /api/v1/conversations/{id}/suggestions/{suggestion_id}/reject`
#[cfg_attr(feature = "openapi", utoipa::path(
    delete, path = "/api/v1/conversations/{id}/suggestions/{suggestion_id}/reject", tag = "suggestions", security(("access_token" = [])),
    params(("id" = ConversationId, Path), ("suggestion_id" = SuggestionId, Path)),
    responses(
        (status = 200, body = VerdictResponse, description = "Taken back; what stands now"),
        (status = 401, body = crate::openapi::Problem), (status = 403, body = crate::openapi::Problem), (status = 404, body = crate::openapi::Problem),
    ),
))]
#[worker::send]
pub async fn take_rejection_back(
    app: App,
    Authed { principal, .. }: Authed<Writes>,
    Path((id, suggestion_id)): Path<(ConversationId, SuggestionId)>,
) -> Result<axum::Json<VerdictResponse>, AppError> {
    let object = Object::conversation(&app, &principal, id)?;
    let request = RejectSuggestion {
        principal,
        suggestion_id,
        is_rejected: false,
    };
    let stands = object
        .post_idempotent(REJECT_SUGGESTION_PATH, &request)
        .await?;
    Ok(axum::Json(stands))
}
