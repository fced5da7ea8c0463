//! Macros and templates: answers that the account has written once for a case.

mod fill;

use edgedesk_domain::ids::MacroId;
use edgedesk_domain::macros::{
    MAX_MACRO_CHARS, MAX_MACRO_LABELS, MAX_MACRO_TITLE_CHARS, MacroKind,
};
use edgedesk_masking::mask_cards;
use edgedesk_platform::chance::SystemIds;
use edgedesk_platform::d1::D1;
use edgedesk_store::AccountStore;
use edgedesk_store::shards::MacroError;
use edgedesk_suggest::template::{Template, TemplateError};
use edgedesk_wire::macros::{MacroBody, MacroList, MacroResponse, MacroView};
use http::StatusCode;

// With the descriptions that the `openapi` feature makes beside the handlers.
pub use self::fill::*;
use crate::account_store::{store_of, store_to_change};
use crate::context::App;
use crate::error::AppError;
use crate::extract::{Authed, Json, ManagesKnowledge, Path, SeesKnowledge};
use crate::fields::{MAX_NAME_CHARS, Wrong, checked_language, checked_name};

/// What a refused macro says.
const REFUSED: &str = "the macro cannot be like this";

/// `GET /api/v1/macros`
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/api/v1/macros", tag = "knowledge", security(("access_token" = [])),
    responses((status = 200, body = MacroList, description = "By title, with what became of each"), (status = 401, body = crate::openapi::Problem), (status = 403, body = crate::openapi::Problem)),
))]
#[worker::send]
pub async fn list_macros(
    app: App,
    Authed { principal, .. }: Authed<SeesKnowledge>,
) -> Result<axum::Json<MacroList>, AppError> {
    let shards = app.shards()?;
    let store = store_of(&app, &shards, principal.account_id).await?;
    let macros = store.list_macros().await?;
    Ok(axum::Json(MacroList { macros }))
}

/// `POST /api/v1/macros`
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/api/v1/macros", tag = "knowledge", security(("access_token" = [])),
    request_body = MacroBody,
    responses(
        (status = 201, body = MacroResponse), (status = 400, body = crate::openapi::Problem),
        (status = 401, body = crate::openapi::Problem), (status = 403, body = crate::openapi::Problem),
        (status = 409, body = crate::openapi::Problem, description = "`title_taken`, `too_many_macros`"),
        (status = 422, body = crate::openapi::Problem, description = "`invalid_value`, `unknown_variable`"),
        (status = 503, body = crate::openapi::Problem, description = "`account_moving`, `unavailable`"),
    ),
))]
#[worker::send]
pub async fn create_macro(
    app: App,
    Authed { principal, .. }: Authed<ManagesKnowledge>,
    Json(request): Json<MacroBody>,
) -> Result<(StatusCode, axum::Json<MacroResponse>), AppError> {
    let body = checked(&request)?;
    let shards = app.shards()?;
    let store = store_to_change(&app, &shards, principal.account_id).await?;
    let id = MacroId::generate(&SystemIds);
    store
        .add_macro(id, &body, app.now())
        .await
        .map_err(not_stored)?;
    app.note_resource(&id);
    let content = find(store, id).await?;
    Ok((StatusCode::CREATED, axum::Json(MacroResponse { content })))
}

/// `GET /api/v1/macros/{macro_id}`
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/api/v1/macros/{macro_id}", tag = "knowledge", security(("access_token" = [])),
    params(("macro_id" = MacroId, Path)),
    responses((status = 200, body = MacroResponse), (status = 401, body = crate::openapi::Problem), (status = 403, body = crate::openapi::Problem), (status = 404, body = crate::openapi::Problem)),
))]
#[worker::send]
pub async fn get_macro(
    app: App,
    Authed { principal, .. }: Authed<SeesKnowledge>,
    Path(id): Path<MacroId>,
) -> Result<axum::Json<MacroResponse>, AppError> {
    let shards = app.shards()?;
    let store = store_of(&app, &shards, principal.account_id).await?;
    let content = find(store, id).await?;
    Ok(axum::Json(MacroResponse { content }))
}

/// `PUT /api/v1/macros/{macro_id}`
#[cfg_attr(feature = "openapi", utoipa::path(
    put, path = "/api/v1/macros/{macro_id}", tag = "knowledge", security(("access_token" = [])),
    params(("macro_id" = MacroId, Path)), request_body = MacroBody,
    responses(
        (status = 200, body = MacroResponse), (status = 400, body = crate::openapi::Problem),
        (status = 401, body = crate::openapi::Problem), (status = 403, body = crate::openapi::Problem),
        (status = 404, body = crate::openapi::Problem),
        (status = 409, body = crate::openapi::Problem, description = "`title_taken`"),
        (status = 422, body = crate::openapi::Problem, description = "`invalid_value`, `unknown_variable`"),
        (status = 503, body = crate::openapi::Problem, description = "`account_moving`, `unavailable`"),
    ),
))]
#[worker::send]
pub async fn replace_macro(
    app: App,
    Authed { principal, .. }: Authed<ManagesKnowledge>,
    Path(id): Path<MacroId>,
    Json(request): Json<MacroBody>,
) -> Result<axum::Json<MacroResponse>, AppError> {
    let body = checked(&request)?;
    let shards = app.shards()?;
    let store = store_to_change(&app, &shards, principal.account_id).await?;
    store
        .change_macro(id, &body, app.now())
        .await
        .map_err(not_stored)?;
    let content = find(store, id).await?;
    Ok(axum::Json(MacroResponse { content }))
}

/// `DELETE /api/v1/macros/{macro_id}`
#[cfg_attr(feature = "openapi", utoipa::path(
    delete, path = "/api/v1/macros/{macro_id}", tag = "knowledge", security(("access_token" = [])),
    params(("macro_id" = MacroId, Path)),
    responses(
        (status = 204, description = "It is offered no more"),
        (status = 401, body = crate::openapi::Problem), (status = 403, body = crate::openapi::Problem), (status = 404, body = crate::openapi::Problem),
        (status = 503, body = crate::openapi::Problem, description = "`account_moving`, `unavailable`"),
    ),
))]
#[worker::send]
pub async fn delete_macro(
    app: App,
    Authed { principal, .. }: Authed<ManagesKnowledge>,
    Path(id): Path<MacroId>,
) -> Result<StatusCode, AppError> {
    let shards = app.shards()?;
    let store = store_to_change(&app, &shards, principal.account_id).await?;
    if store.delete_macro(id).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(AppError::not_found())
    }
}

async fn find(store: AccountStore<'_, D1>, id: MacroId) -> Result<MacroView, AppError> {
    let found = store.find_macro(id).await?;
    found.ok_or_else(AppError::not_found)
}

fn not_stored(error: MacroError) -> AppError {
    let conflict = |code| AppError::new(StatusCode::CONFLICT, code, error.to_string());
    match error {
        MacroError::NotFound => AppError::not_found(),
        MacroError::TitleTaken => {
            conflict("title_taken").with_field("/title", "is another macro's of this language")
        }
        MacroError::TooMany => conflict("too_many_macros"),
        MacroError::Store(error) => error.into(),
    }
}

/// A macro as it is stored: trimmed, without card numbers, each channel and label once.
///
/// # Errors
///
/// 422 `invalid_value` with everything that breaks a rule; then 422 `unknown_variable`.
fn checked(request: &MacroBody) -> Result<MacroBody, AppError> {
    let mut wrong = Wrong::default();
    let title = mask_cards(&request.title);
    let title = checked_name(&title, MAX_MACRO_TITLE_CHARS).map(str::to_owned);
    let language = request.language.as_deref().map(checked_language);
    let mut channels = request.channels.clone();
    channels.sort_by_key(|channel| channel.as_str());
    channels.dedup();
    let body = MacroBody {
        kind: request.kind,
        title: wrong.keep("/title", title),
        text: wrong.keep("/text", checked_text(request.kind, &request.text)),
        language: wrong.keep(
            "/language",
            language.transpose().map(|code| code.map(str::to_owned)),
        ),
        channels,
        intents: wrong.keep("/intents", checked_labels(&request.intents)),
        categories: wrong.keep("/categories", checked_labels(&request.categories)),
    };
    wrong.refuse(REFUSED)?;
    if body.kind == MacroKind::Template {
        Template::parse(&body.text).map_err(|error| no_template(&error))?;
    }
    Ok(body)
}

fn checked_text(kind: MacroKind, text: &str) -> Result<String, String> {
    let text = mask_cards(text.trim());
    if !(1..=MAX_MACRO_CHARS).contains(&text.chars().count()) || text.contains('\0') {
        return Err(format!("has 1 to {MAX_MACRO_CHARS} characters and no NUL"));
    }
    if kind == MacroKind::Macro && text.contains("{{") {
        return Err("has a variable: it is a template's".to_owned());
    }
    Ok(text.into_owned())
}

fn checked_labels(labels: &[String]) -> Result<Vec<String>, String> {
    if labels.len() > MAX_MACRO_LABELS {
        return Err(format!("has at most {MAX_MACRO_LABELS}"));
    }
    let mut kept: Vec<String> = Vec::with_capacity(labels.len());
    for label in labels {
        let label = checked_name(label, MAX_NAME_CHARS)?;
        if !kept.iter().any(|other| other == label) {
            kept.push(label.to_owned());
        }
    }
    Ok(kept)
}

fn no_template(error: &TemplateError) -> AppError {
    let code = match error {
        TemplateError::Unknown { .. } => "unknown_variable",
        TemplateError::NotClosed { .. }
        | TemplateError::BadDefault { .. }
        | TemplateError::TooMany => "invalid_value",
    };
    AppError::new(StatusCode::UNPROCESSABLE_ENTITY, code, REFUSED)
        .with_field("/text", error.to_string())
}

#[cfg(test)]
mod tests;
