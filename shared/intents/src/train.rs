//! Training: rows in, a head and how good it is out.

use edgedesk_domain::analysis::ModelRef;
use edgedesk_domain::feedback::NO_LABEL;
use edgedesk_learn::{
    FitOptions, LearnError, LinearHead, Rejection, Report, Row, cross_validate_among,
};
use edgedesk_wire::ai::{
    CrossValidation, LabelScore, NoneScore, PreviousVersion, ReasonCode, VersionReason,
};
use edgedesk_wire::inference::{CurrentIntents, IntentLabel, TrainingRow};

use crate::background::{BACKGROUND, fitting};
use crate::{MIN_CONFIDENCE, StoredHead};

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

/// What a head is learned from.
#[derive(Debug, Clone, Copy)]
pub struct Corpus<'a> {
    /// Sentences of the intents, and those that agents said to be of none.
    pub rows: &'a [TrainingRow],
    /// Their features, one each.
    pub features: &'a [Vec<f32>],
    /// The features of [`BACKGROUND`], one each.
    pub background: &'a [Vec<f32>],
}

/// Trains on `corpus` and compares with the version in use.
///
/// That version is judged as this one is: on rows that it has not seen. So it is trained again, fold by fold, from those of
/// today's rows that it once learned from, without the fold that is asked about. The background is in the folds like any
/// row, and known to both.
///
/// # Errors
///
/// [`TrainError`] with fewer than two intents, an intent with fewer than [`FOLDS`] rows, or rows that do not fit.
pub fn train(
    encoder: ModelRef,
    intents: Vec<IntentLabel>,
    corpus: Corpus<'_>,
    current: Option<&CurrentIntents>,
) -> Result<Trained, TrainError> {
    let Corpus { rows, features, .. } = corpus;
    if rows.len() != features.len() || corpus.background.len() != BACKGROUND.len() {
        return Err(TrainError::Inconsistent);
    }
    let mut labels = rows
        .iter()
        .map(|row| match row.intent {
            Some(intent) => Some(intents.get(intent)?.intent_id.to_string()),
            None => Some(NO_LABEL.to_owned()),
        })
        .collect::<Option<Vec<String>>>()
        .ok_or(TrainError::Inconsistent)?;
    check_enough(rows, intents.len())?;
    let mut learn: Vec<Row<'_>> = rows
        .iter()
        .zip(features)
        .map(|(row, features)| Row {
            features,
            text: &row.text,
        })
        .collect();
    let background: Vec<Row<'_>> = BACKGROUND
        .iter()
        .zip(corpus.background)
        .map(|(text, features)| Row { features, text })
        .collect();
    let of: Vec<Option<usize>> = rows.iter().map(|row| row.intent).collect();
    let fitting = fitting(&learn, &of, &background);
    labels.extend(fitting.iter().map(|_| NO_LABEL.to_owned()));
    learn.extend(fitting.iter().filter_map(|&place| background.get(place)));
    let options = FitOptions::own_intents();
    let rejection = Rejection {
        label: NO_LABEL,
        below: MIN_CONFIDENCE,
    };
    let judged = |is_known: &dyn Fn(usize) -> bool| {
        cross_validate_among(&learn, &labels, FOLDS, &options, Some(rejection), is_known)
    };

    let report = judged(&|_| true)?;
    let is_applied = current.is_some_and(|current| current.encoder == encoder);
    let previous = match current.filter(|_| is_applied) {
        Some(current) => {
            let known = |row: usize| rows.get(row).is_none_or(|row| row.in_current);
            Some(PreviousVersion {
                version: current.version,
                accuracy: judged(&known)?.accuracy,
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

/// Whether the intents are two or more, of [`FOLDS`] rows or more each. The background is never too few.
fn check_enough(rows: &[TrainingRow], n_intents: usize) -> Result<(), LearnError> {
    if rows.is_empty() {
        return Err(LearnError::NoRows);
    }
    let mut n_rows = vec![0_usize; n_intents];
    for intent in rows.iter().filter_map(|row| row.intent) {
        if let Some(n_rows) = n_rows.get_mut(intent) {
            *n_rows += 1;
        }
    }
    let n_rarest = n_rows.iter().copied().min().unwrap_or(0);
    if n_intents < 2 {
        Err(LearnError::OneLabel)
    } else if n_rarest < FOLDS {
        Err(LearnError::Folds {
            n_folds: FOLDS,
            n_rarest,
        })
    } else {
        Ok(())
    }
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
                "Version {} reads the features of another encoder and is not applied any more.",
                current.version
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
    let mut none = None;
    let mut labels = Vec::with_capacity(report.per_label.len());
    for label in &report.per_label {
        let scores = &label.scores;
        if label.label == NO_LABEL {
            none = Some(NoneScore {
                n: scores.n,
                precision: scores.precision,
                recall: scores.recall,
                f1: scores.f1,
            });
            continue;
        }
        let intent = intents
            .iter()
            .find(|intent| intent.intent_id.to_string() == label.label)
            .ok_or(TrainError::Inconsistent)?;
        labels.push(LabelScore {
            intent_id: intent.intent_id,
            name: intent.name.clone(),
            n: scores.n,
            precision: scores.precision,
            recall: scores.recall,
            f1: scores.f1,
        });
    }
    Ok(CrossValidation {
        folds: u32::try_from(report.n_folds).unwrap_or(u32::MAX),
        n: report.n as u64,
        accuracy: report.accuracy,
        macro_f1: report.macro_f1,
        labels,
        none,
    })
}

#[cfg(test)]
pub(crate) mod tests;
