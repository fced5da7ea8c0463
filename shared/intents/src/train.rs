//! Training: rows in, a head and how good it is out.

use edgedesk_domain::analysis::ModelRef;
use edgedesk_learn::{FitOptions, LearnError, LinearHead, Report, Row, cross_validate_among};
use edgedesk_wire::ai::{CrossValidation, LabelScore, PreviousVersion, ReasonCode, VersionReason};
use edgedesk_wire::inference::{CurrentIntents, IntentLabel, TrainingRow};

use crate::StoredHead;

/// Parts that the rows are split into. With ten rows of an intent, eight are learned from and two are held out.
pub const FOLDS: usize = 5;

/// A head that was trained, and whether it should be put to use.
#[derive(Debug, Clone, PartialEq)]
pub struct Trained {
    /// The head, trained on all rows.
    pub head: StoredHead,
    /// How good it is on rows that it had not seen.
    pub cross_validation: CrossValidation,
    /// How good the version in use is on the same rows; absent when there is none, or none that is applied.
    pub previous: Option<PreviousVersion>,
    /// Whether it should be put to use.
    pub promote: bool,
    /// Why, or why not.
    pub reason: VersionReason,
}

/// Why nothing can be learned from the rows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrainError {
    /// A row names an intent that is not there, or rows and features are not one to one.
    #[error("rows, intents and features do not fit each other")]
    Inconsistent,
    /// They are too few, or not numbers.
    #[error(transparent)]
    Learn(#[from] LearnError),
}

/// Trains on `rows`, whose features are `features`, one each, and compares with the version in use.
///
/// That version is judged as this one is: on rows that it has not seen. So it is trained again, fold by fold, from those of
/// today's rows that it once learned from, without the fold that is asked about.
///
/// # Errors
///
/// [`TrainError`] with fewer than two intents, an intent with fewer than [`FOLDS`] rows, or rows that do not fit.
pub fn train(
    encoder: ModelRef,
    intents: Vec<IntentLabel>,
    rows: &[TrainingRow],
    features: &[Vec<f32>],
    current: Option<&CurrentIntents>,
) -> Result<Trained, TrainError> {
    if rows.len() != features.len() {
        return Err(TrainError::Inconsistent);
    }
    let labels = rows
        .iter()
        .map(|row| Some(intents.get(row.intent)?.intent_id.to_string()))
        .collect::<Option<Vec<String>>>()
        .ok_or(TrainError::Inconsistent)?;
    let learn: Vec<Row<'_>> = rows
        .iter()
        .zip(features)
        .map(|(row, features)| Row {
            features,
            text: &row.text,
        })
        .collect();
    let options = FitOptions::own_intents();
    let judged = |is_known: &dyn Fn(usize) -> bool| {
        cross_validate_among(&learn, &labels, FOLDS, &options, is_known)
    };

    let report = judged(&|_| true)?;
    let is_applied = current.is_some_and(|current| current.encoder == encoder);
    let previous = match current.filter(|_| is_applied) {
        Some(current) => {
            let known = |row: usize| rows.get(row).is_some_and(|row| row.in_current);
            let accuracy = if rows.iter().any(|row| row.in_current) {
                judged(&known)?.accuracy
            } else {
                0.0
            };
            Some(PreviousVersion {
                version: current.version,
                accuracy,
            })
        }
        None => None,
    };
    let reason = verdict(report.accuracy, previous.as_ref(), current);
    let head = LinearHead::fit(&learn, &labels, &options)?.with_temperature(report.temperature);
    Ok(Trained {
        cross_validation: cross_validation(&report, &intents)?,
        head: StoredHead {
            encoder,
            intents,
            head,
        },
        previous,
        promote: reason.code != ReasonCode::Worse,
        reason,
    })
}

/// Whether a version of `accuracy` may replace the one in use.
fn verdict(
    accuracy: f64,
    previous: Option<&PreviousVersion>,
    current: Option<&CurrentIntents>,
) -> VersionReason {
    let percent = |accuracy: f64| format!("{:.1} %", accuracy * 100.0);
    let (code, text) = match (previous, current) {
        (Some(previous), _) if accuracy < previous.accuracy => (
            ReasonCode::Worse,
            format!(
                "{} of held-out rows are right, {} with version {}, which stays in use.",
                percent(accuracy),
                percent(previous.accuracy),
                previous.version
            ),
        ),
        (Some(previous), _) => (
            ReasonCode::NoWorse,
            format!(
                "{} of held-out rows are right, {} with version {}.",
                percent(accuracy),
                percent(previous.accuracy),
                previous.version
            ),
        ),
        (None, Some(current)) => (
            ReasonCode::EncoderChanged,
            format!(
                "Version {} was trained on {} {} and is not applied any more.",
                current.version, current.encoder.id, current.encoder.version
            ),
        ),
        (None, None) => (ReasonCode::First, "There was no version in use.".to_owned()),
    };
    VersionReason { code, text }
}

fn cross_validation(
    report: &Report,
    intents: &[IntentLabel],
) -> Result<CrossValidation, TrainError> {
    let labels = report
        .per_label
        .iter()
        .map(|label| {
            let intent = intents
                .iter()
                .find(|intent| intent.intent_id.to_string() == label.label)?;
            Some(LabelScore {
                intent_id: intent.intent_id,
                name: intent.name.clone(),
                n: label.scores.n,
                precision: label.scores.precision,
                recall: label.scores.recall,
                f1: label.scores.f1,
            })
        })
        .collect::<Option<Vec<_>>>()
        .ok_or(TrainError::Inconsistent)?;
    Ok(CrossValidation {
        folds: u32::try_from(report.n_folds).unwrap_or(u32::MAX),
        n: report.n as u64,
        accuracy: report.accuracy,
        macro_f1: report.macro_f1,
        labels,
    })
}

#[cfg(test)]
pub(crate) mod tests;
