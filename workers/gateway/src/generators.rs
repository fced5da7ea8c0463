//! Text generators of an account: whether they write its drafts, for how much, and what they came to.

use edgedesk_wire::generators::{
    ConfiguredGenerators, GeneratorSettings, GeneratorUsage, GeneratorsView,
    MAX_BUDGET_MICRO_DOLLARS, SETTINGS_PATH, STANDING_PATH, Standing, USAGE_PATH,
};
use edgedesk_wire::jobs;

use crate::context::App;
use crate::error::AppError;
use crate::extract::{Authed, Json, ManagesSecurity, SeesCosts};
use crate::fields::invalid;
use crate::object_client::Object;
use crate::service_client;

/// `GET /api/v1/generators`
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/api/v1/generators", tag = "ai", security(("access_token" = [])),
    responses((status = 200, body = GeneratorsView), (status = 401, body = crate::openapi::Problem), (status = 403, body = crate::openapi::Problem)),
))]
#[worker::send]
pub async fn get_generators(
    app: App,
    Authed { principal, .. }: Authed<SeesCosts>,
) -> Result<axum::Json<GeneratorsView>, AppError> {
    let standing: Standing = Object::ledger(&app, principal.account_id)
        .get(STANDING_PATH)
        .await?;
    view(&app, standing).await
}

/// `PUT /api/v1/generators`
#[cfg_attr(feature = "openapi", utoipa::path(
    put, path = "/api/v1/generators", tag = "ai", security(("access_token" = [])), request_body = GeneratorSettings,
    responses(
        (status = 200, body = GeneratorsView, description = "It counts for the next draft"),
        (status = 400, body = crate::openapi::Problem), (status = 401, body = crate::openapi::Problem),
        (status = 403, body = crate::openapi::Problem, description = "`missing_permission`; `people_only` for an API key"),
        (status = 422, body = crate::openapi::Problem, description = "`invalid_value`"),
    ),
))]
#[worker::send]
pub async fn change_generators(
    app: App,
    Authed { principal, .. }: Authed<ManagesSecurity>,
    Json(request): Json<GeneratorSettings>,
) -> Result<axum::Json<GeneratorsView>, AppError> {
    checked(&request)?;
    let standing: Standing = Object::ledger(&app, principal.account_id)
        .post_idempotent(SETTINGS_PATH, &request)
        .await?;
    view(&app, standing).await
}

/// `GET /api/v1/generators/usage`
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/api/v1/generators/usage", tag = "ai", security(("access_token" = [])),
    responses((status = 200, body = GeneratorUsage), (status = 401, body = crate::openapi::Problem), (status = 403, body = crate::openapi::Problem)),
))]
#[worker::send]
pub async fn get_usage(
    app: App,
    Authed { principal, .. }: Authed<SeesCosts>,
) -> Result<axum::Json<GeneratorUsage>, AppError> {
    let usage = Object::ledger(&app, principal.account_id)
        .get(USAGE_PATH)
        .await?;
    Ok(axum::Json(usage))
}

async fn view(app: &App, standing: Standing) -> Result<axum::Json<GeneratorsView>, AppError> {
    // The providers are of the deployment, and the same for every account.
    let ConfiguredGenerators {
        providers,
        is_misconfigured,
    } = service_client::get(app, jobs::BINDING, jobs::GENERATORS_PATH).await?;
    Ok(axum::Json(GeneratorsView {
        settings: standing.settings,
        providers,
        is_misconfigured,
    }))
}

fn checked(settings: &GeneratorSettings) -> Result<(), AppError> {
    if settings.monthly_budget_micro_dollars > MAX_BUDGET_MICRO_DOLLARS {
        return Err(invalid(
            "the settings cannot be like this",
            "/monthly_budget_micro_dollars",
            "is at most 1000000000000, a million dollars",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_at_most_a_million_dollars() {
        let settings = |monthly_budget_micro_dollars| GeneratorSettings {
            is_on: true,
            monthly_budget_micro_dollars,
        };
        assert!(checked(&settings(MAX_BUDGET_MICRO_DOLLARS)).is_ok());
        let error = checked(&settings(MAX_BUDGET_MICRO_DOLLARS + 1)).unwrap_err();
        assert_eq!(error.errors[0].pointer, "/monthly_budget_micro_dollars");
    }
}
