//! Decisions about messages, and what agents say of them. Both are the conversation's, and come from its object.

use edgedesk_domain::feedback::AnalysisField;
use edgedesk_domain::ids::{ConversationId, MessageId};
use edgedesk_objects::host::OutsideError;
use edgedesk_objects::own_intents;
use edgedesk_wire::ai::{DecisionResponse, FeedbackRequest, FeedbackResponse, ReplayResponse};
use edgedesk_wire::inference::{AnalyzeRequest, IntentsInUse};
use edgedesk_wire::object::{
    DECISION_PATH, DecisionRecord, FEEDBACK_PATH, GiveFeedbackRequest, GivenFeedback,
    WITHDRAW_FEEDBACK_PATH, WithdrawFeedbackRequest, WithdrawnFeedback,
};
use http::StatusCode;

use crate::context::App;
use crate::error::{AppError, RETRY_SECS};
use crate::extract::{Authed, Json, Path, Reads, Writes};
use crate::object_client::Object;
use crate::objects::Bindings;
use crate::replay::differences;

/// `GET /api/v1/conversations/{id}/messages/{message_id}/decision`
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/api/v1/conversations/{id}/messages/{message_id}/decision", tag = "decisions", security(("access_token" = [])),
    params(("id" = ConversationId, Path), ("message_id" = MessageId, Path)),
    responses(
        (status = 200, body = DecisionResponse), (status = 401, body = crate::openapi::Problem),
        (status = 404, body = crate::openapi::Problem, description = "No such message, or it has no analysis yet"),
    ),
))]
#[worker::send]
pub async fn get_decision(
    app: App,
    Authed { principal, .. }: Authed<Reads>,
    Path((id, message_id)): Path<(ConversationId, MessageId)>,
) -> Result<axum::Json<DecisionResponse>, AppError> {
    let object = Object::conversation(&app, &principal, id)?;
    let record = record_of(&object, message_id).await?;
    Ok(axum::Json(DecisionResponse {
        decision: record.decision,
        feedback: record.feedback,
    }))
}

/// `POST /api/v1/conversations/{id}/messages/{message_id}/decision/replay`
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/api/v1/conversations/{id}/messages/{message_id}/decision/replay", tag = "decisions", security(("access_token" = [])),
    params(("id" = ConversationId, Path), ("message_id" = MessageId, Path)),
    responses(
        (status = 200, body = ReplayResponse, description = "The same inputs, given to the model of now"),
        (status = 401, body = crate::openapi::Problem), (status = 404, body = crate::openapi::Problem),
        (status = 503, body = crate::openapi::Problem, description = "The model does not answer"),
    ),
))]
#[worker::send]
pub async fn replay_decision(
    app: App,
    Authed { principal, .. }: Authed<Reads>,
    Path((id, message_id)): Path<(ConversationId, MessageId)>,
) -> Result<axum::Json<ReplayResponse>, AppError> {
    let object = Object::conversation(&app, &principal, id)?;
    let DecisionRecord { decision, text, .. } = record_of(&object, message_id).await?;
    let request = AnalyzeRequest {
        account_id: principal.account_id,
        conversation_id: id,
        message_id,
        message_seq: decision.message_seq,
        text,
        history: decision.inputs.history,
        own_intents: None,
    };
    let outside = Bindings::of(app.clone());
    let retired = decision.inputs.retired_intents;
    let in_use = decision
        .inputs
        .own_intents_version
        .map(|version| IntentsInUse { version, retired });
    // A head that cannot be had shows as a difference.
    let response = own_intents::analyze(&outside, request, in_use.as_ref(), |_| {})
        .await
        .map_err(|error| match error {
            OutsideError::Unavailable(cause) => AppError::unavailable(RETRY_SECS, cause),
            OutsideError::Refused(cause) => AppError::internal(cause),
        })?;
    let replayed = response.analysis;
    let differences = differences(&decision.analysis, &replayed)
        .map_err(|error| AppError::internal(error.to_string()))?;
    Ok(axum::Json(ReplayResponse {
        same: differences.is_empty(),
        model_changed: decision.analysis.model != replayed.model,
        decided_by: decision.analysis.model,
        replayed_by: replayed.model,
        own_intents_version: response.own_intents_version,
        differences,
        elapsed_ms: replayed.elapsed_ms,
    }))
}

/// `POST /api/v1/conversations/{id}/messages/{message_id}/feedback`
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/api/v1/conversations/{id}/messages/{message_id}/feedback", tag = "decisions", security(("access_token" = [])),
    params(("id" = ConversationId, Path), ("message_id" = MessageId, Path)),
    request_body = FeedbackRequest,
    responses(
        (status = 201, body = FeedbackResponse, description = "It is in the log, and the last word on the field"),
        (status = 200, body = FeedbackResponse, description = "The same stood already"),
        (status = 400, body = crate::openapi::Problem), (status = 401, body = crate::openapi::Problem),
        (status = 403, body = crate::openapi::Problem), (status = 404, body = crate::openapi::Problem),
        (status = 422, body = crate::openapi::Problem, description = "The field cannot have the value"),
    ),
))]
#[worker::send]
pub async fn give_feedback(
    app: App,
    Authed { principal, .. }: Authed<Writes>,
    Path((id, message_id)): Path<(ConversationId, MessageId)>,
    Json(request): Json<FeedbackRequest>,
) -> Result<(StatusCode, axum::Json<FeedbackResponse>), AppError> {
    let object = Object::conversation(&app, &principal, id)?;
    // The same word twice is logged once, so it may be asked twice.
    let given: GivenFeedback = object
        .post_idempotent(
            FEEDBACK_PATH,
            &GiveFeedbackRequest {
                principal,
                message_id,
                field: request.field,
                value: request.value,
                client_id: request.client_id,
            },
        )
        .await?;
    let status = if given.is_new {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    let feedback = given.feedback;
    Ok((status, axum::Json(FeedbackResponse { feedback })))
}

/// `DELETE /api/v1/conversations/{id}/messages/{message_id}/feedback/{field}`
#[cfg_attr(feature = "openapi", utoipa::path(
    delete, path = "/api/v1/conversations/{id}/messages/{message_id}/feedback/{field}", tag = "decisions", security(("access_token" = [])),
    params(("id" = ConversationId, Path), ("message_id" = MessageId, Path), ("field" = AnalysisField, Path)),
    responses(
        (status = 204, description = "There is no feedback on the field now"), (status = 401, body = crate::openapi::Problem),
        (status = 403, body = crate::openapi::Problem), (status = 404, body = crate::openapi::Problem),
    ),
))]
#[worker::send]
pub async fn withdraw_feedback(
    app: App,
    Authed { principal, .. }: Authed<Writes>,
    Path((id, message_id, field)): Path<(ConversationId, MessageId, AnalysisField)>,
) -> Result<StatusCode, AppError> {
    let object = Object::conversation(&app, &principal, id)?;
    let _: WithdrawnFeedback = object
        .post_idempotent(
            WITHDRAW_FEEDBACK_PATH,
            &WithdrawFeedbackRequest {
                principal,
                message_id,
                field,
            },
        )
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn record_of(object: &Object<'_>, message_id: MessageId) -> Result<DecisionRecord, AppError> {
    object
        .get(&format!("{DECISION_PATH}?message_id={message_id}"))
        .await
}
