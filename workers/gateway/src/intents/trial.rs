//! The live test: what a version says of a text.

use edgedesk_domain::message::MAX_TEXT_BYTES;
use edgedesk_wire::ai::{IntentTestRequest, IntentTestResponse};
use edgedesk_wire::inference::{
    self, OwnIntentsRef, TEST_INTENTS_PATH, TestIntentsAnswer, TestIntentsRequest,
};
use http::StatusCode;
use serde::Deserialize;

use crate::account_store::store_of;
use crate::context::App;
use crate::error::AppError;
use crate::extract::{Authed, Json, Query, SeesIntents};
use crate::service_client;

/// `?version=`
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
pub struct VersionQuery {
    /// The version to ask; the one in use when absent.
    version: Option<u32>,
}

/// `POST /api/v1/ai/intents/test?version=`
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/api/v1/ai/intents/test", tag = "ai", security(("access_token" = [])),
    params(VersionQuery),
    request_body = IntentTestRequest,
    responses(
        (status = 200, body = IntentTestResponse, description = "Every intent that the version knows, by falling score"),
        (status = 400, body = crate::openapi::Problem), (status = 401, body = crate::openapi::Problem),
        (status = 404, body = crate::openapi::Problem, description = "No such version, or none in use"),
        (status = 409, body = crate::openapi::Problem, description = "`encoder_changed`"),
        (status = 413, body = crate::openapi::Problem), (status = 503, body = crate::openapi::Problem),
    ),
))]
#[worker::send]
pub async fn test_intents(
    app: App,
    Authed { principal, .. }: Authed<SeesIntents>,
    Query(query): Query<VersionQuery>,
    Json(IntentTestRequest { text }): Json<IntentTestRequest>,
) -> Result<axum::Json<IntentTestResponse>, AppError> {
    if text.len() > MAX_TEXT_BYTES {
        return Err(AppError::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "text_too_long",
            format!("a text has at most {MAX_TEXT_BYTES} bytes"),
        ));
    }
    let shards = app.shards()?;
    let store = store_of(&app, &shards, principal.account_id).await?;
    let in_use = match query.version {
        Some(version) => Some(version),
        None => store.intents_version_in_use().await?,
    };
    let version = in_use.ok_or_else(AppError::not_found)?;
    let mut request = TestIntentsRequest {
        account_id: principal.account_id,
        own_intents: OwnIntentsRef {
            version,
            head: None,
            retired: Vec::new(),
        },
        text,
    };
    let ask = async |request: &TestIntentsRequest| {
        service_client::post(&app, inference::BINDING, TEST_INTENTS_PATH, request).await
    };
    let mut answer: TestIntentsAnswer = ask(&request).await?;
    if matches!(answer, TestIntentsAnswer::HeadNeeded(_)) {
        let head = store.intents_head(version).await?;
        request.own_intents.head = Some(head.ok_or_else(AppError::not_found)?);
        answer = ask(&request).await?;
    }
    match answer {
        TestIntentsAnswer::Scored(scored) if !scored.intents.is_empty() => {
            Ok(axum::Json(IntentTestResponse {
                version,
                intents: scored.intents,
                none: scored.none,
                elapsed_ms: scored.elapsed_ms,
            }))
        }
        TestIntentsAnswer::Scored(_) => Err(AppError::new(
            StatusCode::CONFLICT,
            "encoder_changed",
            "the version reads the features of another encoder: train again",
        )),
        TestIntentsAnswer::HeadNeeded(_) => {
            Err(AppError::internal("a head was asked for that was sent"))
        }
    }
}
