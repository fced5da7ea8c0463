//! Whether an account wants a second factor of whoever runs it.

use edgedesk_domain::account::Principal;
use edgedesk_wire::security::{SecondFactorRuleBody, SecondFactorRuleView};

use super::conflict;
use crate::context::App;
use crate::error::AppError;
use crate::extract::{Authed, Json, ManagesSecurity, SeesAccount};

/// `GET /api/v1/security/second-factor`
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/api/v1/security/second-factor", tag = "admin", security(("access_token" = [])),
    responses((status = 200, body = SecondFactorRuleView), (status = 401, body = crate::openapi::Problem), (status = 403, body = crate::openapi::Problem)),
))]
#[worker::send]
pub async fn get_rule(
    app: App,
    Authed { principal, .. }: Authed<SeesAccount>,
) -> Result<axum::Json<SecondFactorRuleView>, AppError> {
    view(&app, &principal).await
}

/// `PUT /api/v1/security/second-factor`
#[cfg_attr(feature = "openapi", utoipa::path(
    put, path = "/api/v1/security/second-factor", tag = "admin", security(("access_token" = [])), request_body = SecondFactorRuleBody,
    responses(
        (status = 200, body = SecondFactorRuleView, description = "It counts within 5 s: admins and owners without one turn one on before they run the account any further"),
        (status = 400, body = crate::openapi::Problem), (status = 401, body = crate::openapi::Problem),
        (status = 403, body = crate::openapi::Problem, description = "`missing_permission`; `people_only` for an API key"),
        (status = 409, body = crate::openapi::Problem, description = "`own_second_factor_missing`: it would lock out the caller"),
    ),
))]
#[worker::send]
pub async fn change_rule(
    app: App,
    Authed { principal, .. }: Authed<ManagesSecurity>,
    Json(request): Json<SecondFactorRuleBody>,
) -> Result<axum::Json<SecondFactorRuleView>, AppError> {
    let is_set = app
        .directory()?
        .set_requires_second_factor(principal.account_id, principal.user_id, request.required)
        .await?;
    if !is_set {
        return Err(conflict(
            "own_second_factor_missing",
            "turn on a second factor of your own first: you would lock yourself out",
        ));
    }
    view(&app, &principal).await
}

async fn view(
    app: &App,
    principal: &Principal,
) -> Result<axum::Json<SecondFactorRuleView>, AppError> {
    let directory = app.directory()?;
    let account_id = principal.account_id;
    let without = directory.list_without_second_factor(account_id).await?;
    Ok(axum::Json(SecondFactorRuleView {
        required: directory.requires_second_factor(account_id).await?,
        n_without: u32::try_from(without.len()).unwrap_or(u32::MAX),
        own_missing: without.contains(&principal.user_id),
    }))
}
