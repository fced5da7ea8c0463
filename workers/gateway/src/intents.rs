//! The account's own intents: names and examples, training, versions, the live test.

use std::collections::BTreeMap;

use edgedesk_domain::ids::{AccountId, IntentId};
use edgedesk_domain::message::MAX_TEXT_BYTES;
use edgedesk_platform::chance::SystemIds;
use edgedesk_platform::d1::D1;
use edgedesk_store::shards::{IntentError, MAX_EXAMPLE_CHARS, NewVersion, TrainingSet};
use edgedesk_store::{AccountStore, Shards};
use edgedesk_wire::ai::{
    IntentList, IntentRequest, IntentResponse, IntentTestRequest, IntentTestResponse,
    IntentVersion, IntentVersionList, PromotionList, RollbackRequest, RollbackResponse,
};
use edgedesk_wire::inference::{
    self, CurrentIntents, MAX_TRAINING_ROWS, MODELS_PATH, OwnIntentsRef, TEST_INTENTS_PATH,
    TRAIN_INTENTS_PATH, TestIntentsAnswer, TestIntentsRequest, TrainIntentsRequest,
    TrainIntentsResponse, TrainingRow,
};
use http::StatusCode;
use serde::Deserialize;

use crate::context::App;
use crate::conversations::read_limit;
use crate::error::AppError;
use crate::extract::{Authed, Json, Path, Query, Reads, Teaches};
use crate::{inbox_cache, own_intents, service_client};

/// Characters of a name.
const NAME_CHARS: std::ops::RangeInclusive<usize> = 2..=60;
/// Most examples of an intent.
const MAX_EXAMPLES: usize = 200;
/// Fewest intents that a training takes.
const MIN_INTENTS: usize = 2;
/// Fewest sentences of each intent that a training takes: with less, what is held out says little.
const MIN_ROWS: usize = 10;

/// `?cursor=&limit=`
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
pub struct PageQuery {
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Rows of a page, 1 to 200; 50 when absent.
    limit: Option<u32>,
}

/// `?version=`
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
pub struct VersionQuery {
    /// The version to ask; the one in use when absent.
    version: Option<u32>,
}

/// `GET /api/v1/ai/intents`
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/api/v1/ai/intents", tag = "ai", security(("access_token" = [])),
    responses((status = 200, body = IntentList, description = "By name"), (status = 401, body = crate::openapi::Problem)),
))]
#[worker::send]
pub async fn list_intents(
    app: App,
    Authed { principal, .. }: Authed<Reads>,
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
    let store = store_of(&app, &shards, principal.account_id).await?;
    let id = IntentId::generate(&SystemIds);
    store
        .add_intent(id, &name, &examples, app.now())
        .await
        .map_err(not_stored)?;
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
    Authed { principal, .. }: Authed<Reads>,
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
    let store = store_of(&app, &shards, principal.account_id).await?;
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
        (status = 204, description = "It is gone; versions that know it go on to, until the next training"),
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
    let store = store_of(&app, &shards, principal.account_id).await?;
    if store.delete_intent(id).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(AppError::not_found())
    }
}

/// `POST /api/v1/ai/intents/train`
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/api/v1/ai/intents/train", tag = "ai", security(("access_token" = [])),
    responses(
        (status = 201, body = IntentVersion, description = "The new version, in use unless it is worse"),
        (status = 401, body = crate::openapi::Problem), (status = 403, body = crate::openapi::Problem),
        (status = 422, body = crate::openapi::Problem, description = "`not_enough_intents`, `not_enough_examples`"),
        (status = 503, body = crate::openapi::Problem, description = "The model does not answer"),
    ),
))]
#[worker::send]
pub async fn train_intents(
    app: App,
    Authed { principal, .. }: Authed<Teaches>,
) -> Result<(StatusCode, axum::Json<IntentVersion>), AppError> {
    let shards = app.shards()?;
    let store = store_of(&app, &shards, principal.account_id).await?;
    let set = store.training_set(MAX_TRAINING_ROWS).await?;
    check_enough(&set)?;
    let current = store.current_intents().await?;
    let is_known = |key: &String| {
        current
            .as_ref()
            .is_some_and(|current| current.row_keys.contains(key))
    };
    let (mut rows, mut row_keys) = (Vec::new(), Vec::new());
    for row in set.rows {
        rows.push(TrainingRow {
            intent: row.intent,
            text: row.text,
            in_current: is_known(&row.key),
        });
        row_keys.push(row.key);
    }
    let request = TrainIntentsRequest {
        account_id: principal.account_id,
        intents: set.intents,
        rows,
        current: current.as_ref().map(|current| CurrentIntents {
            version: current.version,
            encoder: current.encoder.clone(),
        }),
    };
    let trained: TrainIntentsResponse =
        service_client::post(&app, inference::BINDING, TRAIN_INTENTS_PATH, &request).await?;
    let new = NewVersion {
        head: trained.head,
        encoder: trained.encoder,
        cross_validation: trained.cross_validation,
        previous: trained.previous,
        promote: trained.promote,
        reason: trained.reason,
        counts: set.counts,
        row_keys,
        compared_with: current.map(|current| current.version),
        elapsed_ms: trained.elapsed_ms,
    };
    let version = store
        .add_intents_version(new, &principal, app.now())
        .await?;
    own_intents::forget(principal.account_id);
    Ok((StatusCode::CREATED, axum::Json(version)))
}

/// `GET /api/v1/ai/intents/versions?cursor=&limit=`
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/api/v1/ai/intents/versions", tag = "ai", security(("access_token" = [])),
    params(PageQuery),
    responses(
        (status = 200, body = IntentVersionList, description = "Newest first"), (status = 400, body = crate::openapi::Problem),
        (status = 401, body = crate::openapi::Problem),
    ),
))]
#[worker::send]
pub async fn list_versions(
    app: App,
    Authed { principal, .. }: Authed<Reads>,
    Query(query): Query<PageQuery>,
) -> Result<axum::Json<IntentVersionList>, AppError> {
    let shards = app.shards()?;
    let store = store_of(&app, &shards, principal.account_id).await?;
    let page = store
        .list_intents_versions(query.cursor.as_deref(), read_limit(query.limit))
        .await?;
    Ok(axum::Json(IntentVersionList {
        versions: page.items,
        next_cursor: page.next_cursor,
    }))
}

/// `GET /api/v1/ai/intents/promotions?cursor=&limit=`
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/api/v1/ai/intents/promotions", tag = "ai", security(("access_token" = [])),
    params(PageQuery),
    responses(
        (status = 200, body = PromotionList, description = "What was in use when, and who decided so; newest first"),
        (status = 400, body = crate::openapi::Problem), (status = 401, body = crate::openapi::Problem),
    ),
))]
#[worker::send]
pub async fn list_promotions(
    app: App,
    Authed { principal, .. }: Authed<Reads>,
    Query(query): Query<PageQuery>,
) -> Result<axum::Json<PromotionList>, AppError> {
    let shards = app.shards()?;
    let store = store_of(&app, &shards, principal.account_id).await?;
    let page = store
        .list_promotions(query.cursor.as_deref(), read_limit(query.limit))
        .await?;
    Ok(axum::Json(PromotionList {
        promotions: page.items,
        next_cursor: page.next_cursor,
    }))
}

/// `POST /api/v1/ai/intents/rollback`
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/api/v1/ai/intents/rollback", tag = "ai", security(("access_token" = [])),
    request_body = RollbackRequest,
    responses(
        (status = 200, body = RollbackResponse), (status = 400, body = crate::openapi::Problem),
        (status = 401, body = crate::openapi::Problem), (status = 403, body = crate::openapi::Problem),
        (status = 404, body = crate::openapi::Problem, description = "No such version"),
        (status = 409, body = crate::openapi::Problem, description = "`encoder_changed`"),
    ),
))]
#[worker::send]
pub async fn roll_back(
    app: App,
    Authed { principal, .. }: Authed<Teaches>,
    Json(RollbackRequest { version }): Json<RollbackRequest>,
) -> Result<axum::Json<RollbackResponse>, AppError> {
    let shards = app.shards()?;
    let store = store_of(&app, &shards, principal.account_id).await?;
    let encoder = store
        .intents_encoder(version)
        .await?
        .ok_or_else(AppError::not_found)?;
    // When the model does not answer, going back is more urgent than this check.
    let now: Result<inference::ModelsResponse, AppError> =
        service_client::get(&app, inference::BINDING, MODELS_PATH).await;
    if now.is_ok_and(|now| now.encoder != encoder) {
        return Err(AppError::new(
            StatusCode::CONFLICT,
            "encoder_changed",
            format!(
                "version {version} was trained on {} {}, which is not in use any more: train again",
                encoder.id, encoder.version
            ),
        ));
    }
    let answer = store
        .roll_back_intents(version, &principal, app.now())
        .await?
        .ok_or_else(AppError::not_found)?;
    own_intents::forget(principal.account_id);
    Ok(axum::Json(answer))
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
    Authed { principal, .. }: Authed<Reads>,
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
                elapsed_ms: scored.elapsed_ms,
            }))
        }
        TestIntentsAnswer::Scored(_) => Err(AppError::new(
            StatusCode::CONFLICT,
            "encoder_changed",
            "the version was trained on another model: train again",
        )),
        TestIntentsAnswer::HeadNeeded(_) => {
            Err(AppError::internal("a head was asked for that was sent"))
        }
    }
}

async fn store_of<'a>(
    app: &App,
    shards: &'a Shards<D1>,
    account_id: AccountId,
) -> Result<AccountStore<'a, D1>, AppError> {
    let shard = inbox_cache::find_shard(app, account_id).await?;
    Ok(shards.for_account(account_id, shard)?)
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
            examples.push(example.to_owned());
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

/// Whether there is enough to train on.
///
/// # Errors
///
/// 422 `not_enough_intents`, or `not_enough_examples`, which names each intent that has too few.
fn check_enough(set: &TrainingSet) -> Result<(), AppError> {
    if set.intents.len() < MIN_INTENTS {
        return Err(AppError::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "not_enough_intents",
            format!(
                "training takes {MIN_INTENTS} intents or more; there are {}",
                set.intents.len()
            ),
        ));
    }
    let mut n_rows: BTreeMap<usize, usize> = BTreeMap::new();
    for row in &set.rows {
        *n_rows.entry(row.intent).or_default() += 1;
    }
    let problem = AppError::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "not_enough_examples",
        format!("training takes {MIN_ROWS} different sentences or more of each intent"),
    );
    let problem = set
        .intents
        .iter()
        .enumerate()
        .map(|(place, intent)| (intent, n_rows.get(&place).copied().unwrap_or_default()))
        .filter(|(_, n_rows)| *n_rows < MIN_ROWS)
        .fold(problem, |problem, (intent, n_rows)| {
            problem.with_field(
                format!("/intents/{}", intent.intent_id),
                format!("{} has {n_rows}", intent.name),
            )
        });
    if problem.errors.is_empty() {
        Ok(())
    } else {
        Err(problem)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use edgedesk_store::shards::StoredRow;
    use edgedesk_wire::ai::RowCounts;
    use edgedesk_wire::inference::IntentLabel;
    use ulid::Ulid;

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

    #[test]
    fn too_little_to_train_on_is_said_intent_by_intent() {
        let set = |sizes: &[usize]| TrainingSet {
            intents: (0..sizes.len())
                .map(|place| IntentLabel {
                    intent_id: IntentId::new(Ulid(place as u128)),
                    name: format!("Intent {place}"),
                })
                .collect(),
            rows: sizes
                .iter()
                .enumerate()
                .flat_map(|(intent, size)| {
                    (0..*size).map(move |number| StoredRow {
                        intent,
                        text: number.to_string(),
                        key: String::new(),
                        is_correction: false,
                    })
                })
                .collect(),
            counts: RowCounts::default(),
        };
        assert!(check_enough(&set(&[10, 11])).is_ok());
        for sizes in [&[][..], &[50]] {
            assert_eq!(
                check_enough(&set(sizes)).unwrap_err().code,
                "not_enough_intents"
            );
        }
        let error = check_enough(&set(&[9, 10, 0])).unwrap_err();
        assert_eq!(
            (error.status.as_u16(), error.code.as_str()),
            (422, "not_enough_examples")
        );
        let named: Vec<_> = error
            .errors
            .iter()
            .map(|error| error.detail.as_str())
            .collect();
        assert_eq!(named, ["Intent 0 has 9", "Intent 2 has 0"]);
        assert!(error.errors[0].pointer.starts_with("/intents/int_"));
    }
}
