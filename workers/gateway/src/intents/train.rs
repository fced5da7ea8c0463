//! Training.

use std::collections::BTreeMap;

use edgedesk_store::shards::{NewVersion, TrainingBudget, TrainingSet};
use edgedesk_wire::ai::IntentVersion;
use edgedesk_wire::inference::{
    self, CurrentIntents, MAX_TRAINING_BYTES, MAX_TRAINING_ROWS, TRAIN_INTENTS_PATH,
    TrainIntentsRequest, TrainIntentsResponse, TrainingRow,
};
use http::StatusCode;

use crate::account_store::store_to_change;
use crate::context::App;
use crate::error::AppError;
use crate::extract::{Authed, Teaches};
use crate::{own_intents, service_client};

/// Fewest intents that a training takes.
const MIN_INTENTS: usize = 2;
/// Fewest sentences of each intent that a training takes: with less, what is held out says little.
const MIN_ROWS: usize = 10;

/// What one training takes: a person waits for it.
pub const TRAINING_BUDGET: TrainingBudget = TrainingBudget {
    max_rows: MAX_TRAINING_ROWS,
    max_bytes: MAX_TRAINING_BYTES,
};

/// `POST /api/v1/ai/intents/train`
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/api/v1/ai/intents/train", tag = "ai", security(("access_token" = [])),
    responses(
        (status = 201, body = IntentVersion, description = "The new version, in use unless it is worse"),
        (status = 401, body = crate::openapi::Problem), (status = 403, body = crate::openapi::Problem),
        (status = 422, body = crate::openapi::Problem, description = "`not_enough_intents`, `not_enough_examples`, `too_much_text`"),
        (status = 503, body = crate::openapi::Problem, description = "The model does not answer"),
    ),
))]
#[worker::send]
pub async fn train_intents(
    app: App,
    Authed { principal, .. }: Authed<Teaches>,
) -> Result<(StatusCode, axum::Json<IntentVersion>), AppError> {
    let shards = app.shards()?;
    let store = store_to_change(&app, &shards, principal.account_id).await?;
    let set = store.training_set(TRAINING_BUDGET).await?;
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
        features_ms: trained.features_ms,
        fit_ms: trained.fit_ms,
    };
    let version = store
        .add_intents_version(new, &principal, app.now())
        .await?;
    own_intents::forget(principal.account_id);
    Ok((StatusCode::CREATED, axum::Json(version)))
}

/// Whether there is enough to train on.
///
/// # Errors
///
/// 422 `not_enough_intents`; `not_enough_examples`, which names each intent that has too few; `too_much_text`, which names
/// each that has enough, but so long that they do not fit.
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
    for intent in set.rows.iter().filter_map(|row| row.intent) {
        *n_rows.entry(intent).or_default() += 1;
    }
    let (mut few, mut long) = (Vec::new(), Vec::new());
    for (place, (intent, &n_available)) in set.intents.iter().zip(&set.n_available).enumerate() {
        let n_taken = n_rows.get(&place).copied().unwrap_or_default();
        let pointer = format!("/intents/{}", intent.intent_id);
        if n_available < MIN_ROWS {
            few.push((pointer, format!("{} has {n_available}", intent.name)));
        } else if n_taken < MIN_ROWS {
            let detail = format!("{n_taken} of {} fit", intent.name);
            long.push((pointer, detail));
        }
    }
    let (code, detail, intents) = if few.is_empty() {
        (
            "too_much_text",
            format!(
                "training takes at most {MAX_TRAINING_ROWS} sentences of {MAX_TRAINING_BYTES} bytes in all, and {MIN_ROWS} \
                 of each intent have to fit: shorten the examples"
            ),
            long,
        )
    } else {
        (
            "not_enough_examples",
            format!("training takes {MIN_ROWS} different sentences or more of each intent"),
            few,
        )
    };
    if intents.is_empty() {
        return Ok(());
    }
    let problem = AppError::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail);
    Err(intents
        .into_iter()
        .fold(problem, |problem, (pointer, detail)| {
            problem.with_field(pointer, detail)
        }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use edgedesk_domain::ids::IntentId;
    use edgedesk_store::shards::StoredRow;
    use edgedesk_wire::ai::RowCounts;
    use edgedesk_wire::inference::IntentLabel;
    use ulid::Ulid;

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
                        intent: Some(intent),
                        text: number.to_string(),
                        key: String::new(),
                        is_correction: false,
                    })
                })
                .collect(),
            n_available: sizes.to_vec(),
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

    #[test]
    fn sentences_that_do_not_fit_are_said_to_be_too_long() {
        let set = |n_taken: usize| TrainingSet {
            intents: (0..2)
                .map(|place| IntentLabel {
                    intent_id: IntentId::new(Ulid(place)),
                    name: format!("Intent {place}"),
                })
                .collect(),
            n_available: vec![10, 12],
            rows: (0..2 * n_taken)
                .map(|number| StoredRow {
                    intent: Some(number % 2),
                    text: number.to_string(),
                    key: String::new(),
                    is_correction: false,
                })
                .collect(),
            counts: RowCounts::default(),
        };
        assert!(check_enough(&set(10)).is_ok());
        let error = check_enough(&set(9)).unwrap_err();
        assert_eq!(
            (error.status.as_u16(), error.code.as_str()),
            (422, "too_much_text")
        );
        assert_eq!(error.errors[1].detail, "9 of Intent 1 fit");
    }
}
