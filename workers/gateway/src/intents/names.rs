//! Names and examples.

use edgedesk_domain::ids::IntentId;
use edgedesk_masking::mask_cards;
use edgedesk_platform::chance::SystemIds;
use edgedesk_platform::d1::D1;
use edgedesk_store::AccountStore;
use edgedesk_store::shards::{IntentError, MAX_EXAMPLE_CHARS};
use edgedesk_wire::ai::{IntentList, IntentRequest, IntentResponse};
use http::StatusCode;

use crate::account_store::{store_of, store_to_change};
use crate::context::App;
use crate::error::AppError;
use crate::extract::{Authed, Json, Path, SeesIntents, Teaches};
use crate::own_intents;

/// Characters of a name.
const NAME_CHARS: std::ops::RangeInclusive<usize> = 2..=60;
/// Most examples of an intent.
const MAX_EXAMPLES: usize = 200;

/// `GET /api/v1/ai/intents`
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/api/v1/ai/intents", tag = "ai", security(("access_token" = [])),
    responses((status = 200, body = IntentList, description = "By name"), (status = 401, body = crate::openapi::Problem)),
))]
#[worker::send]
pub async fn list_intents(
    app: App,
    Authed { principal, .. }: Authed<SeesIntents>,
) -> Result<axum::Json<IntentList>, AppError> {
    let shards = app.shards()?;
    let store = store_of(&app, &shards, principal.account_id).await?;
    let intents = store.list_intents().await?;
    Ok(axum::Json(IntentList { intents }))
}

/// `POST /api/v1/ai/intents`
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/api/v1/ai/intents", tag = "ai", security(("access_token" = [])),
    request_body = IntentRequest,
    responses(
        (status = 201, body = IntentResponse), (status = 400, body = crate::openapi::Problem),
        (status = 401, body = crate::openapi::Problem), (status = 403, body = crate::openapi::Problem),
        (status = 409, body = crate::openapi::Problem, description = "`intent_name_taken`, `too_many_intents`"),
        (status = 422, body = crate::openapi::Problem, description = "`invalid_intent`"),
    ),
))]
#[worker::send]
pub async fn create_intent(
    app: App,
    Authed { principal, .. }: Authed<Teaches>,
    Json(request): Json<IntentRequest>,
) -> Result<(StatusCode, axum::Json<IntentResponse>), AppError> {
    let IntentRequest { name, examples } = checked(&request)?;
    let shards = app.shards()?;
    let store = store_to_change(&app, &shards, principal.account_id).await?;
    let id = IntentId::generate(&SystemIds);
    store
        .add_intent(id, &name, &examples, app.now())
        .await
        .map_err(not_stored)?;
    app.note_resource(&id);
    let answer = answer_of(store, id).await?;
    Ok((StatusCode::CREATED, answer))
}

/// `GET /api/v1/ai/intents/{intent_id}`
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/api/v1/ai/intents/{intent_id}", tag = "ai", security(("access_token" = [])),
    params(("intent_id" = IntentId, Path)),
    responses((status = 200, body = IntentResponse), (status = 401, body = crate::openapi::Problem), (status = 404, body = crate::openapi::Problem)),
))]
#[worker::send]
pub async fn get_intent(
    app: App,
    Authed { principal, .. }: Authed<SeesIntents>,
    Path(id): Path<IntentId>,
) -> Result<axum::Json<IntentResponse>, AppError> {
    let shards = app.shards()?;
    let store = store_of(&app, &shards, principal.account_id).await?;
    answer_of(store, id).await
}

/// `PUT /api/v1/ai/intents/{intent_id}`
#[cfg_attr(feature = "openapi", utoipa::path(
    put, path = "/api/v1/ai/intents/{intent_id}", tag = "ai", security(("access_token" = [])),
    params(("intent_id" = IntentId, Path)),
    request_body = IntentRequest,
    responses(
        (status = 200, body = IntentResponse), (status = 400, body = crate::openapi::Problem),
        (status = 401, body = crate::openapi::Problem), (status = 403, body = crate::openapi::Problem),
        (status = 404, body = crate::openapi::Problem),
        (status = 409, body = crate::openapi::Problem, description = "`intent_name_taken`"),
        (status = 422, body = crate::openapi::Problem, description = "`invalid_intent`"),
    ),
))]
#[worker::send]
pub async fn replace_intent(
    app: App,
    Authed { principal, .. }: Authed<Teaches>,
    Path(id): Path<IntentId>,
    Json(request): Json<IntentRequest>,
) -> Result<axum::Json<IntentResponse>, AppError> {
    let IntentRequest { name, examples } = checked(&request)?;
    let shards = app.shards()?;
    let store = store_to_change(&app, &shards, principal.account_id).await?;
    store
        .change_intent(id, &name, &examples, app.now())
        .await
        .map_err(not_stored)?;
    answer_of(store, id).await
}

/// `DELETE /api/v1/ai/intents/{intent_id}`
#[cfg_attr(feature = "openapi", utoipa::path(
    delete, path = "/api/v1/ai/intents/{intent_id}", tag = "ai", security(("access_token" = [])),
    params(("intent_id" = IntentId, Path)),
    responses(
        (status = 204, description = "It is gone and named no more; with fewer than two left, own intents are switched off"),
        (status = 401, body = crate::openapi::Problem), (status = 403, body = crate::openapi::Problem),
        (status = 404, body = crate::openapi::Problem),
    ),
))]
#[worker::send]
pub async fn delete_intent(
    app: App,
    Authed { principal, .. }: Authed<Teaches>,
    Path(id): Path<IntentId>,
) -> Result<StatusCode, AppError> {
    let shards = app.shards()?;
    let store = store_to_change(&app, &shards, principal.account_id).await?;
    let was_there = store.delete_intent(id, &principal, app.now()).await?;
    if was_there {
        own_intents::forget(principal.account_id);
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(AppError::not_found())
    }
}

async fn answer_of(
    store: AccountStore<'_, D1>,
    id: IntentId,
) -> Result<axum::Json<IntentResponse>, AppError> {
    let intent = store.find_intent(id).await?;
    let intent = intent.ok_or_else(AppError::not_found)?;
    Ok(axum::Json(IntentResponse { intent }))
}

fn not_stored(error: IntentError) -> AppError {
    match error {
        IntentError::NameTaken => AppError::new(
            StatusCode::CONFLICT,
            "intent_name_taken",
            "another intent has this name",
        )
        .with_field("/name", "is another intent's"),
        IntentError::TooMany => {
            AppError::new(StatusCode::CONFLICT, "too_many_intents", error.to_string())
        }
        IntentError::NotFound => AppError::not_found(),
        IntentError::Store(error) => error.into(),
    }
}

/// Name and examples without the white space around them.
///
/// # Errors
///
/// 422 `invalid_intent`, which names everything that breaks a rule.
fn checked(request: &IntentRequest) -> Result<IntentRequest, AppError> {
    let mut wrong = Vec::new();
    let name = request
        .name
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    let is_plain = |text: &str| !text.chars().any(|character| character == '\0');
    if !NAME_CHARS.contains(&name.chars().count()) || name.chars().any(char::is_control) {
        wrong.push((
            "/name".to_owned(),
            "has 2 to 60 characters, none of them a control character".to_owned(),
        ));
    }
    if request.examples.len() > MAX_EXAMPLES {
        wrong.push((
            "/examples".to_owned(),
            format!("has at most {MAX_EXAMPLES} sentences"),
        ));
    }
    let mut examples = Vec::with_capacity(request.examples.len().min(MAX_EXAMPLES));
    for (place, example) in request.examples.iter().take(MAX_EXAMPLES).enumerate() {
        let example = example.trim();
        let n_chars = example.chars().count();
        if (1..=MAX_EXAMPLE_CHARS as usize).contains(&n_chars) && is_plain(example) {
            examples.push(mask_cards(example).into_owned());
        } else {
            wrong.push((
                format!("/examples/{place}"),
                format!("has 1 to {MAX_EXAMPLE_CHARS} characters"),
            ));
        }
    }
    if wrong.is_empty() {
        return Ok(IntentRequest { name, examples });
    }
    let problem = AppError::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "invalid_intent",
        "the name or an example breaks a rule",
    );
    Err(wrong
        .into_iter()
        .fold(problem, |problem, (pointer, detail)| {
            problem.with_field(pointer, detail)
        }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(name: &str, examples: &[&str]) -> IntentRequest {
        IntentRequest {
            name: name.to_owned(),
            examples: examples.iter().map(|text| (*text).to_owned()).collect(),
        }
    }

    #[test]
    fn a_name_and_its_examples_are_trimmed_or_refused_with_their_places() {
        let kept = checked(&request("  Whole \t sale ", &[" a b ", "🙂"])).unwrap();
        assert_eq!(kept, request("Whole sale", &["a b", "🙂"]));
        let kept = checked(&request("Cards", &["charge 4242 4242 4242 4242"])).unwrap();
        assert_eq!(kept.examples, ["charge [card 4242]"]);
        assert!(
            checked(&request("Ab", &[])).is_ok(),
            "examples may come later"
        );
        let long_name = "x".repeat(61);
        let long = "é".repeat(501);
        let fits = "é".repeat(500);
        assert!(checked(&request("Ab", &[&fits])).is_ok());
        for (name, examples, pointers) in [
            ("a", vec!["x"], vec!["/name"]),
            ("", vec![], vec!["/name"]),
            (long_name.as_str(), vec![], vec!["/name"]),
            ("a\u{7}b", vec![], vec!["/name"]),
            (
                "Ab",
                vec!["x", " \n", &long, "a\0"],
                vec!["/examples/1", "/examples/2", "/examples/3"],
            ),
            ("", vec![""], vec!["/name", "/examples/0"]),
            ("Ab", vec!["x"; 201], vec!["/examples"]),
        ] {
            let error = checked(&request(name, &examples)).unwrap_err();
            assert_eq!(
                (error.status.as_u16(), error.code.as_str()),
                (422, "invalid_intent")
            );
            let found: Vec<_> = error
                .errors
                .iter()
                .map(|error| error.pointer.as_str())
                .collect();
            assert_eq!(found, pointers, "{name:?}");
        }
    }
}
