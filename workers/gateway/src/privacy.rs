//! Requests of customers about their data: erased after a time in which it can be taken back, or made anonymous at once. The
//! account's `Privacy` object works through them.

use edgedesk_domain::account::Principal;
use edgedesk_domain::ids::{CustomerId, PrivacyRequestId};
use edgedesk_wire::privacy::{
    CANCEL_PATH, CREATE_PATH, CancelRequest, CreateRequest, FIND_PATH, LIST_PATH, PrivacyKind,
    PrivacyRequestList, PrivacyRequestResponse, RequestAnswer, RequestPage,
};
use http::StatusCode;
use serde::Deserialize;

use crate::context::App;
use crate::conversations::read_limit;
use crate::error::AppError;
use crate::extract::{Authed, ManagesPrivacy, Path, Query, SeesPrivacy};
use crate::object_client::Object;
use crate::objects::conversations_of;

/// `?cursor=&limit=`
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
pub struct RequestsQuery {
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Rows of a page, 1 to 200; 50 when absent.
    limit: Option<u32>,
}

/// `POST /api/v1/customers/{customer_id}/erasure`
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/api/v1/customers/{customer_id}/erasure", tag = "privacy", security(("access_token" = [])),
    params(("customer_id" = CustomerId, Path)),
    responses(
        (status = 201, body = PrivacyRequestResponse, description = "Their conversations are hidden within moments, and erased when it is due"),
        (status = 401, body = crate::openapi::Problem), (status = 403, body = crate::openapi::Problem), (status = 404, body = crate::openapi::Problem),
        (status = 409, body = crate::openapi::Problem, description = "`privacy_request_active`"),
    ),
))]
#[worker::send]
pub async fn erase_customer(
    app: App,
    Authed { principal, .. }: Authed<ManagesPrivacy>,
    Path(customer_id): Path<CustomerId>,
) -> Result<(StatusCode, axum::Json<PrivacyRequestResponse>), AppError> {
    create(&app, &principal, PrivacyKind::Erasure, customer_id).await
}

/// `POST /api/v1/customers/{customer_id}/anonymisation`
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/api/v1/customers/{customer_id}/anonymisation", tag = "privacy", security(("access_token" = [])),
    params(("customer_id" = CustomerId, Path)),
    responses(
        (status = 201, body = PrivacyRequestResponse, description = "Done within moments; it cannot be taken back"),
        (status = 401, body = crate::openapi::Problem), (status = 403, body = crate::openapi::Problem), (status = 404, body = crate::openapi::Problem),
        (status = 409, body = crate::openapi::Problem, description = "`privacy_request_active`"),
    ),
))]
#[worker::send]
pub async fn anonymise_customer(
    app: App,
    Authed { principal, .. }: Authed<ManagesPrivacy>,
    Path(customer_id): Path<CustomerId>,
) -> Result<(StatusCode, axum::Json<PrivacyRequestResponse>), AppError> {
    create(&app, &principal, PrivacyKind::Anonymisation, customer_id).await
}

/// `GET /api/v1/privacy-requests`
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/api/v1/privacy-requests", tag = "privacy", security(("access_token" = [])),
    params(RequestsQuery),
    responses(
        (status = 200, body = PrivacyRequestList, description = "Newest first"), (status = 400, body = crate::openapi::Problem),
        (status = 401, body = crate::openapi::Problem), (status = 403, body = crate::openapi::Problem),
    ),
))]
#[worker::send]
pub async fn list_requests(
    app: App,
    Authed { principal, .. }: Authed<SeesPrivacy>,
    Query(query): Query<RequestsQuery>,
) -> Result<axum::Json<PrivacyRequestList>, AppError> {
    let limit = read_limit(query.limit);
    let path = match query.cursor {
        None => format!("{LIST_PATH}?limit={limit}"),
        Some(cursor) => {
            let before: u32 = cursor.parse().map_err(|_| {
                AppError::bad_request(
                    "invalid_cursor",
                    "the cursor is not one that this list gave out",
                )
            })?;
            format!("{LIST_PATH}?limit={limit}&before={before}")
        }
    };
    let page: RequestPage = Object::privacy(&app, principal.account_id)
        .get(&path)
        .await?;
    Ok(axum::Json(PrivacyRequestList {
        privacy_requests: page.requests,
        next_cursor: page.next_before.map(|before| before.to_string()),
    }))
}

/// `GET /api/v1/privacy-requests/{request_id}`
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/api/v1/privacy-requests/{request_id}", tag = "privacy", security(("access_token" = [])),
    params(("request_id" = PrivacyRequestId, Path)),
    responses(
        (status = 200, body = PrivacyRequestResponse), (status = 401, body = crate::openapi::Problem),
        (status = 403, body = crate::openapi::Problem), (status = 404, body = crate::openapi::Problem),
    ),
))]
#[worker::send]
pub async fn get_request(
    app: App,
    Authed { principal, .. }: Authed<SeesPrivacy>,
    Path(id): Path<PrivacyRequestId>,
) -> Result<axum::Json<PrivacyRequestResponse>, AppError> {
    let answer: RequestAnswer = Object::privacy(&app, principal.account_id)
        .get(&format!("{FIND_PATH}?id={id}"))
        .await?;
    Ok(view(answer))
}

/// `POST /api/v1/privacy-requests/{request_id}/cancel`
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/api/v1/privacy-requests/{request_id}/cancel", tag = "privacy", security(("access_token" = [])),
    params(("request_id" = PrivacyRequestId, Path)),
    responses(
        (status = 200, body = PrivacyRequestResponse, description = "The conversations are shown again within moments"),
        (status = 401, body = crate::openapi::Problem), (status = 403, body = crate::openapi::Problem), (status = 404, body = crate::openapi::Problem),
        (status = 409, body = crate::openapi::Problem, description = "`privacy_request_over`: it is due, or done"),
    ),
))]
#[worker::send]
pub async fn cancel_request(
    app: App,
    Authed { principal, .. }: Authed<ManagesPrivacy>,
    Path(id): Path<PrivacyRequestId>,
) -> Result<axum::Json<PrivacyRequestResponse>, AppError> {
    let answer: RequestAnswer = Object::privacy(&app, principal.account_id)
        .post_idempotent(CANCEL_PATH, &CancelRequest { id })
        .await?;
    Ok(view(answer))
}

/// Takes a request about a customer of whom anybody is shown a conversation.
async fn create(
    app: &App,
    principal: &Principal,
    kind: PrivacyKind,
    customer_id: CustomerId,
) -> Result<(StatusCode, axum::Json<PrivacyRequestResponse>), AppError> {
    let request = CreateRequest {
        kind,
        customer_id,
        requested_by: principal.user_id,
        window_secs: app.config().erasure_window_secs()?,
    };
    let found = conversations_of(app, principal.account_id, customer_id).await?;
    if !found.iter().any(|(_, is_shown)| *is_shown) {
        return Err(AppError::not_found());
    }
    let answer: RequestAnswer = Object::privacy(app, principal.account_id)
        .post(CREATE_PATH, &request)
        .await?;
    Ok((StatusCode::CREATED, view(answer)))
}

fn view(answer: RequestAnswer) -> axum::Json<PrivacyRequestResponse> {
    axum::Json(PrivacyRequestResponse {
        privacy_request: answer.request,
    })
}
