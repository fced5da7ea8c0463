//! What the models are, and how often agents agree with them.

use edgedesk_domain::feedback::AnalysisField;
use edgedesk_domain::time::Timestamp;
use edgedesk_store::shards::{CurrentVersion, TrainingSet};
use edgedesk_wire::ai::{
    AccuracyResponse, ModelsResponse, NeedsTraining, NeedsTrainingCode, OwnIntentsStatus,
};
use edgedesk_wire::inference::{self, MODELS_PATH};
use edgedesk_wire::suggestions::SuggestionFigures;
use serde::Deserialize;

use crate::account_store::store_of;
use crate::context::App;
use crate::error::AppError;
use crate::extract::{Authed, Query, SeesIntents, Watches};
use crate::intents::TRAINING_BUDGET;
use crate::service_client;

/// Milliseconds before now that accuracy looks back to, unless told: 30 days.
const DEFAULT_SPAN_MILLIS: i64 = 30 * 24 * 3_600_000;
/// Versions beside the models.
const N_VERSIONS: u32 = 10;

/// `?field=&from=&to=`
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
pub struct AccuracyQuery {
    /// Only this field; all when absent.
    field: Option<AnalysisField>,
    /// Decisions made from then on, RFC 3339; 30 days before `to` when absent.
    from: Option<Timestamp>,
    /// Decisions made before then, RFC 3339; now when absent.
    to: Option<Timestamp>,
}

/// `GET /api/v1/ai/accuracy?field=&from=&to=`
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/api/v1/ai/accuracy", tag = "ai", security(("access_token" = [])),
    params(AccuracyQuery),
    responses(
        (status = 200, body = AccuracyResponse), (status = 400, body = crate::openapi::Problem),
        (status = 401, body = crate::openapi::Problem),
    ),
))]
#[worker::send]
pub async fn get_accuracy(
    app: App,
    Authed { principal, .. }: Authed<Watches>,
    Query(query): Query<AccuracyQuery>,
) -> Result<axum::Json<AccuracyResponse>, AppError> {
    let (from, to) = span(&query, app.now())?;
    let shards = app.shards()?;
    let store = store_of(&app, &shards, principal.account_id).await?;
    let fields = match query.field {
        Some(field) => store.accuracy(&[field], from, to).await?,
        None => store.accuracy(&AnalysisField::ALL, from, to).await?,
    };
    Ok(axum::Json(AccuracyResponse { from, to, fields }))
}

/// `GET /api/v1/ai/models`
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/api/v1/ai/models", tag = "ai", security(("access_token" = [])),
    responses((status = 200, body = ModelsResponse), (status = 401, body = crate::openapi::Problem)),
))]
#[worker::send]
pub async fn get_models(
    app: App,
    Authed { principal, .. }: Authed<SeesIntents>,
) -> Result<axum::Json<ModelsResponse>, AppError> {
    let built_in: inference::ModelsResponse =
        service_client::get(&app, inference::BINDING, MODELS_PATH).await?;
    let shards = app.shards()?;
    let store = store_of(&app, &shards, principal.account_id).await?;
    let set = store.training_set(TRAINING_BUDGET).await?;
    let current = store.current_intents().await?;
    let versions = store.list_intents_versions(None, N_VERSIONS).await?.items;
    let applied = current
        .as_ref()
        .is_some_and(|current| current.encoder == built_in.encoder);
    Ok(axum::Json(ModelsResponse {
        own_intents: OwnIntentsStatus {
            version: current.as_ref().map(|current| current.version),
            applied,
            needs_training: needs_training(&set, current.as_ref(), applied),
            n_intents: set.intents.len() as u64,
            n_rows: set.counts.n_rows,
            versions,
        },
        models: built_in.manifests,
    }))
}

/// `GET /api/v1/ai/suggestions`
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/api/v1/ai/suggestions", tag = "ai", security(("access_token" = [])),
    responses(
        (status = 200, body = SuggestionFigures, description = "How often what was offered to agents was of use, by where it was from"),
        (status = 401, body = crate::openapi::Problem), (status = 403, body = crate::openapi::Problem),
    ),
))]
#[worker::send]
pub async fn get_suggestions(
    app: App,
    Authed { principal, .. }: Authed<Watches>,
) -> Result<axum::Json<SuggestionFigures>, AppError> {
    let shards = app.shards()?;
    let store = store_of(&app, &shards, principal.account_id).await?;
    let sources = store.count_suggestions().await?;
    Ok(axum::Json(SuggestionFigures { sources }))
}

/// Why a training of `set` would change something.
fn needs_training(
    set: &TrainingSet,
    current: Option<&CurrentVersion>,
    applied: bool,
) -> Option<NeedsTraining> {
    let is_known = |current: &CurrentVersion| {
        set.rows.len() == current.row_keys.len()
            && set
                .rows
                .iter()
                .all(|row| current.row_keys.contains(&row.key))
    };
    let (code, text) = match current {
        None if set.intents.is_empty() => return None,
        None => (
            NeedsTrainingCode::NeverTrained,
            "There are intents, and no version in use.".to_owned(),
        ),
        Some(current) if !applied => (
            NeedsTrainingCode::EncoderChanged,
            format!(
                "Version {} reads the features of another encoder and is not applied any more.",
                current.version
            ),
        ),
        Some(current) if !is_known(current) => (
            NeedsTrainingCode::RowsChanged,
            format!(
                "Examples or corrections came or went since version {} was trained.",
                current.version
            ),
        ),
        Some(_) => return None,
    };
    Some(NeedsTraining { code, text })
}

fn span(query: &AccuracyQuery, now: Timestamp) -> Result<(Timestamp, Timestamp), AppError> {
    let to = query.to.unwrap_or(now);
    let from = query
        .from
        .unwrap_or_else(|| to.plus_millis(-DEFAULT_SPAN_MILLIS));
    if from < to {
        Ok((from, to))
    } else {
        Err(AppError::bad_request(
            "invalid_query",
            "`from` is a time before `to`",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use edgedesk_domain::analysis::ModelRef;
    use edgedesk_domain::ids::IntentId;
    use edgedesk_store::shards::StoredRow;
    use edgedesk_wire::ai::RowCounts;
    use edgedesk_wire::inference::IntentLabel;
    use ulid::Ulid;

    fn set(keys: &[&str]) -> TrainingSet {
        TrainingSet {
            intents: vec![IntentLabel {
                intent_id: IntentId::new(Ulid(1)),
                name: "Wholesale".to_owned(),
            }],
            rows: keys
                .iter()
                .map(|key| StoredRow {
                    intent: Some(0),
                    text: (*key).to_owned(),
                    key: (*key).to_owned(),
                    is_correction: false,
                })
                .collect(),
            n_available: vec![keys.len()],
            counts: RowCounts::default(),
        }
    }

    fn current(keys: &[&str]) -> CurrentVersion {
        CurrentVersion {
            version: 3,
            encoder: ModelRef {
                id: "encoder".to_owned(),
                version: "1".to_owned(),
            },
            row_keys: keys.iter().map(|key| (*key).to_owned()).collect(),
        }
    }

    #[test]
    fn training_is_called_for_when_it_would_change_something() {
        use NeedsTrainingCode::{EncoderChanged, NeverTrained, RowsChanged};
        let nothing = TrainingSet {
            intents: Vec::new(),
            ..set(&[])
        };
        for (set, current, applied, expected) in [
            (nothing, None, false, None),
            (set(&["a"]), None, false, Some(NeverTrained)),
            (set(&["a", "b"]), Some(current(&["b", "a"])), true, None),
            (
                set(&["a"]),
                Some(current(&["a", "b"])),
                true,
                Some(RowsChanged),
            ),
            (
                set(&["a", "b"]),
                Some(current(&["a"])),
                true,
                Some(RowsChanged),
            ),
            (
                set(&["a"]),
                Some(current(&["a"])),
                false,
                Some(EncoderChanged),
            ),
        ] {
            let found = needs_training(&set, current.as_ref(), applied).map(|needs| needs.code);
            assert_eq!(found, expected, "{set:?} {current:?}");
        }
    }

    #[test]
    fn a_span_ends_after_it_begins() {
        let at = Timestamp::from_millis;
        let now = at(DEFAULT_SPAN_MILLIS + 7);
        let of = |from, to| {
            span(
                &AccuracyQuery {
                    field: None,
                    from,
                    to,
                },
                now,
            )
        };
        assert_eq!(of(None, None), Ok((at(7), now)));
        assert_eq!(of(Some(at(5)), Some(at(6))), Ok((at(5), at(6))));
        for (from, to) in [(Some(at(6)), Some(at(6))), (Some(now), None)] {
            assert_eq!(of(from, to).unwrap_err().code, "invalid_query");
        }
    }
}
